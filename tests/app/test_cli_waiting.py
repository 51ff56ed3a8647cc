"""Progress that is told when something takes long, and signals that end it."""

import asyncio
import io
import os
import signal
import sys
import time
from types import SimpleNamespace

import pytest

from app.cli import waiting
from app.cli.interruption import Interrupted, Interruption, run
from app.cli.waiting import Meter, SlowNotes


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(waiting, "note", told.append)
    return told


async def test_what_is_quick_is_not_told(notes: list[str]):
    async with SlowNotes("starting") as slow:
        slow.tell("a step")
    assert notes == []


async def test_what_takes_long_is_told_from_its_last_step_on(
    notes: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(waiting, "_QUIET_S", 0.0)
    async with SlowNotes("starting") as slow:
        slow.tell("first")
        slow.tell("second")
        async with asyncio.timeout(60):
            while not notes:
                await asyncio.sleep(0)
        slow.tell("third")
    assert notes == ["starting", "  second", "  third"]


async def test_without_steps_only_the_headline_is_told(notes: list[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(waiting, "_QUIET_S", 0.0)
    async with SlowNotes("starting"), asyncio.timeout(60):
        while not notes:
            await asyncio.sleep(0)
    assert notes == ["starting"]


def test_without_a_terminal_a_count_is_told_in_lines_with_its_rate_and_rest(
    notes: list[str], monkeypatch: pytest.MonkeyPatch
):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    with Meter() as meter:
        meter.reach("reading a", 100, 20_000)
        clock.now = 4.0
        meter.reach("reading a", 1_000, 20_000)
        clock.now = 10.0
        meter.reach("reading a", 2_100, 20_000)
        meter.reach("reading b", 0, None)
        clock.now = 16.0
        meter.reach("reading b", 60, None)
        clock.now = 22.0
        meter.reach("reading b", 60, 90)
        clock.now = 28.0
        meter.reach("reading c", 0, 5)
        clock.now = 34.0
        meter.reach("reading c", 0, 5)
    assert notes == [
        "reading a: 2,100 of 20,000 pairs, 200 a second, 1 min 30 s left",
        "reading b: 60 pairs, 10 a second",
        "reading b: 60 of 90 pairs, 5 a second, 6 s left",
        "reading c: 0 of 5 pairs, 0 a second",
    ]


def test_on_a_terminal_a_bar_shows_how_far_it_is(notes: list[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stderr", terminal := _Terminal())
    with Meter() as meter:
        meter.reach("reading a", 100, 400)
        meter.reach("reading a", 200, 400)
        meter.reach("indexing", 0, None)
        meter.reach("indexing", 4, 4)
    assert "indexing" in terminal.getvalue()
    assert "4/4" in terminal.getvalue()
    assert notes == []


def interrupt(number: signal.Signals = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_cancels_the_work_and_counts_in_the_exit_code(number: signal.Signals, code: int):
    closed = []

    async def work(_: Interruption) -> None:
        try:
            interrupt(number)
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    with pytest.raises(Interrupted) as caught:
        run(work)
    assert (caught.value.exit_code, closed) == (code, [True])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_further_signals_do_not_disturb_the_end(monkeypatch: pytest.MonkeyPatch):
    told: list[str] = []
    monkeypatch.setattr("app.cli.interruption.note", told.append)

    async def work(_: Interruption) -> None:
        try:
            interrupt()
            await asyncio.Event().wait()
        finally:
            interrupt()
            async with asyncio.timeout(60):
                while not told:
                    await asyncio.sleep(0)

    with pytest.raises(Interrupted):
        run(work)
    assert told == ["stopping already; this takes a moment"]


def test_an_action_may_take_a_signal_or_leave_it():
    taken: list[bool] = []

    async def work(interruption: Interruption) -> None:
        event = asyncio.Event()

        def act() -> bool:
            taken.append(not taken)
            event.set()
            return taken[-1]

        with interruption.calls(act, (signal.SIGINT,)):
            interrupt()
            await event.wait()
            interrupt()
            await asyncio.Event().wait()

    with pytest.raises(Interrupted):
        run(work)
    assert taken == [True, False]


def test_work_that_cancels_itself_was_not_interrupted():
    async def work(_: Interruption) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(work)


def test_work_gives_its_result():
    async def work(_: Interruption) -> int:
        return 42

    assert run(work) == 42
