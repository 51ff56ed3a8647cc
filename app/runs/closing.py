"""How runs end, written to their records whatever the database does meanwhile."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final  # Any: a coroutine's type

import structlog

from app.problems import Problem, problem
from app.runs.active import ActiveRun, records_of, unanswered
from app.runs.eventlog import KeptRun, RunTaken
from app.runs.records import ChatResult, Status
from app.runs.store import RunStore
from app.runs.worker import INTERRUPTED
from app.tasks import end
from graphs import FreyaState
from memory import Interaction, MemoryUnavailable, Owner

_log = structlog.get_logger(__name__)
_FINISH_S: Final = 10.0
_FINISH_AGAIN_S: Final = 0.25
_CLOSE_S: Final = 2.0
_CLOSE_AGAIN_S: Final = 1.0

Observer = Callable[[str, float], None]
"""Takes the outcome of a run and how long it took, in seconds."""

Closed = Callable[[ActiveRun, ChatResult | None], None]
"""Takes a run that ended, and its result; None where it has none. Called in the run's own task."""


class Closer:
    """Closes the records of runs; what cannot be written now is written behind, until `close`."""

    def __init__(
        self,
        store: RunStore,
        *,
        observe: Observer,
        answered: Callable[[Owner, ChatResult], None],
        closed: Closed = lambda _run, _result: None,
    ) -> None:
        """`closed` is told of each run that ended, with its result where there is one."""
        self._store = store
        self._observe = observe
        self._answered = answered
        self._closed = closed
        self._hurried = False
        self._background: set[asyncio.Task[None]] = set()

    def hurry(self) -> None:
        """Wait for the database no longer: the service stops."""
        self._hurried = True

    async def close(self) -> None:
        """Give up what is not written yet."""
        await end(self._background)

    async def finish(self, run: ActiveRun, state: FreyaState) -> ChatResult:
        """Record the answer. It is in its thread already, so that a short outage is waited out.

        Raises MemoryUnavailable, and RunTaken where another worker holds it.
        """
        result, made, interaction = records_of(run, state)
        await self._patiently(
            lambda: self._store.finish(
                result, run.scope, artifacts=made, interaction=interaction, lease=run.lease
            )
        )
        self._answered(run.scope.owner, result)
        self._observe(result.outcome, run.seconds)
        self._closed(run, result)
        return result

    async def park(self, run: ActiveRun, waits_for: Sequence[str], kept: KeptRun) -> None:
        """Have the run wait for these approvals; a short outage is waited out.

        Raises MemoryUnavailable, and RunTaken where another worker holds it.
        """
        await self._patiently(
            lambda: self._store.parking.park(
                run.run_id, run.scope, lease=run.lease, waits_for=waits_for, kept=kept
            )
        )

    async def _patiently(self, write: Callable[[], Awaitable[None]]) -> None:
        until = time.monotonic() + _FINISH_S
        while True:
            try:
                await write()
            except MemoryUnavailable as error:
                if self._hurried or time.monotonic() >= until:
                    raise
                _log.warning("what a run came to could not be recorded yet", error=str(error))
                await asyncio.sleep(_FINISH_AGAIN_S)
            else:
                return

    async def fail(self, run: ActiveRun, status: Status, found: Problem) -> None:
        """Close the record without an answer; while the database is away this goes on behind the run's end.

        Raises RunTaken where another worker holds it.
        """
        interaction = unanswered(run, status, found)
        self._observe(status, run.seconds)
        self._closed(run, None)
        if not await self._failed(run, status, found, interaction):
            self._spawn(self._fail_again(run, status, found, interaction))

    def fail_behind(self, run: ActiveRun) -> None:
        """The same for a run that is not carried out, and of which nobody knows whether it was written."""
        found = problem("interrupted", INTERRUPTED, run_id=run.run_id)
        self._spawn(self._fail_again(run, "failed", found, unanswered(run, "failed", found)))

    async def _fail_again(
        self, run: ActiveRun, status: Status, found: Problem, interaction: Interaction
    ) -> None:
        while True:
            await asyncio.sleep(_CLOSE_AGAIN_S)
            with contextlib.suppress(RunTaken):
                if not await self._failed(run, status, found, interaction):
                    continue
            return

    async def _failed(self, run: ActiveRun, status: Status, found: Problem, interaction: Interaction) -> bool:
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self._store.fail(
                    run.run_id, run.scope, status, found, interaction=interaction, lease=run.lease
                )
        except (MemoryUnavailable, TimeoutError) as error:
            _log.warning("the run's record could not be closed yet", error=str(error) or "no answer in time")
            return False
        return True

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:  # asyncio's own signature
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
