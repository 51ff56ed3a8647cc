"""Which of the pairs that were found are shown: as wanted, unlike each other, in which order, and what of them."""

from collections.abc import Sequence
from datetime import date

import pytest
import structlog

from knowledge import Hit, HybridRetriever, RetrievalSettings
from knowledge.catalogue import packaged_catalogue
from models import RerankingUnavailable
from tests.knowledge.samples import write_export

TOPICS = ("rsi", "macd", None)
NUMBER = 40


@pytest.fixture
async def many(importer, indexer, pool, tmp_path):
    """Pairs on three topics, their quality and dates counting up; the last topic's are not refined."""
    sessions = [
        (
            name,
            [(f"Question {name} number {number}?", f"Answer {name} {number}.") for number in range(NUMBER)],
        )
        for name in ("alpha", "beta", "gamma")
    ]
    await importer.import_file(write_export(tmp_path / "many.json", sessions))
    async with pool.connection() as connection:
        for name, slug in zip(("alpha", "beta", "gamma"), TOPICS, strict=True):
            await connection.execute("UPDATE knowledge_topics SET slug = %s WHERE name = %s", (slug, name))
        await connection.execute("""
            INSERT INTO knowledge_refinements (pair_id, text_md5, measures, quality, tier, parts, dated)
            SELECT pair.id, '', 1, pair.ordinal, 'standard', '{}', date '2026-01-01' + pair.ordinal
            FROM knowledge_pairs AS pair JOIN knowledge_topics AS topic ON topic.id = pair.topic_id
            WHERE topic.slug IS NOT NULL
        """)
    await indexer.catch_up()


PLAIN = RetrievalSettings(distinct=1.0, floor=0.0, topic_bonus=0.0)


def found(hits: Sequence[Hit]) -> list[tuple[str, float]]:
    return [(hit.pair_id, round(hit.score, 4)) for hit in hits]


FILTERS = [
    {"topics": ["rsi"]},
    {"topics": ["rsi", "macd"]},
    {"min_quality": 20.0},
    {"since": date(2026, 1, 25)},
    {"topics": ["macd"], "min_quality": 30.0, "since": date(2026, 2, 3)},
]


def passes(hit: Hit, *, topics=(), min_quality=None, since=None):
    return (
        (not topics or hit.slug in topics)
        and (min_quality is None or (hit.quality is not None and hit.quality >= min_quality))
        and (since is None or (hit.dated is not None and hit.dated >= since))
    )


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("wanted", FILTERS)
@pytest.mark.parametrize("narrow", [2000, 3], ids=["among", "widening"])
async def test_filtered_search_finds_exactly_what_is_wanted(
    store, dense, lexical, monkeypatch, wanted, narrow
):
    monkeypatch.setattr("knowledge.retrieval._NARROW", narrow)
    every = await HybridRetriever(
        store, dense, lexical, PLAIN.model_copy(update={"candidates": 1000})
    ).search("Question alpha number 7", limit=500)
    assert len(every) == 3 * NUMBER
    right = {hit.pair_id for hit in every if passes(hit, **wanted)}
    small = HybridRetriever(store, dense, lexical, PLAIN.model_copy(update={"candidates": 5}))
    hits = await small.search("Question alpha number 7", limit=500, **wanted)
    assert {hit.pair_id for hit in hits} == right
    best = await small.search("Question alpha number 7", limit=4, **wanted)
    assert found(best) == found(hits)[:4]


@pytest.mark.usefixtures("many")
async def test_both_ways_to_filter_give_the_same_order(store, dense, lexical, monkeypatch):
    retriever = HybridRetriever(store, dense, lexical, PLAIN.model_copy(update={"candidates": 1000}))
    among = await retriever.search("Answer beta 12", limit=20, min_quality=10)
    monkeypatch.setattr("knowledge.retrieval._NARROW", 1)
    assert found(await retriever.search("Answer beta 12", limit=20, min_quality=10)) == found(among)


@pytest.mark.usefixtures("many")
async def test_filter_that_nothing_passes_gives_no_hits(store, dense, lexical, monkeypatch):
    retriever = HybridRetriever(store, dense, lexical, PLAIN)
    assert await retriever.search("Question alpha", topics=["unheard-of"]) == []
    monkeypatch.setattr("knowledge.retrieval._NARROW", -1)
    assert await retriever.search("Question alpha", topics=["unheard-of"]) == []


@pytest.mark.usefixtures("many")
async def test_filter_and_collections_are_combined(store, dense, lexical):
    retriever = HybridRetriever(store, dense, lexical, PLAIN)
    assert await retriever.search("Question alpha", topics=["rsi"], collections=["sofia"]) == []
    assert await retriever.search("Question alpha", topics=["rsi"], collections=["technical"])


async def imported(importer, indexer, tmp_path, pairs, topic="Momentum"):
    await importer.import_file(write_export(tmp_path / "export.json", [(topic, pairs)]))
    await indexer.catch_up()


async def test_answers_that_say_nearly_the_same_are_shown_once(
    store, dense, lexical, importer, indexer, tmp_path
):
    same = "The index compares gains with losses over fourteen days of closes"
    pairs = [
        ("What is it?", f"{same}."),
        ("And what is that?", f"{same}!"),
        ("Which fee is it?", "Gas is paid."),
    ]
    await imported(importer, indexer, tmp_path, pairs)
    shown = await HybridRetriever(store, dense, lexical).search("what is it", floor=0.0)
    assert {hit.question for hit in shown} == {"What is it?", "Which fee is it?"}
    every = await HybridRetriever(store, dense, lexical, PLAIN).search("what is it", floor=0.0)
    assert len(every) == 3


async def test_duplicates_that_are_still_indexed_are_shown_once(
    store, dense, lexical, importer, indexer, pool, tmp_path
):
    await imported(
        importer, indexer, tmp_path, [("Fees of gas?", "One thing."), ("Gas costs?", "Quite another.")]
    )
    (one, two) = await store.changes(0, 10)
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO knowledge_duplicates VALUES (%s, %s, 0.9, 0.9)", (one.id, two.id)
        )
    hits = await HybridRetriever(store, dense, lexical, PLAIN).search("gas fees costs")
    assert len(hits) == 1


async def test_pair_on_what_is_named_comes_before_one_on_more(
    store, dense, lexical, importer, indexer, tmp_path
):
    pairs = [
        ("RSI and Vortex Indicator, the indicator pair for what is RSI", "RSI with the Vortex Indicator."),
        ("Relative strength index basics", "It compares gains with losses."),
    ]
    await imported(importer, indexer, tmp_path, pairs)
    plain = RetrievalSettings(topic_bonus=0, floor=0)
    with_bonus = RetrievalSettings(topic_bonus=50.0, floor=0, words_none=1.0)
    query = "what is the RSI indicator"
    first = (await HybridRetriever(store, dense, lexical, plain).search(query))[0]
    assert "Vortex" in first.question
    first = (await HybridRetriever(store, dense, lexical, with_bonus).search(query))[0]
    assert first.question == "Relative strength index basics"


async def test_topic_of_a_pair_counts_where_its_question_names_nothing(
    store, dense, lexical, importer, indexer, pool, tmp_path
):
    await imported(
        importer, indexer, tmp_path, [("Best settings?", "Fourteen days.")], topic="Momentum of closes"
    )
    await importer.import_file(
        write_export(
            tmp_path / "other.json", [("Other", [("Best RSI-like settings today?", "Nobody knows.")])]
        )
    )
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE knowledge_topics SET slug = 'relative-strength-index' WHERE name = 'Momentum of closes'"
        )
    await indexer.catch_up()
    slugs = packaged_catalogue().named_in("best RSI settings")
    assert slugs == ["relative-strength-index"]
    strong = RetrievalSettings(topic_bonus=50.0, floor=0, words_none=1.0)
    hits = await HybridRetriever(store, dense, lexical, strong).search("best RSI settings")
    assert hits[0].slug == "relative-strength-index"


async def test_hit_carries_the_part_of_the_answer_that_matched(
    store, dense, lexical, importer, indexer, tmp_path
):
    filler = " ".join(
        f"Sentence number {number} speaks of nothing in particular today." for number in range(30)
    )
    long = f"{filler} Quokkas burrow where the soil is soft. {filler}"
    await imported(
        importer, indexer, tmp_path, [("Which animals?", long), ("What is short?", "This is quokkas.")]
    )
    hits = await HybridRetriever(store, dense, lexical, PLAIN).search("where do quokkas burrow")
    by_question = {hit.question: hit for hit in hits}
    assert "Quokkas burrow" in by_question["Which animals?"].passage
    assert len(by_question["Which animals?"].passage) < len(long) / 2
    assert by_question["What is short?"].passage == "This is quokkas."


class Scripted:
    """A reranker that prefers long texts, or is away."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.seen: list[str] = []

    async def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        if self.away:
            raise RerankingUnavailable("it is away in this test")
        assert query == "gas fees"
        self.seen = list(texts)
        return [float(len(text)) for text in texts]


async def test_reranker_orders_the_best_hits_anew(store, dense, lexical, importer, indexer, tmp_path):
    pairs = [
        ("Gas fees?", "Paid."),
        ("Fees?", "Gas is paid for by everyone who computes."),
        ("Gas?", "A fee."),
    ]
    await imported(importer, indexer, tmp_path, pairs)
    reranker = Scripted()
    retriever = HybridRetriever(store, dense, lexical, PLAIN, reranker=reranker)
    (best,) = await retriever.search("gas fees", limit=1)
    assert best.question == "Fees?"
    assert "Fees?\nGas is paid for by everyone who computes." in reranker.seen
    assert len(reranker.seen) == 3


async def test_reranker_judges_no_more_than_it_is_to(store, dense, lexical, importer, indexer, tmp_path):
    texts = (
        "Paid.",
        "Paid by everyone who computes.",
        "A fee that everyone pays who wants to compute something.",
    )
    pairs = [(f"Gas fees {number}?", text) for number, text in enumerate(texts)]
    await imported(importer, indexer, tmp_path, pairs)
    plainly = await HybridRetriever(store, dense, lexical, PLAIN).search("gas fees", limit=3)
    reranker = Scripted()
    settings = PLAIN.model_copy(update={"rerank": 2})
    hits = await HybridRetriever(store, dense, lexical, settings, reranker=reranker).search(
        "gas fees", limit=3
    )
    assert len(plainly) == len(hits) == 3
    assert len(reranker.seen) == 2
    assert {hit.pair_id for hit in hits[:2]} == {hit.pair_id for hit in plainly[:2]}
    assert len(hits[0].answer) > len(hits[1].answer)
    assert hits[2].pair_id == plainly[2].pair_id


async def test_order_stays_when_the_reranker_is_away(store, dense, lexical, importer, indexer, tmp_path):
    await imported(
        importer, indexer, tmp_path, [("Gas fees?", "Paid."), ("Fees?", "Gas is paid for by everyone.")]
    )
    retriever = HybridRetriever(store, dense, lexical, PLAIN, reranker=Scripted(away=True))
    with structlog.testing.capture_logs() as logs:
        assert (await retriever.search("gas fees"))[0].question == "Gas fees?"
    assert [entry["error"] for entry in logs] == ["it is away in this test"]
