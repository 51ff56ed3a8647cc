"""How far knowledge is on its way to the targets: by collection, session and category, and over time."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from knowledge.refinery.gaps import Coverage, Gap, GapReport
from knowledge.settings import Targets
from knowledge.store import KnowledgeStore
from knowledge.topics import Topics

_WORST = 20
# Pairs are counted with the source that brought them, on the day on which its latest import began (UTC).
_DAYS: Final = """
    SELECT (source.started_at AT TIME ZONE 'UTC')::date AS day, count(*) AS sources,
           sum(source.read) AS read, sum(source.rejected) AS rejected,
           coalesce(sum(held.duplicates), 0) AS duplicates, coalesce(sum(held.kept), 0) AS kept,
           coalesce(sum(held.good), 0) AS good
    FROM knowledge_sources AS source
    LEFT JOIN (
        SELECT pair.source_id, count(duplicate.pair_id) AS duplicates,
               count(*) FILTER (WHERE duplicate.pair_id IS NULL) AS kept,
               count(*) FILTER (WHERE duplicate.pair_id IS NULL AND refined.quality >= 70) AS good
        FROM knowledge_pairs AS pair
        LEFT JOIN knowledge_refinements AS refined ON refined.pair_id = pair.id
        LEFT JOIN knowledge_duplicates AS duplicate ON duplicate.pair_id = pair.id
        WHERE NOT pair.removed
        GROUP BY pair.source_id
    ) AS held ON held.source_id = source.id
    WHERE source.status NOT IN ('removed', 'superseded')
        AND (%(collection)s::text IS NULL OR source.collection = %(collection)s::text)
    GROUP BY day ORDER BY day DESC LIMIT %(days)s
"""
_UNREFINED: Final = """
    SELECT count(*) AS pairs FROM knowledge_pairs AS pair
    WHERE NOT removed AND NOT EXISTS (SELECT FROM knowledge_refinements WHERE pair_id = pair.id)
        AND (%(collection)s::text IS NULL OR collection = %(collection)s::text)
"""
_RESEARCH: Final = """
    SELECT id, name, collection, searches, successful_searches AS successful, researched_on
    FROM knowledge_sources
    WHERE searches > 0 AND status NOT IN ('removed', 'superseded')
        AND (%(collection)s::text IS NULL OR collection = %(collection)s::text)
    ORDER BY successful_searches::real / searches, name, id
"""


class _Counted(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProgressPart(_Counted):
    """Some topics of the catalogue together: a collection, one of its sessions, or one of its categories."""

    collection: str
    name: str = Field(description="The collection's, the session's number, or the category's.")
    about: tuple[str, ...] = Field(
        description="What its topics are of: subcategories, or the category where a topic has none."
    )
    topics: int
    done: int = Field(description="Topics that are fully covered.")
    acceptable: int = Field(description="Topics that are acceptably covered, and not fully.")
    thin: int = Field(description="Topics with fewer pairs.")
    missing: int = Field(description="Topics without a pair.")
    pairs: int = Field(description="Distinct ones; duplicates are not counted.")
    good: int = Field(description="Of these, of standard quality and better.")
    target: int = Field(description="Pairs with which every topic is fully covered.")
    counted: int = Field(
        description="Pairs that count towards it: what a topic has above its own target makes up for no other."
    )


class ImportDay(_Counted):
    """What was imported on a day (UTC), as it stands now."""

    day: date
    sources: int
    read: int = Field(description="Pairs that were taken.")
    rejected: int = Field(description="Pairs that could not be taken.")
    duplicates: int = Field(description="Pairs that gave way to better ones.")
    kept: int = Field(description="Distinct pairs.")
    good: int = Field(description="Of these, of standard quality and better.")


class ResearchedSource(_Counted):
    """A source that says how many searches its research took."""

    id: str
    name: str
    collection: str
    searches: int
    successful: int = Field(description="Those that found something.")
    researched_on: date | None


class ResearchSuccess(_Counted):
    """The success of all research that sources tell of."""

    sources: int
    searches: int
    successful: int
    below: int = Field(description="Sources of less success than the least.")
    worst: tuple[ResearchedSource, ...] = Field(description="The first 20 of these, worst first.")


class KnowledgeProgress(_Counted):
    """How far knowledge is on its way to the targets."""

    targets: Targets
    collections: tuple[ProgressPart, ...]
    sessions: tuple[ProgressPart, ...] = Field(
        description="In their order; a topic that belongs to no session is in none."
    )
    categories: tuple[ProgressPart, ...]
    unrefined: int = Field(
        description="Pairs that wait for refinement: whether they are good, and often their topic, is not known yet."
    )
    unplaced: int = Field(
        description="Distinct pairs on topics that are nowhere in the catalogue; they count towards no target."
    )
    days: tuple[ImportDay, ...] = Field(description="Latest first.")
    research: ResearchSuccess


async def measure_progress(
    store: KnowledgeStore, targets: Targets, *, collection: str | None = None, days: int = 30
) -> KnowledgeProgress:
    """How far the catalogue is covered, where asked for only a collection of it, and the latest days with imports.

    Raises KnowledgeUnavailable when the store does not answer.
    """
    report = await Topics(store).gaps(collection=collection, targets=targets)
    values = {"collection": collection, "days": days}
    by_day = await store.rows(_DAYS, values)
    research = await store.rows(_RESEARCH, values)
    unrefined = await store.rows(_UNREFINED, values)
    return KnowledgeProgress(
        targets=targets,
        collections=_parts(report, lambda gap: gap.collection),
        sessions=_sessions(report),
        categories=_parts(report, lambda gap: gap.category),
        unrefined=unrefined[0]["pairs"],
        unplaced=sum(each.distinct_pairs for each in report.unplaced),
        days=tuple(ImportDay(**row) for row in by_day),
        research=_success([ResearchedSource(**row) for row in research], targets),
    )


def _sessions(report: GapReport) -> tuple[ProgressPart, ...]:
    found = _parts(report, lambda gap: gap.session)
    return tuple(sorted(found, key=lambda part: (part.collection, int(part.name))))


def _parts(report: GapReport, of: Callable[[Gap], str | int | None]) -> tuple[ProgressPart, ...]:
    """The topics of the same collection and key together, by name; those without a key are left out."""
    groups: defaultdict[tuple[str, str | int], list[Gap]] = defaultdict(list)
    for gap in report.topics:
        key = of(gap)
        if key is not None:
            groups[gap.collection, key].append(gap)
    parts = [_part(collection, str(key), gaps, report.targets) for (collection, key), gaps in groups.items()]
    return tuple(sorted(parts, key=lambda part: (part.collection, part.name)))


def _part(collection: str, name: str, gaps: list[Gap], targets: Targets) -> ProgressPart:
    def covered(coverage: Coverage) -> int:
        return sum(gap.coverage is coverage for gap in gaps)

    return ProgressPart(
        collection=collection,
        name=name,
        about=tuple(sorted({gap.subcategory or gap.category for gap in gaps})),
        topics=len(gaps),
        done=covered(Coverage.FULL),
        acceptable=covered(Coverage.ACCEPTABLE),
        thin=covered(Coverage.THIN),
        missing=covered(Coverage.MISSING),
        pairs=sum(gap.pairs for gap in gaps),
        good=sum(gap.good for gap in gaps),
        target=len(gaps) * targets.full,
        counted=sum(min(gap.pairs, targets.full) for gap in gaps),
    )


def _success(told: list[ResearchedSource], targets: Targets) -> ResearchSuccess:
    below = [each for each in told if each.successful < targets.least_success * each.searches]
    return ResearchSuccess(
        sources=len(told),
        searches=sum(each.searches for each in told),
        successful=sum(each.successful for each in told),
        below=len(below),
        worst=tuple(below[:_WORST]),
    )
