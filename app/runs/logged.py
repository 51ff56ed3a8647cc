"""What is logged of a run for learning: all of one that was answered, of any other what its events tell."""

from collections.abc import AsyncIterable, Iterable
from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError

from app.runs.records import ChatResult
from graphs import (
    AgentFinished,
    AgentStarted,
    Event,
    FreyaState,
    RouteChosen,
    RouteTask,
    ToolFinished,
    ToolStarted,
)
from graphs.routing.interfaces import Task
from memory import Interaction, Recollection, RoutedTask, ToolUse
from memory.interactions import Cost, SuccessMetrics

_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


class Trace:
    """What the events of a run have told so far."""

    def __init__(self) -> None:
        self._tasks: list[RouteTask] = []
        self._agents: list[str] = []
        self._calls: dict[str, ToolUse] = {}
        self._models: list[str] = []

    def note(self, event: object) -> None:
        """Take in an event; what says nothing of these things is passed over."""
        match event:
            case RouteChosen(tasks=tasks):
                self._tasks = tasks
            case AgentStarted(agent=str(agent)):
                self._agents.append(agent)
            case AgentFinished(model=model) if model:
                self._models.append(model)
            case ToolStarted(agent=str(agent), call_id=call_id, tool=tool, arguments=arguments):
                self._calls[call_id] = ToolUse(
                    agent=agent, name=tool, arguments=arguments, result="", failed=True
                )
            case ToolFinished(call_id=call_id, text=text, status=status) if call_id in self._calls:
                ended = {"result": text, "failed": status == "error"}
                self._calls[call_id] = self._calls[call_id].model_copy(update=ended)

    def unanswered(
        self, run_id: str, request: str, *, outcome: str, error: str, latency_ms: float, at: datetime
    ) -> Interaction:
        """The log's entry of a run that ended without a result; a call that did not end counts as failed."""
        uses = tuple(self._calls.values())
        return Interaction(
            run_id=run_id,
            request=request,
            answer=None,
            outcome=outcome,
            error=error,
            agent=self._agents[0] if self._agents else None,
            agents=tuple(dict.fromkeys(self._agents)),
            tasks=_tasks(self._tasks),
            tool_uses=uses,
            success=SuccessMetrics(completed=False, tool_success_rate=_succeeded(uses)),
            model=", ".join(dict.fromkeys(self._models)) or None,
            latency_ms=latency_ms,
            at=at,
        )


async def traced(events: AsyncIterable[bytes]) -> Trace:
    """The trace of events as they are kept, as JSON; what another version wrote is passed over."""
    trace = Trace()
    async for json in events:
        try:
            trace.note(_EVENT.validate_json(json))
        except ValidationError:
            continue
    return trace


def answered(request: str, state: FreyaState, result: ChatResult, *, latency_ms: float) -> Interaction:
    """The log's entry of a run that came to its end.

    Agents are named in the order they were called, sub-agents after theirs as `agent/sub-agent`. The context is the earlier runs
    that were carried along, what was recalled, and the passages of knowledge that were found.
    """
    results = sorted(state.get("results", []), key=lambda one: one.position)
    agents = [name for one in results for name in (one.agent, *(f"{one.agent}/{s}" for s in one.sub_agents))]
    context = [turn.run_id for turn in state.get("turns", [])]
    context += [item.id for item in state.get("recalled", Recollection()).items]
    context += [pair for one in results for pair in one.retrieved]
    uses = tuple(result.tool_calls)
    return Interaction(
        run_id=result.run_id,
        request=request,
        answer=result.answer,
        outcome=result.outcome,
        agent=agents[0] if agents else None,
        agents=tuple(dict.fromkeys(agents)),
        tasks=_tasks(state["route"].tasks),
        context=tuple(dict.fromkeys(context)),
        tool_uses=uses,
        reasoning=tuple(one.weighing.model_dump(mode="json") for one in results if one.weighing),
        success=SuccessMetrics(completed=result.outcome == "answered", tool_success_rate=_succeeded(uses)),
        cost=Cost(input_tokens=result.usage.input_tokens, output_tokens=result.usage.output_tokens),
        model=result.model,
        latency_ms=latency_ms,
        at=datetime.now(UTC),
    )


def _tasks(tasks: Iterable[RouteTask | Task]) -> tuple[RoutedTask, ...]:
    return tuple(RoutedTask(agent=t.agent, request=t.request, confidence=t.confidence) for t in tasks)


def _succeeded(uses: tuple[ToolUse, ...]) -> float | None:
    return sum(not use.failed for use in uses) / len(uses) if uses else None
