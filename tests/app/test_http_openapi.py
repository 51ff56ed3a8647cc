"""The description of the interface: valid, stable, and true of what the service answers."""

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from app.http import create_app
from app.problems import CODES
from app.settings import Settings
from graphs.events import LAST_EVENTS, Event
from tests.app.test_http import BODY, events_in

OPERATIONS = {
    "activateVersion": "POST /v1/knowledge/versions/{number}/activate",
    "addMember": "POST /v1/projects/{project_id}/members",
    "attachFile": "POST /v1/attachments",
    "deleteAttachment": "DELETE /v1/attachments/{attachment_id}",
    "getAttachment": "GET /v1/attachments/{attachment_id}",
    "listAttachments": "GET /v1/threads/{thread_id}/attachments",
    "cancelJob": "POST /v1/knowledge/jobs/{job_id}/cancel",
    "cancelRun": "POST /v1/runs/{run_id}/cancel",
    "changeProject": "PATCH /v1/projects/{project_id}",
    "changeThread": "PATCH /v1/threads/{thread_id}",
    "chat": "POST /v1/chat",
    "correctMemory": "PATCH /v1/memory/{record_id}",
    "createCompletion": "POST /openai/v1/chat/completions",
    "createKey": "POST /v1/keys",
    "createProject": "POST /v1/projects",
    "createThread": "POST /v1/threads",
    "deleteProject": "DELETE /v1/projects/{project_id}",
    "deployAgent": "POST /v1/agents/designed",
    "disableAgent": "POST /v1/agents/designed/{name}/disable",
    "listAgentVersions": "GET /v1/agents/designed/{name}/versions",
    "listDesignedAgents": "GET /v1/agents/designed",
    "rollBackAgent": "POST /v1/agents/designed/{name}/rollback",
    "deleteThread": "DELETE /v1/threads/{thread_id}",
    "eraseMemory": "POST /v1/memory/erase",
    "exportCatalogue": "GET /v1/knowledge/catalogue",
    "exportInteractions": "GET /v1/memory/interactions",
    "exportKnowledge": "GET /v1/knowledge/export",
    "exportMemory": "GET /v1/memory/export",
    "forkThread": "POST /v1/threads/{thread_id}/fork",
    "forgetMemory": "DELETE /v1/memory/{record_id}",
    "forgetMessage": "DELETE /v1/memory/messages/{message_id}",
    "findRuns": "GET /v1/runs",
    "getAgent": "GET /v1/agents/{name}",
    "getArtifact": "GET /v1/artifacts/{artifact_id}",
    "getEvaluation": "GET /v1/knowledge/versions/{number}/evaluation",
    "getJob": "GET /v1/knowledge/jobs/{job_id}",
    "getKnowledge": "GET /v1/knowledge",
    "getKnowledgeStatus": "GET /v1/knowledge/status",
    "getLiveness": "GET /healthz",
    "getMemory": "GET /v1/memory/{record_id}",
    "getMemoryHistory": "GET /v1/memory/{record_id}/history",
    "getMemoryStatus": "GET /v1/memory/status",
    "getMetrics": "GET /metrics",
    "getModel": "GET /openai/v1/models/{model}",
    "getPair": "GET /v1/knowledge/pairs/{pair_id}",
    "getProgress": "GET /v1/knowledge/progress",
    "getKey": "GET /v1/keys/{key_id}",
    "getProject": "GET /v1/projects/{project_id}",
    "getReadiness": "GET /readyz",
    "getRun": "GET /v1/runs/{run_id}",
    "getRunTrace": "GET /v1/runs/{run_id}/trace",
    "getSource": "GET /v1/knowledge/sources/{source_id}",
    "getTopic": "GET /v1/knowledge/topics/{slug}",
    "getThread": "GET /v1/threads/{thread_id}",
    "getVersion": "GET /v1/knowledge/versions/{number}",
    "giveFeedback": "POST /v1/feedback",
    "importCatalogue": "POST /v1/knowledge/catalogue",
    "importKnowledge": "POST /v1/knowledge/import",
    "importMemory": "POST /v1/memory/import",
    "listAgents": "GET /v1/agents",
    "listArtifacts": "GET /v1/artifacts",
    "listDuplicates": "GET /v1/knowledge/duplicates",
    "listGaps": "GET /v1/knowledge/gaps",
    "listJobs": "GET /v1/knowledge/jobs",
    "listKeys": "GET /v1/keys",
    "listMappings": "GET /v1/knowledge/mappings",
    "listMembers": "GET /v1/projects/{project_id}/members",
    "listMemory": "GET /v1/memory",
    "listMemoryAudit": "GET /v1/memory/audit",
    "listMessages": "GET /v1/threads/{thread_id}/messages",
    "listModels": "GET /openai/v1/models",
    "listPairs": "GET /v1/knowledge/pairs",
    "listProjects": "GET /v1/projects",
    "listRuns": "GET /v1/threads/{thread_id}/runs",
    "listSources": "GET /v1/knowledge/sources",
    "listThreads": "GET /v1/threads",
    "listTopics": "GET /v1/knowledge/topics",
    "listVersions": "GET /v1/knowledge/versions",
    "mapName": "PUT /v1/knowledge/mappings",
    "putTopic": "PUT /v1/knowledge/topics/{slug}",
    "recallMemory": "GET /v1/memory/recall",
    "redactText": "POST /v1/memory/redact",
    "resumeRun": "POST /v1/runs/{run_id}/resume",
    "revealText": "POST /v1/memory/reveal",
    "removeMember": "DELETE /v1/projects/{project_id}/members/{user_id}",
    "removeTopic": "DELETE /v1/knowledge/topics/{slug}",
    "revokeKey": "POST /v1/keys/{key_id}/revoke",
    "rollbackVersion": "POST /v1/knowledge/versions/rollback",
    "rotateKey": "POST /v1/keys/{key_id}/rotate",
    "searchKnowledge": "GET /v1/knowledge/search",
    "startJob": "POST /v1/knowledge/jobs",
    "streamChat": "POST /v1/chat/stream",
    "streamRunEvents": "GET /v1/runs/{run_id}/events",
    "unmapName": "DELETE /v1/knowledge/mappings",
}
"""Generated clients are named after these: a name that is here stays."""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    def never() -> Any:
        raise AssertionError("the application is described here, not started")

    made = create_app(Settings.model_construct(), never)
    assert made.openapi() is made.openapi()
    described: dict[str, Any] = json.loads(json.dumps(made.openapi()))
    return described


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def checked(document: dict[str, Any], name: str, value: Any) -> None:
    """Fail unless the value fits the schema of that name."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    Draft202012Validator(schema).validate(value)


def test_document_is_valid_openapi(document):
    validate(document)


def test_operations_keep_their_names(document):
    assert {operation["operationId"]: route for route, operation in operations(document)} == OPERATIONS


def test_every_operation_describes_itself_and_its_problems(document):
    for route, operation in operations(document):
        assert operation["summary"], route
        assert operation["description"], route
        assert operation["tags"], route
        default = operation["responses"]["default"]["content"]
        expected = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        if "/openai/" in route:
            expected = {"application/json": {"schema": {"$ref": "#/components/schemas/CompletionErrorBody"}}}
        assert default == expected, route
        assert "422" not in operation["responses"], route


def test_no_list_is_answered_without_its_page(document):
    for route, operation in operations(document):
        for status, response in operation["responses"].items():
            for content in response.get("content", {}).values():
                assert content.get("schema", {}).get("type") != "array", (route, status)
    pages = {name for name in document["components"]["schemas"] if name.endswith("Page")}
    for route, operation in operations(document):
        answered = str(operation["responses"].get("200", {}))
        if any(f"/{page}'" in answered for page in pages):
            assert {"limit", "cursor"} <= {each["name"] for each in operation["parameters"]}, route


def test_problem_codes_are_listed(document):
    assert document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] == list(CODES)


def test_streams_are_described_as_the_closed_set_of_events(document):
    for name in ("streamChat", "streamRunEvents"):
        method, path = OPERATIONS[name].split()
        content = document["paths"][path][method.lower()]["responses"]["200"]["content"]
        assert content == {"text/event-stream": {"schema": {"$ref": "#/components/schemas/Event"}}}
    union = document["components"]["schemas"]["Event"]
    kinds = {model.model_fields["type"].default for model in get_args(get_args(Event)[0])}
    assert set(union["discriminator"]["mapping"]) == kinds
    assert kinds > LAST_EVENTS
    for reference in union["discriminator"]["mapping"].values():
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]


def test_schemas_have_names_that_code_can_have(document):
    names = document["components"]["schemas"]
    assert [
        name for name in names if not re.fullmatch(r"[A-Z][A-Za-z0-9]*(_[A-Z][A-Za-z0-9]*_)?", name)
    ] == []


def test_every_event_says_which_it_is(document):
    schemas = document["components"]["schemas"]
    for reference in schemas["Event"]["discriminator"]["mapping"].values():
        event = schemas[reference.removeprefix("#/components/schemas/")]
        assert {"type", "run_id", "seq", "time"} <= set(event["required"]), reference
        assert event["properties"]["type"]["const"], reference


def test_keys_are_described(document):
    assert document["components"]["securitySchemes"]["ApiKey"]["scheme"] == "bearer"
    assert {"ApiKey": []} in document["security"]


async def test_answers_fit_their_description(document, client: httpx.AsyncClient):
    checked(document, "ChatResult", (await client.post("/v1/chat", json=BODY)).json())
    events = events_in((await client.post("/v1/chat/stream", json=BODY)).text)
    for event in events:
        checked(document, "Event", event)
    run = await client.get(f"/v1/runs/{events[0]['run_id']}")
    checked(document, "RunView", run.json())
    checked(document, "ThreadPage", (await client.get("/v1/threads")).json())
    checked(document, "HealthReport", (await client.get("/readyz")).json())
    for agent in (await client.get("/v1/agents")).json()["items"]:
        checked(document, "AgentView", agent)
    problem = (await client.get("/v1/runs/run_none")).json()
    checked(document, "Problem", problem)
    failed = (await client.post("/v1/chat", json={"message": 5})).json()
    checked(document, "Problem", failed)
