"""Who may speak to the service."""

import contextlib
import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.http import create_app
from app.settings import HttpSettings
from app.wiring import Running
from tests.app.doors import SocketClient, SocketRefused
from tests.app.test_http import problem_of

KEY, SECOND = "frk_first-key-of-the-tests", "frk_second-key-of-the-tests"


@pytest.fixture(scope="module")
async def guarded(running: Running) -> AsyncIterator[FastAPI]:
    """The application with two API keys."""
    hashes = [hashlib.sha256(key.encode()).hexdigest() for key in (KEY, SECOND)]
    settings = running.settings.model_copy(update={"http": HttpSettings(key_hashes=hashes)})
    made = create_app(settings, lambda: contextlib.nullcontext(running))
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture(scope="module")
async def named(running: Running) -> AsyncIterator[FastAPI]:
    """The application under a further name."""
    settings = running.settings.model_copy(update={"http": HttpSettings(hosts=["Freya.Example"])})
    made = create_app(settings, lambda: contextlib.nullcontext(running))
    async with made.router.lifespan_context(made):
        yield made


def client_of(app: FastAPI, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://freya.example", headers=headers
    )


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer frk_other", f"Basic {KEY}", KEY, f"Bearer {KEY}x", "Bearer \xe9"],
)
async def test_request_without_a_known_key_is_refused(guarded, authorization):
    async with client_of(guarded) as client:
        response = await client.get(
            "/v1/agents", headers=[(b"authorization", authorization.encode("latin-1"))]
        )
    problem_of(response, 401, "unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"
    assert KEY not in response.text


@pytest.mark.parametrize("key", [KEY, SECOND])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_every_known_key_opens_the_door_from_anywhere(guarded, key, scheme):
    async with client_of(guarded, authorization=f"{scheme} {key}", origin="https://pages.example") as client:
        assert (await client.get("/v1/agents")).status_code == 200
    headers = {"host": "freya.example", "authorization": f"{scheme} {key}"}
    async with SocketClient(guarded, headers=headers) as socket:
        socket.send(type="ping")
        assert (await socket.receive())["type"] == "pong"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_needs_no_key(guarded, path):
    async with client_of(guarded) as client:
        assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/metrics", "/", "/nowhere"])
async def test_everything_else_needs_one(guarded, path):
    async with client_of(guarded) as client:
        problem_of(await client.get(path), 401, "unauthorized")


async def test_browser_gives_its_key_as_a_subprotocol(guarded):
    offered = {"host": "freya.example", "sec-websocket-protocol": f"freya.v1, freya.key.{KEY}"}
    async with SocketClient(guarded, headers=offered) as socket:
        assert socket.accepted["subprotocol"] == "freya.v1"
    wrong = {"host": "freya.example", "sec-websocket-protocol": "freya.v1, freya.key.other"}
    with pytest.raises(SocketRefused):
        async with SocketClient(guarded, headers=wrong):
            pass


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:8700"},
        {"host": ""},
        {"host": "[::1"},
        {"host": "localhost.evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost.evil.example"},
        {"origin": "http://["},
    ],
)
async def test_without_keys_other_names_and_other_origins_are_refused(client, headers):
    problem_of(await client.get("/v1/agents", headers=headers), 403, "forbidden")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "localhost:8700"},
        {"host": "127.0.0.1"},
        {"host": "[::1]:8700"},
        {"host": "LOCALHOST"},
        {"origin": "http://localhost:3000"},
        {"origin": "http://127.0.0.1:5173"},
    ],
)
async def test_without_keys_this_machine_is_welcome(client, headers):
    assert (await client.get("/v1/agents", headers=headers)).status_code == 200


async def test_further_names_are_allowed_by_the_settings(named: FastAPI):
    async with client_of(named) as client:
        assert (await client.get("/healthz")).status_code == 200
