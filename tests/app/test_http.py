"""The HTTP door: turns, threads and agents, and what a stranger gets for a bad request."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.exceptions import ConnectionError as RedisGone

from app.http import create_app
from app.problems import CODES
from app.settings import HttpSettings
from app.wiring import Running
from tests.app.doors import SocketClient

CALCULATION = "NPV of -1000, 400, 400, 400 at 8 %"
BODY = {"message": CALCULATION}


def events_in(text: str) -> list[dict[str, Any]]:
    """The events of a server-sent stream; names and numbers agree with what is inside."""
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        event = json.loads(fields["data"])
        assert event["type"] == fields["event"]
        if event["type"] != "heartbeat":
            assert event["seq"] == int(fields["id"])
        found.append(event)
    return found


def problem_of(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem of a response, which is the documented one."""
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert code in CODES
    assert problem["type"] == f"urn:freya:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    assert "Traceback" not in response.text
    return problem


async def test_turn_is_answered_whole_and_can_be_read_again(client):
    answer = (await client.post("/v1/chat", json=BODY)).json()
    assert answer["outcome"] == "answered"
    assert answer["agents"] == ["davina"]
    assert "30.84" in answer["answer"]
    run = (await client.get(f"/v1/runs/{answer['run_id']}")).json()
    assert run["status"] == "finished"
    assert run["result"] == answer
    assert run["request"]["message"] == CALCULATION
    thread = (await client.get(f"/v1/threads/{answer['thread_id']}")).json()
    assert thread["title"] == CALCULATION
    messages = (await client.get(f"/v1/threads/{answer['thread_id']}/messages")).json()["items"]
    assert [message["role"] for message in messages] == ["user", "assistant"]
    assert messages[1]["content"] == answer["answer"]
    runs = (await client.get(f"/v1/threads/{answer['thread_id']}/runs")).json()["items"]
    assert [one["id"] for one in runs] == [answer["run_id"]]


async def test_artifact_is_downloaded_under_its_media_type_and_a_safe_name(client):
    answer = (await client.post("/v1/chat", json=BODY)).json()
    assert answer["artifacts"]
    for artifact in answer["artifacts"]:
        got = await client.get(f"/v1/artifacts/{artifact['id']}")
        assert got.headers["content-type"].startswith(artifact["media_type"])
        assert got.headers["content-disposition"] == f'attachment; filename="{artifact["name"]}"'
        assert got.headers["x-content-type-options"] == "nosniff"
        assert len(got.content) == artifact["bytes"]


async def test_stream_tells_the_turn_in_order_and_can_be_resumed_from_every_event(client):
    response = await client.post("/v1/chat/stream", json=BODY)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    events = events_in(response.text)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    kinds = [event["type"] for event in events]
    assert kinds[:5] == ["run.started", "route", "plan", "step.started", "agent.started"]
    assert kinds.index("tool.started") < kinds.index("tool.finished") < kinds.index("agent.finished")
    assert kinds[-1] == "run.finished"
    url = f"/v1/runs/{events[0]['run_id']}/events"
    for seen in (0, 1, len(events) - 1):
        again = await client.get(url, headers={"last-event-id": str(seen)})
        assert events_in(again.text) == events[seen:]
        assert events_in((await client.get(url, params={"after": seen})).text) == events[seen:]
    assert (await client.get(url, headers={"last-event-id": str(len(events))})).text == ""
    assert events_in((await client.get(url, headers={"last-event-id": "nonsense"})).text) == events


async def test_repeated_post_with_its_key_repeats_nothing(client):
    key = {"idempotency-key": "http-key-1"}
    first = await client.post("/v1/chat", json=BODY, headers=key)
    again = await client.post("/v1/chat", json=BODY, headers=key)
    assert again.json() == first.json()
    streamed = await client.post("/v1/chat/stream", json=BODY, headers=key)
    assert events_in(streamed.text)[-1]["result"] == first.json()
    other = await client.post("/v1/chat", json={"message": "something else"}, headers=key)
    problem_of(other, 409, "idempotency_conflict")
    empty = await client.post("/v1/chat", json=BODY, headers={"idempotency-key": ""})
    problem_of(empty, 422, "invalid_request")


async def test_thread_is_made_listed_read_and_deleted(client):
    older = (await client.post("/v1/threads", json={"title": "Older"})).json()
    project = (await client.post("/v1/projects", json={"name": "Plans"})).json()
    body = {"title": "Plans", "project_id": project["id"], "metadata": {"colour": ["red", 1, None]}}
    made = await client.post("/v1/threads", json=body)
    assert made.status_code == 201
    thread = made.json()
    assert {key: thread[key] for key in body} == body
    page = (await client.get("/v1/threads", params={"limit": 1})).json()
    assert page["items"] == [{**thread, "message_id": None, "excerpt": None}]
    beyond = (await client.get("/v1/threads", params={"limit": 1, "cursor": page["next"]})).json()
    assert beyond["items"] == [{**older, "message_id": None, "excerpt": None}]
    assert (await client.get(f"/v1/threads/{thread['id']}/messages")).json() == {"items": [], "next": None}
    deleted = await client.delete(f"/v1/threads/{thread['id']}", params={"records": True})
    assert deleted.json() == {"messages": 0, "runs": [], "records": [], "kept": []}
    for gone in ("", "/messages", "/runs"):
        problem_of(await client.get(f"/v1/threads/{thread['id']}{gone}"), 404, "unknown_thread")
    problem_of(await client.delete(f"/v1/threads/{thread['id']}"), 404, "unknown_thread")


async def test_lists_of_a_thread_are_paged_without_loss(client):
    first = (await client.post("/v1/chat", json={"message": "Hello!"})).json()
    for _ in range(2):
        await client.post("/v1/chat", json={"message": "Thanks!", "thread_id": first["thread_id"]})
    for what, expected in (("messages", 6), ("runs", 3)):
        url, cursor, seen = f"/v1/threads/{first['thread_id']}/{what}", None, []
        while True:
            params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await client.get(url, params=params)).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == expected


async def test_agents_say_what_they_do(client):
    agents = (await client.get("/v1/agents")).json()["items"]
    assert {agent["name"] for agent in agents} >= {"technical", "fundamentals", "rebecca", "sofia", "davina"}
    for agent in agents:
        assert agent["tools"]
        assert (await client.get(f"/v1/agents/{agent['name']}")).json() == agent
    problem = problem_of(await client.get("/v1/agents/nobody"), 404, "not_found")
    assert "davina" in problem["detail"]


async def test_asked_agent_answers_and_an_unknown_one_is_refused(client):
    answer = (await client.post("/v1/chat", json={**BODY, "agents": ["davina"]})).json()
    assert answer["agents"] == ["davina"]
    refused = await client.post("/v1/chat", json={**BODY, "agents": ["nobody"]})
    assert "davina" in problem_of(refused, 422, "unknown_agent")["detail"]


@pytest.fixture(scope="module")
async def without_console(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service with its console switched off."""
    settings = running.settings.model_copy(update={"http": HttpSettings(console=False)})
    made = create_app(settings, lambda: contextlib.nullcontext(running))
    async with (
        made.router.lifespan_context(made),
        httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="http://localhost") as client,
    ):
        yield client


async def test_root_leads_to_the_description_where_there_is_no_console(without_console):
    assert (await without_console.get("/")).headers["location"] == "/docs"
    for path in ("/agents", "/sign-in", "/threads/thr_1", "/console/theme.css", "/favicon.ico"):
        problem_of(await without_console.get(path), 404, "not_found")


async def test_description_loads_nothing_from_elsewhere(client):
    page = (await client.get("/docs")).text
    loaded = re.findall(r"""(?:src|href|url)\W{1,4}["']([^"']+)["']""", page)
    assert "/openapi.json" in loaded
    assert len(loaded) >= 4
    for path in loaded:
        assert path.startswith("/")
        assert (await client.get(path)).status_code == 200
    assert "//" not in page.replace("// ", "").replace(": //", "")


BAD_BODIES: list[Any] = [
    pytest.param(b"", 422, "invalid_request", id="nothing"),
    pytest.param(b"{", 400, "invalid_json", id="half an object"),
    pytest.param(b"\xff\xfe{}", 400, "invalid_json", id="invalid UTF-8"),
    pytest.param(b'{"message": "\xc3\x28"}', 400, "invalid_json", id="invalid UTF-8 inside"),
    pytest.param(b"[" * 20_000, 400, "invalid_json", id="nested without end"),
    pytest.param(b'{"message": ' + b"9" * 5000 + b"}", 400, "invalid_json", id="a number without end"),
    pytest.param(b"[]", 422, "invalid_request", id="a list"),
    pytest.param(b"null", 422, "invalid_request", id="null"),
    pytest.param(b"{}", 422, "invalid_request", id="no message"),
    pytest.param(b'{"message": 5}', 422, "invalid_request", id="a number for a message"),
    pytest.param(b'{"message": "x", "colour": 1}', 422, "invalid_request", id="unknown field"),
    pytest.param(b'{"message": "x", "agents": "davina"}', 422, "invalid_request", id="agents as text"),
    pytest.param(b'{"message": "x", "on_busy": "wait"}', 422, "invalid_request", id="unknown choice"),
    pytest.param(b'{"message": "\\ud800"}', 422, "invalid_request", id="lone surrogate"),
    pytest.param(b'{"message": "a\\u0000b"}', 422, "invalid_request", id="NUL"),
    pytest.param(b'{"message": "x", "agents": ["\\u0000"]}', 422, "invalid_request", id="NUL in an agent"),
    pytest.param(
        b'{"message": "x", "metadata": {"a": ["\\udfff"]}}',
        422,
        "invalid_request",
        id="surrogate in metadata",
    ),
    pytest.param(
        b'{"message": "x", "metadata": {"\\u0000": 1}}', 422, "invalid_request", id="NUL in a metadata key"
    ),
    pytest.param(b'{"message": "x", "metadata": {"a": NaN}}', 422, "invalid_request", id="NaN"),
    pytest.param(b'{"message": "x", "metadata": {"a": 1e999}}', 422, "invalid_request", id="infinity"),
    pytest.param(b'{"message": ""}', 422, "request_refused", id="empty message"),
    pytest.param(b'{"message": " \\n\\t\\u200b "}', 422, "request_refused", id="blank message"),
    pytest.param(
        json.dumps({"message": "word " * 8000}).encode(),
        422,
        "request_refused",
        id="beyond the longest message",
    ),
    pytest.param(b'{"message": "x", "thread_id": "thr_none"}', 404, "unknown_thread", id="unknown thread"),
    pytest.param(b'{"message": "x", "thread_id": ""}', 404, "unknown_thread", id="empty thread id"),
]


@pytest.mark.parametrize("route", ["/v1/chat", "/v1/chat/stream"])
@pytest.mark.parametrize(("body", "status", "code"), BAD_BODIES)
async def test_bad_body_gets_its_problem(client, route, body, status, code):
    response = await client.post(route, content=body, headers={"content-type": "application/json"})
    problem = problem_of(response, status, code)
    if code == "invalid_request":
        assert problem["errors"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[" * 20_000, "nested too deeply"),
        (b'{"message": ' + b"9" * 5000 + b"}", "a number in it has too many digits"),
        (b'{"message": "\xc3\x28"}', "it is not UTF-8"),
    ],
)
async def test_body_that_cannot_be_read_is_told_why(client, body, said):
    response = await client.post("/v1/chat", content=body, headers={"content-type": "application/json"})
    assert said in problem_of(response, 400, "invalid_json")["detail"]


async def test_deeply_nested_metadata_is_kept_or_refused_but_no_defect(client):
    for depth in (50, 300, 900):
        body = '{"message": "Hello!", "metadata": {"a": ' + "[" * depth + "]" * depth + "}}"
        response = await client.post(
            "/v1/chat", content=body.encode(), headers={"content-type": "application/json"}
        )
        assert response.status_code in {200, 400, 422}, response.text


async def test_body_beyond_the_limit_is_refused_declared_or_not(client):
    declared = await client.post("/v1/chat", json={"message": "x" * 70_000})
    problem_of(declared, 413, "body_too_large")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 10_000

    undeclared = await client.post("/v1/chat", content=pieces(), headers={"content-type": "application/json"})
    problem_of(undeclared, 413, "body_too_large")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "image/png"])
async def test_body_of_another_content_type_is_no_request(client, kind):
    response = await client.post("/v1/chat", content=b'{"message": "x"}', headers={"content-type": kind})
    detail = problem_of(response, 422, "invalid_request")["detail"]
    assert (
        detail
        == f"header.content-type: must be application/json, so that the body is read as JSON, not {kind}"
    )


async def test_a_thread_that_is_named_by_nothing_is_not_given_another_name(client):
    response = await client.post("/v1/chat", json={"message": "x", "thread_id": ""})
    assert "no thread ''" in problem_of(response, 404, "unknown_thread")["detail"]


@pytest.mark.parametrize("since", ["2020", "1590000000", "20.5", "yesterday"])
async def test_a_number_is_no_time(client, since):
    response = await client.get("/v1/memory/recall", params={"q": "x", "since": since})
    assert "query.since" in problem_of(response, 422, "invalid_request")["detail"]


async def test_what_is_wrong_is_told_briefly_however_much_it_is(client):
    deep = '{"message": "x", "metadata": {"a": ' + "[" * 900 + "]" * 900 + "}}"
    for body in (deep, json.dumps({"message": "x", **{f"field{number}": 1 for number in range(5000)}})):
        response = await client.post("/v1/chat", content=body, headers={"content-type": "application/json"})
        assert len(response.content) < 8_000, response.text[:300]


async def test_unknown_route_and_wrong_method_are_named(client):
    problem_of(await client.get("/v2/chat"), 404, "not_found")
    wrong = await client.get("/v1/chat")
    problem_of(wrong, 405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/runs/run_none", "unknown_run"),
        ("/v1/runs/run_none/events", "unknown_run"),
        ("/v1/artifacts/art_none", "unknown_artifact"),
        ("/v1/threads/thr_none", "unknown_thread"),
        ("/v1/threads/thr_none/messages", "unknown_thread"),
        ("/v1/threads/thr_none/runs", "unknown_thread"),
    ],
)
async def test_unknown_thing_is_named(client, path, code):
    problem = problem_of(await client.get(path), 404, code)
    assert "none" in problem["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/runs/%00",
        "/v1/runs/%00/events",
        "/v1/artifacts/a%00",
        "/v1/threads/%00",
        "/v1/threads?cursor=%00",
        "/v1/threads?limit=0",
        "/v1/threads?limit=ten",
        "/v1/runs/" + "x" * 65,
        "/v1/runs/run_x/events?after=-1",
    ],
)
async def test_parameter_that_does_not_fit_is_named(client, path):
    assert problem_of(await client.get(path), 422, "invalid_request")["errors"]


async def test_ended_run_cannot_be_cancelled(client):
    answer = (await client.post("/v1/chat", json={"message": "Hello!"})).json()
    problem_of(await client.post(f"/v1/runs/{answer['run_id']}/cancel"), 409, "run_not_active")
    problem_of(await client.post("/v1/runs/run_none/cancel"), 404, "unknown_run")


async def test_defect_is_told_as_nothing_and_logged(client, running: Running, monkeypatch, logged):
    async def broken(*_given: Any, **_named: Any) -> None:
        raise KeyError("/secret/path")

    monkeypatch.setattr(running.freya, "thread", broken)
    response = await client.get("/v1/threads/thr_x")
    problem_of(response, 500, "internal_error")
    assert "secret" not in response.text
    (line,) = [line for line in logged.lines if line["event"] == "a request failed"]
    assert line["path"] == "/v1/threads/thr_x"
    assert "KeyError" in str(line["exception"])


async def test_outage_is_a_problem_that_says_when_to_come_again(
    client, running: Running, monkeypatch, logged
):
    async def away(*_given: Any, **_named: Any) -> None:
        raise RedisGone("Error connecting to /run/redis.sock")

    monkeypatch.setattr(running.freya, "run", away)
    response = await client.get("/v1/runs/run_x")
    problem = problem_of(response, 503, "events_unavailable")
    assert "redis.sock" not in problem["detail"]
    assert response.headers["retry-after"] == "2"
    assert "events_unavailable" in logged.text


async def test_stream_that_is_cut_by_an_outage_ends_and_is_resumed(client, running, monkeypatch, logged):
    events = (await client.post("/v1/chat/stream", json=BODY)).text
    run_id = events_in(events)[0]["run_id"]
    whole = running.freya.events

    async def cut(*given: Any, **named: Any) -> AsyncIterator[Any]:
        inner = await whole(*given, **named)

        async def two() -> AsyncIterator[Any]:
            yield await anext(inner)
            yield await anext(inner)
            raise RedisGone("Connection closed by server.")

        return two()

    with monkeypatch.context() as patch:
        patch.setattr(running.freya, "events", cut)
        part = (await client.get(f"/v1/runs/{run_id}/events")).text
    assert len(events_in(part)) == 2
    assert "a stream was cut" in logged.text
    rest = (await client.get(f"/v1/runs/{run_id}/events", headers={"last-event-id": "2"})).text
    assert part + rest == events


async def test_defect_in_a_stream_breaks_the_connection(client, running, monkeypatch, logged):
    async def broken(*_given: Any, **_named: Any) -> AsyncIterator[Any]:
        async def nothing() -> AsyncIterator[Any]:
            raise KeyError("inside")
            yield

        return nothing()

    monkeypatch.setattr(running.freya, "events", broken)
    with pytest.raises(KeyError):
        await client.get("/v1/runs/run_x/events")
    assert "a request failed" in logged.text


async def test_client_that_leaves_a_stream_leaves_its_run_alone(app, client):
    """The body stops being read after the first event, as when a browser tab is closed."""
    sent: list[dict[str, Any]] = []
    left = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if sent and not left.is_set() and any(m["type"] == "http.response.body" for m in sent):
            left.set()
        if not requested:
            requested.append(True)
            return {"type": "http.request", "body": json.dumps(BODY).encode(), "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if message["type"] == "http.response.body":
            left.set()

    requested: list[bool] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/chat/stream",
        "raw_path": b"/v1/chat/stream",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    async with asyncio.timeout(60):
        await app(scope, receive, send)
    (first, *_) = events_in(b"".join(m.get("body", b"") for m in sent).decode())
    events = events_in((await client.get(f"/v1/runs/{first['run_id']}/events")).text)
    assert events[-1]["type"] == "run.finished"
    assert (await client.get(f"/v1/runs/{first['run_id']}")).json()["status"] == "finished"


async def test_second_message_on_a_busy_thread_is_refused_queued_or_takes_over(client, app):
    thread = (await client.post("/v1/threads", json={})).json()["id"]
    body = {**BODY, "thread_id": thread}
    answers = await asyncio.gather(*(client.post("/v1/chat", json=body) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    problem = problem_of(next(a for a in answers if a.status_code == 409), 409, "thread_busy")
    assert problem["run_id"] == next(a for a in answers if a.status_code == 200).json()["run_id"]
    queued = [{**body, "on_busy": "queue"} for _ in range(2)]
    answers = await asyncio.gather(*(client.post("/v1/chat", json=one) for one in queued))
    assert [answer.status_code for answer in answers] == [200, 200]
    async with SocketClient(app) as socket:
        socket.send(type="message", id="first", **body)
        await socket.until("accepted")
        socket.send(type="message", id="second", **body, on_busy="replace")
        frames = await socket.until("run.cancelled", "run.finished")
        frames += await socket.until("run.finished")
    assert frames[-1]["type"] == "run.finished"
