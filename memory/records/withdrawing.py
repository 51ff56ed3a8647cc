"""Records that came from messages which are to be forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.rows import DictRow

from memory.database import Connection
from memory.errors import KeyMissing
from memory.interfaces import RecordState
from memory.owner import Owner
from memory.records.entities import forget_unmentioned
from memory.records.rows import COLUMNS, RecordRows

_DRAWN = f"""
    SELECT {COLUMNS} FROM memory_records
    WHERE tenant_id = %s AND user_id = %s AND sources && %s::text[] ORDER BY id FOR UPDATE
"""  # noqa: S608  # names of columns
_KEEP = """
    UPDATE memory_records SET evidence = greatest(1, evidence - %(fewer)s), sources = %(sources)s,
        updated_at = now(), revision = nextval('memory_revision')
    WHERE id = %(id)s
"""
_LINK = """
    UPDATE memory_records SET supersedes = %(before)s, updated_at = now(), revision = nextval('memory_revision')
    WHERE supersedes = %(id)s
"""
_HOLDS = """
    UPDATE memory_records SET state = 'active', updated_at = now(), revision = nextval('memory_revision')
    WHERE id = %s
"""
# Whoever is contested by nobody that is left.
_SETTLED = """
    UPDATE memory_records SET state = 'active', contests = NULL, updated_at = now(), revision = nextval('memory_revision')
    WHERE id = ANY(%(others)s) AND state = 'contested' AND NOT EXISTS (
        SELECT FROM memory_records AS other WHERE other.state = 'contested' AND other.id <> memory_records.id
        AND (other.contests = memory_records.id OR memory_records.contests = other.id))
"""
_RIVALS = "SELECT id FROM memory_records WHERE id = ANY(%(contests)s) OR contests = ANY(%(gone)s)"


@dataclass(frozen=True, kw_only=True)
class Withdrawn:
    """What became of the records that named some messages as what they come from."""

    gone: tuple[str, ...]
    """Those that nothing else says: deleted."""
    kept: tuple[str, ...]
    """Those that other messages say as well, or that are in the user's own words: they name these messages no more."""
    projects: tuple[str, ...]
    """Of those that are gone."""


async def withdraw(
    connection: Connection, owner: Owner, messages: Sequence[str], rows: RecordRows
) -> Withdrawn:
    """Delete what these messages alone say. What that replaced holds again, and what it alone contradicted.

    Within a transaction that has the owner's turn (`take_turn`), of an owner who is `ready`.
    """
    cursor = await connection.execute(_DRAWN, (owner.tenant_id, owner.user_id, list(messages)))
    gone: dict[str, DictRow] = {}
    kept = []
    for row in await cursor.fetchall():
        left = [source for source in row["sources"] if source not in messages]
        if left or await _corrected(row, rows):
            fewer = len(row["sources"]) - len(left)
            await connection.execute(_KEEP, {"id": row["id"], "sources": left, "fewer": fewer})
            kept.append(row["id"])
        else:
            gone[row["id"]] = row
    if gone:
        await _take_out(connection, gone)
        await forget_unmentioned(connection, owner)
    projects = {row["project_id"] for row in gone.values() if row["project_id"] is not None}
    return Withdrawn(gone=tuple(gone), kept=tuple(kept), projects=tuple(sorted(projects)))


async def _take_out(connection: Connection, gone: dict[str, DictRow]) -> None:
    """Delete them; the versions before and after each are linked, and rivals that are left alone hold."""
    chains = {"gone": list(gone), "contests": [row["contests"] for row in gone.values() if row["contests"]]}
    cursor = await connection.execute(_RIVALS, chains)
    rivals = [row["id"] for row in await cursor.fetchall() if row["id"] not in gone]
    for row in gone.values():
        before = row["supersedes"]
        while before in gone:
            before = gone[before]["supersedes"]
        await connection.execute(_LINK, {"id": row["id"], "before": before})
        if before is not None and row["state"] != RecordState.SUPERSEDED and not rivals:
            await connection.execute(_HOLDS, (before,))
    await connection.execute("DELETE FROM memory_records WHERE id = ANY(%s)", (list(gone),))
    await connection.execute(_SETTLED, {"others": rivals})


async def _corrected(row: DictRow, rows: RecordRows) -> bool:
    """Whether the user worded it himself; what cannot be read any more counts as not."""
    try:
        return bool((await rows.record(row)).details.get("corrected"))
    except KeyMissing:
        return False
