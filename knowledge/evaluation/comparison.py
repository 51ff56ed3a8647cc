"""Two reports side by side: two versions of an index, or of retrieval, over the cases that they share."""

import numpy as np
from pydantic import BaseModel, ConfigDict

from knowledge.evaluation.bootstrap import Bootstrap, Difference, Interval
from knowledge.evaluation.cases import Task
from knowledge.evaluation.metrics import Metric
from knowledge.evaluation.report import Report, TaskReport


class TaskComparison(BaseModel):
    """One task in both reports."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shared: int
    """Cases that both asked, with the same pairs sought."""
    only_before: int
    only_after: int
    methods: dict[str, dict[Metric, Difference]]
    """After less before, of each method in both; empty when no case is shared."""


class Comparison(BaseModel):
    """What changed from one report to another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    margin: float
    tasks: dict[Task, TaskComparison]
    """Those in both reports."""
    foreign_empty: tuple[float | None, float | None]
    """The share of foreign questions that find nothing, before and after; None where none were asked."""
    native_lost: tuple[float | None, float | None]


def compare(before: Report, after: Report, *, bootstrap: Bootstrap | None = None) -> Comparison:
    """The paired differences over the cases that both reports share, by the margin of the later one."""
    drawn = bootstrap or Bootstrap(resamples=after.resamples)
    return Comparison(
        margin=after.margin,
        tasks={
            task: _task(report, after.tasks[task], drawn, after.margin)
            for task, report in before.tasks.items()
            if task in after.tasks
        },
        foreign_empty=(
            _value(before.relevance.foreign_empty),
            _value(after.relevance.foreign_empty),
        ),
        native_lost=(_value(before.relevance.native_lost), _value(after.relevance.native_lost)),
    )


def _task(before: TaskReport, after: TaskReport, drawn: Bootstrap, margin: float) -> TaskComparison:
    earlier = {key: row for row, key in enumerate(before.outcomes.keys)}
    later = {key: row for row, key in enumerate(after.outcomes.keys)}
    shared = [key for key in earlier if key in later]
    rows_before = np.array([earlier[key] for key in shared], dtype=np.intp)
    rows_after = np.array([later[key] for key in shared], dtype=np.intp)
    return TaskComparison(
        shared=len(shared),
        only_before=len(earlier) - len(shared),
        only_after=len(later) - len(shared),
        methods={
            name: {
                metric: drawn.difference(
                    after.outcomes.methods[name].values(metric)[rows_after],
                    outcomes.values(metric)[rows_before],
                    margin=margin,
                )
                for metric in Metric
            }
            for name, outcomes in before.outcomes.methods.items()
            if shared and name in after.outcomes.methods
        },
    )


def _value(share: Interval | None) -> float | None:
    return None if share is None else share.value
