"""Runs while the database or Redis is away: nothing is lost, said twice or left open."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisGone

from app.database import Pool
from app.problems import ProblemError
from app.runs import ChatResult, EventLog, RunStore
from graphs import FreyaState, RunContext
from memory import LOCAL, Database, MemoryUnavailable, ThreadStore, Turn, WriteUncertain
from tests.app.scripted import Gate, Setup, answer_at_once, ask, within


@pytest.fixture
def setup(pool: Pool, redis: Redis) -> Setup:
    return Setup(pool=pool, redis=redis)


@pytest.fixture
def gate(setup: Setup) -> Gate:
    made = Gate()
    setup.graph.script = made
    return made


class AwayStore(RunStore):
    """A store whose database goes away for some calls."""

    def __init__(self, database: Database, *, finishes: int = 0, fails: int = 0) -> None:
        super().__init__(database)
        self.finishes, self.fails = finishes, fails
        self.closed = asyncio.Event()

    async def finish(self, *given: Any, **named: Any) -> None:
        if self.finishes:
            self.finishes -= 1
            raise MemoryUnavailable("the server closed the connection unexpectedly")
        await super().finish(*given, **named)

    async def fail(self, *given: Any, **named: Any) -> None:
        if self.fails:
            self.fails -= 1
            raise MemoryUnavailable("the server closed the connection unexpectedly")
        await super().fail(*given, **named)
        self.closed.set()


async def test_answer_that_cannot_be_recorded_at_once_is_recorded_when_the_database_is_back(
    setup, monkeypatch
):
    monkeypatch.setattr("app.runs.closing._FINISH_AGAIN_S", 0.01)
    setup.store = AwayStore(setup.database, finishes=3)
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask("kept"))
        assert (await within(manager.wait(LOCAL, run_id))).answer == "kept"
        assert (await setup.store.get(LOCAL, run_id)).status == "finished"
        assert await setup.logged(run_id) == [("answered", None)]


async def test_answer_that_was_recorded_though_nobody_heard_of_it_is_recorded_once(setup, monkeypatch):
    class DeafStore(RunStore):
        heard = False

        async def finish(self, *given: Any, **named: Any) -> None:
            await super().finish(*given, **named)
            if not self.heard:
                self.heard = True
                raise WriteUncertain("the server closed the connection unexpectedly")

    monkeypatch.setattr("app.runs.closing._FINISH_AGAIN_S", 0.01)
    setup.store = DeafStore(setup.database)
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask("kept"))
        assert (await within(manager.wait(LOCAL, run_id))).answer == "kept"
        assert await setup.logged(run_id) == [("answered", None)]


async def test_database_that_stays_away_when_an_answer_is_saved_fails_the_run(setup, monkeypatch):
    monkeypatch.setattr("app.runs.closing._FINISH_S", 0.0)
    setup.store = AwayStore(setup.database, finishes=1)
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        ended = await within(manager.wait(LOCAL, run_id))
        assert (ended.code, ended.status) == ("memory_unavailable", 503)
        assert (await setup.store.get(LOCAL, run_id)).problem.code == "memory_unavailable"


async def test_record_that_cannot_be_closed_is_closed_when_the_database_is_back(setup, monkeypatch):
    monkeypatch.setattr("app.runs.closing._FINISH_S", 0.0)
    monkeypatch.setattr("app.runs.closing._CLOSE_AGAIN_S", 0.01)
    store = setup.store = AwayStore(setup.database, finishes=1, fails=3)
    async with setup.open() as manager:
        run_id, thread_id = await manager.start(LOCAL, ask())
        ended = await within(manager.wait(LOCAL, run_id))
        assert ended.code == "memory_unavailable"  # the client is told, and does not wait for ever
        assert (await setup.kept(run_id))[-1] == "run.failed"
        await within(store.closed.wait())
        assert (await store.get(LOCAL, run_id)).status == "failed"
        again, _ = await manager.start(LOCAL, ask(thread_id=thread_id))
        assert isinstance(await within(manager.wait(LOCAL, again)), ChatResult)


async def test_run_that_began_though_nobody_heard_of_it_is_closed_and_frees_its_thread(setup, monkeypatch):
    class DeafStore(AwayStore):
        heard = False

        async def begin(self, *given: Any, **named: Any) -> str | None:
            project = await super().begin(*given, **named)
            if not self.heard:
                self.heard = True
                raise WriteUncertain("the server closed the connection unexpectedly")
            return project

    monkeypatch.setattr("app.runs.closing._CLOSE_AGAIN_S", 0.01)
    thread = await ThreadStore(setup.database).create(LOCAL, "t", project_id=None, metadata={})
    request = ask("once", thread_id=thread.id)
    store = setup.store = DeafStore(setup.database)
    async with setup.open() as manager:
        with pytest.raises(WriteUncertain):
            await manager.start(LOCAL, request, idempotency_key="key-deaf")
        await within(store.closed.wait())
        run_id, _ = await manager.start(LOCAL, request, idempotency_key="key-deaf")
        assert (await within(manager.wait(LOCAL, run_id))).answer == "once"
        said = await ThreadStore(setup.database).messages(LOCAL, thread.id, limit=9, after=None)
        assert [(message.run_id, message.content) for message in said] == [(run_id, "once")]


async def test_turn_that_failed_in_an_outage_is_begun_anew_under_its_key_and_said_once(setup):
    threads = ThreadStore(setup.database)

    async def cut_short(context: RunContext, message: str) -> FreyaState:
        late = Turn(run_id=context.run_id, request=message, answer="Too late.", at=datetime.now(UTC))
        await threads.remember(context.scope, late)
        raise MemoryUnavailable("the server closed the connection unexpectedly")

    setup.graph.script = cut_short
    async with setup.open() as manager:
        failed, thread_id = await manager.start(LOCAL, ask("again"), idempotency_key="key-again")
        assert (await within(manager.wait(LOCAL, failed))).code == "memory_unavailable"
        setup.graph.script = answer_at_once
        begun = [manager.start(LOCAL, ask("again"), idempotency_key="key-again") for _ in range(3)]
        (run_id, thread), *others = await within(asyncio.gather(*begun))
        assert others == [(run_id, thread)] * 2
        assert thread == thread_id
        assert run_id != failed
        assert (await within(manager.wait(LOCAL, run_id))).answer == "again"
        said = await threads.messages(LOCAL, thread_id, limit=9, after=None)
        assert [(message.run_id, message.content) for message in said] == [(run_id, "again")]
        assert (await manager.start(LOCAL, ask("again"), idempotency_key="key-again"))[0] == run_id
        with pytest.raises(ProblemError) as other:
            await manager.start(LOCAL, ask("another"), idempotency_key="key-again")
        assert other.value.problem.code == "idempotency_conflict"


async def test_turn_that_was_cancelled_is_not_begun_anew_under_its_key(setup, gate):
    async with setup.open() as manager:
        begun = await manager.start(LOCAL, ask(), idempotency_key="key-cancelled")
        await within(gate.reached.wait())
        await within(manager.cancel(LOCAL, begun[0]))
        assert await manager.start(LOCAL, ask(), idempotency_key="key-cancelled") == begun


async def test_defect_while_a_record_is_closed_ends_the_run_all_the_same(setup, logged):
    class BrokenStore(RunStore):
        async def fail(self, *_given: Any, **_named: Any) -> None:
            raise KeyError("broken")

    async def refused(_context: RunContext, _message: str) -> FreyaState:
        raise TimeoutError

    setup.store, setup.graph.script = BrokenStore(setup.database), refused
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        assert (await within(manager.wait(LOCAL, run_id))).code == "internal_error"
        assert manager.active == 0
    assert "could not be closed" in logged.text


class AwayLog(EventLog):
    """An event log whose Redis is away from some event on."""

    def __init__(self, redis: Redis, *, from_type: str) -> None:
        super().__init__(redis, redis, ttl_s=600)
        self._from_type = from_type
        self._away = False

    async def append(self, run_id: str, events: Any, **how: Any) -> None:
        self._away = self._away or any(event.type == self._from_type for event, _ in events)
        if self._away:
            raise RedisGone("nobody listens")
        await super().append(run_id, events, **how)


async def test_run_whose_first_event_cannot_be_written_is_not_worked_on(setup, gate):
    setup.events = AwayLog(setup.redis, from_type="run.started")
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        ended = await within(manager.wait(LOCAL, run_id))
        assert (ended.code, ended.status) == ("events_unavailable", 503)
        assert not gate.reached.is_set()
        assert (await setup.store.get(LOCAL, run_id)).problem.code == "events_unavailable"


async def test_run_whose_events_cannot_be_written_any_more_is_given_up(setup, gate):
    setup.events = AwayLog(setup.redis, from_type="token")
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        ended = await within(manager.wait(LOCAL, run_id))
        assert ended.code == "events_unavailable"
        assert gate.cancelled.is_set()


async def test_answer_that_is_saved_stands_though_its_last_event_is_lost(setup):
    setup.events = AwayLog(setup.redis, from_type="run.finished")
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask("kept"))
        ended = await within(manager.wait(LOCAL, run_id))
        assert ended.answer == "kept"
        service = setup.service(manager)
        told = [(event.seq, event.type) async for event in await service.events(LOCAL, run_id, after=1)]
        assert told[-1][1] == "run.finished"
        assert [seq for seq, _ in told] == list(range(2, 2 + len(told)))


async def test_run_of_another_process_that_goes_silent_is_read_from_its_record(setup, monkeypatch):
    monkeypatch.setattr("app.runs.manager._POLL_S", 0.02)
    other = Setup(pool=setup.pool, redis=setup.redis)
    setup.events = AwayLog(setup.redis, from_type="run.finished")
    async with setup.open() as manager, other.open() as elsewhere:
        gate = Gate()
        setup.graph.script = gate
        run_id, _ = await manager.start(LOCAL, ask("quiet"))
        await within(gate.reached.wait())
        waiting = asyncio.create_task(elsewhere.wait(LOCAL, run_id))
        await asyncio.sleep(0)
        gate.through.set()
        assert (await within(waiting)).answer == "quiet"
