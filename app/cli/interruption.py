"""What Ctrl-C and the other signals that end a program do to a command."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar  # Any: a coroutine's send type

from app.cli.output import note

Result = TypeVar("Result")
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """The command was ended by a signal, after it stopped what it had started."""

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.exit_code = 128 + number


class Interruption:
    """The signals of one command: the first ends it in order, further ones are told that this takes a moment."""

    def __init__(self, task: "asyncio.Task[Any]") -> None:  # its result is the command's own
        self._task = task
        self._action: Callable[[], bool] | None = None
        self._signals: tuple[signal.Signals, ...] = ()
        self.number: signal.Signals | None = None
        """The signal that ended the command."""

    @contextmanager
    def calls(
        self, action: Callable[[], bool], signals: tuple[signal.Signals, ...] = _ENDING
    ) -> Iterator[None]:
        """Inside, these signals call the action first; where it gives True they end nothing."""
        before = self._action, self._signals
        self._action, self._signals = action, signals
        try:
            yield
        finally:
            self._action, self._signals = before

    def receive(self, number: signal.Signals) -> None:
        """A signal came."""
        if self._action is not None and number in self._signals and self._action():
            return
        if self.number is None:
            self.number = number
            self._task.cancel()
        else:
            note("stopping already; this takes a moment")


Work = Callable[[Interruption], Coroutine[Any, Any, Result]]


def run(work: Work[Result], *, loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None) -> Result:
    """Do a command's work. Raises Interrupted when a signal ended it; what the work closes is closed by then.

    A thread that still computes for it is not waited for.
    """
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(_interruptible(work))


async def _interruptible(work: Work[Result]) -> Result:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a command's work runs in a task")
    interruption = Interruption(task)
    loop = asyncio.get_running_loop()
    for number in _ENDING:
        loop.add_signal_handler(number, interruption.receive, number)
    try:
        return await work(interruption)
    except asyncio.CancelledError:
        if interruption.number is None:
            raise
        raise Interrupted(interruption.number) from None
    finally:
        for number in _ENDING:
            loop.remove_signal_handler(number)
        loop.set_default_executor(ThreadPoolExecutor())  # the loop waits for the threads of the one it has
