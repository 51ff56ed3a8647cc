import asyncio
import shutil

import pytest

from knowledge import DenseIndex, Field, Indexer, IndexProgress, KnowledgeUnavailable, LexicalIndex
from tests.knowledge.corpus_samples import write_corpus
from tests.knowledge.samples import ATR, GAS, MACD, RSI, write_export


async def fill(importer, tmp_path, pairs=(RSI, MACD, ATR), name="a.json"):
    await importer.import_file(write_export(tmp_path / name, [("Momentum", pairs)]))


async def test_indexes_follow_the_store_and_then_rest(importer, indexer, lexical, dense, embedder, tmp_path):
    await fill(importer, tmp_path)
    assert await indexer.catch_up() == 6
    assert await lexical.counts() == await dense.counts() == {"technical": 3}
    embedded = embedder.embedded
    assert await indexer.catch_up() == 0
    assert embedder.embedded == embedded
    await fill(importer, tmp_path, [GAS], "b.json")
    assert await indexer.catch_up() == 2
    assert embedder.embedded == embedded + 2


async def test_empty_store_needs_nothing(indexer, store):
    assert await store.revision() == 0
    assert await indexer.catch_up() == 0


async def test_progress_is_told_batch_by_batch(importer, store, lexical, tmp_path):
    pairs = [(f"Question {number}?", "Answer.") for number in range(25)]
    await fill(importer, tmp_path, pairs)
    lexical.batch_size = 10
    told: list[IndexProgress] = []
    await Indexer(store, [lexical]).catch_up(told.append)
    assert [(step.index, step.applied, step.revision, step.latest) for step in told] == [
        ("lexical", 10, 10, 25),
        ("lexical", 20, 20, 25),
        ("lexical", 25, 25, 25),
    ]


async def test_cancelled_run_keeps_what_it_did_and_is_taken_up(importer, store, dense, embedder, tmp_path):
    await fill(importer, tmp_path, [(f"Question {number}?", "Answer.") for number in range(30)])
    dense.batch_size = 10
    indexer = Indexer(store, [dense])
    first_batch = asyncio.Event()
    running = asyncio.create_task(indexer.catch_up(lambda _: first_batch.set()))
    async with asyncio.timeout(60):
        await first_batch.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    embedded = embedder.embedded
    await indexer.catch_up()
    assert await dense.counts() == {"technical": 30}
    assert embedder.embedded - embedded < 60


async def test_many_pairs_are_found_by_their_questions_first(importer, store, dense, embedder, tmp_path):
    await fill(importer, tmp_path, [(f"Question {number}?", "Answer.") for number in range(25)])
    dense.batch_size = 10
    told: list[IndexProgress] = []
    indexer = Indexer(store, [dense])
    assert await indexer.catch_up(told.append) == 25
    assert [(step.index, step.applied) for step in told] == [
        ("questions", 10), ("questions", 20), ("questions", 25), ("dense", 10), ("dense", 20), ("dense", 25),
    ]  # fmt: skip
    assert embedder.embedded == 50


async def test_run_that_ends_after_the_questions_goes_on_with_the_answers(
    importer, store, dense, embedder, tmp_path
):
    await fill(importer, tmp_path, [(f"Question {number}?", "Answer.") for number in range(25)])
    dense.batch_size = 10
    indexer = Indexer(store, [dense])

    class AllAskedError(Exception):
        pass

    def end(state: IndexProgress) -> None:
        if state.revision == state.latest:
            raise AllAskedError

    with pytest.raises(AllAskedError):
        await indexer.catch_up(end)
    assert await dense.reached(str(await store.identity())) == 0
    assert await indexer.catch_up() == 25
    assert embedder.embedded == 50
    assert await dense.counts() == {"technical": 25}


async def test_calls_at_once_take_turns(importer, indexer, dense, tmp_path):
    await fill(importer, tmp_path)
    applied = await asyncio.gather(*(indexer.catch_up() for _ in range(4)))
    assert sum(applied) == 6
    assert await dense.counts() == {"technical": 3}


async def test_removed_packaged_pairs_leave_the_indexes(importer, indexer, lexical, dense, tmp_path):
    folder = tmp_path / "corpus"
    write_corpus(folder, "technical", [RSI, MACD])
    await importer.load_starter(folder)
    await indexer.catch_up()
    write_corpus(folder, "technical", [RSI])
    await importer.load_starter(folder)
    await indexer.catch_up()
    assert await lexical.counts() == await dense.counts() == {"technical": 1}
    assert await lexical.search("MACD", Field.QUESTION) == {}


async def test_deleted_index_folders_are_built_anew(importer, indexer, store, embedder, tmp_path, dense):
    await fill(importer, tmp_path)
    await indexer.catch_up()
    await dense.close()
    shutil.rmtree(tmp_path / "lexical")
    shutil.rmtree(tmp_path / "chroma")
    lexical, dense = LexicalIndex(tmp_path / "lexical"), DenseIndex(embedder, folder=tmp_path / "chroma")
    assert await Indexer(store, [lexical, dense]).catch_up() == 6
    assert await lexical.counts() == await dense.counts() == {"technical": 3}
    await dense.close()


async def test_index_that_lost_pairs_is_found_out_after_the_start_and_built_anew(
    importer, indexer, store, lexical, tmp_path
):
    await fill(importer, tmp_path)
    await indexer.catch_up()
    (first, *_) = await store.changes(0, 1)
    revision = await store.revision()
    lost = type(first)(**{**vars(first), "removed": True, "revision": revision})
    await lexical.apply([lost], store=str(await store.identity()))
    assert await Indexer(store, [lexical]).catch_up() == 3
    assert await lexical.counts() == {"technical": 3}


async def test_database_restored_to_an_earlier_state_is_noticed(importer, indexer, lexical, pool, tmp_path):
    await fill(importer, tmp_path)
    await indexer.catch_up()
    async with pool.connection() as connection:
        await connection.execute("DELETE FROM knowledge_pairs WHERE revision = 3")
    await indexer.catch_up()
    assert await lexical.counts() == {"technical": 2}


async def test_one_index_away_does_not_hold_up_the_other_and_comes_back(
    importer, indexer, lexical, dense, embedder, tmp_path
):
    await fill(importer, tmp_path)
    embedder.down = True
    with pytest.raises(KnowledgeUnavailable, match="embedding model"):
        await indexer.catch_up()
    assert await lexical.counts() == {"technical": 3}
    embedder.down = False
    assert await indexer.catch_up() == 3
    assert await dense.counts() == {"technical": 3}


async def test_index_that_never_agrees_is_an_outage_and_not_an_endless_loop(importer, store, tmp_path):
    class Forgetful(LexicalIndex):
        async def counts(self):
            return {"technical": 1}

    await fill(importer, tmp_path)
    with pytest.raises(KnowledgeUnavailable, match="still differs"):
        await Indexer(store, [Forgetful(tmp_path / "forgetful")]).catch_up()
