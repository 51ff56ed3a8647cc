"""The lines of a conversation: typed at a prompt, or taken from the input."""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from app.cli.output import CommandFailed, note
from app.settings import Settings

_HISTORY = "chat_history"
_REMEMBERED = 1000
_PIECE = 65_536


def open_lines(settings: Settings) -> tuple[AsyncIterator[str], bool]:
    """The lines, and whether a person types them at a terminal."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        return _typed(settings.data / _HISTORY), True
    return _piped(sys.stdin.fileno()), False


def forget_lines(settings: Settings) -> Path | None:
    """Delete what was typed in earlier conversations; the file it stood in, where there was one.

    Raises CommandFailed where it cannot be deleted.
    """
    file = settings.data / _HISTORY
    try:
        file.unlink()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CommandFailed(
            f"{file}, which has the lines typed in `freya chat`, stays: {error.strerror}"
        ) from error
    return file


async def _typed(file: Path) -> AsyncIterator[str]:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import InMemoryHistory

    earlier = await asyncio.to_thread(_remembered, file)
    session: PromptSession[str] = PromptSession(history=InMemoryHistory(earlier))
    while True:
        try:
            # Signals are the command's, and errors elsewhere in the loop are no matter of the prompt.
            line = await session.prompt_async("you > ", handle_sigint=False, set_exception_handler=False)
        except KeyboardInterrupt:
            note("Ctrl-D or /quit ends")
        except EOFError:
            return
        else:
            if line.strip():
                await asyncio.to_thread(_remember, file, line)
            yield line


def _remembered(file: Path) -> list[str]:
    """The lines of earlier conversations, oldest first; none where they cannot be read."""
    try:
        lines = file.read_bytes().decode(errors="replace").splitlines()
    except OSError:
        return []
    return lines[-_REMEMBERED:]


def _remember(file: Path, line: str) -> None:
    with suppress(OSError):  # a conversation goes on without its history
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(f"{' '.join(line.splitlines())}\n")


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
