"""Where runs are carried out: in the process that begins them, or by whichever worker is free."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from app.runs.active import ActiveRun
from app.runs.leases import QUEUED

Send = Callable[[str], Awaitable[None]]
"""Hands the id of a run to the workers. Raises RedisError."""
Waiting = Callable[[], Awaitable[int]]
"""How many runs wait for a worker. Raises RedisError."""


class Executor(Protocol):
    """Has runs carried out that begin in this process."""

    @property
    def holder(self) -> str:
        """Under whose name a new run is recorded."""
        ...

    async def refusal(self) -> str | None:
        """Why no further run is taken now; None where there is room. Raises RedisError."""
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
        most: Callable[[], int],
        carry: Callable[[ActiveRun], None],
    ) -> None:
        """`active` runs go on, and `most` may at this moment."""
        self.holder = holder
        self._active = active
        self._most = most
        self._carry = carry

    async def refusal(self) -> str | None:
        """That as many runs are going on as may."""
        active = self._active()
        return f"{active} runs are going on." if active >= self._most() else None

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

    async def refusal(self) -> str | None:
        """That as many runs wait as may."""
        waiting = await self._waiting()
        return f"{waiting} runs wait for a worker." if waiting >= self._most else None

    async def execute(self, run: ActiveRun) -> None:
        """Write what is to be told of it before anyone has it, and tell the workers."""
        await run.writer.flush()
        await self.tell(run.run_id)

    async def tell(self, run_id: str) -> None:
        """Have a worker look after the run: it began, or a person answered it. Raises RedisError."""
        await self._send(run_id)
