"""Signing in to the console: a key for a cookie, what the cookie opens, and when it opens nothing any more."""

import httpx
import pytest

from app.access.sessions import COOKIE
from tests.app.doors import SocketClient, SocketRefused
from tests.app.test_http import problem_of

OWN = {"origin": "http://localhost"}
SOCKET = "/_nicegui_ws/socket.io/"


async def signed_in(http: httpx.AsyncClient, headers: dict[str, str], **more: str) -> httpx.Response:
    key = headers["authorization"].removeprefix("Bearer ")
    return await http.post("/sign-in", data={"key": key, **more}, headers=OWN)


async def test_without_keys_nobody_signs_in(http):
    assert (await http.get("/signed-in")).status_code == 204
    assert (await http.get("/sign-in")).headers["location"] == "/"
    page = await http.get("/", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert COOKIE not in page.headers.get("set-cookie", "")
    problem_of(await http.get("/", headers={"host": "evil.example"}), 403, "forbidden")


async def test_stranger_is_led_to_the_sign_in_and_a_program_is_told(http, make):
    await make()
    led = await http.get("/threads/thr_1?x=1", headers={"accept": "text/html"})
    assert (led.status_code, led.headers["location"]) == (303, "/sign-in?next=/threads/thr_1")
    problem_of(await http.get("/"), 401, "unauthorized")
    problem_of(await http.get("/nowhere", headers={"accept": "text/html"}), 401, "unauthorized")
    page = await http.get("/sign-in")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "same-origin"


async def test_cookie_stands_for_the_key_and_its_user(http, make):
    headers = await make(user="ann")
    entered = await signed_in(http, headers, next="/agents")
    assert (entered.status_code, entered.headers["location"]) == (303, "/agents")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert headers["authorization"].removeprefix("Bearer ") not in entered.headers["set-cookie"]
    assert (await http.get("/signed-in")).status_code == 204
    assert (await http.get("/docs")).status_code == 200
    assert (await http.get("/v1/memory/export", headers=OWN)).status_code == 200
    for path in ("/v1/threads", "/v1/agents", "/metrics", "/v1/keys"):
        problem_of(await http.get(path, headers=OWN), 401, "unauthorized")
    problem_of(await http.post("/v1/threads", json={}, headers=OWN), 401, "unauthorized")


async def test_cookie_opens_no_more_than_the_key(http, make):
    await signed_in(http, await make(scopes=["metrics"]))
    assert (await http.get("/", headers={"accept": "text/html"})).status_code == 200
    problem_of(await http.get("/v1/artifacts/art_1"), 403, "forbidden")
    problem_of(await http.post("/v1/attachments?thread_id=x&name=y", headers=OWN), 403, "forbidden")


async def test_other_pages_cannot_use_the_cookie(http, make, served):
    entered = await signed_in(http, await make())
    token = entered.cookies[COOKIE]
    attach = "/v1/attachments?thread_id=thr_none&name=a.txt"
    problem_of(await http.post(attach, headers={"origin": "http://evil.example"}), 403, "forbidden")
    problem_of(await http.post(attach, headers={"origin": "http://localhost:3000"}), 403, "forbidden")
    problem_of(await http.post(attach), 403, "forbidden")
    problem_of(await http.post(attach, content=b"text", headers=OWN), 404, "unknown_thread")
    for more in ({"origin": "http://localhost:3000"}, {"origin": "null"}, {"origin": "http://evil.example"}):
        with pytest.raises(SocketRefused):
            async with SocketClient(
                served, path=SOCKET, headers={"host": "localhost", "cookie": f"{COOKIE}={token}", **more}
            ):
                pass
    with pytest.raises(SocketRefused):
        async with SocketClient(
            served, path=SOCKET, headers={"host": "localhost", "cookie": f"{COOKIE}=none", **OWN}
        ):
            pass
    refused = await http.post("/sign-in", data={"key": "x"}, headers={"origin": "http://evil.example"})
    problem_of(refused, 403, "forbidden")
    problem_of(await http.post("/sign-out", headers={"origin": "http://evil.example"}), 403, "forbidden")
    assert (await http.get("/signed-in")).status_code == 204


async def test_revoked_key_and_sign_out_end_it(http, make, keys):
    headers = await make()
    await signed_in(http, headers)
    await keys.revoke(None, headers["x-id"])
    await make()
    assert (await http.get("/signed-in")).status_code == 401
    problem_of(await http.get("/"), 401, "unauthorized")
    entered = await signed_in(http, await make())
    out = await http.post("/sign-out", headers=OWN)
    assert out.status_code == 204
    assert (
        await http.get("/signed-in", headers={"cookie": f"{COOKIE}={entered.cookies[COOKIE]}"})
    ).status_code == 401


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a\r\nset-cookie: x=1",
        "\t//evil.example",
    ],
)
async def test_sign_in_leads_nowhere_else(http, make, to):
    headers = await make()
    page = await http.get("/sign-in", params={"next": to})
    assert 'name="next" value="/"' in page.text
    assert (await signed_in(http, headers, next=to)).headers["location"] == "/"


async def test_wrong_keys_and_wrong_users_are_told_without_repeating_the_key(http, make):
    headers = await make(user="ann")
    wrong = await http.post("/sign-in", data={"key": "frk_<b>wrong"}, headers=OWN)
    assert wrong.status_code == 401
    assert "frk_" not in wrong.text
    other = await signed_in(http, headers, user='bob"><script>')
    assert other.status_code in {403, 422}
    assert "<script>" not in other.text.replace('<script src="/console/sign-in.js">', "")
    assert (await http.post("/sign-in", content=b"x" * 5000, headers=OWN)).status_code == 413


async def test_pages_have_their_policy_and_all_else_keeps_its_own(http):
    page = await http.get("/", headers={"accept": "text/html"})
    policy = page.headers["content-security-policy"]
    assert "'nonce-" in policy
    assert "default-src 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
    assert "nonce" not in (await http.get("/v1/agents")).headers["content-security-policy"]
    style = await http.get("/console/theme.css")
    assert style.status_code == 200
    assert (await http.get("/console/../mounting.py")).status_code == 404
    assert (await http.get("/console/%2e%2e/mounting.py")).status_code == 404
    assert (await http.get("/nowhere")).headers["content-type"] == "application/problem+json"
