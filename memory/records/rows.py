"""Rows of the table of records: read, written, and sealed where texts are encrypted."""

from typing import Any, Final, LiteralString, Protocol  # rows of the database

import numpy as np
import orjson
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from pydantic import JsonValue, TypeAdapter

from memory.database import Connection
from memory.interfaces import Kind, Record, Tier
from memory.owner import Owner

COLUMNS: Final[LiteralString] = """
    id, tenant_id, user_id, project_id, thread_id, agent, tier, kind, slot, text, details, confidence, evidence, state,
    version, supersedes, contests, sources, pinned, recalled, cited, rating, faded, said_at, created_at, updated_at
"""
DELETED_SOURCES: Final[LiteralString] = """
    ARRAY(SELECT source FROM unnest(sources) AS source
        WHERE starts_with(source, 'msg_') AND user_id = current_setting('freya.user', true)
            AND NOT EXISTS (SELECT FROM messages WHERE messages.id = source)) AS deleted_sources
"""
"""Of the owner's own records: nobody sees another's messages."""
SHOWN: Final[LiteralString] = f"{COLUMNS}, {DELETED_SOURCES}"
"""What a record is shown with."""
MEDIUM: Final = frozenset({Kind.DECISION, Kind.PROGRESS, Kind.ARTIFACT})
"""The kinds that live for weeks and are seen by the members of their project; all others are for good."""
FIGURES: Final = frozenset({Kind.PATTERN, Kind.PRACTICE, Kind.PERFORMANCE})
"""The kinds that are counted out of the interaction log, and said by nobody."""

_SEALED: Final = "sealed"
_DETAILS: Final = TypeAdapter(dict[str, JsonValue])
_CHANGED: Final[LiteralString] = "updated_at = now(), revision = nextval('memory_revision')"


class TextSealer(Protocol):
    """Encrypts texts for their owner. `open` gives a text that is not sealed back as it is, or raises KeyMissing."""

    @property
    def configured(self) -> bool:
        """Whether there is a key; without one texts stay as they are."""
        ...

    async def seal(self, owner: Owner, text: str) -> str:
        """The text, sealed."""
        ...

    async def seal_name(self, owner: Owner, name: str) -> str:
        """The name, sealed so that the same one is alike each time."""
        ...

    async def stored_names(self, owner: Owner, name: str) -> tuple[str, ...]:
        """As what the name may be stored: sealed, or as it is."""
        ...

    async def open(self, owner: Owner, text: str) -> str:
        """The text that was sealed."""
        ...


def tier_of(kind: Kind) -> Tier:
    """The tier that records of a kind live in."""
    return Tier.MEDIUM if kind in MEDIUM else Tier.LONG


def vector_text(vector: Any) -> str:  # an array of numpy, whose type says nothing of its shape
    """A vector as the database reads it."""
    return orjson.dumps(np.ascontiguousarray(vector, np.float32), option=orjson.OPT_SERIALIZE_NUMPY).decode()


class RecordRows:
    """Turns rows to records and back. Where a sealer is given text, details and names are sealed; the rest is not."""

    def __init__(self, sealer: TextSealer | None = None) -> None:
        self._sealer = sealer

    @property
    def searchable(self) -> bool:
        """Whether the database can read the texts."""
        return self._sealer is None or not self._sealer.configured

    async def ready(self, owner: Owner) -> None:
        """Have the owner's key at hand, so that within a transaction no other connection is needed for it."""
        if self._sealer is not None:
            await self._sealer.seal(owner, "")

    async def record(self, row: DictRow) -> Record:
        """The record of a row with COLUMNS, or SHOWN. Raises KeyMissing."""
        kept = {name: row[name] for name in Record.model_fields if name in row}
        if self._sealer is not None:
            owner = Owner(row["user_id"], row["tenant_id"])
            kept["text"] = await self._sealer.open(owner, row["text"])
            kept["slot"] = row["slot"] and await self._sealer.open(owner, row["slot"])
            if isinstance(sealed := row["details"].get(_SEALED), str):
                kept["details"] = _DETAILS.validate_json(await self._sealer.open(owner, sealed))
        return Record.model_validate(kept)

    async def records(self, rows: list[DictRow]) -> list[Record]:
        """The records of rows, in order."""
        return [await self.record(row) for row in rows]

    async def columns(self, owner: Owner, *, text: str, details: dict[str, JsonValue]) -> tuple[str, Jsonb]:
        """What is written into the columns `text` and `details`."""
        if self._sealer is None or not self._sealer.configured:
            return text, Jsonb(details)
        sealed = await self._sealer.seal(owner, _DETAILS.dump_json(details).decode()) if details else None
        return await self._sealer.seal(owner, text), Jsonb({_SEALED: sealed} if sealed else {})

    async def name(self, owner: Owner, name: str) -> str:
        """What is written for a name that is looked up, such as a slot or an entity's."""
        return name if self._sealer is None else await self._sealer.seal_name(owner, name)

    async def stored_names(self, owner: Owner, name: str) -> tuple[str, ...]:
        """What to look for: what `name` gives, and what was written before there was a key."""
        return (name,) if self._sealer is None else await self._sealer.stored_names(owner, name)

    async def read_name(self, owner: Owner, stored: str) -> str:
        """The name that was written. Raises KeyMissing."""
        return stored if self._sealer is None else await self._sealer.open(owner, stored)

    async def stored_slots(self, row: DictRow) -> list[str]:
        """As what the slot of a row may be stored; within a transaction only of an owner who is `ready`."""
        if row["slot"] is None:
            return []
        owner = Owner(row["user_id"], row["tenant_id"])
        return [*await self.stored_names(owner, await self.read_name(owner, row["slot"]))]

    async def change(
        self,
        connection: Connection,
        record_id: str,
        changes: LiteralString,
        parameters: dict[str, Any],  # of psycopg
    ) -> Record:
        """Change columns of an own row that there is, and give it a new revision."""
        cursor = await connection.execute(
            f"UPDATE memory_records SET {changes}, {_CHANGED} WHERE id = %(id)s RETURNING {SHOWN}",  # noqa: S608  # changes are texts of this package
            {**parameters, "id": record_id},
        )
        return await self.record((await cursor.fetchall())[0])
