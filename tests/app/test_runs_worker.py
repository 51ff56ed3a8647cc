"""Which process carries runs, and what becomes of the runs of one that is gone."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.driver_info import DriverInfo
from redis.exceptions import ConnectionError as RedisGone

from app.database import Pool
from app.runs import ChatResult, RunStore, worker_name
from app.runs.worker import Worker, alive, say_alive
from memory import LOCAL, Scope, new_id
from tests.app.scripted import Setup, ask

pytestmark = pytest.mark.usefixtures("database_url")


@pytest.fixture
async def setup(pool: Pool, redis_url: str) -> AsyncIterator[Setup]:
    async with Redis.from_url(redis_url, driver_info=DriverInfo()) as redis:
        yield Setup(pool=pool, redis=redis)


async def leave_behind(setup: Setup, worker: str) -> tuple[str, str]:
    """A run as a process that was killed leaves it."""
    run_id, scope = new_id("run"), Scope(thread_id=new_id("thr"))
    store = RunStore(setup.database)
    await store.begin(run_id, scope, ask(), new_thread=True, worker=worker, idempotency_key=None)
    return run_id, scope.thread_id


async def test_service_that_starts_again_closes_at_once_what_nobody_can_go_on_with(setup):
    setup.worker = "wrk_same"
    async with setup.open():
        pass
    await say_alive(setup.redis, "wrk_same")  # killed: it could not say goodbye
    run_id, thread_id = await leave_behind(setup, "wrk_same")
    async with setup.open() as manager:
        assert (await setup.store.get(LOCAL, run_id)).problem.code == "interrupted"
        assert await setup.kept(run_id) == ["run.failed"]
        assert await setup.logged(run_id) == [("failed", "interrupted")]
        again, _ = await manager.start(LOCAL, ask(thread_id=thread_id))
        assert isinstance(await manager.wait(LOCAL, again), ChatResult)


async def test_runs_of_a_dead_worker_are_closed_and_those_of_a_live_one_are_not(setup):
    async with setup.open():
        dead, _ = await leave_behind(setup, "wrk_dead")
        await say_alive(setup.redis, "wrk_dead", seconds=-1)
        living, _ = await leave_behind(setup, "wrk_alive")
        await say_alive(setup.redis, "wrk_alive")
        worker = Worker("wrk_third", setup.store, setup.events, setup.redis)
        await worker.reap()
        assert (await setup.store.get(LOCAL, dead)).status == "failed"
        assert (await setup.store.get(LOCAL, living)).status == "running"


async def test_worker_says_that_it_lives_until_it_leaves(setup):
    setup.worker = "wrk_here"
    async with setup.open():
        assert await alive(setup.redis) == {"wrk_here"}
    assert await alive(setup.redis) == set()


async def test_worker_lives_through_an_outage(setup, monkeypatch, logged):
    monkeypatch.setattr("app.runs.worker._BEAT_S", 0.01)
    recovered = asyncio.Event()

    class Outage(Worker):
        beats = 0

        async def _keep_alive(self) -> None:
            self.beats += 1
            if self.beats == 2:
                raise RedisGone("nobody listens")
            await super()._keep_alive()
            if self.beats == 4:
                recovered.set()

    async with setup.open():
        async with Outage("wrk_out", setup.store, setup.events, setup.redis), asyncio.timeout(60):
            await recovered.wait()
        assert "worker heartbeat failed" in logged.text


def test_worker_keeps_its_name_over_restarts(tmp_path: Path):
    assert worker_name(tmp_path) == worker_name(tmp_path)


def test_copied_data_folder_gets_a_worker_of_its_own(tmp_path: Path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    name = worker_name(first)
    shutil.copytree(first, second)
    assert worker_name(second) != name
    assert worker_name(first) == name


@pytest.mark.parametrize("damage", [b"", b"wrk_short 1\n", b"\xff\xfe \x00"])
def test_damaged_name_is_replaced(tmp_path: Path, damage: bytes):
    (tmp_path / "worker").write_bytes(damage)
    name = worker_name(tmp_path)
    assert name.startswith("wrk_")
    assert worker_name(tmp_path) == name
