"""LangGraph graphs: the orchestrator and the one shape every specialist runs in."""

from graphs.answers import AnswerFigure, AnswerParts, parts_of
from graphs.approving import Approval, Approvals, Decision
from graphs.attaching import Attached
from graphs.bringing import NOTHING, Brought, ClientCall, Said, Wishes
from graphs.calling import FinishedCall, ToolBench, check_arguments, why_asked
from graphs.errors import GraphsError, RequestRefused, StepFailed
from graphs.events import (
    LAST_EVENTS,
    AgentFinished,
    AgentStarted,
    ApprovalAnswered,
    ApprovalRequired,
    ArtifactReference,
    Citation,
    Event,
    Heartbeat,
    PlanMade,
    RouteChosen,
    RouteTask,
    RunCancelled,
    RunEvent,
    RunFailed,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    Token,
    ToolFinished,
    ToolStarted,
)
from graphs.freya import FreyaGraph, build_freya
from graphs.grounding import Grounding
from graphs.guarding import clean_message
from graphs.journal import Journal, always
from graphs.numerals import Numeral, read_numerals
from graphs.routing import CalibratedRouter, Route, Router, Task
from graphs.settings import ApprovalSettings, GraphSettings
from graphs.specialist import build_specialist, reference
from graphs.state import (
    STATE_TYPES,
    FreyaState,
    MadeArtifact,
    Outcome,
    RunContext,
    SpecialistResult,
    Weighing,
)

__all__ = [
    "LAST_EVENTS",
    "NOTHING",
    "STATE_TYPES",
    "AgentFinished",
    "AgentStarted",
    "AnswerFigure",
    "AnswerParts",
    "Approval",
    "ApprovalAnswered",
    "ApprovalRequired",
    "ApprovalSettings",
    "Approvals",
    "ArtifactReference",
    "Attached",
    "Brought",
    "CalibratedRouter",
    "Citation",
    "ClientCall",
    "Decision",
    "Event",
    "FinishedCall",
    "FreyaGraph",
    "FreyaState",
    "GraphSettings",
    "GraphsError",
    "Grounding",
    "Heartbeat",
    "Journal",
    "MadeArtifact",
    "Numeral",
    "Outcome",
    "PlanMade",
    "RequestRefused",
    "Route",
    "RouteChosen",
    "RouteTask",
    "Router",
    "RunCancelled",
    "RunContext",
    "RunEvent",
    "RunFailed",
    "RunFinished",
    "RunStarted",
    "Said",
    "SpecialistResult",
    "StepFailed",
    "StepFinished",
    "StepStarted",
    "Task",
    "Token",
    "ToolBench",
    "ToolFinished",
    "ToolStarted",
    "Weighing",
    "Wishes",
    "always",
    "build_freya",
    "build_specialist",
    "check_arguments",
    "clean_message",
    "parts_of",
    "read_numerals",
    "reference",
    "why_asked",
]
