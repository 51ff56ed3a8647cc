"""Judging an answer against its case: every fault in words; none means that it passed."""

import math
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, JsonValue

from app.evaluation.cases import Case
from app.runs import ChatResult
from graphs import read_numerals

_CLOSE = 1e-6


class Verdict(BaseModel):
    """What came of a case."""

    model_config = ConfigDict(frozen=True)

    case: Case
    faults: tuple[str, ...] = ()
    outcome: str = ""
    agents: tuple[str, ...] = ()
    checked: bool = False
    """Whether the answer was held against its sources."""
    untraced: tuple[str, ...] = ()
    """Its numbers that no source holds."""
    holds: bool = True
    """Whether every number was traced and every citation held."""
    ms: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether it has no fault."""
        return not self.faults


def judge(case: Case, result: ChatResult) -> Verdict:
    """The verdict on the answer to a case."""
    checked = result.outcome == "answered" and result.grounded is not None
    return Verdict(
        case=case,
        faults=tuple(_faults(case, result)),
        outcome=result.outcome,
        agents=tuple(result.agents),
        checked=checked,
        untraced=tuple(result.untraced),
        holds=not checked or (not result.untraced and result.grounded is not False),
        ms=result.timings.get("total", 0.0),
    )


def _faults(case: Case, result: ChatResult) -> Iterator[str]:
    if case.agents is not None and set(case.agents) != set(result.agents):
        yield f"went to {_named(result.agents)} and not to {_named(case.agents)}"
    if case.outcome and result.outcome not in case.outcome:
        yield f"ended as {result.outcome} and not as {' or '.join(case.outcome)}"
    if case.tool:
        yield from _tool_faults(case, result)
    answer = result.answer.lower()
    yield from (f"does not say {text!r}" for text in case.says if text.lower() not in answer)
    yield from (f"says {text!r}" for text in case.says_not if text.lower() in answer)
    yield from (f"does not state {value:g}" for value in case.numbers if not _states(result.answer, value))
    if case.kind == "grounding" and result.outcome == "answered" and result.grounded is False:
        yield f"is not grounded; untraced: {', '.join(result.untraced) or 'none, but citations do not hold'}"


def _tool_faults(case: Case, result: ChatResult) -> Iterator[str]:
    uses = [use for use in result.tool_calls if use.name == case.tool and not use.failed]
    if not uses:
        called = [f"{use.name}{' (failed)' if use.failed else ''}" for use in result.tool_calls]
        yield f"{case.tool} did not compute it; called: {', '.join(called) or 'nothing'}"
        return
    wrong = [
        [
            f"{name} was {use.arguments.get(name)!r} and not {wanted!r}"
            for name, wanted in case.arguments.items()
            if not _same(use.arguments.get(name), wanted)
        ]
        for use in uses
    ]
    yield from min(wrong, key=len)


def _same(given: JsonValue, wanted: JsonValue) -> bool:
    match given, wanted:
        case (bool(), _) | (_, bool()):
            return given is wanted
        case (int() | float(), int() | float()):
            return math.isclose(given, wanted, rel_tol=_CLOSE, abs_tol=_CLOSE)
        case (str(), str()):
            return given.casefold() == wanted.casefold()
        case (list(), list()):
            return len(given) == len(wanted) and all(_same(a, b) for a, b in zip(given, wanted, strict=True))
        case (dict(), dict()):
            return given.keys() == wanted.keys() and all(_same(given[key], wanted[key]) for key in wanted)
    return given == wanted


def _states(answer: str, value: float) -> bool:
    """Whether a number of the text is the value, as it is rounded there."""
    return any(
        abs(read - abs(value)) <= half * (1 + _CLOSE)
        for numeral in read_numerals(answer)
        for read, half in numeral.readings
    )


def _named(agents: object) -> str:
    names = list(agents) if isinstance(agents, list | tuple) else []
    return ", ".join(sorted(names)) or "Freya herself"
