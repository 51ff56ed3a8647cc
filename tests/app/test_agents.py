import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from agents import UnknownAgent, discover
from agents.definitions import Definition, charter_of, define
from agents.desk import Desk
from agents.rebecca.analysis import analyze
from app.agents_service import AgentsService, DeploymentRefused, LiveCharters, LiveRouter, taking_up
from app.agents_store import AgentStore, AgentUnknown, Pool
from graphs import Route
from graphs.routing.interfaces import Task
from memory import Turn

BEES = (
    "Agent for a beekeeping cooperative: beekeepers register hives, record inspections, and sell honey jars"
)
MORE = f"{BEES}, and weigh hives"


class Letters:
    """An embedder of letter triples: alike texts are near, and no model is needed."""

    async def embed(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.zeros((len(texts), 512), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            plain = f" {text.lower()} "
            for at in range(len(plain) - 2):
                row[sum(ord(letter) * 31**n for n, letter in enumerate(plain[at : at + 3])) % 512] += 1
        found: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return found


class Elsewhere:
    """A router that sends everything to one agent of the folders."""

    async def route(self, message: str, turns: Sequence[Turn], wanted: Sequence[str] = ()) -> Route:
        del turns
        name = next(iter(wanted), "davina")
        return Route(kind="tasks", tasks=(Task(agent=name, request=message, confidence=0.9),))


@pytest.fixture
async def store(pool: Pool) -> AgentStore:
    async with pool.connection() as connection:
        await connection.execute("DELETE FROM agent_definitions")
    return AgentStore(pool)


@pytest.fixture
async def charters() -> LiveCharters:
    return LiveCharters(await asyncio.to_thread(discover))


async def test_a_description_is_deployed_routed_to_rolled_back_and_disabled(store, charters):
    router = LiveRouter(Elsewhere(), charters, Letters())
    service = AgentsService(store, tuple(charters), changed=taking_up(charters, router))
    first = await service.deploy(BEES)
    assert (first.name, first.version, first.passed) == ("beekeeping_cooperative", 1, first.cases)
    asked = "Record an inspection at the beekeeping cooperative"
    assert (await router.route(asked, [])).tasks[0].agent == first.name
    assert (await router.route("What is the break-even point?", [])).tasks[0].agent == "davina"

    second = await service.deploy(MORE, first.name)
    assert second.version == 2
    assert any("Weigh" in text for text in charters[first.name].utterances)
    verdicts = await service.cases(first.name, 1)
    assert len(verdicts) == first.cases
    assert [one for one in verdicts if one.skipped] == first.skipped
    assert all(one.passed or one.skipped for one in verdicts)
    with pytest.raises(AgentUnknown):
        await service.cases(first.name, 9)
    back = await service.rollback(first.name)
    assert (back.version, back.versions, back.state) == (1, 2, "live")
    assert not any("Weigh" in text for text in charters[first.name].utterances)
    assert [item.active for item in await service.versions(first.name)] == [False, True]

    assert (await service.disable(first.name)).state == "disabled"
    assert first.name not in charters
    assert (await router.route(asked, [])).tasks[0].agent == "davina"
    assert (await service.rollback(first.name, 2)).version == 2
    assert first.name in charters


async def test_a_deployed_agent_can_be_named_and_goes_on_with_what_it_began(store, charters):
    router = LiveRouter(Elsewhere(), charters, Letters())
    service = AgentsService(store, tuple(charters), changed=taking_up(charters, router))
    name = (await service.deploy(BEES)).name
    named = await router.route("anything at all", [], [name, "sofia"])
    assert [task.agent for task in named.tasks] == [name, "sofia"]
    with pytest.raises(UnknownAgent, match="there is no agent nobody"):
        await router.route("x", [], ["nobody"])
    turn = Turn(run_id="r", request="Record an inspection", answer="?", agents=(name,), at=datetime.now(UTC))
    assert (await router.route("north 17", [turn])).tasks[0].agent == name


async def test_what_another_process_deploys_is_taken_up(store, monkeypatch):
    monkeypatch.setattr("app.agents_service._LOOKED_AT_S", 0.01)
    told: asyncio.Queue[Sequence[Definition]] = asyncio.Queue()
    service = AgentsService(store, (), changed=told.put_nowait)
    await service.refresh()
    assert await told.get() == []
    watching = asyncio.create_task(service.watch())
    await AgentsService(store, ()).deploy(BEES)
    (definition,) = await asyncio.wait_for(told.get(), 60)
    assert definition.request == BEES
    watching.cancel()


async def test_what_cannot_be_deployed_is_refused_and_nothing_is_kept(store, charters, monkeypatch):
    service = AgentsService(store, tuple(charters))
    with pytest.raises(DeploymentRefused, match="names no domain"):
        await service.deploy("please")
    with pytest.raises(DeploymentRefused, match="belongs to a specialist"):
        await service.deploy(BEES, "sofia")
    monkeypatch.setattr(Desk, "_at_once", lambda *_: None)
    with pytest.raises(DeploymentRefused, match=r"fails .* of its .* cases: edge-"):
        await service.deploy(BEES)
    assert await service.all() == []


async def test_unknown_agents_and_versions_are_told(store):
    service = AgentsService(store, ())
    for asked in (service.versions("none"), service.disable("none"), service.rollback("none")):
        with pytest.raises(AgentUnknown, match="'none'"):
            await asked
    name = (await service.deploy(BEES)).name
    with pytest.raises(AgentUnknown, match="version 9"):
        await service.rollback(name, 9)
    with pytest.raises(DeploymentRefused, match="no version before 1"):
        await service.rollback(name)


async def test_a_folders_name_stays_its_own(charters):
    made = await asyncio.to_thread(lambda: charter_of(define(analyze(BEES), BEES, "sofia")))
    charters.put({"sofia": made})
    assert charters["sofia"].title != made.title
    assert len(charters) == len(charters.base)
