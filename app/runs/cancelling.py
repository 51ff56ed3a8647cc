"""Cancelling runs, whoever carries them out: this process, another one, or nobody yet."""

import asyncio
from collections.abc import Mapping

from app.problems import problem
from app.runs.active import ActiveRun, Reason
from app.runs.orders import Orders
from app.runs.records import CANCELLED, GOING_ON
from app.runs.store import RunStore
from app.runs.worker import Worker
from graphs import RunCancelled
from memory import Owner

_STOP_AGAIN_S = 1.0
_STOP_TRIES = 3


class Canceller:
    """Cancels the runs of users."""

    orders: Orders
    """How other processes are asked."""

    def __init__(self, active: Mapping[str, ActiveRun], store: RunStore, worker: Worker) -> None:
        """`active` are those that this process carries out."""
        self._active = active
        self._store = store
        self._worker = worker

    async def cancel(self, owner: Owner, run_id: str) -> bool:
        """Cancel a run, whichever process carries it out, and wait until it is closed; False where it is not going on.

        Raises ProblemError for an unknown one.
        """
        run = self._own(owner, run_id)
        if run is not None:
            await stop(run, "client")
            if not run.parked:
                return True
        view = await self._store.get(owner, run_id)
        if view.status == "waiting" and await self._cancel_waiting(owner, run_id=run_id):
            return True
        if view.status not in GOING_ON:
            return False
        for _ in range(_STOP_TRIES):  # a worker that takes it this moment does not carry it yet
            await self._withdraw(owner, view.thread_id)  # a thread has one run at a time
            await self.orders.stop_elsewhere(owner, view.thread_id)
            if (await self._store.get(owner, run_id)).status not in GOING_ON:
                return True
            await asyncio.sleep(_STOP_AGAIN_S)
        return False

    async def cancel_all(self, owner: Owner, thread_id: str | None) -> int:
        """Cancel the user's runs in all processes, of one thread where it is named, and wait until they are closed.

        Gives how many processes did not say within seconds that theirs are.
        """
        await self._withdraw(owner, thread_id)
        _, silent = await asyncio.gather(
            self.here(owner, thread_id), self.orders.stop_elsewhere(owner, thread_id)
        )
        await self._cancel_waiting(owner, thread_id=thread_id)
        return silent

    async def here(self, owner: Owner, thread_id: str | None) -> None:
        """Cancel those of the user's that this process carries out, of one thread where it is named, and wait for their ends."""
        own = [
            run
            for run in self._active.values()
            if run.scope.owner == owner and thread_id in {None, run.scope.thread_id}
        ]
        await asyncio.gather(*(stop(run, "client") for run in own))

    async def _withdraw(self, owner: Owner, thread_id: str | None) -> None:
        """Cancel the user's runs that no worker has taken yet, of one thread where it is named."""
        for run in await self._store.leases.queued_of(owner, thread_id):
            found = problem("cancelled", "The run was cancelled.", run_id=run.run_id)
            await self._worker.close(run, "cancelled", found, RunCancelled(reason=CANCELLED))

    async def _cancel_waiting(
        self, owner: Owner, *, thread_id: str | None = None, run_id: str | None = None
    ) -> bool:
        """Cancel the user's runs that wait for a person; whether there were any."""
        waiting = await self._store.parking.of(owner, thread_id=thread_id, run_id=run_id)
        closed = [
            await self._worker.close(
                run,
                "cancelled",
                problem("cancelled", "The run was cancelled.", run_id=run.run_id),
                RunCancelled(reason=CANCELLED),
            )
            for run in waiting
        ]
        return any(closed)

    def _own(self, owner: Owner, run_id: str) -> ActiveRun | None:
        run = self._active.get(run_id)
        return run if run is not None and run.scope.owner == owner else None


async def stop(run: ActiveRun, reason: Reason) -> None:
    """End the work on a run that this process carries out, and wait until it has ended."""
    while run.task and not run.task.done():
        run.stop(reason)  # again when it had no effect: see app.tasks.end
        await asyncio.wait([run.task], timeout=_STOP_AGAIN_S)
