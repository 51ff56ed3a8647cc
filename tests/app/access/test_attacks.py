"""Another user's ids at every route, paths that pretend to be others, and secrets that must not come out."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.http.scopes import HEALTH, NEEDS
from tests.app.doors import SocketClient, SocketRefused

OWNED = ("run_id", "thread_id", "artifact_id", "attachment_id", "record_id", "message_id", "project_id")
SHARED = ("job_id", "name", "number", "pair_id", "slug", "source_id", "path", "key_id", "model")
"""Of what is known and of keys, which belong to no user; keys are told apart by binding, see test_keys."""
BODIES: dict[str, dict[str, Any]] = {
    "PATCH /v1/memory/{record_id}": {"text": "Mine."},
    "PATCH /v1/projects/{project_id}": {"name": "Mine"},
    "POST /v1/projects/{project_id}/members": {"user_id": "ben"},
    "POST /v1/runs/{run_id}/resume": {"approval_id": "apr_0", "decision": "approve"},
    "PATCH /v1/threads/{thread_id}": {"title": "Mine"},
    "POST /v1/threads/{thread_id}/fork": {"message_id": "msg_0"},
}
ASKED = {"message": "NPV of -1000, 400, 400, 400 at 8 %. My telescope is Galileo7731.", "agents": ["davina"]}


def parameters(route: str) -> list[str]:
    return [name.partition(":")[0] for name in re.findall(r"\{([\w:]+)\}", route)]


@pytest.fixture
async def annas(http: httpx.AsyncClient, make: Callable[..., Any]) -> dict[str, str]:
    """The ids of what anna has."""
    anna = await make(user="anna-of-attacks")
    answer = (await http.post("/v1/chat", json=ASKED, headers=anna)).json()
    said = (await http.get(f"/v1/threads/{answer['thread_id']}/messages", headers=anna)).json()["items"]
    attached = await http.post(
        f"/v1/attachments?thread_id={answer['thread_id']}&name=stars.txt",
        content=b"Galileo7731 is my telescope.",
        headers=anna,
    )
    project = (await http.post("/v1/projects", json={"name": "Galileo7731"}, headers=anna)).json()
    return {
        "run_id": answer["run_id"],
        "thread_id": answer["thread_id"],
        "artifact_id": answer["artifacts"][0]["id"],
        "attachment_id": attached.json()["id"],
        "message_id": said[0]["id"],
        "record_id": said[0]["id"],
        "project_id": project["id"],
        "user_id": "anna-of-attacks",
        "authorization": anna["authorization"],
    }


def test_every_parameter_is_known_to_be_owned_or_shared():
    named = {name for route in NEEDS for name in parameters(route)}
    assert named <= {*OWNED, *SHARED, "user_id"}


async def test_ids_of_another_are_not_found_by_any_route(http, make, annas):
    tried = 0
    for bound in ({"user": "ben"}, {"tenant": "acme", "user": "anna-of-attacks"}, {"tenant": "acme"}):
        ben = await make(**bound)
        for route in NEEDS:
            if not set(parameters(route)) & set(OWNED):
                continue
            method, path = route.split(" ", 1)
            asked = re.sub(r"\{(\w+)\}", lambda found: annas[found[1]], path)
            answer = await http.request(method, asked, headers=ben, json=BODIES.get(route))
            assert answer.status_code == 404, (route, answer.status_code, answer.text)
            assert "Galileo7731" not in answer.text
            tried += 1
    assert tried == 3 * sum(bool(set(parameters(route)) & set(OWNED)) for route in NEEDS) > 50
    mine = {"authorization": annas["authorization"]}
    assert (await http.get(f"/v1/threads/{annas['thread_id']}", headers=mine)).status_code == 200
    assert (await http.get(f"/v1/projects/{annas['project_id']}", headers=mine)).status_code == 200


async def test_ids_of_another_are_not_found_on_a_socket(served, make, annas):
    ben = await make(user="ben")
    async with SocketClient(served, headers={"authorization": ben["authorization"]}) as socket:
        for frame, code in (
            ({"type": "subscribe", "run_id": annas["run_id"]}, "unknown_run"),
            ({"type": "cancel", "run_id": annas["run_id"]}, "unknown_run"),
            ({"type": "message", "message": "Hello!", "thread_id": annas["thread_id"]}, "unknown_thread"),
            ({"type": "message", "message": "Hello!", "project_id": annas["project_id"]}, "unknown_project"),
        ):
            socket.send(**frame)
            assert (await socket.receive())["problem"]["code"] == code


async def asgi(app: FastAPI, raw: bytes, authorization: str, method: str = "GET") -> tuple[int, bytes]:
    """What a raw path is answered, unquoted once as the server does, and in no way put right by a client."""
    from urllib.parse import unquote

    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(raw.decode("latin-1")),
        "raw_path": raw,
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"authorization", authorization.encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(one.get("body", b"") for one in sent[1:])


@pytest.mark.parametrize(
    "path",
    [
        b"/v1/keys", b"/v1/keys/", b"//v1/keys", b"/v1//keys", b"/./v1/keys", b"/v1/./keys", b"/v1/agents/../keys",
        b"/v1/agents/%2e%2e/keys", b"/v1/agents/..%2fkeys", b"/healthz/../v1/keys", b"/healthz%2f..%2fv1%2fkeys",
        b"/v1/%6beys", b"/v1/keys%2f", b"/V1/KEYS", b"/v1/keys;x=1", b"/v1/keys%00", b"/v1/keys%20", b"/v1/keys%0a",
        b"/v1/threads/..%2f..%2fkeys", b"/static-offline-docs/..%2f..%2f..%2fetc%2fpasswd",
        b"/static-offline-docs/../../../app/settings.py", b"/v1\\keys", b"/v1/agents/%252e%252e/keys",
    ],
)  # fmt: skip
@pytest.mark.parametrize("scopes", [["read", "chat"], ["metrics"]])
async def test_paths_that_pretend_open_nothing(served, make, path, scopes):
    headers = await make(scopes=scopes)
    status, body = await asgi(served, path, headers["authorization"])
    assert status in {403, 404, 405, 307, 422}, body
    assert b"created_by" not in body
    assert b"root:" not in body
    status, body = await asgi(served, path, "Bearer frk_wrong")
    assert (status, b"unauthorized" in body) == (401, True)


@pytest.mark.parametrize("route", sorted(HEALTH))
async def test_only_the_health_checks_themselves_are_open(served, make, route):
    await make()
    path = route.split(" ")[1].encode()
    assert (await asgi(served, path, ""))[0] == 200
    for more in (b"/", b"/x", b"%2f", b"?x"):
        assert (await asgi(served, path + more, ""))[0] == 401
    assert (await asgi(served, path, "", method="POST"))[0] == 401


@pytest.mark.parametrize(
    "begin", [b"/console/", b"/_nicegui/", b"/_nicegui/3.18.0/static/", b"/_nicegui/3.18.0/components/"]
)
@pytest.mark.parametrize(
    "way",
    [
        b"../mounting.py", b"%2e%2e/mounting.py", b"..%2fmounting.py", b"..%5cmounting.py", b"/etc/passwd", b"%2fetc%2fpasswd",
        b"../../nicegui.py", b"..%2f..%2fnicegui.py", b"../../../../../../../../etc/passwd",
        b"..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", b"%00", b"static",
    ],
)  # fmt: skip
async def test_files_of_the_console_lead_to_no_others(served, begin, way):
    status, body = await asgi(served, begin + way, "")
    assert status in {400, 401, 404}, body
    assert b"root:" not in body
    assert b"import " not in body


async def test_no_key_comes_out_in_logs_answers_or_metrics(http, served, make, logged):
    admin, bound = await make(scopes=["admin"]), await make(scopes=["read"], user="ben")
    stranger = "frk_stranger-that-nobody-made-0123456789"
    secrets = [admin["authorization"], bound["authorization"], f"Bearer {stranger}"]
    told = []
    for authorization in secrets:
        key = authorization.removeprefix("Bearer ")
        headers = {"authorization": authorization}
        for path in ("/v1/keys", "/v1/agents", "/v1/runs/none", f"/v1/agents?key={key}", "/v1/memory/audit"):
            told.append(await http.get(path, headers=headers))  # noqa: PERF401  # one request after the other
        told.append(await http.post("/v1/chat", json={"message": 5}, headers=headers))
        told.append(await http.get("/v1/agents", headers={**headers, "freya-user": "acme/carl"}))
        await http.get(f"/v1/agents/{key}", headers=headers)  # what a client itself says may be said to it
        await http.post("/v1/chat", json={"message": "a", key: key}, headers=headers)
        offered = {"host": "x", "sec-websocket-protocol": f"freya.v1, freya.key.{key}, freya.user.{key}!"}
        with pytest.raises(SocketRefused):
            async with SocketClient(served, headers=offered):
                pass
    told.append(await http.get("/metrics", headers=admin))
    for authorization in secrets:
        key = authorization.removeprefix("Bearer ")
        assert key not in logged.text
        assert not any(key in answer.text or key in str(answer.headers) for answer in told)


@pytest.mark.parametrize(
    "name", ['a"; filename="evil.exe', "a\r\nset-cookie: x=1", "../../etc/passwd", "ö.txt", "", "\x00"]
)
async def test_names_of_artifacts_inject_no_header(http, running, monkeypatch, name):
    from app.runs.artifacts import StoredArtifact

    async def found(*_: object) -> StoredArtifact:
        return StoredArtifact(
            id="art_any", run_id="run_any", name=name, media_type="text/html", content="<script>1</script>"
        )

    monkeypatch.setattr(running.freya, "artifact", found)
    answer = await http.get("/v1/artifacts/art_any")
    assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._-]+"', answer.headers["content-disposition"])
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
