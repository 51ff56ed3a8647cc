"""Runs that one process takes in and another carries out, with Celery between them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis
from redis.driver_info import DriverInfo
from redis.exceptions import ConnectionError as RedisGone

from app.cluster import Cluster
from app.cluster.broker import Dispatcher, broker_url, open_celery
from app.cluster.consuming import Consumer, Leading
from app.database import Pool
from app.problems import Problem, ProblemError
from app.runs import ChatResult
from app.runs.executors import ByWorkers
from app.runs.leases import QUEUED
from app.runs.luggage import Accounts
from app.settings import RunSettings
from graphs import Brought, FreyaState, RunContext, Said
from memory import LOCAL, Owner
from tests.app.scripted import Gate, Setup, ask, state, within

pytestmark = pytest.mark.usefixtures("database_url")


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url, driver_info=DriverInfo()) as client:
        await client.delete("freya:celery:runs", "freya:celery:leader")
        yield client


class Line:
    """Stands for the way of messages where a test hands them over itself."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.broken = False

    async def send(self, run_id: str) -> None:
        if self.broken:
            raise RedisGone("no broker")
        self.sent.append(run_id)

    async def waiting(self) -> int:
        return len(self.sent)

    @property
    def executor(self) -> ByWorkers:
        return ByWorkers(self.send, self.waiting, most=3)


@asynccontextmanager
async def consuming(redis: Redis, redis_url: str, name: str, **how: object) -> AsyncIterator[Dispatcher]:
    app = await open_celery(redis_url, unacknowledged_s=60)
    given = {"concurrency": 2, "carry": None, "tick": lambda _: None, "schedule": {}, **how}
    async with Consumer(app, redis, name=name, **given):  # type: ignore[arg-type]
        yield Dispatcher(app, redis)


async def until(true: object, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # type: ignore[operator]
            await asyncio.sleep(0.02)


async def test_a_run_is_taken_in_by_one_process_and_carried_out_by_another(
    pool: Pool, redis: Redis, redis_url: str
) -> None:
    app = await open_celery(redis_url, unacknowledged_s=60)
    dispatcher = Dispatcher(app, redis)
    door = Setup(pool=pool, redis=redis, workers=ByWorkers(dispatcher.run, dispatcher.waiting, most=9))
    worker = Setup(pool=pool, redis=redis)
    async with door.open() as taking, worker.open() as carrying:
        run_id, _ = await taking.start(LOCAL, ask("three small words"))
        assert taking.active == 0
        assert await dispatcher.waiting() == 1
        assert await door.kept(run_id) == ["run.started"]
        async with consuming(redis, redis_url, carrying.name, carry=carrying.carry):
            result = await asyncio.wait_for(taking.wait(LOCAL, run_id), 60)
            another, _ = await taking.start(LOCAL, ask("and more"))
            assert isinstance(await asyncio.wait_for(taking.wait(LOCAL, another), 60), ChatResult)
        assert isinstance(result, ChatResult)
        assert result.answer == "three small words"
        assert await door.kept(run_id) == ["run.started", "token", "token", "token", "run.finished"]
        assert worker.outcomes == ["answered", "answered"]
        assert door.outcomes == []
        assert await door.logged(run_id) == [("answered", None)]


async def test_a_message_that_comes_twice_carries_a_run_out_once(pool: Pool, redis: Redis) -> None:
    line, gate = Line(), Gate()
    door, worker = Setup(pool=pool, redis=redis, workers=line.executor), Setup(pool=pool, redis=redis)
    other = Setup(pool=pool, redis=redis)
    worker.graph.script = gate
    async with door.open() as taking, worker.open() as carrying, other.open() as second:
        run_id, _ = await taking.start(LOCAL, ask())
        first = asyncio.create_task(carrying.carry(run_id))
        await within(gate.reached.wait())
        assert await within(second.carry(run_id))  # it is the first one's
        assert second.active == 0
        gate.through.set()
        assert await within(first)
        assert await within(carrying.carry(run_id))  # it has ended
        assert await door.logged(run_id) == [("answered", None)]
        assert await within(carrying.carry("run_" + "0" * 26))


async def test_what_a_client_brought_and_whose_account_it_is_go_along(pool: Pool, redis: Redis) -> None:
    line = Line()
    entered: list[tuple[Owner, str]] = []
    seen: list[Brought] = []

    async def look(context: RunContext, message: str) -> FreyaState:
        seen.append(context.brought)
        return state(message)

    door = Setup(pool=pool, redis=redis, workers=line.executor, accounts=Accounts(lambda: "key_7"))
    worker = Setup(
        pool=pool,
        redis=redis,
        accounts=Accounts(enter=lambda owner, account: entered.append((owner, account))),
    )
    worker.graph.script = look
    brought = Brought(instructions="Be brief.", before=(Said(role="user", text="earlier"),))
    async with door.open() as taking, worker.open() as carrying:
        run_id, _ = await taking.start(LOCAL, ask(), brought=brought)
        assert await within(carrying.carry(run_id))
        assert seen == [brought]
        assert entered == [(LOCAL, "key_7")]
        assert set(await redis.hgetall(f"freya:run:{run_id}:work")) == {b"lease"}


async def test_of_a_run_that_is_withdrawn_nothing_that_was_brought_stays(pool: Pool, redis: Redis) -> None:
    door = Setup(pool=pool, redis=redis, workers=Line().executor)
    async with door.open() as taking:
        run_id, _ = await taking.start(LOCAL, ask(), brought=Brought(instructions="Be brief."))
        assert b"brought" in await redis.hgetall(f"freya:run:{run_id}:work")
        assert await within(taking.cancel(LOCAL, run_id))
        assert set(await redis.hgetall(f"freya:run:{run_id}:work")) == {b"lease"}


async def test_a_run_that_waits_is_cancelled_and_its_thread_is_free(pool: Pool, redis: Redis) -> None:
    line = Line()
    door, worker = Setup(pool=pool, redis=redis, workers=line.executor), Setup(pool=pool, redis=redis)
    async with door.open() as taking, worker.open() as carrying:
        run_id, thread = await taking.start(LOCAL, ask())
        assert await within(taking.cancel(LOCAL, run_id))
        assert await door.kept(run_id) == ["run.started", "run.cancelled"]
        ended = await within(taking.wait(LOCAL, run_id))
        assert isinstance(ended, Problem)
        assert ended.code == "cancelled"
        assert await within(carrying.carry(run_id))
        assert worker.outcomes == []
        await taking.start(LOCAL, ask(thread_id=thread))
        assert await door.logged(run_id) == [("cancelled", "cancelled")]
        assert await taking.cancel_all(LOCAL) == 0
        assert await door.store.leases.queued(line.sent[-1]) is None  # type: ignore[union-attr]


async def test_a_run_that_goes_on_elsewhere_is_cancelled_from_the_door(pool: Pool, redis: Redis) -> None:
    line, gate = Line(), Gate()
    door, worker = Setup(pool=pool, redis=redis, workers=line.executor), Setup(pool=pool, redis=redis)
    worker.graph.script = gate
    async with door.open() as taking, worker.open() as carrying:
        run_id, _ = await taking.start(LOCAL, ask())
        carried = asyncio.create_task(carrying.carry(run_id))
        await within(gate.reached.wait())
        assert await within(taking.cancel(LOCAL, run_id))
        assert gate.cancelled.is_set()
        assert await within(carried)


async def test_no_more_runs_wait_than_may(pool: Pool, redis: Redis) -> None:
    line = Line()
    door = Setup(pool=pool, redis=redis, workers=line.executor)
    async with door.open() as taking:
        for _ in range(3):
            await taking.start(LOCAL, ask())
        with pytest.raises(ProblemError) as refused:
            await taking.start(LOCAL, ask())
        assert refused.value.problem.code == "overloaded"
        await taking.cancel_all(LOCAL)


async def test_where_no_worker_can_be_told_nothing_is_left_behind(pool: Pool, redis: Redis) -> None:
    line = Line()
    door = Setup(pool=pool, redis=redis, workers=line.executor)
    async with door.open() as taking:
        _, thread = await taking.start(LOCAL, ask())
        await taking.cancel_all(LOCAL)
        line.broken = True
        with pytest.raises(RedisGone):
            await taking.start(LOCAL, ask(thread_id=thread))
        line.broken = False
        run_id, _ = await within(taking.start(LOCAL, ask(thread_id=thread, on_busy="queue")))
        assert line.sent[-1] == run_id
        await taking.cancel_all(LOCAL)


async def test_a_run_whose_message_was_lost_is_taken_by_a_worker(pool: Pool, redis: Redis) -> None:
    line = Line()
    door, worker = Setup(pool=pool, redis=redis, workers=line.executor), Setup(pool=pool, redis=redis)
    async with door.open() as taking, worker.open() as carrying:
        run_id, _ = await taking.start(LOCAL, ask("found again"))
        await carrying.look_after()
        assert carrying.active == 0  # its message may be on its way
        async with pool.connection() as connection:
            await connection.execute(
                "UPDATE runs SET created_at = now() - interval '2 minutes' WHERE id = %s AND worker = %s",
                (run_id, QUEUED),
            )
        await carrying.look_after()
        result = await within(taking.wait(LOCAL, run_id))
        assert isinstance(result, ChatResult)
        assert result.answer == "found again"


async def test_a_worker_without_room_leaves_the_message_to_others(redis: Redis, redis_url: str) -> None:
    asked: list[str] = []

    async def carry(run_id: str) -> bool:
        asked.append(run_id)
        return len(asked) > 3

    async with consuming(redis, redis_url, "wrk_full", carry=carry) as dispatcher:
        await dispatcher.run("run_a")
        await until(lambda: len(asked) == 4)
        await asyncio.sleep(0.2)
        assert asked == ["run_a"] * 4
        assert await dispatcher.waiting() == 0


async def test_what_is_due_is_done_by_schedule_and_when_it_is_said(redis: Redis, redis_url: str) -> None:
    done: list[str] = []
    async with consuming(
        redis, redis_url, "wrk_due", tick=done.append, schedule={"often": 0.2, "seldom": 3600.0}
    ) as dispatcher:
        await until(lambda: done.count("often") >= 3)
        assert "seldom" not in done
        await dispatcher.tick("seldom")
        await until(lambda: "seldom" in done)


async def test_one_process_keeps_the_schedule_and_another_takes_it_over(redis: Redis, redis_url: str) -> None:
    apps = [await open_celery(redis_url, unacknowledged_s=60) for _ in range(2)]
    async with Leading(apps[0], redis, "wrk_one", {}) as first:
        await until(lambda: first.leads)
        async with Leading(apps[1], redis, "wrk_two", {}) as second:
            await asyncio.sleep(0.1)
            assert not second.leads
        assert first.leads
    async with Leading(apps[1], redis, "wrk_two", {}) as second:
        await until(lambda: second.leads)
    assert await redis.get("freya:celery:leader") is None


async def test_a_dead_broker_is_told_as_redis_away(redis: Redis) -> None:
    dispatcher = Dispatcher(await open_celery("redis://127.0.0.1:9/0", unacknowledged_s=60), redis)
    with pytest.raises(RedisGone):
        await dispatcher.run("run_a")


async def test_the_door_tells_how_many_workers_there_are(pool: Pool, redis: Redis, redis_url: str) -> None:
    cluster = await Cluster.open(redis, redis_url, RunSettings())
    async with Setup(pool=pool, redis=redis, worker="wrk_" + "7" * 26).open():
        found = await cluster.workers()
        assert found.ok
        assert "alive" in found.detail


def test_the_broker_is_the_same_redis() -> None:
    assert broker_url("unix:///run/redis.sock") == "redis+socket:///run/redis.sock?virtual_host=0"
    assert broker_url("unix:///run/redis.sock?db=3") == "redis+socket:///run/redis.sock?virtual_host=3"
    assert broker_url("redis://host:6379/2") == "redis://host:6379/2"
