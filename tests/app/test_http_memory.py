"""Memory over HTTP: recalled, read, corrected, forgotten, taken in, given out, erased, and never another's."""

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.runs import ChatRequest, ChatResult
from app.runs.records import RecalledItem, Usage
from app.settings import HttpSettings
from memory import Interaction, Kind, Owner, Scope, Tier, new_id
from tests.app.remembering import Remembering, draft, line, lines, remembering
from tests.app.test_http import problem_of

_IMPORT = "/v1/memory/import"
_KEY = "frk_bound"


@pytest.fixture(scope="module")
async def opened(
    database_url: str, embedded_servers: Any, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Remembering]:
    folder = tmp_path_factory.mktemp("memory")
    async with remembering(database_url, f"{embedded_servers.redis_url}?db=15", folder) as made:
        yield made


@pytest.fixture
def owner() -> Owner:
    return Owner(new_id("ana"))


@pytest.fixture
def other() -> Owner:
    return Owner(new_id("ben"))


@pytest.fixture
async def mine(opened: Remembering, owner: Owner) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(opened, owner) as client:
        yield client


@pytest.fixture
async def others(opened: Remembering, other: Owner) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(opened, other) as client:
        yield client


def client_of(opened: Remembering, owner: Owner) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(opened.app),
        base_url="http://localhost",
        headers={"freya-user": owner.user_id},
    )


async def kept(opened: Remembering, owner: Owner, *texts: str, **more: Any) -> list[str]:
    """The ids of records of these statements."""
    done = await opened.records.remember(owner, [draft(text, **more) for text in texts])
    return [one.record.id for one in done]


async def take_in(client: httpx.AsyncClient, content: bytes, **query: str) -> dict[str, Any]:
    response = await client.post(_IMPORT, content=content, params=query)
    assert response.status_code == 200, response.text
    report: dict[str, Any] = response.json()
    return report


async def finished_run(opened: Remembering, owner: Owner, recalled: list[str]) -> str:
    """The id of a run that ended, to which these records were recalled."""
    scope = Scope(thread_id=new_id("thr"), user_id=owner.user_id)
    run = new_id("run")
    await opened.runs.begin(
        run, scope, ChatRequest(message="Where?"), new_thread=True, worker="w", idempotency_key=None
    )
    items = [RecalledItem(id=one, tier=Tier.LONG, kind=Kind.FACT, text="", reasons=[]) for one in recalled]
    result = ChatResult(
        run_id=run,
        thread_id=scope.thread_id,
        outcome="answered",
        answer="There.",
        agents=[],
        citations=[],
        recalled=items,
        artifacts=[],
        tool_calls=[],
        model="scripted",
        timings={},
        usage=Usage(input_tokens=0, output_tokens=0),
    )
    logged = Interaction(
        run_id=run,
        request="Where?",
        answer="There.",
        outcome="answered",
        latency_ms=1.0,
        at=datetime.now(UTC),
    )
    await opened.runs.finish(result, scope, artifacts=[], interaction=logged)
    return run


async def test_history_is_taken_in_once_and_recalled_by_its_user_alone(opened, mine, others, owner):
    history = lines(
        line(owner.user_id, "My kitchen counter is 38 square feet.", 1),
        line(owner.user_id, "That is a large counter.", 2, role="assistant"),
        line("somebody", "I am somebody else.", 3),
    )
    before = len(opened.arrived)
    report = await take_in(mine, history + b"\n{no JSON}", name="old.jsonl")
    assert (report["name"], report["lines"], report["imported"], report["rejected"]) == ("old.jsonl", 4, 2, 2)
    assert [problem.partition(":")[0] for problem in report["problems"]] == ["line 3", "line 4"]
    assert len(opened.arrived) == before + 1
    again = await take_in(mine, history)
    assert (again["imported"], again["known"]) == (0, 2)
    asked = {"q": "How large is my kitchen counter?", "budget": 40}
    found = (await mine.get("/v1/memory/recall", params=asked)).json()
    assert "38 square feet" in found["items"][0]["text"]
    assert found["items"][0]["said_at"] == "2026-03-02T09:01:00Z"
    assert found["items"][0]["message_ids"][0].startswith("msg_")
    assert found["items"][0]["reasons"]
    assert sum(item["tokens"] for item in found["items"]) == found["tokens"] <= found["budget"] == 40
    assert (await others.get("/v1/memory/recall", params=asked)).json()["items"] == []


async def test_recall_for_a_thread_leaves_out_what_a_turn_of_it_carries_along(opened, mine, others, owner):
    await take_in(mine, lines(line(owner.user_id, "The quiet valley is far away.")))
    (thread,) = await opened.threads.page(owner, limit=2, before=None)
    asked = {"q": "the quiet valley"}
    assert (await mine.get("/v1/memory/recall", params=asked)).json()["items"]
    asked["thread_id"] = thread.id
    assert not (await mine.get("/v1/memory/recall", params=asked)).json()["items"]
    problem_of(await others.get("/v1/memory/recall", params=asked), 404, "unknown_thread")


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


async def test_recall_is_limited_to_tiers_and_times(opened, mine, owner):
    await kept(opened, owner, "Prefers the quiet valley.", kind="preference")
    await take_in(mine, lines(line(owner.user_id, "The quiet valley is far away.")))

    async def tiers(**query: Any) -> set[str]:
        response = await mine.get("/v1/memory/recall", params={"q": "the quiet valley", **query})
        assert response.status_code == 200, response.text
        return {item["tier"] for item in response.json()["items"]}

    assert "medium" in await tiers()
    assert await tiers(tiers="medium") == {"medium"}
    assert "medium" not in await tiers(tiers="long")
    assert await tiers(tiers="medium", since="2026-03-03") == set()
    assert await tiers(tiers="medium", since="2026-03-02T00:00:00Z", until="2026-03-03") == {"medium"}


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"q": ""},
        {"q": "x" * 2001},
        {"q": "a", "budget": 15},
        {"q": "a", "budget": 8001},
        {"q": "a", "tiers": "x"},
        {"q": "a", "tiers": "short"},
    ],
)
async def test_recall_refuses_what_does_not_fit(mine, query):
    problem_of(await mine.get("/v1/memory/recall", params=query), 422, "invalid_request")


async def test_large_history_is_read_as_a_stream_and_one_beyond_the_limit_is_refused(mine, owner):
    said = [line(owner.user_id, f"Note {number}: " + "word " * 60, number % 60) for number in range(300)]
    content = lines(*said)
    assert len(content) > 65_536
    assert (await take_in(mine, content))["imported"] == 300
    too_long = await mine.post(_IMPORT, content=b"{}", headers={"content-length": str(10**9)})
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
        refused = await client.post(_IMPORT, content=content, params={"users": "any"}, headers=bound)
        assert "dora" in problem_of(refused, 403, "forbidden")["detail"]
        own = await client.post(_IMPORT, content=content, headers=bound)
        assert (own.json()["imported"], own.json()["rejected"]) == (1, 1)
        unbound = {"authorization": "Bearer frk_free"}
        taken = await client.post(_IMPORT, content=content, params={"users": "any"}, headers=unbound)
        assert (taken.json()["imported"], taken.json()["known"]) == (1, 1)


async def test_records_are_listed_by_what_they_are_a_page_at_a_time(opened, mine, owner):
    await kept(opened, owner, "Lives in Oslo.", "Has a dog called Rex.")
    await kept(opened, owner, "Uses PostgreSQL for the shop.", kind="decision")
    first = (await mine.get("/v1/memory", params={"limit": 2})).json()
    assert [one["text"] for one in first["items"]] == [
        "Uses PostgreSQL for the shop.",
        "Has a dog called Rex.",
    ]
    rest = (await mine.get("/v1/memory", params={"limit": 2, "cursor": first["next"]})).json()
    assert ([one["text"] for one in rest["items"]], rest["next"]) == (["Lives in Oslo."], None)

    async def texts(**query: Any) -> list[str]:
        return [one["text"] for one in (await mine.get("/v1/memory", params=query)).json()["items"]]

    assert await texts(tier="medium") == ["Uses PostgreSQL for the shop."]
    assert await texts(kind=["fact", "preference"], q="dog") == ["Has a dog called Rex."]
    assert await texts(state="superseded") == []
    problem_of(await mine.get("/v1/memory", params={"kind": "rumour"}), 422, "invalid_request")
    problem_of(await mine.get("/v1/memory", params={"project_id": "prj_none"}), 404, "unknown_project")


async def test_record_is_corrected_pinned_and_forgotten_with_its_versions(opened, mine, owner):
    (record,) = await kept(opened, owner, "Lives in Oslo.", slot="fact:home", value="Oslo")
    changed = (
        await mine.patch(f"/v1/memory/{record}", json={"text": "Lives in Bergen.", "pinned": True})
    ).json()
    assert (changed["text"], changed["version"], changed["supersedes"]) == ("Lives in Bergen.", 2, record)
    assert (changed["pinned"], changed["confidence"]) == (True, 1.0)
    versions = (await mine.get(f"/v1/memory/{record}/history")).json()["items"]
    assert [(one["version"], one["state"]) for one in versions] == [(2, "active"), (1, "superseded")]
    unpinned = (await mine.patch(f"/v1/memory/{changed['id']}", json={"pinned": False})).json()
    assert unpinned["pinned"] is False
    gone = (await mine.delete(f"/v1/memory/{changed['id']}")).json()
    assert set(gone["ids"]) == {record, changed["id"]}
    problem_of(await mine.get(f"/v1/memory/{record}"), 404, "unknown_memory")
    problem_of(await mine.patch(f"/v1/memory/{record}", json={}), 422, "invalid_request")
    of_message = await mine.delete("/v1/memory/msg_1")
    assert "thread" in problem_of(of_message, 404, "unknown_memory")["detail"]


async def test_nobody_sees_or_changes_what_is_anothers(opened, mine, others, owner):
    (record,) = await kept(opened, owner, "Is allergic to penicillin.")
    url = f"/v1/memory/{record}"
    assert (await others.get("/v1/memory")).json()["items"] == []
    for response in (
        await others.get(url),
        await others.get(f"{url}/history"),
        await others.patch(url, json={"text": "Is fine."}),
        await others.patch(url, json={"pinned": True}),
        await others.delete(url),
    ):
        problem_of(response, 404, "unknown_memory")
    found = (await mine.get(url)).json()
    assert (found["text"], found["pinned"], found["version"]) == ("Is allergic to penicillin.", False, 1)


async def test_status_counts_what_there_is_and_what_waits(opened, mine, owner):
    await take_in(mine, lines(line(owner.user_id, "One."), line(owner.user_id, "Two.", 1, thread="t2")))
    await kept(opened, owner, "Lives in Oslo.")
    status = (await mine.get("/v1/memory/status")).json()
    counts = ("threads", "messages", "to_embed", "to_consolidate", "projects")
    assert [status[name] for name in counts] == [2, 2, 2, 2, 0]
    assert (status["tenant"], status["user"]) == ("local", owner.user_id)
    assert status["records"] == [
        {
            "tier": "long",
            "kind": "fact",
            "active": 1,
            "superseded": 0,
            "contested": 0,
            "faded": 0,
            "pinned": 0,
        }
    ]


async def test_reads_corrections_exports_and_deletions_are_noted(opened, mine, others, owner):
    (record,) = await kept(opened, owner, "Lives in Oslo.")
    await mine.get(f"/v1/memory/{record}")
    await mine.get("/v1/memory/recall", params={"q": "Where does he live?"})
    new = (await mine.patch(f"/v1/memory/{record}", json={"text": "Lives in Bergen."})).json()["id"]
    await mine.get("/v1/memory/export")
    await mine.delete(f"/v1/memory/{new}")
    page = (await mine.get("/v1/memory/audit", params={"limit": 3})).json()
    older = (await mine.get("/v1/memory/audit", params={"cursor": page["next"]})).json()
    noted = [*page["items"], *older["items"]]
    assert [one["action"] for one in noted] == ["forget", "export", "correct", "recall", "read"]
    assert [one["subject"] for one in noted] == [new, None, record, None, record]
    assert {one["actor"] for one in noted} == {owner.user_id}
    assert (noted[0]["counts"], older["next"]) == ({"records": 2}, None)
    assert (await others.get("/v1/memory/audit")).json()["items"] == []


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


async def test_project_is_changed_by_its_owner_and_seen_by_its_members(opened, mine, others, owner, other):
    made = await mine.post("/v1/projects", json={"name": "Shop", "description": "Sells things."})
    assert made.status_code == 201
    url = f"/v1/projects/{made.json()['id']}"
    problem_of(await others.get(url), 404, "unknown_project")
    added = await mine.post(f"{url}/members", json={"user_id": other.user_id})
    assert (added.json()["user_id"], added.json()["is_owner"]) == (other.user_id, False)
    members = (await mine.get(f"{url}/members")).json()["items"]
    assert [(one["user_id"], one["is_owner"]) for one in members] == [
        (owner.user_id, True),
        (other.user_id, False),
    ]
    await kept(opened, owner, "The shop uses PostgreSQL.", kind="decision", project_id=made.json()["id"])
    seen = (await others.get("/v1/memory", params={"project_id": made.json()["id"]})).json()["items"]
    assert [one["text"] for one in seen] == ["The shop uses PostgreSQL."]
    assert (await others.get("/v1/memory")).json()["items"] == []
    problem_of(await others.patch(url, json={"name": "Mine"}), 404, "unknown_project")
    problem_of(await others.delete(url), 404, "unknown_project")
    changed = (await mine.patch(url, json={"name": "Store", "state": "archived"})).json()
    assert (changed["name"], changed["description"], changed["state"]) == (
        "Store",
        "Sells things.",
        "archived",
    )
    assert (await others.get("/v1/projects")).json()["items"] == []
    listed = (await others.get("/v1/projects", params={"archived": True})).json()["items"]
    assert [one["name"] for one in listed] == ["Store"]
    assert (await others.delete(f"{url}/members/{other.user_id}")).status_code == 204
    problem_of(await others.get(url), 404, "unknown_project")
    assert [one["user_id"] for one in (await mine.get(f"{url}/members")).json()["items"]] == [owner.user_id]
    problem_of(await mine.post(f"{url}/members", json={"user_id": "a:b"}), 422, "invalid_user")
    assert (await mine.delete(url)).status_code == 204
    problem_of(await mine.get(url), 404, "unknown_project")


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


async def test_text_is_redacted_for_good_or_so_that_its_owner_can_have_it_back(mine, others, owner):
    text = "Write to ada@example.org or bob@example.org; the card is 4111 1111 1111 1111."
    gone = (await mine.post("/v1/memory/redact", json={"text": text})).json()
    assert gone == {
        "text": "Write to [email 1] or [email 2]; the card is [card 1].",
        "found": {"email": 2, "card": 1},
    }
    kept = (await mine.post("/v1/memory/redact", json={"text": text, "reversible": True})).json()
    assert kept["found"] == gone["found"]
    assert "ada@" not in kept["text"]
    said = f"Answer to {kept['text']}"
    revealed = (await mine.post("/v1/memory/reveal", json={"text": said})).json()
    assert revealed == {"text": f"Answer to {text}", "values": 3}
    theirs = (await others.post("/v1/memory/reveal", json={"text": said})).json()
    assert theirs == {"text": said, "values": 0}
    audit = (await mine.get("/v1/memory/audit")).json()["items"]
    assert [(one["action"], one["counts"]) for one in audit] == [
        ("reveal", {"values": 3}),
        ("redact", {"card": 1, "email": 2}),
    ]
    exported = (await mine.get("/v1/memory/export")).text
    assert "ada@example.org" not in exported  # this exporter has no vault
    receipt = (await mine.post("/v1/memory/erase", json={"confirm": str(owner)})).json()
    assert receipt["removed"]["postgresql"]["memory_vault"] == 3
    assert (await mine.post("/v1/memory/reveal", json={"text": said})).json()["values"] == 0


async def test_without_a_key_nothing_is_redacted_reversibly(client):
    refused = await client.post("/v1/memory/redact", json={"text": "ada@example.org", "reversible": True})
    assert "no key is configured" in problem_of(refused, 503, "key_missing")["detail"]
    unknown = "[email:0123456789abcdef]"
    answer = await client.post("/v1/memory/reveal", json={"text": unknown})
    assert answer.json() == {"text": unknown, "values": 0}
