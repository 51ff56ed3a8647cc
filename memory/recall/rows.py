"""What of a user's memory is newer than what an index holds, read from PostgreSQL as sources."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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
from memory.records.rows import MEDIUM

_log = structlog.get_logger(__name__)
BATCH = 2000
"""Rows that are read at once."""
_WHOLE = 300  # characters up to which a record's statement is not cut
_HEADER_BYTES = 4  # of pgvector's binary form: the dimensions, and what is unused

_BEYOND = "{0}.revision > %(safe)s AND {0}.revision NOT IN (SELECT unnest(%(recent)s::bigint[]))"
_NEWER = f"{{0}}.tenant_id = %(tenant)s AND {{0}}.user_id = %(user)s AND {_BEYOND}"
MESSAGE = """
    SELECT message.tenant_id, message.user_id, message.id, message.thread_id, message.role, message.content AS text,
           message.created_at AS said_at, message.revision, message.withheld IS TRUE AS withheld, thread.project_id,
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
_MESSAGES = f"{MESSAGE} WHERE {_NEWER.format('message')} AND message.revision > %(after_messages)s ORDER BY message.revision LIMIT {BATCH}"
_EMBEDDED = f"""
    {MESSAGE} WHERE message.id = ANY(ARRAY(
        SELECT message_id FROM memory_passages passage WHERE {_NEWER.format("passage")}
        ORDER BY revision LIMIT {BATCH}
    )) AND message.tenant_id = %(tenant)s AND message.user_id = %(user)s
"""  # noqa: S608  # texts of this module
_RECORD = """
    SELECT record.tenant_id, record.user_id, record.id, record.thread_id, record.project_id, record.tier, record.kind,
           record.text, record.said_at, record.revision, record.state, record.pinned, record.faded, record.confidence,
           record.evidence, record.cited, record.recalled, record.rating, record.sources, record.model,
           CASE WHEN record.vector IS NOT NULL THEN vector_send(record.vector) END AS vector,
           earlier.text AS instead_of, contested.text AS against, {more}
    FROM memory_records record
    LEFT JOIN memory_records earlier ON earlier.id = record.supersedes {of_earlier}
    LEFT JOIN memory_records contested ON contested.id = record.contests {of_contested}
    WHERE {wanted} AND record.revision > %({after})s ORDER BY record.revision LIMIT {limit}
"""
_NAMES = """
           (SELECT array_agg(entity.folded) FROM memory_mentions mention JOIN memory_entities entity
            ON entity.id = mention.entity_id WHERE mention.record_id = record.id) AS entities,
           (SELECT array_agg(ARRAY[subject.folded, stated.predicate, object.folded]) FROM memory_relations stated
            JOIN memory_entities subject ON subject.id = stated.subject_id
            JOIN memory_entities object ON object.id = stated.object_id
            WHERE stated.record_id = record.id) AS relations
"""
_RECORDS = _RECORD.format(
    more=_NAMES,
    of_earlier="",
    of_contested="",
    wanted=_NEWER.format("record"),
    after="after_records",
    limit=BATCH,
)
_JOINED = "SELECT project_id FROM project_members WHERE tenant_id = %(tenant)s AND user_id = %(user)s"
# The policies say the same; whoever forgets one of both shows nothing.
_OF_OTHERS = f"""
    record.tenant_id = %(tenant)s AND record.user_id <> %(user)s AND record.kind = ANY(%(kinds)s)
    AND record.project_id IN ({_JOINED}) AND {_BEYOND.format("record")}
"""  # texts of this module
_SAME = "AND {0}.user_id = record.user_id AND {0}.project_id = record.project_id"
_SHARED = _RECORD.format(
    more="NULL AS entities, NULL AS relations",
    of_earlier=_SAME.format("earlier"),
    of_contested=_SAME.format("contested"),
    wanted=_OF_OTHERS,
    after="after_shared",
    limit=BATCH,
)
_STILL = f"""
    SELECT id FROM memory_records record WHERE id = ANY(%(ids)s) AND state <> 'superseded' AND {_OF_OTHERS}
"""  # noqa: S608  # texts of this module
_DRAWN = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS revision FROM memory_revision"
_SNAPSHOT = """
    SELECT pg_snapshot_xmin(taken)::text::bigint AS oldest, pg_snapshot_xmax(taken)::text::bigint AS next
    FROM pg_current_snapshot() taken
"""
_STANDING = f"""
    coalesce((SELECT deleted FROM memory_progress WHERE tenant_id = %(tenant)s AND user_id = %(user)s), 0) AS deleted,
    ARRAY({_JOINED}) AS projects
"""  # noqa: S608  # texts of this module
_ANY = f"""
    SELECT EXISTS (SELECT FROM messages message WHERE {_NEWER.format("message")})
        OR EXISTS (SELECT FROM memory_passages passage WHERE {_NEWER.format("passage")})
        OR EXISTS (SELECT FROM memory_records record WHERE {_NEWER.format("record")})
        OR EXISTS (SELECT FROM memory_records record WHERE {_OF_OTHERS}) AS newer, {_STANDING}
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
    shared: int = 0
    whole: bool = False
    """Whether everything is read from the beginning: then what is embedded comes with its message."""


@dataclass(frozen=True)
class Read:
    """A portion of what is newer."""

    messages: Sequence[DictRow]
    records: Sequence[DictRow]
    shared: Sequence[DictRow]
    """Records of other members of the user's projects."""
    revisions: Sequence[int]
    deleted: int
    """The revision of the user's latest deletion."""
    projects: frozenset[str]
    """The projects he is a member of, read before any row."""
    snapshot: Snapshot
    then: Place | None
    """Where to read on; None when this is all."""


async def unchanged(
    database: Database, owner: Owner, place: Place, *, deleted: int, projects: frozenset[str]
) -> bool:
    """Whether there is nothing to read beyond a place, nothing was deleted since, and the user's projects are the same.

    Raises MemoryUnavailable.
    """
    async with database.in_one_go(owner) as connection:
        cursor = await connection.execute(_ANY, _wanted(owner, place))
        row = await cursor.fetchone()
    return (
        row is not None
        and not row["newer"]
        and (row["deleted"], frozenset(row["projects"])) == (deleted, projects)
    )


async def read(database: Database, owner: Owner, place: Place, *, opener: Opens | None = None) -> Read:
    """The owner's rows beyond a place, their texts in the clear; what cannot be opened is left out.

    Raises MemoryUnavailable.
    """
    wanted = _wanted(owner, place)
    async with database.in_one_go(owner) as connection:
        # All travel together; the number is read before the snapshot is taken, and rows after both.
        number = await connection.execute(_DRAWN)
        taken = await connection.execute(_SNAPSHOT)
        standing = await connection.execute(f"SELECT {_STANDING}", wanted)
        messages = await connection.execute(_MESSAGES, wanted, binary=True)
        records = await connection.execute(_RECORDS, wanted, binary=True)
        others = await connection.execute(_SHARED, wanted, binary=True)
        embedded = None if place.whole else await connection.execute(_EMBEDDED, wanted, binary=True)
        numbers, snapshots = await number.fetchone(), await taken.fetchone()
        (stands,) = await standing.fetchall()
        spoken, known, shared = await messages.fetchall(), await records.fetchall(), await others.fetchall()
        later = await embedded.fetchall() if embedded else []
    revisions = [row["revision"] for row in (*spoken, *known, *shared)]
    revisions += [revision for row in (*spoken, *later) for revision in row["revisions"] or ()]
    passages = sum(len(row["revisions"]) for row in later)
    full = BATCH in (len(spoken), len(known), len(shared)) or passages >= BATCH
    return Read(
        messages=await opened(owner, [*spoken, *later], opener),
        records=await opened(owner, known, opener),
        shared=await opened(None, shared, opener),
        revisions=revisions,
        deleted=stands["deleted"],
        projects=frozenset(stands["projects"]),
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
            shared=shared[-1]["revision"] if shared else place.shared,
            whole=place.whole,
        )
        if full
        else None,
    )


async def opened(owner: Owner | None, rows: Sequence[DictRow], opener: Opens | None) -> Sequence[DictRow]:
    """The rows with their texts in the clear, without those whose texts cannot be read; None: each with its owner's key."""
    if opener is None:
        return rows
    clear, reason = [], ""
    for row in rows:
        try:
            whose = owner or Owner(row["user_id"], row["tenant_id"])
            for name in _SEALED:
                if row.get(name):
                    row[name] = await opener.open(whose, row[name])
            if row.get("entities"):
                row["entities"] = [await opener.open(whose, name) for name in row["entities"]]
            if row.get("relations"):
                row["relations"] = [
                    [await opener.open(whose, name) for name in triple] for triple in row["relations"]
                ]
        except KeyMissing as error:
            reason = str(error)
        else:
            clear.append(row)
    if reason:
        unread = len(rows) - len(clear)
        _log.warning(
            "what cannot be read is not recalled", owner=str(owner or "members"), rows=unread, reason=reason
        )
    return clear


async def still_shared(database: Database, owner: Owner, ids: Sequence[str]) -> set[str]:
    """Which of these records others share with the owner at this moment and hold. Raises MemoryUnavailable."""
    async with database.of(owner) as connection:
        cursor = await connection.execute(_STILL, _wanted(owner, Place()) | {"ids": list(ids)})
        return {row["id"] for row in await cursor.fetchall()}


def _wanted(owner: Owner, place: Place) -> dict[str, object]:
    return {
        "tenant": owner.tenant_id,
        "user": owner.user_id,
        "safe": place.safe,
        "recent": sorted(place.recent),
        "after_messages": place.messages,
        "after_records": place.records,
        "after_shared": place.shared,
        "kinds": sorted(MEDIUM),
    }


def sources(
    owner: Owner, found: Read, *, model: str, projects: frozenset[str]
) -> Iterator[tuple[Source, Vectors | None]]:
    """What was read as sources, with the vectors of their passages where they are of the model of that name.

    Of what others share, what belongs to these projects. Computes for a while when much was read. Raises
    MemoryUnavailable for a row that is another's and not shared.
    """
    for row in found.messages:
        _check(owner, row)
        text = row["text"]
        fits = row["begins"] and row["model"] == model and row["ends"][-1] <= len(text)
        spans = tuple(map(Passage, row["begins"], row["ends"])) if fits else tuple(cut(text))
        yield _message(owner, row, spans), _matrix(row["vectors"]) if fits else None
    for row in found.records:
        _check(owner, row)
    shared = [row for row in found.shared if row["project_id"] in projects]
    for row in (*found.records, *shared):
        known = row["vector"] is not None and row["model"] == model
        record = _record(row)
        if record.owner != owner:  # neither what he said nor where is theirs to know
            record = replace(record, thread_id=None, message_ids=())
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
        withheld=row["withheld"],
    )


def _record(row: DictRow) -> Source:
    text = row["text"]
    return Source(
        owner=Owner(row["user_id"], row["tenant_id"]),
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
            relations=frozenset(
                (subject, predicate, object_) for subject, predicate, object_ in row["relations"] or ()
            ),
        ),
    )


def _check(owner: Owner, row: DictRow) -> None:
    if (row["tenant_id"], row["user_id"]) != (owner.tenant_id, owner.user_id):
        raise MemoryUnavailable(
            f"{row['id']} was read for {owner} and belongs to another: check the policies"
        )


def _matrix(sent: Sequence[bytes]) -> Vectors:
    return np.stack([np.frombuffer(each, ">f4", offset=_HEADER_BYTES) for each in sent]).astype(np.float32)
