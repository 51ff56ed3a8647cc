"""Stored pairs part by part: their order, what is let through, and what goes on meanwhile."""

from datetime import date

import pytest

from app.database import open_pool
from knowledge import KnowledgeStore, KnowledgeUnavailable, PairList, PairSelection, UnknownPair, listing
from knowledge.alike import AlikeList
from knowledge.readers import PairRecord, SessionRecord, SourceKind
from knowledge.refinery import Likeness, RefineryStore
from knowledge.store import pair_id, source_id

SOURCES = {"technical": "a.json", "fundamentals": "b.json"}
SLUG = "relative-strength-index"


def record(number: int, *, session: int = 1, topic: str = "RSI", category: str | None = "momentum", **more):
    return PairRecord(
        session=SessionRecord(ordinal=session, topic=topic, category=category, external_id=None),
        ordinal=number,
        **{
            "question": f"What is question {session}.{number}?",
            "answer": f"It is answer {session}.{number}.",
            **more,
        },
    )


async def save(store: KnowledgeStore, records: list[PairRecord], collection: str = "technical") -> list[str]:
    source = source_id(collection, "abc")
    await store.begin(
        source, collection=collection, name=SOURCES[collection], kind=SourceKind.RESEARCH_REPORT, sha256="abc"
    )
    await store.save(source, collection, records)
    return [pair_id(source, each) for each in records]


async def refine(store: KnowledgeStore, pair: str, quality: float, tier: str, dated: date | None = None):
    await store.write(
        """INSERT INTO knowledge_refinements (pair_id, text_md5, measures, quality, tier, parts, dated, compared)
        VALUES (%(pair)s, '', 1, %(quality)s, %(tier)s, '{}', %(dated)s, true)""",
        {"pair": pair, "quality": quality, "tier": tier, "dated": dated},
    )


def like(first: str, second: str, overlap: float = 0.95) -> Likeness:
    return Likeness(first=first, second=second, question=0.9, answer=0.85, overlap=overlap)


@pytest.fixture
async def many(store: KnowledgeStore) -> list[str]:
    """Pairs of two collections, several topics and sessions."""
    records = [
        record(number, session=session, topic=topic)
        for session, topic in enumerate(("RSI", "MACD", "RSI", "Gas"), 1)
        for number in range(1, 8)
    ]
    return await save(store, records) + await save(store, records[:10], "fundamentals")


async def walked(pairs: PairList, wanted: PairSelection, limit: int) -> list[str]:
    found: list[str] = []
    while page := await pairs.page(wanted, limit=limit, after=found[-1] if found else None):
        assert len(page) <= limit
        found += [pair.id for pair in page]
    return found


@pytest.mark.parametrize(
    "wanted", [PairSelection(), PairSelection(words="question"), PairSelection(tags=("t",))]
)
@pytest.mark.parametrize("limit", [1, 5, 100])
async def test_parts_are_the_whole_each_pair_once(store, many, wanted, limit):
    await store.write("UPDATE knowledge_pairs SET tags = '{t}'", {})
    found = await walked(PairList(store), wanted, limit)
    assert sorted(found) == sorted(many)
    assert found == await walked(PairList(store), PairSelection(), 7)
    assert await PairList(store).count(wanted) == len(many)


@pytest.mark.usefixtures("many")
async def test_pairs_stand_by_collection_and_topic_in_the_order_of_their_sources(store):
    pairs = await PairList(store).page(PairSelection(), limit=100)
    collections = [pair.collection for pair in pairs]
    assert collections == ["fundamentals"] * 10 + ["technical"] * 28
    topics = list(dict.fromkeys((pair.collection, pair.topic) for pair in pairs))
    assert [(pair.collection, pair.topic) for pair in pairs] == sorted(
        ((pair.collection, pair.topic) for pair in pairs), key=topics.index
    )
    in_session = [pair.question for pair in pairs if pair.topic == "MACD" and pair.collection == "technical"]
    assert in_session == [f"What is question 2.{number}?" for number in range(1, 8)]


async def test_batches_are_the_whole_however_small(store, many, monkeypatch):
    monkeypatch.setattr(listing, "_BATCH", 3)
    batches = [batch async for batch in PairList(store).batches(PairSelection())]
    assert {len(batch) for batch in batches} == {3, len(many) % 3}
    assert [pair.id for batch in batches for pair in batch] == await walked(
        PairList(store), PairSelection(), 50
    )


async def test_what_changes_between_two_parts_costs_no_other_pair(store, many, monkeypatch):
    monkeypatch.setattr(listing, "_BATCH", 5)
    batches = PairList(store).batches(PairSelection())
    seen = [pair.id for pair in await anext(batches)]
    last = seen[-1]
    await store.write("UPDATE knowledge_pairs SET removed = true WHERE id = %(id)s", {"id": last})
    (new,) = await save(store, [record(99, topic="New")])
    seen += [pair.id async for batch in batches for pair in batch]
    assert sorted(set(seen) - {new}) == sorted(many)
    assert len(seen) == len(set(seen))
    assert (await PairList(store).page(PairSelection(), limit=1, after=last))[0].id == seen[5]


@pytest.mark.usefixtures("many")
async def test_no_connection_is_held_between_two_batches(database_url, monkeypatch):
    monkeypatch.setattr(listing, "_BATCH", 5)
    pool = await open_pool(database_url, min_size=1, max_size=1)
    try:
        pairs = PairList(KnowledgeStore(pool))
        reading = [pairs.batches(PairSelection()) for _ in range(12)]
        for batches in reading:
            assert len(await anext(batches)) == 5
        assert pool.get_stats()["pool_available"] == 1
        for batches in reading:
            await batches.aclose()
    finally:
        await pool.close()


async def test_each_filter_lets_through_what_it_names(store):
    one, other, third = await save(
        store,
        [
            record(1, difficulty="Beginner", tags=("entry", "exit"), question="Why is a Golden Cross late?"),
            record(1, session=2, topic="MACD", category="Averages", difficulty="advanced", tags=("exit",)),
            record(1, session=3, topic="Houses", category=None, question="Why late, with x_y and 50%?"),
        ],
    )
    (far,) = await save(store, [record(1)], "fundamentals")
    await store.write(
        "UPDATE knowledge_topics SET slug = %(slug)s WHERE name = 'RSI' AND collection = 'technical'",
        {"slug": SLUG},
    )
    await refine(store, one, 91.0, "premium", date(2025, 3, 1))
    await refine(store, other, 60.0, "review", date(2024, 3, 1))
    expected = {
        PairSelection(): {one, other, third, far},
        PairSelection(collections=("technical",)): {one, other, third},
        PairSelection(collections=("technical", "fundamentals")): {one, other, third, far},
        PairSelection(collections=("none",)): set(),
        PairSelection(topics=(SLUG,)): {one},
        PairSelection(topics=("none",)): set(),
        PairSelection(category="averages"): {other},
        PairSelection(category="MOMENTUM"): {one, far},  # the catalogue's, and the source's
        PairSelection(category="Momentum", topics=(SLUG,)): {one},
        PairSelection(category="none"): set(),
        PairSelection(sources=("b.json",)): {far},
        PairSelection(sources=(source_id("technical", "abc"),)): {one, other, third},
        PairSelection(sources=("none",)): set(),
        PairSelection(tiers=("premium", "low")): {one},
        PairSelection(min_quality=60.0): {one, other},
        PairSelection(min_quality=91.5): set(),
        PairSelection(since=date(2025, 1, 1)): {one},
        PairSelection(difficulties=("BEGINNER",)): {one},
        PairSelection(difficulties=("beginner", "Advanced")): {one, other},
        PairSelection(tags=("entry",)): {one},
        PairSelection(tags=("entry", "exit")): {one, other},
        PairSelection(words="golden LATE"): {one},
        PairSelection(words='"late cross"'): set(),
        PairSelection(words="golden or 50"): {one, third},
        PairSelection(words="late -golden"): {third},
        PairSelection(words="%"): set(),
        PairSelection(words="'; --"): set(),
        PairSelection(words="late", tags=("exit",), tiers=("premium",), collections=("technical",)): {one},
    }
    pairs = PairList(store)
    for wanted, ids in expected.items():
        found = await pairs.page(wanted, limit=10)
        assert {pair.id for pair in found} == ids, wanted
        assert await pairs.count(wanted) == len(ids)
        assert {pair.id async for batch in pairs.batches(wanted) for pair in batch} == ids


async def test_duplicates_are_left_out_listed_too_or_alone(store):
    kept, gone, other = await save(store, [record(number) for number in (1, 2, 3)])
    await RefineryStore(store).link({gone: like(kept, gone)})
    pairs = PairList(store)
    assert {pair.id for pair in await pairs.page(PairSelection(), limit=9)} == {kept, other}
    assert {pair.id for pair in await pairs.page(PairSelection(duplicates="with"), limit=9)} == {
        kept,
        gone,
        other,
    }
    (only,) = await pairs.page(PairSelection(duplicates="only"), limit=9)
    assert (only.id, only.duplicate_of) == (gone, kept)


async def test_question_longer_than_an_index_takes_is_stored_and_found_by_its_beginning(store):
    long = " ".join(f"word{number}" for number in range(120_000))
    (pair,) = await save(store, [record(1, question=long[:999_000])])
    assert [each.id for each in await PairList(store).page(PairSelection(words="word7"), limit=9)] == [pair]


@pytest.mark.usefixtures("many")
async def test_pair_that_never_was_is_no_place_to_go_on_from(store):
    with pytest.raises(UnknownPair, match="pair_none"):
        await PairList(store).page(PairSelection(), limit=5, after="pair_none")


async def test_pairs_that_gave_way_stand_beside_the_one_that_was_kept_and_why(store):
    kept, first, second, alone, variant, far = await save(store, [record(number) for number in range(1, 7)])
    refinery = RefineryStore(store)
    found = [
        like(kept, first, 0.9),
        like(kept, second, 0.7),
        like(alone, variant, 0.3),
        like(alone, far, 0.2),
    ]
    await refinery.save_likenesses([*found, like(second, variant, 0.3)], [])
    await refinery.link({first: like(kept, first, 0.9), second: like(kept, second, 0.7)})
    (group,) = await AlikeList(store).page("duplicates", limit=5)
    assert (group.pair.id, group.count) == (kept, 2)
    assert {(each.id, round(each.overlap or 0, 2)) for each in group.alike} == {(first, 0.9), (second, 0.7)}
    assert {
        (round(each.question_similarity, 2), round(each.answer_similarity, 2)) for each in group.alike
    } == {(0.9, 0.85)}
    assert await AlikeList(store).page("duplicates", limit=5, after=kept) == []
    assert await AlikeList(store).page("duplicates", topics=("none",), limit=5) == []
    assert await AlikeList(store).page("duplicates", collections=("fundamentals",), limit=5) == []
    variants = await AlikeList(store).page("variants", limit=5)
    two = {frozenset((group.pair.id, each.id)) for group in variants for each in group.alike}
    assert two == {frozenset((alone, variant)), frozenset((alone, far))}
    assert sum(group.count for group in variants) == 2
    await store.write("DELETE FROM knowledge_likenesses", {})
    (group,) = await AlikeList(store).page("duplicates", limit=5)
    assert {each.overlap for each in group.alike} == {None}


async def test_of_very_many_duplicates_the_first_are_listed_and_all_are_counted(store):
    kept, *gone = await save(store, [record(number) for number in range(1, 122)])
    await RefineryStore(store).link({pair: like(kept, pair) for pair in gone})
    (group,) = await AlikeList(store).page("duplicates", limit=5)
    assert (group.count, len(group.alike)) == (120, 100)
    await store.write("UPDATE knowledge_pairs SET removed = true WHERE id <> %(id)s", {"id": kept})
    assert await AlikeList(store).page("duplicates", limit=5) == []


async def test_outage_is_told(database_url):
    pool = await open_pool(database_url, min_size=1, max_size=1)
    await pool.close()
    pairs = PairList(KnowledgeStore(pool))
    with pytest.raises(KnowledgeUnavailable):
        await pairs.page(PairSelection(), limit=1)
