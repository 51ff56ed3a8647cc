"""Two processes of the service on the same stores: what one is asked is done by both."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis
from redis.driver_info import DriverInfo
from redis.exceptions import ConnectionError as RedisGone

from app.database import Pool
from app.runs import orders
from app.runs.worker import say_alive
from memory import MemorySettings, Owner, ShortTermTier, new_id
from memory.history import Eraser, RedisKeys, Rows
from tests.app.scripted import Gate, ScriptedGraph, Setup, ask, within

pytestmark = pytest.mark.usefixtures("database_url")


@pytest.fixture
async def setup(pool: Pool, redis_url: str) -> AsyncIterator[Setup]:
    async with Redis.from_url(redis_url, driver_info=DriverInfo()) as redis:
        yield Setup(pool=pool, redis=redis, worker=new_id("wrk"))


@pytest.fixture
async def other(setup: Setup, redis_url: str) -> AsyncIterator[Setup]:
    """The other process: of its own are its connections and its graph."""
    async with Redis.from_url(redis_url, driver_info=DriverInfo()) as redis:
        yield replace(setup, redis=redis, worker=new_id("wrk"), graph=ScriptedGraph(), outcomes=[])


@pytest.fixture
def owner() -> Owner:
    return Owner(new_id("ada"))


def eraser_of(setup: Setup, manager) -> Eraser:
    short = ShortTermTier(setup.redis, MemorySettings())
    return Eraser(Rows(setup.database), [RedisKeys(setup.redis, short)], stop_runs=manager.cancel_all)


async def test_runs_of_an_erased_user_are_stopped_in_another_process_and_leave_nothing(setup, other, owner):
    gate, his = Gate(), Gate()
    bob = Owner(new_id("bob"))
    async with setup.open() as manager, other.open() as elsewhere:
        other.graph.script = gate
        run_id, _ = await elsewhere.start(owner, ask("violet heron"))
        await within(gate.reached.wait())
        other.graph.script = his
        kept, _ = await elsewhere.start(bob, ask())
        await within(his.reached.wait())
        receipt = await within(eraser_of(setup, manager).erase(owner, actor="test", planted=["violet heron"]))
        assert gate.cancelled.is_set()
        assert receipt.verified, receipt.left
        assert receipt.removed["postgresql"]["runs"] == receipt.removed["redis"]["streams"] == 1
        assert elsewhere.active == 1
        his.through.set()
        await within(elsewhere.wait(bob, kept))
    assert not await setup.redis.exists(f"freya:run:{run_id}:events")
    assert other.outcomes == ["cancelled", "answered"]


async def test_deleting_a_thread_stops_its_run_in_another_process_and_no_other_run(setup, other, owner):
    gates = [Gate(), Gate()]
    async with setup.open() as manager, other.open() as elsewhere:
        started = []
        for gate in gates:
            other.graph.script = gate
            started.append(await elsewhere.start(owner, ask()))
            await within(gate.reached.wait())
        await within(setup.service(manager).delete_thread(owner, started[0][1]))
        assert [gate.cancelled.is_set() for gate in gates] == [True, False]
        assert elsewhere.active == 1


async def test_process_that_does_not_answer_is_waited_for_no_longer_than_said(
    setup, owner, monkeypatch, logged
):
    monkeypatch.setattr(orders, "_ANSWER_S", 0.2)
    await say_alive(setup.redis, "wrk_hung")
    async with setup.open() as manager:
        began = time.monotonic()
        receipt = await within(eraser_of(setup, manager).erase(owner, actor="test"))
        assert time.monotonic() - began < 30
        assert not receipt.verified
        assert receipt.left == {"processes": {"that may still carry out runs": 1}}
        assert "wrk_hung" in logged.text
        await setup.redis.zrem("freya:workers", "wrk_hung")
        assert (await within(eraser_of(setup, manager).erase(owner, actor="test"))).verified


async def test_order_that_came_too_late_and_one_that_is_none_are_left(setup, other, owner, monkeypatch):
    gate = other.graph.script = Gate()
    await say_alive(setup.redis, other.worker)
    monkeypatch.setattr(orders, "_ANSWER_S", 0.01)
    async with setup.open() as manager:
        assert await within(manager.cancel_all(owner)) == 1  # nobody is there yet to hear it
        await setup.redis.rpush(f"freya:orders:{other.worker}", "nothing that is known")
        async with other.open() as elsewhere:
            await elsewhere.start(owner, ask())
            await within(gate.reached.wait())
            monkeypatch.setattr(orders, "_ANSWER_S", 5.0)
            assert not gate.cancelled.is_set()
            assert await within(manager.cancel_all(Owner(new_id("bob")))) == 0  # all before it is heard
            assert not gate.cancelled.is_set()


async def test_threads_can_be_deleted_while_redis_is_away(setup, owner, monkeypatch, logged):
    async with setup.open() as manager:
        _, thread_id = await manager.start(owner, ask())
        await within(asyncio.gather(*(run.task for run in manager._active.values())))

        async def away(*_: object) -> set[str]:
            raise RedisGone("nobody listens")

        with monkeypatch.context() as patch:
            patch.setattr(orders, "alive", away)
            await within(setup.service(manager).delete_thread(owner, thread_id))
        assert "could not be asked" in logged.text
