"""The checkpoints of runs, in tables that their own library lays out."""

from collections.abc import Sequence
from typing import Final

from psycopg import sql

from memory.database import Connection

CHECKPOINTS: Final = ("checkpoint_writes", "checkpoint_blobs", "checkpoints")


async def laid_out(connection: Connection) -> list[str]:
    """Those of the tables that there are."""
    cursor = await connection.execute(
        "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NOT NULL",
        (list(CHECKPOINTS),),
    )
    there = {row["name"] for row in await cursor.fetchall()}
    return [table for table in CHECKPOINTS if table in there]


async def delete_checkpoints(connection: Connection, runs: Sequence[str]) -> None:
    """Delete what these runs left on their way: it holds what was said, and is found by their ids alone."""
    if not runs:
        return
    for table in await laid_out(connection):
        statement = sql.SQL("DELETE FROM {} WHERE thread_id = ANY(%s)").format(sql.Identifier(table))
        await connection.execute(statement, (list(runs),))
