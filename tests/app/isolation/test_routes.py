"""Routes to what is another's: it answers like what there is not."""

import json
from typing import Any

import pytest

from memory import Owner, UnknownRecord, new_id
from tests.app.isolation.anna import ASKED, TELESCOPE, document, filled
from tests.app.test_http import problem_of

ROUTES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("GET", "/v1/runs/{}", "run", {}),
    ("GET", "/v1/runs/{}/events", "run", {}),
    ("GET", "/v1/runs/{}/events", "run", {"params": {"after": 1}}),
    ("GET", "/v1/runs/{}/events", "run", {"headers": {"last-event-id": "2"}}),
    ("GET", "/v1/runs/{}/trace", "run", {}),
    ("POST", "/v1/runs/{}/cancel", "run", {}),
    ("POST", "/v1/runs/{}/resume", "run", {"json": {"approval_id": "apr_none", "decision": "approve"}}),
    ("POST", "/v1/feedback", "run", {"json": {"run_id": "{}", "rating": 1}}),
    ("GET", "/v1/artifacts/{}", "artifact", {}),
    ("GET", "/v1/threads/{}", "thread", {}),
    ("GET", "/v1/threads/{}/messages", "thread", {}),
    ("GET", "/v1/threads/{}/runs", "thread", {}),
    ("PATCH", "/v1/threads/{}", "thread", {"json": {"title": "Mine"}}),
    ("POST", "/v1/threads/{}/fork", "thread", {"json": {"message_id": "msg_none"}}),
    ("DELETE", "/v1/threads/{}", "thread", {}),
    ("GET", "/v1/runs", "thread", {"params": {"thread_id": "{}"}}),
    ("POST", "/v1/chat", "thread", {"json": {"message": ASKED, "thread_id": "{}"}}),
    ("POST", "/v1/chat/stream", "thread", {"json": {"message": ASKED, "thread_id": "{}"}}),
    ("POST", "/v1/chat", "project", {"json": {"message": ASKED, "project_id": "{}"}}),
    ("POST", "/v1/chat/stream", "project", {"json": {"message": ASKED, "project_id": "{}"}}),
    ("POST", "/v1/threads", "project", {"json": {"title": "Mine", "project_id": "{}"}}),
    ("GET", "/v1/artifacts", "project", {"params": {"project_id": "{}"}}),
    ("GET", "/v1/memory/{}", "record", {}),
    ("GET", "/v1/memory/{}", "decision", {}),
    ("GET", "/v1/memory/{}", "message", {}),
    ("GET", "/v1/memory/{}/history", "record", {}),
    ("GET", "/v1/memory/{}/history", "decision", {}),
    ("PATCH", "/v1/memory/{}", "record", {"json": {"text": "Mine."}}),
    ("PATCH", "/v1/memory/{}", "decision", {"json": {"pinned": True}}),
    ("DELETE", "/v1/memory/{}", "decision", {}),
    ("GET", "/v1/memory", "project", {"params": {"project_id": "{}"}}),
    ("GET", "/v1/memory/recall", "project", {"params": {"project_id": "{}", "q": "telescope"}}),
    ("GET", "/v1/projects/{}", "project", {}),
    ("PATCH", "/v1/projects/{}", "project", {"json": {"name": "Mine"}}),
    ("DELETE", "/v1/projects/{}", "project", {}),
    ("GET", "/v1/projects/{}/members", "project", {}),
    ("POST", "/v1/projects/{}/members", "project", {"json": {"user_id": "ben"}}),
    ("DELETE", "/v1/projects/{}/members/ben", "project", {}),
]


@pytest.mark.parametrize(("method", "path", "what", "more"), ROUTES)
async def test_what_is_anothers_answers_like_what_there_is_not(client, hers, ben, method, path, what, more):
    async def answer(name: str) -> tuple[int, str]:
        given = filled(more, name)
        headers = {**ben, **given.pop("headers", {})}
        response = await client.request(method, path.replace("{}", name), headers=headers, **given)
        return response.status_code, response.text.replace(name, "…")

    name = getattr(hers, what)
    unknown = f"{name[:4]}{'0' * 26}"
    before = await document(client, hers.headers())
    found = await answer(name)
    assert found == await answer(unknown)
    assert found[0] == 404
    assert TELESCOPE not in found[1]
    assert await document(client, hers.headers()) == before


async def test_turns_and_threads_belong_only_to_a_project_that_the_user_sees(client, ben):
    anna = {"freya-user": new_id("anna")}
    project = (await client.post("/v1/projects", json={"name": "Shop"}, headers=anna)).json()["id"]
    key = {**ben, "idempotency-key": "in-the-shop"}
    wanted = [("/v1/chat", {"message": "Hello!", "project_id": project}, "thread_id")]
    wanted += [("/v1/threads", {"project_id": project}, "id")]
    for path, body, _ in wanted:
        problem_of(await client.post(path, json=body, headers=key), 404, "unknown_project")
        assert (await client.get("/v1/threads", headers=ben)).json()["items"] == []
    members = f"/v1/projects/{project}/members"
    await client.post(members, json={"user_id": ben["freya-user"]}, headers=anna)
    made = [(await client.post(path, json=body, headers=key)).json()[name] for path, body, name in wanted]
    for thread in made:
        found = (await client.get(f"/v1/threads/{thread}", headers=ben)).json()
        assert found["project_id"] == project
    going_on = {"message": "Thanks!", "thread_id": made[0]}
    refused = await client.post("/v1/chat", json={**going_on, "project_id": "prj_none"}, headers=ben)
    problem_of(refused, 404, "unknown_project")
    assert (await client.post("/v1/chat", json=going_on, headers=ben)).status_code == 200
    assert (await client.delete(f"/v1/projects/{project}", headers=anna)).status_code == 204
    again = [(await client.post(path, json=body, headers=key)).json()[name] for path, body, name in wanted]
    assert again == made


async def test_lists_from_a_cursor_of_anothers_are_ones_own(client, hers, ben):
    thread = (await client.post("/v1/threads", json={}, headers=ben)).json()["id"]
    asked = {"message": ASKED, "thread_id": thread, "agents": ["davina"]}
    run = (await client.post("/v1/chat", json=asked, headers=ben)).json()["run_id"]
    for path, cursor, own in (
        ("/v1/threads", hers.thread, []),
        ("/v1/threads", "thr_" + "z" * 26, [thread]),
        ("/v1/runs", hers.run, []),
        ("/v1/runs", "run_" + "z" * 26, [run]),
        (f"/v1/threads/{thread}/messages", hers.message, 2),
        (f"/v1/threads/{thread}/runs", hers.run, []),
        (f"/v1/threads/{thread}/runs", "run_" + "z" * 26, [run]),
        ("/v1/memory", hers.decision, []),
        ("/v1/projects", "prj_" + "z" * 26, []),
        ("/v1/memory/audit", 2**62, None),
    ):
        response = await client.get(path, params={"cursor": cursor}, headers=ben)
        assert response.status_code == 200, response.text
        assert TELESCOPE not in response.text
        items = response.json()["items"]
        if isinstance(own, list):
            assert [one["id"] for one in items] == own
        elif own is not None:
            assert len(items) == own
        else:
            assert {one["actor"] for one in items} <= {ben["freya-user"]}


async def test_what_a_record_comes_from_is_told_to_its_owner_alone(running, hers, ben):
    memory, other = running.freya.memory, Owner(ben["freya-user"])
    with pytest.raises(UnknownRecord):
        await memory.sources(other, hers.record)
    assert await memory.sources(hers.owner, hers.record) == []
    assert [one.id for one in await memory._threads.said(hers.owner, [hers.message])] == [hers.message]
    assert await memory._threads.said(other, [hers.message]) == []


async def test_idempotency_key_of_another_begins_ones_own(client, hers, ben):
    key = {**ben, "idempotency-key": hers.key}
    answer = (await client.post("/v1/chat", json={"message": "Hello!"}, headers=key)).json()
    assert answer["run_id"] != hers.run
    assert answer["thread_id"] != hers.thread
    made = (await client.post("/v1/threads", json={"title": "Mine"}, headers=key)).json()
    assert (made["title"], made["id"] == hers.thread) == ("Mine", False)


async def test_documents_are_of_the_acting_user_and_nobody_erases_another(client, hers, ben):
    before = await document(client, hers.headers())
    assert TELESCOPE in json.dumps(before)
    for name in ("user", "owner"):
        guessed = await client.get("/v1/memory/export", params={name: str(hers.owner)}, headers=ben)
        assert guessed.status_code == 422
    response = await client.get("/v1/memory/export", headers=ben)
    assert TELESCOPE not in response.text
    assert response.json()["user"] == ben["freya-user"]
    for name in (
        str(hers.owner),
        hers.owner.user_id,
        f"local/{ben['freya-user']}/../{hers.owner.user_id}",
        "*",
    ):
        refused = await client.post("/v1/memory/erase", json={"confirm": name}, headers=ben)
        problem_of(refused, 422, "invalid_request")
    assert await document(client, hers.headers()) == before
