"""The commands that ask, as a person at a terminal or a program calls them."""

import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any  # what a test puts in the place of a stream

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.input.base import PipeInput
from prompt_toolkit.output import DummyOutput
from typer.testing import CliRunner, Result

from app.cli import interruption
from app.cli.commands import application
from app.cli.conversation import Request, converse
from app.settings import Settings
from tests.app.cli_service import (
    ScriptedService,
)


def freya(data: Path, *arguments: str, typed: bytes | None = None) -> Result:
    return CliRunner().invoke(application, ["--data", str(data), *arguments], input=typed)


def interrupt() -> None:
    end_process(signal.SIGINT)


def end_process(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


def chat(data: Path, lines: str, service: ScriptedService) -> Result:
    del service  # it runs
    reading, writing = os.pipe()
    os.write(writing, lines.encode())
    os.close(writing)
    with pytest.MonkeyPatch.context() as patch, os.fdopen(reading) as piped:
        patch.setattr("app.cli.lines.sys", Streams(piped))
        return freya(data, "chat")


class Streams:
    """`sys` with another input."""

    def __init__(self, stdin: Any, stdout: Any = None) -> None:  # streams
        self.stdin = stdin
        self.stdout = stdout or sys.stdout


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Typist:
    """Types at the prompt of a chat on a terminal, and reads what it says."""

    def __init__(self, keys: PipeInput, output: Terminal, notes: io.StringIO) -> None:
        self.keys = keys
        self._output = output
        self._notes = notes

    @property
    def output(self) -> str:
        return self._output.getvalue()

    @property
    def notes(self) -> str:
        return self._notes.getvalue()


@contextmanager
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Typist]:
    output, notes = Terminal(), io.StringIO()
    monkeypatch.setenv("COLUMNS", "40")
    with ExitStack() as stack:
        keys = stack.enter_context(create_pipe_input())
        stack.enter_context(create_app_session(input=keys, output=DummyOutput()))
        monkeypatch.setattr("app.cli.lines.sys", Streams(Terminal(), output))
        monkeypatch.setattr(sys, "stdout", output)
        monkeypatch.setattr(sys, "stderr", notes)
        yield Typist(keys, output, notes)
        monkeypatch.undo()


def run_chat(data: Path, *, key: str | None = None) -> None:
    interruption.run(partial(converse, Settings(data=data), Request("", None, ()), key))


def when(ready: Any, action: Any) -> None:  # functions of a test
    waited = threading.Event()
    for _ in range(500):
        if ready():
            action()
            return
        waited.wait(0.01)
