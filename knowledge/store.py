"""The store of pairs in PostgreSQL: the truth that indexes are derived from."""

import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import DictRow, class_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from knowledge import statements
from knowledge.errors import KnowledgeUnavailable
from knowledge.readers import PairRecord, ReadReport, SourceKind

Pool = AsyncConnectionPool[psycopg.AsyncConnection[DictRow]]
Connection = psycopg.AsyncConnection[DictRow]

_WRITE_LOCK = 0x6B6E_6F77_6C65_6467
_REMARKS_KEPT = 1000


class SourceStatus(StrEnum):
    """How far the import of a source came."""

    IMPORTING = "importing"
    COMPLETE = "complete"
    EMPTY = "empty"
    DAMAGED = "damaged"
    SUPERSEDED = "superseded"
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True)
class StoredSource:
    """A source as the store knows it."""

    id: str
    collection: str
    name: str
    kind: SourceKind
    shape: str | None
    sha256: str
    status: SourceStatus
    declared: int | None
    read: int
    rejected: int
    mismatched: int
    reason: str | None
    searches: int | None
    """How many searches its research took, where it says so."""
    successful_searches: int | None
    """Of these, those that found something."""
    researched_on: date | None
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class StoredPair:
    """A pair as the store knows it; `removed` ones are kept so that indexes learn of it.

    What refinement found stands in what `pairs` gives, not in `changes`.
    """

    id: str
    collection: str
    topic: str
    source: str
    question: str
    answer: str
    removed: bool
    """In `changes`: whether it is to leave an index, as one that is the duplicate of another does too."""
    revision: int
    slug: str | None = None
    """Where its topic stands in the catalogue."""
    quality: float | None = None
    """0 to 100."""
    dated: date | None = None
    kept_id: str | None = None
    """The pair that it is a duplicate of."""


@dataclass(frozen=True, kw_only=True)
class PairFilter:
    """What pairs must be like; a pair of which the store does not know it is not."""

    topics: tuple[str, ...] = ()
    """Slugs of the catalogue; none: any topic."""
    min_quality: float | None = None
    """0 to 100."""
    since: date | None = None
    """The earliest date that a pair may speak of."""

    def __bool__(self) -> bool:
        return bool(self.topics) or self.min_quality is not None or self.since is not None

    def passes(self, pair: StoredPair) -> bool:
        """Whether a pair is like that."""
        return (
            (not self.topics or pair.slug in self.topics)
            and (self.min_quality is None or (pair.quality is not None and pair.quality >= self.min_quality))
            and (self.since is None or (pair.dated is not None and pair.dated >= self.since))
        )


@dataclass(frozen=True)
class Saved:
    """What saving a batch changed; what was there already counts in neither."""

    added: int
    changed: int


@dataclass(frozen=True, kw_only=True)
class TopicCount:
    """How many pairs there are on a topic."""

    collection: str
    topic: str
    category: str | None
    slug: str | None
    """Its place in the catalogue; None: it has none, or was not looked for yet."""
    confidence: float | None
    """How certain that is, 0 to 1; without a place, how near the nearest one was; None: it was not looked for yet."""
    mapped_by: str | None
    """`rule`, `meaning` or `hand`."""
    pairs: int


def source_id(collection: str, identity: str) -> str:
    """The id of a source; its identity is the hash of what it holds, or a name for what ships in the package."""
    return _id("source", collection, identity)


def pair_id(source: str, record: PairRecord) -> str:
    """The id of a pair: by its source and its place or key there, never by its text."""
    place = record.key if record.key is not None else f"{record.session.ordinal}:{record.ordinal}"
    return _id("pair", source, place)


class KnowledgeStore:
    """Sources, research sessions, topics and pairs.

    A pair that is added, changed or removed gets the next `revision`. Writers take turns, so revisions
    become visible in their order and an index that has seen revision n has missed none below it.
    Every method raises KnowledgeUnavailable when the database does not answer.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def identity(self) -> UUID:
        """The id of this database; an index that was built from another one is worthless here."""
        async with self._connection() as connection:
            row = await (await connection.execute(statements.IDENTITY)).fetchone()
        if row is None:
            raise KnowledgeUnavailable(
                "The knowledge tables are not set up; run `freya serve` once to migrate."
            )
        identity: UUID = row["id"]
        return identity

    async def source(self, source: str) -> StoredSource | None:
        """The source of that id."""
        found = await self._sources(statements.SOURCE, (source,))
        return found[0] if found else None

    async def sources(self) -> list[StoredSource]:
        """All sources that were not removed, by collection and name."""
        return await self._sources(statements.SOURCES, ())

    async def begin(self, source: str, *, collection: str, name: str, kind: SourceKind, sha256: str) -> None:
        """Note that a source is being imported, before its first pair."""
        async with self._connection() as connection:
            await connection.execute(statements.BEGIN_SOURCE, (source, collection, name, kind, sha256))

    async def save(self, source: str, collection: str, records: Sequence[PairRecord]) -> Saved:
        """Store a batch in one transaction; saving what is there already changes nothing."""
        if not records:
            return Saved(0, 0)
        sessions = {record.session.ordinal: record.session for record in records}
        topics = {session.topic: session for session in sessions.values()}
        topic_ids = {topic: _id("topic", collection, topic) for topic in topics}
        session_ids = {ordinal: _id("session", source, str(ordinal)) for ordinal in sessions}
        async with self.writing() as connection:
            await connection.execute(
                statements.SAVE_TOPICS,
                (
                    collection,
                    list(topic_ids.values()),
                    list(topics),
                    [session.category for session in topics.values()],
                    [session.slug for session in topics.values()],
                ),
            )
            await connection.execute(
                statements.SAVE_SESSIONS,
                (
                    source,
                    list(session_ids.values()),
                    list(sessions),
                    [topic_ids[session.topic] for session in sessions.values()],
                    [session.external_id for session in sessions.values()],
                ),
            )
            cursor = await connection.execute(
                statements.SAVE_PAIRS,
                {
                    "collection": collection,
                    "source": source,
                    "ids": [pair_id(source, record) for record in records],
                    "sessions": [session_ids[record.session.ordinal] for record in records],
                    "topics": [topic_ids[record.session.topic] for record in records],
                    "ordinals": [record.ordinal for record in records],
                    "questions": [record.question for record in records],
                    "answers": [record.answer for record in records],
                    "difficulties": [record.difficulty for record in records],
                    "tags": [Jsonb(list(record.tags)) for record in records],
                    "attributes": [Jsonb(dict(record.attributes)) for record in records],
                },
            )
            added = [row["added"] for row in await cursor.fetchall()]
        return Saved(added=sum(added), changed=len(added) - sum(added))

    async def finish(
        self, source: str, report: ReadReport, status: SourceStatus, *, sha256: str, reason: str | None = None
    ) -> None:
        """Note how the import of a source ended.

        A complete source takes the place of an earlier damaged one of the same name and collection: the
        pairs of that one are removed.
        """
        remarks = [
            {"what": what, "place": remark.place, "reason": remark.reason}
            for what, noted in (("rejected", report.rejected), ("mismatched", report.mismatched))
            for remark in noted[:_REMARKS_KEPT]
        ]
        research = report.research
        async with self.writing() as connection:
            await connection.execute(
                statements.FINISH_SOURCE,
                {
                    "id": source,
                    "status": status,
                    "sha256": sha256,
                    "kind": report.kind,
                    "shape": report.shape,
                    "declared": report.declared,
                    "read": report.read,
                    "rejected": len(report.rejected),
                    "mismatched": len(report.mismatched),
                    "remarks": Jsonb(remarks),
                    "reason": reason,
                    "searches": research.searches if research else None,
                    "successful": research.successful if research else None,
                    "researched_on": research.completed if research else None,
                },
            )
            if status is SourceStatus.COMPLETE:
                await connection.execute(statements.SUPERSEDE_DAMAGED, {"id": source})

    async def keep_only(self, source: str, ids: Sequence[str]) -> int:
        """Remove the pairs of a source that are not among these; gives how many."""
        async with self.writing() as connection:
            return (await connection.execute(statements.KEEP_ONLY, (source, list(ids)))).rowcount

    async def revision(self) -> int:
        """The latest revision; 0 while there are no pairs."""
        async with self._connection() as connection:
            row = await (await connection.execute(statements.LATEST)).fetchone()
        return int(row["revision"]) if row else 0

    async def changes(self, after: int, limit: int, *, low_tier: bool = True) -> list[StoredPair]:
        """The pairs that changed after a revision, oldest change first.

        Those that an index must not hold come as removed: removed ones, duplicates of others and, without
        `low_tier`, those that refinement found to be of low quality.
        """
        return await self._pairs(statements.CHANGES, {"after": after, "limit": limit, "low_tier": low_tier})

    async def pairs(self, ids: Sequence[str]) -> dict[str, StoredPair]:
        """The pairs of these ids that are not removed."""
        return {pair.id: pair for pair in await self._pairs(statements.PAIRS, (list(ids),))}

    async def matching(
        self,
        wanted: PairFilter,
        *,
        collections: Sequence[str] = (),
        among: Sequence[str] | None = None,
        limit: int,
    ) -> dict[str, list[str]]:
        """Ids by collection of at most so many pairs that are as wanted.

        Out of these collections (none given: all), and when given only among the pairs of these ids.
        """
        values = {
            "among": None if among is None else list(among),
            "collections": list(collections),
            "topics": list(wanted.topics),
            "min_quality": wanted.min_quality,
            "since": wanted.since,
            "limit": limit,
        }
        rows = await self.rows(statements.MATCHING, values)
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row["collection"], []).append(row["id"])
        return found

    async def counts(self) -> dict[str, int]:
        """How many pairs each collection holds."""
        rows = await self.rows(statements.COUNTS, {})
        return {row["collection"]: row["pairs"] for row in rows}

    async def indexable(self, *, low_tier: bool = True) -> dict[str, int]:
        """How many pairs of each collection an index is to hold; see `changes`."""
        rows = await self.rows(statements.INDEXABLE, {"low_tier": low_tier})
        return {row["collection"]: row["pairs"] for row in rows}

    async def topics(self) -> list[TopicCount]:
        """How many pairs each topic has, most first within a collection."""
        async with (
            self._connection() as connection,
            connection.cursor(row_factory=class_row(TopicCount)) as cursor,
        ):
            return await (await cursor.execute(statements.TOPICS)).fetchall()

    async def rows(
        self, statement: LiteralString, values: Mapping[str, object], *, prepare: bool | None = None
    ) -> list[DictRow]:
        """What a statement of this package reads; `prepare=False` plans it anew for its values each time."""
        async with self._connection() as connection:
            return await (await connection.execute(statement, values, prepare=prepare)).fetchall()

    async def write(self, statement: LiteralString, values: Mapping[str, object]) -> None:
        """Carry out a statement of this package as a writer of pairs."""
        await self.write_all(((statement, values),))

    async def write_all(self, changes: Sequence[tuple[LiteralString, Mapping[str, object]]]) -> None:
        """Carry out several as one transaction."""
        async with self.writing() as connection:
            for statement, values in changes:
                await connection.execute(statement, values)

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[Connection]:
        """A transaction that no other writer of pairs runs beside."""
        async with self._connection() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_WRITE_LOCK,))
            yield connection

    @contextlib.asynccontextmanager
    async def exclusively(self, lock: int) -> AsyncIterator[None]:
        """For as long nobody else holds this advisory lock of the database; waits for those who do."""
        async with self._connection() as connection:
            await connection.execute("SELECT pg_advisory_lock(%s)", (lock,))
            try:
                yield
            finally:
                if not connection.closed:
                    await connection.execute("SELECT pg_advisory_unlock(%s)", (lock,))

    async def _sources(self, statement: LiteralString, values: tuple[str, ...]) -> list[StoredSource]:
        async with self._connection() as connection:
            rows = await (await connection.execute(statement, values)).fetchall()
        return [
            StoredSource(**{**row, "kind": SourceKind(row["kind"]), "status": SourceStatus(row["status"])})
            for row in rows
        ]

    async def _pairs(
        self, statement: LiteralString, values: tuple[object, ...] | dict[str, object]
    ) -> list[StoredPair]:
        async with (
            self._connection() as connection,
            connection.cursor(row_factory=class_row(StoredPair)) as cursor,
        ):
            return await (await cursor.execute(statement, values, prepare=True)).fetchall()

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise KnowledgeUnavailable(f"The knowledge store does not answer: {error}") from error


def _id(prefix: str, *parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return f"{prefix}_{digest[:24]}"
