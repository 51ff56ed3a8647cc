"""A key that is bound to a user, and names that no user can have."""

import httpx
import pytest

from tests.app.doors import SocketClient, SocketRefused
from tests.app.isolation.anna import BOUND, FREE
from tests.app.remembering import line, lines
from tests.app.test_http import problem_of

NAMES = [
    "", "a:b", "anna*", "a%", "%s", "a'b", 'a"b', "a\\b", "a b", "a;b", ".anna", "a" * 65, "/anna", "anna/", "../anna",
    "x/y/z", "local//anna", "local/a:b", "аnna", "ａｎｎａ", "anna\u200b", "a?b", "[a]nna",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
async def test_name_that_is_none_is_refused_at_every_door(client, app, name):
    headers = [(b"freya-user", name.encode())]
    for path in ("/v1/memory", "/v1/memory/export", "/v1/threads"):
        problem_of(await client.get(path, headers=headers), 422, "invalid_user")
    offered = {"host": "localhost", "sec-websocket-protocol": f"freya.v1, freya.user.{name}"}
    with pytest.raises(SocketRefused):
        async with SocketClient(app, headers=offered):
            pass


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 200),
        ([("freya-user", "acme/anna")], 200),
        ([("freya-user", "anna")], 403),
        ([("freya-user", "acme/ben")], 403),
        ([("freya-user", "ACME/anna")], 403),
        ([("FREYA-USER", "globex/anna")], 403),
        ([("freya-user", "acme/anna"), ("freya-user", "acme/ben")], 403),
        ([("freya-user", "acme/ben"), ("freya-user", "acme/anna")], 200),
        ([("sec-websocket-protocol", "freya.user.ben")], 403),
        ([("freya-user", "acme/anna"), ("sec-websocket-protocol", "freya.user.ben")], 200),
        ([("sec-websocket-protocol", f"freya.key.{FREE}, freya.user.acme/ben")], 403),
        ([("freya-tenant", "globex"), ("x-forwarded-user", "ben"), ("x-freya-user", "ben")], 200),
    ],
)
async def test_bound_key_acts_for_its_user_whatever_else_a_request_says(guarded, headers, status):
    sent = [("authorization", f"Bearer {BOUND}"), *headers]
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(guarded), base_url="http://localhost"
    ) as client:
        response = await client.get("/v1/memory/status", headers=sent)
        for name in ("user", "user_id", "tenant_id"):
            guessed = await client.get("/v1/memory/status", headers=sent, params={name: "ben"})
            assert guessed.status_code == (422 if status == 200 else status)
    if status == 200:
        assert (response.json()["tenant"], response.json()["user"]) == ("acme", "anna")
    else:
        problem_of(response, status, "forbidden")


async def test_bound_key_opens_no_socket_for_another(guarded):
    offered = f"freya.v1, freya.key.{BOUND}, freya.user."
    headers = {"host": "localhost", "sec-websocket-protocol": f"{offered}acme/anna"}
    async with SocketClient(guarded, headers=headers) as socket:
        socket.send(type="ping")
        assert (await socket.receive())["type"] == "pong"
    for other in ("acme/ben", "anna", "globex/anna"):
        with pytest.raises(SocketRefused):
            async with SocketClient(guarded, headers={**headers, "sec-websocket-protocol": offered + other}):
                pass


async def test_bound_key_takes_in_lines_of_its_user_alone(guarded):
    names = ["ben", "acme/anna", "globex/anna", "anna ", "Anna", "аnna", "anna\u200b", "%", "*", "' OR ''='"]
    content = lines(line("anna", "Mine."), *(line(name, "His.") for name in names))
    bound = {"authorization": f"Bearer {BOUND}"}
    free = {"authorization": f"Bearer {FREE}", "freya-user": "acme/ben"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(guarded), base_url="http://localhost"
    ) as client:
        problem_of(
            await client.post("/v1/memory/import", params={"users": "any"}, content=content, headers=bound),
            403,
            "forbidden",
        )
        report = (await client.post("/v1/memory/import", content=content, headers=bound)).json()
        assert (report["imported"] + report["known"], report["rejected"]) == (1, len(names))
        assert (await client.get("/v1/memory/status", headers=free)).json()["messages"] == 0
