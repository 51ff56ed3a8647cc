"""The catalogue of topics over HTTP: added to, said by hand, carried over; and what it refuses."""

from collections.abc import AsyncIterator
from typing import Any  # JSON

import httpx
import pytest

from tests.app.test_http import problem_of
from tests.app.test_http_knowledge import until_ended
from tests.app.test_http_openapi import checked, document

__all__ = ["document"]
_TOPICS, _MAPPINGS, _CATALOGUE = (f"/v1/knowledge/{name}" for name in ("topics", "mappings", "catalogue"))
RSI = "relative-strength-index"
HOUSES = {
    "collection": "technical",
    "name": "House Prices (HPX)",
    "aliases": ["property index"],
    "category": "Macro",
    "session": 50,
}


@pytest.fixture(autouse=True)
async def nothing_added(client: httpx.AsyncClient) -> AsyncIterator[None]:
    """The service is shared: what a test adds is taken back."""
    yield
    for topic in (await client.get(_TOPICS, params={"own": True})).json()["items"]:
        await client.delete(f"{_TOPICS}/{topic['slug']}")
    changed: dict[str, Any] = {"job": None}
    for mapping in (await client.get(_MAPPINGS)).json()["items"]:
        changed = (await client.delete(_MAPPINGS, params={"name": mapping["name"]})).json()
    if changed["job"] is not None:
        await until_ended(client, f"/v1/knowledge/jobs/{changed['job']}")


async def put(client: httpx.AsyncClient, slug: str, **fields: Any) -> dict[str, Any]:
    response = await client.put(f"{_TOPICS}/{slug}", json=fields)
    assert response.status_code == 200, response.text
    changed: dict[str, Any] = response.json()
    return changed


async def called(client: httpx.AsyncClient, slug: str) -> list[str]:
    return [each["name"] for each in (await client.get(f"{_TOPICS}/{slug}")).json()["called"]]


async def test_topic_is_added_listed_replaced_and_removed(client, document):
    changed = await put(client, "house-prices", **HOUSES)
    checked(document, "Changed", changed)
    assert changed["added"] == ["house-prices"]
    ended = await until_ended(client, f"/v1/knowledge/jobs/{changed['job']}")
    assert (ended["state"], ended["kind"]) == ("finished", "refine")
    (listed,) = (await client.get(_TOPICS, params={"own": True})).json()["items"]
    checked(document, "TopicView", listed)
    assert {name: listed[name] for name in HOUSES} == HOUSES
    assert (listed["own"], listed["added"], listed["pairs"]) == (True, [], 0)
    for wanted in ({"session": 50}, {"category": "macro"}, {"session": 50, "collection": "technical"}):
        assert [each["slug"] for each in (await client.get(_TOPICS, params=wanted)).json()["items"]] == [
            "house-prices"
        ]
    (gap,) = (await client.get("/v1/knowledge/gaps", params={"category": "Macro"})).json()["topics"]
    assert gap["slug"] == "house-prices"
    assert (await put(client, "house-prices", **HOUSES))["job"] is None
    assert (await put(client, "house-prices", **{**HOUSES, "aliases": []}))["changed"] == ["house-prices"]
    removed = (await client.delete(f"{_TOPICS}/house-prices")).json()
    assert removed["removed"] == ["house-prices"]
    again = await client.delete(f"{_TOPICS}/house-prices")
    problem_of(again, 404, "unknown_topic")


async def test_name_is_said_to_belong_elsewhere_and_that_is_taken_back(client, document):
    name = (await called(client, RSI))[0]
    said = await client.put(_MAPPINGS, json={"name": name.upper(), "slug": None})
    assert (said.status_code, said.json()["mapped"], said.json()["topics"], said.json()["job"]) == (
        200,
        1,
        1,
        None,
    )
    assert name not in await called(client, RSI)
    unplaced = (await client.get("/v1/knowledge/gaps")).json()["unplaced"]
    (nowhere,) = [each for each in unplaced if each["topic"] == name]
    checked(document, "UnplacedView", nowhere)
    assert (nowhere["mapped_by"], nowhere["confidence"]) == ("hand", 1.0)
    assert (await client.get(_MAPPINGS)).json()["items"] == [{"name": name.upper(), "slug": None}]
    undone = (await client.delete(_MAPPINGS, params={"name": name})).json()
    assert undone["unmapped"] == 1
    await until_ended(client, f"/v1/knowledge/jobs/{undone['job']}")
    assert name in await called(client, RSI)


async def test_aliases_of_a_topic_that_ships_are_added_and_all_is_carried_over(client):
    await put(client, RSI, aliases=["Wilderometer"])
    await put(client, "house-prices", **HOUSES)
    await client.put(_MAPPINGS, json={"name": "Batch 7", "slug": "house-prices"})
    topic = (await client.get(f"{_TOPICS}/{RSI}")).json()
    assert (topic["own"], topic["added"]) == (False, ["Wilderometer"])
    written = await client.get(_CATALOGUE)
    assert written.headers["content-type"].startswith("application/toml")
    assert "catalogue.toml" in written.headers["content-disposition"]
    for slug in (RSI, "house-prices"):
        await client.delete(f"{_TOPICS}/{slug}")
    assert (await client.get(_CATALOGUE)).text == ""
    assert (await client.get(_MAPPINGS)).json()["items"] == []
    changed = (await client.post(_CATALOGUE, content=written.content)).json()
    assert (sorted(changed["added"]), changed["mapped"]) == (["house-prices", RSI], 1)
    assert (await client.get(_CATALOGUE)).text == written.text


@pytest.mark.parametrize(
    ("slug", "body", "status", "code"),
    [
        (RSI, HOUSES, 409, "catalogue_refused"),
        ("mine", {**HOUSES, "name": "RSI"}, 409, "catalogue_refused"),
        ("mine", {**HOUSES, "aliases": ["rsi"]}, 409, "catalogue_refused"),
        ("mine", {"aliases": ["Wilderometer"]}, 404, "unknown_topic"),
        ("mine", {}, 422, "invalid_request"),
        ("mine", [], 422, "invalid_request"),
        ("No%20Slug", HOUSES, 422, "invalid_request"),
        ("mine", {**HOUSES, "name": ""}, 422, "invalid_request"),
        ("mine", {**HOUSES, "name": "x" * 401}, 422, "invalid_request"),
        ("mine", {**HOUSES, "name": "a\0b"}, 422, "invalid_request"),
        ("mine", {**HOUSES, "aliases": ["?"]}, 422, "invalid_request"),
        ("mine", {**HOUSES, "aliases": [f"alias {n}" for n in range(101)]}, 422, "invalid_request"),
        ("mine", {**HOUSES, "session": 0}, 422, "invalid_request"),
        ("mine", {**HOUSES, "colour": "red"}, 422, "invalid_request"),
        ("mine", {**HOUSES, "category": None}, 422, "invalid_request"),
    ],
)
async def test_topic_that_cannot_be_is_refused_and_named(client, slug, body, status, code):
    problem_of(await client.put(f"{_TOPICS}/{slug}", json=body), status, code)
    assert (await client.get(_CATALOGUE)).text == ""


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "Batch 7"}, 422, "invalid_request"),
        ({"name": "", "slug": None}, 422, "invalid_request"),
        ({"name": "x" * 1001, "slug": None}, 422, "invalid_request"),
        ({"name": "a\nb", "slug": None}, 422, "invalid_request"),
        ({"name": "Batch 7", "slug": "No Slug"}, 422, "invalid_request"),
        ({"name": "Batch 7", "slug": "no-such-topic"}, 404, "unknown_topic"),
    ],
)
async def test_mapping_that_cannot_be_is_refused_and_named(client, body, status, code):
    problem_of(await client.put(_MAPPINGS, json=body), status, code)
    problem_of(await client.delete(_MAPPINGS, params={"name": "Batch 7"}), 409, "catalogue_refused")


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"", "request_refused", "holds no"),
        (b"[[", "request_refused", "is not TOML"),
        ('[[mappings]]\nname = "café"'.encode("latin-1"), "request_refused", "not in UTF-8"),
        (b'[[topics]]\nslug = "mine"\nname = "Mine"', "request_refused", "topics.0"),
    ],
)
async def test_toml_that_cannot_be_taken_in_is_refused_with_its_place(client, content, code, said):
    assert said in problem_of(await client.post(_CATALOGUE, content=content), 422, code)["detail"]


async def test_toml_beyond_the_limit_of_bodies_is_refused(client):
    problem_of(await client.post(_CATALOGUE, content=b"#" * (300 * 1024)), 413, "body_too_large")
