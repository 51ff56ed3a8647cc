"""Where runs are carried out: in the process that begins them, or by whichever worker is free."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Protocol

from app.runs.active import ActiveRun
from app.runs.admission import Admission
from app.runs.leases import QUEUED

Send = Callable[[str], Awaitable[None]]
"""Hands the id of a run to the workers. Raises RedisError."""
Waiting = Callable[[], Awaitable[int]]
"""How many runs wait for a worker. Raises RedisError."""


_LONGEST_LINE: Final = 16
_PATIENCE_S: Final = 5.0
_LOOK_S: Final = 0.01


class Full(Exception):
    """No further run is taken now; the message says why."""


class Executor(Protocol):
    """Has runs carried out that begin in this process."""

    @property
    def holder(self) -> str:
        """Under whose name a new run is recorded."""
        ...

    def place(self) -> AbstractAsyncContextManager[None]:
        """Inside a run may be begun and executed. Raises Full and RedisError."""
        ...

    async def execute(self, run: ActiveRun) -> None:
        """Have it carried out; it is on record by now. Raises RedisError."""
        ...


class InProcess:
    """The default: the process that begins a run carries it out."""

    def __init__(
        self,
        holder: str,
        *,
        active: Callable[[], int],
        admission: Admission,
        carry: Callable[[ActiveRun], None],
    ) -> None:
        """`active` runs go on, and `admission` says how many may."""
        self.holder = holder
        self._active = active
        self._admission = admission
        self._carry = carry
        self._entering = 0
        self._waiting = 0
        self._head = asyncio.Lock()
        """Held by the first of those who wait: the lock hands itself on in their order."""

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for it where others wait already or none is free, for seconds and where that helps; see `Admission.lets_wait`."""
        if self._waiting or not self._has_room():
            await self._wait()
        self._entering += 1
        try:
            yield
        finally:
            self._entering -= 1

    def _has_room(self) -> bool:
        return self._active() + self._entering < self._admission.limit

    async def _wait(self) -> None:
        if self._waiting >= _LONGEST_LINE or not self._admission.lets_wait(now=time.monotonic()):
            raise self._full()
        self._waiting += 1
        try:
            async with asyncio.timeout(_PATIENCE_S), self._head:
                while not self._has_room():  # noqa: ASYNC110  # the limit changes too, and only the first one looks
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            raise self._full() from None
        finally:
            self._waiting -= 1

    def _full(self) -> Full:
        self._admission.refused(now=time.monotonic())
        return Full(f"{self._active()} runs are going on.")

    async def execute(self, run: ActiveRun) -> None:
        """Begin to carry it out; its events are written behind it."""
        self._carry(run)


class ByWorkers:
    """Processes of their own carry runs out: `send` tells them of one."""

    holder = QUEUED

    def __init__(self, send: Send, waiting: Waiting, *, most: int) -> None:
        """`most` runs may wait for a worker."""
        self._send = send
        self._waiting = waiting
        self._most = most

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """There is one unless as many runs wait as may."""
        if (waiting := await self._waiting()) >= self._most:
            raise Full(f"{waiting} runs wait for a worker.")
        yield

    async def execute(self, run: ActiveRun) -> None:
        """Write what is to be told of it before anyone has it, and tell the workers."""
        await run.writer.flush()
        await self.tell(run.run_id)

    async def tell(self, run_id: str) -> None:
        """Have a worker look after the run: it began, or a person answered it. Raises RedisError."""
        await self._send(run_id)
