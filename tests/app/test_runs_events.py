"""The events of a run: in order, without gaps, readable again from any of them, and always with an end."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.driver_info import DriverInfo
from redis.exceptions import ResponseError

from app.database import Pool
from app.problems import ProblemError
from app.runs import EventLog, StoredEvent
from app.runs.writing import RunWriter
from graphs import FreyaState, RunContext
from graphs.events import RunCancelled, RunFinished, Token
from memory import LOCAL, KeyMissing, MemoryUnavailable, Owner, UnknownThread, new_id
from memory.privacy import DataKeys, PrivacySettings, Sealer
from tests.app.scripted import Gate, Setup, ask, state, within
from tests.memory.privacy.conftest import key

NOWHERE = "unix:///nonexistent/redis.sock"


@pytest.fixture
async def setup(pool: Pool, redis_url: str) -> AsyncIterator[Setup]:
    async with Redis.from_url(redis_url, driver_info=DriverInfo()) as redis:
        yield Setup(pool=pool, redis=redis, heartbeat_s=0.05)


@pytest.fixture
async def log(setup: Setup) -> EventLog:
    return EventLog(setup.redis, setup.redis, ttl_s=600)


async def collect(events: AsyncIterator[StoredEvent]) -> list[StoredEvent]:
    async with asyncio.timeout(60):
        return [event async for event in events]


def numbers(events: list[StoredEvent]) -> list[int]:
    return [event.seq for event in events if event.seq]


async def finished(setup: Setup, words: int = 3) -> str:
    """A run that came to its end, with events of `words` tokens."""
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask(" ".join(["word"] * words)))
        await within(manager.wait(LOCAL, run_id))
    return run_id


async def test_many_events_are_read_in_order_and_without_gaps(setup):
    run_id = await finished(setup, words=450)
    async with setup.open() as manager:
        events = await collect(await setup.service(manager).events(LOCAL, run_id))
    assert numbers(events) == list(range(1, 453))
    assert (events[0].type, events[-1].type) == ("run.started", "run.finished")


async def test_reader_that_comes_back_misses_nothing_and_repeats_nothing(setup):
    run_id = await finished(setup)
    async with setup.open() as manager:
        service = setup.service(manager)
        whole = await collect(await service.events(LOCAL, run_id))
        for after in range(len(whole) + 1):
            assert await collect(await service.events(LOCAL, run_id, after=after)) == whole[after:]


async def test_reader_behind_the_last_event_is_told_nothing_more(setup):
    run_id = await finished(setup)
    async with setup.open() as manager:
        assert await collect(await setup.service(manager).events(LOCAL, run_id, after=10_000)) == []


async def test_run_whose_events_are_gone_is_told_by_its_record(setup):
    run_id = await finished(setup)
    await setup.redis.flushdb()
    async with setup.open() as manager:
        (last,) = await collect(await setup.service(manager).events(LOCAL, run_id, after=7))
    assert (last.seq, last.type) == (8, "run.finished")


@pytest.mark.parametrize(("stopped", "expected"), [("client", "run.cancelled"), ("shutdown", "run.failed")])
async def test_run_without_an_answer_whose_events_are_gone_is_told_by_its_record(setup, stopped, expected):
    gate = setup.graph.script = Gate()
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        await within(gate.reached.wait())
        await (manager.cancel(LOCAL, run_id) if stopped == "client" else manager.drain(0))
    await setup.redis.flushdb()
    async with setup.open() as manager:
        (last,) = await collect(await setup.service(manager).events(LOCAL, run_id))
    assert last.type == expected


async def test_silence_is_filled_with_heartbeats_that_have_no_number(setup):
    gate = setup.graph.script = Gate()
    async with setup.open() as manager:
        service = setup.service(manager)
        run_id, _ = await manager.start(LOCAL, ask())
        events = await service.events(LOCAL, run_id)
        async with asyncio.timeout(60):
            seen = [await anext(events)]
            while seen[-1].type != "heartbeat":
                seen.append(await anext(events))
        assert seen[-1].seq == 0
        gate.through.set()
        rest = await collect(events)
    assert numbers([*seen, *rest]) == [1, 2, 3]


async def test_reader_of_a_run_whose_last_event_is_lost_is_told_by_its_record(setup):
    gate = setup.graph.script = Gate()

    class Forgetful(EventLog):
        async def append(self, run_id, events, **how):
            await super().append(run_id, [each for each in events if each[0].type != "run.finished"], **how)

    setup.events = Forgetful(setup.redis, setup.redis, ttl_s=600)
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        reading = asyncio.create_task(collect(await setup.service(manager).events(LOCAL, run_id)))
        await within(gate.reached.wait())
        gate.through.set()
        events = await within(reading)
    assert numbers(events) == [1, 2, 3]
    assert events[-1].type == "run.finished"


async def test_heartbeats_go_on_while_the_database_is_away(setup, monkeypatch):
    gate = setup.graph.script = Gate()
    async with setup.open() as manager:
        service = setup.service(manager)
        run_id, _ = await manager.start(LOCAL, ask())
        events = await service.events(LOCAL, run_id)
        await within(gate.reached.wait())

        async def away(_owner: Owner, _run_id: str) -> None:
            raise MemoryUnavailable("the database does not answer")

        with monkeypatch.context() as patch:
            patch.setattr(service, "run", away)
            async with asyncio.timeout(60):
                kinds = [(await anext(events)).type for _ in range(4)]
        assert kinds[-2:] == ["heartbeat", "heartbeat"]
        gate.through.set()
        assert (await collect(events))[-1].type == "run.finished"


async def test_events_of_an_unknown_run_are_refused_before_the_first(setup):
    async with setup.open() as manager:
        with pytest.raises(ProblemError) as refused:
            await setup.service(manager).events(LOCAL, "run_nobody")
    assert refused.value.problem.code == "unknown_run"


async def test_last_event_is_not_written_twice(log):
    run_id = new_id("run")
    await log.end(run_id, RunCancelled(reason="first"))
    await log.end(run_id, RunFinished(result={}))
    assert [event.type async for event in log.kept(LOCAL, run_id, after=0)] == ["run.cancelled"]


async def test_events_whose_writing_was_answered_by_nobody_are_written_again_and_kept_once(log, setup):
    run_id = new_id("run")
    events = [(Token(text=str(number)).stamped(run_id, number), "") for number in (1, 2, 3)]
    await log.append(run_id, events[:2])
    await log.append(run_id, events)
    assert numbers([event async for event in log.kept(LOCAL, run_id, after=0)]) == [1, 2, 3]
    await setup.redis.set("freya:run:run_other:events", "no stream")
    with pytest.raises(ResponseError):
        await log.append("run_other", events)


async def test_events_expire_some_time_after_the_last_one(log, setup):
    run_id = new_id("run")
    await log.append(run_id, [(Token(text="x").stamped(run_id, 1), "")])
    assert 0 < await setup.redis.ttl(f"freya:run:{run_id}:events") <= 600


async def test_deleted_thread_takes_the_events_of_its_runs_along(setup):
    other = await finished(setup)
    setup.graph.script = gate = Gate()
    async with setup.open() as manager:
        service = setup.service(manager)
        ended, thread_id = await manager.start(LOCAL, ask())
        await within(gate.reached.wait())
        gate.through.set()
        await within(manager.wait(LOCAL, ended))
        gate.through.clear()
        going, _ = await manager.start(LOCAL, ask(thread_id=thread_id))
        await service.delete_thread(LOCAL, thread_id)
        assert manager.active == 0
    assert (await setup.kept(ended), await setup.kept(going)) == ([], [])
    assert (await setup.kept(other))[-1] == "run.finished"


async def test_thread_is_deleted_while_its_events_are_out_of_reach(setup):
    run_id = await finished(setup)
    async with setup.open() as manager, Redis.from_url(NOWHERE, driver_info=None, retry=None) as away:
        setup.events = EventLog(away, away, ttl_s=600)
        service = setup.service(manager)
        thread_id = (await service.run(LOCAL, run_id)).thread_id
        await service.delete_thread(LOCAL, thread_id)
        with pytest.raises(UnknownThread):
            await service.thread(LOCAL, thread_id)


async def test_events_that_could_not_be_written_are_written_later(setup):
    run_id = new_id("run")

    class Hesitant(EventLog):
        failing = True

        async def append(self, run_id, events, **how):
            if self.failing:
                raise ConnectionError
            await super().append(run_id, events, **how)

    log = Hesitant(setup.redis, setup.redis, ttl_s=600)
    writer = RunWriter(log, run_id)
    writer.emit(Token(text="a"))
    with pytest.raises(ConnectionError):
        await writer.flush()
    writer.emit(Token(text="b"))
    log.failing = False
    writer.close()
    await within(writer.write_until_closed())
    assert numbers([event async for event in log.kept(LOCAL, run_id, after=0)]) == [1, 2]


@pytest.fixture
def sealer(setup: Setup) -> Sealer:
    return Sealer(DataKeys(setup.database, PrivacySettings(keys=(key(1),))))


async def test_with_a_key_no_event_says_in_redis_what_was_said(setup, sealer):
    owner = Owner(new_id("ada"))
    setup.events = EventLog(setup.redis, setup.redis, ttl_s=600, sealer=sealer)
    async with setup.open() as manager:
        run_id, _ = await manager.start(owner, ask("violet heron"))
        await within(manager.wait(owner, run_id))
        told = await collect(await setup.service(manager).events(owner, run_id))
        raw = await setup.redis.xrange(f"freya:run:{run_id}:events")
    assert (numbers(told), told[1].type) == ([1, 2, 3, 4], "token")
    assert b"violet" in told[1].json
    assert b"violet heron" in told[3].json
    assert b"violet" not in b"".join(b"".join(fields.values()) for _, fields in raw)
    plain = EventLog(setup.redis, setup.redis, ttl_s=600)
    assert b"violet" not in b"".join([event.json async for event in plain.kept(owner, run_id, after=0)])


async def test_events_from_before_there_was_a_key_are_told_and_erased_keys_are_named(setup, sealer):
    owner, run_id = Owner(new_id("ada")), new_id("run")
    log = EventLog(setup.redis, setup.redis, ttl_s=600, sealer=sealer)
    await log.append(run_id, [(Token(text="before").stamped(run_id, 1), "")])
    seal = await log.sealing(owner)
    await log.append(run_id, [(Token(text="after").stamped(run_id, 2), "")], seal=seal)
    told = [event async for event in log.kept(owner, run_id, after=0)]
    assert [Token.model_validate_json(event.json).text for event in told] == ["before", "after"]
    with pytest.raises(KeyMissing):
        _ = [event async for event in log.kept(Owner(new_id("eve")), run_id, after=1)]


async def test_tokens_are_events_of_their_run_in_the_order_they_were_said(setup):
    async def talk(context: RunContext, _message: str) -> FreyaState:
        for word in "one two three".split():
            context.emit(Token(agent="technical", text=word))
            await asyncio.sleep(0)
        return state()

    setup.graph.script = talk
    run_id = await finished(setup)
    log = EventLog(setup.redis, setup.redis, ttl_s=600)
    tokens = [event async for event in log.kept(LOCAL, run_id, after=0) if event.type == "token"]
    assert [Token.model_validate_json(event.json).text for event in tokens] == ["one", "two", "three"]
