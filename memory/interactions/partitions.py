"""A partition a month, so that old months can be dropped or moved without touching the rest."""

import contextlib
from collections.abc import AsyncIterator
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
_MONTHS: Final = r"""
    SELECT relation.relname FROM pg_inherits JOIN pg_class AS relation ON relation.oid = inhrelid
    WHERE inhparent = 'interactions'::regclass AND relation.relname ~ '^interactions_\d{4}_\d{2}$' ORDER BY 1
"""
_COUNT: Final = "SELECT count(*) FROM interactions WHERE created_at >= %s AND created_at < %s"
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
    async with _changing(connection, "made") as cursor:
        await cursor.execute(_WAITING)
        months |= {month.astimezone(UTC) for (month,) in await cursor.fetchall()}
        for month in sorted(months):
            name = f"interactions_{month:%Y_%m}"
            await cursor.execute("SELECT to_regclass(%s) IS NULL", (name,))
            row = await cursor.fetchone()
            if row and row[0]:
                await _make(cursor, name, month)
                made.append(name)
    return made


async def drop_months(connection: psycopg.AsyncConnection[Any], before: datetime) -> dict[str, int]:
    """Drop the partitions of months that ended before a time; the names of their tables, each with its rows.

    `connection` is of the tables' owner. Each is a transaction of its own. Raises MemoryUnavailable where the table stays
    locked for five seconds; months dropped by then are gone.
    """
    dropped: dict[str, int] = {}
    while True:
        async with _changing(connection, "dropped") as cursor:
            await cursor.execute(_MONTHS)
            past = [name for (name,) in await cursor.fetchall() if _span(name)[1] <= before]
            if not past:
                return dropped
            # Counted by its parent: by its own name a month's rows are seen by nobody.
            await cursor.execute(_COUNT, _span(past[0]))
            row = await cursor.fetchone()
            await cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(past[0])))
            dropped[past[0]] = row[0] if row else 0


@contextlib.asynccontextmanager
async def _changing(
    connection: psycopg.AsyncConnection[Any], what: str
) -> AsyncIterator[psycopg.AsyncCursor[Any]]:
    """A transaction that sees everybody's rows and waits for locks for a while; one process at a time."""
    try:
        async with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_ADVISORY_LOCK,))
            await cursor.execute(
                "SELECT set_config('freya.system', 'on', true), set_config('lock_timeout', %s, true)",
                (_LOCK_WAIT,),
            )
            yield cursor
    except OUTAGES as error:
        raise MemoryUnavailable(
            f"the partitions of the interaction log could not be {what}: {error}"
        ) from error


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


def _span(name: str) -> tuple[datetime, datetime]:
    """When the month of a partition begins and ends."""
    year, month = map(int, name.removeprefix("interactions_").split("_"))
    return _month(year, month), _month(year, month + 1)


def _month(year: int, month: int) -> datetime:
    """The beginning of a month; the 13th is the next year's first."""
    return datetime(year + (month - 1) // _DECEMBER, (month - 1) % _DECEMBER + 1, 1, tzinfo=UTC)
