"""Conversations from the command line."""

import json
from pathlib import Path

import pytest

from tests.app.cli_service import FINISHED, STARTED, Event, ScriptedService
from tests.app.conversing.commands import freya

THREAD: Event = {"id": "thr_1", "title": "Beehives", "updated_at": "2026-11-30T10:00:00Z", "excerpt": None}
SAID: Event = {"id": "msg_1", "role": "user", "speaker": None, "content": "How many?"}


@pytest.fixture(autouse=True)
def _answers(service: ScriptedService) -> None:
    service.answers = {
        "/v1/threads": [{"items": [{**THREAD, "excerpt": "…of beehives"}], "next": None}],
        "/v1/threads/thr_1": [THREAD],
        "/v1/threads/thr_1/messages": [{"items": [SAID], "next": None}],
        "/v1/threads/thr_1/fork": [{"thread": {**THREAD, "id": "thr_2"}, "run_id": "run_1"}],
    }


def test_conversations_are_listed_searched_and_shown(data: Path, service: ScriptedService):
    line = "thr_1  2026-11-30 10:00  Beehives\n    …of beehives\n"
    assert freya(data, "threads", "list", "--limit", "5").stdout == line
    assert freya(data, "threads", "search", "bee", "-wasp", "--limit", "5").exit_code == 2
    assert freya(data, "threads", "search", "bee -wasp", "--limit", "5").stdout == line
    assert service.queries[-1] == "q=bee+-wasp&limit=5"
    assert freya(data, "threads", "show", "thr_1").stdout == (
        "thr_1  2026-11-30 10:00  Beehives\n\nuser (msg_1)\nHow many?\n"
    )
    assert json.loads(freya(data, "threads", "show", "thr_1", "--json").stdout) == {
        **THREAD,
        "messages": [SAID],
    }


def test_a_conversation_is_forked_and_asked_something_else(data: Path, service: ScriptedService):
    service.replays = [[STARTED, FINISHED]]
    done = freya(data, "threads", "fork", "thr_1", "msg_1", "--ask", "How few?", "--title", "Few")
    assert done.stdout == "thr_2  2026-11-30 10:00  Beehives\nForty-**two**. [1]\n"
    assert service.bodies("/v1/threads/thr_1/fork") == [
        {"message_id": "msg_1", "title": "Few", "message": "How few?"}
    ]


def test_a_conversation_is_deleted(data: Path, service: ScriptedService):
    service.answers["/v1/threads/thr_1"] = [{"messages": 2, "runs": ["run_1"], "records": [], "kept": []}]
    done = freya(data, "threads", "delete", "thr_1", "--records")
    assert done.stdout == "deleted, with 2 messages, 1 runs and 0 records\n"
    assert service.queries[-1] == "records=true"
