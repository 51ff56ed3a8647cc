import asyncio
from datetime import date

import pytest

from app.cli.pair_reports import pair_lines
from knowledge import DenseIndex, Field, Importer, Indexer, KnowledgeStore, KnowledgeUnavailable
from knowledge.catalogue import Catalogue
from knowledge.corpus import packaged_topics
from knowledge.details import PairDetails
from knowledge.refinery import Claim, Kind, RefineProgress, Refiner, RefineryStore, Targets, find_gaps
from knowledge.refinery.gaps import Coverage
from tests.knowledge.conftest import WordEmbedder
from tests.knowledge.samples import write_export
from tests.knowledge.test_catalogue import topic

LONG = (
    "The RSI is a momentum oscillator that measures gains against losses over 14 periods. A reading above 70 suggests that "
    "Bitcoin is overbought. For example, after a rise of 20 % the RSI stood at 81. However, the signal can be false in a trend."
)
PAIRS = [
    ("What is the role of the RSI in crypto?", LONG),
    ("What is the role of the RSI in the crypto market?", LONG.replace("For example, a", "A")),
    (
        "How does the EMA react to a gap?",
        "The EMA reacts at once, because the newest close has the largest weight of all closes in it.",
    ),
    (
        "How does the SMA react to a gap?",
        "The SMA reacts at once and again when the gap leaves its window of closes, a period later.",
    ),
]
CATALOGUE = Catalogue(
    [topic("rsi", "Relative Strength Index (RSI)", "RSI"), topic("gaps", "Gaps in averages")]
)
TODAY = date(2026, 11, 21)


async def known() -> Catalogue:
    return CATALOGUE


@pytest.fixture
def refinery(store: KnowledgeStore) -> RefineryStore:
    return RefineryStore(store)


@pytest.fixture
def refiner(refinery: RefineryStore, indexer: Indexer, dense: DenseIndex, embedder: WordEmbedder) -> Refiner:
    return Refiner(refinery, indexer, dense, embedder, catalogue=known, today=lambda: TODAY)


async def fill(
    importer: Importer, folder, pairs=PAIRS, name: str = "a.json", topic_name: str = "RSI crypto trading"
):
    return await importer.import_file(write_export(folder / name, [(topic_name, pairs)]))


async def questions(store: KnowledgeStore, statement: str) -> set[str]:
    return {row["question"] for row in await store.rows(statement, {})}


DUPLICATES = "SELECT question FROM knowledge_pairs WHERE id IN (SELECT pair_id FROM knowledge_duplicates)"


async def test_everything_is_measured_placed_and_freed_of_duplicates(
    refiner, importer, store, dense, lexical, tmp_path
):
    await fill(importer, tmp_path)
    result = await refiner.run()
    assert (result.placed, result.unplaced, result.measured, result.compared) == (1, 0, 4, 4)
    assert (result.linked, result.released) == (1, 0)
    assert [(each.slug, each.pairs) for each in await store.topics()] == [("rsi", 4)]
    (gone,) = await questions(store, DUPLICATES)
    assert gone in {PAIRS[0][0], PAIRS[1][0]}
    assert sum(each.pairs for each in result.tiers) == 4
    assert sum(each.duplicates for each in result.tiers) == 1
    assert await store.counts() == {"technical": 4}
    assert await dense.counts() == await lexical.counts() == {"technical": 3}


async def test_running_again_does_nothing(refiner, importer, store, tmp_path):
    await fill(importer, tmp_path)
    await refiner.run()
    revision = await store.revision()
    again = await refiner.run()
    assert (again.placed, again.measured, again.compared, again.linked, again.released) == (0, 0, 0, 0, 0)
    assert await store.revision() == revision


async def test_pair_that_falls_into_the_low_tier_leaves_the_indexes_without_it(
    refiner, importer, store, dense, lexical, tmp_path
):
    await fill(importer, tmp_path, PAIRS[:1])
    choosy = Indexer(store, [dense, lexical], low_tier=False)
    await choosy.catch_up()
    assert await lexical.counts() == {"technical": 1}
    await store.write("UPDATE knowledge_pairs SET answer = 'RSI measures the' WHERE true", {})
    await refiner.run()
    (row,) = await store.rows("SELECT tier FROM knowledge_refinements", {})
    assert row["tier"] == "low"
    await choosy.catch_up()
    assert await lexical.counts() == {}
    assert (await store.changes(await store.revision() - 1, 10, low_tier=True))[0].removed is False


async def test_a_better_pair_that_comes_later_takes_the_place_of_the_one_kept(
    refiner, importer, store, tmp_path
):
    await fill(
        importer,
        tmp_path,
        [(PAIRS[1][0], "RSI is a momentum oscillator of gains against losses over 14 periods for Bitcoin.")],
    )
    await refiner.run()
    better = (
        PAIRS[1][0],
        "RSI is a momentum oscillator of gains against losses over 14 periods for Bitcoin. For example, above 70 it suggests overbought.",
    )
    await fill(importer, tmp_path, [better], "b.json")
    result = await refiner.run()
    assert result.linked == 1
    kept = await store.rows(
        "SELECT answer FROM knowledge_pairs WHERE id IN (SELECT kept_id FROM knowledge_duplicates)", {}
    )
    assert [row["answer"] for row in kept] == [better[1]]


async def test_what_a_changed_pair_stood_for_is_found_again(refiner, importer, store, dense, tmp_path):
    await fill(importer, tmp_path)
    await refiner.run()
    await store.write(
        "UPDATE knowledge_pairs SET question = %(question)s, answer = %(answer)s, revision = nextval('knowledge_revision') "
        "WHERE id IN (SELECT kept_id FROM knowledge_duplicates)",
        {
            "question": "Who invented candlesticks?",
            "answer": "Rice traders of Osaka are said to have drawn them first.",
        },
    )
    result = await refiner.run()
    assert (result.measured, result.linked, result.released) == (1, 0, 1)
    assert await questions(store, DUPLICATES) == set()
    assert await dense.counts() == {"technical": 4}
    embedded = await dense.encode("RSI in crypto")
    assert len(await dense.search(embedded[Field.QUESTION], Field.QUESTION, limit=1)) == 1


async def test_a_broken_off_run_goes_on_where_it_was(
    refiner, importer, refinery, indexer, dense, embedder, tmp_path
):
    await fill(importer, tmp_path)

    class BrokenOff(Exception):
        pass

    def break_off(state: RefineProgress) -> None:
        if state.step == "comparing":
            raise BrokenOff

    with pytest.raises(BrokenOff):
        await refiner.run(break_off)
    assert await refinery.count_due() == 0
    other = Refiner(refinery, indexer, dense, embedder, catalogue=known, today=lambda: TODAY)
    result = await other.run()
    assert (result.measured, result.linked) == (0, 1)


async def test_an_outage_is_said_and_what_was_done_stays(refiner, importer, embedder, tmp_path):
    await fill(importer, tmp_path)
    embedder.down = True
    with pytest.raises(KnowledgeUnavailable):
        await refiner.run()
    embedder.down = False
    assert (await refiner.run()).measured == 4


async def test_wrong_claims_are_noted_with_the_pair(
    refinery, indexer, dense, embedder, importer, store, tmp_path
):
    await fill(importer, tmp_path, PAIRS[2:3])
    wrong = Claim(kind=Kind.SUM, statement="2 + 2 = 5", computed="4", holds=False)
    await Refiner(
        refinery,
        indexer,
        dense,
        embedder,
        checks=(lambda _: [wrong],),
        catalogue=known,
        today=lambda: TODAY,
    ).run()
    (row,) = await store.rows("SELECT parts, quality, tier FROM knowledge_refinements", {})
    assert row["parts"]["technical accuracy"]["score"] == 0
    assert "it is 4" in row["parts"]["technical accuracy"]["because"]
    (pair,) = await store.rows("SELECT id FROM knowledge_pairs", {})
    detail = await PairDetails(store).pair(pair["id"])
    (claim,) = [claim for part in detail.parts for claim in part.claims]
    assert claim.model_dump() == {"kind": "sum", "statement": "2 + 2 = 5", "computed": "4", "holds": False}
    (line,) = [line for line in pair_lines(detail) if "2 + 2 = 5" in line and line.startswith("sum")]
    assert line.split()[-2:] == ["4", "wrong"]


async def test_topics_that_are_nowhere_are_kept_and_listed(refiner, importer, refinery, tmp_path):
    await fill(importer, tmp_path, PAIRS[:1], topic_name="Metaverse real estate")
    result = await refiner.run()
    assert (result.placed, result.unplaced) == (1, 1)
    report = find_gaps({"technical": tuple(CATALOGUE.topics.values())}, await refinery.by_topic())
    assert [(each.topic, each.pairs) for each in report.unplaced] == [("Metaverse real estate", 1)]
    assert (await refiner.run(topics_again=True)).placed == 1


async def test_topic_names_that_mean_a_topic_are_placed_by_meaning(refiner, importer, store, tmp_path):
    await fill(importer, tmp_path, PAIRS[:1], topic_name="averages and their gaps")
    await refiner.run()
    (row,) = await store.rows("SELECT slug, mapped_by, confidence FROM knowledge_topics", {})
    assert (row["slug"], row["mapped_by"]) == ("gaps", "meaning")
    assert 0.62 <= row["confidence"] < 1


async def test_gaps_are_counted_without_duplicates_against_the_targets(refiner, importer, refinery, tmp_path):
    await fill(importer, tmp_path)
    await refiner.run()
    report = find_gaps(
        {"technical": tuple(CATALOGUE.topics.values())},
        await refinery.by_topic(),
        Targets(full=4, acceptable=3),
    )
    assert [(gap.slug, gap.pairs, gap.missing, gap.coverage) for gap in report.topics] == [
        ("gaps", 0, 4, Coverage.MISSING),
        ("rsi", 3, 1, Coverage.ACCEPTABLE),
    ]
    assert report.coverage[Coverage.MISSING] == 1


async def test_progress_is_told_for_every_step(refiner, importer, tmp_path):
    await fill(importer, tmp_path)
    told: list[RefineProgress] = []
    await refiner.run(told.append)
    assert {each.step for each in told} == {"topics", "indexing", "measuring", "comparing", "linking"}
    assert all(0 <= each.done <= each.total for each in told)


@pytest.mark.slow
@pytest.mark.uncounted
async def test_packaged_pairs_are_placed_without_refinement(importer, store):
    await importer.load_starter()
    topics = await store.topics()
    assert all(each.slug for each in topics)
    assert {each.slug for each in topics} == {
        each.slug for topics in (await asyncio.to_thread(packaged_topics)).values() for each in topics
    }
