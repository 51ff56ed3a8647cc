"""Knowledge over HTTP: found, read, counted and refined; and what is told of a request that does not fit."""

import asyncio
from datetime import datetime
from typing import Any

import httpx
import pytest

from app.jobs import runner
from app.wiring import Running
from knowledge import KnowledgeUnavailable
from knowledge.refinery import MEASURES, WEIGHTS
from tests.app.test_http import problem_of
from tests.app.test_http_openapi import checked, document

__all__ = ["document"]
_SEARCH = "/v1/knowledge/search"


async def until_ended(client: httpx.AsyncClient, location: str) -> dict[str, Any]:
    async with asyncio.timeout(400):
        while True:
            job: dict[str, Any] = (await client.get(location)).json()
            if job["state"] not in {"queued", "running"}:
                return job
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
async def refined(client: httpx.AsyncClient) -> dict[str, Any]:
    """A job that refined everything that the service holds."""
    ordered = await client.post("/v1/knowledge/jobs", json={"kind": "refine"})
    assert ordered.status_code == 202
    job: dict[str, Any] = ordered.json()
    assert ordered.headers["location"] == f"/v1/knowledge/jobs/{job['id']}"
    assert (job["kind"], job["arguments"]) == ("refine", {"topics_again": False})
    assert job["state"] in {"queued", "running"}  # it may have begun before the answer was made
    return await until_ended(client, ordered.headers["location"])


async def found(client: httpx.AsyncClient, q: str, **given: Any) -> list[dict[str, Any]]:
    response = await client.get(_SEARCH, params={"q": q, **given})
    assert response.status_code == 200, response.text
    hits: list[dict[str, Any]] = response.json()["items"]
    return hits


async def test_pairs_are_found_by_meaning_with_the_passage_that_matched(client, refined):
    assert refined["state"] == "finished", refined["error"]
    hits = await found(client, "What is the RSI?", limit=3)
    assert 1 <= len(hits) <= 3
    assert "RSI" in hits[0]["question"]
    for hit in hits:
        assert hit["passage"]
        assert hit["passage"] in hit["answer"]
        assert 0 <= hit["relevance"] <= 1
        assert 0 <= hit["quality"] <= 100
        assert hit["tier"] in {"premium", "standard", "review", "low"}
    assert hits[0]["slug"] == "relative-strength-index"
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    narrowed = await found(client, "What is the RSI?", collection=["sofia", "technical"])
    assert {hit["collection"] for hit in narrowed} == {"technical"}
    elsewhere = await found(client, "What is the RSI?", collection=["sofia", "fundamentals"])
    assert {hit["collection"] for hit in elsewhere} <= {"sofia", "fundamentals"}
    assert not {hit["pair_id"] for hit in elsewhere} & {hit["pair_id"] for hit in narrowed}
    assert await found(client, "RSI", collection="no-such-one") == []


@pytest.mark.usefixtures("refined")
async def test_only_pairs_as_wanted_are_found(client):
    everything = await found(client, "What is the RSI?", limit=20)
    slug = everything[0]["slug"]
    of_topic = await found(client, "What is the RSI?", topic=slug, limit=20)
    assert of_topic
    assert {hit["slug"] for hit in of_topic} == {slug}
    least = sorted(hit["quality"] for hit in everything)[len(everything) // 2]
    good = await found(client, "What is the RSI?", min_quality=least, limit=20)
    assert good
    assert min(hit["quality"] for hit in good) >= least
    assert await found(client, "What is the RSI?", topic="no-such-topic") == []
    assert await found(client, "What is the RSI?", since="2100-01-01") == []


@pytest.mark.usefixtures("refined")
async def test_what_is_stored_is_counted_beside_what_is_indexed(client):
    counted = {one["name"]: one for one in (await client.get("/v1/knowledge")).json()["items"]}
    assert counted["technical"]["stored"] > 50
    for one in counted.values():
        assert one["indexable"] <= one["stored"]
        assert set(one["indexed"].values()) == {one["indexable"]}


@pytest.mark.usefixtures("refined")
async def test_pair_is_read_with_the_parts_of_its_quality_and_its_place(client, document):
    (hit, *_) = await found(client, "What is the RSI?")
    pair = (await client.get(f"/v1/knowledge/pairs/{hit['pair_id']}")).json()
    checked(document, "PairDetail", pair)
    for name in ("collection", "topic", "slug", "question", "answer", "source", "quality", "tier"):
        assert pair[name] == hit[name]
    assert [part["measure"] for part in pair["parts"]] == [measure.value for measure in WEIGHTS]
    assert all(part["because"] for part in pair["parts"])
    assert (pair["source_kind"], pair["kept_id"]) == ("corpus", None)
    assert pair["attributes"]["sources"]
    assert pair["session"] >= 1
    assert pair["ordinal"] >= 1


@pytest.mark.usefixtures("refined")
async def test_topics_are_the_catalogue_with_counts(client, document):
    topics = (await client.get("/v1/knowledge/topics", params={"limit": 200})).json()["items"]
    for topic in topics:
        checked(document, "TopicView", topic)
    assert len({topic["slug"] for topic in topics}) == len(topics) > 100
    technical = [topic for topic in topics if topic["collection"] == "technical"]
    assert sum(topic["pairs"] for topic in technical) > 50
    assert all(topic["good"] <= topic["pairs"] for topic in topics)


@pytest.mark.usefixtures("refined")
async def test_topic_is_read_with_what_sources_call_it_and_its_best_pairs(client, document):
    slug = (await found(client, "What is the RSI?"))[0]["slug"]
    topic = (await client.get(f"/v1/knowledge/topics/{slug}", params={"best": 2})).json()
    checked(document, "TopicDetailView", topic)
    assert topic["slug"] == slug
    assert len(topic["best"]) == 2
    qualities = [pair["quality"] for pair in topic["best"]]
    assert qualities == sorted(qualities, reverse=True)
    assert sum(each["pairs"] for each in topic["called"]) == sum(each["pairs"] for each in topic["tiers"]) > 2
    assert {each["mapped_by"] for each in topic["called"]} <= {"rule", "meaning"}
    unknown = await client.get("/v1/knowledge/topics/rsi")
    assert "did you mean" in problem_of(unknown, 404, "unknown_topic")["detail"]


@pytest.mark.usefixtures("refined")
async def test_status_tells_collections_tiers_sources_and_their_topics(client, document):
    status = (await client.get("/v1/knowledge/status")).json()
    checked(document, "StatusView", status)
    assert status["collections"] == (await client.get("/v1/knowledge")).json()["items"]
    stored = sum(each["stored"] for each in status["collections"])
    assert sum(each["pairs"] for each in status["tiers"]) == stored
    assert sum(each["pairs"] for each in status["topics"]) == stored
    assert sum(each["read"] for each in status["sources"]) == stored
    shipped = next(each for each in status["sources"] if each["kind"] == "corpus")
    source = (await client.get(f"/v1/knowledge/sources/{shipped['id']}")).json()
    checked(document, "SourceDetailView", source)
    assert source == {**shipped, "remarks": []}
    (live,) = [
        one for one in (await client.get("/v1/knowledge/versions")).json()["items"] if one["state"] == "live"
    ]
    assert status["version"] == live["number"]


@pytest.mark.usefixtures("refined")
async def test_gaps_are_told_against_the_targets_worst_first(client, document):
    gaps = (await client.get("/v1/knowledge/gaps")).json()
    checked(document, "GapsView", gaps)
    assert gaps["targets"] == {"full": 100, "acceptable": 80, "least_success": 0.6}
    assert sum(gaps["coverage"].values()) == gaps["count"] == len(gaps["topics"])
    missing = [topic["missing"] for topic in gaps["topics"]]
    assert missing == sorted(missing, reverse=True)
    some = (await client.get("/v1/knowledge/gaps", params={"collection": "technical", "limit": 2})).json()
    assert len(some["topics"]) == 2 < some["count"] < gaps["count"]
    category = some["topics"][0]["category"].upper()
    of_category = (await client.get("/v1/knowledge/gaps", params={"category": category})).json()
    assert {topic["category"].upper() for topic in of_category["topics"]} == {category}
    assert (await client.get("/v1/knowledge/gaps", params={"category": "no such"})).json()["count"] == 0


@pytest.mark.usefixtures("refined")
async def test_gaps_are_told_against_the_targets_of_the_request(client):
    asked = {"collection": "technical", "target": 5, "acceptable": 4, "share": 0.9}
    gaps = (await client.get("/v1/knowledge/gaps", params=asked)).json()
    assert gaps["targets"] == {"full": 5, "acceptable": 4, "least_success": 0.9}
    assert all(topic["missing"] == max(0, 5 - topic["pairs"]) for topic in gaps["topics"])
    full = sum(topic["pairs"] >= 5 for topic in gaps["topics"])
    assert gaps["coverage"]["full"] == full > 0
    halved = (await client.get("/v1/knowledge/gaps", params={"target": 50})).json()
    assert halved["targets"] == {"full": 50, "acceptable": 40, "least_success": 0.6}


@pytest.mark.usefixtures("refined")
async def test_progress_adds_up_by_collection_session_and_category(client, document):
    progress = (await client.get("/v1/knowledge/progress", params={"target": 5})).json()
    checked(document, "KnowledgeProgress", progress)
    assert progress["targets"] == {"full": 5, "acceptable": 4, "least_success": 0.6}
    gaps = (await client.get("/v1/knowledge/gaps", params={"target": 5})).json()
    for name in ("collections", "categories"):
        parts = progress[name]
        assert sum(part["topics"] for part in parts) == gaps["count"]
        assert sum(part["done"] for part in parts) == gaps["coverage"]["full"]
        assert sum(part["pairs"] for part in parts) == sum(topic["pairs"] for topic in gaps["topics"])
        assert sum(part["target"] - part["counted"] for part in parts) == sum(
            topic["missing"] for topic in gaps["topics"]
        )
    assert [int(part["name"]) for part in progress["sessions"]] == list(range(1, 45))
    (fundamentals,) = [
        part["topics"] for part in progress["collections"] if part["collection"] == "fundamentals"
    ]
    of_it = [part for part in progress["categories"] if part["collection"] == "fundamentals"]
    assert (len(of_it), sum(part["topics"] for part in of_it)) == (12, fundamentals)
    stored = sum(one["stored"] for one in (await client.get("/v1/knowledge")).json()["items"])
    assert sum(day["kept"] + day["duplicates"] for day in progress["days"]) == stored
    narrow = (await client.get("/v1/knowledge/progress", params={"collection": "sofia"})).json()
    assert [part["name"] for part in narrow["collections"]] == ["sofia"]
    assert narrow["sessions"] == []
    nothing = (await client.get("/v1/knowledge/progress", params={"collection": "none"})).json()
    assert (nothing["collections"], nothing["days"]) == ([], [])


async def test_refinement_says_what_it_did_and_finds_nothing_the_second_time(client, refined, document):
    checked(document, "JobView", refined)
    result = refined["result"]
    assert sum(each["pairs"] for each in result["tiers"]) >= 100
    assert {each["tier"] for each in result["tiers"]} <= {"premium", "standard", "review", "low"}
    ordered = await client.post("/v1/knowledge/jobs", json={"kind": "refine", "arguments": {}})
    again = await until_ended(client, ordered.headers["location"])
    assert (again["result"]["measured"], again["result"]["linked"], again["result"]["placed"]) == (0, 0, 0)
    page = (await client.get("/v1/knowledge/jobs", params={"limit": 1})).json()
    assert [job["id"] for job in page["items"]] == [again["id"]]
    older = await client.get("/v1/knowledge/jobs", params={"limit": 200, "cursor": page["next"]})
    assert refined["id"] in {job["id"] for job in older.json()["items"]}
    assert MEASURES >= 1


@pytest.mark.usefixtures("refined")
async def test_repeated_order_with_its_key_is_one_job(client):
    key = {"idempotency-key": "refine-1"}
    first = (await client.post("/v1/knowledge/jobs", json={"kind": "refine"}, headers=key)).json()
    again = (await client.post("/v1/knowledge/jobs", json={"kind": "refine"}, headers=key)).json()
    assert again["id"] == first["id"]
    other = {"kind": "refine", "arguments": {"topics_again": True}}
    refused = await client.post("/v1/knowledge/jobs", json=other, headers=key)
    problem_of(refused, 409, "idempotency_conflict")
    await until_ended(client, f"/v1/knowledge/jobs/{first['id']}")


@pytest.mark.usefixtures("refined")
async def test_version_is_built_activated_and_taken_back_without_a_failing_search(client, document):
    before = (await client.get("/v1/knowledge/versions")).json()["items"]
    for version in before:
        checked(document, "VersionView", version)
    (live,) = [version for version in before if version["state"] == "live"]
    order = {"kind": "index", "arguments": {"note": "a trial", "low_tier": False}}
    ordered = await client.post("/v1/knowledge/jobs", json=order)
    built = (await until_ended(client, ordered.headers["location"]))["result"]
    assert (built["state"], built["note"], built["recipe"]["low_tier"]) == ("ready", "a trial", False)
    switched = asyncio.Event()

    async def search() -> int:
        times = 0
        while not switched.is_set():
            assert await found(client, "What is the RSI?")
            times += 1
        return times

    searching = asyncio.create_task(search())
    route = f"/v1/knowledge/versions/{built['number']}/activate"
    refused = problem_of(await client.post(route), 409, "version_unproven")["detail"]
    assert f"--version {built['number']} --compare {live['number']}" in refused
    assert "over HTTP with `anyway`" in refused
    activated = await client.post(route, params={"anyway": True})
    back = await client.post("/v1/knowledge/versions/rollback")
    switched.set()
    assert await searching > 1
    assert (activated.json()["number"], activated.json()["state"]) == (built["number"], "live")
    assert (back.json()["number"], back.json()["state"]) == (live["number"], "live")
    pruned = await client.post("/v1/knowledge/jobs", json={"kind": "prune", "arguments": {"keep": 1}})
    job = await until_ended(client, pruned.headers["location"])
    assert built["number"] in job["result"]["pruned"]
    gone = await client.post(route)
    assert "deleted" in problem_of(gone, 409, "version_refused")["detail"]
    problem_of(await client.post("/v1/knowledge/versions/rollback"), 409, "version_refused")


@pytest.mark.slow
@pytest.mark.usefixtures("refined")
async def test_live_version_is_evaluated_in_the_background_and_its_report_kept(client, document):
    (live,) = [
        one for one in (await client.get("/v1/knowledge/versions")).json()["items"] if one["state"] == "live"
    ]
    before = await client.get(f"/v1/knowledge/versions/{live['number']}/evaluation")
    assert "was not evaluated yet" in problem_of(before, 404, "not_evaluated")["detail"]
    order = {"kind": "evaluate", "arguments": {"size": 10, "collections": ["sofia"]}}
    ordered = await client.post("/v1/knowledge/jobs", json=order)
    job = await until_ended(client, ordered.headers["location"])
    assert job["state"] == "finished", job["error"]
    assert job["result"]["report"]["tasks"]["answers"]["cases"] == 10
    (live,) = [
        one for one in (await client.get("/v1/knowledge/versions")).json()["items"] if one["state"] == "live"
    ]
    assert live["evaluated"]
    report = (await client.get(f"/v1/knowledge/versions/{live['number']}/evaluation")).json()
    checked(document, "Report", report)
    assert report == job["result"]["report"]


@pytest.mark.usefixtures("refined")
async def test_job_is_cancelled_over_http(client, running: Running, monkeypatch):
    monkeypatch.setattr(runner, "_BEAT_S", 0.02)
    began, broken_off = asyncio.Event(), asyncio.Event()

    async def without_end(*_: object) -> dict[str, Any]:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            broken_off.set()
        return {}

    carrying = running.freya.known._ordered.__self__  # type: ignore[attr-defined]  # the runner's method
    monkeypatch.setattr(carrying, "_carry", without_end)
    job = (await client.post("/v1/knowledge/jobs", json={"kind": "refine"})).json()
    async with asyncio.timeout(60):
        await began.wait()
        cancelled = await client.post(f"/v1/knowledge/jobs/{job['id']}/cancel")
        await broken_off.wait()
    told = cancelled.json()
    assert (told["id"], told["state"], told["result"], told["error"]) == (job["id"], "cancelled", None, None)
    created, started, finished = (
        datetime.fromisoformat(told[f"{what}_at"]) for what in ("created", "started", "finished")
    )
    assert created <= started <= finished
    assert (await client.get(f"/v1/knowledge/jobs/{job['id']}")).json() == told
    again = await client.post(f"/v1/knowledge/jobs/{job['id']}/cancel")
    assert "cancelled" in problem_of(again, 409, "job_not_active")["detail"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"kind": "polish"},
        {"kind": 5},
        {"kind": "refine", "arguments": []},
        {"kind": "refine", "arguments": {"topics_again": "perhaps"}},
        {"kind": "refine", "arguments": {"colour": "red"}},
        {"kind": "refine", "colour": "red"},
        {"kind": "activate"},
        {"kind": "activate", "arguments": {"number": 0}},
        {"kind": "activate", "arguments": {"number": 2**31}},
        {"kind": "activate", "arguments": {"number": 1, "anyway": "perhaps"}},
        {"kind": "index", "arguments": {"note": "a\u0000b"}},
        {"kind": "index", "arguments": {"model": ""}},
        {"kind": "index", "arguments": {"model": "a\u0000b"}},
        {"kind": "index", "arguments": {"passages": {"tokens": 31}}},
        {"kind": "index", "arguments": {"passages": {"overlap": 8}}},
        {"kind": "index", "arguments": {"number": 1, "model": "other"}},
        {"kind": "evaluate", "arguments": {"size": 5001}},
        {"kind": "evaluate", "arguments": {"collections": ["No Name"]}},
        {"kind": "prune", "arguments": {"keep": 0}},
    ],
)
async def test_order_that_does_not_fit_is_refused_and_named(client, body):
    refused = await client.post("/v1/knowledge/jobs", json=body)
    assert problem_of(refused, 422, "invalid_request")["errors"]


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/v1/knowledge/pairs/pair_none", "unknown_pair"),
        ("GET", "/v1/knowledge/jobs/job_none", "unknown_job"),
        ("POST", "/v1/knowledge/jobs/job_none/cancel", "unknown_job"),
        ("POST", "/v1/knowledge/versions/99/activate", "unknown_version"),
        ("GET", "/v1/knowledge/versions/99/evaluation", "unknown_version"),
        ("GET", "/v1/knowledge/sources/source_none", "unknown_source"),
        ("GET", "/v1/knowledge/topics/no-such-topic", "unknown_topic"),
    ],
)
async def test_unknown_thing_is_named(client, method, path, code):
    assert path.split("/")[4] in problem_of(await client.request(method, path), 404, code)["detail"]


@pytest.mark.parametrize(
    "path",
    [
        _SEARCH,
        f"{_SEARCH}?q=",
        f"{_SEARCH}?query=RSI",
        f"{_SEARCH}?q={'x' * 2001}",
        f"{_SEARCH}?q=x&collection=no%20name%00",
        f"{_SEARCH}?q=x&topic=No%20Slug",
        f"{_SEARCH}?q=x&min_quality=101",
        f"{_SEARCH}?q=x&min_quality=nan",
        f"{_SEARCH}?q=x&since=yesterday",
        f"{_SEARCH}?q=x&limit=51",
        "/v1/knowledge/pairs/a%00",
        f"/v1/knowledge/pairs/{'x' * 65}",
        "/v1/knowledge/topics/No%20Slug",
        "/v1/knowledge/sources/%00",
        "/v1/knowledge/topics/relative-strength-index?best=101",
        "/v1/knowledge/versions/0/evaluation",
        "/v1/knowledge/gaps?limit=0",
        "/v1/knowledge/gaps?collection=%00",
        "/v1/knowledge/gaps?category=",
        "/v1/knowledge/gaps?target=0",
        "/v1/knowledge/gaps?target=10&acceptable=11",
        "/v1/knowledge/gaps?acceptable=1000001",
        "/v1/knowledge/gaps?share=1.1",
        "/v1/knowledge/gaps?share=nan",
        "/v1/knowledge/progress?days=0",
        "/v1/knowledge/progress?days=367",
        "/v1/knowledge/progress?collection=%00",
        "/v1/knowledge/progress?target=10&acceptable=11",
        "/v1/knowledge/jobs?cursor=newest",
        "/v1/knowledge/jobs?limit=201",
        "/v1/knowledge/jobs/%00",
    ],
)
async def test_parameter_that_does_not_fit_is_named(client, path):
    assert problem_of(await client.get(path), 422, "invalid_request")["errors"]


@pytest.mark.parametrize(
    "q", ["\0", '"', "AND", "a:b", "*", "(", "😀", "x" * 2000, "\u202e", "SELECT 1; --", "[1]", "\\"]
)
async def test_any_text_can_be_searched_for(client, q):
    assert (await client.get(_SEARCH, params={"q": q})).status_code == 200


@pytest.mark.parametrize("category", ["'; --", "%", "😀", "\\"])
async def test_any_category_can_be_asked_for(client, category):
    assert (await client.get("/v1/knowledge/gaps", params={"category": category})).status_code == 200


async def test_outage_of_the_store_is_told(client, running: Running, monkeypatch, logged):
    async def away(*_: object, **__: object) -> None:
        raise KnowledgeUnavailable("/secret/socket")

    monkeypatch.setattr(running.freya.known._store, "rows", away)
    told = await client.get("/v1/knowledge/pairs/pair_x")
    assert "secret" not in problem_of(told, 503, "knowledge_unavailable")["detail"]
    assert "knowledge_unavailable" in logged.text
