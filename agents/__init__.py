"""The specialists, one folder each, and the registry that finds them."""

from agents.charter import Charter, SubAgent
from agents.errors import AgentsError, CharterInvalid, UnknownAgent
from agents.language import written_in
from agents.registry import discover
from agents.tools import NO_RESOURCES, Artifact, Figure, Resources, ToolOutput, ToolRefused

__all__ = [
    "NO_RESOURCES",
    "AgentsError",
    "Artifact",
    "Charter",
    "CharterInvalid",
    "Figure",
    "Resources",
    "SubAgent",
    "ToolOutput",
    "ToolRefused",
    "UnknownAgent",
    "discover",
    "written_in",
]
