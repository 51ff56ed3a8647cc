"""Changes of the interface that break clients are found, and none is made without a new version."""

import copy
import json
from typing import Any

import pytest

from app.compatibility import breaking_changes
from app.documentation import described_interface
from tests.docs.documents import ROOT

SNAPSHOT = ROOT / "docs" / "openapi.json"
CHAT = ("paths", "/v1/chat", "post")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    described: dict[str, Any] = json.loads(described_interface())
    return described


def test_the_snapshot_is_what_the_service_says(document):
    kept = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    changes = breaking_changes(kept, document)
    assert kept["info"]["version"] != document["info"]["version"] or changes == [], (
        "clients would break: take the change back, or give the package a new version (pyproject.toml)"
    )
    assert kept == document, "the interface has changed: write docs/openapi.json anew with `make docs`"


def changed(document: dict[str, Any], *place: str) -> tuple[dict[str, Any], Any]:
    """A copy, and what stands at a place of it."""
    made = copy.deepcopy(document)
    at: Any = made
    for step in place:
        at = at[step]
    return made, at


def test_nothing_breaks_where_nothing_changes(document):
    assert breaking_changes(document, copy.deepcopy(document)) == []


def test_what_is_added_breaks_nothing(document):
    made, schemas = changed(document, "components", "schemas")
    schemas["ChatRequest"]["properties"]["mood"] = {"type": "string"}
    schemas["ChatResult"]["properties"]["mood"] = {"type": "string"}
    made["paths"]["/v1/moods"] = made["paths"]["/v1/chat"]
    assert breaking_changes(document, made) == []


def test_a_route_that_goes_breaks(document):
    made, paths = changed(document, "paths")
    del paths["/v1/chat"]
    assert breaking_changes(document, made) == ["POST /v1/chat: it is gone"]


def test_an_operation_that_is_renamed_breaks(document):
    made, chat = changed(document, *CHAT)
    chat["operationId"] = "talk"
    assert breaking_changes(document, made) == ["POST /v1/chat: its operation id is another"]


def test_a_field_that_goes_or_changes_its_type_breaks(document):
    made, result = changed(document, "components", "schemas", "ChatResult", "properties")
    del result["answer"]
    result["summary"] = {"type": "integer"}
    found = breaking_changes(document, made)
    assert "POST /v1/chat: 200.answer is gone" in found
    assert "POST /v1/chat: 200.summary was string and is integer" in found


def test_what_becomes_required_of_requests_breaks(document):
    made, request = changed(document, "components", "schemas", "ChatRequest")
    request["required"].append("thread_id")
    _, operation = made, made["paths"]["/v1/knowledge/pairs"]["get"]
    next(each for each in operation["parameters"] if each["name"] == "q")["required"] = True
    found = breaking_changes(document, made)
    assert "POST /v1/chat: body.thread_id is required now" in found
    assert "GET /v1/knowledge/pairs: the parameter q is required now" in found


def test_what_answers_need_not_say_any_more_breaks(document):
    made, result = changed(document, "components", "schemas", "ChatResult")
    result["required"].remove("answer")
    assert "POST /v1/chat: 200.answer may be missing now" in breaking_changes(document, made)


def test_a_choice_that_goes_breaks(document):
    made, request = changed(document, "components", "schemas", "ChatRequest", "properties", "on_busy")
    request["enum"].remove("queue")
    assert "POST /v1/chat: body.on_busy may be queue no more" in breaking_changes(document, made)
