import asyncio
import shutil
import signal
from dataclasses import replace

import chromadb
import pytest
from chromadb.config import Settings

from knowledge import DenseIndex, Field, KnowledgeUnavailable, PassageSettings, StoredPair
from tests.knowledge.chroma import chroma_server, free_port, until_it_answers

STORE = "store"


def pair(number: int, question: str, answer: str, *, collection: str = "technical") -> StoredPair:
    return StoredPair(
        id=f"pair_{number}",
        collection=collection,
        topic="Momentum",
        source="report.txt",
        question=question,
        answer=answer,
        removed=False,
        revision=number,
    )


PAIRS = [
    pair(1, "What is the RSI?", "A bounded line of closes."),
    pair(2, "Where do averages cross?", "What is the RSI good for, one may ask."),
    pair(3, "Who buys shops?", "Investors do.", collection="business"),
]


async def test_nearest_pairs_come_first_in_each_field(dense):
    await dense.apply(PAIRS, store=STORE)
    embedded = await dense.encode("What is the RSI?")
    in_questions = await dense.search(embedded[Field.QUESTION], Field.QUESTION, collections=["technical"])
    in_answers = await dense.search(embedded[Field.ANSWER], Field.ANSWER, collections=["technical"])
    assert list(in_questions) == ["pair_1", "pair_2"]
    assert in_questions["pair_1"] == pytest.approx(1.0, abs=1e-5)
    assert list(in_answers) == ["pair_2", "pair_1"]


async def test_questions_are_found_before_answers_are_embedded_and_are_embedded_once(dense, embedder):
    await dense.ask(PAIRS, store=STORE)
    vectors = await dense.encode("What is the RSI?")
    assert "pair_1" in await dense.search(vectors[Field.QUESTION], Field.QUESTION)
    assert await dense.search(vectors[Field.ANSWER], Field.ANSWER) == {}
    assert (await dense.asked(STORE), await dense.reached(STORE)) == (3, 0)
    embedded = embedder.embedded
    await dense.apply(PAIRS, store=STORE)
    assert embedder.embedded - embedded == len(PAIRS)
    assert await dense.reached(STORE) == 3
    assert await dense.counts() == {"technical": 2, "business": 1}
    assert "pair_2" in await dense.search(vectors[Field.ANSWER], Field.ANSWER)


async def test_a_question_that_changed_since_it_was_taken_in_is_embedded_again(dense):
    await dense.load()
    await dense.ask(PAIRS, store=STORE)
    reworded = replace(PAIRS[0], question="Who buys shops?", revision=4)
    await dense.apply([PAIRS[1], PAIRS[2], reworded], store=STORE)
    asked = (await dense.encode("Who buys shops?"))[Field.QUESTION]
    assert (await dense.search(asked, Field.QUESTION))["pair_1"] == pytest.approx(1.0, abs=1e-5)


async def test_a_pair_removed_since_its_question_was_taken_in_is_gone(dense):
    await dense.ask(PAIRS, store=STORE)
    await dense.ask([replace(PAIRS[0], removed=True, revision=4)], store=STORE)
    asked = (await dense.encode("What is the RSI?"))[Field.QUESTION]
    assert set(await dense.search(asked, Field.QUESTION)) == {"pair_2", "pair_3"}


async def test_without_collections_all_are_searched(dense):
    await dense.apply(PAIRS, store=STORE)
    embedded = await dense.encode("Who buys shops?")
    assert set(await dense.search(embedded[Field.QUESTION], Field.QUESTION)) == {"pair_1", "pair_2", "pair_3"}
    assert list(await dense.search(embedded[Field.QUESTION], Field.QUESTION, limit=1)) == ["pair_3"]
    assert await dense.search(embedded[Field.QUESTION], Field.QUESTION, collections=["unheard-of"]) == {}


async def test_similarities_are_those_of_the_search(dense):
    await dense.apply(PAIRS, store=STORE)
    embedded = await dense.encode("where is the RSI?")
    searched = await dense.search(embedded[Field.QUESTION], Field.QUESTION)
    asked = {
        "technical": ["pair_1", "pair_2", "gone"],
        "business": ["pair_3"],
        "none": ["x"],
        "technical ": [],
    }
    assert await dense.similarities(embedded[Field.QUESTION], Field.QUESTION, asked) == pytest.approx(
        searched, abs=1e-5
    )
    assert await dense.similarities(embedded[Field.ANSWER], Field.ANSWER, {"technical": ["gone"]}) == {}


async def test_several_vectors_find_their_nearest_at_once(dense):
    await dense.apply(PAIRS, store=STORE)
    texts = ["What is the RSI?", "Where do averages cross?"]
    vectors = [(await dense.encode(text))[Field.QUESTION] for text in texts]
    found = await dense.nearest(vectors, Field.QUESTION, collection="technical", limit=1)
    assert [list(each) for each in found] == [["pair_1"], ["pair_2"]]
    assert await dense.nearest(vectors, Field.QUESTION, collection="unheard-of", limit=1) == [{}, {}]
    assert await dense.nearest([], Field.QUESTION, collection="technical", limit=1) == []


async def test_vectors_are_those_that_are_searched(dense):
    await dense.apply(PAIRS, store=STORE)
    embedded = await dense.encode("What is the RSI?")
    held = await dense.vectors({Field.QUESTION: {"technical": ["pair_1", "gone"], "none": ["pair_1"]}})
    assert list(held) == [Field.QUESTION]
    assert list(held[Field.QUESTION]) == ["pair_1"]
    assert float(held[Field.QUESTION]["pair_1"] @ embedded[Field.QUESTION]) == pytest.approx(1.0, abs=1e-5)


async def test_long_answer_is_found_by_what_it_comes_to_late(dense):
    filler = " ".join(
        f"Sentence number {number} speaks of nothing in particular today." for number in range(40)
    )
    late = pair(4, "Which?", f"{filler} Quokkas burrow. {filler}")
    early = pair(5, "What?", filler)
    await dense.apply([late, early], store=STORE)
    found = await dense.search((await dense.encode("quokkas burrow"))[Field.ANSWER], Field.ANSWER)
    assert list(found) == ["pair_4", "pair_5"]


async def test_answers_cut_otherwise_are_an_index_of_their_own(dense, embedder, tmp_path):
    await dense.apply(PAIRS, store=STORE)
    others = [
        DenseIndex(embedder, folder=tmp_path / "chroma", cut=PassageSettings(tokens=64)),
        DenseIndex(embedder, folder=tmp_path / "chroma", number=1),
    ]
    for other in others:
        assert await other.reached(STORE) == 0
        assert await other.counts() == {}
        await other.apply(PAIRS[:1], store=STORE)
        await other.clear()
        await other.close()
    assert await dense.counts() == {"technical": 2, "business": 1}


async def test_what_an_earlier_format_left_is_removed(dense, tmp_path):
    await dense.apply(PAIRS, store=STORE)
    client = chromadb.PersistentClient(
        str(tmp_path / "chroma"), settings=Settings(anonymized_telemetry=False)
    )
    client.create_collection("freya.technical.question.0123abcd.v2", embedding_function=None)
    client.create_collection("somebody.else.v1", embedding_function=None)
    await dense.remove_previous()
    left = [collection.name for collection in client.list_collections()]
    client.close()  # type: ignore[attr-defined]  # every client has it, ClientAPI does not say so
    assert "somebody.else.v1" in left
    assert not any(name.endswith((".v1", ".v2")) and name.startswith("freya.") for name in left)
    assert await dense.counts() == {"technical": 2, "business": 1}


async def test_a_closed_index_makes_no_folder_any_more(dense, tmp_path):
    await dense.apply(PAIRS, store=STORE)
    embedded = await dense.encode("What is the RSI?")
    await dense.close()
    shutil.rmtree(tmp_path / "chroma")
    for late in (dense.counts(), dense.search(embedded[Field.QUESTION], Field.QUESTION)):
        with pytest.raises(KnowledgeUnavailable, match="was closed"):
            await late
    assert not (tmp_path / "chroma").exists()


async def test_another_embedding_model_has_an_index_of_its_own(dense, embedder, tmp_path):
    await dense.apply(PAIRS, store=STORE)
    embedder.name = "other words"
    other = DenseIndex(embedder, folder=tmp_path / "chroma")
    assert await other.reached(STORE) == 0
    await other.clear()
    assert await dense.reached(STORE) == 3
    await other.close()


async def test_embedding_model_that_does_not_answer_is_an_outage(dense, embedder):
    embedder.down = True
    with pytest.raises(KnowledgeUnavailable, match="embedding model"):
        await dense.encode("RSI")
    with pytest.raises(KnowledgeUnavailable, match="embedding model"):
        await dense.apply(PAIRS, store=STORE)


@pytest.mark.parametrize("url", ["ftp://chroma:8000", "chroma"])
async def test_address_that_is_none_is_said_to_be_so(embedder, tmp_path, url):
    with pytest.raises(KnowledgeUnavailable, match="write it like http://chroma:8000"):
        await DenseIndex(embedder, folder=tmp_path, url=url).counts()


@pytest.mark.slow
async def test_server_may_be_away_and_come_back(embedder, tmp_path):
    port = free_port()
    index = DenseIndex(embedder, folder=tmp_path / "unused", url=f"http://127.0.0.1:{port}")
    with pytest.raises(KnowledgeUnavailable, match="does not answer"):
        await index.apply(PAIRS, store=STORE)
    async with chroma_server(tmp_path / "server", port):
        await until_it_answers(index)
        await index.apply(PAIRS, store=STORE)
        assert await index.counts() == {"technical": 2, "business": 1}
    embedded = await index.encode("What is the RSI?")
    with pytest.raises(KnowledgeUnavailable, match="does not answer"):
        await index.search(embedded[Field.QUESTION], Field.QUESTION)
    async with chroma_server(tmp_path / "server", port):
        await until_it_answers(index)
        assert await index.reached(STORE) == 3
        assert next(iter(await index.search(embedded[Field.QUESTION], Field.QUESTION))) == "pair_1"
    await index.close()
    assert not (tmp_path / "unused").exists()


@pytest.mark.slow
async def test_server_that_hangs_is_not_waited_for(embedder, tmp_path, monkeypatch):
    monkeypatch.setattr("knowledge.chroma._SEARCH_SECONDS", 1.0)
    port = free_port()
    index = DenseIndex(embedder, folder=tmp_path / "unused", url=f"http://127.0.0.1:{port}")
    async with chroma_server(tmp_path / "server", port) as server:
        await until_it_answers(index)
        await index.apply(PAIRS, store=STORE)
        embedded = await index.encode("What is the RSI?")
        server.send_signal(signal.SIGSTOP)
        try:
            async with asyncio.timeout(60):
                # More of them than there are threads: those that wait for a thread give up as well.
                tries = [index.search(embedded[Field.QUESTION], Field.QUESTION) for _ in range(12)]
                results = await asyncio.gather(*tries, return_exceptions=True)
        finally:
            server.send_signal(signal.SIGCONT)
        assert [type(result) for result in results] == [KnowledgeUnavailable] * 12
        assert "did not answer within 1 seconds" in str(results[0])
        await until_it_answers(index)
        assert next(iter(await index.search(embedded[Field.QUESTION], Field.QUESTION))) == "pair_1"
    await index.close()
