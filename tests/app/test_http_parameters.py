"""Query parameters that a route does not know."""

import re

from tests.app.test_http import problem_of

_OPEN = ("/healthz", "/readyz", "/metrics", "/openai/")


async def test_a_typo_is_refused_with_the_parameters_that_there_are(client):
    refused = await client.get("/v1/threads?limt=5&limit=2&Cursor=x")
    found = problem_of(refused, 422, "invalid_request")
    assert found["errors"] == [
        {"field": f"query.{name}", "message": "no parameter of this route; it takes cursor, limit, q"}
        for name in ("limt", "Cursor")
    ]
    assert (await client.get("/v1/threads?limit=2")).status_code == 200
    none = problem_of(await client.get("/v1/agents/davina?verbose=1"), 422, "invalid_request")
    assert "it takes none" in none["detail"]


async def test_every_route_refuses_what_it_does_not_know(client):
    described = (await client.get("/openapi.json")).json()["paths"]
    routes = [
        (method, re.sub(r"\{\w+\}", "x", path))
        for path, methods in described.items()
        for method in methods
        if not path.startswith(_OPEN)
    ]
    assert len(routes) > 60
    for method, path in routes:
        refused = await client.request(method, path, params={"nonsense": "1"})
        found = problem_of(refused, 422, "invalid_request")
        assert found["errors"][0]["field"] == "query.nonsense", (method, path)


async def test_clients_and_probes_that_send_more_are_answered(client):
    for path in ("/openai/v1/models?api-version=1", "/healthz?probe=1", "/readyz?probe=1"):
        assert (await client.get(path)).status_code != 422, path
