"""Runs that wait for a person: they hold no worker, outlive restarts and evictions, and repeat no call that ended."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.driver_info import DriverInfo

from app.database import Pool, open_pool
from app.problems import ProblemError
from app.runs import ChatRequest, ChatResult
from app.runs.parking import ParkingLot
from memory import LOCAL, Owner
from tests.app.approving import WHY, Desk, answered, office, seen, waiting
from tests.app.scripted import ask, within
from tests.app.test_runs_taken_over import Killed
from tests.fakes.scripted_model import Step

SEND = Step(calls=[("look", {"to": "Ada"}), ("send", {"to": "Ada"})])
DONE = Step(text="It is done.")
pytestmark = pytest.mark.usefixtures("database_url")


@pytest.fixture
async def restricted_pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url, min_size=1, max_size=4, restricted=True)
    yield opened
    await opened.close()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url, driver_info=DriverInfo()) as client:
        yield client


async def test_an_allowed_call_is_made_and_the_run_goes_on_with_one_beginning_and_one_end(pool, redis):
    desk = Desk()
    setup, script = office(pool, redis, desk, [SEND, DONE], worker="wrk_allowed")
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        (approval,) = await within(waiting(setup, manager, run_id))
        assert (approval.agent, approval.tool, approval.arguments, approval.why) == (
            "clerk",
            "send",
            {"to": "Ada"},
            WHY,
        )
        assert manager.active == 0
        assert desk.done == {"look Ada": 1}
        await manager.resume(LOCAL, run_id, answered(approval))
        ended = await within(manager.wait(LOCAL, run_id))
    assert isinstance(ended, ChatResult)
    assert ended.answer == "It is done."
    assert [(use.name, use.failed) for use in ended.tool_calls] == [("look", False), ("send", False)]
    assert ended.usage.input_tokens == 20
    assert desk.done == {"look Ada": 1, "send Ada 1": 1}
    script.finish()
    kept = await setup.kept(run_id)
    for kind in ("run.started", "agent.started", "approval.required", "approval.answered", "run.finished"):
        assert kept.count(kind) == 1, kept
    assert kept.count("tool.finished") == 2
    assert kept.index("approval.answered") < len(kept) - 1 - kept[::-1].index("tool.started")
    assert await setup.logged(run_id) == [("answered", None)]


async def test_a_call_is_made_with_the_arguments_that_a_person_gave(pool, redis):
    desk = Desk()
    setup, script = office(pool, redis, desk, [SEND, DONE], worker="wrk_edited")
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        (approval,) = await within(waiting(setup, manager, run_id))
        with pytest.raises(ProblemError) as refused:
            await manager.resume(LOCAL, run_id, answered(approval, "edit", arguments={"to": "A"}))
        assert refused.value.problem.code == "invalid_request"
        assert refused.value.problem.errors[0].field == "to"
        edited = {"to": "Grace", "copies": 2}
        await manager.resume(LOCAL, run_id, answered(approval, "edit", arguments=edited))
        ended = await within(manager.wait(LOCAL, run_id))
    assert isinstance(ended, ChatResult)
    assert desk.done == {"look Ada": 1, "send Grace 2": 1}
    assert ended.tool_calls[1].arguments == edited
    assert "Did send Grace 2." in script.asked[-1].text
    calls = [
        call["args"] for message in script.asked[-1].messages for call in getattr(message, "tool_calls", [])
    ]
    assert calls == [{"to": "Ada"}, edited]


async def test_the_model_reads_why_a_person_rejected_a_call(pool, redis):
    desk = Desk()
    setup, script = office(pool, redis, desk, [SEND, Step(text="It was not sent.")], worker="wrk_rejected")
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        (approval,) = await within(waiting(setup, manager, run_id))
        await manager.resume(LOCAL, run_id, answered(approval, "reject", reason="Ada moved away."))
        ended = await within(manager.wait(LOCAL, run_id))
    assert isinstance(ended, ChatResult)
    assert desk.done == {"look Ada": 1}
    assert "A person did not allow this call: Ada moved away." in script.asked[-1].text
    assert ended.tool_calls[1].failed


async def test_an_approval_that_nobody_answers_in_time_is_a_rejection(pool, redis):
    desk = Desk()
    setup, script = office(
        pool, redis, desk, [SEND, Step(text="Nobody was there.")], worker="wrk_late", seconds=0.2
    )
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        await within(manager.wait(LOCAL, run_id))
        async with asyncio.timeout(60):
            while (await seen(setup, run_id)).approvals:
                await asyncio.sleep(0.05)
        await manager._worker.reap()
        ended = await within(manager.wait(LOCAL, run_id))
    assert isinstance(ended, ChatResult)
    assert "Nobody answered in time." in script.asked[-1].text
    assert desk.done == {"look Ada": 1}


async def test_several_approvals_are_answered_one_by_one_in_any_order(pool, redis):
    desk = Desk()
    both = Step(calls=[("send", {"to": "Ada"}), ("send", {"to": "Grace"})])
    setup, script = office(pool, redis, desk, [both, DONE], worker="wrk_both")
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        first, second = await within(waiting(setup, manager, run_id))
        await manager.resume(LOCAL, run_id, answered(second))
        (left,) = await within(waiting(setup, manager, run_id))
        assert left == first
        assert desk.done == {"send Grace 1": 1}
        await manager.resume(LOCAL, run_id, answered(first, "reject"))
        assert isinstance(await within(manager.wait(LOCAL, run_id)), ChatResult)
    assert desk.done == {"send Grace 1": 1}
    assert (await setup.kept(run_id)).count("approval.required") == 2
    script.finish()


async def test_specialists_side_by_side_do_not_wait_for_each_others_approvals(pool, redis):
    desk = Desk()
    steps = [
        Step(to="ask clerk", calls=[("send", {"to": "Ada"})]),
        Step(to="ask porter", calls=[("look", {"to": "Grace"})]),
        Step(to="Did look Grace", text="Grace was found."),
        Step(to="Did send Ada", text="It was sent."),
    ]
    setup, script = office(pool, redis, desk, steps, worker="wrk_side", agents=("clerk", "porter"))
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        (approval,) = await within(waiting(setup, manager, run_id))
        assert (await setup.kept(run_id)).count("agent.finished") == 1
        await manager.resume(LOCAL, run_id, answered(approval))
        ended = await within(manager.wait(LOCAL, run_id))
    assert isinstance(ended, ChatResult)
    assert "Grace was found." in ended.answer
    assert "It was sent." in ended.answer
    assert desk.done == {"look Grace": 1, "send Ada 1": 1}
    script.finish()


async def test_settings_name_tools_that_a_person_must_allow(pool, redis):
    desk = Desk()
    steps = [Step(calls=[("look", {"to": "Ada"})]), DONE]
    setup, _ = office(pool, redis, desk, steps, worker="wrk_named", tools=frozenset({"look"}))
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        (approval,) = await within(waiting(setup, manager, run_id))
        assert approval.tool == "look"
        assert not desk.done
        await manager.resume(LOCAL, run_id, answered(approval))
        assert isinstance(await within(manager.wait(LOCAL, run_id)), ChatResult)
    assert desk.done == {"look Ada": 1}


async def test_a_waiting_run_outlives_a_restart_and_the_loss_of_all_that_redis_held(pool, redis):
    desk = Desk()
    before, _ = office(pool, redis, desk, [SEND], worker="wrk_before_loss")
    async with before.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        (approval,) = await within(waiting(before, manager, run_id))
        told = await before.kept(run_id)
    await redis.delete(f"freya:run:{run_id}:events", f"freya:run:{run_id}:work")
    after, script = office(pool, redis, desk, [DONE], worker="wrk_after_loss")
    async with after.open() as manager:
        assert manager.active == 0
        freya = after.service(manager)
        events = await freya.events(LOCAL, run_id)
        assert [(await anext(events)).type for _ in told] == told
        await redis.delete(f"freya:run:{run_id}:events")
        await manager.resume(LOCAL, run_id, answered(approval))
        assert isinstance(await within(manager.wait(LOCAL, run_id)), ChatResult)
        seqs = [event.seq async for event in await freya.events(LOCAL, run_id)]
    assert seqs == list(range(1, len(seqs) + 1))
    assert desk.done == {"look Ada": 1, "send Ada 1": 1}
    assert (await after.kept(run_id))[: len(told)] == told
    script.finish()
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT run_id FROM parked_runs WHERE run_id = %s", (run_id,))
        assert not await cursor.fetchall()


async def test_a_worker_killed_between_the_answer_and_going_on_loses_nothing(pool, redis, monkeypatch):
    desk = Desk()
    first, _ = office(pool, redis, desk, [SEND], worker="wrk_killed_between")
    async with first.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        (approval,) = await within(waiting(first, manager, run_id))

        async def killed(*_: object) -> None:
            raise asyncio.CancelledError

        monkeypatch.setattr(ParkingLot, "kept", killed)
        with pytest.raises(asyncio.CancelledError):
            await manager.resume(LOCAL, run_id, answered(approval))
        monkeypatch.undo()
        assert (await seen(first, run_id)).status == "running"
    await redis.delete(f"freya:run:{run_id}:events", f"freya:run:{run_id}:work")
    second, script = office(pool, redis, desk, [DONE], worker="wrk_takes_over")
    async with second.open() as manager:
        assert isinstance(await within(manager.wait(LOCAL, run_id)), ChatResult)
    assert desk.done == {"look Ada": 1, "send Ada 1": 1}
    script.finish()


async def test_an_answer_that_no_worker_could_take_up_is_taken_up_by_the_next(pool, redis):
    desk = Desk()
    first, _ = office(pool, redis, desk, [SEND], worker="wrk_full")
    async with first.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        (approval,) = await within(waiting(first, manager, run_id))
        manager._most_runs = 0
        await manager.resume(LOCAL, run_id, answered(approval))
        assert (await seen(first, run_id)).status == "waiting"
    second, _ = office(pool, redis, desk, [DONE], worker="wrk_free")
    async with second.open() as manager:
        assert isinstance(await within(manager.wait(LOCAL, run_id)), ChatResult)
    assert desk.done == {"look Ada": 1, "send Ada 1": 1}


async def test_an_answer_while_another_specialist_still_works_is_heard(pool, redis):
    desk = Desk()
    steps = [
        Step(to="ask clerk", calls=[("send", {"to": "Ada"})]),
        Step(to="ask porter", hangs=True),
        Step(to="Did send Ada", text="It was sent."),
    ]
    setup, script = office(pool, redis, desk, steps, worker="wrk_early", agents=("clerk", "porter"))
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        await within(script.hanging.wait())
        async with asyncio.timeout(60):
            while not (approvals := (await seen(setup, run_id)).approvals):
                await asyncio.sleep(0.02)
        await manager.resume(LOCAL, run_id, answered(approvals[0]))
        assert (await seen(setup, run_id)).approvals == []
    again, script = office(
        pool,
        redis,
        desk,
        [Step(to="ask porter", text="The porter is here."), Step(to="Did send Ada", text="It was sent.")],
        worker="wrk_early",
        agents=("clerk", "porter"),
    )
    async with again.open() as manager:
        ended = await within(manager.wait(LOCAL, run_id))
    assert isinstance(ended, ChatResult)
    assert desk.done == {"send Ada 1": 1}
    script.finish()


async def test_the_same_answer_again_changes_nothing_and_another_is_refused(pool, redis):
    desk = Desk()
    setup, _ = office(pool, redis, desk, [SEND, DONE], worker="wrk_twice")
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        (approval,) = await within(waiting(setup, manager, run_id))
        await asyncio.gather(*(manager.resume(LOCAL, run_id, answered(approval)) for _ in range(3)))
        await within(manager.wait(LOCAL, run_id))
        await manager.resume(LOCAL, run_id, answered(approval))
        with pytest.raises(ProblemError) as refused:
            await manager.resume(LOCAL, run_id, answered(approval, "reject"))
    assert refused.value.problem.code == "approval_answered"
    assert desk.done == {"look Ada": 1, "send Ada 1": 1}


async def test_nobody_else_sees_or_answers_an_approval(restricted_pool, redis):
    desk = Desk()
    setup, _ = office(restricted_pool, redis, desk, [SEND], worker="wrk_mine")
    other = Owner("somebody_else")
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        (approval,) = await within(waiting(setup, manager, run_id))
        codes = []
        for owner, answer in (
            (other, answered(approval)),
            (other, answered(approval, "edit", arguments={"to": "Eve"})),
            (LOCAL, answered(approval).model_copy(update={"approval_id": "apr_none"})),
        ):
            with pytest.raises(ProblemError) as refused:
                await manager.resume(owner, run_id, answer)
            codes.append(refused.value.problem.code)
        assert codes == ["unknown_run", "unknown_run", "unknown_approval"]
        assert (await seen(setup, run_id)).approvals == [approval]
        assert await manager.cancel(LOCAL, run_id)


async def test_a_waiting_run_keeps_its_thread_and_can_be_cancelled(pool, redis):
    desk = Desk()
    setup, _ = office(pool, redis, desk, [SEND, Step(text="Anew.")], worker="wrk_cancelled", busy_wait_s=0.3)
    async with setup.open() as manager:
        run_id, thread = await manager.start(LOCAL, ask())
        (approval,) = await within(waiting(setup, manager, run_id))
        for policy in ("reject", "queue"):
            with pytest.raises(ProblemError) as busy:
                await manager.start(LOCAL, ask(thread_id=thread, on_busy=policy))
            assert (busy.value.problem.code, busy.value.problem.run_id) == ("thread_busy", run_id)
        later, _ = await manager.start(LOCAL, ask(thread_id=thread, on_busy="replace"))
        assert isinstance(await within(manager.wait(LOCAL, later)), ChatResult)
        assert (await seen(setup, run_id)).status == "cancelled"
        with pytest.raises(ProblemError) as refused:
            await manager.resume(LOCAL, run_id, answered(approval))
    assert refused.value.problem.code == "run_not_active"
    assert (await setup.kept(run_id))[-1] == "run.cancelled"
    assert await setup.logged(run_id) == [("cancelled", "cancelled")]
    assert desk.done == {"look Ada": 1}


async def test_waiting_takes_nothing_of_the_times_and_lives_that_a_run_has(pool, redis):
    desk = Desk()
    calls = [Step(calls=[("send", {"to": f"Ada{number}"})]) for number in range(4)]
    setup, script = office(pool, redis, desk, [*calls, DONE], worker="wrk_often")
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ChatRequest(message="four letters"))
        for _ in range(4):
            (approval,) = await within(waiting(setup, manager, run_id))
            async with pool.connection() as connection:
                await connection.execute(
                    "UPDATE runs SET waiting_since = waiting_since - interval '1 hour',"
                    " created_at = created_at - interval '1 hour' WHERE id = %s",
                    (run_id,),
                )
            await manager.resume(LOCAL, run_id, answered(approval))
        ended = await within(manager.wait(LOCAL, run_id))
    assert isinstance(ended, ChatResult)
    assert ended.timings["total"] < 60_000
    assert sum(desk.done.values()) == 4
    script.finish()


@pytest.mark.slow
async def test_a_worker_killed_at_any_writing_before_it_waits_has_the_next_one_wait(pool, redis):
    whole, _ = office(pool, redis, Desk(), [SEND], worker="wrk_whole")
    whole.events = Killed(redis, after=1000)
    async with whole.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        await within(waiting(whole, manager, run_id))
        await manager.cancel(LOCAL, run_id)
    for after in range(1, 1000 - whole.events.left):
        desk = Desk()
        first, _ = office(pool, redis, desk, [SEND], worker=f"wrk_dies{after}")
        first.events = Killed(redis, after=after)
        async with first.open() as manager:
            run_id, _ = await manager.start(LOCAL, ask())
            gone = [asyncio.ensure_future(w) for w in (first.events.died.wait(), manager.wait(LOCAL, run_id))]
            await asyncio.wait(gone, timeout=10, return_when=asyncio.FIRST_COMPLETED)
            for run in manager._active.values():
                assert run.task is not None
                run.task.cancel()
        left = [Step(to="Did send Ada", text="It is done."), SEND]
        second, _ = office(pool, redis, desk, left, worker=f"wrk_lives{after}")
        async with second.open() as manager:
            (approval,) = await within(waiting(second, manager, run_id))
            assert desk.done["send Ada 1"] == 0
            await manager.resume(LOCAL, run_id, answered(approval))
            assert isinstance(await within(manager.wait(LOCAL, run_id)), ChatResult), after
        assert desk.done["send Ada 1"] == 1
        kept = await second.kept(run_id)
        assert [kept.count(kind) for kind in ("approval.required", "run.finished")] == [1, 1], after
