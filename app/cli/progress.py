"""How far knowledge is on its way to the targets, laid out for people."""

from collections.abc import Sequence

from app.cli.tables import columns, share, shortened
from knowledge import KnowledgeProgress, ProgressPart

_ABOUT = 36
_NAME = 60


def progress_lines(found: KnowledgeProgress) -> list[str]:
    """Tables by collection, session, category and day, and what is to be known of them; up to 100 columns wide."""
    targets = found.targets
    lines = [
        f"done: {targets.full} distinct pairs on a topic; acceptable: {targets.acceptable}",
        f"good: standard quality and better, {targets.least_success:.0%} and more",
        "reached: the part of the target, where what a topic has above its own makes up for no other",
    ]
    lines += ["", *_collections(found.collections)] if found.collections else []
    if found.unrefined:
        lines.append(f"{found.unrefined} pairs are not refined yet (`freya knowledge refine`)")
    if found.unplaced:
        lines.append(
            f"{found.unplaced} pairs are on topics that are nowhere in the catalogue (`freya knowledge gaps`)"
        )
    lines += _sessions(found.sessions) if found.sessions else []
    lines += _categories(found.categories) if found.categories else []
    lines += _days(found) if found.days else []
    return lines + _research(found)


def _collections(parts: Sequence[ProgressPart]) -> list[str]:
    head = [
        "COLLECTION",
        "TOPICS",
        "DONE",
        "ACCEPTABLE",
        "THIN",
        "MISSING",
        "PAIRS",
        "TARGET",
        "REACHED",
        "GOOD",
    ]
    rows = [
        [
            part.name,
            *map(str, (part.topics, part.done, part.acceptable, part.thin, part.missing)),
            *_pairs([part]),
        ]
        for part in parts
    ]
    if len(parts) > 1:
        sums = [[part.topics, part.done, part.acceptable, part.thin, part.missing] for part in parts]
        rows.append(["all", *(str(sum(each)) for each in zip(*sums, strict=True)), *_pairs(parts)])
    return columns(head, rows)


def _sessions(parts: Sequence[ProgressPart]) -> list[str]:
    head = ["SESSION", "COLLECTION", "ABOUT", "TOPICS", "DONE", "PAIRS", "TARGET", "REACHED", "GOOD"]
    rows = [
        [part.name, part.collection, shortened(", ".join(part.about), _ABOUT), *_covered(part)]
        for part in parts
    ]
    return ["", *columns(head, rows)]


def _categories(parts: Sequence[ProgressPart]) -> list[str]:
    head = ["CATEGORY", "COLLECTION", "TOPICS", "DONE", "PAIRS", "TARGET", "REACHED", "GOOD"]
    return ["", *columns(head, [[part.name, part.collection, *_covered(part)] for part in parts])]


def _covered(part: ProgressPart) -> list[str]:
    return [str(part.topics), str(part.done), *_pairs([part])]


def _pairs(parts: Sequence[ProgressPart]) -> list[str]:
    pairs, target = sum(part.pairs for part in parts), sum(part.target for part in parts)
    good = share(sum(part.good for part in parts), pairs)
    return [str(pairs), str(target), share(sum(part.counted for part in parts), target), good]


def _days(found: KnowledgeProgress) -> list[str]:
    head = ["IMPORTED ON", "SOURCES", "READ", "REJECTED", "DUPLICATES", "KEPT", "OF ALL", "GOOD"]
    rows = [
        [
            each.day.isoformat(),
            *map(str, (each.sources, each.read, each.rejected, each.duplicates, each.kept)),
            share(each.kept, each.read + each.rejected),
            share(each.good, each.kept),
        ]
        for each in found.days
    ]
    return ["", *columns(head, rows)]


def _research(found: KnowledgeProgress) -> list[str]:
    told = found.research
    if not told.sources:
        return []
    found_share = share(told.successful, told.searches)
    lines = [
        "",
        f"research: {told.successful} of {told.searches} searches found something ({found_share})",
        f"sources that tell of it: {told.sources}",
        f"of less than {found.targets.least_success:.0%}: {told.below or 'none'}",
    ]
    lines += [
        f"  {share(each.successful, each.searches):>5}  {shortened(each.name, _NAME)}" for each in told.worst
    ]
    more = told.below - len(told.worst)
    return [*lines, f"  and {more} more"] if more else lines
