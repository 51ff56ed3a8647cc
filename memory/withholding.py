"""Messages that are kept and do not come back: requests to forget something, what was answered to them, and what had said it."""

from collections.abc import Iterable, Sequence
from typing import Final

import structlog

from memory.database import Connection, Database
from memory.errors import KeyMissing
from memory.owner import Owner
from memory.recall.rows import Opens
from memory.wishes import chosen, message_ids, record_ids, wish_to_forget

_log = structlog.get_logger(__name__)
# With its whole turn, wherever it was copied to; an imported message is in no run, and its answer comes right after it.
_WITHHOLD: Final = """
    WITH said AS (
        SELECT id, run_id, thread_id FROM messages
        WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id = ANY(%(ids)s)
    ), meant AS (
        SELECT id FROM said
        UNION SELECT turn.id FROM said JOIN messages turn ON turn.run_id = said.run_id
        UNION SELECT answer.id FROM said CROSS JOIN LATERAL (
            SELECT id, role FROM messages WHERE thread_id = said.thread_id AND id > said.id ORDER BY id LIMIT 1
        ) answer WHERE said.run_id IS NULL AND answer.role = 'assistant'
    )
    UPDATE messages SET withheld = true, revision = nextval('memory_revision')
    WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id IN (SELECT id FROM meant) AND withheld IS NOT TRUE
    RETURNING thread_id
"""
_DUE: Final = """
    SELECT DISTINCT tenant_id, user_id, thread_id FROM messages WHERE withheld IS NULL LIMIT %s
"""
_SAID: Final = "SELECT id, role, content FROM messages WHERE thread_id = %s ORDER BY id FOR NO KEY UPDATE"
_LOOKED_AT: Final = "UPDATE messages SET withheld = false WHERE id = ANY(%s) AND withheld IS NULL"


async def withhold(connection: Connection, owner: Owner, ids: Iterable[str]) -> set[str]:
    """Keep these messages of the owner, and what belongs to their turns, from coming back; gives the threads they are in.

    Within a transaction of the owner.
    """
    whose = {"tenant": owner.tenant_id, "user": owner.user_id}
    cursor = await connection.execute(_WITHHOLD, {**whose, "ids": list(ids)})
    return {row["thread_id"] for row in await cursor.fetchall()}


async def withhold_due(database: Database, opener: Opens | None = None, limit: int = 64) -> int:
    """Look through at most `limit` threads with messages that nobody has looked at; gives how many.

    That are those of a time before there were marks, and imported ones with a request to forget something: the request is
    withheld, with what its answer names. What cannot be read asks for nothing. Raises MemoryUnavailable.
    """
    async with database.of_all() as connection:
        due = await (await connection.execute(_DUE, (limit,))).fetchall()
    for row in due:
        owner, thread_id = Owner(row["user_id"], row["tenant_id"]), row["thread_id"]
        async with database.of(owner) as connection:
            rows = await (await connection.execute(_SAID, (thread_id,))).fetchall()
            said = [
                (each["id"], each["role"], await _opened(opener, owner, each["content"])) for each in rows
            ]
            if found := told_of_forgetting(said):
                await withhold(connection, owner, found)
            await connection.execute(_LOOKED_AT, ([each["id"] for each in rows],))
    return len(due)


def told_of_forgetting(said: Sequence[tuple[str, str, str]]) -> list[str]:
    """Which messages are withheld for what a conversation says, given as id, role and text of each message in order.

    Requests to forget something and what chooses among the records that are offered then, with their answers, and the messages that
    these name as what had said it.
    """
    found: list[str] = []
    offered: tuple[str, ...] = ()
    asked = False
    for message_id, role, text in said:
        if role == "assistant":
            if asked:
                found += [message_id, *message_ids(text)]
                offered = record_ids(text)
            asked = False
            continue
        asked = wish_to_forget(text) is not None or chosen(text, offered) is not None
        offered = ()
        if asked:
            found.append(message_id)
    return found


async def _opened(opener: Opens | None, owner: Owner, text: str) -> str:
    if opener is None:
        return text
    try:
        return await opener.open(owner, text)
    except KeyMissing as error:
        _log.warning("a message cannot be looked at", owner=str(owner), reason=str(error))
        return ""
