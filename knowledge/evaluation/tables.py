"""Reports and comparisons as tables of text, for people; whoever shows them draws the lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.evaluation.bootstrap import Difference, Interval
from knowledge.evaluation.comparison import Comparison
from knowledge.evaluation.metrics import Metric
from knowledge.evaluation.report import Group, Relevance, Report, TaskReport
from knowledge.evaluation.verdicts import Verdict

_NAMES = {Metric.TOP_1: "top-1", Metric.TOP_5: "top-5", Metric.MRR: "MRR", Metric.NDCG_10: "nDCG@10"}
_NONE = "–"
_TOPICS = 20
_LONGEST = 32


@dataclass(frozen=True)
class Table:
    """A title, a heading for each column, and rows of as many cells."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def report_tables(report: Report, *, topics: int = _TOPICS) -> list[Table]:
    """A report for people: where the first method is below, each task with its breakdowns, then the floor.

    Of each breakdown the `topics` groups with most cases are in the tables.
    """
    tables = [_below(report)] if any(task.against for task in report.tasks.values()) else []
    for task in report.tasks.values():
        tables.append(_scores(task))
        if task.against:
            tables.append(_against(task, report.margin))
            tables.append(_verdicts(task, report))
        tables.append(_groups(task, "tier", "tier", task.tiers))
        tables.append(_groups(task, "kind of question", "kind", task.kinds))
        tables.append(_groups(task, "category", "category", task.categories[:topics]))
        tables.append(_groups(task, "topic", "topic", task.topics[:topics]))
    return [*tables, _floor(report.relevance), _floors(report.relevance)]


def comparison_tables(comparison: Comparison) -> list[Table]:
    """A comparison for people: each task, then the floor."""
    tables = [
        Table(
            f"{task}: after less before, {compared.shared} shared cases"
            f" ({compared.only_before} only before, {compared.only_after} only after)",
            ("method", "metric", "difference", "95 % interval", "p", "not below"),
            tuple(
                (method, *cells)
                for method, metrics in compared.methods.items()
                for cells in _differences(metrics)
            ),
        )
        for task, compared in comparison.tasks.items()
    ]
    shares = (
        ("foreign that find nothing", comparison.foreign_empty),
        ("native lost", comparison.native_lost),
    )
    rows = tuple((name, _percent(before), _percent(after)) for name, (before, after) in shares)
    return [*tables, Table("nothing relevant", ("share", "before", "after"), rows)]


def _scores(task: TaskReport) -> Table:
    fields = " and ".join(f"{field}s" for field in task.fields)
    return Table(
        f"{task.task}: {task.cases} cases against {fields}",
        ("method", *_NAMES.values(), "p50 ms", "p95 ms", "p99 ms"),
        tuple(
            (
                name,
                *(_interval(score.metrics[metric]) for metric in _NAMES),
                *(f"{each:.1f}" for each in (score.latency.p50, score.latency.p95, score.latency.p99)),
            )
            for name, score in ((name, task.methods[name]) for name in task.order)
        ),
    )


def _against(task: TaskReport, margin: float) -> Table:
    return Table(
        f"{task.task}: {task.ours} less each other method, margin {margin:g}",
        ("method", "metric", "difference", "95 % interval", "p", "not below"),
        tuple((peer, *cells) for peer, metrics in task.against.items() for cells in _differences(metrics)),
    )


def _below(report: Report) -> Table:
    """Everything that is shown to be below, or that nothing is."""
    ours = next(task.ours for task in report.tasks.values())
    if not report.below:
        return Table(
            f"{ours} is nowhere shown to be below another method (MRR, margin {report.margin:g})", (), ()
        )
    return Table(
        f"{ours} is shown to be below another method (MRR, margin {report.margin:g}) on",
        ("task", "by", "group", "cases", "method", "difference", "95 % interval"),
        tuple(
            (each.task, each.by, _cut(each.name), str(each.cases), each.peer, *_difference(each.difference))
            for each in report.below
        ),
    )


def _verdicts(task: TaskReport, report: Report) -> Table:
    """The verdict on the task, and on each group of enough cases."""
    families = {"kind": task.kinds, "category": task.categories, "topic": task.topics, "tier": task.tiers}
    rows: list[tuple[str, ...]] = []
    for by, groups in {"all": (task.whole,), **families}.items():
        judged = [group for group in groups if group.verdict is not Verdict.TOO_FEW or by == "all"]
        rows += [
            (by, _cut(group.name), str(group.cases), peer, *_difference(difference), group.verdict)
            for group in judged
            for peer, difference in (group.worst,)
        ]
        few = len(groups) - len(judged)
        nothing = f"{few} with fewer than {report.least_cases} cases"
        rows += [(by, nothing, "", "", "", "", Verdict.TOO_FEW)] if few else []
    return Table(
        f"{task.task}: {task.ours} against the better of the others, MRR, margin {report.margin:g}",
        ("by", "group", "cases", "method", "difference", "95 % interval", "verdict"),
        tuple(rows),
    )


def _difference(found: Difference) -> tuple[str, str]:
    return f"{found.value:+.3f}", f"{found.low:+.3f} to {found.high:+.3f}"


def _differences(metrics: dict[Metric, Difference]) -> Iterator[tuple[str, ...]]:
    for metric, name in _NAMES.items():
        found = metrics[metric]
        yield (
            name,
            *_difference(found),
            f"{found.p_value:.3f}",
            "yes" if found.not_below else "no",
        )


def _groups(task: TaskReport, by: str, what: str, groups: Sequence[Group]) -> Table:
    methods = task.order
    return Table(
        f"{task.task}: by {by}",
        (what, "cases", *(f"{method} top-5 / MRR" for method in methods)),
        tuple(
            (
                _cut(group.name),
                str(group.cases),
                *(
                    f"{group.metrics[method][Metric.TOP_5].value:.3f} / {_interval(group.metrics[method][Metric.MRR])}"
                    for method in methods
                ),
            )
            for group in groups
        ),
    )


def _floor(relevance: Relevance) -> Table:
    shares = (
        ("foreign that find nothing", relevance.foreign, relevance.foreign_empty),
        ("native lost", relevance.native, relevance.native_lost),
    )
    return Table(
        f"nothing relevant: floor {relevance.floor:g}",
        ("share", "questions", "value"),
        tuple(
            (name, str(count), _NONE if share is None else _interval(share)) for name, count, share in shares
        ),
    )


def _floors(relevance: Relevance) -> Table:
    return Table(
        "nothing relevant: other floors",
        ("floor", "foreign that find nothing", "native lost"),
        tuple(
            (f"{point.floor:.2f}", _percent(point.foreign_empty), _percent(point.native_lost))
            for point in relevance.floors
        ),
    )


def _interval(interval: Interval) -> str:
    return f"{interval.value:.3f} ({interval.low:.3f}–{interval.high:.3f})"


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..."


def _percent(share: float | None) -> str:
    return _NONE if share is None else f"{100 * share:.1f} %"
