import asyncio
import shutil

import numpy as np
import pytest

import knowledge.lexical
from knowledge import Field, KnowledgeUnavailable, LexicalIndex, StoredPair

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


@pytest.fixture
async def filled(lexical):
    await lexical.apply(
        [
            pair(1, "What is the RSI?", "An oscillator of momentum."),
            pair(2, "How are averages crossed?", "The RSI is not needed for crossing averages."),
            pair(3, "Who buys cafés?", "Investors.", collection="business"),
        ],
        store=STORE,
    )
    return lexical


async def test_nothing_is_found_where_nothing_is(lexical, filled):
    assert await filled.search("RSI", Field.QUESTION, collections=["nowhere"]) == {}
    await lexical.clear()
    assert await lexical.search("RSI", Field.QUESTION, collections=["technical"]) == {}


async def test_fields_are_searched_apart(filled):
    assert list(await filled.search("RSI", Field.QUESTION)) == ["pair_1"]
    assert list(await filled.search("RSI", Field.ANSWER)) == ["pair_2"]


async def test_fields_are_searched_at_once_with_what_could_be_reached(filled):
    found = await filled.words("RSI unheardof", tuple(Field))
    assert list(found[Field.QUESTION].scores) == ["pair_1"]
    assert list(found[Field.ANSWER].scores) == ["pair_2"]
    weights = found[Field.QUESTION].weights
    assert weights["unheardof"] > weights["rsi"] > 0
    assert 0 < found[Field.QUESTION].scores["pair_1"] < found[Field.QUESTION].most
    nothing = await filled.words("the of", (Field.ANSWER,))
    assert nothing[Field.ANSWER].scores == {}
    assert nothing[Field.ANSWER].most == 0


async def test_only_the_pairs_asked_for_are_searched(filled):
    every = await filled.search("RSI crossing averages", Field.ANSWER)
    among = (await filled.words("RSI crossing averages", (Field.ANSWER,), among=["pair_2", "gone"]))[
        Field.ANSWER
    ]
    assert among.scores == pytest.approx({"pair_2": every["pair_2"]})
    assert (await filled.words("RSI", (Field.ANSWER,), among=[]))[Field.ANSWER].scores == {}


async def test_removed_index_leaves_no_folder(filled, tmp_path):
    await filled.remove()
    assert not (tmp_path / "lexical").exists()


async def test_words_match_in_other_forms_and_without_accents(filled):
    assert list(await filled.search("crossing", Field.QUESTION)) == ["pair_2"]
    assert list(await filled.search("a CAFE", Field.QUESTION)) == ["pair_3"]


async def test_only_the_collections_asked_for_are_searched(filled):
    assert list(await filled.search("averages cafés", Field.QUESTION, collections=["business"])) == ["pair_3"]
    assert await filled.search("cafés", Field.QUESTION, collections=["technical"]) == {}


@pytest.mark.parametrize(
    "query", ["answer:RSI AND (", "question:* OR id:pair_1", '"', "[a TO z]", "+-!^~\\", "the of"]
)
async def test_query_syntax_is_only_words(filled, query):
    found = await filled.search(query, Field.QUESTION)
    assert set(found) <= {"pair_1"}


async def test_best_comes_first_and_the_limit_holds(filled):
    found = await filled.search("RSI crossing averages needed", Field.ANSWER, limit=1)
    assert list(found) == ["pair_2"]


async def test_changed_pair_is_found_by_its_new_words_only(filled):
    await filled.apply([pair(1, "What is ATR?", "A range.")], store=STORE)
    assert await filled.search("RSI", Field.QUESTION) == {}
    assert list(await filled.search("ATR", Field.QUESTION)) == ["pair_1"]


async def test_state_that_cannot_be_read_means_build_anew(filled, tmp_path):
    (tmp_path / "lexical" / "freya-state.json").write_text("[]", encoding="utf-8")
    assert await filled.reached(STORE) == 0


async def test_folder_that_cannot_be_made_is_an_outage(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    broken = LexicalIndex(tmp_path / "file")
    with pytest.raises(KnowledgeUnavailable, match="cannot be used"):
        await broken.search("RSI", Field.QUESTION)
    with pytest.raises(KnowledgeUnavailable, match="cannot be used"):
        await broken.clear()


async def test_folder_that_vanishes_while_open_is_an_outage_and_can_be_built_anew(filled, tmp_path):
    (tmp_path / "lexical" / "meta.json").unlink()
    for path in (tmp_path / "lexical").iterdir():
        path.unlink()
    (tmp_path / "lexical").rmdir()
    with pytest.raises(KnowledgeUnavailable):
        await filled.apply([pair(4, "q", "a")], store=STORE)
    assert await filled.reached(STORE) == 0
    await filled.clear()
    await filled.apply([pair(4, "What?", "That.")], store=STORE)
    assert await filled.counts() == {"technical": 1}


async def test_searches_may_run_beside_changes(filled):
    async def change() -> None:
        for number in range(10, 14):
            await filled.apply([pair(number, "What is the RSI?", "It.")], store=STORE)

    _, *found = await asyncio.gather(change(), *(filled.search("RSI", Field.QUESTION) for _ in range(20)))
    assert all("pair_1" in scores for scores in found)


@pytest.mark.parametrize("limit", [1, 3, 10, 40, 200])
async def test_leaving_out_other_collections_after_the_search_finds_what_a_filter_finds(
    lexical, limit, monkeypatch
):
    words = ["momentum", "trend", "volume", "signal", "price"]
    generator = np.random.default_rng(5)
    await lexical.apply(
        [
            pair(
                number,
                " ".join(generator.choice(words, 6)),
                " ".join(generator.choice(words, 30)),
                collection=str(generator.choice(["technical", "business", "marketing"], p=[0.6, 0.3, 0.1])),
            )
            for number in range(1, 301)
        ],
        store=STORE,
    )
    for collections in (["technical"], ["technical", "business"], ["business"], ["technical", "unknown"]):
        found = await lexical.words("momentum of volume", tuple(Field), collections=collections, limit=limit)
        with monkeypatch.context() as patch:
            patch.setattr(knowledge.lexical, "_MOSTLY", 2.0)
            filtered = await lexical.words(
                "momentum of volume", tuple(Field), collections=collections, limit=limit
            )
        for field in Field:
            assert list(found[field].scores.values()) == pytest.approx(list(filtered[field].scores.values()))
            assert found[field].rest == pytest.approx(filtered[field].rest)
            assert len(found[field].scores) <= limit
            above = {pair for pair, score in filtered[field].scores.items() if score > filtered[field].rest}
            assert above <= found[field].scores.keys()


async def test_a_closed_index_makes_no_folder_any_more(filled, tmp_path):
    await filled.close()
    shutil.rmtree(tmp_path / "lexical")
    with pytest.raises(KnowledgeUnavailable, match="was closed"):
        await filled.search("RSI", Field.QUESTION)
    assert not (tmp_path / "lexical").exists()
