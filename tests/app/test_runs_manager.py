"""Runs from their beginning to their end, whatever comes between: with real stores and a scripted graph."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisGone

from app.database import Pool
from app.problems import Problem, ProblemError
from app.runs import ChatResult, EventLog, RunStore
from graphs import FreyaState, RunContext
from graphs.events import Token
from memory import LOCAL, Database, MemoryUnavailable, ThreadStore, Turn, WriteUncertain
from tests.app.scripted import Setup, answer_at_once, ask, state


class Gate:
    """A script that stands still in the middle until it is let through."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.through = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def __call__(self, context: RunContext, message: str) -> FreyaState:
        context.emit(Token(text=message))
        self.reached.set()
        try:
            await self.through.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return state(message)


@pytest.fixture
def setup(pool: Pool, redis: Redis) -> Setup:
    return Setup(pool=pool, redis=redis)


@pytest.fixture
def gate(setup: Setup) -> Gate:
    made = Gate()
    setup.graph.script = made
    return made


async def within(awaitable: Any) -> Any:
    async with asyncio.timeout(5):
        return await awaitable


async def test_finished_run_leaves_its_record_its_events_and_an_interaction(setup):
    async with setup.open() as manager:
        run_id, thread_id = await manager.start(LOCAL, ask("hello there"))
        ended = await within(manager.wait(LOCAL, run_id))
        assert isinstance(ended, ChatResult)
        assert (ended.answer, ended.thread_id, ended.outcome) == ("hello there", thread_id, "answered")
        view = await setup.store.get(LOCAL, run_id)
        assert (view.status, view.result) == ("finished", ended)
        assert await setup.kept(run_id) == ["run.started", "token", "token", "run.finished"]
        assert await setup.logged(run_id) == [("answered", None)]
        assert setup.outcomes == ["answered"]
        assert manager.active == 0


async def test_run_beyond_the_limit_is_refused_and_leaves_nothing(setup, gate):
    setup.most_runs = 1
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        assert manager.active == 1
        with pytest.raises(ProblemError) as refused:
            await manager.start(LOCAL, ask())
        assert (refused.value.problem.code, refused.value.problem.status) == ("overloaded", 503)
        gate.through.set()
        await within(manager.wait(LOCAL, run_id))
        assert isinstance(
            await within(manager.wait(LOCAL, (await manager.start(LOCAL, ask()))[0])), ChatResult
        )


async def test_run_that_takes_too_long_is_given_up_and_its_work_stops(setup, gate):
    setup.timeout_s = 0.05
    async with setup.open() as manager:
        run_id, thread_id = await manager.start(LOCAL, ask())
        ended = await within(manager.wait(LOCAL, run_id))
        assert (ended.code, ended.status, ended.run_id) == ("timeout", 504, run_id)
        assert gate.cancelled.is_set()
        assert (await setup.kept(run_id))[-1] == "run.failed"
        assert await setup.logged(run_id) == [("failed", "timeout")]
        setup.graph.script = answer_at_once
        again, _ = await manager.start(LOCAL, ask(thread_id=thread_id))
        assert isinstance(await within(manager.wait(LOCAL, again)), ChatResult)


async def test_cancelled_run_stops_working_and_frees_its_thread(setup, gate):
    async with setup.open() as manager:
        run_id, thread_id = await manager.start(LOCAL, ask())
        await within(gate.reached.wait())
        assert await within(manager.cancel(LOCAL, run_id))
        assert gate.cancelled.is_set()
        assert (await setup.store.get(LOCAL, run_id)).status == "cancelled"
        assert (await setup.kept(run_id))[-1] == "run.cancelled"
        assert await setup.logged(run_id) == [("cancelled", "cancelled")]
        setup.graph.script = answer_at_once
        again, _ = await manager.start(LOCAL, ask(thread_id=thread_id))
        assert isinstance(await within(manager.wait(LOCAL, again)), ChatResult)


async def test_run_that_is_cancelled_before_its_first_step_is_closed_too(setup, gate):
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        assert await within(manager.cancel(LOCAL, run_id))  # nothing of the run has been carried out yet
        assert (await setup.store.get(LOCAL, run_id)).status == "cancelled"
        assert (await setup.kept(run_id))[-1] == "run.cancelled"
        assert not gate.through.is_set()
        assert manager.active == 0


async def test_several_cancellations_at_once_close_a_run_once(setup, gate):
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        await within(gate.reached.wait())
        waiting = asyncio.create_task(manager.wait(LOCAL, run_id))
        assert await within(asyncio.gather(*(manager.cancel(LOCAL, run_id) for _ in range(3)))) == [True] * 3
        ended = await within(waiting)
        assert ended.code == "cancelled"
        assert await setup.logged(run_id) == [("cancelled", "cancelled")]
        assert (await setup.kept(run_id)).count("run.cancelled") == 1


async def test_cancellation_that_comes_while_the_answer_is_saved_leaves_the_answer(setup):
    saving, go_on = asyncio.Event(), asyncio.Event()

    class SlowStore(RunStore):
        async def finish(self, *given: Any, **named: Any) -> None:
            saving.set()
            await go_on.wait()
            await super().finish(*given, **named)

    setup.store = SlowStore(setup.database)
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask("kept"))
        await within(saving.wait())
        cancelling = asyncio.create_task(manager.cancel(LOCAL, run_id))
        go_on.set()
        assert await within(cancelling)
        assert (await setup.store.get(LOCAL, run_id)).result.answer == "kept"
        assert (await setup.kept(run_id))[-1] == "run.finished"


async def test_unknown_run_cannot_be_cancelled(setup):
    async with setup.open() as manager:
        assert not await manager.cancel(LOCAL, "run_nobody_knows")


async def test_shutdown_fails_the_runs_that_do_not_end_in_time_and_says_so(setup, gate):
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        await within(gate.reached.wait())
        waiting = asyncio.create_task(manager.wait(LOCAL, run_id))
        await within(manager.drain(0.01))
        ended = await within(waiting)
        assert (ended.code, ended.status) == ("interrupted", 503)
        assert (await setup.store.get(LOCAL, run_id)).status == "failed"
        assert (await setup.kept(run_id))[-1] == "run.failed"
        with pytest.raises(ProblemError) as refused:
            await manager.start(LOCAL, ask())
        assert refused.value.problem.code == "stopping"


async def test_shutdown_lets_a_run_finish_within_its_time(setup, gate):
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        await within(gate.reached.wait())
        waiting = asyncio.create_task(manager.wait(LOCAL, run_id))
        draining = asyncio.create_task(manager.drain(5))
        gate.through.set()
        await within(draining)
        assert isinstance(await within(waiting), ChatResult)


async def test_message_that_waits_for_its_thread_is_refused_when_the_service_stops(setup, gate):
    async with setup.open() as manager:
        _, thread_id = await manager.start(LOCAL, ask())
        await within(gate.reached.wait())
        queued = asyncio.create_task(manager.start(LOCAL, ask(thread_id=thread_id, on_busy="queue")))
        await asyncio.sleep(0)
        await within(manager.drain(0))
        with pytest.raises(ProblemError) as refused:
            await within(queued)
        assert refused.value.problem.code == "stopping"


async def test_client_that_leaves_while_its_run_begins_leaves_a_run_that_is_carried_out(setup):
    begun = asyncio.Event()

    class SlowStore(RunStore):
        async def begin(self, *given: Any, **named: Any) -> None:
            await super().begin(*given, **named)
            begun.set()
            await asyncio.sleep(0)

    setup.store = SlowStore(setup.database)
    thread = await ThreadStore(setup.database).create(LOCAL, "t", project_id=None, metadata={})
    async with setup.open() as manager:
        starting = asyncio.create_task(manager.start(LOCAL, ask(thread_id=thread.id)))
        await within(begun.wait())
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        (view,) = await setup.store.of_thread(LOCAL, thread.id, limit=5, before=None)
        assert isinstance(await within(manager.wait(LOCAL, view.id)), ChatResult)


async def test_failed_start_whose_client_left_is_no_unhandled_error(setup, caplog):
    entered = asyncio.Event()

    class SlowStore(RunStore):
        async def begin(self, *given: Any, **named: Any) -> None:
            entered.set()
            await asyncio.sleep(0)
            await super().begin(*given, **named)

    setup.store = SlowStore(setup.database)
    async with setup.open() as manager:
        starting = asyncio.create_task(manager.start(LOCAL, ask(thread_id="thr_unknown")))
        await within(entered.wait())
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
    assert "never retrieved" not in caplog.text


async def test_repeated_request_with_its_key_gives_the_same_run_even_while_that_goes_on(setup, gate):
    thread = await ThreadStore(setup.database).create(LOCAL, "t", project_id=None, metadata={})
    request = ask(thread_id=thread.id)
    async with setup.open() as manager:
        first = await manager.start(LOCAL, request, idempotency_key="key-1")
        await within(gate.reached.wait())
        assert await manager.start(LOCAL, request, idempotency_key="key-1") == first
        with pytest.raises(ProblemError) as refused:
            await manager.start(LOCAL, ask("another", thread_id=thread.id), idempotency_key="key-1")
        assert refused.value.problem.code == "idempotency_conflict"
        gate.through.set()
        ended = await within(manager.wait(LOCAL, first[0]))
        assert await manager.start(LOCAL, request, idempotency_key="key-1") == first
        assert await within(manager.wait(LOCAL, first[0])) == ended


async def test_second_message_on_a_thread_is_refused_with_the_run_that_goes_on(setup, gate):
    async with setup.open() as manager:
        run_id, thread_id = await manager.start(LOCAL, ask())
        with pytest.raises(ProblemError) as refused:
            await manager.start(LOCAL, ask(thread_id=thread_id), idempotency_key="key-2")
        assert (refused.value.problem.code, refused.value.problem.run_id) == ("thread_busy", run_id)
        gate.through.set()
        await within(manager.wait(LOCAL, run_id))


async def test_queued_message_waits_for_the_run_before_it(setup, gate):
    async with setup.open() as manager:
        first, thread_id = await manager.start(LOCAL, ask("first"))
        await within(gate.reached.wait())
        queued = asyncio.create_task(
            manager.start(LOCAL, ask("second", thread_id=thread_id, on_busy="queue"))
        )
        await asyncio.sleep(0)
        assert not queued.done()
        gate.through.set()
        second, _ = await within(queued)
        assert isinstance(await within(manager.wait(LOCAL, second)), ChatResult)
        assert (await setup.store.get(LOCAL, first)).status == "finished"


async def test_queued_message_waits_no_longer_than_allowed(setup, gate):
    setup.busy_wait_s = 0.05
    async with setup.open() as manager:
        _, thread_id = await manager.start(LOCAL, ask())
        with pytest.raises(ProblemError) as refused:
            await within(manager.start(LOCAL, ask(thread_id=thread_id, on_busy="queue")))
        assert refused.value.problem.code == "thread_busy"
        gate.through.set()


async def test_message_that_cancels_takes_the_place_of_the_run_before_it(setup, gate):
    async with setup.open() as manager:
        first, thread_id = await manager.start(LOCAL, ask("first"))
        await within(gate.reached.wait())
        setup.graph.script = answer_at_once
        second, _ = await within(manager.start(LOCAL, ask("second", thread_id=thread_id, on_busy="cancel")))
        assert isinstance(await within(manager.wait(LOCAL, second)), ChatResult)
        assert (await setup.store.get(LOCAL, first)).status == "cancelled"


async def test_defect_in_a_run_is_told_as_nothing_and_logged_with_its_run(setup, logged):
    async def broken(_context: RunContext, _message: str) -> FreyaState:
        raise KeyError("/secret/path")

    setup.graph.script = broken
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        ended = await within(manager.wait(LOCAL, run_id))
    assert (ended.code, ended.status) == ("internal_error", 500)
    assert "secret" not in json.dumps(ended.model_dump())
    (line,) = [line for line in logged.lines if line["event"] == "the run failed"]
    assert line["run_id"] == run_id
    assert "KeyError" in line["exception"]


async def test_thread_that_is_deleted_under_a_run_is_what_the_run_says(setup, gate):
    async with setup.open() as manager:
        run_id, thread_id = await manager.start(LOCAL, ask())
        await within(gate.reached.wait())
        await ThreadStore(setup.database).delete(LOCAL, thread_id)
        waiting = asyncio.create_task(manager.wait(LOCAL, run_id))
        gate.through.set()
        ended = await within(waiting)
        assert isinstance(ended, ChatResult | Problem)
        assert manager.active == 0


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

        async def begin(self, *given: Any, **named: Any) -> None:
            await super().begin(*given, **named)
            if not self.heard:
                self.heard = True
                raise WriteUncertain("the server closed the connection unexpectedly")

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
        self._away = self._away or any(event.type == self._from_type for event in events)
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


async def test_run_of_another_process_is_waited_for_by_its_events(setup, gate):
    other = Setup(pool=setup.pool, redis=setup.redis, busy_wait_s=5)
    async with setup.open() as manager, other.open() as elsewhere:
        run_id, thread_id = await manager.start(LOCAL, ask("here"))
        await within(gate.reached.wait())
        waiting = asyncio.create_task(elsewhere.wait(LOCAL, run_id))
        queued = asyncio.create_task(
            elsewhere.start(LOCAL, ask("there", thread_id=thread_id, on_busy="cancel"))
        )
        await asyncio.sleep(0)
        gate.through.set()
        assert (await within(waiting)).answer == "here"
        second, _ = await within(queued)
        assert (await within(elsewhere.wait(LOCAL, second))).answer == "there"
        assert (await within(manager.wait(LOCAL, run_id))).answer == "here"


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
