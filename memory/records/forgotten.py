"""What a user had forgotten: kept as marks that say nothing, so that it does not return from the same messages."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from memory.database import Connection
from memory.interfaces import Draft, Record
from memory.owner import Owner
from memory.records.entities import Names
from memory.records.merging import details_of
from memory.records.rows import FIGURES
from memory.records.words import denies, ends, statement, value_of

_NOTE: Final = """
    INSERT INTO memory_forgotten (tenant_id, user_id, mark) SELECT %s, %s, unnest(%s::text[]) ON CONFLICT DO NOTHING
"""


def marks(owner: Owner, said: Draft | Record) -> dict[str, str]:
    """By each message that it comes from, the mark of this statement of it.

    Two statements have the same mark when they say the same of the same thing, in whatever words of a slot's value or
    order of a sentence; see `merging.says_same`. Figures that come from no message have that of their slot, whatever they
    were. A mark is a SHA-256, in hexadecimal digits.
    """
    if said.kind in FIGURES and said.slot is not None and not said.sources:
        whose = f"{owner.tenant_id}\0{owner.user_id}\0{said.slot}"
        return {said.slot: hashlib.sha256(whose.encode()).hexdigest()}
    details = details_of(said) if isinstance(said, Draft) else said.details
    if said.slot is not None:
        says = (said.slot, value_of(said.text, details), str(denies(said.text, details)))
    else:
        what = statement(said.text)
        says = (said.kind.value, " ".join(what.core), str(what.negated))
    parts = (owner.tenant_id, owner.user_id, *says, str(ends(said.text, details)))
    return {
        source: hashlib.sha256("\0".join((source, *parts)).encode()).hexdigest() for source in said.sources
    }


async def keep_marks(connection: Connection, owner: Owner, records: Iterable[Record], written: Names) -> None:
    """Note that these were forgotten; noting it twice changes nothing.

    Where there is a key the marks are sealed with it, so that nobody who lacks it can try what they may stand for.
    """
    found = {mark for record in records for mark in marks(owner, record).values()}
    stored = sorted([await written.name(owner, mark) for mark in found])
    await connection.execute(_NOTE, (owner.tenant_id, owner.user_id, stored))


async def keep_lines_out(connection: Connection, owner: Owner, keys: Iterable[str], written: Names) -> None:
    """Note that the imported messages with these keys were forgotten."""
    found = [await written.name(owner, _of_line(owner, key)) for key in keys]
    await connection.execute(_NOTE, (owner.tenant_id, owner.user_id, sorted(found)))


async def lines_kept_out(
    connection: Connection, owner: Owner, keys: Sequence[str], written: Names
) -> set[str]:
    """Those of the keys whose messages were forgotten."""
    stored = {kept: key for key in keys for kept in await written.stored_names(owner, _of_line(owner, key))}
    return {stored[mark] for mark in await _noted(connection, owner, stored)}


async def still_to_say(
    connection: Connection, owner: Owner, drafts: Sequence[Draft], written: Names
) -> list[Draft | None]:
    """The drafts without the sources whose saying was forgotten; None for one that has no other."""
    wanted = [marks(owner, draft) for draft in drafts]
    stored = {
        kept: mark
        for of in wanted
        for mark in of.values()
        for kept in await written.stored_names(owner, mark)
    }
    gone = {stored[mark] for mark in await _noted(connection, owner, stored)}
    left: list[Draft | None] = []
    for draft, of in zip(drafts, wanted, strict=True):
        if not draft.sources:
            left.append(None if gone.intersection(of.values()) else draft)
            continue
        sources = tuple(source for source in draft.sources if of[source] not in gone)
        if not sources:
            left.append(None)
        else:
            left.append(draft if sources == draft.sources else draft.model_copy(update={"sources": sources}))
    return left


async def _noted(connection: Connection, owner: Owner, marks: Collection[str]) -> list[str]:
    cursor = await connection.execute(
        "SELECT mark FROM memory_forgotten WHERE tenant_id = %s AND user_id = %s AND mark = ANY(%s)",
        (owner.tenant_id, owner.user_id, sorted(marks)),
    )
    return [row["mark"] for row in await cursor.fetchall()]


def _of_line(owner: Owner, key: str) -> str:
    return hashlib.sha256(f"line\0{owner.tenant_id}\0{owner.user_id}\0{key}".encode()).hexdigest()
