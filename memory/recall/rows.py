"""What of a user's memory is newer than what an index holds, read from PostgreSQL as sources."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import structlog
from psycopg.rows import DictRow

from memory.database import Database
from memory.errors import KeyMissing, MemoryUnavailable
from memory.interfaces import Kind, RecordState, Tier, Vectors
from memory.owner import Owner
from memory.recall.horizon import Snapshot
from memory.recall.index import Source, Standing
from memory.recall.passages import Passage, cut

_log = structlog.get_logger(__name__)
BATCH = 2000
"""Rows that are read at once."""
_WHOLE = 300  # characters up to which a record's statement is not cut
_HEADER_BYTES = 4  # of pgvector's binary form: the dimensions, and what is unused

_NEWER = "{0}.tenant_id = %(tenant)s AND {0}.user_id = %(user)s AND {0}.revision > %(safe)s AND {0}.revision NOT IN (SELECT unnest(%(recent)s::bigint[]))"
_MESSAGE = """
    SELECT message.tenant_id, message.user_id, message.id, message.thread_id, message.role, message.content AS text,
           message.created_at AS said_at, message.revision, thread.project_id,
           passages.begins, passages.ends, passages.vectors, passages.revisions, passages.model
    FROM messages message
    JOIN threads thread ON thread.id = message.thread_id
    CROSS JOIN LATERAL (
        SELECT array_agg(begins ORDER BY ordinal) AS begins, array_agg(ends ORDER BY ordinal) AS ends,
               array_agg(vector_send(vector) ORDER BY ordinal) AS vectors, array_agg(revision) AS revisions,
               min(model) AS model
        FROM memory_passages WHERE message_id = message.id
    ) passages
"""
_MESSAGES = f"{_MESSAGE} WHERE {_NEWER.format('message')} AND message.revision > %(after)s ORDER BY message.revision LIMIT {BATCH}"
_EMBEDDED = f"""
    {_MESSAGE} WHERE message.id = ANY(ARRAY(
        SELECT message_id FROM memory_passages passage WHERE {_NEWER.format("passage")}
        ORDER BY revision LIMIT {BATCH}
    )) AND message.tenant_id = %(tenant)s AND message.user_id = %(user)s
"""  # noqa: S608  # texts of this module
_RECORDS = f"""
    SELECT record.tenant_id, record.user_id, record.id, record.thread_id, record.project_id, record.tier, record.kind,
           record.text, record.said_at, record.revision, record.state, record.pinned, record.faded, record.confidence,
           record.evidence, record.cited, record.recalled, record.rating, record.sources, record.model,
           CASE WHEN record.vector IS NOT NULL THEN vector_send(record.vector) END AS vector,
           earlier.text AS instead_of, contested.text AS against,
           (SELECT array_agg(entity.folded) FROM memory_mentions mention JOIN memory_entities entity
            ON entity.id = mention.entity_id WHERE mention.record_id = record.id) AS entities
    FROM memory_records record
    LEFT JOIN memory_records earlier ON earlier.id = record.supersedes
    LEFT JOIN memory_records contested ON contested.id = record.contests
    WHERE {_NEWER.format("record")} AND record.revision > %(after)s ORDER BY record.revision LIMIT {BATCH}
"""  # noqa: S608  # texts of this module
_DRAWN = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS revision FROM memory_revision"
_SNAPSHOT = """
    SELECT pg_snapshot_xmin(taken)::text::bigint AS oldest, pg_snapshot_xmax(taken)::text::bigint AS next
    FROM pg_current_snapshot() taken
"""
_DELETED = "SELECT deleted FROM memory_progress WHERE tenant_id = %s AND user_id = %s"
_ANY = f"""
    SELECT EXISTS (SELECT FROM messages message WHERE {_NEWER.format("message")})
        OR EXISTS (SELECT FROM memory_passages passage WHERE {_NEWER.format("passage")})
        OR EXISTS (SELECT FROM memory_records record WHERE {_NEWER.format("record")}) AS newer,
        coalesce((SELECT deleted FROM memory_progress WHERE tenant_id = %(tenant)s AND user_id = %(user)s), 0) AS deleted
"""  # noqa: S608  # texts of this module
_SEALED = ("text", "instead_of", "against")


class Opens(Protocol):
    """Opens what is sealed for its owner; what is not sealed comes back as it is. Raises KeyMissing."""

    async def open(self, owner: Owner, text: str) -> str:
        """The text in the clear."""
        ...


@dataclass(frozen=True)
class Place:
    """Where to read on."""

    safe: int = 0
    """Revisions up to this one were read."""
    recent: frozenset[int] = frozenset()
    """Those beyond that were read too."""
    messages: int = 0
    """Revisions of messages up to this one were read in this pass."""
    records: int = 0
    whole: bool = False
    """Whether everything is read from the beginning: then what is embedded comes with its message."""


@dataclass(frozen=True)
class Read:
    """A portion of what is newer."""

    messages: Sequence[DictRow]
    records: Sequence[DictRow]
    revisions: Sequence[int]
    deleted: int
    """The revision of the user's latest deletion."""
    snapshot: Snapshot
    then: Place | None
    """Where to read on; None when this is all."""


async def unchanged(database: Database, owner: Owner, place: Place, *, deleted: int) -> bool:
    """Whether there is nothing to read beyond a place, nor anything deleted since. Raises MemoryUnavailable."""
    async with database.of(owner) as connection:
        cursor = await connection.execute(_ANY, _wanted(owner, place))
        row = await cursor.fetchone()
    return row is not None and not row["newer"] and row["deleted"] == deleted


async def read(database: Database, owner: Owner, place: Place, *, opener: Opens | None = None) -> Read:
    """The owner's rows beyond a place, their texts in the clear; what cannot be opened is left out.

    Raises MemoryUnavailable.
    """
    wanted = _wanted(owner, place)
    async with database.of(owner) as connection:
        # All travel together; the number is read before the snapshot is taken, and rows after both.
        number = await connection.execute(_DRAWN)
        taken = await connection.execute(_SNAPSHOT)
        deleted = await connection.execute(_DELETED, (owner.tenant_id, owner.user_id))
        messages = await connection.execute(_MESSAGES, wanted | {"after": place.messages}, binary=True)
        records = await connection.execute(_RECORDS, wanted | {"after": place.records}, binary=True)
        embedded = None if place.whole else await connection.execute(_EMBEDDED, wanted, binary=True)
        numbers, snapshots, deletions = (
            await number.fetchone(),
            await taken.fetchone(),
            await deleted.fetchone(),
        )
        spoken, known = await messages.fetchall(), await records.fetchall()
        later = await embedded.fetchall() if embedded else []
    revisions = [row["revision"] for row in (*spoken, *known)]
    revisions += [revision for row in (*spoken, *later) for revision in row["revisions"] or ()]
    full = BATCH in (len(spoken), len(known)) or bool(later)
    return Read(
        messages=await _opened(owner, [*spoken, *later], opener),
        records=await _opened(owner, known, opener),
        revisions=revisions,
        deleted=deletions["deleted"] if deletions else 0,
        snapshot=Snapshot(
            numbers["revision"] if numbers else 0,
            snapshots["oldest"] if snapshots else 0,
            snapshots["next"] if snapshots else 0,
            time.monotonic(),
        ),
        then=Place(
            safe=place.safe,
            recent=place.recent if place.whole else place.recent | frozenset(revisions),
            messages=spoken[-1]["revision"] if spoken else place.messages,
            records=known[-1]["revision"] if known else place.records,
            whole=place.whole,
        )
        if full
        else None,
    )


async def _opened(owner: Owner, rows: Sequence[DictRow], opener: Opens | None) -> Sequence[DictRow]:
    """The rows with their texts in the clear, without those whose texts cannot be read."""
    if opener is None:
        return rows
    opened, reason = [], ""
    for row in rows:
        try:
            for name in _SEALED:
                if row.get(name):
                    row[name] = await opener.open(owner, row[name])
            if row.get("entities"):
                row["entities"] = [await opener.open(owner, name) for name in row["entities"]]
        except KeyMissing as error:
            reason = str(error)
        else:
            opened.append(row)
    if reason:
        unread = len(rows) - len(opened)
        _log.warning("what cannot be read is not recalled", owner=str(owner), rows=unread, reason=reason)
    return opened


def _wanted(owner: Owner, place: Place) -> dict[str, object]:
    return {
        "tenant": owner.tenant_id,
        "user": owner.user_id,
        "safe": place.safe,
        "recent": sorted(place.recent),
    }


def sources(owner: Owner, found: Read, *, model: str) -> Iterator[tuple[Source, Vectors | None]]:
    """What was read as sources, with the vectors of their passages where they are of the model of that name.

    Computes for a while when much was read. Raises MemoryUnavailable for a row that is another's.
    """
    for row in found.messages:
        _check(owner, row)
        text = row["text"]
        fits = row["begins"] and row["model"] == model and row["ends"][-1] <= len(text)
        spans = tuple(map(Passage, row["begins"], row["ends"])) if fits else tuple(cut(text))
        yield _message(owner, row, spans), _matrix(row["vectors"]) if fits else None
    for row in found.records:
        _check(owner, row)
        known = row["vector"] is not None and row["model"] == model
        record = _record(owner, row)
        yield record, _matrix([row["vector"]] * len(record.passages)) if known else None


def _message(owner: Owner, row: DictRow, spans: tuple[Passage, ...]) -> Source:
    return Source(
        owner=owner,
        id=row["id"],
        tier=Tier.MEDIUM,
        kind=Kind.MESSAGE,
        text=row["text"],
        said_at=row["said_at"].timestamp(),
        passages=spans,
        role=row["role"],
        thread_id=row["thread_id"],
        project_id=row["project_id"],
        message_ids=(row["id"],),
    )


def _record(owner: Owner, row: DictRow) -> Source:
    text = row["text"]
    return Source(
        owner=owner,
        id=row["id"],
        tier=Tier(row["tier"]),
        kind=Kind(row["kind"]),
        text=text,
        said_at=row["said_at"].timestamp(),
        passages=(Passage(0, len(text)),) if len(text) <= _WHOLE else tuple(cut(text)),
        thread_id=row["thread_id"],
        project_id=row["project_id"],
        message_ids=tuple(row["sources"]),
        standing=Standing(
            state=RecordState(row["state"]),
            pinned=row["pinned"],
            faded=row["faded"],
            confidence=row["confidence"],
            evidence=row["evidence"],
            cited=row["cited"],
            recalled=row["recalled"],
            rating=row["rating"],
            instead_of=row["instead_of"],
            against=row["against"],
            entities=frozenset(row["entities"] or ()),
        ),
    )


def _check(owner: Owner, row: DictRow) -> None:
    if (row["tenant_id"], row["user_id"]) != (owner.tenant_id, owner.user_id):
        raise MemoryUnavailable(
            f"{row['id']} was read for {owner} and belongs to another: check the policies"
        )


def _matrix(sent: Sequence[bytes]) -> Vectors:
    return np.stack([np.frombuffer(each, ">f4", offset=_HEADER_BYTES) for each in sent]).astype(np.float32)
