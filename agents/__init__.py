"""The specialists, one folder each, and the registry that finds them."""

from agents.charter import Charter, SubAgent
from agents.errors import AgentsError, CharterInvalid, UnknownAgent
from agents.language import code, written_in
from agents.playbooks import Filled, Playbook, Section, fill_template, lay_out, read_facts, read_playbook
from agents.registry import discover
from agents.tools import (
    NO_RESOURCES,
    RESOURCES,
    Artifact,
    CodeRun,
    Figure,
    Resources,
    SqlProbe,
    SqlRejected,
    SqlUnavailable,
    ToolOutput,
    ToolRefused,
    approval_of,
    is_financial,
    writes,
)

__all__ = [
    "NO_RESOURCES",
    "RESOURCES",
    "AgentsError",
    "Artifact",
    "Charter",
    "CharterInvalid",
    "CodeRun",
    "Figure",
    "Filled",
    "Playbook",
    "Resources",
    "Section",
    "SqlProbe",
    "SqlRejected",
    "SqlUnavailable",
    "SubAgent",
    "ToolOutput",
    "ToolRefused",
    "UnknownAgent",
    "approval_of",
    "code",
    "discover",
    "fill_template",
    "is_financial",
    "lay_out",
    "read_facts",
    "read_playbook",
    "writes",
    "written_in",
]
