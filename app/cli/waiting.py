"""Telling how far something is, when it takes so long that one wonders."""

import asyncio
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from app.cli.output import note

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_QUIET_S = 2.0
_EVERY_S = 5.0


class SlowNotes:
    """An async context manager: what is told inside is shown only once two seconds have passed."""

    def __init__(self, headline: str) -> None:
        self._headline = headline
        self._last = ""
        self._timer: asyncio.TimerHandle | None = None
        self._speaks = False

    async def __aenter__(self) -> Self:
        self._timer = asyncio.get_running_loop().call_later(_QUIET_S, self._begin)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def tell(self, line: str) -> None:
        """A line on how far it is."""
        self._last = line
        if self._speaks:
            note(f"  {line}")

    def _begin(self) -> None:
        self._speaks = True
        note(self._headline)
        if self._last:
            note(f"  {self._last}")


class Meter:
    """Counts something long: a bar with rate and remaining time on a terminal, a line every five seconds elsewhere."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._what = ""
        self._began = self._told = time.monotonic()
        self._first = 0

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._bar = _bar()
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def reach(self, what: str, done: int, total: int | None, *, unit: str = "pairs") -> None:
        """`done` of `total` (where that is known) of `what` are done; another `what` begins a count of its own."""
        if what != self._what:
            self._what, self._first = what, done
            self._began = self._told = time.monotonic()
            if self._bar is not None:
                if self._task is not None:
                    self._bar.remove_task(self._task)
                self._task = self._bar.add_task(what[-48:], total=total)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total)
        elif self._bar is None and time.monotonic() - self._told >= _EVERY_S:
            self._told = time.monotonic()
            note(self._line(done, total, unit))

    def _line(self, done: int, total: int | None, unit: str) -> str:
        rate = (done - self._first) / (time.monotonic() - self._began)
        count = f"{done:,}" if total is None else f"{done:,} of {total:,}"
        left = f", {_duration((total - done) / rate)} left" if total is not None and rate > 0 else ""
        return f"{self._what}: {count} {unit}, {rate:,.0f} a second{left}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _bar() -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """How many a second."""

        def render(self, task: Task) -> Text:
            """The recent speed; nothing before there is one."""
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:,.0f}/s")

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
