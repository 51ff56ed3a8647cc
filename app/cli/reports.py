"""Results of the knowledge pipeline, laid out for people."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any  # JSON

from pydantic import TypeAdapter

from app.cli.inventory import tier_lines
from app.cli.tables import columns, share, shortened
from knowledge import IndexVersion, Job, SourceDetail
from knowledge.evaluation import Comparison, Report, Table, comparison_tables, report_tables
from knowledge.readers import how_read
from knowledge.refinery import Coverage, GapReport, TierCount

_NAME = 48
_QUESTION = 90
_TIERS = TypeAdapter(tuple[TierCount, ...])


def refined_lines(result: dict[str, Any]) -> list[str]:
    """What a refinement did, and the tiers of each collection after it."""
    placed, unplaced = result["placed"], result["unplaced"]
    return [
        f"topics      {placed - unplaced} placed, {unplaced} nowhere in the catalogue",
        f"pairs       {result['measured']} measured, {result['compared']} compared",
        f"duplicates  {result['linked']} linked, {result['released']} released",
        "",
        *tier_lines(_TIERS.validate_python(result["tiers"])),
    ]


def gap_lines(report: GapReport, limit: int) -> list[str]:
    """The worst covered topics in columns, and how many are covered in all."""
    targets, coverage, count = report.targets, report.coverage, len(report.topics)
    rows = [
        [
            gap.slug,
            shortened(gap.subcategory or gap.category, _NAME),
            gap.collection,
            str(gap.pairs),
            share(gap.good, gap.pairs),
            str(gap.missing),
            f"{gap.coverage}{', weak' if gap.weak else ''}",
        ]
        for gap in report.topics[:limit]
    ]
    lines = columns(["TOPIC", "CATEGORY", "COLLECTION", "PAIRS", "GOOD", "MISSING", "COVERAGE"], rows)
    lines += [f"and {count - limit} more; --limit shows them"] if count > limit else []
    lines += [
        "",
        f"{coverage[Coverage.FULL]} of {count} topics have {targets.full} pairs and more",
        (
            f"{coverage[Coverage.ACCEPTABLE]} have {targets.acceptable} and more, "
            f"{coverage[Coverage.THIN]} fewer, {coverage[Coverage.MISSING]} none"
        ),
    ]
    weak = sum(gap.weak for gap in report.topics)
    lines += [f"{weak} have less than {targets.least_success:.0%} good pairs"] if weak else []
    if report.unplaced:
        pairs = sum(each.pairs for each in report.unplaced)
        lines += [
            "",
            f"{len(report.unplaced)} topics of sources ({pairs} pairs) are nowhere in the catalogue:",
        ]
        lines += [
            f"  {each.pairs:>6}  {shortened(each.topic, _QUESTION)}{' (by hand)' if each.mapped_by else ''}"
            for each in report.unplaced[:limit]
        ]
    return lines


def gaps_json(report: GapReport, limit: int) -> dict[str, Any]:
    """The same for programs."""
    return {
        "targets": report.targets,
        "coverage": dict(report.coverage),
        "count": len(report.topics),
        "topics": report.topics[:limit],
        "unplaced": report.unplaced[:limit],
    }


def source_lines(source: SourceDetail) -> list[str]:
    """A source with how it was read, and all that was noted of it."""
    facts = [
        ("id", source.id),
        ("collection", source.collection),
        ("status", source.status.value),
        ("because", source.reason),
        ("read as", how_read(source.kind, source.shape)),
        ("pairs", f"{source.read} read, {source.rejected} rejected, {source.mismatched} mismatched"),
        ("declared", source.declared),
        ("research", _research(source)),
        ("imported", f"{source.started_at:%Y-%m-%d %H:%M}"),
    ]
    lines = [source.name, "", *(f"{name:<13} {value}" for name, value in facts if value is not None)]
    if source.remarks:
        rows = [[remark.what, remark.place, remark.reason] for remark in source.remarks]
        lines += ["", *columns(["WHAT", "PLACE", "REASON"], rows)]
    more = source.rejected + source.mismatched - len(source.remarks)
    return lines if more <= 0 else [*lines, f"and {more} more, which were counted and not kept"]


def _research(source: SourceDetail) -> str | None:
    if source.searches is None or source.successful_searches is None:
        return None
    when = "" if source.researched_on is None else f" on {source.researched_on}"
    found = share(source.successful_searches, source.searches)
    return f"{source.successful_searches} of {source.searches} searches found something ({found}){when}"


def version_lines(versions: Sequence[IndexVersion]) -> list[str]:
    """Versions of the index in columns."""
    rows = [
        [
            str(version.number),
            version.state.value,
            "-" if version.pairs is None else str(version.pairs),
            version.recipe.model.rsplit("/", 1)[-1],
            "yes" if version.recipe.low_tier else "no",
            "no" if version.evaluation is None else "yes",
            f"{version.activated_at:%Y-%m-%d %H:%M}" if version.activated_at else "-",
            shortened(version.note or "", _QUESTION),
        ]
        for version in versions
    ]
    return columns(["VERSION", "STATE", "PAIRS", "MODEL", "LOW TIER", "EVALUATED", "ACTIVATED", "NOTE"], rows)


def versions_json(versions: Sequence[IndexVersion]) -> list[dict[str, Any]]:
    """The same for programs, without the reports of evaluations."""
    return [
        {
            **{
                name: value for name, value in asdict(version).items() if name not in {"evaluation", "recipe"}
            },
            "recipe": version.recipe.model_dump(mode="json"),
            "evaluated": version.evaluation is not None,
        }
        for version in versions
    ]


def version_detail_lines(version: IndexVersion, report: Report | None) -> list[str]:
    """A version, and the report of its latest evaluation as tables."""
    cut = version.recipe.passages
    facts = [
        ("version", version.number),
        ("state", version.state.value),
        ("pairs", version.pairs),
        ("model", f"{version.recipe.model}, {version.recipe.dimensions} dimensions"),
        (
            "passages",
            f"{cut.tokens} tokens, found by {cut.lead_tokens}, later ones count {cut.later:g}",
        ),
        ("low tier", "yes" if version.recipe.low_tier else "no"),
        ("created", f"{version.created_at:%Y-%m-%d %H:%M}"),
        ("activated", f"{version.activated_at:%Y-%m-%d %H:%M}" if version.activated_at else None),
        ("note", version.note),
    ]
    lines = [f"{name:<10} {value}" for name, value in facts if value is not None]
    if report is None:
        return [
            *lines,
            "",
            f"not evaluated yet; `freya knowledge evaluate --version {version.number}` does it",
        ]
    return [
        *lines,
        "",
        f"evaluated over {report.pairs} pairs, seed {report.seed}",
        *_laid_out(report_tables(report)),
    ]


def changed_lines(result: dict[str, Any]) -> list[str]:
    """What became of a version; or which ones were deleted."""
    if "pruned" in result:
        numbers = ", ".join(str(number) for number in result["pruned"])
        return [f"deleted the indexes of version {numbers}" if numbers else "no version was to be deleted"]
    pairs = "" if result["pairs"] is None else f" with {result['pairs']} pairs"
    lines = [f"version {result['number']} is {result['state']}{pairs}"]
    return [*lines, f"in spite of this: {result['objection']}"] if result.get("objection") else lines


def removed_lines(result: dict[str, Any]) -> list[str]:
    """How many pairs went with a source, and which versions of the index still hold them."""
    lines = [f"removed {result['removed']} pairs"]
    if result["behind"]:
        numbers = ", ".join(str(number) for number in result["behind"])
        lines.append(
            f"version {numbers} of the index could not be brought up to that and still holds them; "
            "`freya knowledge index build NUMBER` does it, `freya knowledge index prune` deletes old versions"
        )
    return lines


def evaluated_lines(result: dict[str, Any]) -> list[str]:
    """The report of an evaluation as tables, and the comparison where there is one."""
    report = Report.from_json(result["report"])
    lines = [f"version {result['version']}: {report.pairs} pairs, seed {report.seed}"]
    tables = report_tables(report)
    if "comparison" in result:
        comparison = Comparison.model_validate(result["comparison"])
        tables += comparison_tables(comparison)
    lines += _laid_out(tables)
    if "comparison" in result:
        lines += ["", f"after: version {result['version']}; before: version {result['compared_with']}"]
    return lines


def _laid_out(tables: Sequence[Table]) -> list[str]:
    return [
        line
        for table in tables
        for line in (
            "",
            table.title,
            *(columns([name.upper() for name in table.columns], table.rows) if table.rows else ()),
        )
    ]


def jobs_lines(jobs: Sequence[Job]) -> list[str]:
    """Jobs in columns."""
    rows = [
        [job.id, job.kind, job.state.value, _reached(job), f"{job.created_at:%Y-%m-%d %H:%M:%S}"]
        for job in jobs
    ]
    return columns(["JOB", "KIND", "STATE", "REACHED", "ORDERED"], rows)


def job_lines(job: Job) -> list[str]:
    """One job."""
    facts = [
        ("job", job.id),
        ("kind", job.kind),
        ("arguments", ", ".join(f"{name}={value}" for name, value in job.arguments.items())),
        ("state", job.state.value),
        ("reached", _reached(job)),
        ("ordered", f"{job.created_at:%Y-%m-%d %H:%M:%S %Z}"),
        ("began", f"{job.started_at:%Y-%m-%d %H:%M:%S %Z}" if job.started_at else None),
        ("ended", f"{job.finished_at:%Y-%m-%d %H:%M:%S %Z}" if job.finished_at else None),
        ("error", job.error),
    ]
    return [f"{name:<10} {value}" for name, value in facts if value]


def _reached(job: Job) -> str:
    if job.step is None:
        return ""
    return f"{job.step}: {job.done:,}" + ("" if job.total is None else f" of {job.total:,}")
