"""What is logged of a run: all of one that was answered, of any other what its events told."""

import hashlib
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import pytest
from redis.asyncio import Redis

from app.database import Pool
from app.problems import problem
from app.runs import ChatRequest, RunStore
from app.runs.logged import answered
from app.runs.metering import Meter
from app.runs.stamping import Prices, Stamp, stamp_of
from app.runs.worker import Worker
from graphs import FreyaState, Grounding, RunContext, SpecialistResult, Task
from graphs.events import (
    AgentFinished,
    AgentStarted,
    Citation,
    RouteChosen,
    RouteTask,
    Token,
    ToolFinished,
    ToolStarted,
)
from graphs.routing.interfaces import Route
from memory import LOCAL, Interaction, Kind, Recalled, Recollection, Scope, Tier, ToolUse, Turn, new_id
from memory.interactions import Cost, InteractionStore, ModelUse, SuccessMetrics
from models import ModelsSettings
from models.chat.chain import ChainChatModel
from models.residency import ResidentSettings
from tests.app.answered import answered as answered_of
from tests.app.scripted import Gate, Setup, ask, state, within
from tests.fakes.scripted_model import Script, ScriptedChatModel, Step

NOW = datetime(2026, 5, 3, tzinfo=UTC)
CITED = Citation(number=1, pair_id="pair_1", title="What?", source="s", quote="q", relevance=0.9)
EVENTS = [
    RouteChosen(kind="tasks", tasks=[RouteTask(agent="davina", request="Plan it", confidence=0.9)]),
    AgentStarted(agent="davina", request="Plan it"),
    ToolStarted(agent="davina", call_id="1", tool="budget", arguments={"rate": 8}),
    ToolFinished(
        agent="davina", call_id="1", tool="budget", status="success", text="30", data={}, duration_ms=1
    ),
    Token(agent="davina", text="So "),
    AgentFinished(agent="davina", status="answered", model="scripted", duration_ms=1),
    ToolStarted(agent="davina", call_id="2", tool="plan", arguments={}),
]
KNOWN = {
    "agent": "davina",
    "agents": ["davina"],
    "tasks": [{"agent": "davina", "request": "Plan it", "confidence": 0.9}],
    "tool_uses": [
        {"agent": "davina", "name": "budget", "arguments": {"rate": 8}, "result": "30", "failed": False},
        {"agent": "davina", "name": "plan", "arguments": {}, "result": "", "failed": True},
    ],
    "model": "scripted",
}


async def test_log_has_the_versions_of_the_models_that_are_known(setup: Setup) -> None:
    store = RunStore(setup.database, stamp=Stamp(versions={"scripted": "1.2", "other": "3"}))
    scope, run = Scope(thread_id=new_id("thr")), new_id("run")
    await store.begin(
        run, scope, ChatRequest(message="Hi"), new_thread=True, worker="w", idempotency_key=None
    )
    entry = Interaction(
        run_id=run,
        request="Hi",
        answer=None,
        outcome="failed",
        model="scripted, unheard of, other",
        latency_ms=1,
        at=NOW,
    )
    await store.fail(run, scope, "failed", problem("timeout", "late"), interaction=entry)
    found = await logged(setup, run)
    assert (found["model"], found["model_version"]) == ("scripted, unheard of, other", "1.2, 3")


@pytest.fixture
def setup(pool: Pool, redis: Redis) -> Setup:
    return Setup(pool=pool, redis=redis)


async def logged(setup: Setup, run_id: str) -> dict[str, Any]:
    """The log's entry of a run, as JSON."""
    found = await InteractionStore(setup.database).page(LOCAL, limit=1000)
    (one,) = [each.interaction for each in found if each.interaction.run_id == run_id]
    return one.model_dump(mode="json")


async def test_a_cancelled_run_logs_its_tasks_tools_and_models(setup):
    gate = Gate()

    async def half(context: RunContext, message: str) -> FreyaState:
        for event in EVENTS:
            context.emit(event)
        return await gate(context, message)

    setup.graph.script = half
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        await within(gate.reached.wait())
        assert await within(manager.cancel(LOCAL, run_id))
        entry = await logged(setup, run_id)
    assert {**entry, **KNOWN} == entry
    assert entry["success"] == SuccessMetrics(completed=False, tool_success_rate=0.5).model_dump()
    assert (entry["outcome"], entry["error"], entry["answer"]) == ("cancelled", "cancelled", None)


async def test_a_run_of_a_dead_worker_logs_what_its_kept_events_tell(setup):
    async with setup.open():
        run_id = new_id("run")
        scope = Scope(thread_id=new_id("thr"))
        await setup.store.begin(
            run_id, scope, ask(), new_thread=True, worker="wrk_dead", idempotency_key=None
        )
        await setup.events.append(
            run_id, [(event.stamped(run_id, n), "") for n, event in enumerate(EVENTS, 1)]
        )
        await Worker("wrk_third", setup.store, setup.events, setup.redis).reap()
        entry = await logged(setup, run_id)
    assert {**entry, **KNOWN} == entry
    assert entry["success"] == SuccessMetrics(completed=False, tool_success_rate=0.5, quality=0).model_dump()
    assert (entry["outcome"], entry["error"]) == ("failed", problem("interrupted", "").code)


async def test_an_answered_run_logs_who_was_called_and_what_was_given_along(setup):
    use = ToolUse(agent="davina", name="budget", arguments={}, result="It cannot be computed.", failed=True)
    item = Recalled(
        id="rec_1",
        tier=Tier.LONG,
        kind=Kind.FACT,
        text="Lives in Oslo.",
        tokens=4,
        score=1,
        relevance=1,
        reasons=(),
        message_ids=(),
        said_at=NOW,
    )
    result = SpecialistResult(
        position=0,
        agent="davina",
        request="Plan it",
        answer="So.",
        outcome="answered",
        sub_agents=("forecaster",),
        retrieved=("pair_1", "pair_2"),
        tool_uses=(use,),
        model="scripted",
        citations=(CITED,),
    )

    async def answer(_: RunContext, message: str) -> FreyaState:
        return {
            **state(message),
            "route": Route(kind="tasks", tasks=(Task(agent="davina", request="Plan it", confidence=0.9),)),
            "turns": [Turn(run_id="run_0", request="Hello", answer="Hello.", at=NOW)],
            "recalled": Recollection(items=(item,)),
            "results": [result],
        }

    setup.graph.script = answer
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        await within(manager.wait(LOCAL, run_id))
        entry = await logged(setup, run_id)
    assert (entry["agent"], entry["agents"]) == ("davina", ["davina", "davina/forecaster"])
    assert entry["context"] == ["run_0", "rec_1", "pair_1", "pair_2"]
    assert (
        entry["success"]
        == SuccessMetrics(
            completed=True, grounded=True, hallucinated=None, tool_success_rate=0, quality=0.75
        ).model_dump()
    )
    assert entry["cost"] == Cost(input_tokens=0, output_tokens=0, amount=0, currency="USD").model_dump(
        mode="json"
    )
    assert entry["tasks"] == KNOWN["tasks"]


def _result(**changes: Any) -> SpecialistResult:
    given = {"position": 0, "agent": "davina", "request": "?", "answer": "So.", "outcome": "answered"}
    return SpecialistResult.model_validate({**given, **changes})


@pytest.mark.parametrize(
    ("results", "grounded", "hallucinated", "quality"),
    [
        ([], None, None, None),
        ([_result(outcome="declined", model="extractive")], None, False, 0),
        ([_result(citations=(CITED,), model="extractive")], True, False, 1),
        ([_result(citations=(CITED,), model="qwen")], True, None, 1),
        ([_result(citations=(CITED,), model="qwen"), _result(model="qwen")], False, None, 0.8333),
        ([_result(citations=(CITED,), model="qwen", made_up=1)], False, True, 0.8333),
        ([_result(citations=(CITED,), model="qwen", grounding=Grounding(numbers=3))], True, None, 1),
        (
            [_result(citations=(CITED,), model="qwen", grounding=Grounding(numbers=2, untraced=("93 %",)))],
            False,
            True,
            0.8889,
        ),
        (
            [_result(citations=(CITED,), model="extractive", grounding=Grounding(miscited=(1,)))],
            False,
            True,
            0.8333,
        ),
    ],
)
def test_what_is_known_of_an_answers_ground_is_logged_and_nothing_else(
    results, grounded, hallucinated, quality
):
    answer = FreyaState(
        results=results, route=Route(kind="tasks", tasks=()), answer="So.", outcome="answered"
    )
    result, _ = answered_of("run_1", Scope(thread_id="thr"), request="?", answer="So.")

    entry = answered("?", answer, result, latency_ms=1, meter=Meter())

    assert (entry.success.grounded, entry.success.hallucinated) == (grounded, hallucinated)
    assert entry.success.quality == quality


def test_versions_are_those_of_the_files(tmp_path) -> None:
    adapter = tmp_path / "tuned.gguf"
    adapter.write_bytes(b"GGUF")
    adapters = {"tuned": adapter, "gone": tmp_path / "gone.gguf"}
    settings = ModelsSettings(
        resident={"qwen": ResidentSettings(path=adapter, sha256="A" * 64, adapters=adapters)}
    )
    entry = Interaction(
        run_id="run_1",
        request="Hi",
        answer="So.",
        outcome="answered",
        model="qwen, extractive",
        adapter="gone, tuned",
        latency_ms=1,
        at=NOW,
    )

    stamped = stamp_of(settings)(entry)

    assert stamped.model_version == f"{'a' * 64}, {version('freya-agents')}"
    assert stamped.adapter_version == hashlib.sha256(b"GGUF").hexdigest()


async def test_every_call_of_a_model_is_counted_by_the_name_it_is_configured_under() -> None:
    chain = ChainChatModel(
        models=[ScriptedChatModel(Script([Step(text="One."), Step(text="Two.")]))], names=["large"]
    )
    meter = Meter()
    await chain.ainvoke("?", {"callbacks": [meter]})
    async for _ in chain.astream("?", {"callbacks": [meter]}):
        pass

    assert meter.models == (ModelUse(model="large", input_tokens=20, output_tokens=10),)


def test_a_price_is_told_where_all_of_it_is_known() -> None:
    def cost(*models: str) -> Cost:
        uses = tuple(ModelUse(model=name, input_tokens=2_000_000, output_tokens=500_000) for name in models)
        return Cost(input_tokens=1, output_tokens=1, models=uses)

    prices = Prices(currency="EUR", endpoints={"hosted": (3.0, 10.0), "unpriced": None})

    assert prices.priced(cost("hosted", "qwen")) == cost("hosted", "qwen").model_copy(
        update={"amount": 11.0, "currency": "EUR"}
    )
    assert prices.priced(cost("qwen")).amount == 0
    assert prices.priced(cost("hosted", "unpriced")).amount is None
    assert prices.priced(Cost()).amount is None
