"""Runs whose worker dies are gone on with where they stood: nothing done twice, nothing told twice, one end."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.driver_info import DriverInfo
from redis.exceptions import ConnectionError as RedisGone

from agents import Charter, discover
from app.checkpoints import checkpoint_serializer
from app.database import Pool
from app.runs import ChatRequest, ChatResult, EventLog, StoredEvent
from app.runs.carrying import Parts
from app.runs.eventlog import RunTaken
from app.runs.saver import RunSaver
from app.runs.worker import say_alive
from app.runs.writing import RunWriter
from graphs import Route, Task, build_freya
from graphs.calling import ToolBench
from graphs.events import Token
from graphs.settings import GraphSettings
from memory import LOCAL, Database, MemorySettings, ShortTermTier, ThreadStore, TieredConversation, new_id
from memory.privacy import PrivacySettings
from models.chat import ChatModels, ChatSettings, ConfiguredChatModels
from models.embeddings import CachedEmbedder, OpenVinoEmbedder
from tests.app.scripted import Gate, Setup, ask, within
from tests.graphs.conversation import FixedRouter, Remembering, Shelf
from tests.memory.privacy.conftest import key

NPV = "NPV of -1000, 400, 400, 400 at 8 %"
BREAK_EVEN = "Break-even: fixed costs 12000, price 50, variable cost 20"
TWO = Route(
    kind="tasks",
    tasks=(
        Task(agent="davina", request=NPV, confidence=0.9),
        Task(agent="davina", request=BREAK_EVEN, confidence=0.9),
    ),
)
pytestmark = pytest.mark.usefixtures("database_url")


class Killed(EventLog):
    """The log of a worker that is killed after so many writings: from then on nothing of it reaches Redis."""

    def __init__(self, redis: Redis, *, after: int, **how: Any) -> None:
        super().__init__(redis, redis, ttl_s=600, **how)
        self.left = after
        self.died = asyncio.Event()

    async def append(self, *given: Any, **how: Any) -> None:
        if self.left <= 0:
            self.died.set()
            await asyncio.sleep(30)
            raise RedisGone("it is dead")
        self.left -= 1
        await super().append(*given, **how)


@pytest.fixture(scope="module")
async def chat(embedding_data: Path) -> AsyncIterator[ChatModels]:
    embedder = CachedEmbedder(await OpenVinoEmbedder.load(embedding_data, threads=1), None, hot_vectors=100)
    yield ConfiguredChatModels(ChatSettings(), embedder)
    await embedder.close()


@pytest.fixture(scope="module")
def charters() -> Mapping[str, Charter]:
    return discover()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url, driver_info=DriverInfo()) as client:
        yield client


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each tool was carried out, by its arguments."""
    counted: Counter[str] = Counter()
    run = ToolBench._run

    async def counting(self: ToolBench, call: Any, resources: Any) -> Any:
        done = await run(self, call, resources)
        counted[f"{call['name']} {call['args']}"] += 1
        return done

    monkeypatch.setattr(ToolBench, "_run", counting)
    return counted


def opened(
    pool: Pool, redis: Redis, chat: ChatModels, charters: Mapping[str, Charter], worker: str, **more: Any
) -> Setup:
    """A worker with the real graph, whose router has decided already."""
    settings, memory = GraphSettings(), MemorySettings()
    saver = RunSaver(checkpoint_serializer(PrivacySettings(keys=more.pop("keys", ()))))
    database = Database(pool)
    parts = Parts(
        graph=build_freya(settings, saver),
        saver=saver,
        charters=charters,
        retriever=Shelf(),
        memory=TieredConversation(ShortTermTier(redis, memory), ThreadStore(database), memory),
        recaller=Remembering(),
        notice=lambda _: (),
        router=FixedRouter(TWO),
        chat=chat,
        settings=settings,
    )
    return Setup(pool=pool, redis=redis, parts=parts, worker=worker, **more)


async def told(setup: Setup, run_id: str) -> list[StoredEvent]:
    """The events that are kept of a run, which have no gaps."""
    assert setup.events is not None
    events = [event async for event in setup.events.kept(LOCAL, run_id, after=0)]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    return events


def in_short(events: list[StoredEvent]) -> Counter[str]:
    """How often each kind of event was told; tokens by their text."""
    texts = "".join(Token.model_validate_json(e.json).text for e in events if e.type == "token")
    return Counter([*(e.type for e in events if e.type != "token"), *texts])


@pytest.mark.slow
@pytest.mark.parametrize("keys", [(), (key(1),)], ids=["plain", "sealed"])
@pytest.mark.uncounted
async def test_a_run_goes_on_from_wherever_its_worker_was_killed(pool, redis, chat, charters, calls, keys):
    whole = opened(pool, redis, chat, charters, "wrk_whole", keys=keys)
    whole.events = Killed(redis, after=1000)
    async with whole.open() as manager:
        run_id, _ = await manager.start(LOCAL, ChatRequest(message="both please"))
        expected = await within(manager.wait(LOCAL, run_id))
    assert isinstance(expected, ChatResult)
    writings = 1000 - whole.events.left
    wanted = in_short(await told(whole, run_id))
    assert (wanted["run.finished"], wanted["tool.finished"]) == (1, 2)
    assert sum(calls.values()) == 2
    for after in range(1, writings + 1, 3 if keys else 1):
        calls.clear()
        first = opened(pool, redis, chat, charters, f"wrk_first{after}", keys=keys)
        first.events = Killed(redis, after=after)
        async with first.open() as manager:
            run_id, _ = await manager.start(LOCAL, ChatRequest(message="both please"))
            async with asyncio.timeout(60):
                await asyncio.wait(
                    [
                        asyncio.ensure_future(first.events.died.wait()),
                        asyncio.ensure_future(manager.wait(LOCAL, run_id)),
                    ],
                    return_when=asyncio.FIRST_COMPLETED,
                )
            for run in manager._active.values():
                assert run.task is not None
                run.task.cancel()
        finished = sum(event.type == "tool.finished" for event in await told(first, run_id))
        done = sum(calls.values())
        second = opened(pool, redis, chat, charters, f"wrk_second{after}", keys=keys)
        async with second.open() as manager:
            ended = await within(manager.wait(LOCAL, run_id))
            seen = [event async for event in await second.service(manager).events(LOCAL, run_id)]
        assert isinstance(ended, ChatResult), (after, ended)
        assert ended.answer == expected.answer
        assert len(ended.tool_calls) == len(expected.tool_calls)
        assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
        assert in_short(seen) == wanted, after
        assert sum(calls.values()) - done <= 2 - finished, f"a finished call was repeated after {after}"
        assert await second.logged(run_id) == [("answered", None)]


async def test_a_worker_that_slept_while_its_run_was_taken_over_has_no_say_any_more(pool, redis):
    first, second = Setup(pool=pool, redis=redis, worker="wrk_slept"), Setup(pool=pool, redis=redis)
    gate = first.graph.script = Gate()
    async with first.open() as sleeper:
        run_id, _ = await sleeper.start(LOCAL, ask("said once"))
        await within(gate.reached.wait())
        await say_alive(redis, "wrk_slept", seconds=-1)
        async with second.open() as manager:
            ended = await within(manager.wait(LOCAL, run_id))
            assert isinstance(ended, ChatResult)
            gate.through.set()
            assert await within(sleeper.wait(LOCAL, run_id)) == ended
        assert sleeper.active == 0
    assert (await second.kept(run_id)).count("run.finished") == 1
    assert await second.logged(run_id) == [("answered", None)]


async def test_a_run_that_ends_every_worker_is_given_up(pool, redis):
    setup = Setup(pool=pool, redis=redis)
    gate = setup.graph.script = Gate()
    setup.worker = "wrk_0"
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        await within(gate.reached.wait())
    for number in range(1, 5):
        setup.worker = f"wrk_{number}"
        async with setup.open() as manager:
            if number < 4:
                assert manager.active == 1
    assert setup.store is not None
    given_up = (await setup.store.get(LOCAL, run_id)).problem
    assert given_up is not None
    assert given_up.code == "interrupted"
    assert (await setup.kept(run_id))[-1] == "run.failed"


async def test_no_more_runs_are_taken_over_than_may_go_on(pool, redis):
    setup = Setup(pool=pool, redis=redis, worker="wrk_before")
    gate = setup.graph.script = Gate()
    async with setup.open() as manager:
        for _ in range(3):
            await manager.start(LOCAL, ask())
        await within(gate.reached.wait())
    setup.worker, setup.most_runs = "wrk_after", 2
    async with setup.open() as manager:
        assert manager.active == 2


async def test_what_a_model_writes_otherwise_the_second_time_takes_the_place_of_what_was_told(
    redis, monkeypatch
):
    log, run_id = EventLog(redis, redis, ttl_s=600), new_id("run")
    monkeypatch.setattr("app.runs.writing.origin", lambda: "act:1")
    first = RunWriter(log, run_id, lease="one")
    for text in ("It is ", "30.", "84"):
        first.emit(Token(agent="davina", text=text))
    await first.flush()
    await log.take(run_id, "two")
    first.emit(Token(agent="davina", text="late"))
    with pytest.raises(RunTaken):
        await first.flush()
    kept = [event async for event in log.kept(LOCAL, run_id, after=0)]
    again = RunWriter(log, run_id, lease="two")
    again.go_on_after(kept)
    for text in ("It is ", "30.84", " dollars"):
        again.emit(Token(agent="davina", text=text))
    await again.flush()
    await log.take(run_id, "three")
    other = RunWriter(log, run_id, lease="three")
    other.go_on_after([event async for event in log.kept(LOCAL, run_id, after=0)])
    for text in ("It ", "comes to ", "30.84"):
        other.emit(Token(agent="davina", text=text))
    await other.flush()
    events = [Token.model_validate_json(e.json) async for e in log.kept(LOCAL, run_id, after=0)]
    assert [(event.text, event.anew) for event in events] == [
        ("It is ", False),
        ("30.", False),
        ("84", False),
        (" dollars", False),
        ("It comes to ", True),
        ("30.84", False),
    ]


async def test_a_run_of_another_process_is_cancelled(pool, redis):
    first, second = (Setup(pool=pool, redis=redis, worker=f"wrk_{name}") for name in ("one", "two"))
    gate = first.graph.script = Gate()
    async with first.open() as carrying, second.open() as manager:
        run_id, _ = await carrying.start(LOCAL, ask())
        await within(gate.reached.wait())
        assert await within(manager.cancel(LOCAL, run_id))
        assert not await manager.cancel(LOCAL, run_id)
    assert (await second.kept(run_id))[-1] == "run.cancelled"
