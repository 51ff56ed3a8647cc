import pytest

from knowledge import Field, HybridRetriever, KnowledgeUnavailable, RetrievalSettings, Retriever
from tests.knowledge.samples import ATR, GAS, MACD, RSI, write_export, write_lines


@pytest.fixture
async def retriever(store, dense, lexical, importer, indexer, tmp_path):
    near = [("what is  RSI", "Another answer on RSI."), ("How far do prices travel?", "See ATR.")]
    path = write_export(tmp_path / "export.json", [("Momentum", [RSI, MACD, *near]), ("Volatility", [ATR])])
    await importer.import_file(path)
    await importer.import_file(write_lines(tmp_path / "gas.jsonl", [GAS]), collection="fundamentals")
    await indexer.catch_up()
    return HybridRetriever(store, dense, lexical)


def test_hybrid_retriever_is_a_retriever(store, dense, lexical):
    assert isinstance(HybridRetriever(store, dense, lexical), Retriever)


async def test_best_pair_comes_first_with_all_a_citation_needs(retriever):
    best = (await retriever.search("What is RSI?"))[0]
    assert (best.question, best.answer) == RSI
    assert (best.collection, best.topic, best.source) == ("technical", "Momentum", "export.json")
    assert best.similarity == pytest.approx(1.0, abs=1e-5)
    assert best.pair_id.startswith("pair_")


async def test_pair_is_found_by_its_question_before_its_answer_is_embedded(
    store, dense, lexical, importer, tmp_path
):
    await importer.import_file(write_export(tmp_path / "export.json", [("Momentum", [RSI, MACD, ATR])]))
    identity = str(await store.identity())
    changed = await store.changes(0, 10)
    await lexical.apply(changed, store=identity)
    await dense.ask(changed, store=identity)
    retriever = HybridRetriever(store, dense, lexical)
    before = await retriever.search("What is RSI?")
    await dense.apply(changed, store=identity)
    after = await retriever.search("What is RSI?")
    assert before[0].question == after[0].question == RSI[0]
    assert min(before[0].relevance, after[0].relevance) > RetrievalSettings().floor
    assert await retriever.search("zebra quokka wombat") == []


async def test_pairs_that_ask_the_same_are_returned_once(retriever):
    hits = await retriever.search("What is RSI?", floor=-1.0)
    questions = [hit.question for hit in hits]
    assert "what is  RSI" not in questions
    assert len(questions) == len(set(questions)) == 5


async def test_hits_are_ordered_and_limited(retriever):
    hits = await retriever.search("how do prices travel in a day", limit=2, floor=-1.0)
    assert len(hits) == 2
    assert hits[0].score >= hits[1].score


async def test_only_the_collections_asked_for_are_searched(retriever):
    hits = await retriever.search("What are gas fees?", collections=["technical"], floor=-1.0)
    assert {hit.collection for hit in hits} == {"technical"}
    both = await retriever.search("What are gas fees?", collections=["technical", "fundamentals"])
    assert both[0].question == GAS[0]


async def test_query_that_nothing_answers_gives_no_hits(retriever):
    assert await retriever.search("zebra quokka wombat") == []
    assert await retriever.search("   ") == []


async def test_floor_is_the_lowest_relevance_that_counts(retriever):
    every = await retriever.search("RSI and gas fees", floor=0.0, limit=10)
    assert all(0 <= hit.relevance <= 1 for hit in every)
    between = sorted(hit.relevance for hit in every)[2]
    kept = await retriever.search("RSI and gas fees", floor=between, limit=10)
    assert {hit.pair_id for hit in kept} == {hit.pair_id for hit in every if hit.relevance >= between}


async def test_similarity_is_that_of_the_nearer_field(retriever):
    answers = await retriever.search(MACD[1], fields=[Field.ANSWER])
    questions = await retriever.search(MACD[1], fields=[Field.QUESTION], floor=-1.0)
    both = await retriever.search(MACD[1])
    assert answers[0].similarity == both[0].similarity == pytest.approx(1.0, abs=1e-5)
    assert max(hit.similarity for hit in questions) < 0.9


async def test_similarity_is_exact_also_for_pairs_found_by_words_only(
    store, dense, lexical, importer, indexer, tmp_path
):
    near = [(f"gas fees number {number}", f"gas fees answer {number}") for number in range(8)]
    far = ("Why do many quite different words surround one quokka here?", "Nobody can tell at all.")
    await importer.import_file(write_export(tmp_path / "many.json", [("Fees", [*near, far])]))
    await indexer.catch_up()
    words = RetrievalSettings(candidates=5, lexical_question=5)
    query = "gas fees quokka"
    hits = await HybridRetriever(store, dense, lexical, words).search(query, limit=10, floor=-1.0)
    found = next(hit for hit in hits if hit.question == far[0])
    embedded = await dense.encode(query)
    nearest = [await dense.search(embedded[field], field, limit=5) for field in Field]
    every = [await dense.search(embedded[field], field, limit=100) for field in Field]
    assert not any(found.pair_id in scores for scores in nearest)
    assert found.similarity == pytest.approx(max(scores[found.pair_id] for scores in every), abs=1e-4)


async def test_given_vectors_spare_the_embedding(retriever, dense, embedder):
    vectors = await dense.encode("What is gas?")
    embedded = embedder.embedded
    hits = await retriever.search("What is gas?", vectors=vectors)
    assert hits == await retriever.search("What is gas?")
    assert embedder.embedded == embedded + 1


@pytest.mark.usefixtures("retriever")
async def test_words_can_be_left_out_of_the_fusion(store, dense, lexical):
    without = RetrievalSettings(lexical_question=0, lexical_answer=0, topic_bonus=0)
    hits = await HybridRetriever(store, dense, lexical, without).search("What is RSI?")
    assert hits[0].question == RSI[0]
    asked = await dense.encode("What is RSI?")
    to_answers = await dense.search(asked[Field.ANSWER], Field.ANSWER)
    assert hits[0].score == pytest.approx(1.0 + 0.5 * to_answers[hits[0].pair_id], abs=1e-4)


async def test_pairs_removed_since_they_were_indexed_are_not_returned(retriever, store):
    for source in await store.sources():
        if source.name == "export.json":
            await store.keep_only(source.id, [])
    assert await retriever.search("What is RSI?", collections=["technical"], floor=-1.0) == []


async def test_search_before_anything_is_indexed_finds_nothing(store, dense, lexical):
    assert await HybridRetriever(store, dense, lexical).search("What is RSI?") == []


async def test_outage_of_meaning_is_not_hidden_behind_words(retriever, embedder):
    embedder.down = True
    with pytest.raises(KnowledgeUnavailable):
        await retriever.search("What is RSI?")


@pytest.mark.parametrize("bad", [{"limit": 0}, {"fields": []}])
async def test_search_for_nothing_is_a_mistake_of_the_caller(retriever, bad):
    with pytest.raises(ValueError, match="at least 1 and a field"):
        await retriever.search("What is RSI?", **bad)
