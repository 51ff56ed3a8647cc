"""Asking and chatting with a service that answers by script."""

import io
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any  # what a test puts in the place of a stream

import pytest
from blockbuster import BlockBuster
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.input.base import PipeInput
from prompt_toolkit.output import DummyOutput
from pydantic import JsonValue
from starlette.responses import JSONResponse
from typer.testing import CliRunner, Result

from app.cli import conversation, finding, interruption
from app.cli.commands import application
from app.cli.conversation import Request, converse
from app.cli.transcript import Wrapping, footnotes
from app.settings import Settings
from tests.app.cli_service import (
    DROP,
    FINISHED,
    PROBLEM,
    RESULT,
    STARTED,
    ScriptedService,
    routed,
    serving,
    token,
)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("FREYA_API_KEY", raising=False)
    monkeypatch.delenv("FREYA_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture(autouse=True, scope="session")
def _the_prompt_reads_its_keys(blocking_guard: BlockBuster) -> None:
    """They are read only when there are some."""
    blocking_guard.functions["os.read"].can_block_in("prompt_toolkit/input/posix_utils.py", "read")


@pytest.fixture
def service(data: Path) -> Iterator[ScriptedService]:
    with serving(data, ScriptedService()) as scripted:
        yield scripted


def freya(data: Path, *arguments: str, typed: bytes | None = None) -> Result:
    return CliRunner().invoke(application, ["--data", str(data), *arguments], input=typed)


def interrupt() -> None:
    end_process(signal.SIGINT)


def end_process(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


def test_an_answer_goes_to_the_output_and_its_notes_to_the_error_stream(data: Path, service: ScriptedService):
    service.turns = [[STARTED, routed("technical"), token("Forty"), FINISHED]]
    result = freya(data, "ask", "What is it?", "--agent", "technical", "--thread", "thr_1", "--key", "frk_k")
    assert result.exit_code == 0
    assert result.stdout == "Forty-**two**. [1]\n"
    assert "[1] What is it? (starter)" in result.stderr
    assert "made plan.md: GET /v1/artifacts/art_1" in result.stderr
    assert "thread thr_1 · model extractive" in result.stderr
    assert "\x1b" not in result.output
    [(_, _, body, headers)] = service.asked
    assert body == {"message": "What is it?", "agents": ["technical"], "thread_id": "thr_1"}
    assert headers["authorization"] == "Bearer frk_k"


def test_the_whole_result_is_printed_as_json(data: Path, service: ScriptedService):
    service.turns = [[STARTED, FINISHED]]
    result = freya(data, "ask", "--json", "What is it?")
    assert json.loads(result.stdout) == RESULT
    assert result.stderr == ""


def test_a_question_is_read_from_the_input(data: Path, service: ScriptedService):
    service.turns = [[STARTED, FINISHED]]
    assert freya(data, "ask", "-", typed="\ufeffWas heißt das?\n".encode()).exit_code == 0
    assert service.bodies("/v1/chat/stream") == [{"message": "Was heißt das?\n", "agents": []}]


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        (b"abc \xff", 1, "the input is not UTF-8 (at byte 5)"),
        (b" \n", 2, "there is no question"),
        (b"x" * 1_000_001, 1, "the input has more than 1,000,000 bytes"),
    ],
)
def test_an_input_that_is_no_question_is_refused(data: Path, typed: bytes, code: int, said: str):
    result = freya(data, "ask", "-", typed=typed)
    assert (result.exit_code, said in result.stderr, result.stdout) == (code, True, "")


def test_an_argument_that_is_not_utf8_is_refused(data: Path):
    result = freya(data, "ask", "\udcff")
    assert result.exit_code == 2
    assert "not valid UTF-8" in result.stderr


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (
            {"type": "run.failed", "problem": {"title": "It took too long", "detail": "Ask for less."}},
            "freya: It took too long: Ask for less.",
        ),
        (
            {"type": "run.cancelled", "reason": "the client asked for it"},
            "freya: the run was cancelled: the client asked for it",
        ),
        ({"type": "run.failed", "problem": None}, "freya: the run ended without an answer"),
    ],
)
def test_a_run_without_an_answer_fails_the_command(
    data: Path, service: ScriptedService, last: dict[str, Any], said: str
):
    service.turns = [[STARTED, last]]
    result = freya(data, "ask", "What is it?")
    assert (result.exit_code, result.stdout, result.stderr.strip()) == (1, "", said)


@pytest.mark.parametrize(
    ("key", "said"), [([], "wants an API key"), (["--key", "wrong"], "does not know this API key")]
)
def test_an_answer_of_401_says_how_to_pass_a_key(
    data: Path, service: ScriptedService, key: list[str], said: str
):
    service.turns = [JSONResponse({"title": "An API key is needed", "detail": "..."}, 401)]
    result = freya(data, "ask", *key, "What is it?")
    assert result.exit_code == 1
    assert f"{said}: pass one with --key or in FREYA_API_KEY" in result.stderr


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (JSONResponse(PROBLEM, 404), "freya: No such thread: There is no thread 'thr_x'."),
        (JSONResponse(["?"], 502), "answered 502."),
    ],
)
def test_a_refusal_is_told_in_the_words_of_the_service(
    data: Path, service: ScriptedService, answer: JSONResponse, said: str
):
    service.turns = [answer]
    result = freya(data, "ask", "What is it?")
    assert result.exit_code == 1
    assert said in result.stderr


@pytest.mark.parametrize("script", [[STARTED, DROP], [STARTED]])
def test_a_broken_connection_fails_the_command(
    data: Path, service: ScriptedService, script: list[dict[str, Any]]
):
    service.turns = [list(script)]
    result = freya(data, "ask", "What is it?")
    assert result.exit_code == 1
    assert f"The service at {service.address}" in result.stderr


def test_a_service_that_does_not_answer_is_told(data: Path, service: ScriptedService):
    lock = data / "service.lock"
    lock.write_text(json.dumps({"pid": 1, "address": "http://127.0.0.1:1"}), encoding="utf-8")
    result = freya(data, "ask", "What is it?")
    assert result.exit_code == 1
    assert "The service at http://127.0.0.1:1 does not answer" in result.stderr
    assert "freya doctor" in result.stderr
    assert freya(data, "knowledge", "search", "x").exit_code == 1
    assert service.asked == []


def test_ctrl_c_cancels_the_question(data: Path, service: ScriptedService, monkeypatch: pytest.MonkeyPatch):
    arrived = threading.Event()

    def loads(text: str) -> Any:  # JSON
        arrived.set()
        return json.loads(text)

    monkeypatch.setattr("app.cli.client.json", SimpleNamespace(loads=loads))
    service.turns = [[STARTED, partial(arrived.wait, 5), interrupt, partial(service.cancelled.wait, 5)]]
    result = freya(data, "ask", "What is it?")
    assert (result.exit_code, result.stdout) == (130, "")
    assert service.cancelled.is_set()


def test_a_command_waits_for_a_service_that_starts(data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(finding, "_PATIENCE_S", 0.0)
    with serving(data, ScriptedService(), announced=False):
        result = freya(data, "ask", "What is it?")
    assert result.exit_code == 1
    assert f"process {os.getpid()} (" in result.stderr
    assert "serves nothing yet" in result.stderr


def chat(data: Path, lines: str, service: ScriptedService) -> Result:
    del service  # it runs
    reading, writing = os.pipe()
    os.write(writing, lines.encode())
    os.close(writing)
    with pytest.MonkeyPatch.context() as patch, os.fdopen(reading) as piped:
        patch.setattr("app.cli.lines.sys", _Streams(piped))
        return freya(data, "chat")


class _Streams:
    """`sys` with another input."""

    def __init__(self, stdin: Any, stdout: Any = None) -> None:  # streams
        self.stdin = stdin
        self.stdout = stdout or sys.stdout


def test_lines_of_the_input_are_asked_in_turn_on_one_thread(data: Path, service: ScriptedService):
    service.turns = [[STARTED, routed("technical"), token("Forty-**two**. "), token("[1]"), FINISHED]] * 2
    service.answers["/v1/agents"] = [
        {"items": [{"name": "technical", "description": "Reads prices."}], "next": "technical"},
        {"items": [{"name": "sofia", "description": "Sells."}], "next": None},
    ]
    result = chat(data, "What is it?\n\n/agents\n/foo\nAnd then?", service)
    assert result.exit_code == 0
    assert result.stdout == "Forty-**two**. [1]\n\n" * 2
    assert "technical: Reads prices.\nsofia: Sells." in result.stderr
    assert "commands: /new begins a thread" in result.stderr
    assert "technical works on it" in result.stderr
    asked = service.bodies("/v1/chat/stream")
    assert [body.get("thread_id") for body in asked] == [None, "thr_1"]


def test_a_new_thread_begins_when_asked_for_and_quit_ends(data: Path, service: ScriptedService):
    service.turns = [[STARTED, FINISHED]] * 2
    chat(data, "What is it?\n/new\nAgain?\n/quit\nNever asked\n", service)
    asked = service.bodies("/v1/chat/stream")
    assert [body.get("thread_id") for body in asked] == [None, None]


def test_answers_of_several_specialists_are_shown_when_they_are_merged(data: Path, service: ScriptedService):
    tool = {"type": "tool.started", "agent": "technical", "tool": "rsi"}
    service.turns = [[STARTED, routed("technical", "sofia"), token("a"), tool, token("b", "sofia"), FINISHED]]
    result = chat(data, "Two things", service)
    assert result.stdout == "Forty-**two**. [1]\n\n"
    assert "technical and sofia work on it" in result.stderr
    assert "technical computes: rsi" in result.stderr


def test_an_answer_that_ended_differently_is_shown_whole(data: Path, service: ScriptedService):
    service.turns = [[STARTED, routed("technical"), token("Something else"), FINISHED]]
    result = chat(data, "What is it?", service)
    assert result.stdout == "Something else\n\nForty-**two**. [1]\n\n"


def test_a_refusal_ends_a_chat_without_a_terminal(data: Path, service: ScriptedService):
    service.turns = [JSONResponse(PROBLEM, 404)]
    result = chat(data, "What is it?\nNever asked\n", service)
    assert result.exit_code == 1
    assert len(service.asked) == 1


def test_a_lost_connection_ends_a_chat_without_a_terminal(data: Path, service: ScriptedService):
    service.turns = [[STARTED, DROP]]
    result = chat(data, "What is it?\n", service)
    assert result.exit_code == 1
    assert "does not answer" in result.stderr


def test_a_line_that_is_not_utf8_ends_the_chat(data: Path, service: ScriptedService):
    service.turns = [[STARTED, FINISHED]]
    reading, writing = os.pipe()
    os.write(writing, b"What is it?\n\xff\n")
    os.close(writing)
    with pytest.MonkeyPatch.context() as patch, os.fdopen(reading) as piped:
        patch.setattr("app.cli.lines.sys", _Streams(piped))
        result = freya(data, "chat")
    assert result.exit_code == 1
    assert "a line of the input is not UTF-8 (at its byte 1)" in result.stderr


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Typist:
    """Types at the prompt of a chat on a terminal, and reads what it says."""

    def __init__(self, keys: PipeInput, output: _Terminal, notes: io.StringIO) -> None:
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
    output, notes = _Terminal(), io.StringIO()
    monkeypatch.setenv("COLUMNS", "40")
    with ExitStack() as stack:
        keys = stack.enter_context(create_pipe_input())
        stack.enter_context(create_app_session(input=keys, output=DummyOutput()))
        monkeypatch.setattr("app.cli.lines.sys", _Streams(_Terminal(), output))
        monkeypatch.setattr(sys, "stdout", output)
        monkeypatch.setattr(sys, "stderr", notes)
        yield Typist(keys, output, notes)
        monkeypatch.undo()


def run_chat(data: Path, *, key: str | None = None) -> None:
    interruption.run(partial(converse, Settings(data=data), Request("", None, ()), key))


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
        press = partial(_when, lambda: "Fo" in typist.output, interrupt)
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
        press = partial(_when, lambda: "technical works on it" in typist.notes, interrupt)
        pressed = partial(service.cancelled.wait, 5)
        service.turns = [
            [STARTED, routed("technical"), press, pressed, interrupt, partial(asked_again.wait, 5)],
            [asked_again.set, STARTED, FINISHED],
        ]
        typist.keys.send_text("What is it?\rAgain\r\x04")
        run_chat(data)
        assert "left; the service may still be at it" in typist.notes
    assert [body.get("on_busy") for body in service.bodies("/v1/chat/stream")] == [None, "cancel"]


def test_a_signal_to_end_ends_a_chat_in_the_middle_of_an_answer(
    data: Path, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
):
    ended = threading.Event()
    with at_a_terminal(monkeypatch) as typist:
        end = partial(_when, lambda: "technical works" in typist.notes, partial(end_process, signal.SIGTERM))
        service.turns = [[STARTED, routed("technical"), end, partial(ended.wait, 5), FINISHED]]
        typist.keys.send_text("What is it?\r")
        with pytest.raises(interruption.Interrupted) as caught:
            run_chat(data)
        ended.set()
    assert caught.value.exit_code == 143


def test_a_chat_goes_on_where_it_was_when_the_service_comes_back(data: Path, monkeypatch: pytest.MonkeyPatch):
    first, second = ScriptedService(), ScriptedService()
    first.turns = [[STARTED, routed("technical"), token("Forty"), DROP]]
    first.answers["/healthz"] = [JSONResponse({}, 503)]
    second.replays = [[{**token("-**two**. [1]"), "seq": 4}, FINISHED]]
    monkeypatch.setattr(conversation, "_LOOK_S", 0.01)
    services = ExitStack()
    services.enter_context(serving(data, first))

    def bring_back() -> None:
        services.close()
        services.enter_context(serving(data, second))

    with at_a_terminal(monkeypatch) as typist:
        lost = threading.Thread(target=_when, args=[lambda: "waiting for it" in typist.notes, bring_back])
        lost.start()
        typist.keys.send_text("What is it?\r\x04")
        run_chat(data)
        lost.join(5)
        services.close()
        assert typist.output == "\nForty\n-**two**. [1]\n\n"
        assert f"connected again, to {second.address}" in typist.notes
    assert ("GET", "/v1/runs/run_1/events", None) in [asked[:3] for asked in second.asked]


def test_a_question_that_never_arrived_is_asked_again_under_its_key(
    data: Path, monkeypatch: pytest.MonkeyPatch
):
    first, second = ScriptedService(), ScriptedService()
    first.turns, second.turns = [[DROP]], [[STARTED, FINISHED]]
    second.answers["/healthz"] = [JSONResponse({}, 503), {}]
    monkeypatch.setattr(conversation, "_LOOK_S", 0.01)
    services = ExitStack()
    services.enter_context(serving(data, first))

    def bring_back() -> None:
        services.close()
        services.enter_context(serving(data, second))

    first.answers["/healthz"] = [JSONResponse({}, 503)]
    with at_a_terminal(monkeypatch) as typist:
        lost = threading.Thread(target=_when, args=[lambda: "waiting for it" in typist.notes, bring_back])
        lost.start()
        typist.keys.send_text("What is it?\r\x04")
        run_chat(data)
        lost.join(5)
        services.close()
        assert "Forty-**two**. [1]" in typist.output
    keys = {
        headers["idempotency-key"]
        for service in (first, second)
        for _, path, _, headers in service.asked
        if path == "/v1/chat/stream"
    }
    assert len(keys) == 1


def test_ctrl_c_gives_up_waiting_for_a_service_that_went_away(
    data: Path, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
):
    service.turns = [[STARTED, DROP]]
    service.answers["/healthz"] = [JSONResponse({}, 503)]
    monkeypatch.setattr(conversation, "_LOOK_S", 0.01)
    with at_a_terminal(monkeypatch) as typist:
        waiting = threading.Thread(target=_when, args=[lambda: "waiting for it" in typist.notes, interrupt])
        waiting.start()
        typist.keys.send_text("What is it?\r\x04")
        run_chat(data)
        waiting.join(5)
        assert "left; the service may still be at it" in typist.notes


def _when(ready: Any, action: Any) -> None:  # functions of a test
    waited = threading.Event()
    for _ in range(500):
        if ready():
            action()
            return
        waited.wait(0.01)


def test_streamed_words_are_wrapped_at_the_width_of_the_terminal():
    wrapping = Wrapping(10)
    pieces = ["one tw", "o three fo", "ur\nfive sixsevene", "ightnine ", "ten"]
    assert "".join(map(wrapping.add, pieces)) + wrapping.rest() == (
        "one two \nthree four\nfive \nsixseveneightnine\nten"
    )


def test_a_tier_of_memory_that_did_not_answer_is_said_in_one_line():
    missing: list[JsonValue] = [
        {"tier": "short", "reason": "it hangs"},
        {"tier": "long", "reason": "found by words alone"},
    ]
    assert footnotes({**RESULT, "degraded": missing})[-2] == (
        "memory did not answer, and is missing: short (it hangs), long (found by words alone)"
    )
    assert not any("memory" in one for one in footnotes(RESULT))
