"""Taking in a history from elsewhere: line by line, once each, with its original times."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final, Literal

import psycopg
from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict, Field

from memory.database import Connection, Database
from memory.errors import ImportRefused, MemoryUnavailable, OwnerInvalid
from memory.history.lines import HistoryLine, numbered, parse
from memory.history.naming import Named, Naming
from memory.identifiers import new_id
from memory.owner import Owner
from memory.privacy.sealing import Sealer
from memory.privacy.stored import sealed, sealed_json
from memory.records.forgotten import lines_kept_out
from memory.records.rows import RecordRows
from memory.titles import title_of
from memory.wishes import wish_to_forget

_BATCH_LINES: Final = 500
_BATCH_BYTES: Final = 8 * 1024 * 1024
_SHOWN: Final = 20
_ANALYSED_FROM: Final = 5000
"""Messages after which the table is analysed at once; until it is, foreign keys to it are looked up by the wrong index."""
_THREADS: Final = """
    INSERT INTO threads (id, tenant_id, user_id, title, metadata, idempotency_key, created_at, updated_at)
    SELECT given.id, %(tenant)s, %(user)s, given.title, %(metadata)s, given.key, given.first, given.last
    FROM unnest(%(ids)s::text[], %(titles)s::text[], %(keys)s::text[], %(first)s::timestamptz[], %(last)s::timestamptz[])
        AS given (id, title, key, first, last)
    ON CONFLICT (tenant_id, user_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO UPDATE SET
        created_at = least(threads.created_at, excluded.created_at),
        updated_at = greatest(threads.updated_at, excluded.updated_at)
    RETURNING id, idempotency_key
"""
_MESSAGES: Final = """
    INSERT INTO messages (id, thread_id, tenant_id, user_id, role, speaker, content, created_at, import_key, withheld)
    SELECT given.id, given.thread, %(tenant)s, %(user)s, given.role, given.speaker, given.content, given.at, given.key,
        given.withheld
    FROM unnest(%(ids)s::text[], %(threads)s::text[], %(roles)s::text[], %(speakers)s::text[], %(contents)s::text[],
        %(times)s::timestamptz[], %(keys)s::text[], %(withheld)s::boolean[])
        AS given (id, thread, role, speaker, content, at, key, withheld)
    ON CONFLICT DO NOTHING
    RETURNING id
"""
_BEGUN_ANEW: Final = """
    UPDATE memory_imports SET state = 'failed', finished_at = now(), error = 'broken off, and begun anew'
    WHERE tenant_id = %s AND user_id = %s AND name = %s AND state = 'running'
"""

Users = Literal["own", "any"]


class ImportReport(BaseModel):
    """What became of the lines of a history."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    lines: int = Field(default=0, description="Lines read, blank ones aside.")
    imported: int = Field(default=0, description="Messages that are new.")
    known: int = Field(
        default=0, description="Lines that had been imported before, those forgotten since among them."
    )
    rejected: int = Field(default=0, description="Lines that were left out.")
    problems: tuple[str, ...] = Field(
        default=(), description="What was wrong with the first 20 lines left out."
    )
    took_ms: float = 0.0


Progress = Callable[[ImportReport], None]


class HistoryImporter:
    """Takes in histories. An outage raises MemoryUnavailable; the same history again goes on where it stopped."""

    def __init__(self, database: Database, sealer: Sealer | None = None) -> None:
        """With a sealer that has a key what is said, by whom, and the import's name are stored encrypted."""
        self._database = database
        self._sealer = sealer

    async def run(
        self,
        owner: Owner,
        source: Path | AsyncIterable[bytes],
        *,
        name: str,
        users: Users = "own",
        progress: Progress = lambda _: None,
    ) -> ImportReport:
        """Take in JSON lines of `{user, thread, role, name?, text, time}` under a name for the import.

        A line that cannot be taken in is left out and reported with its number, such as one of another user: with
        `users="any"` it is kept for that user of the same tenant. Batches of 500 lines are one transaction a user.
        `progress` is called after each. Raises ImportRefused for a file that cannot be read.
        """
        work = _Import(self._database, self._sealer, owner, name, users)
        await work.begin()
        try:
            async for number, line in numbered(source):
                if await work.take(number, line):
                    progress(work.report())
            await work.flush()
        except Exception as error:
            await work.end("failed", str(error))
            raise
        await work.end("finished", None)
        progress(work.report())
        return work.report()


class _Import:
    """One history on its way in."""

    def __init__(
        self, database: Database, sealer: Sealer | None, owner: Owner, name: str, users: Users
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._names = RecordRows(sealer)
        self._owner = owner
        self._users = users
        self._naming = Naming()
        self._waiting: list[tuple[int, bytes | None]] = []
        self._bytes = 0
        self._began = time.monotonic()
        self._id, self._name = new_id("imp"), name
        self._lines = self._imported = self._known = self._rejected = 0
        self._problems: list[str] = []

    def report(self) -> ImportReport:
        return ImportReport(
            id=self._id,
            name=self._name,
            lines=self._lines,
            imported=self._imported,
            known=self._known,
            rejected=self._rejected,
            problems=tuple(self._problems),
            took_ms=round((time.monotonic() - self._began) * 1000, 1),
        )

    async def begin(self) -> None:
        whose = (self._owner.tenant_id, self._owner.user_id)
        name = await self._names.name(self._owner, self._name)
        async with self._database.of(self._owner) as connection:
            await connection.execute(_BEGUN_ANEW, (*whose, name))
            await connection.execute(
                "INSERT INTO memory_imports (id, tenant_id, user_id, name) VALUES (%s, %s, %s, %s)",
                (self._id, *whose, name),
            )

    async def take(self, number: int, line: bytes | None) -> bool:
        """Whether the line ended a batch, which is written then."""
        self._waiting.append((number, line))
        self._bytes += len(line or b"")
        full = len(self._waiting) >= _BATCH_LINES or self._bytes >= _BATCH_BYTES
        if full:
            await self.flush()
        return full

    async def flush(self) -> None:
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        if not waiting:
            return
        named = await asyncio.to_thread(self._read, waiting)
        named.sort(key=lambda one: str(one.owner))  # a stable sort: each user's lines keep their order
        for owner, lines in groupby(named, key=lambda one: one.owner):
            await self._store(owner, list(lines))
        self._lines += len(waiting)
        async with self._database.of(self._owner) as connection:
            await connection.execute(
                "UPDATE memory_imports SET lines = %s, imported = %s, rejected = %s WHERE id = %s",
                (self._lines, self._imported, self._rejected, self._id),
            )

    async def end(self, state: str, error: str | None) -> None:
        statement = "UPDATE memory_imports SET state = %s, error = %s, finished_at = now() WHERE id = %s"
        # What has failed by an outage cannot be noted during it; the next import of the name does.
        with contextlib.suppress(MemoryUnavailable) if error else contextlib.nullcontext():
            error = error and await sealed(self._sealer, self._owner, error)
            async with self._database.of(self._owner) as connection:
                await connection.execute(statement, (state, error, self._id))
                if (
                    self._imported >= _ANALYSED_FROM
                ):  # where that is not allowed, it is done in the background
                    await connection.execute("ANALYZE messages")

    def _read(self, waiting: Sequence[tuple[int, bytes | None]]) -> list[Named]:
        named = []
        for number, raw in waiting:
            try:
                line = parse(raw)
                named.append(self._naming.name(line, self._owner_of(line)))
            except (ImportRefused, OwnerInvalid) as error:
                self._rejected += 1
                if len(self._problems) < _SHOWN:
                    self._problems.append(f"line {number}: {error}")
        return named

    def _owner_of(self, line: HistoryLine) -> Owner:
        if line.user == self._owner.user_id:
            return self._owner
        if self._users == "own":
            raise ImportRefused(
                f"user: it is of {line.user!r}, and this import is of {self._owner.user_id!r} alone"
            )
        return Owner(line.user, self._owner.tenant_id)

    async def _store(self, owner: Owner, lines: list[Named]) -> None:
        contents = {one.key: one.line.text for one in lines}
        titles: dict[str, str] = {}
        for one in lines:
            titles.setdefault(one.thread_key, title_of(one.line.text))
        stored = _Stored(
            contents={key: await sealed(self._sealer, owner, text) for key, text in contents.items()},
            titles={key: await sealed(self._sealer, owner, title) for key, title in titles.items()},
            speakers={
                name: await self._names.name(owner, name)
                for name in {one.line.name for one in lines if one.line.name is not None}
            },
            metadata=Jsonb(await sealed_json(self._sealer, owner, {"imported_from": self._name})),
            asking=await asyncio.to_thread(_asking, lines),
        )
        async with self._database.of(owner) as connection:
            forgotten = await lines_kept_out(connection, owner, list(contents), self._names)
            wanted = [one for one in lines if one.key not in forgotten]
            try:
                new = await _insert(connection, owner, wanted, stored) if wanted else 0
            except psycopg.DataError as error:
                first, last = lines[0].line.time, lines[-1].line.time
                raise ImportRefused(f"the lines from {first} to {last} cannot be stored: {error}") from error
        self._imported += new
        self._known += len(lines) - new


@dataclass(frozen=True, kw_only=True)
class _Stored:
    """What the lines say, as it is stored."""

    contents: Mapping[str, str]
    """By the key of the line."""
    titles: Mapping[str, str]
    """By the key of the thread."""
    speakers: Mapping[str, str]
    """By the name."""
    metadata: Jsonb
    asking: frozenset[str]
    """Keys of lines that ask for forgetting: their threads are to be looked through."""


def _asking(lines: Sequence[Named]) -> frozenset[str]:
    return frozenset(one.key for one in lines if one.line.role == "user" and wish_to_forget(one.line.text))


async def _insert(connection: Connection, owner: Owner, lines: list[Named], stored: _Stored) -> int:
    """How many of the lines are new: the keys' unique index says so, without a plan that could be a bad one."""
    threads = await _threads(connection, owner, lines, stored)
    cursor = await connection.execute(
        _MESSAGES,
        {
            "tenant": owner.tenant_id,
            "user": owner.user_id,
            "ids": [one.id for one in lines],
            "threads": [threads[one.thread_key] for one in lines],
            "roles": [one.line.role for one in lines],
            "speakers": [None if one.line.name is None else stored.speakers[one.line.name] for one in lines],
            "contents": [stored.contents[one.key] for one in lines],
            "times": [one.line.time for one in lines],
            "keys": [one.key for one in lines],
            "withheld": [None if one.key in stored.asking else False for one in lines],
        },
    )
    return len(await cursor.fetchall())


async def _threads(
    connection: Connection, owner: Owner, lines: Sequence[Named], stored: _Stored
) -> dict[str, str]:
    """The ids of the lines' threads by their keys, made where there were none, their times stretched to the lines'."""
    by_thread: dict[str, list[Named]] = {}
    for one in lines:
        by_thread.setdefault(one.thread_key, []).append(one)
    # In one order always, so that two imports at once wait for each other and not in a circle.
    groups = [by_thread[key] for key in sorted(by_thread)]
    cursor = await connection.execute(
        _THREADS,
        {
            "tenant": owner.tenant_id,
            "user": owner.user_id,
            "metadata": stored.metadata,
            "ids": [group[0].thread_id for group in groups],
            "titles": [stored.titles[group[0].thread_key] for group in groups],
            "keys": [group[0].thread_key for group in groups],
            "first": [min(one.line.time for one in group) for group in groups],
            "last": [max(one.line.time for one in group) for group in groups],
        },
    )
    return {row["idempotency_key"]: row["id"] for row in await cursor.fetchall()}
