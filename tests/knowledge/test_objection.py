"""What speaks against making a version of the index the live one."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from knowledge import Field, IndexVersion, Recipe, VersionState, VersionUnproven
from knowledge.evaluation import Interval, Relevance, Report, Task, TaskReport, how_to_go_on, objection_to
from knowledge.evaluation.report import Group, MethodOutcomes, Outcomes
from knowledge.evaluation.verdicts import Verdict
from tests.knowledge.versioned import live, no_versions, shelf, stored, versions

__all__ = ["live", "no_versions", "shelf", "stored", "versions"]

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_FIRST = [1] * 40
_EMPTY, _LOST = (0.95, 0.9, 1.0), (0.02, 0.0, 0.05)


def share(of: tuple[float, float, float]) -> Interval:
    value, low, high = of
    return Interval(value=value, low=low, high=high)


def report(
    places: Sequence[int], *, cases: str = "case", empty=_EMPTY, lost=_LOST, method: str = "fusion"
) -> JsonValue:
    outcomes = MethodOutcomes(places=tuple(places), ndcg=tuple(1.0 / place for place in places))
    task = TaskReport(
        task=Task.ANSWERS,
        fields=(Field.ANSWER,),
        cases=len(places),
        methods={},
        against={},
        whole=Group(name="all", cases=len(places), metrics={}, against={}, verdict=Verdict.OPEN),
        kinds=(),
        topics=(),
        categories=(),
        tiers=(),
        outcomes=Outcomes(
            keys=tuple(f"{cases} {number}" for number in range(len(places))), methods={method: outcomes}
        ),
    )
    relevance = Relevance(
        floor=0.3,
        foreign=40,
        foreign_empty=share(empty),
        native=40,
        native_lost=share(lost),
        floors=(),
        answered={},
    )
    return Report(
        seed=7,
        size=len(places),
        collections=(),
        pairs=len(places),
        margin=0.01,
        resamples=200,
        least_cases=30,
        below=(),
        tasks={Task.ANSWERS: task},
        relevance=relevance,
    ).as_json()


def version(
    number: int,
    evaluation: JsonValue,
    *,
    state: VersionState = VersionState.READY,
    activated_at: datetime | None = None,
) -> IndexVersion:
    return IndexVersion(
        number=number,
        state=state,
        recipe=Recipe(model="m", dimensions=2),
        note=None,
        pairs=40,
        evaluation=evaluation,
        created_at=_NOW,
        activated_at=activated_at,
    )


def the_live(evaluation: JsonValue) -> IndexVersion:
    return version(1, evaluation, state=VersionState.LIVE, activated_at=_NOW)


def test_version_that_was_not_evaluated_is_objected_to():
    unread: list[JsonValue] = [None, {"format": 1}]
    for evaluation in unread:
        said = objection_to(version(2, evaluation), the_live(report(_FIRST)))
        assert said == "Version 2 of the index was not evaluated."


def test_version_that_is_surely_below_is_objected_to_with_figures():
    worse = [7] * 20 + [1] * 20
    said = objection_to(version(2, report(worse)), the_live(report(_FIRST)))
    assert said is not None
    assert said.startswith(
        "Version 2 of the index is below version 1, which is live: top-5 of answers -0.500 ("
    )
    assert "; MRR of answers -0.429 (" in said
    assert said.endswith(", 40 cases).")


def test_version_that_lets_foreign_questions_or_loses_stored_ones_is_objected_to():
    for changed, told in (
        (report(_FIRST, empty=(0.2, 0.1, 0.3)), "foreign questions that find nothing 95.0% to 20.0%"),
        (report(_FIRST, lost=(0.6, 0.5, 0.7)), "stored questions that find nothing else 2.0% to 60.0%"),
    ):
        said = objection_to(version(2, changed), the_live(report(_FIRST)))
        assert said == f"Version 2 of the index is below version 1, which is live: {told}."


def test_cases_of_other_evaluations_cannot_be_compared():
    said = objection_to(version(2, report(_FIRST, cases="other")), the_live(report(_FIRST)))
    assert said == "Version 2 of the index was evaluated over other cases than version 1, which is live."


@pytest.mark.parametrize(
    ("one", "live"),
    [
        (version(2, report(_FIRST)), the_live(report([7] * 40))),
        (version(2, report([1, 7, *_FIRST[2:]])), the_live(report([7, 1, *_FIRST[2:]]))),
        (version(2, report(_FIRST)), the_live(None)),
        (version(2, report(_FIRST)), None),
        (version(2, report([7] * 40, method="dense")), the_live(report(_FIRST, method="dense"))),
        (version(2, None, activated_at=_NOW), the_live(report(_FIRST))),
        (version(2, None, state=VersionState.BUILDING), the_live(report(_FIRST))),
        (version(2, None, state=VersionState.RETIRED), the_live(report(_FIRST))),
    ],
    ids=[
        "better",
        "not surely below",
        "nothing to compare with",
        "none is live",
        "the product's method counts",
        "was live before",
        "is not built",
        "is gone",
    ],
)
def test_nothing_else_speaks_against_a_version(one: IndexVersion, live: IndexVersion | None):
    assert objection_to(one, live) is None


def test_advice_names_the_live_version_where_there_is_one():
    assert "--version 2 --compare 1`" in how_to_go_on(version(2, None), the_live(None))
    assert "--version 2`" in how_to_go_on(version(2, None), None)


@pytest.mark.usefixtures("stored")
async def test_only_what_is_objected_to_needs_to_be_activated_anyway(live, versions):
    await live.catch_up()
    await versions.build_fresh()
    with pytest.raises(VersionUnproven, match=r"was not evaluated\. `freya .* --compare 1`.* with `anyway`"):
        await versions.activate(2)
    assert live.version.number == 1
    await versions.store_evaluation(2, report(_FIRST))
    assert (await live.activate(2)).number == 2
    assert (await live.rollback()).number == 1
    await versions.store_evaluation(1, report([1] * 40))
    await versions.store_evaluation(2, report([9] * 40))
    assert (await live.activate(2)).number == 2
    await versions.build_fresh()
    await versions.store_evaluation(3, report([10] * 40))
    with pytest.raises(VersionUnproven, match="Version 3 of the index is below version 2"):
        await live.activate(3)
    assert (await live.activate(3, anyway=True)).number == 3
