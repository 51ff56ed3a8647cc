"""What a reading of an indicator comes to, and how values compare with earlier ones."""

from dataclasses import dataclass

from trading import Reading


@dataclass(frozen=True)
class Verdict:
    """How a value reads."""

    headline: str
    """The result with its figures, one sentence."""
    state: str
    """One or two words for programs: overbought, above, rising ..."""
    meaning: str
    """What the state says and does not say."""


def earlier(reading: Reading, output: str, bars: int = 1) -> float | None:
    """An output's value some bars before the last, or None while it was still warming up."""
    values = reading.values[output]
    place = len(values) - 1 - bars
    return float(values[place]) if place >= reading.warm_up else None


def slope_of(value: float, before: float) -> str:
    """Rising, falling or flat."""
    return "rising" if value > before else "falling" if value < before else "flat"
