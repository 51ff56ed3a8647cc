"""LangGraph graphs: the orchestrator and the one shape every specialist runs in."""

from graphs.errors import GraphsError, RequestRefused, StepFailed
from graphs.freya import FreyaGraph, build_freya
from graphs.guarding import clean_message
from graphs.routing import CalibratedRouter, Route, Router, Task
from graphs.settings import GraphSettings
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
    "STATE_TYPES",
    "CalibratedRouter",
    "FreyaGraph",
    "FreyaState",
    "GraphSettings",
    "GraphsError",
    "MadeArtifact",
    "Outcome",
    "RequestRefused",
    "Route",
    "Router",
    "RunContext",
    "SpecialistResult",
    "StepFailed",
    "Task",
    "Weighing",
    "build_freya",
    "build_specialist",
    "clean_message",
    "reference",
]
