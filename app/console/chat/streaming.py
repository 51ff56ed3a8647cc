"""An answer as it is written: whole blocks are rendered once, the last one a few times a second."""

import asyncio
from collections.abc import Callable
from typing import Final

from nicegui import ui

from app.console.content import rendered, settled

_EVERY_S: Final = 0.12


class Pace:
    """Calls something soon after it was asked to, and not more often than the interval."""

    def __init__(self, act: Callable[[], None], *, every_s: float = _EVERY_S) -> None:
        self._act = act
        self._every_s = every_s
        self._waiting: asyncio.TimerHandle | None = None

    def ask(self) -> None:
        """Have it called within the interval."""
        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().call_later(self._every_s, self.now)

    def now(self) -> None:
        """Call it at once."""
        self.stop()
        self._act()

    def stop(self) -> None:
        """Call it no more for what was asked before."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class Written:
    """Markdown that grows. The work for a text of n characters grows with n, and not with its square."""

    def __init__(self) -> None:
        self.box = ui.element("div").classes("fr-written")
        self._text = ""
        self._settled = 0
        self._tail: ui.html | None = None
        self._pace = Pace(self._show)

    @property
    def text(self) -> str:
        """All that was written so far."""
        return self._text

    def add(self, text: str) -> None:
        """Write on."""
        self._text += text
        self._pace.ask()

    def anew(self) -> None:
        """Begin again: what was written is written otherwise."""
        self._text, self._settled, self._tail = "", 0, None
        self.box.clear()

    def end(self) -> None:
        """Show what is not shown yet; nothing is added any more."""
        self._pace.now()

    def drop(self) -> None:
        """Show nothing of what was added last: the place is given up."""
        self._pace.stop()

    def _show(self) -> None:
        if self.box.is_deleted:
            return
        open_part = self._text[self._settled :]
        if ends := settled(open_part):
            self._put(open_part[:ends])
            self._tail = None
            self._settled += ends
            open_part = open_part[ends:]
        if open_part:
            self._put(open_part)

    def _put(self, text: str) -> None:
        """Into the block that is not whole yet, or a new one."""
        if self._tail is None:
            with self.box:
                self._tail = ui.html(sanitize=True).classes("fr-md fr-md-block")
        self._tail.set_content(rendered(text))
