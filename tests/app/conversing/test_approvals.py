"""Tool calls that wait for the person at the terminal, and those that are answered from elsewhere."""

import json
from functools import partial
from pathlib import Path
from typing import get_args

import pytest
from starlette.responses import JSONResponse

from app.cli.approving import Status
from app.runs import records
from tests.app.cli_service import FINISHED, STARTED, Event, ScriptedService, routed
from tests.app.conversing.commands import at_a_terminal, chat, freya, interrupt, run_chat, when

WANTED: Event = {
    "type": "approval.required",
    "approval_id": "apr_1",
    "agent": "clerk",
    "tool": "send",
    "arguments": {"to": "Ada"},
    "why": "A letter cannot be called back.",
}
RESUME = "/v1/runs/run_1/resume"
VIEW: Event = {
    "id": "run_1",
    "thread_id": "thr_1",
    "status": "waiting",
    "approvals": [{**WANTED, "id": "apr_1", "expires_at": "2026-12-01T00:00:00Z"}],
    "result": None,
    "problem": None,
}
UNFIT = {"title": "The request does not fit its schema", "detail": "to: too short", "code": "invalid_request"}


@pytest.mark.parametrize(
    ("keys", "answers"),
    [
        ("y\r", [{"decision": "approve"}]),
        ("what?\rno, Ada moved\r", [{"decision": "reject", "reason": "Ada moved"}]),
        ("e\r\r", [{"decision": "edit", "arguments": {"to": "Ada"}}]),
    ],
)
def test_the_person_at_the_terminal_answers(data: Path, service: ScriptedService, monkeypatch, keys, answers):
    answered = partial(when, lambda: service.bodies(RESUME), lambda: None)
    service.turns = [[STARTED, routed("clerk"), WANTED, answered, FINISHED]]
    with at_a_terminal(monkeypatch) as typist:
        typist.keys.send_text(f"Write\r{keys}\x04")
        run_chat(data)
        assert 'clerk wants to call send {"to": "Ada"}\nA letter cannot be called back.' in typist.notes
        assert "Forty-**two**" in typist.output
    assert service.bodies(RESUME) == [{"approval_id": "apr_1", **answer} for answer in answers]


def test_arguments_that_do_not_fit_are_asked_for_again(data: Path, service: ScriptedService, monkeypatch):
    service.answers[RESUME] = [JSONResponse(UNFIT, 422), VIEW]
    answered = partial(when, lambda: len(service.bodies(RESUME)) > 1, lambda: None)
    service.turns = [[STARTED, routed("clerk"), WANTED, answered, FINISHED]]
    with at_a_terminal(monkeypatch) as typist:
        typist.keys.send_text("Write\re\r\ry\r\x04")
        run_chat(data)
        assert "to: too short" in typist.notes
    assert [body["decision"] for body in service.bodies(RESUME)] == ["edit", "approve"]


def test_ctrl_c_at_the_question_cancels_the_run(data: Path, service: ScriptedService, monkeypatch):
    cancelled = {"type": "run.cancelled", "reason": "the client asked for it"}
    with at_a_terminal(monkeypatch) as typist:
        press = partial(when, lambda: "cannot be called back" in typist.notes, interrupt)
        again = partial(when, service.cancelled.is_set, partial(typist.keys.send_text, "Again\r\x04"))
        service.turns = [
            [STARTED, routed("clerk"), WANTED, press, again, cancelled],
            [STARTED, FINISHED],
        ]
        typist.keys.send_text("Write\r")
        run_chat(data)
        assert "Forty-**two**" in typist.output
    assert service.bodies(RESUME) == []


@pytest.mark.parametrize("command", ["ask", "chat"])
def test_without_a_terminal_the_run_waits_and_it_is_said_how_it_is_answered(
    data: Path, service: ScriptedService, command
):
    service.turns = [[STARTED, routed("clerk"), WANTED]]
    result = freya(data, "ask", "Write") if command == "ask" else chat(data, "Write\n", service)
    assert result.exit_code == 1
    assert "`freya runs approve run_1 apr_1` allows send" in result.stderr
    assert service.bodies(RESUME) == []


def test_runs_are_listed(data: Path, service: ScriptedService):
    begun = {"created_at": "2026-12-01T09:30:00Z", "request": {"message": "Write\nto Ada"}}
    service.answers = {"/v1/runs": [{"items": [{**VIEW, **begun}], "next": None}]}
    listed = freya(data, "runs", "list", "--status", "waiting", "--status", "running", "--thread", "thr_1")
    assert "run_1  waiting  2026-12-01 09:30  thr_1   Write to Ada" in listed.stdout
    assert service.queries[-1] == "limit=50&status=waiting&status=running&thread_id=thr_1"
    assert {one.value for one in Status} == set(get_args(records.Status))
    service.answers = {"/v1/runs": [{"items": [], "next": None}]}
    assert "there are no such runs" in freya(data, "runs", "list").stderr


def test_runs_are_looked_at_and_answered_from_elsewhere(data: Path, service: ScriptedService):
    service.answers = {f"/v1/runs/run_1{more}": [VIEW] for more in ("", "/resume", "/cancel")}
    shown = freya(data, "runs", "show", "run_1")
    assert "run_1 is waiting, in thread thr_1" in shown.stdout
    assert 'apr_1: clerk wants to call send {"to": "Ada"}, until 2026-12-01T00:00:00Z' in shown.stdout
    assert json.loads(freya(data, "runs", "show", "run_1", "--json").stdout) == VIEW
    freya(data, "runs", "approve", "run_1", "apr_1")
    freya(data, "runs", "approve", "run_1", "apr_1", "--arguments", '{"to": "Eve"}')
    freya(data, "runs", "reject", "run_1", "apr_1", "--reason", "No.")
    assert freya(data, "runs", "cancel", "run_1").exit_code == 0
    assert service.cancelled.is_set()
    assert service.bodies(RESUME) == [
        {"approval_id": "apr_1", "decision": "approve"},
        {"approval_id": "apr_1", "decision": "edit", "arguments": {"to": "Eve"}},
        {"approval_id": "apr_1", "decision": "reject", "reason": "No."},
    ]
    refused = freya(data, "runs", "approve", "run_1", "apr_1", "--arguments", "[1]")
    assert (refused.exit_code, "no JSON object" in refused.stderr) == (1, True)
