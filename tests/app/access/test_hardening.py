"""What browsers are told, what bodies may be, and what administrators did."""

import contextlib
import dataclasses
import gzip
from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import ValidationError

from app.http import create_app
from app.settings import HttpSettings
from memory import Owner, new_id
from tests.app.test_http import problem_of

PAGE = "https://console.example:8443"


@pytest.fixture(scope="module")
async def crossed(running, keys) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that lets pages of another origin speak to it."""
    settings = running.settings.model_copy(update={"http": HttpSettings(origins=[PAGE])})
    with_keys = dataclasses.replace(running, keys=keys)
    made = create_app(settings, lambda: contextlib.nullcontext(with_keys))
    async with (
        made.router.lifespan_context(made),
        httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="http://localhost") as client,
    ):
        yield client


async def test_pages_of_the_origins_that_are_set_may_speak(crossed, make):
    headers = await make()
    asked = {
        "origin": PAGE,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type, freya-user",
    }
    preflight = await crossed.options("/v1/chat", headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == PAGE
    assert "access-control-allow-credentials" not in preflight.headers
    answer = await crossed.get(
        "/v1/agents", headers={"origin": PAGE, "authorization": headers["authorization"]}
    )
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, PAGE)
    assert "ratelimit" in answer.headers["access-control-expose-headers"]
    refused = await crossed.get("/v1/agents", headers={"origin": PAGE})
    assert problem_of(refused, 401, "unauthorized")
    assert refused.headers["access-control-allow-origin"] == PAGE  # so that the page can read why


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", f"{PAGE}.evil.example", "http://console.example:8443"]
)
async def test_pages_of_other_origins_may_not(crossed, http, origin):
    for client in (crossed, http):
        asked = {"origin": origin, "access-control-request-method": "GET"}
        preflight = await client.options("/v1/agents", headers=asked)
        answer = await client.get("/v1/agents", headers={"origin": origin})
        assert "access-control-allow-origin" not in {**preflight.headers, **answer.headers}
        problem_of(answer, 403, "forbidden")
    assert (await crossed.get("/v1/agents", headers={"origin": PAGE})).status_code == 200


@pytest.mark.parametrize(
    "origin", ["*", "null", "console.example", "https://a.example/", "https://a b", "https://*.a"]
)
def test_what_is_no_origin_is_refused(origin):
    with pytest.raises(ValidationError, match="is no origin"):
        HttpSettings(origins=[origin])


@pytest.mark.parametrize(
    "path", ["/v1/agents", "/v1/runs/none", "/nowhere", "/docs", "/openapi.json", "/healthz", "/metrics"]
)
async def test_every_answer_is_hardened(http, path):
    headers = (await http.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in policy
    assert ("script-src" in policy) == (path == "/docs")
    assert path == "/docs" or headers["cache-control"] == "no-store"


async def test_refusals_are_hardened_too(http, make):
    await make()
    refused = await http.get("/v1/agents")
    assert (refused.status_code, refused.headers["x-content-type-options"]) == (401, "nosniff")


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "gzip, identity", "x-unknown"])
@pytest.mark.parametrize("path", ["/v1/chat", "/v1/memory/import", "/v1/knowledge/import"])
async def test_compressed_body_is_refused(http, path, encoding):
    bomb = gzip.compress(b"0" * 10_000_000)
    answer = await http.post(path, content=bomb, headers={"content-encoding": encoding})
    problem_of(answer, 415, "unsupported_encoding")
    assert (
        await http.post("/v1/threads", json={}, headers={"content-encoding": "identity"})
    ).status_code == 201


async def test_what_administrators_change_is_noted_with_who_did_it(http, make, keys):
    owner = Owner(new_id("admin"))
    admin = {**await make(scopes=["admin"]), "freya-user": owner.user_id}
    refused = await http.post("/v1/agents/designed/nobody_here/disable", headers=admin)
    problem_of(refused, 404, "unknown_design")
    job = await http.post("/v1/knowledge/jobs", json={"kind": "refine"}, headers=admin)
    assert job.status_code == 202, job.text
    entries = await keys._audit.page(owner)
    assert ("POST /v1/knowledge/jobs", admin["x-id"], "/v1/knowledge/jobs") in [
        (one.action, one.actor, one.subject) for one in entries
    ]
    assert not any("disable" in one.action for one in entries)
