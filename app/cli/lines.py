"""The lines of a conversation: typed at a prompt, or taken from the input."""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from app.cli.output import CommandFailed, note
from app.settings import Settings

if TYPE_CHECKING:
    from prompt_toolkit.history import History

_HISTORY = "chat_history"
_PIECE = 65_536


def open_lines(settings: Settings) -> tuple[AsyncIterator[str], bool]:
    """The lines, and whether a person types them at a terminal."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        return _typed(settings), True
    return _piped(sys.stdin.fileno()), False


async def _typed(settings: Settings) -> AsyncIterator[str]:
    from prompt_toolkit import PromptSession

    session: PromptSession[str] = PromptSession(history=_history(settings))
    while True:
        try:
            yield await session.prompt_async("you > ", handle_sigint=False)
        except KeyboardInterrupt:
            note("Ctrl-D or /quit ends")
        except EOFError:
            return


def _history(settings: Settings) -> "History":
    """In the data folder; only in memory where that cannot be written."""
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    file = settings.data / _HISTORY
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError:
        return InMemoryHistory()
    return FileHistory(file)


async def _piped(descriptor: int) -> AsyncIterator[str]:
    """Lines as they come. Raises CommandFailed for what is not UTF-8."""
    loop, pieces = asyncio.get_running_loop(), asyncio.Queue[bytes]()

    def read() -> None:
        # A thread of its own that nobody waits for: a read from a pipe or a terminal cannot be broken off.
        while True:
            piece = os.read(descriptor, _PIECE)
            try:
                loop.call_soon_threadsafe(pieces.put_nowait, piece)
            except RuntimeError:  # the loop has ended
                return
            if not piece:
                return

    threading.Thread(target=read, name="input", daemon=True).start()
    rest = b""
    while piece := await pieces.get():
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield _text(line)
    if rest:
        yield _text(rest)


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CommandFailed(
            f"a line of the input is not UTF-8 (at its byte {error.start + 1}); convert it first, for example with iconv"
        ) from error
