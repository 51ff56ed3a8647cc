import asyncio
import gzip
import json

import pytest

from knowledge import Importer, InvalidCollection, KnowledgeUnavailable, Outcome, SourceStatus
from knowledge.importer import STARTER
from knowledge.readers import SourceKind
from knowledge.store import KnowledgeStore
from tests.knowledge.corpus_samples import write_corpus
from tests.knowledge.samples import (
    ATR,
    GAS,
    MACD,
    RSI,
    export_document,
    write_export,
    write_lines,
    write_report,
)


async def test_file_is_imported_with_what_it_declares(importer, store, tmp_path):
    path = write_export(tmp_path / "export.json", [("Momentum", [RSI, MACD]), ("Volatility", [ATR])])
    (result,) = await importer.import_paths([path])
    assert (result.outcome, result.kind, result.collection) == (
        Outcome.IMPORTED,
        SourceKind.RAG_EXPORT,
        "technical",
    )
    assert (result.declared, result.read, result.added, result.changed) == (3, 3, 3, 0)
    assert await store.counts() == {"technical": 3}


async def test_importing_twice_changes_nothing_whatever_the_name(importer, store, tmp_path):
    path = write_export(tmp_path / "export.json", [("Momentum", [RSI, MACD])])
    await importer.import_file(path)
    revision = await store.revision()
    packed = tmp_path / "copy.json.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    again, copy = await importer.import_paths([path, packed])
    assert (again.outcome, again.reason) == (Outcome.ALREADY, "was imported before")
    assert (copy.outcome, copy.reason) == (Outcome.ALREADY, "was imported before as export.json")
    assert await store.revision() == revision


async def test_same_file_in_another_collection_is_another_source(importer, store, tmp_path):
    path = write_report(tmp_path / "report.txt", [RSI])
    await importer.import_file(path, collection="fundamentals")
    await importer.import_file(path)
    assert await store.counts() == {"fundamentals": 1, "technical": 1}


async def test_broken_off_import_is_completed_without_doubles(importer, store, tmp_path):
    pairs = [(f"Question {number}?", f"Answer {number}.") for number in range(1200)]
    path = write_export(tmp_path / "export.json", [("Many", pairs)])
    first_batch = asyncio.Event()
    running = asyncio.create_task(importer.import_file(path, progress=lambda _: first_batch.set()))
    async with asyncio.timeout(60):
        await first_batch.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    stored = (await store.counts())["technical"]
    assert 0 < stored < 1200
    (source,) = await store.sources()
    assert source.status is SourceStatus.IMPORTING
    result = await importer.import_file(path)
    assert result.outcome is Outcome.IMPORTED
    assert result.added == 1200 - stored
    assert await store.counts() == {"technical": 1200}


async def test_progress_tells_how_far_a_file_is(importer, tmp_path):
    pairs = [(f"Question {number}?", "Answer.") for number in range(1100)]
    path = write_export(tmp_path / "export.json", [("Many", pairs)])
    told: list[tuple[str, int, int | None]] = []
    await importer.import_file(path, progress=lambda step: told.append((step.name, step.read, step.declared)))
    assert told == [("export.json", 500, 1100), ("export.json", 1000, 1100), ("export.json", 1100, 1100)]


async def test_damaged_file_is_imported_up_to_the_damage_and_then_replaced_by_the_whole(
    importer, store, tmp_path
):
    path = tmp_path / "export.json"
    content = json.dumps(export_document([("Momentum", [RSI, MACD, ATR])]))
    path.write_text(content[: content.index("true ranges")], encoding="utf-8")
    damaged = await importer.import_file(path)
    assert (damaged.outcome, damaged.read) == (Outcome.DAMAGED, 2)
    assert damaged.reason is not None
    assert "after pair 2" in damaged.reason
    repeated = await importer.import_file(path)
    assert (repeated.outcome, repeated.added) == (Outcome.DAMAGED, 0)
    path.write_text(content, encoding="utf-8")
    assert (await importer.import_file(path)).outcome is Outcome.IMPORTED
    assert await store.counts() == {"technical": 3}


async def test_folder_gives_a_result_a_file_and_refuses_none_silently(importer, tmp_path):
    write_report(tmp_path / "a.txt", [RSI])
    (tmp_path / "b.txt").write_text("A summary.", encoding="utf-8")
    (tmp_path / "c.json").write_text('{"pairs": []}', encoding="utf-8")
    (tmp_path / "d.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "notes.md").write_text("not looked at", encoding="utf-8")
    (tmp_path / "inner").mkdir()
    write_lines(tmp_path / "inner" / "e.jsonl", [MACD])
    results = await importer.import_paths([tmp_path])
    assert [(result.name, result.outcome) for result in results] == [
        ("a.txt", Outcome.IMPORTED),
        ("b.txt", Outcome.EMPTY),
        ("c.json", Outcome.EMPTY),
        ("d.txt", Outcome.REFUSED),
        ("e.jsonl", Outcome.IMPORTED),
        ("notes.md", Outcome.EMPTY),
    ]
    assert results[1].reason == "a report without question-answer pairs"
    assert results[2].reason is not None
    assert "JSON without question-answer pairs" in results[2].reason
    again = await importer.import_paths([tmp_path / "b.txt"])
    assert again[0].reason == "was imported before; it is a report without question-answer pairs"


async def test_patterns_and_missing_files_are_told_apart(importer, tmp_path):
    write_report(tmp_path / "report (ADX)[1].txt", [RSI])
    write_report(tmp_path / "other.txt", [MACD])
    results = await importer.import_paths(
        [f"{tmp_path}/o*.txt", tmp_path / "report (ADX)[1].txt", tmp_path / "none.txt", f"{tmp_path}/*.none"]
    )
    assert [(result.name, result.outcome) for result in results] == [
        ("other.txt", Outcome.IMPORTED),
        ("report (ADX)[1].txt", Outcome.IMPORTED),
        ("none.txt", Outcome.REFUSED),
        ("*.none", Outcome.REFUSED),
    ]
    assert results[2].reason == "none.txt cannot be read: No such file or directory."


async def test_packaged_pairs_are_loaded_once_each_folder_into_its_collection(importer, store, tmp_path):
    write_corpus(tmp_path, "technical", [RSI, MACD])
    write_corpus(tmp_path, "business", [GAS])
    first = await importer.load_starter(tmp_path)
    assert [(result.collection, result.added) for result in first] == [("business", 1), ("technical", 2)]
    again = await importer.load_starter(tmp_path)
    assert [result.outcome for result in again] == [Outcome.ALREADY, Outcome.ALREADY]
    assert {pair.source for pair in await store.changes(0, 10)} == {STARTER}
    assert {topic.slug for topic in await store.topics()} == {"technical-momentum", "business-momentum"}


async def test_changed_packaged_file_changes_only_what_differs(importer, store, tmp_path):
    write_corpus(tmp_path, "technical", [RSI, MACD])
    await importer.load_starter(tmp_path)
    before = {pair.question: pair for pair in await store.changes(0, 10)}
    revision = await store.revision()
    write_corpus(tmp_path, "technical", [(RSI[0], "A better answer."), ATR])
    (result,) = await importer.load_starter(tmp_path)
    assert (result.outcome, result.added, result.changed, result.removed) == (Outcome.IMPORTED, 1, 1, 1)
    changed = {pair.question: pair for pair in await store.changes(revision, 10)}
    assert changed[RSI[0]].id == before[RSI[0]].id
    assert changed[RSI[0]].answer.startswith("A better answer.")
    assert changed[MACD[0]].removed
    assert await store.counts() == {"technical": 2}


@pytest.mark.slow
@pytest.mark.uncounted
async def test_packaged_pairs_load(importer, store):
    results = await importer.load_starter()
    assert sum((await store.counts()).values()) == sum(result.added for result in results)
    assert all(result.outcome is Outcome.IMPORTED and not result.rejected for result in results)


async def test_status_tells_what_is_stored_and_what_is_indexed(importer, indexer, tmp_path):
    await importer.import_file(write_report(tmp_path / "a.txt", [RSI, MACD]))
    before = await importer.status()
    assert before.stored == {"technical": 2}
    assert [(state.index, state.current, state.pairs) for state in before.indexes] == [
        ("lexical", False, {}),
        ("dense", False, {}),
    ]
    await indexer.catch_up()
    after = await importer.status()
    assert [(state.current, state.pairs) for state in after.indexes] == [(True, {"technical": 2})] * 2
    assert [(topic.topic, topic.pairs) for topic in after.topics] == [("RSI", 2)]
    assert [source.name for source in after.sources] == ["a.txt"]


async def test_status_without_an_indexer_speaks_of_the_store_only(store):
    assert (await Importer(store).status()).indexes == []


async def test_import_into_a_store_that_is_away_is_an_outage(pool, tmp_path):
    class Away(KnowledgeStore):
        async def source(self, source):
            raise KnowledgeUnavailable(source)

    with pytest.raises(KnowledgeUnavailable):
        await Importer(Away(pool)).import_file(write_report(tmp_path / "a.txt", [RSI]))


@pytest.mark.parametrize("name", ["no such/../x", "House", "", "a" * 65, "x\n"])
async def test_a_collection_that_no_index_could_hold_is_refused_before_anything_is_stored(
    importer, store, tmp_path, name
):
    path = write_report(tmp_path / "report.txt", [RSI])
    with pytest.raises(InvalidCollection, match="small letters"):
        await importer.import_paths([path], collection=name)
    assert await store.sources() == []
