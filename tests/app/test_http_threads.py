"""Threads over HTTP: renamed, found, forked, and asked something else in the place of a message."""

import asyncio
from typing import Any

from tests.app.test_http import events_in, problem_of

NPV = "NPV of -1000, 400, 400, 400 at 8 %"


async def begun(client: Any, message: str = NPV) -> tuple[str, list[dict[str, Any]]]:
    """A thread with a turn, and its messages."""
    answer = (await client.post("/v1/chat", json={"message": message})).json()
    said = (await client.get(f"/v1/threads/{answer['thread_id']}/messages")).json()["items"]
    return answer["thread_id"], said


async def test_a_thread_is_renamed_and_keeps_what_it_is_not_given(client):
    thread, _ = await begun(client)
    path = f"/v1/threads/{thread}"
    assert (await client.get(path)).json()["title"] == NPV
    named = (await client.patch(path, json={"title": "Four flows", "metadata": {"a": [1]}})).json()
    assert (named["title"], named["named"], named["metadata"]) == ("Four flows", True, {"a": [1]})
    assert (await client.patch(path, json={"metadata": {}})).json()["title"] == "Four flows"
    assert (await client.patch(path, json={})).json()["named"]
    for body in ({"title": ""}, {"title": "x" * 201}, {"name": "x"}, {"title": "\0"}):
        problem_of(await client.patch(path, json=body), 422, "invalid_request")
    problem_of(await client.patch("/v1/threads/thr_none", json={"title": "x"}), 404, "unknown_thread")


async def test_threads_are_found_page_by_page(client):
    made = [(await begun(client, f"Hello zebrafinch {number}!"))[0] for number in range(3)]
    first = (await client.get("/v1/threads", params={"q": "zebrafin", "limit": 2})).json()
    assert [one["id"] for one in first["items"]] == made[:0:-1]
    assert "zebrafinch" in first["items"][0]["excerpt"].casefold()
    rest = (
        await client.get("/v1/threads", params={"q": "zebrafin", "limit": 2, "cursor": first["next"]})
    ).json()
    assert ([one["id"] for one in rest["items"]], rest["next"]) == (made[:1], None)
    other = await client.get("/v1/threads", params={"q": "zebrafin"}, headers={"freya-user": "nobody-else"})
    assert other.json() == {"items": [], "next": None}
    problem_of(await client.get("/v1/threads", params={"q": ""}), 422, "invalid_request")


async def test_a_fork_goes_on_from_what_was_computed(client):
    thread, (_, answered) = await begun(client)
    response = await client.post(f"/v1/threads/{thread}/fork", json={"message_id": answered["id"]})
    assert response.status_code == 201
    fork = response.json()
    assert fork["run_id"] is None
    assert fork["thread"]["parent_id"] == thread
    again = {"message": "And at 10 %?", "thread_id": fork["thread"]["id"]}
    result = (await client.post("/v1/chat", json=again)).json()
    assert [use["arguments"]["rate_percent"] for use in result["tool_calls"]] == [10]
    assert result["tool_calls"][0]["arguments"]["cash_flows"] == [-1000, 400, 400, 400]
    assert len((await client.get(f"/v1/threads/{thread}/messages")).json()["items"]) == 2


async def test_a_message_is_changed_and_asked_again(client):
    thread, (asked, _) = await begun(client)
    body = {"message_id": asked["id"], "message": "NPV of -1000, 500, 500, 500 at 8 %"}
    path = f"/v1/threads/{thread}/fork"
    made = [
        (await client.post(path, json=body, headers={"idempotency-key": "edit"})).json() for _ in range(2)
    ]
    assert made[0]["run_id"] == made[1]["run_id"]
    async with asyncio.timeout(60):
        events = events_in((await client.get(f"/v1/runs/{made[0]['run_id']}/events")).text)
    assert "288.55" in events[-1]["result"]["answer"]
    fork = made[0]["thread"]["id"]
    said = (await client.get(f"/v1/threads/{fork}/messages")).json()["items"]
    assert [one["role"] for one in said] == ["user", "assistant"]
    assert (await client.get(f"/v1/threads/{fork}")).json()["title"] == body["message"]


async def test_what_cannot_be_forked_is_refused_and_leaves_no_thread(client):
    thread, (asked, _) = await begun(client)
    path = f"/v1/threads/{thread}/fork"
    before = (await client.get("/v1/threads")).json()["items"]
    problem_of(await client.post(path, json={"message_id": "msg_none"}), 404, "unknown_memory")
    problem_of(
        await client.post(path, json={"message_id": asked["id"], "message": " "}), 422, "request_refused"
    )
    problem_of(await client.post(path, json={}), 422, "invalid_request")
    assert (await client.get("/v1/threads")).json()["items"] == before
