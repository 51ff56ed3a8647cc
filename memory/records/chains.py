"""The versions of a record."""

from collections.abc import Sequence

from psycopg.rows import DictRow

from memory.database import Connection
from memory.errors import UnknownRecord
from memory.interfaces import Kind, Tier
from memory.owner import Owner
from memory.records.rows import COLUMNS, SHOWN, tier_of

_OF_SLOT = f"""
    SELECT {SHOWN} FROM memory_records
    WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND kind = ANY(%(kinds)s) AND slot = ANY(%(slots)s)
        AND (%(lasting)s OR project_id IS NOT DISTINCT FROM %(project_id)s)
    ORDER BY version DESC, said_at DESC, id DESC
"""  # noqa: S608  # names of columns
_LINKED = f"""
    WITH RECURSIVE chain AS (
        SELECT id, supersedes, contests FROM memory_records
        WHERE id = %(id)s AND tenant_id = %(tenant_id)s AND user_id = %(user_id)s
        UNION
        SELECT other.id, other.supersedes, other.contests
        FROM chain JOIN memory_records other
            ON other.id IN (chain.supersedes, chain.contests) OR chain.id IN (other.supersedes, other.contests)
        WHERE other.tenant_id = %(tenant_id)s AND other.user_id = %(user_id)s
    )
    SELECT {SHOWN} FROM memory_records WHERE id IN (SELECT id FROM chain)
    ORDER BY version DESC, said_at DESC, id DESC
"""  # noqa: S608  # names of columns


async def take_turn(connection: Connection, owner: Owner) -> None:
    """Until the transaction ends, nobody else who takes a turn changes this owner's records."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"memory records of {owner}",)
    )


async def own_row(connection: Connection, owner: Owner, record_id: str) -> DictRow:
    """The row of a record of this owner, locked. Raises UnknownRecord, also for what is another's in a project."""
    cursor = await connection.execute(
        f"SELECT {COLUMNS} FROM memory_records WHERE id = %s AND tenant_id = %s AND user_id = %s FOR UPDATE",  # noqa: S608  # names of columns
        (record_id, owner.tenant_id, owner.user_id),
    )
    return _one(await cursor.fetchall(), record_id)


async def seen_row(connection: Connection, record_id: str) -> DictRow:
    """The row of a record that the transaction's owner may see. Raises UnknownRecord."""
    cursor = await connection.execute(
        f"SELECT {SHOWN} FROM memory_records WHERE id = %s",  # noqa: S608  # names of columns
        (record_id,),
    )
    return _one(await cursor.fetchall(), record_id)


async def versions_of(connection: Connection, row: DictRow, slots: Sequence[str]) -> list[DictRow]:
    """The versions of the same thing by the same user, this row among them, newest first.

    `slots` are what its slot may be stored as. One that was promoted stays a version of what was not.
    """
    tier = tier_of(Kind(row["kind"]))
    kinds = [kind.value for kind in Kind if tier_of(kind) is tier]
    values = {**row, "slots": list(slots), "kinds": kinds, "lasting": tier is Tier.LONG}
    cursor = await connection.execute(_OF_SLOT if row["slot"] is not None else _LINKED, values)
    return await cursor.fetchall()


def _one(rows: list[DictRow], record_id: str) -> DictRow:
    if not rows:
        raise UnknownRecord(f"nothing is remembered under {record_id!r}; list what is remembered for its ids")
    return rows[0]
