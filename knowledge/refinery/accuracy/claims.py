"""What a text states that can be computed again, and whether it is so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is computed to check a claim."""

    SUM = "sum"
    """Arithmetic that is written out."""
    CHANGE = "change"
    """A change in percent, or yearly growth, between two numbers."""
    FORMULA = "formula"
    """A formula in symbols."""
    WORKED = "worked formula"
    """A formula with numbers put in."""
    READING = "reading"
    """An indicator's value over prices that are given."""
    DEFAULT = "default"
    RANGE = "range"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Something a text states, and whether it is so."""

    kind: Kind
    statement: str
    """As the text has it."""
    computed: str
    """What is so: a number, a formula, settings, bounds."""
    holds: bool


Check = Callable[[str], Sequence[Claim]]
"""Finds the claims of one kind in a text; a text without any has none."""
