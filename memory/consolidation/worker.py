"""Carries out the steps of consolidation in the background: at the end of turns, and by schedule."""

import asyncio
import contextlib
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
    """How long no turn must have ended before it begins, so that it takes the processor from no turn that follows."""
    behind_s: float = 0.0
    """How long it waits for that at most, while turns follow each other."""


class ConsolidationWorker:
    """An async context manager: inside, each step is done at its times, independently of the others.

    A step that fails, as in an outage, is logged and tried again after `retry_s`; nothing else stops for it.
    """

    def __init__(self, steps: Sequence[Step], *, retry_s: float = 5.0) -> None:
        self._steps = steps
        self._retry_s = retry_s
        self._calls = {step.name: asyncio.Event() for step in steps}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._repeat(step), name=step.name) for step in self._steps]
        return self

    async def __aexit__(self, *_: object) -> None:
        await _end(self._tasks)

    def wake(self) -> None:
        """A turn has ended: look at once for what it left."""
        for step in self._steps:
            if step.at_wake:
                self._calls[step.name].set()

    async def _repeat(self, step: Step) -> None:
        call = self._calls[step.name]
        failing = False
        while True:
            call.clear()
            pause = step.every_s
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
                    continue
            # While it fails, the ends of turns are no reason to try sooner.
            if await _wait(call if not failing else None, pause):
                await _settled(step, call)


async def _settled(step: Step, call: asyncio.Event) -> None:
    """Wait for a pause between turns."""
    loop = asyncio.get_running_loop()
    until = loop.time() + max(step.settle_s, step.behind_s)
    while (left := until - loop.time()) > 0:
        call.clear()
        if not await _wait(call, min(step.settle_s, left)):
            return


async def _wait(call: asyncio.Event | None, seconds: float) -> bool:
    """Wait so long, or until it is called; gives whether it was."""
    if call is None:
        await asyncio.sleep(seconds)
        return False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await call.wait()
    return call.is_set()


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel the tasks until they have ended: a cancellation may be lost on its way through a library."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_S)
