"""A record as its owner corrects it: what it says then, and what it is still about."""

from collections.abc import Sequence
from typing import Final, TypedDict

from psycopg.rows import DictRow
from pydantic import JsonValue

from memory.database import Connection
from memory.interfaces import USER, Draft, Record
from memory.owner import Owner
from memory.records.entities import Names
from memory.records.words import fold

_LONGEST_NAME: Final = 80
_TOLD: Final = frozenset({"what", "why", "alternatives"})
"""Details that the text of a decision says too: they hold for as long as it does."""
_MENTIONED: Final = """
    SELECT entity.name FROM memory_mentions AS mention JOIN memory_entities AS entity ON entity.id = mention.entity_id
    WHERE mention.record_id = %s
"""
_STATED: Final = """
    SELECT subject.name AS subject, stated.predicate, object.name AS object FROM memory_relations AS stated
    JOIN memory_entities AS subject ON subject.id = stated.subject_id
    JOIN memory_entities AS object ON object.id = stated.object_id
    WHERE stated.record_id = %s
"""


class About(TypedDict):
    """Names that a record is about, and the relations that it states."""

    entities: tuple[str, ...]
    relations: tuple[tuple[str, str, str], ...]


async def still_about(
    connection: Connection, owner: Owner, before: tuple[str, str], text: str, written: Names
) -> About:
    """What a record is about, given with its id and what it said `before`, once it says another text.

    A name that stands where another did, in a text that is else the same, takes its place. Relations of a name that
    does not stand in the text any more are left out; those to the user himself need no word of him.
    """
    record_id, said = before
    cursor = await connection.execute(_MENTIONED, (record_id,))
    names = [await written.read_name(owner, row["name"]) for row in await cursor.fetchall()]
    now = {name: _now(name, said, text) for name in names}
    cursor = await connection.execute(_STATED, (record_id,))
    stated = [await _opened(row, owner, written) for row in await cursor.fetchall()]
    kept = [(now.get(s), predicate, now.get(o)) for s, predicate, o in stated]
    return {
        "entities": tuple(sorted({name for name in now.values() if name})),
        "relations": tuple((s, predicate, o) for s, predicate, o in kept if s and o),
    }


def corrected(
    record: Record, text: str | None, value: str | None, details: dict[str, JsonValue] | None
) -> Draft:
    """What the record is to say."""
    kept = {**record.details, **(details or {}), "corrected": True}
    old = kept.pop("value", None)
    if text is None and value is not None:
        stood = isinstance(old, str) and old and old in record.text
        name = (record.slot or "").partition(":")[2] or record.kind.value
        text = record.text.replace(str(old), value) if stood else f"{name.capitalize()}: {value}."
    elif text is None and value is None and isinstance(old, str):
        value = old
    text = text or record.text
    for name in _TOLD - set(details or ()):
        if name in kept and not _stands(kept[name], text):
            del kept[name]
    return Draft(
        kind=record.kind,
        text=text,
        slot=record.slot,
        value=value,
        details=kept,
        confidence=1.0,
        sources=record.sources,
        said_at=record.said_at,
        project_id=record.project_id,
        thread_id=record.thread_id,
        agent=record.agent,
    )


def _stands(detail: JsonValue, text: str) -> bool:
    """Whether the text says the detail, of several each."""
    return all(fold(str(each)) in fold(text) for each in (detail if isinstance(detail, list) else [detail]))


def _now(name: str, said: str, text: str) -> str | None:
    """What the name is in the new text; None where it has no place in it any more."""
    if fold(name) in fold(text) or fold(name) == USER or fold(name).endswith(f" of {USER}"):
        return name
    at = said.casefold().find(name.casefold())
    if at < 0:
        return None
    begins, ends = said[:at], said[at + len(name) :]
    new = text[len(begins) : len(text) - len(ends)].strip()
    fits = text.startswith(begins) and text.endswith(ends) and len(new) <= _LONGEST_NAME
    return new if fits and new[:1].isupper() else None


async def _opened(row: DictRow, owner: Owner, written: Names) -> Sequence[str]:
    return [await written.read_name(owner, row[part]) for part in ("subject", "predicate", "object")]
