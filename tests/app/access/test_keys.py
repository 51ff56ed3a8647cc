"""API keys over HTTP: made, bound, expired, rotated and revoked."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from starlette.types import Message, Send

from app.access import Caller, NewKey, book
from app.http.security import _as_long_as_good
from app.problems import ProblemError
from memory import LOCAL, MemoryUnavailable, Owner
from tests.app.doors import SocketClient
from tests.app.test_http import problem_of

FREE = {"scopes": ["admin"]}


async def test_first_key_closes_the_door_for_those_without_one_and_the_last_opens_it(http, make):
    assert (await http.get("/v1/agents")).status_code == 200
    admin = await make(**FREE)
    problem_of(await http.get("/v1/agents"), 401, "unauthorized")
    assert (await http.get("/healthz")).status_code == 200
    assert (await http.post(f"/v1/keys/{admin['x-id']}/revoke", headers=admin)).status_code == 200
    assert (await http.get("/v1/agents")).status_code == 200


async def test_key_is_shown_once_and_only_its_hash_is_kept(http, make, restricted):
    admin = await make(**FREE)
    made = await http.post("/v1/keys", json={"name": "Laptop", "user": "anna"}, headers=admin)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    key, kept = made.json()["key"], made.json()["api_key"]
    assert key.startswith(kept["hint"])
    assert (kept["scopes"], kept["tenant"], kept["user"]) == (["chat", "read", "write"], "local", "anna")
    assert kept["created_by"] == admin["x-id"]
    listed = await http.get("/v1/keys", headers=admin)
    assert [one["id"] for one in listed.json()["items"]] == [kept["id"], admin["x-id"]]
    secret = key.removeprefix(kept["hint"])
    assert secret not in listed.text
    assert secret not in (await http.get(f"/v1/keys/{kept['id']}", headers=admin)).text
    async with restricted.connection() as connection:
        rows = await (await connection.execute("SELECT k::text AS row FROM api_keys k")).fetchall()
    assert not any(secret in row["row"] for row in rows)


@pytest.mark.parametrize(
    "given",
    [
        {"name": ""},
        {"name": "a\r\nset-cookie: b"},
        {"name": "a", "scopes": []},
        {"name": "a", "scopes": ["root"]},
        {"name": "a", "user": "a/b"},
        {"name": "a", "tenant": "../x"},
        {"name": "a", "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "a", "expires_at": "2099-01-01T00:00:00"},
        {"name": "a", "limits": {"turns_a_day": 0}},
        {"name": "a", "limits": {"turns_a_year": 5}},
    ],
)
async def test_what_no_key_can_be_is_refused(http, make, given):
    problem_of(await http.post("/v1/keys", json=given, headers=await make(**FREE)), 422, "invalid_request")


@pytest.mark.parametrize(
    ("bound", "named", "expected"),
    [
        ({"tenant": "acme", "user": "anna"}, None, "acme/anna"),
        ({"tenant": "acme", "user": "anna"}, "acme/anna", "acme/anna"),
        ({"tenant": "acme", "user": "anna"}, "acme/ben", None),
        ({"tenant": "acme"}, None, "acme/local"),
        ({"tenant": "acme"}, "ben", "acme/ben"),
        ({"tenant": "acme"}, "globex/ben", None),
        ({"user": "anna"}, None, "local/anna"),
        ({"user": "anna"}, "acme/anna", None),
        ({}, "globex/ben", "globex/ben"),
    ],
)
async def test_key_acts_for_those_it_is_bound_to(http, make, bound, named, expected):
    headers = await make(**bound) | ({"freya-user": named} if named else {})
    response = await http.get("/v1/memory/status", headers=headers)
    if expected is None:
        problem_of(response, 403, "forbidden")
    else:
        assert f"{response.json()['tenant']}/{response.json()['user']}" == expected


async def test_bound_administrator_sees_and_makes_keys_of_its_own_alone(http, make):
    other = await make(tenant="globex", user="carl")
    admin = await make(scopes=["admin"], tenant="acme")
    for body in ({"name": "a"}, {"name": "a", "tenant": "globex"}, {"name": "a", "user": "ben"}):
        problem_of(await http.post("/v1/keys", json=body, headers=admin), 403, "forbidden")
    made = await http.post("/v1/keys", json={"name": "a", "tenant": "acme", "user": "ben"}, headers=admin)
    assert made.status_code == 201
    listed = (await http.get("/v1/keys", headers=admin)).json()["items"]
    assert [one["id"] for one in listed] == [made.json()["api_key"]["id"], admin["x-id"]]
    for method, rest in (("GET", ""), ("POST", "/revoke"), ("POST", "/rotate")):
        answer = await http.request(method, f"/v1/keys/{other['x-id']}{rest}", headers=admin)
        problem_of(answer, 404, "unknown_key")
    assert (await http.get("/v1/agents", headers=other)).status_code == 200


async def test_no_key_gives_more_than_it_has(keys):
    made = await keys.create(None, NewKey(name="maker", scopes=["read"]))
    with pytest.raises(ProblemError, match="may not give chat"):
        await keys.create(Caller(LOCAL, made.api_key), NewKey(name="a", scopes=["read", "chat"]))


async def test_key_opens_nothing_once_it_has_expired(http, make, keys):
    soon = datetime.now(UTC) + timedelta(seconds=0.4)
    headers = await make(expires_at=soon.isoformat())
    assert (await http.get("/v1/agents", headers=headers)).status_code == 200
    while datetime.now(UTC) < soon:
        await asyncio.sleep(0.05)
    problem_of(await http.get("/v1/agents", headers=headers), 401, "unauthorized")
    await keys.book.refresh()
    problem_of(await http.get("/v1/agents"), 401, "unauthorized")  # time alone opens no door


async def test_rotated_key_is_good_for_its_grace_time(http, make):
    admin = await make(**FREE)
    for grace, status in ((60, 200), (0, 401)):
        old = await make(scopes=["read"], tenant="acme", user="anna", limits={"turns_a_day": 7})
        path = f"/v1/keys/{old['x-id']}/rotate"
        made = (await http.post(path, json={"grace_s": grace}, headers=admin)).json()
        new = {"authorization": f"Bearer {made['key']}"}
        assert (await http.get("/v1/memory/status", headers=new)).json()["user"] == "anna"
        assert made["api_key"]["limits"]["turns_a_day"] == 7
        assert (await http.get("/v1/memory/status", headers=old)).status_code == status
        kept = (await http.get(f"/v1/keys/{old['x-id']}", headers=admin)).json()
        assert kept["replaced_by"] == made["api_key"]["id"]
        problem_of(await http.post(path, headers=admin), 404, "unknown_key")


async def test_revoked_key_is_refused_in_every_process_within_seconds(http, make, keys_of):
    admin, headers = await make(**FREE), await make()
    async with keys_of().book as elsewhere:
        key = headers["authorization"].removeprefix("Bearer ")
        assert await elsewhere.find(key)
        assert (await http.post(f"/v1/keys/{headers['x-id']}/revoke", headers=admin)).status_code == 200
        problem_of(await http.get("/v1/agents", headers=headers), 401, "unauthorized")
        async with asyncio.timeout(60):
            while await elsewhere.find(key):
                await asyncio.sleep(0.05)


async def test_key_made_elsewhere_is_known_at_once(http, make, keys_of):
    await make(**FREE)
    other = keys_of()
    made = await other.create(None, NewKey(name="elsewhere"))
    async with asyncio.timeout(60):
        while (
            await http.get("/v1/agents", headers={"authorization": f"Bearer {made.key}"})
        ).status_code != 200:
            await asyncio.sleep(0.05)


async def test_open_socket_is_closed_when_its_key_is_revoked(http, served, make):
    admin, headers = await make(**FREE), await make()
    async with SocketClient(
        served, headers={"host": "x", "authorization": headers["authorization"]}
    ) as socket:
        socket.send(type="ping")
        assert (await socket.receive())["type"] == "pong"
        await http.post(f"/v1/keys/{headers['x-id']}/revoke", headers=admin)
        closed = await socket.closed()
    assert (closed["code"], closed["reason"]) == (1008, "the key was revoked")


async def test_what_is_done_with_keys_is_in_the_audit_trail(http, make, keys):
    admin = await make(**FREE)
    body = {"name": "a", "tenant": "acme", "user": "audited"}
    made = (await http.post("/v1/keys", json=body, headers=admin)).json()
    headers = {"authorization": f"Bearer {made['key']}"}
    assert (await http.get("/v1/memory/status", headers=headers)).status_code == 200
    await keys.book.note_uses()
    await http.post(f"/v1/keys/{made['api_key']['id']}/rotate", headers=admin)
    await http.post(f"/v1/keys/{made['api_key']['id']}/revoke", headers=admin)
    entries = await keys._audit.page(Owner("audited", "acme"))
    used = made["api_key"]["id"]
    assert [(one.action, one.actor, one.subject) for one in reversed(entries)] == [
        ("create key", admin["x-id"], used),
        ("use key", used, used),
        ("rotate key", admin["x-id"], used),
        ("revoke key", admin["x-id"], used),
    ]
    kept = (await http.get(f"/v1/keys/{used}", headers=admin)).json()
    assert kept["last_used_at"] is not None


@pytest.mark.parametrize(
    ("media", "is_cut"), [(b"text/event-stream; charset=utf-8", True), (b"application/json", False)]
)
async def test_open_stream_of_events_ends_when_its_key_is_revoked(keys, media, is_cut):
    made = await keys.create(None, NewKey(name="stream"))
    begun, go_on, sent = asyncio.Event(), asyncio.Event(), []

    async def answering(_scope: object, _receive: object, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", media)]})
        begun.set()
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"whole", "more_body": False})

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    caller = Caller(LOCAL, made.api_key)
    serving = asyncio.create_task(
        _as_long_as_good(answering, {"type": "http"}, receive, send, caller, keys.book)
    )
    async with asyncio.timeout(60):
        await begun.wait()
        await keys.revoke(None, made.api_key.id)
        if not is_cut:
            go_on.set()
        await serving
    assert sent[-1] == {"type": "http.response.body", "body": b"" if is_cut else b"whole", "more_body": False}
    assert not keys.book._watched


async def test_database_that_is_away_leaves_known_keys_good_for_a_while(keys, monkeypatch):
    made = await keys.create(None, NewKey(name="known"))

    async def away() -> None:
        raise psycopg.OperationalError("away")

    monkeypatch.setattr(keys.book._store, "all_good", away)
    assert await keys.book.find(made.key)
    assert await keys.book.find("frk_unknown") is None
    monkeypatch.setattr(book, "_TRUSTED_S", 0.0)
    with pytest.raises(MemoryUnavailable):
        await keys.book.find(made.key)
