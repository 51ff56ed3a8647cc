"""Forgetting one message: what it said, the turn it belongs to, and what was drawn from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, LiteralString, Protocol

from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from memory.database import Connection, Database
from memory.errors import KeyMissing, StillRunning, UnknownRecord
from memory.owner import Owner
from memory.privacy.audit import write_note
from memory.privacy.sealing import Sealer
from memory.privacy.stored import sealed
from memory.records.deletions import note_deletion, note_for_members
from memory.records.forgotten import keep_lines_out
from memory.records.rows import RecordRows
from memory.records.store import RecordStore
from memory.titles import title_of

_OWN: Final = "tenant_id = %(tenant)s AND user_id = %(user)s"
_TURN: Final = f"""
    SELECT id, thread_id, run_id, content, import_key, created_at FROM messages
    WHERE {_OWN} AND (id = %(id)s OR run_id = (SELECT run_id FROM messages WHERE id = %(id)s AND {_OWN}))
    ORDER BY id FOR UPDATE
"""  # noqa: S608  # a text of this module
_GOING_ON: Final = f"SELECT id FROM runs WHERE {_OWN} AND status IN ('running', 'waiting') LIMIT 1"  # noqa: S608
_GIVEN: Final = f"SELECT run_id FROM interactions WHERE {_OWN} AND record -> 'context' ?| %(given)s"  # noqa: S608
# What the log does not tell: what a summary of the thread said, and what a run without an answer was given.
_PERHAPS_GIVEN: Final = f"""
    SELECT id FROM runs WHERE {_OWN} AND created_at >= %(since)s
        AND (thread_id = %(thread)s OR status IN ('failed', 'cancelled'))
"""  # noqa: S608  # a text of this module
_ANSWERS: Final = f"""
    SELECT id FROM messages WHERE {_OWN} AND run_id = ANY(%(runs)s) AND role = 'assistant' ORDER BY id
"""  # noqa: S608  # a text of this module


class ForgottenMessage(BaseModel):
    """What was forgotten with a message."""

    model_config = ConfigDict(frozen=True)

    messages: tuple[str, ...] = Field(
        description="The message, and with one of a turn the request or the answer that belongs to it."
    )
    records: tuple[str, ...] = Field(description="The records that came from these messages alone.")
    kept: tuple[str, ...] = Field(
        description="Records that other messages say too, or that the user worded: they stay without these as sources."
    )
    given_to: tuple[str, ...] = Field(
        description="Answers of other turns that were given some of it: what they repeat stays until they are forgotten."
    )


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Where else what was forgotten may stand: in what is kept of the turns that were given it."""

    thread_id: str
    gone: tuple[str, ...]
    """Runs that are deleted."""
    given: tuple[str, ...]
    """Other runs, which may have it in their results and events."""
    ids: tuple[str, ...]
    """Of the messages and records that are gone."""


class HasCopies(Protocol):
    """Where copies are. An outage raises MemoryUnavailable."""

    async def drop(self, connection: Connection, owner: Owner, copies: Copies) -> None:
        """Remove them, as the last step of the transaction that forgets; where it fails nothing is forgotten."""
        ...

    async def drop_at_hand(self, owner: Owner, thread_id: str) -> None:
        """Remove what is held of the thread's conversation: it may have been read before the transaction ended."""
        ...


class MessageForgetter:
    """Forgets messages, each with its turn, in one transaction. An outage raises MemoryUnavailable; repeat it then."""

    def __init__(
        self,
        database: Database,
        records: RecordStore,
        *,
        copies: HasCopies,
        sealer: Sealer | None = None,
    ) -> None:
        self._database = database
        self._records = records
        self._copies = copies
        self._sealer = sealer

    async def forget(self, owner: Owner, message_id: str) -> ForgottenMessage:
        """Delete the message, the rest of its turn with its run, log and artifacts, and what these alone said.

        An imported message goes by itself, and stays away when its history is imported again. Raises UnknownRecord,
        StillRunning while a run of the user goes on: it may have been given what is to be forgotten.
        """
        await sealed(self._sealer, owner, "")  # has the key at hand, without a second connection for it
        async with self._database.of(owner) as connection:
            turn = await self._locked(connection, owner, message_id)
            messages = tuple(row["id"] for row in turn)
            runs = tuple(sorted({row["run_id"] for row in turn if row["run_id"]}))
            thread_id: str = turn[0]["thread_id"]
            withdrawn = await self._records.withdraw(connection, owner, messages)
            ids = (*messages, *withdrawn.gone)
            values = {
                **_whose(owner),
                "given": [*ids, *runs],
                "since": turn[0]["created_at"],
                "thread": thread_id,
            }
            given = set(await _column(connection, _GIVEN, values)) - set(runs)
            perhaps = set(await _column(connection, _PERHAPS_GIVEN, values)) - set(runs)
            await self._delete(connection, owner, turn, runs)
            answers = await _column(connection, _ANSWERS, {**_whose(owner), "runs": sorted(given)})
            await note_deletion(connection, owner)
            counts = {"messages": len(messages), "records": len(withdrawn.gone)}
            await write_note(connection, owner, owner.user_id, "forget message", message_id, counts)
            copies = Copies(thread_id=thread_id, gone=runs, given=tuple(sorted(given | perhaps)), ids=ids)
            await self._copies.drop(connection, owner, copies)
        await self._copies.drop_at_hand(owner, thread_id)
        if withdrawn.projects:
            async with self._database.of_all() as connection:
                await note_for_members(connection, withdrawn.projects)
        return ForgottenMessage(
            messages=messages, records=withdrawn.gone, kept=withdrawn.kept, given_to=tuple(answers)
        )

    async def _locked(self, connection: Connection, owner: Owner, message_id: str) -> list[DictRow]:
        """The messages of the turn, which nobody consolidates any more. Raises UnknownRecord, StillRunning."""
        whose = _whose(owner)
        turn = await (await connection.execute(_TURN, {**whose, "id": message_id})).fetchall()
        if all(row["id"] != message_id for row in turn):
            raise UnknownRecord(f"there is no message {message_id!r}; list those of a thread for their ids")
        running = await (await connection.execute(_GOING_ON, whose)).fetchone()
        if running:
            raise StillRunning(
                f"run {running['id']} is going on and may have been given what is to be forgotten: wait until it has "
                "ended, or cancel it, and try again"
            )
        return turn

    async def _delete(
        self, connection: Connection, owner: Owner, turn: Sequence[DictRow], runs: Sequence[str]
    ) -> None:
        whose = _whose(owner)
        keys = [row["import_key"] for row in turn if row["import_key"]]
        if keys:
            await keep_lines_out(connection, owner, keys, RecordRows(self._sealer))
        ids = [row["id"] for row in turn]
        await connection.execute("DELETE FROM messages WHERE id = ANY(%s)", (ids,))
        for statement in (
            f"DELETE FROM runs WHERE {_OWN} AND id = ANY(%(runs)s)",  # noqa: S608  # texts of this module
            f"DELETE FROM feedback WHERE {_OWN} AND run_id = ANY(%(runs)s)",  # noqa: S608
            f"DELETE FROM interactions WHERE {_OWN} AND run_id = ANY(%(runs)s)",  # noqa: S608
        ):
            await connection.execute(statement.encode(), {**whose, "runs": list(runs)})
        await self._entitle(connection, owner, turn)

    async def _entitle(self, connection: Connection, owner: Owner, turn: Sequence[DictRow]) -> None:
        """A thread that was called by what is forgotten is called by what it begins with now."""
        thread_id = turn[0]["thread_id"]
        cursor = await connection.execute(
            "SELECT title, named, (SELECT content FROM messages WHERE thread_id = threads.id ORDER BY id LIMIT 1) AS first"
            " FROM threads WHERE id = %s",
            (thread_id,),
        )
        (thread,) = await cursor.fetchall()
        said = {title_of(await self._opened(owner, row["content"])) for row in turn}
        if not thread["named"] and await self._opened(owner, thread["title"]) in said:
            title = title_of(await self._opened(owner, thread["first"] or ""))
            await connection.execute(
                "UPDATE threads SET title = %s WHERE id = %s",
                (await sealed(self._sealer, owner, title), thread_id),
            )

    async def _opened(self, owner: Owner, text: str) -> str:
        """The text; nothing where its key is gone, so that it can be forgotten all the same."""
        try:
            return await self._sealer.open(owner, text) if self._sealer else text
        except KeyMissing:
            return ""


def _whose(owner: Owner) -> dict[str, object]:
    return {"tenant": owner.tenant_id, "user": owner.user_id}


async def _column(connection: Connection, statement: LiteralString, values: dict[str, object]) -> list[str]:
    """The only column of what the statement gives."""
    return [
        next(iter(row.values())) for row in await (await connection.execute(statement, values)).fetchall()
    ]
