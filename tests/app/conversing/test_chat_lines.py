"""A chat whose lines come from a pipe."""

import os
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from tests.app.cli_service import (
    DROP,
    FINISHED,
    PROBLEM,
    STARTED,
    ScriptedService,
    routed,
    token,
)
from tests.app.conversing.commands import Streams, chat, freya


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
        patch.setattr("app.cli.lines.sys", Streams(piped))
        result = freya(data, "chat")
    assert result.exit_code == 1
    assert "a line of the input is not UTF-8 (at its byte 1)" in result.stderr
