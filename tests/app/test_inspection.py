"""What happened in a run: a tree of its events, and of the interaction log when those are gone."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import remembering_service
from app.cli.commands import application
from app.runs.eventlog import StoredEvent
from app.runs.inspection import inspected
from app.runs.records import ChatRequest, RunView
from graphs.events import (
    AgentFinished,
    AgentStarted,
    PlanMade,
    PlanStep,
    RunEvent,
    StepFinished,
    StepStarted,
    Token,
    ToolFinished,
    ToolStarted,
)
from tests.app.test_http import problem_of

ASKED = {"message": "NPV of -1000, 400, 400, 400 at 8 %", "agents": ["davina"]}


def nodes_of(tree: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    found = []
    for node in tree:
        found += [node] if node["kind"] == kind else []
        found += nodes_of(node["children"], kind)
    return found


async def test_tree_tells_who_worked_and_what_was_called_with_what(client):
    answer = (await client.post("/v1/chat", json=ASKED)).json()
    found = (await client.get(f"/v1/runs/{answer['run_id']}/trace")).json()
    assert (found["status"], found["outcome"], found["source"]) == ("finished", "answered", "events")
    assert (found["request"], found["answer"]) == (ASKED["message"], answer["answer"])
    assert (found["route"], found["timings"]) == ("tasks", answer["timings"])
    (step,) = found["nodes"]
    assert (step["kind"], step["name"], step["status"]) == ("step", "davina", "answered")
    (agent,) = step["children"]
    assert (agent["kind"], agent["name"], agent["status"]) == ("agent", "davina", "answered")
    assert agent["duration_ms"] > 0
    tools = nodes_of([agent], "tool")
    used = answer["tool_calls"]
    assert [(one["name"], one["input"], one["output"]) for one in tools] == [
        (one["name"], one["arguments"], one["result"]) for one in used
    ]
    assert all(one["status"] == "success" and one["duration_ms"] > 0 for one in tools)
    models = nodes_of([agent], "model")
    assert models
    assert all(one["duration_ms"] >= 0 for one in models)


async def test_interaction_log_tells_when_the_events_are_gone(client, running):
    answer = (await client.post("/v1/chat", json=ASKED)).json()
    await running.freya._events.forget([answer["run_id"]])
    found = (await client.get(f"/v1/runs/{answer['run_id']}/trace")).json()
    assert found["source"] == "log"
    (agent,) = found["nodes"]
    assert (agent["name"], agent["status"]) == ("davina", "answered")
    assert [one["name"] for one in agent["children"] if one["kind"] == "tool"] == [
        one["name"] for one in answer["tool_calls"]
    ]


async def test_unknown_run_has_no_trace(client):
    problem_of(await client.get("/v1/runs/run_none/trace"), 404, "unknown_run")


def told(*events: RunEvent) -> list[StoredEvent]:
    return [
        StoredEvent(
            seq, str(getattr(event, "type", "")), event.stamped("run_x", seq).model_dump_json().encode()
        )
        for seq, event in enumerate(events, 1)
    ]


def view(message: str) -> RunView:
    request = ChatRequest(message=message)
    now = datetime.now(UTC)
    return RunView(id="run_x", thread_id="thr_x", status="running", request=request, created_at=now)


def test_sub_agents_stand_below_theirs_and_what_did_not_end_is_running():
    steps = [PlanStep(id=n, agent="sofia", request=f"Part {n}.", needs=[], priority=1) for n in (1, 2)]
    events = told(
        PlanMade(steps=steps, seconds=1, calls=1, tokens=1),
        StepStarted(agent="sofia", step=1),
        AgentStarted(agent="sofia", request="Part 1."),
        AgentStarted(agent="sofia/writer", request="Write."),
        Token(agent="sofia/writer", text="He"),
        Token(agent="sofia/writer", text="Hello", anew=True),
        Token(agent="sofia/writer", text="!"),
        AgentFinished(agent="sofia/writer", status="answered", model="small", duration_ms=3),
        ToolStarted(agent="sofia", call_id="c1", tool="calendar", arguments={"days": 3}),
        ToolFinished(
            agent="sofia", call_id="c1", tool="calendar", status="error", text="Bad.", data={}, duration_ms=2
        ),
        AgentFinished(agent="sofia", status="answered", model="small", duration_ms=9),
        StepFinished(agent="sofia", step=1, status="answered"),
        StepStarted(agent="sofia", step=2),
        AgentStarted(agent="sofia", request="Part 2."),
        ToolStarted(agent="sofia", call_id="c2", tool="budget", arguments={}),
    )
    broken = StoredEvent(99, "token", b'{"type": "of another version"}')
    first, second = inspected(view("Plan."), [*events, broken], None).nodes
    assert (first.input, first.status, second.input, second.status) == (
        "Part 1.",
        "answered",
        "Part 2.",
        "running",
    )
    (sofia,) = first.children
    assert [(one.kind, one.name, one.status, one.output) for one in sofia.children] == [
        ("agent", "sofia/writer", "answered", "Hello!"),
        ("tool", "calendar", "error", "Bad."),
    ]
    assert sofia.children[0].model == "small"
    assert second.children[0].children[0].status == "running"


@pytest.mark.parametrize("as_json", [False, True])
def test_command_shows_the_tree(monkeypatch, as_json):
    events = told(
        AgentStarted(agent="davina", request="NPV?"),
        ToolStarted(agent="davina", call_id="c1", tool="net_present_value", arguments={"rate": 0.08}),
        ToolFinished(
            agent="davina",
            call_id="c1",
            tool="net_present_value",
            status="success",
            text="30.8",
            data={},
            duration_ms=2,
        ),
        AgentFinished(agent="davina", status="answered", model="small", duration_ms=9),
    )
    found = inspected(view("NPV?"), events, None).model_dump(mode="json")

    async def ask(_caller: object, _work: object, show: Any, _: object) -> None:
        show(found)

    monkeypatch.setattr(remembering_service, "ask", ask)
    result = CliRunner().invoke(application, ["runs", "trace", "run_x", *(["--json"] if as_json else [])])
    assert result.exit_code == 0, result.output
    if as_json:
        assert json.loads(result.stdout) == found
    else:
        lines = result.stdout.splitlines()
        assert lines[1:] == [
            "  asked   NPV?",
            "  agent davina (small)  answered  9 ms",
            "    < NPV?",
            "    tool net_present_value  success  2 ms",
            '      < {"rate": 0.08}',
            "      > 30.8",
        ]
