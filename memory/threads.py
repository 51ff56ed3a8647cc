"""Threads and their messages in PostgreSQL: the permanent record of conversations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any  # rows and JSON of the database

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict, JsonValue

from memory.database import Connection, Database
from memory.deleting import DeletedThread, Withdraw, delete_thread
from memory.errors import UnknownRecord, UnknownThread
from memory.forking import fork_thread
from memory.identifiers import new_id
from memory.interfaces import Scope, Turn
from memory.owner import Owner
from memory.privacy.sealing import Sealer
from memory.privacy.stored import opened_json, sealed, sealed_json
from memory.projects import require_project
from memory.titles import given_title, title_of
from memory.turns import ANSWERED, IMPORTED, answered_turn, imported_turns

_IMPORTED_A_TURN = 4
"""Messages that are read for each imported turn that is wanted."""


class Thread(BaseModel):
    """A conversation."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    named: bool = False
    """Whether a person gave it its title; it is made of its first message otherwise."""
    project_id: str | None
    metadata: dict[str, JsonValue]
    parent_id: str | None = None
    """The thread that it was forked from."""
    parent_message_id: str | None = None
    """The message that it was forked at."""
    created_at: datetime
    updated_at: datetime


class Message(BaseModel):
    """What was said in a thread, by the user or by Freya."""

    model_config = ConfigDict(frozen=True)

    id: str
    thread_id: str
    run_id: str | None
    """None for a message that was imported."""
    role: str
    speaker: str | None = None
    """The name it was imported under."""
    content: str
    details: dict[str, JsonValue]
    """For an answer: its agents, citations and tool uses."""
    created_at: datetime


class ThreadStore:
    """Reads and writes threads and messages. An outage raises MemoryUnavailable.

    With a sealer that has a key what messages say is stored encrypted; one that cannot be read raises KeyMissing.
    """

    def __init__(self, database: Database, sealer: Sealer | None = None) -> None:
        self._database = database
        self._sealer = sealer

    async def create(
        self,
        owner: Owner,
        title: str | None,
        *,
        project_id: str | None,
        metadata: dict[str, JsonValue],
        idempotency_key: str | None = None,
    ) -> Thread:
        """A new, empty thread; with a key that created one before, that one. Raises UnknownProject.

        Without a title it gets that of its first message.
        """
        made = (
            new_id("thr"),
            owner.tenant_id,
            owner.user_id,
            await sealed(self._sealer, owner, given_title(title or "")),
            title is not None,
            project_id,
            Jsonb(await sealed_json(self._sealer, owner, metadata)),
            idempotency_key,
        )
        async with self._database.of(owner) as connection:
            cursor = await connection.execute(
                "INSERT INTO threads (id, tenant_id, user_id, title, named, project_id, metadata, idempotency_key)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (tenant_id, user_id, idempotency_key) WHERE idempotency_key IS NOT NULL"
                " DO UPDATE SET idempotency_key = excluded.idempotency_key RETURNING *",
                made,
            )
            row = (await cursor.fetchall())[0]
            if project_id is not None and row["id"] == made[0]:
                await require_project(connection, project_id)
        return await self.read(owner, row)

    async def change(
        self,
        owner: Owner,
        thread_id: str,
        *,
        title: str | None = None,
        metadata: dict[str, JsonValue] | None = None,
    ) -> Thread:
        """Give the thread another title, or other metadata in place of all that it has. Raises UnknownThread."""
        named = None if title is None else await sealed(self._sealer, owner, given_title(title))
        noted = None if metadata is None else Jsonb(await sealed_json(self._sealer, owner, metadata))
        rows = await self._database.rows(
            owner,
            "UPDATE threads SET title = coalesce(%(title)s, title), named = named OR %(title)s::text IS NOT NULL,"
            " metadata = coalesce(%(metadata)s, metadata)"
            " WHERE id = %(thread)s AND tenant_id = %(tenant)s AND user_id = %(user)s RETURNING *",
            {
                "title": named,
                "metadata": noted,
                "thread": thread_id,
                "tenant": owner.tenant_id,
                "user": owner.user_id,
            },
        )
        if not rows:
            raise UnknownThread(f"there is no thread {thread_id!r}")
        return await self.read(owner, rows[0])

    async def fork(
        self,
        owner: Owner,
        thread_id: str,
        message_id: str,
        *,
        without: bool = False,
        title: str | None = None,
        idempotency_key: str | None = None,
    ) -> Thread:
        """A thread that begins as this one did, up to the message; `without` its turn, up to the turn before.

        See `forking.fork_thread`. Raises UnknownThread, UnknownRecord.
        """
        named = None if title is None else await sealed(self._sealer, owner, given_title(title))
        made = await fork_thread(
            self._database,
            owner,
            thread_id,
            message_id,
            without=without,
            title=named,
            idempotency_key=idempotency_key,
        )
        return await self.get(owner, made)

    async def get(self, owner: Owner, thread_id: str) -> Thread:
        """The thread. Raises UnknownThread."""
        rows = await self._database.rows(owner, "SELECT * FROM threads WHERE id = %s", (thread_id,))
        if not rows:
            raise UnknownThread(f"there is no thread {thread_id!r}; leave thread_id out to begin one")
        return await self.read(owner, rows[0])

    async def page(self, owner: Owner, *, limit: int, before: str | None) -> list[Thread]:
        """Threads, newest first, those made before the thread with the id `before`."""
        rows = await self._database.rows(
            owner,
            "SELECT * FROM threads WHERE tenant_id = %s AND user_id = %s AND (%s::text IS NULL OR id < %s)"
            " ORDER BY id DESC LIMIT %s",
            (owner.tenant_id, owner.user_id, before, before, limit),
        )
        return [await self.read(owner, row) for row in rows]

    async def delete(
        self, owner: Owner, thread_id: str, *, withdraw: Withdraw | None = None
    ) -> DeletedThread:
        """Delete the thread with all that belongs to it; see `deleting.delete_thread`. Raises UnknownThread."""
        return await delete_thread(self._database, owner, thread_id, withdraw)

    async def messages(self, owner: Owner, thread_id: str, *, limit: int, after: str | None) -> list[Message]:
        """Messages of a thread in order, those after the message with the id `after`. Raises UnknownThread."""
        await self.get(owner, thread_id)
        rows = await self._database.rows(
            owner,
            "SELECT * FROM messages WHERE thread_id = %s AND (%s::text IS NULL OR id > %s) ORDER BY id LIMIT %s",
            (thread_id, after, after, limit),
        )
        return [await self._message(owner, row) for row in rows]

    async def message(self, owner: Owner, thread_id: str, message_id: str) -> Message:
        """One of them. Raises UnknownRecord."""
        rows = await self._database.rows(
            owner, "SELECT * FROM messages WHERE thread_id = %s AND id = %s", (thread_id, message_id)
        )
        if not rows:
            raise UnknownRecord(f"thread {thread_id!r} has no message {message_id!r}")
        return await self._message(owner, rows[0])

    async def said(self, owner: Owner, message_ids: Sequence[str]) -> list[Message]:
        """Those of the messages that are the owner's and are there yet, oldest first."""
        rows = await self._database.rows(
            owner,
            "SELECT * FROM messages WHERE tenant_id = %s AND user_id = %s AND id = ANY(%s) ORDER BY id",
            (owner.tenant_id, owner.user_id, list(message_ids)),
        )
        return [await self._message(owner, row) for row in rows]

    async def recall(self, scope: Scope, *, limit: int) -> list[Turn]:
        """The newest answered turns of the thread, at most `limit`, oldest first.

        Of what was imported what one side said without a break is together one request or answer, and either may be empty.
        """
        async with self._database.in_one_go(scope.owner) as connection:
            cursor = await connection.execute(ANSWERED, (scope.thread_id, limit))
            answered = await cursor.fetchall()
            cursor = await connection.execute(IMPORTED, (scope.thread_id, limit * _IMPORTED_A_TURN))
            imported = await cursor.fetchall()
        turns = {
            row["id"]: answered_turn(
                {
                    **row,
                    "request": await self._opened(scope.owner, row["request"]),
                    "answer": await self._opened(scope.owner, row["answer"]),
                    "details": await self._opened_details(scope.owner, row["details"]),
                }
            )
            for row in answered
        }
        said = [
            {**row, "content": await self._opened(scope.owner, row["content"])} for row in reversed(imported)
        ]
        for turn in imported_turns(said, whole=len(said) < limit * _IMPORTED_A_TURN):
            turns[turn.run_id] = turn
        return [turns[last] for last in sorted(turns)][-limit:]

    async def remember(self, scope: Scope, turn: Turn) -> None:
        """Add the answer's message to the thread; a run has one answer. Raises UnknownThread."""
        rows = await self._database.rows(
            scope.owner,
            """
            WITH thread AS (
                SELECT id FROM threads WHERE id = %(thread)s
            ), answered AS (
                INSERT INTO messages (id, thread_id, tenant_id, user_id, run_id, role, content, details, created_at, withheld)
                SELECT %(id)s, thread.id, %(tenant)s, %(user)s, %(run)s, 'assistant', %(content)s, %(details)s, %(at)s,
                    %(withheld)s
                FROM thread
                WHERE NOT EXISTS (
                    SELECT 1 FROM messages WHERE thread_id = thread.id AND run_id = %(run)s AND role = 'assistant')
                RETURNING thread_id
            ), asked AS (
                UPDATE messages SET withheld = true, revision = nextval('memory_revision') FROM thread
                WHERE %(withheld)s AND thread_id = thread.id AND run_id = %(run)s AND withheld IS NOT TRUE
            ), changed AS (
                UPDATE threads SET updated_at = %(at)s FROM answered WHERE threads.id = answered.thread_id
            )
            SELECT id FROM thread
            """,
            {
                "id": new_id("msg"),
                "thread": scope.thread_id,
                "tenant": scope.tenant_id,
                "user": scope.user_id,
                "run": turn.run_id,
                "content": await sealed(self._sealer, scope.owner, turn.answer),
                "details": Jsonb(
                    await sealed_json(
                        self._sealer,
                        scope.owner,
                        turn.model_dump(mode="json", include={"agents", "tool_uses"}),
                    )
                ),
                "at": turn.at,
                "withheld": turn.withheld,
            },
        )
        if not rows:
            raise UnknownThread(f"there is no thread {scope.thread_id!r} any more")

    async def read(self, owner: Owner, row: DictRow) -> Thread:
        """The thread of a row of the table."""
        kept = {key: row[key] for key in Thread.model_fields}
        return Thread.model_validate(
            {
                **kept,
                "title": await self._opened(owner, row["title"]),
                "metadata": await self._opened_details(owner, row["metadata"]),
            }
        )

    async def _message(self, owner: Owner, row: DictRow) -> Message:
        return Message.model_validate(
            {
                **{key: row[key] for key in Message.model_fields},
                "content": await self._opened(owner, row["content"]),
                "speaker": row["speaker"] and await self._opened(owner, row["speaker"]),
            }
        )

    async def _opened(self, owner: Owner, text: str) -> str:
        return await self._sealer.open(owner, text) if self._sealer else text

    async def _opened_details(
        self, owner: Owner, details: dict[str, Any]
    ) -> dict[str, Any]:  # JSON of the database
        opened: dict[str, Any] = await opened_json(self._sealer, owner, details)
        return opened


async def open_turn(
    connection: Connection,
    scope: Scope,
    *,
    run_id: str,
    request: str,
    metadata: dict[str, JsonValue],
    new: bool,
    title: str | None = None,
    withheld: bool = False,
) -> None:
    """Write the user's message, and its thread where it is new, within the caller's transaction.

    Request, metadata and title are stored as they are given: seal them before, for a key may be read over another connection. The
    title is made of the request where there is none. A request to forget something is `withheld`.
    """
    if new:
        await connection.execute(
            "INSERT INTO threads (id, tenant_id, user_id, title, project_id, metadata) VALUES (%s, %s, %s, %s, %s, %s)",
            (
                scope.thread_id,
                scope.tenant_id,
                scope.user_id,
                title if title is not None else title_of(request),
                scope.project_id,
                Jsonb(metadata),
            ),
        )
    else:
        await connection.execute(
            "UPDATE threads SET title = %s WHERE id = %s AND NOT named"
            " AND NOT EXISTS (SELECT FROM messages WHERE thread_id = threads.id)",
            (title if title is not None else title_of(request), scope.thread_id),
        )
    await connection.execute(
        "INSERT INTO messages (id, thread_id, tenant_id, user_id, run_id, role, content, withheld)"
        " VALUES (%s, %s, %s, %s, %s, 'user', %s, %s)",
        (
            new_id("msg"),
            scope.thread_id,
            scope.tenant_id,
            scope.user_id,
            run_id,
            request,
            withheld,
        ),
    )
