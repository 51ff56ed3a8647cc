"""Who read and who deleted what is remembered of a user."""

from collections.abc import Mapping
from datetime import datetime

from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict

from memory.database import Connection, Database
from memory.owner import Owner
from memory.privacy.chain import AuditChain, verify


class AuditEntry(BaseModel):
    """Something that was done with what is remembered of a user."""

    model_config = ConfigDict(frozen=True)

    id: int
    actor: str
    """Who did it: a user, or a part of the service."""
    action: str
    """Such as `recall`, `export`, `forget`, `erase`."""
    subject: str | None
    """The id of what it was done to; None for all."""
    counts: dict[str, int]
    at: datetime
    hash: str
    """SHA-256 of the hash of the user's entry before it and of what this one says, in hexadecimal."""


class AuditTrail:
    """Notes what is done and never changes a note; the database refuses it too. An outage raises MemoryUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(
        self,
        owner: Owner,
        actor: str,
        action: str,
        subject: str | None = None,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """Note what the actor did with this owner's memory."""
        async with self._database.of(owner) as connection:
            await write_note(connection, owner, actor, action, subject, counts)

    async def page(self, owner: Owner, *, limit: int = 50, before: int | None = None) -> list[AuditEntry]:
        """The owner's entries, newest first, those older than the one with the id `before`."""
        async with self._database.of(owner) as connection:
            cursor = await connection.execute(
                "SELECT id, actor, action, subject, counts, at, encode(hash, 'hex') AS hash FROM memory_audit"
                " WHERE tenant_id = %s AND user_id = %s AND (%s::bigint IS NULL OR id < %s) ORDER BY id DESC LIMIT %s",
                (owner.tenant_id, owner.user_id, before, before, limit),
            )
            return [AuditEntry.model_validate(row) for row in await cursor.fetchall()]

    async def verify(self, owner: Owner) -> AuditChain:
        """Whether all the owner's entries are as they were noted."""
        return await verify(self._database, owner)


async def write_note(
    connection: Connection,
    owner: Owner,
    actor: str,
    action: str,
    subject: str | None = None,
    counts: Mapping[str, int] | None = None,
) -> None:
    """Note it within the caller's transaction, so that it is noted if and only if it was done."""
    await connection.execute(
        "INSERT INTO memory_audit (tenant_id, user_id, actor, action, subject, counts) VALUES (%s, %s, %s, %s, %s, %s)",
        (owner.tenant_id, owner.user_id, actor, action, subject, Jsonb(dict(counts or {}))),
    )
