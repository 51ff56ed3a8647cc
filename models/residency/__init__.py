"""Which models are in memory: loaded on demand within a budget, the least recently used idle one given up."""

from models.residency.benching import Speed, bench
from models.residency.memory import Footprint, Memory, free_memory, gpus, measure
from models.residency.residents import Residents, ResidentSource, ResidentState
from models.residency.settings import ResidentSettings

__all__ = [
    "Footprint",
    "Memory",
    "ResidentSettings",
    "ResidentSource",
    "ResidentState",
    "Residents",
    "Speed",
    "bench",
    "free_memory",
    "gpus",
    "measure",
]
