"""Runs from their beginning to their end, whatever comes between: with real stores and a scripted graph."""

import asyncio
import json
from typing import Any

import pytest
from redis.asyncio import Redis

from app.database import Pool
from app.problems import Problem, ProblemError
from app.runs import ChatResult, RunStore
from graphs import FreyaState, RunContext
from memory import LOCAL, Degraded, ThreadStore, Tier
from tests.app.scripted import Gate, Setup, answer_at_once, ask, state, within


@pytest.fixture
def setup(pool: Pool, redis: Redis) -> Setup:
    return Setup(pool=pool, redis=redis)


@pytest.fixture
def gate(setup: Setup) -> Gate:
    made = Gate()
    setup.graph.script = made
    return made


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


async def test_tiers_of_memory_that_did_not_answer_are_named_in_the_result(setup):
    missing = Degraded(tier=Tier.SHORT, reason="it hangs")

    async def answer(_: RunContext, message: str) -> FreyaState:
        return {**state(message), "degraded": [missing]}

    setup.graph.script = answer
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        assert (await within(manager.wait(LOCAL, run_id))).degraded == [missing]


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
        with pytest.raises(ProblemError) as refused:
            await manager.cancel(LOCAL, "run_nobody_knows")
    assert refused.value.problem.code == "unknown_run"


async def test_shutdown_leaves_the_runs_that_do_not_end_in_time_to_be_gone_on_with(setup, gate):
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        await within(gate.reached.wait())
        waiting = asyncio.create_task(manager.wait(LOCAL, run_id))
        await within(manager.drain(0.01))
        ended = await within(waiting)
        assert (ended.code, ended.status) == ("interrupted", 503)
        assert (await setup.store.get(LOCAL, run_id)).status == "running"
        assert "run.failed" not in await setup.kept(run_id)
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
        async def begin(self, *given: Any, **named: Any) -> str | None:
            project = await super().begin(*given, **named)
            begun.set()
            await asyncio.sleep(0)
            return project

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
        async def begin(self, *given: Any, **named: Any) -> str | None:
            entered.set()
            await asyncio.sleep(0)
            return await super().begin(*given, **named)

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
        second, _ = await within(manager.start(LOCAL, ask("second", thread_id=thread_id, on_busy="replace")))
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


async def test_run_of_another_process_is_waited_for_by_its_events(setup, gate):
    other = Setup(pool=setup.pool, redis=setup.redis, busy_wait_s=5)
    async with setup.open() as manager, other.open() as elsewhere:
        run_id, thread_id = await manager.start(LOCAL, ask("here"))
        await within(gate.reached.wait())
        waiting = asyncio.create_task(elsewhere.wait(LOCAL, run_id))
        queued = asyncio.create_task(
            elsewhere.start(LOCAL, ask("there", thread_id=thread_id, on_busy="replace"))
        )
        await asyncio.sleep(0)
        gate.through.set()
        assert (await within(waiting)).answer == "here"
        second, _ = await within(queued)
        assert (await within(elsewhere.wait(LOCAL, second))).answer == "there"
        assert (await within(manager.wait(LOCAL, run_id))).answer == "here"
