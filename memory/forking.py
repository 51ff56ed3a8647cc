"""Forking a conversation: a new thread that begins as another one did, up to a message."""

from typing import Final

from memory.database import Database
from memory.errors import UnknownRecord, UnknownThread
from memory.identifiers import new_id
from memory.owner import Owner

_KNOWN: Final = """
    SELECT id FROM threads WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND idempotency_key = %(key)s
"""
_PLACE: Final = """
    SELECT id, coalesce((
        SELECT min(id) FROM messages AS turn WHERE turn.thread_id = message.thread_id AND turn.run_id = message.run_id
    ), id) AS turn FROM messages AS message WHERE thread_id = %(thread)s AND id = %(message)s
"""
_FORK: Final = """
    INSERT INTO threads (id, tenant_id, user_id, title, named, project_id, metadata, idempotency_key, parent_id, parent_message_id)
    SELECT %(new)s, tenant_id, user_id, coalesce(%(title)s, title), named OR %(title)s IS NOT NULL, project_id, metadata, %(key)s,
        id, %(message)s
    FROM threads WHERE id = %(thread)s AND tenant_id = %(tenant)s AND user_id = %(user)s RETURNING id
"""
_SAID: Final = """
    SELECT id FROM messages WHERE thread_id = %(thread)s
        AND CASE WHEN %(without)s THEN id < %(place)s ELSE id <= %(place)s END ORDER BY id
"""
_COPY: Final = """
    INSERT INTO messages
        (id, thread_id, tenant_id, user_id, run_id, role, speaker, content, details, created_at, embedded, consolidated,
        withheld)
    SELECT copy.id, %(new)s, tenant_id, user_id, run_id, role, speaker, content, details, created_at, embedded, true,
        withheld
    FROM unnest(%(said)s::text[], %(copies)s::text[]) AS copy (of, id) JOIN messages ON messages.id = copy.of
"""
_COPY_PASSAGES: Final = """
    INSERT INTO memory_passages (message_id, ordinal, tenant_id, user_id, begins, ends, model, vector)
    SELECT copy.id, ordinal, tenant_id, user_id, begins, ends, model, vector
    FROM unnest(%(said)s::text[], %(copies)s::text[]) AS copy (of, id)
    JOIN memory_passages ON memory_passages.message_id = copy.of
"""
_ATTACHED: Final = """
    UPDATE attachments SET shares = coalesce(shares, id)
    WHERE thread_id = %(thread)s AND created_at <= (SELECT created_at FROM messages WHERE id = %(place)s) RETURNING id
"""
_SHARE: Final = """
    INSERT INTO attachments
        (id, thread_id, tenant_id, user_id, name, media_type, bytes, content, sealed, text, details, created_at, shares)
    SELECT copy.id, %(new)s, tenant_id, user_id, name, media_type, bytes, NULL, sealed, text, details, created_at, shares
    FROM unnest(%(said)s::text[], %(copies)s::text[]) AS copy (of, id) JOIN attachments ON attachments.id = copy.of
"""


async def fork_thread(
    database: Database,
    owner: Owner,
    thread_id: str,
    message_id: str,
    *,
    without: bool,
    title: str | None,
    idempotency_key: str | None = None,
) -> str:
    """Make a thread with copies of the messages up to this one; `without` its turn, up to the turn before. Gives its id.

    It has the files that were attached by then, which share their content with those of the first thread.

    The copies belong to the turns that they are copied from: what is forgotten of those goes here too, and nothing is
    learned from them again. The title is stored as it is given: seal it before. A known key gives the thread that it made.
    Raises UnknownThread, and UnknownRecord for a message that the thread does not have.
    """
    values: dict[str, object] = {
        "tenant": owner.tenant_id,
        "user": owner.user_id,
        "thread": thread_id,
        "message": message_id,
        "title": title,
        "key": idempotency_key,
        "new": new_id("thr"),
        "without": without,
    }
    async with database.of(owner) as connection:
        if idempotency_key is not None:
            known = await (await connection.execute(_KNOWN, values)).fetchall()
            if known:
                return str(known[0]["id"])
        if not await (await connection.execute(_FORK, values)).fetchall():
            raise UnknownThread(f"there is no thread {thread_id!r}")
        place = await (await connection.execute(_PLACE, values)).fetchall()
        if not place:
            raise UnknownRecord(f"thread {thread_id!r} has no message {message_id!r}")
        values["place"] = place[0]["turn" if without else "id"]
        said = [row["id"] for row in await (await connection.execute(_SAID, values)).fetchall()]
        values |= {"said": said, "copies": [new_id("msg") for _ in said]}
        await connection.execute(_COPY, values)
        await connection.execute(_COPY_PASSAGES, values)
        attached = sorted(row["id"] for row in await (await connection.execute(_ATTACHED, values)).fetchall())
        values |= {"said": attached, "copies": [new_id("att") for _ in attached]}
        await connection.execute(_SHARE, values)
    return str(values["new"])
