"""What is logged of a run for learning: all of one that was answered, of any other what its events tell."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError

from app.runs.metering import Meter
from app.runs.records import ChatResult
from graphs import (
    AgentFinished,
    AgentStarted,
    Event,
    FreyaState,
    Grounding,
    RouteChosen,
    RouteTask,
    SpecialistResult,
    ToolFinished,
    ToolStarted,
)
from graphs.routing.interfaces import Task
from memory import Interaction, Recollection, RoutedTask, ToolUse
from memory.interactions import Cost, SuccessMetrics
from models.chat import EXTRACTIVE

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
        self,
        run_id: str,
        request: str,
        *,
        outcome: str,
        error: str,
        latency_ms: float,
        at: datetime,
        meter: Meter | None = None,
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
            success=SuccessMetrics(
                completed=False,
                tool_success_rate=_succeeded(uses),
                quality=0 if outcome == "failed" else None,
            ),
            cost=_cost(meter),
            model=", ".join(dict.fromkeys(self._models)) or None,
            adapter=_adapters(meter),
            latency_ms=latency_ms,
            at=at,
        )


def traced(events: Iterable[bytes]) -> Trace:
    """The trace of events as they are kept, as JSON; what another version wrote is passed over."""
    trace = Trace()
    for json in events:
        try:
            trace.note(_EVENT.validate_json(json))
        except ValidationError:
            continue
    return trace


def answered(
    request: str, state: FreyaState, result: ChatResult, *, latency_ms: float, meter: Meter
) -> Interaction:
    """The log's entry of a run that came to its end.

    Agents are named in the order they were called, sub-agents after theirs as `agent/sub-agent`. The context is the earlier runs
    that were carried along, what was recalled, and the passages of knowledge that were found.
    """
    results = sorted(state.get("results", []), key=lambda one: one.position)
    agents = [name for one in results for name in (one.agent, *(f"{one.agent}/{s}" for s in one.sub_agents))]
    context = [turn.run_id for turn in state.get("turns", []) if turn.run_id]
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
        success=SuccessMetrics(
            completed=result.outcome == "answered",
            grounded=grounded(results),
            hallucinated=_hallucinated(results),
            tool_success_rate=_succeeded(uses),
            quality=quality(results, uses) if result.outcome == "answered" else None,
        ),
        cost=_cost(meter),
        model=result.model,
        adapter=_adapters(meter),
        latency_ms=latency_ms,
        at=datetime.now(UTC),
    )


def _tasks(tasks: Iterable[RouteTask | Task]) -> tuple[RoutedTask, ...]:
    return tuple(RoutedTask(agent=t.agent, request=t.request, confidence=t.confidence) for t in tasks)


def grounded(results: Sequence[SpecialistResult]) -> bool | None:
    """Whether each answer rests on something that holds it.

    It cites a passage or a tool computed, every number was traced and every citation held. None where nobody answered
    from what was found or computed.
    """
    answers = [one for one in results if one.outcome == "answered"]
    if not answers:
        return None
    return all(_rests(one) and _holds(one) for one in answers)


def quality(results: Sequence[SpecialistResult], uses: Sequence[ToolUse]) -> float | None:
    """The output quality of an answered run, 0 to 1: the mean of the shares that can be told of it; None without a specialist.

    These are the tasks that were answered; of their answers those that cite a passage or had a tool compute; of the numbers
    and citations in them those that held; and the tool calls without an error.
    """
    if not results:
        return None
    answers = [one for one in results if one.outcome == "answered"]
    checked = sum(_claims(one) for one in answers)
    shares = [len(answers) / len(results)]
    if answers:
        shares.append(sum(map(_rests, answers)) / len(answers))
    if checked:
        shares.append(1 - sum(map(_faults, answers)) / checked)
    if uses:
        shares.append(_succeeded(uses) or 0.0)
    return round(sum(shares) / len(shares), 4)


def _faults(result: SpecialistResult) -> int:
    found = result.grounding or Grounding()
    return len(found.untraced) + len(found.miscited) + result.made_up


def _claims(result: SpecialistResult) -> int:
    """How many numbers and citations it had before what nothing holds was taken out."""
    found = result.grounding or Grounding()
    return found.numbers + len(found.miscited) + result.made_up + len(result.citations)


def _rests(result: SpecialistResult) -> bool:
    return bool(result.citations) or any(not use.failed for use in result.tool_uses)


def _holds(result: SpecialistResult) -> bool:
    return not result.made_up and (result.grounding is None or result.grounding.holds)


def _hallucinated(results: Sequence[SpecialistResult]) -> bool | None:
    """Whether a citation or a number was made up; None where a language model wrote what has neither fault."""
    if not all(_holds(one) for one in results):
        return True
    return False if results and all(one.model == EXTRACTIVE for one in results) else None


def _cost(meter: Meter | None) -> Cost:
    if meter is None:
        return Cost()
    models = meter.models
    return Cost(
        input_tokens=sum(one.input_tokens for one in models),
        output_tokens=sum(one.output_tokens for one in models),
        models=models,
    )


def _adapters(meter: Meter | None) -> str | None:
    return ", ".join(meter.adapters) or None if meter else None


def _succeeded(uses: Sequence[ToolUse]) -> float | None:
    return sum(not use.failed for use in uses) / len(uses) if uses else None
