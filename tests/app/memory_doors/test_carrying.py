"""What is remembered, taken in, given out and erased over HTTP."""

import hashlib
import json
from pathlib import Path

import httpx

from app.settings import HttpSettings
from memory import Owner
from tests.app.memory_doors.users import IMPORT, finished_run, kept, take_in
from tests.app.remembering import line, lines, remembering
from tests.app.test_http import problem_of

_KEY = "frk_bound"


async def test_own_entries_of_the_interaction_log_are_given_out_and_nobody_elses(opened, mine, others, owner):
    run = await finished_run(opened, owner, [])
    await mine.post("/v1/feedback", json={"run_id": run, "rating": 5})
    answer = await mine.get("/v1/memory/interactions")
    (entry,) = [json.loads(each) for each in answer.text.splitlines()]
    assert (entry["run_id"], entry["answer"], entry["feedback"][0]["rating"]) == (run, "There.", 5)
    assert answer.headers["content-type"] == "application/x-ndjson"
    parquet = await mine.get("/v1/memory/interactions", params={"format": "parquet"})
    assert parquet.content[:4] == b"PAR1"
    assert (await others.get("/v1/memory/interactions")).text == ""
    later = await mine.get("/v1/memory/interactions", params={"since": "2100-01-01T00:00:00Z"})
    assert later.text == ""
    noted = (await mine.get("/v1/memory/audit")).json()["items"]
    assert "export interactions" in {one["action"] for one in noted}


async def test_large_history_is_read_as_a_stream_and_one_beyond_the_limit_is_refused(mine, owner):
    said = [line(owner.user_id, f"Note {number}: " + "word " * 60, number % 60) for number in range(300)]
    content = lines(*said)
    assert len(content) > 65_536
    assert (await take_in(mine, content))["imported"] == 300
    too_long = await mine.post(IMPORT, content=b"{}", headers={"content-length": str(10**9)})
    problem_of(too_long, 413, "body_too_large")
    elsewhere = await mine.post("/v1/feedback", content=content)
    problem_of(elsewhere, 413, "body_too_large")


async def test_only_a_key_of_no_user_takes_in_lines_of_others(database_url, redis_url, tmp_path: Path):
    digest, free = (hashlib.sha256(key.encode()).hexdigest() for key in (_KEY, "frk_free"))
    http = HttpSettings(key_hashes=[digest, free], key_users={digest: "dora"})
    content = lines(line("dora", "Mine.", 1), line("emil", "His.", 2))
    async with (
        remembering(database_url, redis_url, tmp_path, http) as opened,
        httpx.AsyncClient(transport=httpx.ASGITransport(opened.app), base_url="http://localhost") as client,
    ):
        bound = {"authorization": f"Bearer {_KEY}"}
        refused = await client.post(IMPORT, content=content, params={"users": "any"}, headers=bound)
        assert "dora" in problem_of(refused, 403, "forbidden")["detail"]
        own = await client.post(IMPORT, content=content, headers=bound)
        assert (own.json()["imported"], own.json()["rejected"]) == (1, 1)
        unbound = {"authorization": "Bearer frk_free"}
        taken = await client.post(IMPORT, content=content, params={"users": "any"}, headers=unbound)
        assert (taken.json()["imported"], taken.json()["known"]) == (1, 1)


async def test_only_a_key_of_no_user_reads_the_log_of_all_and_everybody_finds_it_noted(
    database_url, redis_url, tmp_path: Path
):
    digest, free = (hashlib.sha256(key.encode()).hexdigest() for key in (_KEY, "frk_free"))
    http = HttpSettings(key_hashes=[digest, free], key_users={digest: "dora"})
    path, query = "/v1/memory/interactions", {"users": "any"}
    async with (
        remembering(database_url, redis_url, tmp_path, http) as opened,
        httpx.AsyncClient(transport=httpx.ASGITransport(opened.app), base_url="http://localhost") as client,
    ):
        run = await finished_run(opened, Owner("dora"), [])
        bound, unbound = ({"authorization": f"Bearer {key}"} for key in (_KEY, "frk_free"))
        refused = await client.get(path, params=query, headers=bound)
        assert "dora" in problem_of(refused, 403, "forbidden")["detail"]
        found = await client.get(path, params=query, headers=unbound)
        (entry,) = [one for one in map(json.loads, found.text.splitlines()) if one["run_id"] == run]
        assert entry["user_id"].startswith("user ")
        assert "dora" not in found.text
        noted, *_ = (await client.get("/v1/memory/audit", headers=bound)).json()["items"]
        assert (noted["actor"], noted["action"]) == ("local/local", "export interactions of all users")


async def test_export_is_one_document_of_the_user_alone(opened, mine, others, owner, other):
    await take_in(mine, lines(line(owner.user_id, "Mine is the blue bicycle.")))
    await take_in(others, lines(line(other.user_id, "Mine is the red bicycle.")))
    await kept(opened, owner, "Has a blue bicycle.")
    response = await mine.get("/v1/memory/export")
    assert response.headers["content-disposition"] == (
        f'attachment; filename="freya-memory-{owner.user_id}.json"'
    )
    document = response.json()
    assert (document["user"], document["counts"]["messages"], document["counts"]["records"]) == (
        owner.user_id,
        1,
        1,
    )
    assert "blue bicycle" in response.text
    assert "red bicycle" not in response.text


async def test_erasing_wants_the_name_and_leaves_nothing_but_others(opened, mine, others, owner, other):
    await take_in(mine, lines(line(owner.user_id, "My secret garden.")))
    await take_in(others, lines(line(other.user_id, "My open garden.")))
    await kept(opened, owner, "Has a secret garden.")
    for wrong in (owner.user_id, str(other), ""):
        refused = await mine.post("/v1/memory/erase", json={"confirm": wrong})
        assert str(owner) in problem_of(refused, 422, "invalid_request")["detail"]
    assert (await mine.get("/v1/memory/status")).json()["messages"] == 1
    receipt = (await mine.post("/v1/memory/erase", json={"confirm": str(owner)})).json()
    assert receipt["verified"] is True
    assert receipt["removed"]["postgresql"]["messages"] == 1
    assert receipt["removed"]["vectors"] == {"records": 1}
    assert (await mine.get("/v1/memory/status")).json()["messages"] == 0
    assert (await mine.get("/v1/memory/recall", params={"q": "secret garden"})).json()["items"] == []
    assert (await others.get("/v1/memory/recall", params={"q": "garden"})).json()["items"]
