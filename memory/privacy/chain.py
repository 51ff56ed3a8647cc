"""Whether the audit trail is what was noted: each entry's hash covers the one before it."""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Final

from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from memory.database import Database
from memory.owner import Owner

_BATCH: Final = 2000
_CHAIN: Final = "SELECT begins, head, removed FROM memory_audit_chains WHERE tenant_id = %s AND user_id = %s"
# What an entry says, as the database hashes it when it is added (`freya_audit_hash`).
_ENTRIES: Final = """
    SELECT id, hash, jsonb_build_array(tenant_id, user_id, actor, action, subject, counts,
        (extract(epoch FROM at) * 1000000)::bigint)::text AS content
    FROM memory_audit WHERE tenant_id = %s AND user_id = %s AND id > %s ORDER BY id LIMIT %s
"""


class AuditChain(BaseModel):
    """What a check of a user's audit trail found."""

    model_config = ConfigDict(frozen=True)

    intact: bool = Field(description="Whether every entry follows from the one before it, to the last.")
    entries: int = Field(description="How many entries there are.")
    removed: int = Field(
        description="How many were removed by erasing, or because they were past their time."
    )
    head: str = Field(
        description="The hash of the last entry, in hexadecimal. Kept elsewhere it vouches for all entries up to it: it stands "
        "as `hash` of that entry for as long as nothing before it was changed."
    )
    broken_at: int | None = Field(
        default=None,
        description="The first entry that does not follow from the one before it; null where it is entries at the end that are "
        "missing.",
    )


async def verify(database: Database, owner: Owner) -> AuditChain:
    """Compute the hashes of all the owner's entries anew, and compare. An outage raises MemoryUnavailable."""
    whose = (owner.tenant_id, owner.user_id)
    entries, after, broken = 0, 0, None
    async with database.snapshot_of(owner) as connection:
        found = await (await connection.execute(_CHAIN, whose)).fetchall()
        begins, head, removed = found[0].values() if found else (b"", b"", 0)
        reached = bytes(begins)
        while rows := await (await connection.execute(_ENTRIES, (*whose, after, _BATCH))).fetchall():
            if broken is None:
                reached, broken = await asyncio.to_thread(_follow, reached, rows)
            entries, after = entries + len(rows), rows[-1]["id"]
    return AuditChain(
        intact=broken is None and reached == bytes(head),
        entries=entries,
        removed=removed,
        head=bytes(head).hex(),
        broken_at=broken,
    )


def _follow(reached: bytes, rows: Sequence[DictRow]) -> tuple[bytes, int | None]:
    """The hash of the last entry, and the first that does not follow from the one before it."""
    for row in rows:
        computed = hashlib.sha256(reached + row["content"].encode()).digest()
        if computed != bytes(row["hash"]):
            return reached, row["id"]
        reached = computed
    return reached, None
