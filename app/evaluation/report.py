"""The report of an evaluation: shares by kind and by agent, routing and grounding in figures, every fault."""

from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict

from app.evaluation.judging import Verdict

_P95 = 0.95


class Tally(BaseModel):
    """How many of some cases passed."""

    model_config = ConfigDict(frozen=True)

    passed: int = 0
    cases: int = 0

    @property
    def share(self) -> float | None:
        """From 0 to 1; None of nothing."""
        return self.passed / self.cases if self.cases else None


class Routing(BaseModel):
    """How requests reached those they are for."""

    model_config = ConfigDict(frozen=True)

    single: Tally
    """Requests for one specialist that went to that one alone."""
    several: Tally
    """Requests for several that went to exactly those."""
    refused: Tally
    """Requests for none that no specialist was given and that were not answered."""
    refused_wrongly: Tally
    """Requests for specialists that none was given: `passed` counts the refused."""


class Grounded(BaseModel):
    """How answers rest on their sources, over the cases of all kinds."""

    model_config = ConfigDict(frozen=True)

    answers: Tally
    """Answers that were held against their sources, and those of them that hold."""
    untraced: int
    """Numbers that no source holds."""


class Failure(BaseModel):
    """A case that did not pass."""

    model_config = ConfigDict(frozen=True)

    kind: str
    agent: str
    request: str
    faults: tuple[str, ...]


class Report(BaseModel):
    """All that an evaluation found."""

    model_config = ConfigDict(frozen=True)

    cases: Tally
    by_kind: dict[str, Tally]
    by_agent: dict[str, dict[str, Tally]]
    """By agent and kind."""
    routing: Routing
    grounding: Grounded
    ms_p50: float | None
    ms_p95: float | None
    failures: tuple[Failure, ...]


def report_of(verdicts: Sequence[Verdict]) -> Report:
    """The report on these verdicts."""
    kinds = sorted({one.case.kind for one in verdicts})
    agents = sorted({one.case.reported_under for one in verdicts})
    took = sorted(one.ms for one in verdicts if one.ms)
    return Report(
        cases=_tally(verdicts),
        by_kind={kind: _tally(one for one in verdicts if one.case.kind == kind) for kind in kinds},
        by_agent={
            agent: {
                kind: _tally(own)
                for kind in kinds
                if (own := [v for v in verdicts if v.case.kind == kind and v.case.reported_under == agent])
            }
            for agent in agents
        },
        routing=_routing([one for one in verdicts if one.case.kind == "routing"]),
        grounding=_grounding([one for one in verdicts if one.checked]),
        ms_p50=took[len(took) // 2] if took else None,
        ms_p95=took[min(len(took) - 1, int(_P95 * len(took)))] if took else None,
        failures=tuple(
            Failure(kind=v.case.kind, agent=v.case.reported_under, request=v.case.request, faults=v.faults)
            for v in verdicts
            if not v.passed
        ),
    )


def _tally(verdicts: Iterable[Verdict]) -> Tally:
    passed = [one.passed for one in verdicts]
    return Tally(passed=sum(passed), cases=len(passed))


def _routing(verdicts: Sequence[Verdict]) -> Routing:
    of_one = [one for one in verdicts if len(one.case.agents or ()) == 1]
    of_several = [one for one in verdicts if len(one.case.agents or ()) > 1]
    of_none = [one for one in verdicts if not one.case.agents and "declined" in one.case.outcome]
    meant = [*of_one, *of_several]
    return Routing(
        single=_tally(of_one),
        several=_tally(of_several),
        refused=_tally(of_none),
        refused_wrongly=Tally(passed=sum(not one.agents for one in meant), cases=len(meant)),
    )


def _grounding(verdicts: Sequence[Verdict]) -> Grounded:
    return Grounded(
        answers=Tally(passed=sum(one.holds for one in verdicts), cases=len(verdicts)),
        untraced=sum(len(one.untraced) for one in verdicts),
    )
