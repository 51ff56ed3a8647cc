"""Agents that are designed: what the packages above use of their definitions. Apart, as what designs them is much to import."""

from agents.definitions import NAME, Definition, Verdict, charter_of, define, examine
from agents.rebecca.analysis import analyze

__all__ = ["NAME", "Definition", "Verdict", "analyze", "charter_of", "define", "examine"]
