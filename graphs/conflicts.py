"""Where specialists contradict each other: one figure with two values, or opposite verdicts on one question."""

import re
from collections.abc import Mapping, Sequence
from itertools import combinations

from pydantic import BaseModel, ConfigDict

from graphs.planning import NamedFigure
from graphs.routing.interfaces import Task
from graphs.state import SpecialistResult

TOLERANCE = 0.01
"""The relative difference from which two values of one figure disagree."""
_SMALL = 1e-9
_VERDICTS = (
    (
        "for",
        "against",
        re.compile(
            r"\b(?:feasible|viable|worthwhile|worth it|profitable|go ahead|recommended|advisable|favou?rable)\b",
            re.IGNORECASE,
        ),
        re.compile(
            r"\b(?:(?:not|hardly|isn't|un)[ -]?(?:feasible|viable|worthwhile|worth it|profitable|recommended|advisable|favou?rable)|"
            r"infeasible|unviable|unprofitable|unfavou?rable|inadvisable|do not go ahead|no-go|advise against)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "up",
        "down",
        re.compile(r"\b(?:bullish|uptrend|undervalued|buy signal)\b", re.IGNORECASE),
        re.compile(r"\b(?:bearish|downtrend|overvalued|sell signal)\b", re.IGNORECASE),
    ),
)


class Side(BaseModel):
    """What one specialist says, and what it rests on."""

    model_config = ConfigDict(frozen=True)

    agent: str
    says: str
    tools: tuple[str, ...] = ()
    """Those that worked and that the answer was made with."""
    citations: int = 0

    @property
    def weight(self) -> int:
        """How much it rests on: a computation counts as three cited passages."""
        return 3 * len(self.tools) + self.citations


class Conflict(BaseModel):
    """Two specialists who disagree about one thing."""

    model_config = ConfigDict(frozen=True)

    about: str
    sides: tuple[Side, Side]

    @property
    def heavier(self) -> Side | None:
        """The one with more evidence; None where both have as much."""
        first, second = self.sides
        if first.weight == second.weight:
            return None
        return first if first.weight > second.weight else second


def conflicts(
    results: Sequence[SpecialistResult], plan: Sequence[Task], figures: Mapping[int, Sequence[NamedFigure]]
) -> list[Conflict]:
    """The contradictions between specialists about the same request, or a request and one that builds on it.

    Answers to different requests may well differ: they are not compared, nor are two answers of one specialist.
    """
    by_id = {task.id: task for task in plan}
    found: list[Conflict] = []
    for one, other in combinations(results, 2):
        first, second = by_id.get(one.position), by_id.get(other.position)
        if first is None or second is None or one.agent == other.agent:
            continue
        if not _about_the_same(first, second) or "answered" not in (one.outcome, other.outcome):
            continue
        found += _figures_apart(one, other, figures)
        found += _opposite_verdicts(one, other)
    return found


def _about_the_same(first: Task, second: Task) -> bool:
    return (
        first.request == second.request
        or first.id in second.needs
        or second.id in first.needs
        or second.asked_by == first.id
        or first.asked_by == second.id
    )


def _figures_apart(
    one: SpecialistResult, other: SpecialistResult, figures: Mapping[int, Sequence[NamedFigure]]
) -> list[Conflict]:
    mine = {figure.name: figure for figure in figures.get(one.position, ()) if figure.made}
    return [
        Conflict(
            about=figure.name,
            sides=(_side(one, mine[figure.name].text), _side(other, figure.text)),
        )
        for figure in figures.get(other.position, ())
        if figure.made and figure.name in mine and _apart(mine[figure.name].value, figure.value)
    ]


def _apart(one: float, other: float) -> bool:
    return abs(one - other) > max(_SMALL, TOLERANCE * max(abs(one), abs(other)))


def _opposite_verdicts(one: SpecialistResult, other: SpecialistResult) -> list[Conflict]:
    found = []
    for yes, no, positive, negative in _VERDICTS:
        mine, theirs = (_verdict(each.answer, positive, negative) for each in (one, other))
        if mine and theirs and mine[0] != theirs[0]:
            about = f"{yes} or {no}"
            found.append(Conflict(about=about, sides=(_side(one, mine[1]), _side(other, theirs[1]))))
    return found


def _verdict(answer: str, positive: re.Pattern[str], negative: re.Pattern[str]) -> tuple[bool, str] | None:
    """Which way an answer decides and by which words; None where it says neither, or both."""
    against = negative.search(answer)
    speaks_for = positive.search(negative.sub(" ", answer))
    if against:
        return None if speaks_for else (False, against[0])
    return (True, speaks_for[0]) if speaks_for else None


def _side(result: SpecialistResult, says: str) -> Side:
    worked = tuple(dict.fromkeys(use.name for use in result.tool_uses if not use.failed))
    return Side(agent=result.agent, says=says, tools=worked, citations=len(result.citations))
