import asyncio
from collections.abc import Sequence

import psycopg
import pytest

from app.database import open_pool
from knowledge import KnowledgeStore, KnowledgeUnavailable, SourceStatus
from knowledge.readers import PairRecord, ReadReport, SessionRecord, SourceKind
from knowledge.store import Saved, pair_id, source_id

SOURCE = source_id("technical", "abc")


def record(
    ordinal: int, question: str = "", answer: str = "", *, session: int = 1, topic: str = "RSI"
) -> PairRecord:
    return PairRecord(
        session=SessionRecord(ordinal=session, topic=topic, category="momentum", external_id=f"s{session}"),
        ordinal=ordinal,
        question=question or f"Question {session}.{ordinal}?",
        answer=answer or f"Answer {session}.{ordinal}.",
    )


async def begin(store: KnowledgeStore, source: str = SOURCE, name: str = "report.txt") -> None:
    await store.begin(
        source, collection="technical", name=name, kind=SourceKind.RESEARCH_REPORT, sha256="abc"
    )


async def fill(store: KnowledgeStore, records: Sequence[PairRecord]) -> Saved:
    await begin(store)
    return await store.save(SOURCE, "technical", records)


async def test_saved_pairs_come_back_with_their_provenance(store):
    assert await fill(store, [record(1), record(2), record(1, session=2, topic="MACD")]) == Saved(3, 0)
    stored = await store.changes(0, 10)
    assert [(pair.topic, pair.question, pair.source) for pair in stored] == [
        ("RSI", "Question 1.1?", "report.txt"),
        ("RSI", "Question 1.2?", "report.txt"),
        ("MACD", "Question 2.1?", "report.txt"),
    ]
    assert [pair.revision for pair in stored] == [1, 2, 3]
    assert all(pair.id.startswith("pair_") for pair in stored)
    assert await store.counts() == {"technical": 3}


async def test_saving_the_same_again_changes_nothing(store):
    await fill(store, [record(1), record(2)])
    assert await fill(store, [record(1), record(2)]) == Saved(0, 0)
    assert await store.revision() == 2


async def test_pairs_that_say_the_same_in_two_places_are_two(store):
    assert await fill(store, [record(1, "Same?", "Yes."), record(2, "Same?", "Yes.")]) == Saved(2, 0)


async def test_changed_pair_keeps_its_id_and_gets_a_new_revision(store):
    await fill(store, [record(1), record(2)])
    before = await store.revision()
    assert await fill(store, [record(1, answer="Better."), record(2)]) == Saved(0, 1)
    (changed,) = await store.changes(before, 10)
    assert (changed.id, changed.answer) == (pair_id(SOURCE, record(1)), "Better.")


async def test_nothing_to_save_is_no_transaction(store):
    assert await store.save(SOURCE, "technical", []) == Saved(0, 0)


async def test_removed_pairs_are_told_to_indexes_and_hidden_from_the_rest(store):
    await fill(store, [record(1), record(2)])
    before = await store.revision()
    keep = pair_id(SOURCE, record(1))
    assert await store.keep_only(SOURCE, [keep]) == 1
    (gone,) = await store.changes(before, 10)
    assert gone.removed
    assert list(await store.pairs([keep, gone.id])) == [keep]
    assert await store.counts() == {"technical": 1}
    assert await fill(store, [record(2)]) == Saved(0, 1)
    assert await store.counts() == {"technical": 2}


async def test_changes_come_in_portions_in_the_order_of_their_revisions(store):
    await fill(store, [record(number) for number in range(1, 8)])
    seen, after = [], 0
    while portion := await store.changes(after, 3):
        after = portion[-1].revision
        seen += [pair.revision for pair in portion]
    assert seen == list(range(1, 8))


async def test_revisions_become_visible_in_order_with_many_writers(store):
    seen: list[int] = []
    writing = True

    async def write(number: int) -> None:
        source = source_id("technical", str(number))
        await begin(store, source)
        for ordinal in range(1, 6):
            await store.save(source, "technical", [record(ordinal, session=number)])

    async def follow() -> None:
        while writing or await store.revision() > (seen[-1] if seen else 0):
            seen.extend(pair.revision for pair in await store.changes(seen[-1] if seen else 0, 100))

    following = asyncio.create_task(follow())
    await asyncio.gather(*(write(number) for number in range(1, 6)))
    writing = False
    await following
    assert len(seen) == 25
    assert seen == sorted(seen)


async def test_end_of_an_import_is_kept_with_its_remarks(store, pool):
    await fill(store, [record(1)])
    report = ReadReport(kind=SourceKind.RESEARCH_REPORT, declared=3, read=1)
    report.reject("pair 2", "has an empty answer")
    report.doubt("total", "declares 3 pairs and holds 2")
    await store.finish(SOURCE, report, SourceStatus.COMPLETE, sha256="abc")
    kept = await store.source(SOURCE)
    assert kept is not None
    assert (kept.status, kept.declared, kept.read, kept.rejected, kept.mismatched) == ("complete", 3, 1, 1, 1)
    assert kept.finished_at is not None
    assert await store.sources() == [kept]
    async with pool.connection() as connection:
        row = await (await connection.execute("SELECT remarks FROM knowledge_sources")).fetchone()
    assert row["remarks"][0] == {"what": "rejected", "place": "pair 2", "reason": "has an empty answer"}


async def test_whole_source_takes_the_place_of_its_damaged_forerunner(store):
    report = ReadReport(kind=SourceKind.RESEARCH_REPORT)
    await fill(store, [record(1)])
    await store.finish(SOURCE, report, SourceStatus.DAMAGED, sha256="abc", reason="breaks off")
    whole = source_id("technical", "whole")
    await begin(store, whole)
    await store.save(whole, "technical", [record(1), record(2)])
    await store.finish(whole, report, SourceStatus.COMPLETE, sha256="whole")
    assert await store.counts() == {"technical": 2}
    statuses = {source.id: source.status for source in await store.sources()}
    assert statuses == {SOURCE: SourceStatus.SUPERSEDED, whole: SourceStatus.COMPLETE}


async def test_topics_are_counted_with_their_category(store):
    await fill(store, [record(1), record(2), record(1, session=2, topic="MACD")])
    assert [(topic.topic, topic.category, topic.pairs) for topic in await store.topics()] == [
        ("RSI", "momentum", 2),
        ("MACD", "momentum", 1),
    ]


async def test_source_that_is_not_there_is_none(store):
    assert await store.source("source_none") is None
    assert await store.pairs([]) == {}
    assert await store.revision() == 0


async def test_identity_is_that_of_the_database(store):
    assert await store.identity() == await store.identity()


async def test_store_that_does_not_answer_is_an_outage(database_url):
    pool = await open_pool(database_url)
    await pool.close()
    with pytest.raises(KnowledgeUnavailable, match="does not answer"):
        await KnowledgeStore(pool).revision()


async def test_database_without_an_identity_is_an_outage(store, pool):
    async with pool.connection() as connection:
        row = await (await connection.execute("DELETE FROM knowledge_store RETURNING id")).fetchone()
    with pytest.raises(KnowledgeUnavailable, match="freya serve"):
        await store.identity()
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO knowledge_store VALUES (%s)", (row["id"],))


async def test_refused_statement_is_not_called_an_outage(store):
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        await store.save("source_unknown", "technical", [record(1)])
