"""One question, and its answer or why there is none."""

import json
import os
import threading
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any  # what a test puts in the place of a stream

import pytest
from starlette.responses import JSONResponse

from app.cli import finding
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
from tests.app.conversing.commands import freya, interrupt


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


def test_words_without_quotes_are_one_question(data: Path, service: ScriptedService):
    service.turns = [[STARTED, FINISHED]]
    assert freya(data, "ask", "what", "is", "rsi", "--agent", "technical").exit_code == 0
    assert service.bodies("/v1/chat/stream") == [{"message": "what is rsi", "agents": ["technical"]}]


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


def test_files_are_attached_to_a_new_thread_and_asked_about(
    data: Path, service: ScriptedService, tmp_path: Path
):
    prices, notes = tmp_path / "prices.csv", tmp_path / "notes.txt"
    prices.write_bytes(b"date,close\n2026-01-01,5\n")
    notes.write_bytes(b"Some notes.")
    service.answers["/v1/threads"] = [{"id": "thr_9"}]
    service.answers["/v1/attachments"] = [{"id": "att_1"}, {"id": "att_2"}]
    service.turns = [[STARTED, FINISHED], [STARTED, FINISHED]]
    result = freya(
        data, "ask", "What do they say?", "--attach", str(prices), "--attach", str(notes), "--json"
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == RESULT
    assert service.bodies("/v1/attachments") == [prices.read_bytes(), notes.read_bytes()]
    assert "thread_id=thr_9&name=prices.csv" in service.queries
    [asked] = service.bodies("/v1/chat/stream")
    assert asked == {
        "message": "What do they say?",
        "agents": [],
        "attachments": ["att_1", "att_2"],
        "thread_id": "thr_9",
    }
    service.answers["/v1/attachments"] = [{"id": "att_3"}]
    assert freya(data, "ask", "And?", "--thread", "thr_1", "--attach", str(notes)).exit_code == 0
    assert "thread_id=thr_1&name=notes.txt" in service.queries
    assert len(service.bodies("/v1/threads")) == 1


def test_a_file_that_is_refused_leaves_nothing_and_asks_nothing(
    data: Path, service: ScriptedService, tmp_path: Path
):
    notes, odd = tmp_path / "notes.txt", tmp_path / "odd.bin"
    notes.write_bytes(b"Some notes.")
    odd.write_bytes(b"\x00\x01")
    problem = {
        "title": "No kind that can be attached",
        "detail": "Send a PDF.",
        "code": "unsupported_media_type",
    }
    refusal = JSONResponse(problem, 415)
    service.answers["/v1/threads"] = [{"id": "thr_9"}]
    for thread, deleted in (((), "/v1/threads/thr_9"), (("--thread", "thr_1"), "/v1/attachments/att_1")):
        service.asked.clear()
        service.answers["/v1/attachments"] = [{"id": "att_1"}, refusal]
        result = freya(data, "ask", "What?", *thread, "--attach", str(notes), "--attach", str(odd))
        assert result.exit_code == 1
        assert f"{odd} was not attached. No kind that can be attached: Send a PDF." in result.stderr
        assert [path for method, path, *_ in service.asked if method == "DELETE"] == [deleted]
        assert not service.bodies("/v1/chat/stream")
    missing = freya(data, "ask", "What?", "--attach", str(tmp_path / "none.txt"))
    assert missing.exit_code == 2
    assert "does not exist" in missing.output
    many = [word for _ in range(9) for word in ("--attach", str(notes))]
    assert "8 files at most" in freya(data, "ask", "What?", *many).output
