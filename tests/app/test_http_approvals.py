"""Approvals over the doors: a tool that the settings name is called once a person allows it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from app.wiring import Running
from graphs.settings import ApprovalSettings
from memory import new_id
from tests.app.doors import SocketClient
from tests.app.test_http import events_in, problem_of

NPV = {"message": "NPV of -1000, 400, 400, 400 at 8 %"}


@pytest.fixture(autouse=True)
def _npv_needs_a_person(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    carrier = running.freya._manager._carrier
    settings = carrier._parts.settings.model_copy(
        update={"approvals": ApprovalSettings(tools=frozenset({"npv_irr"}))}
    )
    monkeypatch.setattr(carrier, "_parts", replace(carrier._parts, settings=settings))


async def asked(client: Any, **more: Any) -> dict[str, Any]:
    response = await client.post("/v1/chat", json={**NPV, **more})
    assert response.status_code == 202, response.text
    run: dict[str, Any] = response.json()
    assert run["status"] == "waiting"
    return run


async def ended(client: Any, run_id: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        events = events_in((await client.get(f"/v1/runs/{run_id}/events")).text)
    last: dict[str, Any] = events[-1]
    return last


async def test_a_turn_waits_and_is_allowed(client):
    run = await asked(client)
    (approval,) = run["approvals"]
    assert (approval["agent"], approval["tool"]) == ("davina", "npv_irr")
    assert approval["why"] == "The settings of this service name the tool."
    assert (await client.get(f"/v1/runs/{run['id']}")).json() == run
    resume = {"approval_id": approval["id"], "decision": "approve"}
    for _ in range(2):
        answer = await client.post(f"/v1/runs/{run['id']}/resume", json=resume)
        assert answer.status_code == 200, answer.text
    last = await ended(client, run["id"])
    assert last["type"] == "run.finished"
    assert "30.84" in last["result"]["answer"]
    problem = await client.post(f"/v1/runs/{run['id']}/resume", json={**resume, "decision": "reject"})
    problem_of(problem, 409, "approval_answered")


async def test_a_turn_goes_on_with_other_arguments_which_must_fit(client):
    run = await asked(client)
    (approval,) = run["approvals"]
    path = f"/v1/runs/{run['id']}/resume"
    edit = {"approval_id": approval["id"], "decision": "edit"}
    problem_of(await client.post(path, json=edit), 422, "invalid_request")
    found = problem_of(await client.post(path, json={**edit, "arguments": {}}), 422, "invalid_request")
    assert [one["field"] for one in found["errors"]] == ["cash_flows"]
    strange = {**edit, "arguments": {**approval["arguments"], "flows": [1]}}
    found = problem_of(await client.post(path, json=strange), 422, "invalid_request")
    assert found["detail"].startswith("npv_irr takes no flows; it takes cash_flows, rate_percent")
    changed = {**approval["arguments"], "cash_flows": [-1000, 500, 500, 500]}
    assert (await client.post(path, json={**edit, "arguments": changed})).status_code == 200
    last = await ended(client, run["id"])
    assert "288.5" in last["result"]["answer"]
    assert last["result"]["tool_calls"][0]["arguments"]["cash_flows"] == [-1000, 500, 500, 500]


async def test_a_question_that_is_sent_again_with_its_key_waits_with_the_same_run(client):
    first, second = [
        await client.post("/v1/chat", json=NPV, headers={"idempotency-key": "waits once"}) for _ in range(2)
    ]
    assert first.json() == second.json()
    run = first.json()
    assert (await client.post(f"/v1/runs/{run['id']}/cancel")).json()["status"] == "cancelled"
    resume = {"approval_id": run["approvals"][0]["id"], "decision": "approve"}
    problem_of(await client.post(f"/v1/runs/{run['id']}/resume", json=resume), 409, "run_not_active")


async def test_another_users_approval_is_not_found(client):
    run = await asked(client)
    resume = {"approval_id": run["approvals"][0]["id"], "decision": "approve"}
    other = {"freya-user": "somebody-else"}
    problem_of(
        await client.post(f"/v1/runs/{run['id']}/resume", json=resume, headers=other), 404, "unknown_run"
    )
    unknown = {**resume, "approval_id": "apr_none"}
    problem_of(await client.post(f"/v1/runs/{run['id']}/resume", json=unknown), 404, "unknown_approval")
    assert (await client.post(f"/v1/runs/{run['id']}/cancel")).status_code == 200


async def test_runs_of_all_threads_are_listed_by_status_and_thread_each_users_own(client):
    me, other = {"freya-user": new_id("ann")}, {"freya-user": new_id("ben")}

    async def listed(headers: dict[str, str] = me, **query: Any) -> list[str]:
        response = await client.get("/v1/runs", params=query, headers=headers)
        assert response.status_code == 200, response.text
        return [one["id"] for one in response.json()["items"]]

    finished = (await client.post("/v1/chat", json={"message": "Hello!"}, headers=me)).json()
    waits = (await client.post("/v1/chat", json=NPV, headers=me)).json()
    theirs = (await client.post("/v1/chat", json=NPV, headers=other)).json()
    assert await listed() == [waits["id"], finished["run_id"]]
    assert await listed(other) == [theirs["id"]]
    assert await listed(status="waiting") == [waits["id"]]
    assert await listed(status=["running", "failed"]) == []
    assert await listed(status=["waiting", "finished"]) == [waits["id"], finished["run_id"]]
    assert await listed(thread_id=finished["thread_id"]) == [finished["run_id"]]
    page = (await client.get("/v1/runs", params={"limit": 1}, headers=me)).json()
    assert page["items"] == [waits]
    assert await listed(cursor=page["next"]) == [finished["run_id"]]
    for thread in (theirs["thread_id"], "thr_none"):
        response = await client.get("/v1/runs", params={"thread_id": thread}, headers=me)
        problem_of(response, 404, "unknown_thread")
    problem_of(await client.get("/v1/runs", params={"status": "lost"}, headers=me), 422, "invalid_request")
    for run, headers in ((waits, me), (theirs, other)):
        assert (await client.post(f"/v1/runs/{run['id']}/cancel", headers=headers)).status_code == 200


async def test_an_approval_is_answered_over_a_socket_that_follows_the_run(app):
    async with SocketClient(app) as socket:
        socket.send(type="message", **NPV)
        frames = await socket.until("approval.required")
        required = frames[-1]
        assert required["question"] == "May davina call npv_irr?"
        answer = {
            "type": "resume",
            "run_id": required["run_id"],
            "approval_id": required["approval_id"],
            "decision": "reject",
            "reason": "Not today.",
        }
        socket.send(**answer, id="odd", arguments={})
        assert (await socket.until("error"))[-1]["problem"]["code"] == "invalid_request"
        socket.send(**answer, id="no")
        frames = await socket.until("run.finished")
        kinds = [frame["type"] for frame in frames]
        answered = next(frame for frame in frames if frame["type"] == "approval.answered")
        assert (answered["decision"], answered["reason"]) == ("reject", "Not today.")
        assert "resumed" in [*kinds, (await socket.receive())["type"] if "resumed" not in kinds else ""]
        assert "tool.started" not in kinds
