"""Progress over a store: capped by topic, by day of import, and with what reports say of their research."""

import pytest

from knowledge import measure_progress, remove_source
from knowledge.refinery import Targets
from tests.knowledge.samples import ATR, GAS, MACD, RSI, write_lines, write_report

TARGETS = Targets(full=2, acceptable=1)


@pytest.fixture
async def sources(importer, pool, tmp_path):
    """Three pairs on the RSI and a day later one on the ATR; and reports with 90, 50 and 10 % success."""
    files = [
        write_lines(tmp_path / "rsi.jsonl", [RSI, MACD, GAS], topic="relative-strength-index"),
        write_lines(tmp_path / "atr.jsonl", [ATR], topic="average-true-range"),
        *(
            write_report(
                tmp_path / f"{found}.txt",
                [(f"What is {found}?", "A number.")],
                searches=(100, found),
                topic="N",
            )
            for found in (90, 50, 10)
        ),
    ]
    results = [await importer.import_file(file) for file in files]
    async with pool.connection() as connection:
        await connection.execute("UPDATE knowledge_topics SET slug = name WHERE name <> 'N'")
        for day, name in ((1, "rsi.jsonl"), (2, "atr.jsonl"), (3, "90.txt"), (3, "50.txt"), (3, "10.txt")):
            await connection.execute(
                "UPDATE knowledge_sources SET started_at = make_timestamptz(2026, 5, %s, 23, 30, 0, 'UTC') WHERE name = %s",
                (day, name),
            )
    return {result.name: result.source for result in results}


@pytest.mark.usefixtures("sources")
async def test_what_a_topic_has_above_its_target_makes_up_for_no_other(store):
    found = await measure_progress(store, TARGETS, collection="technical")
    (technical,) = found.collections
    assert (technical.pairs, technical.counted, technical.target) == (4, 3, 2 * technical.topics)
    assert (technical.done, technical.acceptable, technical.thin) == (1, 1, 0)
    assert technical.missing == technical.topics - 2
    assert (found.unplaced, found.unrefined) == (3, 7)
    assert {(part.name, part.done) for part in found.sessions if part.pairs > 1} == {("3", 1)}
    assert found.sessions[2].about == ("Momentum",)
    assert sum(part.topics for part in found.sessions) == technical.topics


@pytest.mark.usefixtures("sources")
async def test_days_are_told_latest_first_and_no_more_than_asked_for(store):
    days = (await measure_progress(store, TARGETS)).days
    assert [(each.day.isoformat(), each.sources, each.read, each.kept) for each in days] == [
        ("2026-05-03", 3, 3, 3),
        ("2026-05-02", 1, 1, 1),
        ("2026-05-01", 1, 3, 3),
    ]
    assert (await measure_progress(store, TARGETS, days=1)).days == days[:1]
    assert (await measure_progress(store, TARGETS, collection="sofia")).days == ()


async def test_source_that_was_taken_back_counts_no_more(store, sources):
    await remove_source(store, sources["rsi.jsonl"])
    await remove_source(store, sources["10.txt"])
    found = await measure_progress(store, TARGETS)
    assert [each.day.day for each in found.days] == [3, 2]
    assert (found.research.sources, found.research.successful) == (2, 140)
    assert sum(part.pairs for part in found.collections) == 1


async def test_duplicates_are_told_on_the_day_of_their_source(store, pool, sources):
    assert sources
    ids = {pair.question: pair.id for pair in await store.changes(0, 100)}
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO knowledge_duplicates VALUES (%s, %s, 0.9, 0.9)", (ids[GAS[0]], ids[ATR[0]])
        )
    first = (await measure_progress(store, TARGETS)).days[-1]
    assert (first.read, first.duplicates, first.kept, first.good) == (3, 1, 2, 0)


@pytest.mark.usefixtures("sources")
async def test_research_of_too_little_success_is_listed_worst_first(store):
    research = (await measure_progress(store, TARGETS)).research
    assert (research.sources, research.searches, research.successful, research.below) == (3, 300, 150, 2)
    assert [(each.name, each.successful) for each in research.worst] == [("10.txt", 10), ("50.txt", 50)]
    strict = Targets(full=2, acceptable=1, least_success=0.5)
    assert [each.name for each in (await measure_progress(store, strict)).research.worst] == ["10.txt"]


async def test_empty_store_has_all_still_to_do(store):
    found = await measure_progress(store, Targets())
    assert {part.done + part.pairs + part.counted for part in found.collections} == {0}
    assert (found.days, found.unrefined, found.research.sources) == ((), 0, 0)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"full": 50}, (50, 40)),
        ({"full": 1}, (1, 1)),
        ({"acceptable": 90}, (100, 90)),
        ({"full": 10, "acceptable": 10}, (10, 10)),
    ],
)
def test_of_another_full_target_the_same_part_is_acceptable(given, meant):
    targets = Targets().but(**given)
    assert (targets.full, targets.acceptable) == meant


@pytest.mark.parametrize("given", [{"acceptable": 101}, {"full": 0}, {"least_success": 1.1}])
def test_targets_that_cannot_be_are_refused(given):
    with pytest.raises(ValueError, match=r"acceptable|greater|less"):
        Targets().but(**given)
