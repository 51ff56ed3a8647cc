"""A model kept in memory that decodes many requests together, over llama.cpp's low-level bindings."""

from models.resident.engine import ResidentEngine
from models.resident.interfaces import (
    AdapterUse,
    Alternative,
    Engine,
    Event,
    Finish,
    GenerationRequest,
    Grammar,
    ModelCard,
    Priority,
    Sampling,
    Statistics,
    StopReason,
    Timings,
    Token,
    Usage,
)
from models.resident.settings import EngineSettings

__all__ = [
    "AdapterUse",
    "Alternative",
    "Engine",
    "EngineSettings",
    "Event",
    "Finish",
    "GenerationRequest",
    "Grammar",
    "ModelCard",
    "Priority",
    "ResidentEngine",
    "Sampling",
    "Statistics",
    "StopReason",
    "Timings",
    "Token",
    "Usage",
]
