"""Deleting a conversation, and where it is wanted what it taught."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, LiteralString

from pydantic import BaseModel, ConfigDict, Field

from memory.database import Connection, Database
from memory.errors import UnknownThread
from memory.owner import Owner
from memory.privacy.audit import write_note
from memory.records.deletions import note_deletion, note_for_members
from memory.records.withdrawing import Withdrawn

Withdraw = Callable[[Connection, Owner, Sequence[str]], Awaitable[Withdrawn]]
"""Deletes, within the transaction, the records that came from these messages alone; see `RecordStore.withdraw`."""

_RUNS: Final = "SELECT id FROM runs WHERE thread_id = %(thread)s"
_MESSAGES: Final = "SELECT id FROM messages WHERE thread_id = %(thread)s ORDER BY id FOR UPDATE"
_DELETE: Final = "DELETE FROM threads WHERE id = %(thread)s RETURNING id"
_TAUGHT: Final = """
    SELECT id FROM memory_records
    WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND sources && %(messages)s::text[] ORDER BY id
"""


class DeletedThread(BaseModel):
    """What went with a conversation, and what it left."""

    model_config = ConfigDict(frozen=True)

    messages: int = Field(description="How many messages were deleted.")
    runs: tuple[str, ...] = Field(description="The runs, with their events.")
    records: tuple[str, ...] = Field(
        description="What it had taught and nothing else says: forgotten where that was asked for."
    )
    kept: tuple[str, ...] = Field(
        description="Records that came from it and stay: without `records` all of them, which say that their sources were "
        "deleted; with it those that other messages say too, or that the user worded."
    )


async def delete_thread(
    database: Database, owner: Owner, thread_id: str, withdraw: Withdraw | None = None
) -> DeletedThread:
    """Delete the thread with its messages, its runs and their artifacts.

    With `withdraw` the records go too that came from its messages alone. Raises UnknownThread, MemoryUnavailable.
    """
    values: dict[str, object] = {"thread": thread_id, "tenant": owner.tenant_id, "user": owner.user_id}
    async with database.of(owner) as connection:
        runs = await _ids(connection, _RUNS, values)
        messages = await _ids(connection, _MESSAGES, values)
        gone = await withdraw(connection, owner, messages) if withdraw and messages else None
        if not await _ids(connection, _DELETE, values):
            raise UnknownThread(f"there is no thread {thread_id!r}")
        left = await _ids(connection, _TAUGHT, {**values, "messages": messages})
        records = gone.gone if gone else ()
        await note_deletion(connection, owner)
        counts = {"messages": len(messages), "records": len(records)}
        await write_note(connection, owner, owner.user_id, "delete thread", thread_id, counts)
    if gone and gone.projects:
        async with database.of_all() as connection:
            await note_for_members(connection, gone.projects)
    return DeletedThread(
        messages=len(messages),
        runs=tuple(runs),
        records=records,
        kept=gone.kept if gone else tuple(left),
    )


async def _ids(connection: Connection, statement: LiteralString, values: dict[str, object]) -> list[str]:
    return [row["id"] for row in await (await connection.execute(statement, values)).fetchall()]
