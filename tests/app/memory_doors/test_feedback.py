"""Runs that are rated, and what was recalled with them."""

import pytest

from app.runs import ChatRequest
from memory import Scope, new_id
from tests.app.memory_doors.users import finished_run, kept
from tests.app.test_http import problem_of


@pytest.mark.parametrize(("said", "rating"), [({"thumb": "up"}, 1.0), ({"rating": 2}, -0.5)])
async def test_feedback_on_a_run_rates_what_it_recalled(opened, mine, owner, said, rating):
    (record, aside) = await kept(opened, owner, "Lives in Oslo.", "Has a dog.")
    run = await finished_run(opened, owner, [record])
    given = await mine.post("/v1/feedback", json={"run_id": run, "comment": "Well.", **said})
    assert (given.status_code, given.json()["run_id"], given.json()["comment"]) == (201, run, "Well.")
    assert (await mine.get(f"/v1/memory/{record}")).json()["rating"] == rating
    assert (await mine.get(f"/v1/memory/{aside}")).json()["rating"] == 0


async def test_thumb_given_twice_counts_once(opened, mine, owner):
    (record,) = await kept(opened, owner, "Lives in Oslo.")
    runs = [await finished_run(opened, owner, [record]) for _ in range(2)]
    for run, thumb in ((runs[0], "up"), (runs[1], "down"), (runs[1], "down"), (runs[1], "up")):
        assert (await mine.post("/v1/feedback", json={"run_id": run, "thumb": thumb})).status_code == 201
    assert (await mine.get(f"/v1/memory/{record}")).json()["rating"] == 1.0


async def test_feedback_is_refused_on_what_is_anothers_goes_on_or_says_nothing(opened, mine, others, owner):
    run = await finished_run(opened, owner, [])
    problem_of(await others.post("/v1/feedback", json={"run_id": run, "rating": 1}), 404, "unknown_run")
    problem_of(await mine.post("/v1/feedback", json={"run_id": run}), 422, "invalid_request")
    problem_of(await mine.post("/v1/feedback", json={"run_id": run, "rating": 6}), 422, "invalid_request")
    scope = Scope(thread_id=new_id("thr"), user_id=owner.user_id)
    going = new_id("run")
    await opened.runs.begin(
        going, scope, ChatRequest(message="Where?"), new_thread=True, worker="w", idempotency_key=None
    )
    problem_of(await mine.post("/v1/feedback", json={"run_id": going, "rating": 5}), 422, "request_refused")


async def test_turn_of_the_whole_service_is_recalled_rated_and_erased(client, owner, other):
    mine, others = {"freya-user": owner.user_id}, {"freya-user": other.user_id}
    asked = {"message": "Please note that my telescope is called Galileo."}
    answer = (await client.post("/v1/chat", json=asked, headers=mine)).json()
    query = {"q": "What is my telescope called?"}
    found = (await client.get("/v1/memory/recall", params=query, headers=mine)).json()
    assert "Galileo" in found["items"][0]["text"]
    assert found["items"][0]["thread_id"] == answer["thread_id"]
    assert (await client.get("/v1/memory/recall", params=query, headers=others)).json()["items"] == []
    given = {"run_id": answer["run_id"], "thumb": "down", "correction": "A telescope!"}
    problem_of(await client.post("/v1/feedback", json=given, headers=others), 404, "unknown_run")
    rated = await client.post("/v1/feedback", json=given, headers=mine)
    assert (rated.status_code, rated.json()["rating"]) == (201, 1)
    receipt = (await client.post("/v1/memory/erase", json={"confirm": str(owner)}, headers=mine)).json()
    assert (receipt["verified"], receipt["left"]) == (True, {})
    assert receipt["removed"]["postgresql"]["feedback"] == 1
    assert receipt["removed"]["redis"]["streams"] == 1
    problem_of(await client.get(f"/v1/runs/{answer['run_id']}", headers=mine), 404, "unknown_run")
