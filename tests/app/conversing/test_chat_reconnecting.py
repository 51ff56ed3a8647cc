"""A chat whose service goes away."""

import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from app.cli import conversation
from tests.app.cli_service import (
    DROP,
    FINISHED,
    STARTED,
    ScriptedService,
    routed,
    serving,
    token,
)
from tests.app.conversing.commands import at_a_terminal, interrupt, run_chat, when


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
        lost = threading.Thread(target=when, args=[lambda: "waiting for it" in typist.notes, bring_back])
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
        lost = threading.Thread(target=when, args=[lambda: "waiting for it" in typist.notes, bring_back])
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
        waiting = threading.Thread(target=when, args=[lambda: "waiting for it" in typist.notes, interrupt])
        waiting.start()
        typist.keys.send_text("What is it?\r\x04")
        run_chat(data)
        waiting.join(5)
        assert "left; the service may still be at it" in typist.notes
