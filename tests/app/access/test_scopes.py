"""Which key opens which route: every route is listed, and none opens without its scope."""

import re
from collections.abc import Iterator

import pytest
from starlette.routing import BaseRoute

from app.access import SCOPES
from app.http import create_app
from app.http.scopes import (
    BY_COOKIE,
    CONSOLE,
    CONSOLE_SOCKET,
    HEALTH,
    NEEDS,
    OPEN,
    STREAMS,
    need_of,
    route_of,
)
from app.settings import Settings
from tests.app.doors import SocketClient, SocketRefused
from tests.app.test_http import problem_of


def flat(routes: list[BaseRoute]) -> Iterator[str]:
    """Every route as `METHOD /path`; a mounted application stands for all below it."""
    for route in routes:
        inner = getattr(getattr(route, "original_router", None), "routes", None)
        path = getattr(route, "path", "")
        if inner:
            yield from flat(inner)
        elif type(route).__name__ == "Mount":
            yield f"GET {path}/{{path:path}}"
        elif "WebSocket" in type(route).__name__:
            yield f"WS {path}"
        else:
            yield from (f"{method} {path}" for method in getattr(route, "methods", ()) if method != "HEAD")


@pytest.fixture(scope="module")
def routes() -> set[str]:
    return set(flat(create_app(Settings.model_construct(), lambda: None).routes))  # type: ignore[arg-type,return-value]  # never opened


def test_every_route_is_listed_with_its_scopes_and_every_listed_one_exists(routes):
    assert set(NEEDS) | HEALTH == routes
    assert not set(NEEDS) & OPEN
    assert set(NEEDS) | {CONSOLE_SOCKET} > STREAMS
    assert set(NEEDS) | CONSOLE >= BY_COOKIE


def test_requests_are_matched_with_the_route_that_the_framework_takes(routes):
    for name in routes:
        method, path = name.split(" ", 1)
        asked = re.sub(r"\{\w+(:path)?\}", "some-id", path)
        assert route_of(method, asked) == name
        assert route_of("HEAD", asked) == (name if method == "GET" else route_of("GET", asked))
    assert route_of("GET", "/v1/threads/a/b") is None
    assert need_of(None) == {"admin"}


@pytest.mark.parametrize("scope", SCOPES)
async def test_no_route_opens_without_its_scope(http, served, make, scope):
    headers = await make(scopes=[scope])
    for name, need in NEEDS.items():
        method, path = name.split(" ", 1)
        if scope == "admin" or scope in need:
            continue
        path = re.sub(r"\{\w+(:path)?\}", "some-id", path)
        if method == "WS":
            with pytest.raises(SocketRefused):
                async with SocketClient(
                    served, headers={"host": "x", "authorization": headers["authorization"]}
                ):
                    pass
            continue
        answer = await http.request(method, path, headers=headers)
        if path.startswith("/openai/"):
            assert answer.status_code == 403
            detail = answer.json()["error"]["message"]
        else:
            detail = problem_of(answer, 403, "forbidden")["detail"]
        assert any(f"`{one}`" in detail for one in need)


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("chat", "GET", "/v1/threads", 200),
        ("read", "GET", "/v1/memory", 200),
        ("write", "POST", "/v1/threads", 201),
        ("knowledge", "POST", "/v1/knowledge/versions/rollback", 409),
        ("metrics", "GET", "/metrics", 200),
        ("admin", "GET", "/v1/memory", 200),
        ("admin", "GET", "/metrics", 200),
        ("read", "GET", "/docs", 200),
        ("read", "GET", "/v1/nothing", 404),
        ("read", "PUT", "/v1/threads", 405),
        ("read", "HEAD", "/openapi.json", 200),
    ],
)
async def test_scope_opens_its_routes(http, make, scope, method, path, status):
    headers = await make(scopes=[scope])
    response = await http.request(method, path, headers=headers, json={} if method == "POST" else None)
    assert response.status_code == status, response.text


async def test_route_that_nobody_listed_opens_to_administrators_alone(http, served, make):
    async def forgotten() -> str:
        return "found"

    served.add_api_route("/v1/forgotten", forgotten)
    problem_of(await http.get("/v1/forgotten", headers=await make(scopes=["read", "chat"])), 403, "forbidden")
    assert (await http.get("/v1/forgotten", headers=await make(scopes=["admin"]))).json() == "found"
