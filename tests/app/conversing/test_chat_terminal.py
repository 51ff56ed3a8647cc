"""A chat that is typed at a terminal: its keys, its history, and the signals that come meanwhile."""

import signal
import threading
from functools import partial
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from app.cli import interruption
from tests.app.cli_service import (
    FINISHED,
    PROBLEM,
    STARTED,
    ScriptedService,
    routed,
    token,
)
from tests.app.conversing.commands import at_a_terminal, end_process, interrupt, run_chat, when


def test_a_typed_chat_shows_words_as_they_come_and_remembers_what_was_asked(
    data: Path, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
):
    service.turns = [
        [STARTED, routed("technical"), token("Forty-**two**."), token(" [1]"), FINISHED],
        JSONResponse(PROBLEM, 404),
    ]
    with at_a_terminal(monkeypatch) as typist:
        typist.keys.send_text("What is it?\rAnother\r/quit\r")
        run_chat(data)
        assert typist.output == "\nForty-**two**. [1]\n\n"
        assert "Ask anything; /new begins a thread" in typist.notes
        assert "freya: No such thread" in typist.notes
    history = data / "chat_history"
    assert history.read_text(encoding="utf-8") == "What is it?\nAnother\n/quit\n"
    assert history.stat().st_mode & 0o777 == 0o600


def test_ctrl_c_at_the_prompt_says_how_to_end_and_ctrl_d_ends(
    data: Path, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
):
    with at_a_terminal(monkeypatch) as typist:
        typist.keys.send_text("abc\x03\x04")
        run_chat(data)
        assert "Ctrl-D or /quit ends" in typist.notes
    assert service.asked == []


def test_without_a_place_for_it_history_is_kept_in_memory(
    data: Path, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
):
    (data / "chat_history").mkdir()
    service.turns = [[STARTED, FINISHED]]
    with at_a_terminal(monkeypatch) as typist:
        typist.keys.send_text("What is it?\r\x04")
        run_chat(data)
        assert "Forty-**two**. [1]" in typist.output


def test_the_up_key_recalls_what_was_asked_before(
    data: Path, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
):
    (data / "chat_history").write_text("What was it?\n", encoding="utf-8")
    service.turns = [[STARTED, FINISHED]]
    with at_a_terminal(monkeypatch) as typist:
        typist.keys.send_text("\x1b[A\r\x04")
        run_chat(data)
    assert service.bodies("/v1/chat/stream")[0]["message"] == "What was it?"


def test_ctrl_c_cancels_the_running_answer_and_not_the_program(
    data: Path, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
):
    cancelled = {"type": "run.cancelled", "reason": "the client asked for it"}
    with at_a_terminal(monkeypatch) as typist:
        press = partial(when, lambda: "Fo" in typist.output, interrupt)
        wait = partial(service.cancelled.wait, 5)
        service.turns = [
            [STARTED, routed("technical"), token("Fo "), press, wait, cancelled],
            [STARTED, FINISHED],
        ]
        typist.keys.send_text("What is it?\rAgain\r\x04")
        run_chat(data)
        assert typist.output.startswith("\nFo \n")
        assert "cancelled" in typist.notes
        assert "Forty-**two**. [1]" in typist.output


def test_a_second_ctrl_c_leaves_the_run_and_the_next_question_replaces_it(
    data: Path, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
):
    asked_again = threading.Event()
    service.answers["/v1/runs/run_1/cancel"] = [JSONResponse(PROBLEM, 503)]
    with at_a_terminal(monkeypatch) as typist:
        press = partial(when, lambda: "technical works on it" in typist.notes, interrupt)
        pressed = partial(service.cancelled.wait, 5)
        service.turns = [
            [STARTED, routed("technical"), press, pressed, interrupt, partial(asked_again.wait, 5)],
            [asked_again.set, STARTED, FINISHED],
        ]
        typist.keys.send_text("What is it?\rAgain\r\x04")
        run_chat(data)
        assert "left; the service may still be at it" in typist.notes
    assert [body.get("on_busy") for body in service.bodies("/v1/chat/stream")] == [None, "replace"]


def test_a_signal_to_end_ends_a_chat_in_the_middle_of_an_answer(
    data: Path, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
):
    ended = threading.Event()
    with at_a_terminal(monkeypatch) as typist:
        end = partial(when, lambda: "technical works" in typist.notes, partial(end_process, signal.SIGTERM))
        service.turns = [[STARTED, routed("technical"), end, partial(ended.wait, 5), FINISHED]]
        typist.keys.send_text("What is it?\r")
        with pytest.raises(interruption.Interrupted) as caught:
            run_chat(data)
        ended.set()
    assert caught.value.exit_code == 143
