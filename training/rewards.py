"""The reward of a logged interaction, and which interactions may teach."""

from dataclasses import dataclass
from enum import StrEnum

from memory import Interaction

_SUCCESS = 10.0
_NEUTRAL_RATING = 3
_RATING_WEIGHT = 2.0
_BEST_STEPS = 3
_STEP_PENALTY = 0.5
_TOOL_WEIGHT = 2.0
_HALLUCINATION = 5.0
_SLOW_MS = 3_000.0
_SLOW = 1.0
_POSITIVE_FROM = 5.0
_LOWEST_RATING, _HIGHEST_RATING = 1, 5


class Lesson(StrEnum):
    """What an interaction is good for in training."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEITHER = "neither"


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What is known of an interaction beyond its record."""

    rating: int | None = None
    """A person's rating, 1 to 5; None where nobody rated it."""
    hallucinated: bool = False
    """Whether a statement was found to be made up."""
    failed_tools: int = 0
    """How many of the tool calls failed."""

    def __post_init__(self) -> None:
        if self.rating is not None and not _LOWEST_RATING <= self.rating <= _HIGHEST_RATING:
            raise ValueError(f"a rating goes from {_LOWEST_RATING} to {_HIGHEST_RATING}, not {self.rating}")


def reward(interaction: Interaction, judgement: Judgement) -> float:
    """The points of an interaction, about -10 to 16.

    10 for an answer, (rating - 3) x 2, half a point off for each step away from three, 2 x the share of tools that
    succeeded, 5 off for a hallucination, 1 off beyond three seconds. Steps are the tool calls and the answer itself. Without tools, or without a rating, that term is 0.
    """
    steps = len(interaction.tool_uses) + 1
    total = _SUCCESS if interaction.outcome == "answered" else 0.0
    if judgement.rating is not None:
        total += (judgement.rating - _NEUTRAL_RATING) * _RATING_WEIGHT
    total -= _STEP_PENALTY * abs(steps - _BEST_STEPS)
    if interaction.tool_uses:
        total += _TOOL_WEIGHT * (1 - judgement.failed_tools / len(interaction.tool_uses))
    if judgement.hallucinated:
        total -= _HALLUCINATION
    if interaction.latency_ms > _SLOW_MS:
        total -= _SLOW
    return total


def lesson(points: float) -> Lesson:
    """Above 5 an interaction is a positive example, below 0 a negative one."""
    if points > _POSITIVE_FROM:
        return Lesson.POSITIVE
    return Lesson.NEGATIVE if points < 0 else Lesson.NEITHER
