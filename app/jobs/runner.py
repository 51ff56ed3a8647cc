"""Carries out jobs, one at a time over all processes of a database; what a dead process left is gone on with."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Self, TypeAlias

import structlog
from pydantic import JsonValue, ValidationError

from app.jobs.orders import AnyOrder, as_order
from app.tasks import end
from knowledge import (
    Job,
    JobStore,
    JobTurn,
    KnowledgeError,
    ModelRefused,
    TurnLost,
    UnknownSource,
    VersionRefused,
)
from models import ModelsError

_log = structlog.get_logger(__name__)
JOBS_S = 2.0
"""How often a process looks for jobs that others ordered, in seconds."""
_BEAT_S = 1.0
_GOES_ON = "What was done is kept: start the job again and it goes on from there."

Tell: TypeAlias = Callable[[str, int, int | None], None]
"""Told the step, how much of it is done, and of how much."""
Work: TypeAlias = Callable[[AnyOrder, Tell], Awaitable[Mapping[str, JsonValue]]]
"""Does the work of an order and gives its result; may be cancelled, and begun again after that."""


@dataclass
class _Reached:
    """How far a job is, as it was last told."""

    step: str | None = None
    done: int = 0
    total: int | None = None


class JobRunner:
    """An async context manager: inside, jobs that wait are carried out, those of dead processes too.

    How far a job is gets written once a second at most. A job that is cancelled stops within seconds; one that goes
    on when the context ends waits for the next process.
    """

    def __init__(self, store: JobStore, work: Work, *, worker: str, look_s: float | None = JOBS_S) -> None:
        """`worker` names this process in the rows of its jobs.

        Every `look_s` it looks for jobs of others; with None only when it is told to by `look`.
        """
        self._store = store
        self._carry = work
        self._worker = worker
        self._look_s = look_s
        self._called = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.create_task(self._carry_out_for_good(), name="jobs")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._loop is not None:
            await end([self._loop])

    def look(self) -> None:
        """There is a job: look at once, and not when the time has come."""
        self._called.set()

    async def run(self, job: str, tell: Tell) -> Job:
        """Carry out this one job here and give it as it ended; wait while another process carries out jobs.

        Broken off, the job is cancelled. Raises UnknownJob, and KnowledgeUnavailable when the store does not answer.
        """
        while True:
            async with self._store.turn(self._worker) as turn:
                claimed = await turn.claim(job) if turn is not None else None
                if turn is not None and claimed is not None:
                    await self._carry_out(turn, claimed, tell, for_good=False)
            found = await self._store.get(job)
            if found.state.ended:
                return found
            tell(f"waiting for another process ({found.step or found.state})", found.done, found.total)
            await asyncio.sleep(_BEAT_S)

    async def _carry_out_for_good(self) -> None:
        while True:
            self._called.clear()
            try:
                await self._carry_out_waiting()
            except Exception as error:  # noqa: BLE001  # the edge of a background loop; it is tried again
                _log.warning("jobs cannot be carried out now; it will be tried again", error=str(error))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._look_s):
                    await self._called.wait()

    async def _carry_out_waiting(self) -> None:
        if not await self._store.waiting():
            return
        async with self._store.turn(self._worker) as turn:
            while turn is not None and (job := await turn.claim()) is not None:
                await self._carry_out(turn, job, lambda *_: None, for_good=True)

    async def _carry_out(self, turn: JobTurn, job: Job, tell: Tell, *, for_good: bool) -> None:
        """Do the work of a claimed job and note how it ended. Raises TurnLost."""
        reached = _Reached()

        def reach(step: str, done: int, total: int | None) -> None:
            reached.step, reached.done, reached.total = step, done, total
            tell(step, done, total)

        _log.info("a job began", job=job.id, kind=job.kind)
        async with _ended(asyncio.create_task(self._work(job, reach), name=job.id)) as working:
            try:
                while not working.done():
                    beat = turn.beat(job.id, step=reached.step, done=reached.done, total=reached.total)
                    if not await beat:
                        _log.info("a job was cancelled", job=job.id, kind=job.kind)
                        return
                    await asyncio.wait({working}, timeout=_BEAT_S)
                await turn.beat(job.id, step=reached.step, done=reached.done, total=reached.total)
            except asyncio.CancelledError:
                await end([working])
                with contextlib.suppress(TurnLost):
                    await (turn.hand_back(job.id) if for_good else turn.cancel(job.id))
                raise
            await _note(turn, job, working)
            _log.info("a job ended", job=job.id, kind=job.kind)

    async def _work(self, job: Job, reach: Tell) -> Mapping[str, JsonValue]:
        return await self._carry(as_order(job.kind, job.arguments), reach)


async def _note(turn: JobTurn, job: Job, working: "asyncio.Task[Mapping[str, JsonValue]]") -> None:
    """How the work ended, in the job's row."""
    error = working.exception()
    if error is None:
        await turn.finish(job.id, working.result())
    elif isinstance(error, KnowledgeError | ModelsError):
        _log.info("a job failed", job=job.id, kind=job.kind, error=str(error))
        final = isinstance(error, VersionRefused | ModelRefused | UnknownSource)
        await turn.fail(job.id, str(error) if final else f"{error} {_GOES_ON}")
    elif isinstance(error, ValidationError):
        await turn.fail(job.id, "This version of Freya knows no such job; order it anew.")
    else:
        _log.error("a job failed", job=job.id, kind=job.kind, exc_info=error)
        await turn.fail(
            job.id, f"An unexpected error ({type(error).__name__}); the log has it under {job.id}. {_GOES_ON}"
        )


@contextlib.asynccontextmanager
async def _ended(
    task: "asyncio.Task[Mapping[str, JsonValue]]",
) -> AsyncIterator["asyncio.Task[Mapping[str, JsonValue]]"]:
    """The task, which has ended when the context has."""
    try:
        yield task
    finally:
        await end([task])
