"""Designed agents over HTTP: deployed, listed, asked, rolled back and disabled."""

from typing import Any  # JSON

import httpx
import pytest

from tests.app.test_http import problem_of

CELLO = "Agent for a violin workshop: luthiers register violins, record repairs, and lend bows"
MORE = f"{CELLO}, and appraise violins"
BEES = (
    "Agent for a beekeeping cooperative: beekeepers register hives, record inspections, and sell honey jars"
)
NAME = "violin_workshop"
DESIGNED = "/v1/agents/designed"


async def working(client: httpx.AsyncClient) -> set[str]:
    """The names of all who work."""
    return {agent["name"] for agent in (await client.get("/v1/agents")).json()["items"]}


async def listed(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """The designed agents by name."""
    return {agent["name"]: agent for agent in (await client.get(DESIGNED)).json()["items"]}


async def test_a_deployed_agent_is_listed_and_answers_what_is_meant_for_it(client):
    deployed = (await client.post(DESIGNED, json={"request": BEES, "name": "bees"})).json()
    assert (deployed["name"], deployed["version"], deployed["passed"]) == ("bees", 1, deployed["cases"])
    assert (await listed(client))["bees"]["state"] == "live"
    assert "bees" in await working(client)
    body = {"message": "Record an inspection at the beekeeping cooperative"}
    answer = (await client.post("/v1/chat", json=body)).json()
    assert answer["agents"] == ["bees"]
    assert answer["outcome"] in {"answered", "needs_input"}
    assert (await client.post(f"{DESIGNED}/bees/disable")).json()["state"] == "disabled"
    assert "bees" not in await working(client)
    refused = await client.post("/v1/chat", json={"message": "List the hives", "agents": ["bees"]})
    assert "no agent bees" in refused.json()["detail"]


async def test_versions_are_kept_and_rolled_back(client):
    assert (await client.post(DESIGNED, json={"request": CELLO, "name": NAME})).status_code == 201
    second = await client.post(DESIGNED, json={"request": MORE, "name": NAME})
    assert (second.status_code, second.json()["version"]) == (201, 2)
    versions = (await client.get(f"{DESIGNED}/{NAME}/versions")).json()["items"]
    assert [(each["version"], each["active"]) for each in versions] == [(2, True), (1, False)]
    page = (await client.get(f"{DESIGNED}/{NAME}/versions", params={"limit": 1})).json()
    assert [each["version"] for each in page["items"]] == [2]
    assert page["next"]
    back = (await client.post(f"{DESIGNED}/{NAME}/rollback")).json()
    assert (back["state"], back["version"], back["versions"]) == ("live", 1, 2)
    there = await client.post(f"{DESIGNED}/{NAME}/rollback", json={"version": 2})
    assert there.json()["version"] == 2
    assert (await client.post(f"{DESIGNED}/{NAME}/disable")).json()["state"] == "disabled"
    again = await client.post(f"{DESIGNED}/{NAME}/rollback", json={"version": 1})
    assert again.json()["state"] == "live"
    await client.post(f"{DESIGNED}/{NAME}/disable")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("", {"request": "please"}, 422),
        ("", {"request": CELLO, "name": "sofia"}, 422),
        ("", {"request": CELLO, "name": "No Name"}, 422),
        ("/nobody/rollback", None, 404),
        ("/nobody/disable", None, 404),
        ("/nobody/rollback", {"version": 0}, 422),
    ],
)
async def test_what_cannot_be_done_is_a_problem_that_says_why(client, path, body, status):
    response = await client.post(f"{DESIGNED}{path}", json=body)
    problem = problem_of(response, status, response.json()["code"])
    assert len(problem["detail"]) > len("Bad request.")
    assert not {"nobody", "sofia", "No Name"} & set(await listed(client))
