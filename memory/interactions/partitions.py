"""A partition a month, so that old months can be dropped or moved without touching the rest."""

from datetime import UTC, datetime
from typing import Any, Final  # the connection's rows may be of any form

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from memory.database import OUTAGES
from memory.errors import MemoryUnavailable

_ADVISORY_LOCK: Final = 0x46726579_62
_LOCK_WAIT: Final = "5s"
_DECEMBER: Final = 12
_PARENT: Final = sql.Identifier("interactions")
_WAITING: Final = "SELECT DISTINCT date_trunc('month', created_at, 'UTC') FROM interactions_default"


async def ensure_partitions(
    connection: psycopg.AsyncConnection[Any], *, months_ahead: int = 2, now: datetime | None = None
) -> list[str]:
    """Make the partitions that are missing: this month's, those of the months ahead, and of rows that have none.

    `connection` is of the tables' owner (a migration's, not the service's). Months are those of UTC. Rows in the
    default partition move to their month's. Gives the names made; run again, or by several processes at once, it makes
    no more. Raises MemoryUnavailable where the table stays locked for five seconds; nothing has changed then.
    """
    first = (now or datetime.now(UTC)).astimezone(UTC)
    months = {_month(first.year, first.month + further) for further in range(months_ahead + 1)}
    made = []
    try:
        async with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_ADVISORY_LOCK,))
            await cursor.execute(
                "SELECT set_config('freya.system', 'on', true), set_config('lock_timeout', %s, true)",
                (_LOCK_WAIT,),
            )
            await cursor.execute(_WAITING)
            months |= {month.astimezone(UTC) for (month,) in await cursor.fetchall()}
            for month in sorted(months):
                name = f"interactions_{month:%Y_%m}"
                await cursor.execute("SELECT to_regclass(%s) IS NULL", (name,))
                row = await cursor.fetchone()
                if row and row[0]:
                    await _make(cursor, name, month)
                    made.append(name)
    except OUTAGES as error:
        raise MemoryUnavailable(
            f"the partitions of the interaction log could not be made: {error}"
        ) from error
    return made


async def _make(cursor: psycopg.AsyncCursor[Any], name: str, month: datetime) -> None:
    """Fill the month's table before it is attached: the default partition must have none of its rows by then."""
    table = sql.Identifier(name)
    span = {
        "parent": _PARENT,
        "table": table,
        "begin": sql.Literal(month),
        "end": sql.Literal(_month(month.year, month.month + 1)),
    }
    for statement in (
        "LOCK TABLE {parent} IN SHARE ROW EXCLUSIVE MODE",
        "CREATE TABLE {table} (LIKE {parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)",
        "WITH moved AS (DELETE FROM {parent} WHERE created_at >= {begin} AND created_at < {end} RETURNING *) INSERT INTO {table} SELECT * FROM moved",
        "ALTER TABLE {parent} ATTACH PARTITION {table} FOR VALUES FROM ({begin}) TO ({end})",
        # Policies hold for the table that is named: past the parent, nobody reads a month's rows.
        "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
    ):
        await cursor.execute(sql.SQL(statement).format(**span))


def _month(year: int, month: int) -> datetime:
    """The beginning of a month; the 13th is the next year's first."""
    return datetime(year + (month - 1) // _DECEMBER, (month - 1) % _DECEMBER + 1, 1, tzinfo=UTC)
