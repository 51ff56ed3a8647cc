"""Sources that are taken back."""

import pytest

from knowledge import KnowledgeStore, SourceStatus, UnknownSource, remove_source
from knowledge.readers import ReadReport, SourceKind
from tests.knowledge.test_refiner import PAIRS, fill, refiner, refinery
from tests.knowledge.test_store import SOURCE, begin, record

__all__ = ["refiner", "refinery"]

OTHER = "source_other"


async def filled(store: KnowledgeStore) -> tuple[str, str]:
    """Two sources of a pair each; gives the ids of the pairs."""
    ids = []
    for source in (SOURCE, OTHER):
        await begin(store, source, f"{source}.txt")
        before = await store.revision()
        await store.save(source, "technical", [record(1)])
        ids.append((await store.changes(before, 10))[0].id)
        report = ReadReport(kind=SourceKind.RESEARCH_REPORT)
        await store.finish(source, report, SourceStatus.COMPLETE, sha256="abc")
    return ids[0], ids[1]


async def test_what_a_source_brought_is_gone_with_its_text(store, pool):
    mine, others = await filled(store)
    before = await store.revision()
    assert await remove_source(store, SOURCE) == 1
    assert await store.counts() == {"technical": 1}
    assert set(await store.pairs([mine, others])) == {others}
    assert [(each.id, each.removed) for each in await store.changes(before, 10)] == [(mine, True)]
    assert [source.id for source in await store.sources()] == [OTHER]
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT question, answer FROM knowledge_pairs WHERE id = %s", (mine,)
        )
        assert await cursor.fetchone() == {"question": "", "answer": ""}


async def test_removed_once_more_nothing_changes_and_what_is_imported_again_is_there_again(store):
    mine, _ = await filled(store)
    await remove_source(store, SOURCE)
    after = await store.revision()
    assert await remove_source(store, SOURCE) == 0
    assert await store.revision() == after
    await begin(store)
    assert (await store.save(SOURCE, "technical", [record(1)])).changed == 1
    assert (await store.pairs([mine]))[mine].answer == "Answer 1.1."


async def test_a_duplicate_of_what_is_removed_is_found_again(
    store, refiner, dense, indexer, importer, tmp_path
):
    first = await fill(importer, tmp_path, PAIRS[:1], "a.json")
    second = await fill(importer, tmp_path, PAIRS[1:2], "b.json")
    await indexer.catch_up()
    await refiner.run()
    await indexer.catch_up()
    assert await dense.counts() == {"technical": 1}
    (linked,) = await store.rows(
        "SELECT source_id FROM knowledge_pairs WHERE id IN (SELECT kept_id FROM knowledge_duplicates)", {}
    )
    kept = linked["source_id"]
    (other,) = {first.source, second.source} - {kept}
    assert await remove_source(store, kept) == 1
    await indexer.catch_up()
    assert await dense.counts() == {"technical": 1}
    assert [source.id for source in await store.sources()] == [other]
    result = await refiner.run()
    assert (result.linked, result.measured) == (0, 0)


async def test_a_source_that_there_is_not_is_told(store):
    with pytest.raises(UnknownSource, match="source_nowhere"):
        await remove_source(store, "source_nowhere")
