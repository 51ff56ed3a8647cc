"""Stored pairs over HTTP: listed part by part, exported as a stream, and beside what is like them."""

import asyncio
import csv
import io
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.wiring import Running
from knowledge import KnowledgeStore, KnowledgeUnavailable, ListedPair, listing
from tests.app.test_http import problem_of
from tests.app.test_http_knowledge import refined, until_ended
from tests.app.test_http_openapi import checked, document
from tests.app.test_http_paging import walked

__all__ = ["document", "refined"]
_PAIRS = "/v1/knowledge/pairs"
_EXPORT = "/v1/knowledge/export"
_DUPLICATES = "/v1/knowledge/duplicates"
pytestmark = pytest.mark.usefixtures("refined")


@pytest.fixture
def store(running: Running) -> KnowledgeStore:
    return running.freya.known._store


async def listed(client: httpx.AsyncClient, **given: Any) -> list[dict[str, Any]]:
    """The first pairs that are let through."""
    response = await client.get(_PAIRS, params={"limit": 200, **given})
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


async def all_ids(client: httpx.AsyncClient, **given: str) -> list[str]:
    return [pair["id"] for pair in await walked(client, _PAIRS, 150, **given)]  # type: ignore[index]  # JSON


@pytest.fixture
async def twins(store: KnowledgeStore, client: httpx.AsyncClient) -> AsyncIterator[list[str]]:
    """The ids of four pairs: the second gave way to the first, the third and fourth are variants."""
    ids = [pair["id"] for pair in await listed(client, collection="technical", limit=4)]
    values = {"kept": ids[0], "gone": ids[1], "one": min(ids[2:]), "other": max(ids[2:])}
    await store.write_all(
        [
            ("INSERT INTO knowledge_duplicates VALUES (%(gone)s, %(kept)s, 0.95, 0.9)", values),
            ("INSERT INTO knowledge_likenesses VALUES (%(one)s, %(other)s, 0.93, 0.88, 0.2)", values),
        ]
    )
    yield ids
    await store.write_all(
        [
            ("DELETE FROM knowledge_duplicates WHERE pair_id = %(gone)s", values),
            ("DELETE FROM knowledge_likenesses WHERE first_id = %(one)s AND second_id = %(other)s", values),
        ]
    )


@pytest.mark.uncounted
async def test_list_is_walked_to_its_end_in_parts_of_any_size(client, document):
    stored = sum(one["stored"] for one in (await client.get("/v1/knowledge")).json()["items"])
    whole = await walked(client, _PAIRS, 200, duplicates="with")
    assert len(whole) == stored
    for pair in whole:
        checked(document, "ListedPairView", pair)
    assert await walked(client, _PAIRS, 37, duplicates="with") == whole
    assert (
        len(await walked(client, _PAIRS, 37, q="RSI")) == len(await walked(client, _PAIRS, 200, q="RSI")) > 0
    )


async def test_listed_pair_is_what_the_pair_itself_says(client):
    (pair, *_) = await listed(client, collection="technical", limit=1)
    alone = (await client.get(f"{_PAIRS}/{pair['id']}")).json()
    same = set(pair) - {"duplicate_of"}
    assert {name: pair[name] for name in same} == {name: alone[name] for name in same}
    assert pair["duplicate_of"] == alone["kept_id"]


async def test_only_pairs_as_wanted_are_listed(client):
    everything = await listed(client)
    topic = next(pair["slug"] for pair in everything if pair["slug"])
    assert {pair["slug"] for pair in await listed(client, topic=topic)} == {topic}
    some = await listed(client, collection=["sofia", "davina"])
    assert {pair["collection"] for pair in some} == {"sofia", "davina"}
    least = sorted(pair["quality"] for pair in everything)[100]
    good = await listed(client, min_quality=least)
    assert min(pair["quality"] for pair in good) >= least
    tiers = {pair["tier"] for pair in everything}
    for tier in tiers:
        assert {pair["tier"] for pair in await listed(client, tier=tier)} == {tier}
    beginner = await listed(client, difficulty="BEGINNER")
    assert {pair["difficulty"] for pair in beginner} == {"beginner"}
    tag = everything[0]["tags"][0]
    assert all(tag in pair["tags"] for pair in await listed(client, tag=tag))
    source = everything[0]["source"]
    assert {pair["source"] for pair in await listed(client, source=source)} == {source}
    asked = await listed(client, q='"relative strength index" or RSI')
    assert asked
    assert all("rsi" in pair["question"].lower() or "relative" in pair["question"].lower() for pair in asked)
    category = (await client.get(f"/v1/knowledge/topics/{topic}")).json()["category"]
    assert topic in {pair["slug"] for pair in await listed(client, category=category.upper())}
    assert all(pair["dated"] >= "2024-01-01" for pair in await listed(client, since="2024-01-01"))
    for nothing in ({"collection": "none"}, {"topic": "none"}, {"category": "none"}, {"source": "none"}):
        assert await listed(client, **nothing) == []
    for nothing in ({"tag": "none"}, {"difficulty": "none"}, {"q": "zzzz"}, {"since": "2100-01-01"}):
        assert await listed(client, **nothing) == []


async def test_duplicates_are_left_out_listed_too_or_alone(client, twins):
    _, gone, *_ = twins
    assert gone not in await all_ids(client)
    assert gone in await all_ids(client, duplicates="with")
    (only,) = await listed(client, duplicates="only")
    assert (only["id"], only["duplicate_of"]) == (gone, twins[0])


async def test_cursor_goes_on_after_a_pair_that_is_left_out_meanwhile(client, twins):
    _, gone, third, _ = twins
    (following,) = await listed(client, collection="technical", limit=1, cursor=gone)
    assert following["id"] == third


async def test_duplicates_are_listed_beside_what_they_gave_way_to(client, document, twins):
    kept, gone, *two = twins
    (group,) = (await client.get(_DUPLICATES)).json()["items"]
    checked(document, "AlikeView", group)
    assert (group["pair"]["id"], group["count"]) == (kept, 1)
    (alike,) = group["alike"]
    assert (alike["id"], alike["overlap"]) == (gone, None)
    assert (round(alike["question_similarity"], 2), round(alike["answer_similarity"], 2)) == (0.95, 0.9)
    (variants,) = (await client.get(_DUPLICATES, params={"variants": True})).json()["items"]
    assert {variants["pair"]["id"], variants["alike"][0]["id"]} == set(two)
    assert round(variants["alike"][0]["overlap"], 2) == 0.2
    for given in ({"collection": "sofia"}, {"topic": "none"}, {"cursor": kept}):
        page = (await client.get(_DUPLICATES, params=given)).json()
        assert page == {"items": [], "next": None}
    slug = group["pair"]["slug"]
    same = await client.get(_DUPLICATES, params={"collection": "technical", "topic": slug, "limit": 1})
    assert same.json() == {"items": [group], "next": None}


@pytest.mark.usefixtures("twins")
async def test_groups_are_walked_to_their_end(client, store):
    others = [pair["id"] for pair in await listed(client, collection="sofia", limit=8)]
    values = {"gone": others[4:], "kept": others[:4]}
    await store.write(
        """INSERT INTO knowledge_duplicates
        SELECT gone, kept, 0.9, 0.9 FROM unnest(%(gone)s::text[], %(kept)s::text[]) AS given (gone, kept)""",
        values,
    )
    try:
        whole = await walked(client, _DUPLICATES, 200)
        assert len(whole) == 5
        assert await walked(client, _DUPLICATES, 2) == whole
    finally:
        await store.write("DELETE FROM knowledge_duplicates WHERE pair_id = ANY (%(gone)s)", values)


async def test_export_streams_the_pairs_in_the_order_of_the_list(client, monkeypatch):
    monkeypatch.setattr(listing, "_BATCH", 40)
    response = await client.get(_EXPORT)
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.headers["content-disposition"] == 'attachment; filename="freya-knowledge.jsonl"'
    assert "content-length" not in response.headers
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert [line["id"] for line in lines] == await all_ids(client)
    (sofia, *_) = [line for line in lines if line["collection"] == "sofia"]
    (pair,) = [pair for pair in await listed(client, collection="sofia") if pair["id"] == sofia["id"]]
    assert sofia == {name: value for name, value in pair.items() if value not in (None, [], {})}


@pytest.mark.parametrize(
    ("kind", "media"),
    [
        ("json", "application/json"),
        ("csv", "text/csv; charset=utf-8"),
        ("parquet", "application/vnd.apache.parquet"),
    ],
)
async def test_export_in_other_formats_is_the_same_pairs(client, monkeypatch, kind, media):
    parquet = pytest.importorskip("pyarrow.parquet") if kind == "parquet" else None
    monkeypatch.setattr(listing, "_BATCH", 40)
    response = await client.get(_EXPORT, params={"format": kind, "collection": "sofia"})
    assert response.headers["content-type"] == media
    assert response.headers["content-disposition"] == f'attachment; filename="freya-knowledge.{kind}"'
    if parquet is not None:
        rows = (await asyncio.to_thread(parquet.read_table, io.BytesIO(response.content))).to_pylist()
    elif kind == "csv":
        rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
    else:
        rows = response.json()
    expected = await listed(client, collection="sofia")
    assert [(row["id"], row["question"], row["answer"]) for row in rows] == [
        (pair["id"], pair["question"], pair["answer"]) for pair in expected
    ]


@pytest.mark.parametrize(("kind", "empty"), [("jsonl", ""), ("json", "[]\n")])
async def test_export_of_nothing_is_an_empty_file(client, kind, empty):
    response = await client.get(_EXPORT, params={"format": kind, "q": "zzzz"})
    assert (response.status_code, response.text) == (200, empty)


async def test_export_is_imported_again_by_the_other_door(client):
    exported = await client.get(_EXPORT, params={"collection": "davina"})
    ordered = await client.post(
        "/v1/knowledge/import",
        params={"name": "davina.jsonl", "collection": "again"},
        content=exported.content,
    )
    job = await until_ended(client, ordered.headers["location"])
    try:
        assert job["result"]["outcome"] == "imported"
        again = await listed(client, collection="again", duplicates="with")
        kept = ("topic", "question", "answer", "difficulty", "tags")
        assert sorted([pair[name] for name in kept] for pair in again) == sorted(
            [pair[name] for name in kept] for pair in await listed(client, collection="davina")
        )
    finally:
        (source,) = (await client.get("/v1/knowledge/sources", params={"collection": "again"})).json()[
            "items"
        ]
        removal = {"kind": "remove", "arguments": {"source": source["id"]}}
        removed = await client.post("/v1/knowledge/jobs", json=removal)
        await until_ended(client, removed.headers["location"])
    assert (await client.get("/v1/knowledge/sources", params={"collection": "again"})).json()["items"] == []


async def test_client_that_goes_away_ends_the_reading(app, running: Running, monkeypatch):
    monkeypatch.setattr(listing, "_BATCH", 1)
    read: list[str] = []
    kept = listing._listed

    def noted(row: dict[str, Any]) -> ListedPair:
        read.append(row["id"])
        return kept(row)

    monkeypatch.setattr(listing, "_listed", noted)
    asked, left = asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        if not asked.is_set():
            asked.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            left.set()
            await asyncio.Event().wait()  # as a connection that takes no more

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": _EXPORT,
        "raw_path": _EXPORT.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    async with asyncio.timeout(60):
        await app(scope, receive, send)
    assert len(read) == 1
    stats = running.freya.known._store._pool.get_stats()
    assert stats["pool_available"] == stats["pool_size"]


async def test_more_exports_than_connections_are_read_side_by_side(client, running: Running, monkeypatch):
    monkeypatch.setattr(listing, "_BATCH", 50)
    many = running.freya.known._store._pool.max_size + 5
    answers = await asyncio.gather(
        *(client.get(_EXPORT, params={"collection": "sofia"}) for _ in range(many))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1


async def test_outage_before_the_first_piece_is_a_problem_and_later_ends_the_connection(
    client, store, monkeypatch, logged
):
    monkeypatch.setattr(listing, "_BATCH", 5)
    rows, times = store.rows, []

    async def away(*given: Any, **named: Any) -> Any:
        times.append(1)
        if len(times) > most:
            raise KnowledgeUnavailable("/secret/socket")
        return await rows(*given, **named)

    monkeypatch.setattr(store, "rows", away)
    most = 0
    refused = problem_of(await client.get(_EXPORT), 503, "knowledge_unavailable")
    assert "secret" not in refused["detail"]
    problem_of(await client.get(_PAIRS), 503, "knowledge_unavailable")
    problem_of(await client.get(_DUPLICATES), 503, "knowledge_unavailable")
    times.clear()
    most = 2
    with pytest.raises(KnowledgeUnavailable):
        await client.get(_EXPORT)
    assert "knowledge_unavailable" in logged.text


async def test_parquet_without_its_library_is_refused(client, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    refused = await client.get(_EXPORT, params={"format": "parquet"})
    assert "freya-agents[parquet]" in problem_of(refused, 422, "request_refused")["detail"]


async def test_sources_are_listed_part_by_part(client, document):
    whole = await walked(client, "/v1/knowledge/sources", 200)
    for source in whole:
        checked(document, "SourceView", source)
    assert whole == (await client.get("/v1/knowledge/status")).json()["sources"]
    assert await walked(client, "/v1/knowledge/sources", 2) == whole
    some = await walked(client, "/v1/knowledge/sources", 2, collection="sofia")
    assert some == [source for source in whole if source["collection"] == "sofia"]  # type: ignore[index]  # JSON


async def test_version_is_read_by_its_number(client, document):
    for version in (await client.get("/v1/knowledge/versions")).json()["items"]:
        alone = (await client.get(f"/v1/knowledge/versions/{version['number']}")).json()
        checked(document, "VersionView", alone)
        assert alone == version
    problem = problem_of(await client.get("/v1/knowledge/versions/99"), 404, "unknown_version")
    assert "99" in problem["detail"]


@pytest.mark.parametrize("path", [_PAIRS, _DUPLICATES, "/v1/knowledge/sources"])
async def test_cursor_that_names_nothing_is_refused(client, path):
    problem = problem_of(await client.get(path, params={"cursor": "pair_none"}), 422, "invalid_request")
    assert [error["field"] for error in problem["errors"]] == ["query.cursor"]
    assert "begin again without a cursor" in problem["detail"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{_PAIRS}?limit=0", "limit"),
        (f"{_PAIRS}?limit=201", "limit"),
        (f"{_PAIRS}?cursor=", "cursor"),
        (f"{_PAIRS}?cursor=%00", "cursor"),
        (f"{_PAIRS}?collection=No%20Name", "collection"),
        (f"{_PAIRS}?topic=No%20Slug", "topic"),
        (f"{_PAIRS}?category=", "category"),
        (f"{_PAIRS}?source=%00", "source"),
        (f"{_PAIRS}?tier=best", "tier"),
        (f"{_PAIRS}?min_quality=101", "min_quality"),
        (f"{_PAIRS}?min_quality=nan", "min_quality"),
        (f"{_PAIRS}?since=yesterday", "since"),
        (f"{_PAIRS}?difficulty={'x' * 301}", "difficulty"),
        (f"{_PAIRS}?tag=%00", "tag"),
        (f"{_PAIRS}?q=", "q"),
        (f"{_PAIRS}?q=%00", "q"),
        (f"{_PAIRS}?q={'x' * 501}", "q"),
        (f"{_PAIRS}?duplicates=some", "duplicates"),
        (f"{_EXPORT}?format=xml", "format"),
        (f"{_EXPORT}?tier=best", "tier"),
        (f"{_DUPLICATES}?variants=perhaps", "variants"),
        (f"{_DUPLICATES}?limit=201", "limit"),
        ("/v1/knowledge/sources?collection=%00", "collection"),
        ("/v1/knowledge/versions/0", "number"),
    ],
)
async def test_parameter_that_does_not_fit_is_named(client, path, field):
    errors = problem_of(await client.get(path), 422, "invalid_request")["errors"]
    assert any(field in error["field"] for error in errors)


@pytest.mark.parametrize(
    "text", ['"', "AND", "a:b", "*", "(", "😀", "\u202e", "'; --", "[1]", "\\", "%", "-", "or"]
)
async def test_any_text_can_be_asked_for(client, text):
    for name in ("q", "category", "tag", "source", "difficulty"):
        assert (await client.get(_PAIRS, params={name: text})).status_code == 200
