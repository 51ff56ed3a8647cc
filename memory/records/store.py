"""What is remembered beside messages: kept in versions, corrected, pinned, forgotten, and learned from."""

import contextlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import LiteralString

import numpy as np
import structlog
from psycopg.rows import DictRow
from pydantic import JsonValue

from memory.database import Connection, Database
from memory.errors import KeyMissing, MemoryUnavailable
from memory.interfaces import Draft, Kind, Record, RecordState, Tier, Vectors, VectorStore
from memory.owner import Owner
from memory.records.chains import own_row, seen_row, take_turn, versions_of
from memory.records.correcting import corrected, still_about
from memory.records.deletions import note_deletion
from memory.records.entities import forget_unmentioned, related_records
from memory.records.forgotten import keep_marks, still_to_say
from memory.records.remembering import Remembered, Remembering
from memory.records.rows import MEDIUM, SHOWN, RecordRows, TextSealer
from memory.records.settings import RecordSettings
from memory.records.upkeep import Upkeep
from memory.records.withdrawing import Withdrawn, withdraw
from memory.records.words import statement
from models import Embedder, EmbeddingUnavailable

_log = structlog.get_logger(__name__)
OfSources = Callable[[Connection, Sequence[str]], Awaitable[None]]
"""Does something with the messages that what is forgotten came from, within the transaction that forgets."""
_PAGE = 500
_LIST: LiteralString = f"""
    SELECT {SHOWN} FROM memory_records
    WHERE CASE WHEN %(project)s::text IS NULL THEN tenant_id = %(tenant)s AND user_id = %(user)s
            ELSE project_id = %(project)s AND kind = ANY(%(shared)s) END
        AND (%(tier)s::text IS NULL OR tier = %(tier)s)
        AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s))
        AND (%(state)s::text IS NULL OR state = %(state)s)
        AND (%(agent)s::text IS NULL OR agent = %(agent)s)
        AND (%(faded)s::boolean IS NULL OR faded = %(faded)s)
        AND (%(since)s::timestamptz IS NULL OR said_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR said_at < %(until)s)
        AND (%(before)s::text IS NULL OR id < %(before)s)
        AND (%(query)s::text IS NULL OR id IN (SELECT freya_records_saying(%(query)s)))
    ORDER BY id DESC LIMIT %(limit)s
"""  # noqa: S608  # names of columns

# All parts of the statement see what was there before it.
_RATE: LiteralString = """
    WITH before AS (
        SELECT record.id, given.rating FROM memory_records record
        LEFT JOIN memory_ratings given ON given.record_id = record.id AND given.run_id = %(run)s
        WHERE record.id = ANY(%(ids)s) AND record.tenant_id = %(tenant)s AND record.user_id = %(user)s
    ), kept AS (
        INSERT INTO memory_ratings (record_id, run_id, tenant_id, user_id, rating)
        SELECT id, %(run)s, %(tenant)s, %(user)s, %(rating)s FROM before
        ON CONFLICT (record_id, run_id) DO UPDATE SET rating = excluded.rating
    )
    UPDATE memory_records SET
        rating = CASE WHEN before.rating IS NULL THEN (memory_records.rating * rated + %(rating)s) / (rated + 1)
            ELSE memory_records.rating + (%(rating)s - before.rating) / greatest(rated, 1) END,
        rated = rated + (before.rating IS NULL)::int,
        revision = nextval('memory_revision')
    FROM before WHERE memory_records.id = before.id
"""


class RecordStore(Upkeep):
    """The records of users. An outage of the database raises MemoryUnavailable.

    Vectors of the long tier are beside the database: what could not be put there is made good by `heal_behind`. Other
    users' records are seen where they belong to a project the owner is a member of, and never changed.
    """

    def __init__(
        self,
        database: Database,
        vectors: VectorStore,
        embedder: Embedder,
        sealer: TextSealer | None = None,
        *,
        settings: RecordSettings | None = None,
    ) -> None:
        """With a sealer texts and details are encrypted; searching then reads them one by one. Names are sealed alike."""
        super().__init__(database, vectors, embedder, RecordRows(sealer), settings or RecordSettings())

    async def remember(self, owner: Owner, drafts: Sequence[Draft]) -> Sequence[Remembered]:
        """Keep what the drafts say, all or none, and what became of each, in order; see `merging.merge`.

        Drafts that were kept before (by `origin_key`, or by the same sources) change nothing. What the owner had
        forgotten is left out while only the messages say it that said it then. A project that the owner does not see is
        left out of a record.
        """
        if not drafts:
            return ()
        vectors = await self._embed([draft.text for draft in drafts])
        await self._rows.ready(owner)
        with self._behind_if_broken_off(owner):
            async with self._database.of(owner) as connection:
                work = Remembering(connection, owner, self._rows, self._embedder)
                await work.load(drafts)
                wanted = await still_to_say(connection, owner, drafts, self._rows)
                done = [
                    await work.remember(draft, vector)
                    for draft, vector in zip(wanted, vectors, strict=True)
                    if draft is not None
                ]
            await self._follow(owner, work)
        return [Remembered(work.known[one.record.id], one.outcome) for one in done]

    async def keep_figures(self, owner: Owner, drafts: Sequence[Draft]) -> None:
        """Keep figures that are counted anew each time, such as `performance`: one record a slot, updated in place.

        What the owner corrected stays as it is, and what he had forgotten is not kept again.
        """
        vectors = await self._embed([draft.text for draft in drafts])
        await self._rows.ready(owner)
        with self._behind_if_broken_off(owner):
            async with self._database.of(owner) as connection:
                work = Remembering(connection, owner, self._rows, self._embedder)
                await work.load(drafts)
                wanted = await still_to_say(connection, owner, drafts, self._rows)
                for draft, vector in zip(wanted, vectors, strict=True):
                    if draft is not None:
                        await work.keep_figures(draft, vector)
            await self._follow(owner, work)

    async def get(self, owner: Owner, record_id: str) -> Record:
        """The record. Raises UnknownRecord."""
        async with self._database.of(owner) as connection:
            row = await seen_row(connection, record_id)
        return await self._rows.record(row)

    async def history(self, owner: Owner, record_id: str) -> Sequence[Record]:
        """All versions of what the record says, newest first, contested ones among them. Raises UnknownRecord."""
        async with self._database.of(owner) as connection:
            row = await seen_row(connection, record_id)
        slots = await self._rows.stored_slots(row)
        async with self._database.of(owner) as connection:
            rows = await versions_of(connection, row, slots)
        return await self._rows.records(rows)

    async def correct(
        self,
        owner: Owner,
        record_id: str,
        *,
        text: str | None = None,
        value: str | None = None,
        details: dict[str, JsonValue] | None = None,
    ) -> Record:
        """A new version as the owner wants it, of confidence 1, in place of every other one; pinned stays pinned.

        A new value without a text is put where the old value stood in the text. With nothing given the record is
        confirmed as it is. Raises UnknownRecord.
        """
        before = await self.get(owner, record_id)
        draft = corrected(before, text, value, details)
        vector = (await self._embed([draft.text]))[0]
        await self._rows.ready(owner)
        with self._behind_if_broken_off(owner):
            async with self._database.of(owner) as connection:
                work = Remembering(connection, owner, self._rows, self._embedder)
                await work.load([draft])
                row = await own_row(connection, owner, record_id)
                rows = await versions_of(connection, row, await self._rows.stored_slots(row))
                versions = await self._rows.records(rows)
                holding = [
                    version
                    for version in versions
                    if version.id == record_id or version.state is not RecordState.SUPERSEDED
                ]
                clock = await connection.execute(
                    "SELECT greatest(now(), %s) AS now", (max(v.said_at for v in versions),)
                )
                now = (await clock.fetchall())[0]["now"]
                about = await still_about(connection, owner, (record_id, before.text), draft.text, self._rows)
                draft = draft.model_copy(update={"said_at": now, **about})
                new = await work.replace(draft, versions, holding, vector)
            await self._follow(owner, work)
        return new

    async def pin(self, owner: Owner, record_id: str) -> Record:
        """Keep the record from fading and expiring. Raises UnknownRecord."""
        return await self._set(owner, record_id, "pinned = true, faded = false")

    async def unpin(self, owner: Owner, record_id: str) -> Record:
        """Let it fade like others. Raises UnknownRecord."""
        return await self._set(owner, record_id, "pinned = false")

    async def forget(self, owner: Owner, record_id: str, *, also: OfSources | None = None) -> Sequence[str]:
        """Delete the record with its earlier versions, its vector and what only it mentions; gives the ids deleted.

        The messages that it comes from make none of it again. What it contested holds again. With the store of vectors
        away nothing is deleted: raises MemoryUnavailable. Raises UnknownRecord.
        """
        await self._rows.ready(owner)
        with self._behind_if_broken_off(owner):
            return await self._forget(owner, record_id, also)

    async def _forget(self, owner: Owner, record_id: str, also: OfSources | None) -> Sequence[str]:
        async with self._database.of(owner) as connection:
            await take_turn(connection, owner)
            row = await own_row(connection, owner, record_id)
            rows = await versions_of(connection, row, await self._rows.stored_slots(row))
            gone = [
                other["id"]
                for other in rows
                if other["id"] == record_id
                or (other["state"] == RecordState.SUPERSEDED and other["version"] <= row["version"])
            ]
            left = [
                each for each in rows if each["id"] not in gone and each["state"] != RecordState.SUPERSEDED
            ]
            forgotten = await self._readable(row for row in rows if row["id"] in gone)
            await keep_marks(connection, owner, forgotten, self._rows)
            await connection.execute("DELETE FROM memory_records WHERE id = ANY(%s)", (gone,))
            if len(left) == 1 and left[0]["state"] == RecordState.CONTESTED:
                await self._rows.change(connection, left[0]["id"], "state = 'active', contests = NULL", {})
            await forget_unmentioned(connection, owner)
            await note_deletion(connection, owner)
            if also is not None:
                await also(
                    connection, sorted({each for row in rows if row["id"] in gone for each in row["sources"]})
                )
            # Before the rows are gone for good: what is forgotten must not stay findable by meaning.
            await self._vectors.remove(owner, gone)
        await self._tell_members([row["project_id"]])
        return gone

    async def withdraw(self, connection: Connection, owner: Owner, messages: Sequence[str]) -> Withdrawn:
        """Delete what these messages alone say, with its vectors; see `withdrawing.withdraw`.

        Within the caller's transaction, which locks the messages first; the vectors are made good by `heal_behind`, also
        where it is broken off. With the store of vectors away nothing is deleted: raises MemoryUnavailable.
        """
        await self._rows.ready(owner)
        await take_turn(connection, owner)
        withdrawn = await withdraw(connection, owner, messages, self._rows)
        self._behind.add(owner)
        if withdrawn.gone:
            await self._vectors.remove(owner, withdrawn.gone)
        return withdrawn

    async def _readable(self, rows: Iterable[DictRow]) -> Sequence[Record]:
        """The records of rows, without those whose key is gone: nor can their messages be read again."""
        found = []
        for row in rows:
            with contextlib.suppress(KeyMissing):
                found.append(await self._rows.record(row))
        return found

    async def used(self, owner: Owner, ids: Collection[str], cited: Collection[str] = ()) -> None:
        """Learn that these came back for an answer, and which of them it cited; a faded one awakens."""
        async with self._database.of(owner) as connection:
            await take_turn(connection, owner)
            await connection.execute(
                "UPDATE memory_records SET recalled = recalled + 1, cited = cited + (id = ANY(%s))::int, used_at = now(),"
                " faded = false, revision = nextval('memory_revision')"
                " WHERE id = ANY(%s) AND tenant_id = %s AND user_id = %s",
                (list(cited), sorted({*ids, *cited}), owner.tenant_id, owner.user_id),
            )

    async def rate(self, owner: Owner, ids: Collection[str], rating: float, *, run_id: str) -> None:
        """Learn how the answer of a run was rated that used these, -1 to 1; the mean over runs is kept.

        Of several ratings of a run the last counts.
        """
        given = {
            "tenant": owner.tenant_id,
            "user": owner.user_id,
            "ids": sorted(ids),
            "run": run_id,
            "rating": max(-1.0, min(1.0, rating)),
        }
        async with self._database.of(owner) as connection:
            await take_turn(connection, owner)
            await connection.execute(_RATE, given)

    async def related(
        self, owner: Owner, names: Sequence[str], *, depth: int = 1
    ) -> dict[str, Sequence[str]]:
        """By each of these names that is known, ids of records about it and what is related to it, nearest first."""
        await self._rows.ready(owner)
        async with self._database.of(owner) as connection:
            found = await related_records(connection, owner, names, self._rows, depth=depth)
        return dict(found)

    async def list(
        self,
        owner: Owner,
        *,
        tier: Tier | None = None,
        kinds: Collection[Kind] = (),
        state: RecordState | None = None,
        project: str | None = None,
        agent: str | None = None,
        faded: bool | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        query: str | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> Sequence[Record]:
        """Records, newest first, those made before the one with the id `before`; times are those when something was said.

        With a project, its decisions, progress and artifacts of all who work on it; else the owner's own records. The
        query is words as for a web search: all of them, "a phrase", or, -not.
        """
        wanted = {
            "tenant": owner.tenant_id,
            "user": owner.user_id,
            "tier": tier,
            "kinds": sorted(kinds) or None,
            "state": state,
            "project": project,
            "agent": agent,
            "faded": faded,
            "since": since,
            "until": until,
            "shared": sorted(MEDIUM),
            "query": query if self._rows.searchable else None,
        }
        words = statement(query).words if query and not self._rows.searchable else ()
        found: list[Record] = []
        while len(found) < limit:
            size = _PAGE if words else limit
            async with self._database.of(owner) as connection:
                cursor = await connection.execute(_LIST, {**wanted, "before": before, "limit": size})
                rows = await cursor.fetchall()
            records = await self._rows.records(rows)
            found += [record for record in records if not words or _has(record, words)]
            if len(rows) < size:
                break
            before = rows[-1]["id"]
        return found[:limit]

    async def _set(self, owner: Owner, record_id: str, changes: LiteralString) -> Record:
        await self._rows.ready(owner)
        async with self._database.of(owner) as connection:
            await own_row(connection, owner, record_id)
            return await self._rows.change(connection, record_id, changes, {})

    async def _embed(self, texts: Sequence[str]) -> Sequence[Vectors | None]:
        """A vector a text, or None of each while the model is away."""
        try:
            return tuple(await self._embedder.embed(texts))
        except EmbeddingUnavailable as error:
            _log.warning("records kept without vectors for now", reason=str(error))
            return [None] * len(texts)

    async def _follow(self, owner: Owner, work: Remembering) -> None:
        """Bring the vectors of the long tier up to what was committed, as far as that can be done now."""
        long = {name for name, record in work.known.items() if record.tier is Tier.LONG}
        new = {
            name: vector
            for name, vector in work.inserted.items()
            if vector is not None and name in long and name not in work.replaced
        }
        old = sorted(work.replaced & long)
        try:
            if new:
                await self._vectors.put(owner, list(new), np.stack(list(new.values())))
            if old:
                await self._vectors.remove(owner, old)
        except MemoryUnavailable as error:
            _log.warning("vectors of records are left to be put", reason=str(error), records=len(new))
            self._behind.add(owner)
        if any(vector is None for vector in work.inserted.values()):
            self._behind.add(owner)


def _has(record: Record, words: Sequence[str]) -> bool:
    return set(words) <= set(statement(record.text).words)
