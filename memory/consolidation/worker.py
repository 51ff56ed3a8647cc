"""Carries out the steps of consolidation in the background: at the end of turns, and by schedule."""

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Self

import structlog

_log = structlog.get_logger(__name__)
_AGAIN_S: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Step:
    """Work that is done again and again. `run` gives how much it did; with 0 there is nothing left for now."""

    name: str
    run: Callable[[], Awaitable[int]]
    every_s: float
    at_wake: bool = False
    """Whether the end of a turn is a reason to look soon, and having done something one to look again."""
    settle_s: float = 0.0
    """How long no turn must have been going on before it begins, so that it takes the processor from none."""
    behind_s: float = 0.0
    """How long it waits for that at most; from then on it leaves turns as much time as it takes."""


class ConsolidationWorker:
    """An async context manager: inside, each step is done at its times, independently of the others.

    A step that fails, as in an outage, is logged and tried again after `retry_s`; nothing else stops for it.
    """

    def __init__(self, steps: Sequence[Step], *, retry_s: float = 5.0, scheduled: bool = False) -> None:
        """`scheduled` ones have their times kept by somebody else, who calls `due`."""
        self._steps = steps
        self._scheduled = scheduled
        self._retry_s = retry_s
        self._calls = {step.name: asyncio.Event() for step in steps}
        self._tasks: list[asyncio.Task[None]] = []
        self._going = 0
        self._quiet_since = -math.inf

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._repeat(step), name=step.name) for step in self._steps]
        return self

    async def __aexit__(self, *_: object) -> None:
        await _end(self._tasks)

    @property
    def every_s(self) -> dict[str, float]:
        """By name, the seconds after which a step is due again."""
        return {step.name: step.every_s for step in self._steps}

    def due(self, name: str) -> None:
        """Do the step of this name now. Raises KeyError for an unknown one."""
        self._calls[name].set()

    def wake(self) -> None:
        """A turn has ended: look soon for what it left."""
        self._quiet_since = asyncio.get_running_loop().time()
        for step in self._steps:
            if step.at_wake:
                self._calls[step.name].set()

    def going(self, turns: int) -> None:
        """So many turns are going on now."""
        if self._going and not turns:
            self._quiet_since = asyncio.get_running_loop().time()
        self._going = turns

    async def _repeat(self, step: Step) -> None:
        call = self._calls[step.name]
        failing = False
        while True:
            call.clear()
            pause = math.inf if self._scheduled else step.every_s
            began = asyncio.get_running_loop().time()
            try:
                done = await step.run()
            except Exception as error:  # noqa: BLE001  # the edge of a background loop; it is tried again
                _log.warning(
                    "a step of consolidation failed; it will be tried again",
                    step=step.name,
                    error=f"{type(error).__name__}: {error}",
                )
                pause, failing = min(self._retry_s, step.every_s), True
            else:
                if failing:
                    _log.info("a step of consolidation works again", step=step.name)
                failing = False
                if done:
                    _log.debug("a step of consolidation was done", step=step.name, done=done)
                if done and step.at_wake:
                    await asyncio.sleep(0)
                    await self._quiet(step, most_s=asyncio.get_running_loop().time() - began)
                    continue
            # While it fails, the ends of turns are no reason to try sooner.
            await _wait(call if not failing else None, pause)
            await self._quiet(step, most_s=max(step.settle_s, step.behind_s))

    async def _quiet(self, step: Step, *, most_s: float) -> None:
        """Wait for a pause between turns, for so long at most."""
        loop = asyncio.get_running_loop()
        until = loop.time() + most_s
        while (now := loop.time()) < until:
            missing = step.settle_s if self._going else self._quiet_since + step.settle_s - now
            if missing <= 0:
                return
            await asyncio.sleep(min(missing, until - now))


async def _wait(call: asyncio.Event | None, seconds: float) -> None:
    """Wait so long, or until it is called."""
    if call is None:
        await asyncio.sleep(seconds)
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None if math.isinf(seconds) else seconds):
            await call.wait()


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel the tasks until they have ended: a cancellation may be lost on its way through a library."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_S)
