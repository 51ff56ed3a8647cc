"""The cases of a task by what they are about, each group with its scores and its verdict."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from knowledge.evaluation.bootstrap import Bootstrap, Values
from knowledge.evaluation.metrics import JUDGED, Metric
from knowledge.evaluation.report import Below, Group, Outcomes, TaskReport
from knowledge.evaluation.verdicts import Judge, Verdict


def grouped(
    names: Sequence[str], outcomes: Outcomes, bootstrap: Bootstrap, judge: Judge
) -> tuple[Group, ...]:
    """The groups of cases of the same name (a name for each case), most cases first; they are one family of verdicts."""
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(names):
        rows[name].append(row)
    places = {name: np.array(own, dtype=np.intp) for name, own in rows.items()}
    order = sorted(places, key=lambda name: (-len(places[name]), name))
    values = {
        method: {metric: found.values(metric) for metric in Metric}
        for method, found in outcomes.methods.items()
    }
    differences = differences_of(outcomes)
    family = [{peer: each[places[name]] for peer, each in differences.items()} for name in order]
    return tuple(
        Group(
            name=name,
            cases=len(places[name]),
            metrics={
                method: {
                    metric: bootstrap.interval(found[places[name]]) for metric, found in measured.items()
                }
                for method, measured in values.items()
            },
            against={
                peer: bootstrap.difference(each, np.zeros_like(each), margin=judge.margin)
                for peer, each in own.items()
            },
            verdict=verdict,
        )
        for name, own, verdict in zip(order, family, judge.verdicts(family), strict=True)
    )


def differences_of(outcomes: Outcomes) -> Mapping[str, Values]:
    """The first method less each of the others in the judged metric, a case each."""
    ours, *peers = (found.values(JUDGED) for found in outcomes.methods.values())
    return {name: ours - peer for name, peer in zip(list(outcomes.methods)[1:], peers, strict=True)}


def shown_below(task: TaskReport) -> Iterator[Below]:
    """Where the first method is shown to be below another one: over all cases, then group by group."""
    families = {"kind": task.kinds, "category": task.categories, "topic": task.topics, "tier": task.tiers}
    for by, groups in {"all": (task.whole,), **families}.items():
        for group in groups:
            if group.verdict is Verdict.BELOW:
                peer, difference = group.worst
                yield Below(
                    task=task.task,
                    by=by,
                    name=group.name,
                    cases=group.cases,
                    peer=peer,
                    difference=difference,
                )
