import asyncio
import contextlib
import shutil
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from alembic.script import ScriptDirectory
from psycopg_pool import PoolTimeout

import app.database
from app.database import (
    DatabaseUnavailable,
    MigrationFailed,
    Pool,
    SchemaTooNew,
    migrate,
    open_pool,
    schema_state,
    sqlalchemy_url,
)
from app.embedded import EmbeddedServers
from tests.app.postgres import without_pgvector


async def test_schema_of_the_module_database_is_complete(database_url):
    state = await schema_state(database_url)
    assert state.current == state.head
    assert (state.pending, state.obstacle) == ((), "")
    assert state.server_version.startswith("18")


async def test_rows_are_dicts_and_vectors_are_known(pool):
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT '[3,4]'::vector <-> '[0,0]'::vector AS distance")
        assert await cursor.fetchone() == {"distance": 5.0}
        assert connection.autocommit


async def test_redis_database_is_empty_at_first(redis):
    assert await redis.dbsize() == 0
    await redis.set("key", "value")
    assert await redis.get("key") == b"value"


async def test_empty_database_waits_for_every_migration_and_gets_them(empty_database_url):
    before = await schema_state(empty_database_url)
    assert before.current is None
    assert before.pending[0] == "0001"
    assert before.pending[-1] == before.head
    after = await migrate(empty_database_url)
    assert (after.current, after.pending) == (after.head, ())
    assert await migrate(empty_database_url) == after


def test_revisions_are_known_by_their_files_as_alembic_knows_them_by_their_links():
    scripts = ScriptDirectory(str(Path(app.database.__file__).parent / "migrations"))
    linked = [script.revision for script in scripts.walk_revisions()]
    assert list(reversed(linked)) == list(app.database._revisions())


async def test_a_schema_that_is_up_to_date_is_told_without_the_tools_that_change_it(database_url):
    asked = f"import asyncio, sys; from app.database import migrate; print(asyncio.run(migrate({database_url!r})).pending, 'sqlalchemy' in sys.modules)"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", asked, stdout=asyncio.subprocess.PIPE
    )
    assert (await process.communicate())[0].decode().split() == ["()", "False"]


async def test_migrations_at_the_same_time_run_once(empty_database_url):
    states = await asyncio.gather(*(migrate(empty_database_url) for _ in range(4)))
    assert {state.current for state in states} == {states[0].head}
    async with await psycopg.AsyncConnection.connect(empty_database_url) as connection:
        cursor = await connection.execute("SELECT count(*) FROM alembic_version")
        assert await cursor.fetchone() == (1,)


async def test_schema_of_a_newer_freya_is_refused_and_left_alone(empty_database_url):
    await migrate(empty_database_url)
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as connection:
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")
        for refused in (migrate, schema_state):
            with pytest.raises(SchemaTooNew, match=r"has schema revision 9999.*a newer Freya"):
                await refused(empty_database_url)
        cursor = await connection.execute("SELECT version_num FROM alembic_version")
        assert await cursor.fetchone() == ("9999",)


async def test_server_without_the_right_to_make_extensions_is_explained(empty_database_url):
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as connection:
        await connection.execute("DROP ROLE IF EXISTS limited")
        await connection.execute("CREATE ROLE limited LOGIN")
        await connection.execute("GRANT CREATE ON SCHEMA public TO limited")
    limited = empty_database_url.replace("freya@", "limited@")
    with pytest.raises(MigrationFailed, match="let a superuser run CREATE EXTENSION vector"):
        await migrate(limited)
    assert (await schema_state(empty_database_url)).current is None
    assert "may not be made by this user" in (await schema_state(limited)).obstacle
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as connection:
        await connection.execute("CREATE EXTENSION vector")
        assert (await schema_state(limited)).obstacle == ""
        await connection.execute("DROP OWNED BY limited")
        await connection.execute("DROP ROLE limited")


async def test_server_without_pgvector_is_explained_before_and_when_it_matters(empty_database_url):
    await without_pgvector(empty_database_url)
    obstacle = (await schema_state(empty_database_url)).obstacle
    assert obstacle.startswith("The extension vector is not available on the server. Freya needs pgvector")
    with pytest.raises(MigrationFailed) as refused:
        await migrate(empty_database_url)
    assert str(refused.value).endswith(obstacle.partition(". ")[2])


async def test_refused_step_says_what_the_database_said(empty_database_url):
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as connection:
        await connection.execute("CREATE TABLE alembic_version (version_num varchar(2) PRIMARY KEY)")
    with pytest.raises(MigrationFailed, match=r"value too long.*put right what the database says"):
        await migrate(empty_database_url)


@pytest.mark.parametrize("call", [migrate, schema_state, open_pool])
async def test_server_that_is_not_there_is_explained(tmp_path, call):
    with pytest.raises(DatabaseUnavailable, match="Check that the server runs"):
        await call(f"postgresql://freya@/freya?host={tmp_path}")


async def test_unknown_database_is_explained(database_url):
    with pytest.raises(DatabaseUnavailable, match='database "nowhere" does not exist'):
        await open_pool(urlunsplit(urlsplit(database_url)._replace(path="/nowhere")))


async def test_pool_recovers_after_a_restart_of_the_server(tmp_path):
    async with contextlib.AsyncExitStack() as stack:
        servers = EmbeddedServers(tmp_path, postgres_url=None, redis_url="redis://unused")
        async with servers:
            pool = await stack.enter_async_context(await open_pool(servers.postgres_url, max_size=2))
            assert await _one(pool) == 1
        with pytest.raises((psycopg.OperationalError, PoolTimeout)):
            await _one(pool, 0.2)
        first, later = await _refused_after(pool), await _refused_after(pool)
        assert later < first / 2
        async with EmbeddedServers(tmp_path, postgres_url=None, redis_url="redis://unused"):
            assert await _one(pool, 20) == 1
    await asyncio.to_thread(shutil.rmtree, tmp_path)


async def test_pool_whose_connections_are_all_gone_lends_a_new_one(database_url, pool):
    opened = await open_pool(database_url, max_size=6)
    try:
        async with contextlib.AsyncExitStack() as stack:
            lent = [await stack.enter_async_context(opened.connection()) for _ in range(6)]
            gone = [connection.info.backend_pid for connection in lent]
        async with pool.connection() as connection:
            await connection.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s) AS pid", (gone,))
        async with opened.connection() as connection:
            assert connection.info.backend_pid not in gone
    finally:
        await opened.close()


async def test_pool_gives_up_waiting_when_every_connection_is_lent(database_url):
    async with await open_pool(database_url, max_size=1) as pool, pool.connection():
        with pytest.raises(PoolTimeout):
            await _one(pool, 0.05)


def test_url_names_the_driver_for_sqlalchemy():
    assert sqlalchemy_url("postgresql://me@db/freya") == "postgresql+psycopg://me@db/freya"
    assert sqlalchemy_url("postgres://me@db/freya") == "postgresql+psycopg://me@db/freya"
    with pytest.raises(ValueError, match="must start with postgresql://, not 'mysql'"):
        sqlalchemy_url("mysql://me@db/freya")
    with pytest.raises(ValueError, match="must start with postgresql://"):
        sqlalchemy_url("db/freya")


async def _refused_after(pool: Pool) -> float:
    """Seconds until it gives up waiting."""
    began = time.monotonic()
    with pytest.raises((psycopg.OperationalError, PoolTimeout)):
        await _one(pool)
    return time.monotonic() - began


async def _one(pool: Pool, seconds: float | None = None) -> int:
    async with pool.connection(timeout=seconds) as connection:
        row = await (await connection.execute("SELECT 1 AS one")).fetchone()
    assert row is not None
    one: int = row["one"]
    return one
