"""Lists over HTTP, walked part by part."""

import httpx
import pytest

from tests.app.test_http import problem_of


async def walked(client: httpx.AsyncClient, path: str, limit: int, **given: str) -> list[object]:
    """Everything in a list, in parts of at most `limit`."""
    found: list[object] = []
    cursor: dict[str, str] = {}
    while True:
        response = await client.get(path, params={"limit": limit, **given, **cursor})
        assert response.status_code == 200, response.text
        page = response.json()
        assert set(page) == {"items", "next"}
        assert len(page["items"]) == limit or page["next"] is None
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


@pytest.mark.parametrize(
    ("path", "part", "given"),
    [
        ("/v1/agents", 2, {}),
        ("/v1/knowledge", 2, {}),
        ("/v1/knowledge/topics", 150, {}),
        ("/v1/knowledge/search", 7, {"q": "What is the RSI?"}),
    ],
)
async def test_parts_of_a_list_are_the_whole_in_its_order(client, path, part, given):
    whole = await walked(client, path, 50 if given else 200, **given)
    assert len(whole) > part
    assert await walked(client, path, part, **given) == whole


async def test_the_last_part_ends_where_the_list_does(client):
    agents = (await client.get("/v1/agents", params={"limit": 5})).json()
    assert (len(agents["items"]), agents["next"]) == (5, None)
    rest = (await client.get("/v1/agents", params={"cursor": agents["items"][3]["name"]})).json()
    assert rest == {"items": agents["items"][4:], "next": None}
    assert (await client.get("/v1/agents", params={"cursor": agents["items"][4]["name"]})).json()[
        "items"
    ] == []


@pytest.mark.parametrize("path", ["agents", "knowledge", "knowledge/topics", "knowledge/versions"])
async def test_cursor_that_names_nothing_in_the_list_is_refused(client, path):
    problem = problem_of(
        await client.get(f"/v1/{path}", params={"cursor": "no-such"}), 422, "invalid_request"
    )
    assert [error["field"] for error in problem["errors"]] == ["query.cursor"]
    assert "begin again without a cursor" in problem["detail"]
