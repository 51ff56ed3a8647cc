"""What is written to checkpoints is read back as it was, by a serialiser that allows our state types and no others."""

from datetime import UTC, datetime

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from agents import Artifact, Figure
from graphs import (
    STATE_TYPES,
    Approval,
    ClientCall,
    Grounding,
    MadeArtifact,
    Route,
    SpecialistResult,
    Task,
    Weighing,
)
from graphs.events import Citation
from graphs.planning import NamedFigure, Spent
from graphs.state import Computed, Question
from memory import Degraded, Kind, Recalled, Recollection, Tier, ToolUse, Turn, WorkingState
from models.chat import Note, Passage

USE = ToolUse(agent="davina", name="npv_irr", arguments={"cash_flows": [-1000, 400.5]}, result="30.84")
CITATION = Citation(number=1, pair_id="p", title="T", source="s", quote="q", relevance=0.5)
MADE = MadeArtifact(
    id="art_1", agent="rebecca", artifact=Artifact(name="a.sql", media_type="application/sql", content=";")
)
TASK = Task(agent="technical", request="and for 14 days?", about="RSI", context="it", confidence=0.75)
FIGURE = Figure(name="net present value", value=30.84, unit="USD")
COMPUTED = Computed(
    tool="npv_irr", figures=(FIGURE,), assumptions=("Yearly.",), would_change=("9 %",), data={"npv": 30.84}
)
GROUNDING = Grounding(numbers=4, untraced=("93 %",), miscited=(2,), removed=1)
WEIGHING = Weighing(score=0.55, reasons=("creative work: design",), choice="checked_tool")
DEGRADED = Degraded(tier=Tier.LONG, reason="Chroma is away")
RECALLED = Recalled(
    id="rec_1",
    tier=Tier.LONG,
    kind=Kind.FACT,
    text="Lives in Oslo.",
    tokens=5,
    score=1.2,
    relevance=0.9,
    reasons=("words: live",),
    message_ids=("msg_1",),
    said_at=datetime(2026, 5, 3, tzinfo=UTC),
)
VALUES = (
    MADE.artifact,
    CITATION,
    DEGRADED,
    RECALLED,
    Recollection(items=(RECALLED,), tokens=5, budget=100, degraded=(DEGRADED,), took_ms=1.5),
    MADE,
    NamedFigure(name="price", value=600.0, tool="market_size"),
    Question(of="davina", request="what does it cost?"),
    Spent(calls=3, tokens=120),
    FIGURE,
    COMPUTED,
    GROUNDING,
    Note(author="chart_reader", text="up"),
    Passage(number=1, title="T", text="t", relevance=0.25),
    Route(kind="tasks", tasks=(TASK,), left_out=("the weather",), reason="several parts"),
    SpecialistResult(
        position=0,
        agent="davina",
        request="NPV",
        answer="30.84 [1]",
        outcome="answered",
        citations=(CITATION,),
        tool_uses=(USE,),
        computed=(COMPUTED,),
        artifacts=(MADE,),
        grounding=GROUNDING,
        weighing=WEIGHING,
        model="m",
        made_up=1,
        timings_ms={"total": 1.5},
    ),
    TASK,
    Tier.LONG,
    Kind.FACT,
    Approval(
        id="apr_1",
        agent="davina",
        tool="npv_irr",
        call_id="call_1",
        arguments={"cash_flows": [-1000, 400]},
        why="It is asked.",
        requested_at=datetime.now(UTC),
        expires_at=datetime.now(UTC),
    ),
    ClientCall(id="call_1", name="look_up", arguments="{}"),
    USE,
    Turn(run_id="r", request="q", answer="a", agents=("davina",), tool_uses=(USE,), at=datetime.now(UTC)),
    WEIGHING,
    WorkingState(agent="davina", task="q", tools={"npv_irr": {"run": "r"}}, variables={"x": 8}, version=2),
)


def strict() -> JsonPlusSerializer:
    return JsonPlusSerializer(allowed_msgpack_modules=None).with_msgpack_allowlist(STATE_TYPES)


def test_every_state_type_is_tried():
    assert {type(value) for value in VALUES} == set(STATE_TYPES)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_state_type_survives_the_round_trip(value):
    serialiser = strict()
    (read,) = serialiser.loads_typed(serialiser.dumps_typed([value]))
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    "message",
    [
        SystemMessage("s"),
        HumanMessage("h", id="request"),
        AIMessage("a", tool_calls=[{"name": "t", "args": {"x": 1}, "id": "c", "type": "tool_call"}]),
        ToolMessage("r", tool_call_id="c", name="t", status="error"),
    ],
    ids=lambda message: message.type,
)
def test_a_message_survives_the_round_trip(message):
    serialiser = strict()
    assert serialiser.loads_typed(serialiser.dumps_typed(message)) == message
