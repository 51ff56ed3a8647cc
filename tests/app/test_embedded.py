import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from blockbuster import BlockingError
from redis.asyncio import Redis

from app.embedded import DataFolderUnusable, EmbeddedServers, Origin, ServerDidNotStart, ServerMissing
from app.embedded.folder import make_folder
from app.embedded.processes import command_of, wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def servers(data: Path, postgres_url: str | None = None, redis_url: str | None = None) -> EmbeddedServers:
    return EmbeddedServers(data, postgres_url=postgres_url, redis_url=redis_url)


@pytest.fixture
async def empty(tmp_path):
    """A data folder whose servers, whatever a test did, are stopped afterwards; a cluster is 60 MB, so it goes."""
    yield tmp_path
    await stopped(tmp_path)
    await asyncio.to_thread(shutil.rmtree, tmp_path)


@pytest.fixture(scope="module")
async def started_before(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """A data folder that a first start has filled: to make a cluster takes longer than all else of a start."""
    folder = tmp_path_factory.mktemp("started")
    async with servers(folder):
        pass
    yield folder
    await asyncio.to_thread(shutil.rmtree, folder)


@pytest.fixture
async def data(started_before):
    """The same, one for all tests, which each leave it sound; its servers are stopped afterwards."""
    yield started_before
    await stopped(started_before)


async def stopped(folder: Path) -> None:
    """Have no servers on the folder."""
    if (folder / "postgres/postmaster.pid").exists() or (folder / "redis/redis.pid").exists():
        async with servers(folder):
            pass


async def postgres_pid(data: Path) -> int:
    text = await asyncio.to_thread((data / "postgres" / "postmaster.pid").read_text)
    return int(text.splitlines()[0])


async def redis_pid(data: Path) -> int:
    return int(await asyncio.to_thread((data / "redis" / "redis.pid").read_text))


async def scalar(url: str, query: LiteralString) -> Any:  # whatever the query selects
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        row = await (await connection.execute(query)).fetchone()
    assert row is not None
    return row[0]


async def execute(url: str, statement: LiteralString) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(statement)


async def alive(pid: int) -> bool:
    return await asyncio.to_thread(command_of, pid) is not None


async def gone(*pids: int) -> None:
    assert await asyncio.to_thread(wait_until, lambda: not any(map(command_of, pids)), seconds=5)


async def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    await gone(pid)


async def test_first_start_makes_both_servers_and_says_so(empty):
    async with servers(empty) as started:
        assert await scalar(started.postgres_url, "SHOW server_version") == "18.4"
        assert await scalar(started.postgres_url, "SELECT current_database()") == "freya"
        async with Redis.from_url(started.redis_url) as client:
            assert await client.ping()
        postgres, redis = started.descriptions
        assert postgres.origin is redis.origin is Origin.STARTED
        assert str(postgres).startswith("PostgreSQL 18.4, embedded, started by this process, at /")
        assert (redis.version or "").split(".") >= ["6", "2"]
        pids = await postgres_pid(empty), await redis_pid(empty)
    assert not await alive(pids[0])
    assert not await alive(pids[1])


async def test_settings_are_small_and_durable(data):
    async with servers(data) as started:
        for name, expected in {"fsync": "on", "synchronous_commit": "on", "shared_buffers": "48MB"}.items():
            assert await scalar(started.postgres_url, f"SHOW {name}") == expected
        assert await scalar(started.postgres_url, "SHOW listen_addresses") == ""
        async with Redis.from_url(started.redis_url) as client:
            settings = await client.config_get("maxmemory*")
            assert settings["maxmemory-policy"] == "volatile-lru"
            assert settings["maxmemory"] == str(256 * 1024 * 1024)
            assert (await client.config_get("port"))["port"] == "0"


async def test_nobody_else_can_reach_the_sockets(data):
    async with servers(data):
        status = await asyncio.to_thread((data / "run").stat)
        assert status.st_mode & 0o077 == 0


async def test_second_user_reuses_the_servers_and_leaves_them_running(data):
    async with servers(data) as first:
        pid = await postgres_pid(data)
        async with servers(data) as second:
            assert [found.origin for found in second.descriptions] == [Origin.REUSED, Origin.REUSED]
            assert second.postgres_url == first.postgres_url
            assert second.redis_url == first.redis_url
        assert await postgres_pid(data) == pid
        assert await scalar(first.postgres_url, "SELECT 1") == 1
        async with Redis.from_url(first.redis_url) as client:
            assert await client.ping()


async def test_starter_that_leaves_first_hands_the_servers_to_the_one_that_stays(data):
    async with contextlib.AsyncExitStack() as stay:
        async with servers(data):
            guest = await stay.enter_async_context(servers(data))
            pids = await postgres_pid(data), await redis_pid(data)
        assert await scalar(guest.postgres_url, "SELECT 1") == 1
    await gone(*pids)


async def test_what_was_written_is_there_after_a_restart(data):
    async with servers(data) as started:
        await execute(started.postgres_url, "CREATE TABLE restarted AS SELECT 7 AS number")
        async with Redis.from_url(started.redis_url) as client:
            await client.xadd("events", {"sequence": "1"})
    async with servers(data) as again:
        assert again.descriptions[0].origin is Origin.STARTED
        assert await scalar(again.postgres_url, "SELECT number FROM restarted") == 7
        async with Redis.from_url(again.redis_url) as client:
            assert await client.xlen("events") == 1


async def test_killed_servers_start_again_with_what_they_held(data):
    async with servers(data) as started:
        await execute(started.postgres_url, "CREATE TABLE kept AS SELECT 7 AS number")
        async with Redis.from_url(started.redis_url) as client:
            await client.set("kept", "7")
        await kill(await postgres_pid(data))
        await kill(await redis_pid(data))
        async with servers(data) as again:
            assert [found.origin for found in again.descriptions] == [Origin.STARTED, Origin.STARTED]
            assert await scalar(again.postgres_url, "SELECT number FROM kept") == 7
            async with Redis.from_url(again.redis_url) as client:
                assert await client.get("kept") == b"7"


async def test_killed_service_leaves_servers_that_the_next_one_takes_over(data):
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from app.embedded import EmbeddedServers\n"
        "async def main():\n"
        "    async with EmbeddedServers(Path(sys.argv[1]), postgres_url=None, redis_url=None):\n"
        "        print('ready', flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(data), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert service.stdout is not None
    assert await asyncio.wait_for(service.stdout.readline(), 30) == b"ready\n"
    service.kill()
    await service.wait()
    pids = await postgres_pid(data), await redis_pid(data)
    async with servers(data) as next_one:
        assert [found.origin for found in next_one.descriptions] == [Origin.REUSED, Origin.REUSED]
        assert (await postgres_pid(data), await redis_pid(data)) == pids
    await gone(*pids)


async def test_pid_files_that_name_an_unrelated_process_do_not_stop_a_start(data):
    async with servers(data):
        pid_file = await asyncio.to_thread((data / "postgres" / "postmaster.pid").read_text)
    stranger = await asyncio.create_subprocess_exec("sleep", "60", user=(data / "postgres").owner())
    try:
        lines = pid_file.splitlines()
        lines[0] = str(stranger.pid)
        (data / "postgres" / "postmaster.pid").write_text("\n".join(lines) + "\n")
        (data / "run" / ".s.PGSQL.5432.lock").write_text("\n".join(lines[:6]) + "\n")
        (data / "redis" / "redis.pid").write_text(f"{stranger.pid}\n")
        async with servers(data) as started:
            assert [found.origin for found in started.descriptions] == [Origin.STARTED, Origin.STARTED]
            assert await scalar(started.postgres_url, "SELECT 1") == 1
        assert stranger.returncode is None
        assert await alive(stranger.pid)
    finally:
        stranger.kill()
        await stranger.wait()


async def test_two_that_start_at_once_share_one_pair_of_servers(empty):
    async with contextlib.AsyncExitStack() as stack:
        both = await asyncio.gather(*(stack.enter_async_context(servers(empty)) for _ in range(2)))
        origins = sorted(found.origin for each in both for found in each.descriptions)
        assert origins == [Origin.REUSED, Origin.REUSED, Origin.STARTED, Origin.STARTED]


async def test_path_too_long_for_a_socket_gets_a_short_private_folder(empty):
    data = empty / ("long" * 30) / "with space"
    async with servers(data) as started:
        socket = Path(started.descriptions[0].address)
        assert socket.parent.parent == Path("/tmp")  # noqa: S108 - where it should be
        assert (await asyncio.to_thread(socket.parent.stat)).st_mode & 0o777 == 0o700
        assert await scalar(started.postgres_url, "SELECT 1") == 1
        async with Redis.from_url(started.redis_url) as client:
            assert await client.ping()
        async with servers(data) as again:
            assert again.descriptions[0].origin is Origin.REUSED
    await asyncio.to_thread(socket.parent.rmdir)


async def test_short_socket_folder_that_belongs_to_somebody_else_is_refused(empty):
    data = empty / ("long" * 30)
    async with servers(data) as started:
        run = Path(started.descriptions[0].address).parent
    run.rmdir()
    run.symlink_to(data)
    try:
        with pytest.raises(DataFolderUnusable, match="belongs to somebody else"):
            async with servers(data):
                pass
    finally:
        run.unlink()


async def test_given_urls_are_used_as_they_are_and_nothing_is_started(tmp_path):
    urls = {
        "postgres_url": "postgresql://me:secret@db.example:5433/freya",
        "redis_url": "redis://cache.example/2",
    }
    async with servers(tmp_path / "unused", **urls) as external:
        assert external.postgres_url == urls["postgres_url"]
        assert external.redis_url == urls["redis_url"]
        assert [str(found) for found in external.descriptions] == [
            "PostgreSQL, external, at db.example:5433/freya",
            "Redis, external, at cache.example/2",
        ]
    assert not (tmp_path / "unused").exists()


async def test_one_server_can_be_external_and_the_other_embedded(data):
    async with servers(data, redis_url="redis://cache.example/2") as mixed:
        assert [found.origin for found in mixed.descriptions] == [Origin.STARTED, Origin.EXTERNAL]
        assert not (data / "redis" / "redis.pid").exists()
        assert await scalar(mixed.postgres_url, "SELECT 1") == 1


async def test_server_that_gives_up_is_reported_with_its_last_words_and_the_other_is_stopped(data):
    async with servers(data):
        pass
    with (data / "postgres" / "postgresql.conf").open("a") as file:
        file.write("\nno_such_setting = on\n")
    with pytest.raises(ServerDidNotStart, match="unrecognized configuration parameter") as raised:
        async with servers(data):
            pass
    assert "no_such_setting" in raised.value.log_tail
    assert not (data / "redis" / "redis.pid").exists()
    conf = data / "postgres" / "postgresql.conf"
    conf.write_text(conf.read_text().replace("no_such_setting = on", ""))


async def test_damaged_redis_file_is_reported_with_what_to_do(data):
    async with servers(data):
        pass
    (data / "redis" / "appendonly.aof").write_bytes(b"this is not an append-only file\r\n" * 3)
    with pytest.raises(
        ServerDidNotStart, match=r"Redis did not start: it ended with status 1.*move the folder away"
    ):
        async with servers(data):
            pass
    (data / "redis" / "appendonly.aof").unlink()


async def test_failed_initdb_leaves_no_half_of_a_cluster(empty, monkeypatch):
    monkeypatch.setattr("app.embedded.postgres._ROLE", "pg_forbidden")
    with pytest.raises(
        ServerDidNotStart, match=r'initdb ended with status 1.*\n.*\n.*"pg_forbidden" is disallowed'
    ):
        async with servers(empty):
            pass
    assert not (empty / "postgres").exists()
    assert not (empty / "postgres.new").exists()
    monkeypatch.undo()
    async with servers(empty) as started:
        assert await scalar(started.postgres_url, "SELECT 1") == 1


async def test_cluster_of_another_major_version_is_left_alone(data):
    async with servers(data):
        pass
    version = data / "postgres" / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(ServerMissing, match="made by PostgreSQL 16, and this Freya brings 18"):
        async with servers(data):
            pass
    version.write_text("18\n")


async def test_cancelled_start_leaves_nothing_running(empty):
    starting = asyncio.create_task(servers(empty).__aenter__())
    written = empty / "redis" / "redis.pid"
    assert await asyncio.to_thread(
        wait_until, lambda: written.exists() and bool(written.read_text()), seconds=20
    )
    pid = await redis_pid(empty)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await gone(pid)
    assert not (empty / "postgres" / "postmaster.pid").exists()


async def test_ctrl_c_in_the_terminal_does_not_reach_the_servers(data):
    async with servers(data):
        for pid in (await postgres_pid(data), await redis_pid(data)):
            assert os.getsid(pid) != os.getsid(0)


async def test_file_in_the_place_of_the_folder_is_explained(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderUnusable, match="Part of the path is a file"):
        async with servers(tmp_path / "file" / "data"):
            pass


async def test_blocking_call_in_the_loop_is_caught(tmp_path):
    with pytest.raises(BlockingError):
        make_folder(tmp_path)
