"""The specialists, one folder each, and the registry that finds them."""

from agents.charter import Charter, SubAgent
from agents.errors import AgentsError, CharterInvalid, UnknownAgent
from agents.language import written_in
from agents.registry import discover
from agents.tools import Artifact, ToolOutput, ToolRefused

__all__ = [
    "AgentsError",
    "Artifact",
    "Charter",
    "CharterInvalid",
    "SubAgent",
    "ToolOutput",
    "ToolRefused",
    "UnknownAgent",
    "discover",
    "written_in",
]
