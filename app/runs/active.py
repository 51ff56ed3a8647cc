"""A run that is going on, and the records that it leaves behind."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal  # Any: the graph's own state type

from app.problems import Problem
from app.runs.logged import Trace, answered, grounded
from app.runs.luggage import EMPTY, Luggage
from app.runs.metering import Meter
from app.runs.records import ChatRequest, ChatResult, RecalledItem, Status, Usage
from app.runs.writing import RunWriter
from graphs import FreyaState, MadeArtifact, RunEvent, Token, parts_of, reference
from memory import Interaction, Recollection, Scope

Reason = Literal["client", "shutdown"]


@dataclass(kw_only=True)
class ActiveRun:
    """A run that this process carries out."""

    run_id: str
    scope: Scope
    request: ChatRequest
    writer: RunWriter
    luggage: Luggage = EMPTY
    lease: int = 1
    """How often it was begun or taken over."""
    found: Mapping[str, bytes] = field(default_factory=dict)
    """What the worker before left of the work on it."""
    begins: bool = False
    """Whether it is the first of its thread."""
    began: float = field(default_factory=time.monotonic)
    task: asyncio.Task[ChatResult | Problem | None] | None = None
    work: asyncio.Task[dict[str, Any]] | None = None
    stopped: Reason | None = None
    waited_s: float = 0.0
    """For how long it has waited for persons."""
    parked: bool = False
    """Whether it stopped here to wait for a person."""
    trace: Trace = field(default_factory=Trace)
    meter: Meter = field(default_factory=Meter)
    told: Callable[[RunEvent, float], None] = lambda _event, _seconds: None
    """Hears each event, of pieces of answers the first, and how many seconds after the run began it came."""
    spoke: bool = False
    """Whether it has written a first piece of an answer."""

    def emit(self, event: RunEvent) -> None:
        """Take an event; never blocks."""
        self.trace.note(event)
        if not isinstance(event, Token) or not self.spoke:
            self.spoke = self.spoke or isinstance(event, Token)
            self.told(event, time.monotonic() - self.began)
        self.writer.emit(event)

    @property
    def milliseconds(self) -> float:
        """How long it has been going on, without the time for which it waited for persons."""
        return round(self.seconds * 1000, 2)

    @property
    def seconds(self) -> float:
        """The same in seconds."""
        return time.monotonic() - self.began - self.waited_s

    def stop(self, reason: Reason) -> None:
        """End the work on it; its record is closed all the same. An answer that is there already stands."""
        if self.work is None or not self.work.done():
            self.stopped = self.stopped or reason
            if self.work:
                self.work.cancel()


def records_of(run: ActiveRun, state: FreyaState) -> tuple[ChatResult, Sequence[MadeArtifact], Interaction]:
    """What a run that came to its end leaves behind."""
    results = state.get("results", [])
    made = [artifact for one in results for artifact in one.artifacts]
    uses = [use for one in results for use in one.tool_uses]
    timings = dict(state.get("timings_ms", {}))
    for one in results:
        timings.update({f"{one.agent}.{name}": took for name, took in one.timings_ms.items()})
    parts = parts_of(results, state["answer"], request=run.request.message)
    checked = [one.grounding for one in results if one.grounding]
    result = ChatResult(
        run_id=run.run_id,
        thread_id=run.scope.thread_id,
        outcome=state["outcome"],
        answer=state["answer"],
        summary=parts.summary,
        figures=list(parts.figures),
        assumptions=list(parts.assumptions),
        would_change=list(parts.would_change),
        risk_note=parts.risk_note,
        grounded=grounded(results),
        untraced=[text for one in checked for text in one.untraced],
        agents=list(dict.fromkeys(one.agent for one in results)),
        citations=state["citations"],
        client_calls=state.get("client_calls", []),
        cut=state.get("cut", False),
        recalled=[RecalledItem.of(item) for item in state.get("recalled", Recollection()).items],
        degraded=state.get("degraded", []),
        artifacts=[reference(artifact) for artifact in made],
        tool_calls=uses,
        model=state.get("model", ""),
        fallbacks=list(
            dict.fromkeys([*state.get("fallbacks", []), *(said for one in results for said in one.fallbacks)])
        ),
        timings={**timings, "total": run.milliseconds},
        usage=Usage(
            input_tokens=sum(one.input_tokens for one in run.meter.models),
            output_tokens=sum(one.output_tokens for one in run.meter.models),
        ),
    )
    interaction = answered(run.request.message, state, result, latency_ms=run.milliseconds, meter=run.meter)
    return result, made, interaction


def unanswered(run: ActiveRun, status: Status, found: Problem) -> Interaction:
    """What a run without a result leaves in the log."""
    return run.trace.unanswered(
        run.run_id,
        run.request.message,
        outcome=status,
        error=found.code,
        latency_ms=run.milliseconds,
        at=datetime.now(UTC),
        meter=run.meter,
    )
