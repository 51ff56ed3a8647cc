from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from app.database import Pool, open_pool
from memory import Database, MemorySettings, Owner, new_id
from memory.interactions import ensure_partitions
from memory.retention import Retention
from memory.retention_settings import KeptDays

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_TABLES = {
    "interactions": "INSERT INTO interactions (run_id, thread_id, user_id, outcome, record, created_at)"
    " VALUES ('run', 'thr', %s, 'failed', '{}', %s)",
    "feedback": "INSERT INTO feedback (tenant_id, run_id, rating, user_id, created_at)"
    " VALUES ('local', 'run', 4, %s, %s)",
    "memory_vault": "INSERT INTO memory_vault (tenant_id, token, kind, sealed, user_id, used_at)"
    " VALUES ('local', gen_random_uuid()::text, 'email', '', %s, %s)",
    "memory_audit": "INSERT INTO memory_audit (tenant_id, actor, action, user_id, at)"
    " VALUES ('local', 'ada', 'read', %s, %s)",
}


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_pool(database_url, max_size=4, restricted=True)
    yield Database(opened)
    await opened.close()


@pytest.fixture
def owner() -> Owner:
    return Owner(new_id("user"))


def _retention(database: Database, url: str, kept: KeptDays, *, batch: int = 3) -> Retention:
    @asynccontextmanager
    async def connect() -> AsyncIterator[psycopg.AsyncConnection]:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            yield connection

    return Retention(database, connect, kept, batch=batch)


async def _put(pool: Pool, owner: Owner, *days: int) -> None:
    """A row of so many days ago in every table."""
    async with pool.connection() as connection:
        for age in days:
            for statement in _TABLES.values():
                await connection.execute(statement, (owner.user_id, _NOW - timedelta(days=age)))


async def _left(pool: Pool, owner: Owner) -> dict[str, int]:
    left = {}
    async with pool.connection() as connection:
        for table in _TABLES:
            cursor = await connection.execute(
                f"SELECT count(*) AS rows FROM {table} WHERE user_id = %s",  # noqa: S608
                (owner.user_id,),
            )
            left[table] = (await cursor.fetchall())[0]["rows"]
    return left


async def test_what_is_past_its_time_goes_in_batches_and_the_rest_stays(
    database, database_url, pool, owner
) -> None:
    await _put(pool, owner, *range(107, 100, -1), 40, 1)
    kept = KeptDays(interactions=100, feedback=100, vault=10, audit=105)

    gone = await _retention(database, database_url, kept).carry_out(_NOW)

    assert (gone.interactions, gone.feedback, gone.vault, gone.audit) == (7, 7, 8, 2)
    assert gone.rows == 24
    assert await _left(pool, owner) == {
        "interactions": 2,
        "feedback": 2,
        "memory_vault": 1,
        "memory_audit": 7,
    }
    again = await _retention(database, database_url, kept).carry_out(_NOW)
    assert again.rows == again.months == 0


async def test_months_of_the_log_that_are_over_go_as_tables(database, database_url, pool, owner) -> None:
    await _put(
        pool, owner, 110, 80, 51, 40, 1
    )  # August 2, August 31 and September 30, October 11, November 19
    async with pool.connection() as connection:
        await ensure_partitions(connection, now=_NOW)

    gone = await _retention(database, database_url, KeptDays(interactions=45)).carry_out(_NOW)

    assert (gone.months, gone.interactions) == (2, 3)
    assert (await _left(pool, owner))["interactions"] == 2
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT to_regclass('interactions_2026_09') AS september")
        assert await cursor.fetchone() == {"september": None}


async def test_with_no_number_everything_is_kept_for_good(database, database_url, pool, owner) -> None:
    await _put(pool, owner, 9000)

    gone = await _retention(
        database, database_url, KeptDays(interactions=0, feedback=0, vault=0, audit=0)
    ).carry_out(_NOW)

    assert gone.rows == 0
    assert set((await _left(pool, owner)).values()) == {1}


def test_the_audit_trail_is_kept_longest() -> None:
    kept = MemorySettings().kept_days

    assert kept.audit > max(kept.interactions, kept.feedback, kept.vault) > 0
