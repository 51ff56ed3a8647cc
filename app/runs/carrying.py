"""The run loop: a run carried out to its end, the one place where its errors end, logged with its id."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import structlog
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.runnables import RunnableConfig
from redis.exceptions import RedisError

from agents import NO_RESOURCES, Charter, Resources
from app.errors import as_problem, internal
from app.problems import Problem, dumped, problem
from app.runs.active import ActiveRun
from app.runs.approvals import ApprovalStore, RunApprovals
from app.runs.closing import Closer
from app.runs.eventlog import EventLog, RunTaken
from app.runs.journal import RunJournal
from app.runs.records import CANCELLED, ChatResult
from app.runs.saver import RunSaver
from graphs import (
    Attached,
    FreyaGraph,
    FreyaState,
    GraphSettings,
    Router,
    RunCancelled,
    RunContext,
    RunEvent,
    RunFailed,
    RunFinished,
)
from knowledge import Retriever
from memory import ConversationMemory, Recaller, Scope
from models.chat import ChatModels

_log = structlog.get_logger(__name__)
METER = "meter"
"""The field of the work on a run that holds what its models took."""
_STOP_S = 5.0
_LEAVE_S = 1.0


AttachedFiles = Callable[[Scope, Sequence[str]], Awaitable[Sequence[Attached]]]


async def _nothing_attached(_scope: Scope, _wanted: Sequence[str]) -> Sequence[Attached]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What every run works with."""

    graph: FreyaGraph
    saver: RunSaver
    """That of the graph."""
    charters: Mapping[str, Charter]
    retriever: Retriever
    memory: ConversationMemory
    recaller: Recaller
    notice: Callable[[str], Sequence[str]]
    router: Router
    chat: ChatModels
    settings: GraphSettings
    indexed: Callable[[], float | None] = lambda: None
    resources: Resources = NO_RESOURCES
    callbacks: Callable[[str], Sequence[AsyncCallbackHandler]] = lambda _run_id: ()
    """What looks on at a run, by its id."""
    attached: AttachedFiles = _nothing_attached
    """Gives what is to be read of the files of a turn. Raises a ProblemError for one that its thread does not have."""


class Carrier:
    """Carries out the runs of a process."""

    def __init__(
        self,
        parts: Parts,
        closer: Closer,
        events: EventLog,
        approvals: ApprovalStore,
        *,
        timeout_s: float,
    ) -> None:
        self._parts = parts
        self._approvals = approvals
        self._closer = closer
        self._events = events
        self._timeout_s = timeout_s

    async def carry_out(self, run: ActiveRun) -> ChatResult | Problem | None:
        """Work on the run, write its events and its record, and give how it ended, which is what its record says.

        None where it did not end: it waits for a person, the service stops, or another worker has taken it over.
        """
        ended: ChatResult | Problem | None
        with structlog.contextvars.bound_contextvars(run_id=run.run_id, thread_id=run.scope.thread_id):
            writing = asyncio.create_task(run.writer.write_until_closed())
            try:
                ended, last = await self._worked(run, writing)
                await self._tell(run, last, writing)
            except RunTaken:
                _log.warning("another worker has taken the run over", lease=run.lease)
                ended = None
            except Exception:  # noqa: BLE001  # the edge of the run loop
                _log.exception("the run could not be closed")
                ended = internal(run.run_id)
            finally:
                writing.cancel()
            return ended

    async def _tell(self, run: ActiveRun, last: RunEvent | None, writing: asyncio.Task[None]) -> None:
        """Write the last event; while Redis is away the record alone tells how the run ended."""
        if last:
            run.writer.emit(last)
        run.writer.close()
        try:
            async with asyncio.timeout(None if last else _LEAVE_S):
                await writing
            if last:
                await self._events.done(run.run_id, run.writer.lease)
        except (RedisError, TimeoutError) as error:
            _log.warning("the last events could not be written", error=str(error))

    async def _worked(
        self, run: ActiveRun, writing: asyncio.Task[None]
    ) -> tuple[ChatResult | Problem | None, RunEvent | None]:
        try:
            await run.writer.flush()
            approvals = RunApprovals(self._approvals, run.scope.owner, run.run_id)
            state = await self._answer(run, writing, approvals)
            if approvals.open:
                await self._park(run, [*approvals.open])
                return None, None
            try:  # what is on record as finished is to be told to its end, but for the last event
                await run.writer.flush()
            except RedisError as error:
                _log.warning("the end of an answer could not be told", error=str(error))
            result = await self._closer.finish(run, state)
        except asyncio.CancelledError:
            if run.stopped != "client":
                _log.info("the run is left to be gone on with")
                return None, None
            found = problem("cancelled", "The run was cancelled.", run_id=run.run_id)
            await self._closer.fail(run, "cancelled", found)
            return found, RunCancelled(reason=CANCELLED)
        except RunTaken:
            raise
        except Exception as error:  # noqa: BLE001  # the edge of the run loop
            found = as_problem(error, run_id=run.run_id) or internal(run.run_id)
            if found.status >= 500:  # noqa: PLR2004  # ours, and not the request's
                _log.warning(
                    "the run failed",
                    code=found.code,
                    exc_info=found.code == "internal_error",
                    error=str(error),
                )
            await self._closer.fail(run, "failed", found)
            return found, RunFailed(problem=dumped(found))
        return result, RunFinished(result=result.model_dump(mode="json"))

    async def _park(self, run: ActiveRun, waits_for: Sequence[str]) -> None:
        """Lay all that the run is gone on from where no eviction reaches it, and let go of the run."""
        run.writer.keep({METER: run.meter.dumped})
        await run.writer.flush()
        await self._closer.park(run, waits_for, await self._events.copy(run.run_id))
        run.parked = True
        _log.info("the run waits for a person", approvals=waits_for)

    async def _answer(
        self, run: ActiveRun, writing: asyncio.Task[None], approvals: RunApprovals
    ) -> FreyaState:
        parts = self._parts
        attached = await self._parts.attached(run.scope, run.request.attachments)
        context = RunContext(
            run_id=run.run_id,
            scope=run.scope,
            emit=run.emit,
            charters=parts.charters,
            retriever=parts.retriever,
            memory=parts.memory,
            recaller=parts.recaller,
            notice=parts.notice,
            router=parts.router,
            chat=parts.chat,
            settings=parts.settings,
            begins=run.begins,
            indexed=parts.indexed,
            resources=parts.resources,
            brought=run.luggage.brought,
            journal=RunJournal(run.writer, parts.saver.serde, run.found),
            approvals=approvals,
            attached=attached,
            waited_s=run.waited_s,
        )
        config: RunnableConfig = {
            "configurable": {"thread_id": run.run_id},
            "run_name": run.run_id,
            "callbacks": [run.meter, *parts.callbacks(run.run_id)],
        }
        given: FreyaState = {"message": run.request.message, "wanted": run.request.agents}
        left = parts.saver.attach(run.run_id, run.writer, run.found)
        work = run.work = asyncio.create_task(
            parts.graph.ainvoke(None if left else given, config, context=context, durability="async")
        )
        if run.stopped:
            work.cancel()
        try:
            async with asyncio.timeout(self._timeout_s):
                # A run whose events nobody could read is not worked on to its end.
                await asyncio.wait([work, writing], return_when=asyncio.FIRST_COMPLETED)
                if not work.done():
                    await writing
                return cast("FreyaState", await work)
        finally:
            work.cancel()
            await asyncio.wait([work], timeout=_STOP_S)
            parts.saver.detach(run.run_id)
