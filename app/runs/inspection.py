"""What happened in a run, as a tree: of its events while they are kept, of the interaction log afterwards."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field, JsonValue, TypeAdapter, ValidationError

from app.runs.eventlog import StoredEvent
from app.runs.records import RunView
from graphs import (
    AgentFinished,
    AgentStarted,
    Event,
    PlanMade,
    RouteChosen,
    StepFinished,
    StepStarted,
    Token,
    ToolFinished,
    ToolStarted,
)
from memory import Interaction
from memory.interactions import ModelUse

_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


class TraceNode(BaseModel):
    """Something that was done in a run, and what was done for it."""

    kind: Literal["step", "agent", "tool", "model"]
    name: str
    status: str = Field(default="running", description="How it ended; `running` where that was not told.")
    started_at: datetime | None = None
    duration_ms: float | None = None
    input: JsonValue = Field(default=None, description="What was asked, or the arguments of a tool.")
    output: JsonValue = Field(default=None, description="What was said, or what a tool gave.")
    model: str | None = Field(default=None, description="Which model an agent spoke with.")
    children: list["TraceNode"] = []


class RunTrace(BaseModel):
    """What happened in a run."""

    run_id: str
    thread_id: str
    status: str
    outcome: str | None
    created_at: datetime
    finished_at: datetime | None
    request: str
    answer: str | None
    problem: str | None = Field(description="Why it ended without an answer.")
    route: str | None = Field(description="How the request was routed.")
    timings: dict[str, float] = Field(description="Milliseconds by step of the graph.")
    models: list[ModelUse] = Field(description="What each model took, over all its calls.")
    source: Literal["events", "log"] = Field(
        description="`log`: the events are kept no more; the interaction log knows no times, and is redacted."
    )
    nodes: list[TraceNode]


def inspected(view: RunView, events: Sequence[StoredEvent], logged: Interaction | None) -> RunTrace:
    """The tree of a run."""
    tree = _Tree()
    for event in _read(events):
        tree.note(event)
    if not events and logged is not None:
        tree.nodes = _of_log(logged)
    result = view.result
    if result is not None:
        tree.add_models(result.timings, result.model)
    return RunTrace(
        run_id=view.id,
        thread_id=view.thread_id,
        status=view.status,
        outcome=result.outcome if result else None,
        created_at=view.created_at,
        finished_at=view.finished_at,
        request=view.request.message,
        answer=result.answer if result else None,
        problem=view.problem.detail if view.problem else None,
        route=tree.route,
        timings=result.timings if result else {},
        models=list(logged.cost.models) if logged else [],
        source="events" if events else "log",
        nodes=tree.nodes,
    )


class _Tree:
    """Takes in events in their order."""

    def __init__(self) -> None:
        self.nodes: list[TraceNode] = []
        self.route: str | None = None
        self._asked: dict[int, str] = {}
        self._steps: dict[int, TraceNode] = {}
        self._agents: dict[str, TraceNode] = {}
        self._calls: dict[str, TraceNode] = {}

    def note(self, event: Event) -> None:
        """Take in one; what says nothing of these things is passed over."""
        match event:
            case RouteChosen(kind=kind):
                self.route = kind
            case PlanMade(steps=steps):
                self._asked.update({step.id: step.request for step in steps})
            case StepStarted() | StepFinished():
                self._step(event)
            case AgentStarted(agent=str(agent)):
                node = TraceNode(kind="agent", name=agent, started_at=event.time, input=event.request)
                self._beside(agent).append(node)
                self._agents[agent] = node
            case AgentFinished(agent=str(agent)) if agent in self._agents:
                node = self._agents[agent]
                node.status, node.duration_ms, node.model = (
                    event.status,
                    event.duration_ms,
                    event.model or None,
                )
            case Token(agent=str(agent)) if agent in self._agents:
                node = self._agents[agent]
                node.output = event.text if event.anew else f"{node.output or ''}{event.text}"
            case ToolStarted(agent=str(agent)):
                node = TraceNode(kind="tool", name=event.tool, started_at=event.time, input=event.arguments)
                (self._agents[agent].children if agent in self._agents else self.nodes).append(node)
                self._calls[event.call_id] = node
            case ToolFinished(call_id=call_id) if call_id in self._calls:
                node = self._calls[call_id]
                node.status, node.duration_ms, node.output = event.status, event.duration_ms, event.text

    def add_models(self, timings: dict[str, float], model: str) -> None:
        """The calls of models as the graph timed them, each with the agent that made it."""
        for name, took in timings.items():
            agent, _, step = name.rpartition(".")
            node = self._agents.get(agent)
            if node is not None and step.startswith("model_"):
                named = node.model or model
                node.children.append(TraceNode(kind="model", name=named, status="answered", duration_ms=took))

    def _step(self, event: StepStarted | StepFinished) -> None:
        node = self._steps.get(event.step)
        if node is None:
            node = TraceNode(
                kind="step",
                name=event.agent or "",
                started_at=event.time if isinstance(event, StepStarted) else None,
                input=self._asked.get(event.step),
            )
            self._steps[event.step] = node
            self.nodes.append(node)
        if isinstance(event, StepFinished):
            node.status, node.output = event.status, event.reason or None
            if node.started_at is not None:
                node.duration_ms = round((event.time - node.started_at).total_seconds() * 1000, 2)

    def _beside(self, agent: str) -> list[TraceNode]:
        """Where an agent belongs: below the one whose sub-agent it is, or the step that it works on."""
        above, _, sub = agent.rpartition("/")
        if sub != agent and above in self._agents:
            return self._agents[above].children
        going_on = [one for one in self._steps.values() if one.name == agent and one.status == "running"]
        return going_on[-1].children if going_on else self.nodes


def _read(events: Iterable[StoredEvent]) -> Iterable[Event]:
    for event in events:
        try:
            yield _EVENT.validate_json(event.json)
        except ValidationError:
            continue  # another version wrote it


def _of_log(logged: Interaction) -> list[TraceNode]:
    asked = {task.agent: task.request for task in logged.tasks}
    nodes = {
        name: TraceNode(kind="agent", name=name, status=logged.outcome, input=asked.get(name))
        for name in logged.agents
    }
    for use in logged.tool_uses:
        status = "error" if use.failed else "success"
        call = TraceNode(kind="tool", name=use.name, status=status, input=use.arguments, output=use.result)
        if use.agent in nodes:
            nodes[use.agent].children.append(call)
    return list(nodes.values())
