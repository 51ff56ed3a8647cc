"""Whether a version of the index is known to be as good as the live one, by the reports that are kept with both."""

from collections.abc import Iterator
from typing import Final

from knowledge.evaluation.bootstrap import Interval
from knowledge.evaluation.comparison import Comparison, compare
from knowledge.evaluation.kept import NotEvaluated, whole_report
from knowledge.evaluation.methods import Fusion
from knowledge.evaluation.metrics import Metric
from knowledge.evaluation.report import Report
from knowledge.shelf import IndexVersion, VersionState

_JUDGED: Final = {Metric.TOP_5: "top-5", Metric.MRR: "MRR"}


def objection_to(version: IndexVersion, live: IndexVersion | None) -> str | None:
    """What speaks against making a version the live one, as a sentence; None: nothing.

    It was not evaluated; or over other cases than the live one; or it is surely below that: the 95 % interval of a
    difference in top-5 or MRR lies below zero on the cases that both were asked, or those of the shares of foreign
    questions that find nothing, or of stored ones that find something, do not reach the live one's. Nothing
    speaks against a version that was live before, or that cannot become the live one. Where that was not evaluated
    there is nothing to compare with.
    """
    if version.state is not VersionState.READY or version.activated_at is not None:
        return None
    try:
        after = whole_report(version)
    except NotEvaluated:
        return f"Version {version.number} of the index was not evaluated."
    try:
        before = whole_report(live) if live is not None else None
    except NotEvaluated:
        before = None
    if live is None or before is None:
        return None
    compared = compare(before, after)
    if before.tasks and not any(task.shared for task in compared.tasks.values()):
        return (
            f"Version {version.number} of the index was evaluated over other cases than version {live.number}, "
            "which is live."
        )
    below = [*_ranked_below(compared), *_told_apart_worse(before, after)]
    if below:
        return f"Version {version.number} of the index is below version {live.number}, which is live: {'; '.join(below)}."
    return None


def how_to_go_on(version: IndexVersion, live: IndexVersion | None) -> str:
    """What to do about an objection, as a sentence."""
    beside = f" --compare {live.number}" if live is not None else ""
    return (
        f"`freya knowledge evaluate --version {version.number}{beside}`, or a job of the kind `evaluate`, measures it; "
        "with `--yes`, over HTTP with `anyway`, it is activated all the same."
    )


def _ranked_below(compared: Comparison) -> Iterator[str]:
    for task, both in compared.tasks.items():
        product = both.methods.get(Fusion.name, {})
        for metric, name in _JUDGED.items():
            if metric in product and product[metric].high < 0:
                difference = product[metric]
                yield (
                    f"{name} of {task} {difference.value:+.3f} ({difference.low:+.3f} to {difference.high:+.3f}, "
                    f"{both.shared} cases)"
                )


def _told_apart_worse(before: Report, after: Report) -> Iterator[str]:
    earlier, later = before.relevance, after.relevance
    if _apart(later.foreign_empty, earlier.foreign_empty):
        yield f"foreign questions that find nothing {_change(earlier.foreign_empty, later.foreign_empty)}"
    if _apart(earlier.native_lost, later.native_lost):
        yield f"stored questions that find nothing else {_change(earlier.native_lost, later.native_lost)}"


def _apart(lower: Interval | None, higher: Interval | None) -> bool:
    """Whether the whole interval of the one lies below that of the other."""
    return lower is not None and higher is not None and lower.high < higher.low


def _change(before: Interval | None, after: Interval | None) -> str:
    return " to ".join(f"{share.value:.1%}" for share in (before, after) if share is not None)
