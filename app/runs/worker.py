"""This process as a carrier of runs: it says that it lives, and looks after the runs of those that do not."""

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.problems import Problem, dumped, problem
from app.runs.eventlog import EventLog
from app.runs.logged import Trace, traced
from app.runs.records import Abandoned, Status
from app.runs.store import RunStore
from app.tasks import end
from graphs import LAST_EVENTS, RunEvent, RunFailed
from memory import KeyMissing, Owner, new_id

_log = structlog.get_logger(__name__)
_ALIVE_S = 15
_BEAT_S = 4.0
_MOST_LEASES = 4
"""A run that was begun so often, and ended none of its workers well, may be what ends them."""
_LIVING = "freya:workers"
_FILE = "worker"
_NAME = re.compile(r"wrk_[0-9a-z]{26}")
INTERRUPTED = "The service stopped while this run was going on. Send the message again."
STOPPED = (
    "The service is being stopped. The run is gone on with when it starts again; ask for it by its id then."
)


def worker_name(data: Path) -> str:
    """The name of the service on this data folder, the same after a restart; a copy of the folder gets another."""
    path, place = data / _FILE, str(data.stat().st_ino)
    with contextlib.suppress(OSError, ValueError):
        name, was_at = path.read_text(encoding="ascii").split()
        if _NAME.fullmatch(name) and was_at == place:
            return name
    name = new_id("wrk")
    path.write_text(f"{name} {place}\n", encoding="ascii")
    return name


GoOn = Callable[[Abandoned], Awaitable[bool]]
"""Takes a run over and goes on with it, unless another worker is first; False where this one carries as many as it may."""


class Worker:
    """An async context manager: from entering to leaving the runs of this worker count as carried out.

    Runs of workers that are gone are gone on with, or closed where that cannot be; those that wait for a person are once he
    has answered, or his time is over. A worker that had the same name
    before must be gone: its runs are looked after on entering.
    """

    def __init__(
        self, name: str, store: RunStore, events: EventLog, redis: Redis, *, go_on: GoOn | None = None
    ) -> None:
        self.name = name
        self._store = store
        self._events = events
        self._redis = redis
        self._go_on = go_on
        self._beating: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._keep_alive()
        await self.reap(own=True)
        self._beating = asyncio.create_task(self._beat(), name="worker heartbeat")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._beating:
            await end([self._beating])
        with contextlib.suppress(Exception):
            await self._redis.zrem(_LIVING, self.name)

    async def reap(self, *, own: bool = False) -> None:
        """Look after the runs of dead workers; `own`: those under this worker's name too, left by the one before."""
        living = await alive(self._redis) | {self.name}
        if own:
            living.discard(self.name)
        for run in await self._store.leases.abandoned([*living]):
            last = await self._events.last(run.run_id)
            told = last is not None and last.type not in LAST_EVENTS
            begun = run.lease - run.resumed
            if self._go_on and run.request and (told or run.parked) and begun < _MOST_LEASES:
                if await self._go_on(run):
                    continue
                return  # no more than it can carry
            await self.fail(run)
        for run in await self._store.parking.due():
            if run.request is None:
                await self.fail(run)
            elif self._go_on and not await self._go_on(run):
                return

    async def fail(self, run: Abandoned) -> bool:
        """Fail a run that nobody can go on with; whether it was still to be closed."""
        found = problem("interrupted", INTERRUPTED)
        return await self.close(run, "failed", found, RunFailed(problem=dumped(found)))

    async def close(self, run: Abandoned, status: Status, found: Problem, last: RunEvent) -> bool:
        """Close a run that nobody carries out; whether it was still to be closed."""
        kept = await self._store.parking.kept(run.run_id) if run.parked else None
        if kept:
            await self._events.put_back(run.run_id, kept)
        trace = await self._trace(run.scope.owner, run.run_id)
        if not await self._store.leases.close(run, status, found, trace):
            return False
        _log.warning("a run that no worker carried out was closed", run_id=run.run_id, status=status)
        await self._events.end(run.run_id, last)
        return True

    async def _trace(self, owner: Owner, run_id: str) -> Trace:
        try:
            return traced([event.json async for event in self._events.kept(owner, run_id, after=0)])
        except (RedisError, KeyMissing) as error:
            _log.warning("the events of a run cannot be read", run_id=run_id, error=str(error))
            return Trace()

    async def _keep_alive(self) -> None:
        await say_alive(self._redis, self.name)

    async def _beat(self) -> None:
        quiet_until = 0.0
        while True:
            await asyncio.sleep(_BEAT_S)
            try:
                await self._keep_alive()
                if time.monotonic() >= quiet_until:
                    await self.reap()
            except Exception as error:  # noqa: BLE001  # the edge of a background loop; an outage is waited out
                _log.warning("worker heartbeat failed", error=str(error))
                # Others could not say that they live either: they have as long as a silence may last.
                quiet_until = time.monotonic() + _ALIVE_S


async def say_alive(redis: Redis, worker: str, *, seconds: int = _ALIVE_S) -> None:
    """Have the worker count as living for so long, by the clock of Redis, which all workers share."""
    now, _ = await redis.time()
    await redis.zadd(_LIVING, {worker: now + seconds})


async def alive(redis: Redis) -> set[str]:
    """The names of all workers that said of late that they live."""
    now, _ = await redis.time()
    await redis.zremrangebyscore(_LIVING, "-inf", f"({now}")
    names: list[bytes] = await redis.zrange(_LIVING, 0, -1)  # type: ignore[assignment]  # this client answers in bytes
    return {name.decode() for name in names}
