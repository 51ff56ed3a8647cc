"""The stored pairs one after the other: the same reading for lists in parts and for whole exports."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final, Literal, LiteralString, TypeAlias  # Any: JSON of the database

from psycopg.rows import DictRow

from knowledge.corpus import packaged_topics
from knowledge.details import UnknownPair
from knowledge.store import KnowledgeStore

Duplicates: TypeAlias = Literal["without", "with", "only"]
Alike: TypeAlias = Literal["duplicates", "variants"]

_BATCH = 500
_PLACE_NAMES = ("collection", "topic_id", "session_id", "ordinal", "id")
_COUNT: Final[LiteralString] = "SELECT count(*) AS pairs"
_FIELDS: Final[LiteralString] = """
    SELECT topic.name AS topic, topic.category, pair.question, pair.answer, pair.difficulty, pair.tags, pair.attributes,
           pair.collection, topic.slug, pair.id, source.name AS source, refined.quality, refined.tier, refined.dated,
           duplicate.kept_id AS duplicate_of, pair.topic_id, pair.session_id, pair.ordinal
"""
_FROM: Final[LiteralString] = """
    FROM knowledge_pairs AS pair
    JOIN knowledge_topics AS topic ON topic.id = pair.topic_id
    JOIN knowledge_sources AS source ON source.id = pair.source_id
    LEFT JOIN knowledge_refinements AS refined ON refined.pair_id = pair.id
    LEFT JOIN knowledge_duplicates AS duplicate ON duplicate.pair_id = pair.id
    WHERE NOT pair.removed
"""
# The order of an index, so that each part is read from where the one before ended.
_PLACE: Final[LiteralString] = "pair.collection, pair.topic_id, pair.session_id, pair.ordinal, pair.id"
_AFTER: Final[LiteralString] = (
    f" AND ({_PLACE}) > (%(collection)s, %(topic_id)s, %(session_id)s, %(ordinal)s, %(id)s)"
)
_ORDER: Final[LiteralString] = f" ORDER BY {_PLACE} LIMIT %(limit)s"
_PLACED: Final[LiteralString] = f"SELECT {_PLACE} FROM knowledge_pairs AS pair WHERE pair.id = %(id)s"  # noqa: S608  # names of columns
_FIRST: Final[LiteralString] = f" AND pair.id IN (SELECT id FROM (SELECT {_PLACE} {_FROM}"  # noqa: S608  # names of columns
_THEN: Final[LiteralString] = " OFFSET 0) AS pair WHERE true"
_TOPICS: Final[LiteralString] = """
    SELECT id FROM knowledge_topics
    WHERE (%(slugs)s::text[] = '{}' OR slug = ANY (%(slugs)s::text[]))
        AND (%(category)s::text IS NULL OR lower(category) = lower(%(category)s::text) OR slug = ANY (%(of_category)s::text[]))
"""
_SOURCES: Final[LiteralString] = """
    SELECT id FROM knowledge_sources WHERE id = ANY (%(sources)s::text[]) OR name = ANY (%(sources)s::text[])
"""
# Only what is asked for stands in a statement, so that an index can serve it.
_CONDITIONS: Final[Mapping[str, LiteralString]] = {
    "collections": "pair.collection = ANY (%(collections)s::text[])",
    "topic_ids": "pair.topic_id = ANY (%(topic_ids)s::text[])",
    "source_ids": "pair.source_id = ANY (%(source_ids)s::text[])",
    "tiers": "refined.tier = ANY (%(tiers)s::text[])",
    "min_quality": "refined.quality >= %(min_quality)s::real",
    "since": "refined.dated >= %(since)s::date",
    "difficulties": "lower(pair.difficulty) = ANY (%(difficulties)s::text[])",
    "tags": "pair.tags && %(tags)s::text[]",
    "words": "to_tsvector('simple', left(pair.question, 2000)) @@ websearch_to_tsquery('simple', %(words)s::text)",
}
_DUPLICATES: Final[Mapping[Duplicates, LiteralString]] = {
    "without": "duplicate.pair_id IS NULL",
    "only": "duplicate.pair_id IS NOT NULL",
}
_ALIKE: Final[Mapping[Alike, LiteralString]] = {
    "duplicates": """pair.id IN (SELECT given_way.kept_id
        FROM knowledge_duplicates AS given_way JOIN knowledge_pairs AS other ON other.id = given_way.pair_id
        WHERE NOT other.removed)""",
    "variants": """pair.id IN (SELECT likeness.first_id
        FROM knowledge_likenesses AS likeness JOIN knowledge_pairs AS other ON other.id = likeness.second_id
        WHERE NOT other.removed AND NOT EXISTS (SELECT FROM knowledge_duplicates WHERE pair_id = other.id))""",
}


@dataclass(frozen=True, kw_only=True)
class PairSelection:
    """Which pairs are wanted; nothing given: all but duplicates. Of several values of a field any one will do."""

    collections: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    """Slugs of the catalogue."""
    category: str | None = None
    """A category or subcategory of the catalogue, or one that sources name, in any case."""
    sources: tuple[str, ...] = ()
    """Names or ids."""
    tiers: tuple[str, ...] = ()
    min_quality: float | None = None
    """0 to 100."""
    since: date | None = None
    """The earliest date that a pair may speak of."""
    difficulties: tuple[str, ...] = ()
    """As sources name them, in any case."""
    tags: tuple[str, ...] = ()
    words: str | None = None
    """Words of the question (of its first 2,000 characters), `"a phrase"`, `or`, `-not`."""
    duplicates: Duplicates = "without"
    alike: Alike | None = None
    """Only pairs that others gave way to; or only those with variants, each two of these at one of them."""


@dataclass(frozen=True, kw_only=True)
class ListedPair:
    """A pair as it is listed and taken away; the readers of sources read its first seven fields again."""

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


_NAMES = tuple(field.name for field in fields(ListedPair))


class PairList:
    """Reads pairs part by part: by collection and topic, and within a topic as their sources have them.

    No connection is held between two parts. What is stored, refined or removed meanwhile may be among the rest or not;
    every other pair comes once. Every method raises KnowledgeUnavailable when the store does not answer.
    """

    def __init__(self, store: KnowledgeStore) -> None:
        self._store = store

    async def count(self, wanted: PairSelection) -> int:
        """How many pairs are wanted."""
        such, values = await self._such(wanted)
        rows = await self._store.rows(_COUNT + _FROM + such, values, prepare=False)
        return int(rows[0]["pairs"])

    async def page(self, wanted: PairSelection, *, limit: int, after: str | None = None) -> list[ListedPair]:
        """The first of them, or the first after the pair of that id. Raises UnknownPair where there never was one."""
        such, values = await self._such(wanted)
        behind: LiteralString = ""
        if after is not None:
            places = await self._store.rows(_PLACED, {"id": after})
            if not places:
                raise UnknownPair(f"there is no pair {after!r} to go on after; begin at the beginning")
            behind, values = _AFTER, values | places[0]
        if wanted.words or wanted.tags:
            # How many these are is guessed badly: their own index is read first, and what it gives is put in order.
            such = _FIRST + such + _THEN + behind + _ORDER + ")"
        else:
            such += behind
        rows = await self._store.rows(
            _FIELDS + _FROM + such + _ORDER, values | {"limit": limit}, prepare=False
        )
        return [_listed(row) for row in rows]

    async def batches(self, wanted: PairSelection) -> AsyncGenerator[list[ListedPair]]:
        """All of them, some hundreds at a time, along the order: that reads each pair once, however many are wanted."""
        such, values = await self._such(wanted)
        statement = _FIELDS + _FROM + such
        while rows := await self._store.rows(statement + _ORDER, values | {"limit": _BATCH}, prepare=False):
            yield [_listed(row) for row in rows]
            statement = _FIELDS + _FROM + such + _AFTER
            values |= {name: rows[-1][name] for name in _PLACE_NAMES}

    async def _such(self, wanted: PairSelection) -> tuple[LiteralString, dict[str, object]]:
        """The conditions of a selection, and the values in them."""
        values: dict[str, object] = {
            "collections": list(wanted.collections),
            "tiers": list(wanted.tiers),
            "min_quality": wanted.min_quality,
            "since": wanted.since,
            "difficulties": [each.lower() for each in wanted.difficulties],
            "tags": list(wanted.tags),
            "words": wanted.words,
        }
        values = {name: value for name, value in values.items() if value not in (None, [])}
        if wanted.topics or wanted.category is not None:
            values["topic_ids"] = await self._topic_ids(wanted)
        if wanted.sources:
            rows = await self._store.rows(_SOURCES, {"sources": list(wanted.sources)})
            values["source_ids"] = [row["id"] for row in rows]
        conditions = [condition for name, condition in _CONDITIONS.items() if name in values]
        conditions += [_DUPLICATES[wanted.duplicates]] if wanted.duplicates in _DUPLICATES else []
        conditions += [_ALIKE[wanted.alike]] if wanted.alike is not None else []
        return "".join([" AND " + condition for condition in conditions]), values

    async def _topic_ids(self, wanted: PairSelection) -> list[str]:
        slugs = await asyncio.to_thread(_slugs_of, wanted.category) if wanted.category is not None else []
        values = {"slugs": list(wanted.topics), "category": wanted.category, "of_category": slugs}
        return [row["id"] for row in await self._store.rows(_TOPICS, values)]


def _slugs_of(category: str) -> list[str]:
    """The topics of the catalogue in a category or subcategory."""
    return [
        topic.slug
        for topics in packaged_topics().values()
        for topic in topics
        if category.casefold() in {topic.category.casefold(), (topic.subcategory or "").casefold()}
    ]


def _listed(row: DictRow) -> ListedPair:
    return ListedPair(**{name: row[name] for name in _NAMES})
