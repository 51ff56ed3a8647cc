"""Which model, with how much context, for the memory there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.catalogue.entries import Entry
from models.residency.memory import Memory

_CONTEXTS: Final = (32_768, 16_384, 8_192, 4_096)
_ENOUGH: Final = 8_192
_COMPUTE: Final = 400 << 20
"""What computing takes beside weights and context, at most of the models here; measured when a file is there."""
_CACHED: Final = 2
"""Contexts that a model's cache holds unless it is set otherwise."""


@dataclass(frozen=True)
class Advice:
    """How a model would fit."""

    entry: Entry
    context: int | None
    """The longest context of one request that fits; None where none does."""
    needs: int
    """Bytes with that context, or with the shortest."""
    best: bool = False
    """Whether it is the one to take."""


def advise(free: Memory, entries: Sequence[Entry]) -> list[Advice]:
    """How each would fit into what is free, on GPUs where there are any.

    The best is the largest with room for 8,192 tokens a request; where a mixture of experts fits, it is as good
    and faster.
    """
    room = free.gpu or free.host
    found = [_fitted(entry, room) for entry in entries]
    fitting = [advice for advice in found if advice.context is not None and advice.context >= _ENOUGH]
    best = max(fitting, key=lambda advice: advice.entry.parameters, default=None)
    return [Advice(advice.entry, advice.context, advice.needs, best=advice is best) for advice in found]


def _fitted(entry: Entry, room: int) -> Advice:
    for context in _CONTEXTS:
        if context <= entry.context and (needs := _needs(entry, context)) <= room:
            return Advice(entry, context, needs)
    return Advice(entry, None, _needs(entry, _CONTEXTS[-1]))


def _needs(entry: Entry, context: int) -> int:
    return int(entry.gigabytes * 1e9) + _CACHED * context * entry.cache_bytes + _COMPUTE
