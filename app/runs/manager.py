"""The run manager: begins runs, carries them out, and closes each with a record whatever its outcome."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self, cast

import psycopg
import structlog
from langchain_core.runnables import RunnableConfig
from psycopg_pool import PoolTimeout
from redis.asyncio import Redis

from agents import Charter
from app.errors import as_problem, internal
from app.problems import Problem, ProblemError, dumped, problem
from app.runs.eventlog import EventLog, EventWriter
from app.runs.records import ChatRequest, ChatResult, Status, Usage
from app.runs.store import AlreadyBegun, RunStore, ThreadBusy
from graphs import FreyaGraph, FreyaState, GraphSettings, Router, RunContext, reference
from graphs.events import RunCancelled, RunEvent, RunFailed, RunFinished, RunStarted
from knowledge import Retriever
from memory import ConversationMemory, Interaction, RoutedTask, Scope, new_id
from models.chat import ChatModels

_log = structlog.get_logger(__name__)
_ALIVE_S = 30
_BEAT_S = 10.0
_SAVE_ATTEMPTS = 4
_INTERRUPTED = "The service stopped while this run was going on. Send the message again."


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What every run works with."""

    graph: FreyaGraph
    charters: Mapping[str, Charter]
    retriever: Retriever
    memory: ConversationMemory
    router: Router
    chat: ChatModels
    settings: GraphSettings


@dataclass(kw_only=True)
class ActiveRun:
    """A run that this process carries out."""

    run_id: str
    scope: Scope
    request: ChatRequest
    writer: EventWriter
    began: float = field(default_factory=time.monotonic)
    task: asyncio.Task[ChatResult | Problem] | None = None


Observer = Callable[[str, float], None]
"""Takes the outcome of a run and how long it took, in seconds."""


class RunManager:
    """Owns the runs of this process; an async context manager that ends with none going on."""

    def __init__(
        self,
        parts: Parts,
        store: RunStore,
        events: EventLog,
        redis: Redis,
        *,
        most_runs: int,
        timeout_s: float,
        busy_wait_s: float,
        observe: Observer,
    ) -> None:
        self._parts = parts
        self._store = store
        self._events = events
        self._redis = redis
        self._most_runs = most_runs
        self._timeout_s = timeout_s
        self._busy_wait_s = busy_wait_s
        self._observe = observe
        self._active: dict[str, ActiveRun] = {}
        self._worker = new_id("wrk")
        self._beat: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._keep_alive()
        self._beat = asyncio.create_task(self._beat_forever(), name="worker heartbeat")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._beat:
            self._beat.cancel()
        going = [run.task for run in self._active.values() if run.task]
        for task in going:
            task.cancel("shutdown")
        await asyncio.gather(*going, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self._redis.delete(_worker_key(self._worker))

    @property
    def active(self) -> int:
        """How many runs are going on in this process."""
        return len(self._active)

    async def start(self, request: ChatRequest, *, idempotency_key: str | None = None) -> tuple[str, str]:
        """Begin a run; gives the ids of run and thread. A known idempotency key gives the run it began.

        Raises ProblemError: overloaded, thread_busy, unknown_thread, idempotency_conflict.
        """
        if len(self._active) >= self._most_runs:
            raise ProblemError(
                problem("overloaded", f"{self._most_runs} runs are going on. Try again in a moment.")
            )
        run_id = new_id("run")
        scope = Scope(thread_id=request.thread_id or new_id("thr"), project_id=request.project_id)
        try:
            await self._begin(run_id, scope, request, idempotency_key)
        except AlreadyBegun as known:
            if known.run.request != request:
                detail = (
                    "This Idempotency-Key came with another request before. Use a new key for a new request."
                )
                raise ProblemError(problem("idempotency_conflict", detail)) from known
            return known.run.id, known.run.thread_id
        run = ActiveRun(run_id=run_id, scope=scope, request=request, writer=EventWriter(self._events, run_id))
        self._active[run_id] = run
        run.writer.emit(RunStarted(thread_id=scope.thread_id))
        run.task = asyncio.create_task(self._carry_out(run), name=run_id)
        return run_id, scope.thread_id

    async def wait(self, run_id: str) -> ChatResult | Problem:
        """How a run ends. One that another process carries out is waited for by its events."""
        run = self._active.get(run_id)
        if run is None or run.task is None:
            return await self._ended(run_id)
        return await asyncio.shield(run.task)

    async def cancel(self, run_id: str) -> bool:
        """Cancel a run of this process and wait until it is closed; False when there is no such run here."""
        run = self._active.get(run_id)
        if run is None or run.task is None:
            return False
        run.task.cancel("client")
        await asyncio.wait([run.task])
        return True

    async def _ended(self, run_id: str) -> ChatResult | Problem:
        view = await self._store.get(run_id)
        if view.status == "running":
            async for _ in self._events.read(run_id, after=0, heartbeat_s=self._busy_wait_s):
                pass
            view = await self._store.get(run_id)
        if view.result:
            return view.result
        return view.problem or internal(run_id)

    async def _begin(
        self, run_id: str, scope: Scope, request: ChatRequest, idempotency_key: str | None
    ) -> None:
        """Write the run; while the thread is busy do as the client asked."""
        until = time.monotonic() + self._busy_wait_s
        while True:
            try:
                await self._store.begin(
                    run_id,
                    scope,
                    request,
                    new_thread=request.thread_id is None,
                    worker=self._worker,
                    idempotency_key=idempotency_key,
                )
            except ThreadBusy as busy:
                if request.on_busy == "reject" or time.monotonic() >= until:
                    detail = f"Run {busy.run_id} of this thread is going on. Wait for its end, or send on_busy `queue` or `cancel`."
                    raise ProblemError(problem("thread_busy", detail, run_id=busy.run_id or None)) from busy
                if request.on_busy == "cancel" and await self.cancel(busy.run_id):
                    continue
                await self._until_ended(busy.run_id, until - time.monotonic())
            else:
                return

    async def _until_ended(self, run_id: str, seconds: float) -> None:
        with contextlib.suppress(TimeoutError, ProblemError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self.wait(run_id)

    async def _carry_out(self, run: ActiveRun) -> ChatResult | Problem:
        """The run loop: the one place where a run's errors end, logged with its id."""
        ended: ChatResult | Problem
        with structlog.contextvars.bound_contextvars(run_id=run.run_id, thread_id=run.scope.thread_id):
            writing = asyncio.create_task(run.writer.write_until_closed())
            try:
                ended, last = await self._worked(run, writing)
                run.writer.emit(last)
                run.writer.close()
                await writing
            except Exception as error:  # noqa: BLE001  # the edge of the run loop
                ended = as_problem(error, run_id=run.run_id) or internal(run.run_id)
                _log.exception("the run's end could not be told", code=ended.code)
            finally:
                writing.cancel()
                del self._active[run.run_id]
            return ended

    async def _worked(
        self, run: ActiveRun, writing: asyncio.Task[None]
    ) -> tuple[ChatResult | Problem, RunEvent]:
        try:
            await run.writer.flush()
            async with asyncio.timeout(self._timeout_s):
                state = await self._answer(run, writing)
            result = await self._save(run, state)
        except asyncio.CancelledError as cancelled:
            by_client = "client" in cancelled.args
            code = "cancelled" if by_client else "interrupted"
            found = problem(code, "The run was cancelled." if by_client else _INTERRUPTED, run_id=run.run_id)
            await self._close(run, "cancelled" if by_client else "failed", found)
            event: RunEvent = (
                RunCancelled(reason="the client asked for it")
                if by_client
                else RunFailed(problem=dumped(found))
            )
            return found, event
        except Exception as error:  # noqa: BLE001  # the edge of the run loop
            found = as_problem(error, run_id=run.run_id) or internal(run.run_id)
            if found.status >= 500:  # noqa: PLR2004  # ours, and not the request's
                _log.warning(
                    "the run failed",
                    code=found.code,
                    exc_info=found.code == "internal_error",
                    error=str(error),
                )
            await self._close(run, "failed", found)
            return found, RunFailed(problem=dumped(found))
        return result, RunFinished(result=result.model_dump(mode="json"))

    async def _answer(self, run: ActiveRun, writing: asyncio.Task[None]) -> FreyaState:
        parts = self._parts
        context = RunContext(
            run_id=run.run_id,
            scope=run.scope,
            emit=run.writer.emit,
            charters=parts.charters,
            retriever=parts.retriever,
            memory=parts.memory,
            router=parts.router,
            chat=parts.chat,
            settings=parts.settings,
        )
        config: RunnableConfig = {"configurable": {"thread_id": run.run_id}, "run_name": run.run_id}
        answering = asyncio.create_task(
            parts.graph.ainvoke(
                {"message": run.request.message, "wanted": run.request.agents},
                config,
                context=context,
                durability=parts.settings.durability,
            )
        )
        try:
            # A run whose events nobody could read is not worked on to its end.
            await asyncio.wait([answering, writing], return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                await writing
            state = cast("FreyaState", await answering)
        finally:
            answering.cancel()
        return state

    async def _save(self, run: ActiveRun, state: FreyaState) -> ChatResult:
        results = state.get("results", [])
        made = [artifact for one in results for artifact in one.artifacts]
        uses = [use for one in results for use in one.tool_uses]
        timings = dict(state.get("timings_ms", {}))
        for one in results:
            timings.update({f"{one.agent}.{name}": took for name, took in one.timings_ms.items()})
        result = ChatResult(
            run_id=run.run_id,
            thread_id=run.scope.thread_id,
            outcome=state["outcome"],
            answer=state["answer"],
            agents=list(dict.fromkeys(one.agent for one in results)),
            citations=state["citations"],
            artifacts=[reference(artifact) for artifact in made],
            tool_calls=uses,
            model=state.get("model", ""),
            timings={**timings, "total": _milliseconds(run)},
            usage=Usage(
                input_tokens=sum(one.input_tokens for one in results),
                output_tokens=sum(one.output_tokens for one in results),
            ),
        )
        interaction = Interaction(
            run_id=run.run_id,
            request=run.request.message,
            answer=result.answer,
            outcome=result.outcome,
            tasks=tuple(
                RoutedTask(agent=t.agent, request=t.request, confidence=t.confidence)
                for t in state["route"].tasks
            ),
            tool_uses=tuple(uses),
            reasoning=tuple(one.weighing.model_dump(mode="json") for one in results if one.weighing),
            model=result.model,
            latency_ms=_milliseconds(run),
            at=datetime.now(UTC),
        )
        await self._store.finish(result, run.scope, artifacts=made, interaction=interaction)
        self._observe(result.outcome, time.monotonic() - run.began)
        return result

    async def _close(self, run: ActiveRun, status: Status, found: Problem) -> None:
        """Close the run's record; a database that is away is waited for a little, and the reaper does it else."""
        interaction = Interaction(
            run_id=run.run_id,
            request=run.request.message,
            answer=None,
            outcome=status,
            error=found.code,
            latency_ms=_milliseconds(run),
            at=datetime.now(UTC),
        )
        self._observe(status, time.monotonic() - run.began)
        for attempt in range(_SAVE_ATTEMPTS):
            try:
                await self._store.fail(run.run_id, run.scope, status, found, interaction=interaction)
            except (psycopg.Error, PoolTimeout) as error:
                _log.warning("the run's record could not be closed", attempt=attempt + 1, error=str(error))
                await asyncio.sleep(0.2 * 2**attempt)
            else:
                return

    async def _beat_forever(self) -> None:
        """Say that this worker lives, and fail the runs of those that do not; an outage is waited out."""
        while True:
            try:
                await self._keep_alive()
                await self._reap()
            except Exception as error:  # noqa: BLE001  # the edge of a background loop
                _log.warning("worker heartbeat failed", error=str(error))
            await asyncio.sleep(_BEAT_S)

    async def _keep_alive(self) -> None:
        await self._redis.set(_worker_key(self._worker), "1", ex=_ALIVE_S)

    async def _reap(self) -> None:
        alive = [
            key.decode().rsplit(":", 1)[-1] async for key in self._redis.scan_iter(match=_worker_key("*"))
        ]
        found = problem("interrupted", _INTERRUPTED)
        for run_id in await self._store.reap([*alive, self._worker], found):
            _log.warning("a run of a dead worker was closed", run_id=run_id)
            await self._events.end(run_id, RunFailed(problem=dumped(found)))


def _worker_key(worker: str) -> str:
    return f"freya:worker:{worker}"


def _milliseconds(run: ActiveRun) -> float:
    return round((time.monotonic() - run.began) * 1000, 2)
