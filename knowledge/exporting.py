"""Pairs on their way out: streamed from the store, so that any number of them takes the same memory."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, LiteralString  # Any: JSON of the database

import psycopg
from psycopg.rows import class_row

from knowledge.errors import KnowledgeUnavailable
from knowledge.store import Pool

_BATCH = 500
_COUNT: Final[LiteralString] = "SELECT count(*) AS pairs"
_FIELDS: Final[LiteralString] = """
    SELECT pair.id, pair.collection, topic.name AS topic, topic.slug, topic.category, pair.question, pair.answer,
           pair.difficulty, pair.tags, pair.attributes, source.name AS source, refined.quality, refined.tier, refined.dated,
           duplicate.kept_id AS duplicate_of
"""
_FROM: Final[LiteralString] = """
    FROM knowledge_pairs AS pair
    JOIN knowledge_topics AS topic ON topic.id = pair.topic_id
    JOIN knowledge_sources AS source ON source.id = pair.source_id
    JOIN knowledge_sessions AS session ON session.id = pair.session_id
    LEFT JOIN knowledge_refinements AS refined ON refined.pair_id = pair.id
    LEFT JOIN knowledge_duplicates AS duplicate ON duplicate.pair_id = pair.id
    WHERE NOT pair.removed
        AND (%(collections)s::text[] = '{}' OR pair.collection = ANY (%(collections)s::text[]))
        AND (%(topics)s::text[] = '{}' OR topic.slug = ANY (%(topics)s::text[]))
        AND (%(tiers)s::text[] = '{}' OR refined.tier = ANY (%(tiers)s::text[]))
        AND (%(min_quality)s::real IS NULL OR refined.quality >= %(min_quality)s::real)
        AND (%(with_duplicates)s OR duplicate.pair_id IS NULL)
"""
_ORDER: Final[LiteralString] = """
    ORDER BY pair.collection, topic.name, source.name, session.ordinal, pair.ordinal, pair.id
"""


@dataclass(frozen=True, kw_only=True)
class ExportFilter:
    """Which pairs are wanted; nothing given: all but duplicates."""

    collections: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    """Slugs of the catalogue."""
    tiers: tuple[str, ...] = ()
    min_quality: float | None = None
    """0 to 100."""
    with_duplicates: bool = False


@dataclass(frozen=True, kw_only=True)
class ExportedPair:
    """A pair as it is taken away; the readers of sources read its first seven fields again."""

    topic: str
    category: str | None
    question: str
    answer: str
    difficulty: str | None
    tags: list[str]
    attributes: dict[str, Any]  # whatever the source says
    collection: str
    slug: str | None
    id: str
    source: str
    quality: float | None
    tier: str | None
    dated: date | None
    duplicate_of: str | None


class Exporter:
    """Reads pairs in batches through a cursor of the server. Raises KnowledgeUnavailable when it does not answer."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def count(self, wanted: ExportFilter) -> int:
        """How many pairs are wanted."""
        try:
            async with self._pool.connection() as connection:
                row = await (await connection.execute(_COUNT + _FROM, _values(wanted))).fetchone()
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise _away(error) from error
        return int(row["pairs"]) if row else 0

    async def batches(self, wanted: ExportFilter) -> AsyncGenerator[list[ExportedPair], None]:
        """The pairs by collection, topic and place in their sources, as they stand when this begins."""
        try:
            async with (
                self._pool.connection() as connection,
                connection.transaction(),
                connection.cursor(name="export", row_factory=class_row(ExportedPair)) as cursor,
            ):
                await cursor.execute(_FIELDS + _FROM + _ORDER, _values(wanted))
                while batch := await cursor.fetchmany(_BATCH):
                    yield batch
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise _away(error) from error


def _values(wanted: ExportFilter) -> dict[str, object]:
    return {
        "collections": list(wanted.collections),
        "topics": list(wanted.topics),
        "tiers": list(wanted.tiers),
        "min_quality": wanted.min_quality,
        "with_duplicates": wanted.with_duplicates,
    }


def _away(error: Exception) -> KnowledgeUnavailable:
    return KnowledgeUnavailable(f"The knowledge store does not answer: {error}")
