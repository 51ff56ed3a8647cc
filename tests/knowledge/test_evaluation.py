import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from knowledge import (
    Field,
    HybridRetriever,
    IndexVersion,
    KnowledgeUnavailable,
    Recipe,
    RetrievalSettings,
    VersionState,
)
from knowledge.evaluation import (
    Bootstrap,
    DenseOnly,
    EvaluationProgress,
    Evaluator,
    Fusion,
    Metric,
    NotEvaluated,
    RelevanceCheck,
    Report,
    Task,
    Verdict,
    WordsOnly,
    compare,
    comparison_tables,
    held_out,
    kept_report,
    report_tables,
)
from knowledge.evaluation.report import MethodOutcomes, Outcomes
from tests.knowledge.samples import ATR, GAS, MACD, RSI, write_export

NEAR = ("How does momentum help when prices fall?", "The oscillator shows the strength of every move made.")
SAME = ("How does RSI help when prices fall?", "The RSI shows the strength of every move made.")
FOREIGN = 12


@pytest.fixture
async def retriever(store, dense, lexical, importer, indexer, tmp_path):
    sessions = [("Momentum", [RSI, MACD, NEAR]), ("Volatility", [ATR, GAS]), ("Oscillators", [SAME])]
    await importer.import_file(write_export(tmp_path / "export.json", sessions))
    await indexer.catch_up()
    return HybridRetriever(store, dense, lexical)


@pytest.fixture
async def cases(store, dense, retriever):
    assert retriever
    cases = await held_out(store, dense)
    return replace(cases, foreign=cases.foreign[:FOREIGN])


@pytest.fixture
def evaluator(dense, retriever):
    return Evaluator(dense, RelevanceCheck(retriever, dense), bootstrap=Bootstrap(resamples=400))


@pytest.fixture
def methods(retriever, dense, lexical):
    return [Fusion(retriever), DenseOnly(dense), WordsOnly(lexical)]


@pytest.fixture
async def report(evaluator, cases, methods):
    return await evaluator.run(cases, methods)


class Backwards:
    """Finds what another method finds, worst first; or always the same."""

    name = "backwards"

    def __init__(self, method):
        self._method = method
        self.asked = []
        self.ranked = None

    async def search(self, query, *, collections):
        self.asked.append((query, tuple(collections)))

    async def ranking(self, query, vectors, *, fields, collections, limit):
        if self.ranked is not None:
            return self.ranked
        found = await self._method.ranking(
            query, vectors, fields=fields, collections=collections, limit=limit
        )
        return found[::-1]


async def test_every_method_is_measured_on_every_task(report):
    assert list(report.tasks) == [Task.ANSWERS, Task.PARAPHRASES]
    for task in report.tasks.values():
        assert list(task.methods) == ["fusion", "dense", "words"]
        assert list(task.against) == ["dense", "words"]
        for score in task.methods.values():
            assert set(score.metrics) == set(Metric)
            assert all(0 <= each.low <= each.value <= each.high <= 1 for each in score.metrics.values())
            assert 0 < score.latency.p50 <= score.latency.p95 <= score.latency.p99


async def test_method_that_finds_all_scores_one(report):
    paraphrases = report.tasks[Task.PARAPHRASES]
    assert paraphrases.cases == 2
    assert paraphrases.fields == tuple(Field)
    assert {each.value for each in paraphrases.methods["dense"].metrics.values()} == {1.0}


async def test_question_itself_is_no_paraphrase_of_itself(report):
    assert set(report.tasks[Task.PARAPHRASES].outcomes.methods["dense"].places) == {1}


async def test_answers_are_found_without_the_questions(cases, evaluator, dense):
    report = await evaluator.run(cases, [DenseOnly(dense)])
    places = dict(
        zip((case.query for case in cases.answers), _places(report, Task.ANSWERS, "dense"), strict=True)
    )
    case = next(case for case in cases.answers if case.query == MACD[0])
    embedded = await dense.encode(case.query)
    found = list(await dense.search(embedded[Field.ANSWER], Field.ANSWER))
    assert places[MACD[0]] == found.index(case.pair_id) + 1


async def test_worse_method_is_below(cases, evaluator, methods):
    backwards = Backwards(methods[0])
    report = await evaluator.run(cases, [backwards, methods[0]])
    against = report.tasks[Task.PARAPHRASES].against["fusion"][Metric.MRR]
    assert against.value < 0
    assert against.high <= 0
    assert not against.not_below
    turned = (await evaluator.run(cases, [methods[0], backwards])).tasks[Task.PARAPHRASES]
    assert turned.against["backwards"][Metric.MRR].value == -against.value
    assert turned.against["backwards"][Metric.MRR].not_below


async def test_latency_is_that_of_the_search_that_users_do(cases, evaluator, methods):
    backwards = Backwards(methods[0])
    await evaluator.run(cases, [backwards])
    assert backwards.asked == [(case.query, ()) for case in (*cases.answers, *cases.paraphrases)]


async def test_breakdowns_hold_every_case(report):
    for task in report.tasks.values():
        assert sum(group.cases for group in task.topics) == task.cases
        assert [(group.name, group.cases) for group in task.tiers] == [("unrefined", task.cases)]
        for metric in Metric:
            whole = task.methods["fusion"].metrics[metric]
            assert task.tiers[0].metrics["fusion"][metric] == whole
            for groups in (task.topics, task.categories, task.kinds):
                total = sum(group.cases * group.metrics["fusion"][metric].value for group in groups)
                assert total / task.cases == pytest.approx(whole.value, abs=1e-3)
                for group in groups:
                    part = group.metrics["fusion"][metric]
                    assert part.low <= part.value <= part.high
    assert [group.name for group in report.tasks[Task.PARAPHRASES].topics] == ["Momentum", "Oscillators"]


async def test_duplicates_count_as_one_thing_in_rankings(store, dense, retriever, evaluator, pool):
    ids = {pair.question: pair.id for pair in await store.changes(0, 100)}
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO knowledge_duplicates VALUES (%s, %s, 0.9, 0.9)", (ids[NEAR[0]], ids[SAME[0]])
        )
    assert retriever
    cases = replace(await held_out(store, dense), foreign=())
    fixed = Backwards(None)
    fixed.ranked = [ids[question] for question, _ in (GAS, NEAR, SAME, RSI)]
    report = await evaluator.run(cases, [fixed])
    places = dict(
        zip((case.query for case in cases.answers), _places(report, Task.ANSWERS, "backwards"), strict=True)
    )
    assert places.pop(NEAR[0], None) or places.pop(SAME[0], None) == 2
    assert places == {GAS[0]: 1, RSI[0]: 3, MACD[0]: 0, ATR[0]: 0}
    assert report.relevance.foreign_empty is None
    assert report_tables(report)


async def test_task_without_cases_is_left_out(store, dense, retriever, evaluator, methods):
    assert retriever
    cases = replace(await held_out(store, dense, collections=["unheard-of"]), foreign=("What?",))
    report = await evaluator.run(cases, methods)
    assert report.tasks == {}
    assert report.relevance.native_lost is None
    assert report.relevance.foreign_empty is not None
    assert report.relevance.foreign_empty.value == 1
    assert report_tables(report)


async def test_floor_parts_what_is_relevant_from_what_is_not(report):
    relevance = report.relevance
    assert (relevance.foreign, relevance.native) == (FOREIGN, 6)
    assert relevance.floor == RetrievalSettings().floor
    empty, lost = relevance.foreign_empty, relevance.native_lost
    assert empty is not None
    assert lost is not None
    assert len(relevance.answered) == round((1 - empty.value) * FOREIGN)
    at_floor = next(point for point in relevance.floors if point.floor == relevance.floor)
    assert (at_floor.foreign_empty, at_floor.native_lost) == pytest.approx(
        (empty.value, lost.value), abs=1e-3
    )
    shares = [point.foreign_empty for point in relevance.floors]
    assert shares == sorted(shares)


async def test_native_question_is_judged_without_its_own_pair(cases, dense, retriever, methods):
    high = RelevanceCheck(retriever, dense, floor=0.0, floors=[0.5], judged_by=lambda hit: hit.similarity)
    report = await Evaluator(dense, high).run(cases, methods[:1])
    assert report.relevance.native_lost is not None
    assert report.relevance.native_lost.value == 0
    assert 0 < report.relevance.floors[0].native_lost < 1  # their own pairs would have a similarity of 1


async def test_hits_can_be_judged_by_something_else(cases, dense, retriever, methods):
    check = RelevanceCheck(retriever, dense, floors=[0.5], judged_by=lambda hit: -hit.similarity)
    report = await Evaluator(dense, check).run(cases, methods[:1])
    assert report.relevance.floors[0].native_lost == 1


async def test_progress_is_told_of_every_step(cases, evaluator, methods):
    said: list[EvaluationProgress] = []
    await evaluator.run(cases, methods[:1], said.append)
    last = {progress.step: (progress.done, progress.total) for progress in said}
    assert last == {"answers": (6, 6), "paraphrases": (2, 2), "relevance": (6 + FOREIGN, 6 + FOREIGN)}


@pytest.mark.parametrize("count", [0, 2])
async def test_methods_need_names_of_their_own(cases, evaluator, methods, count):
    with pytest.raises(ValueError, match="a name of its own"):
        await evaluator.run(cases, methods[:1] * count)


async def test_outage_during_an_evaluation_is_raised(cases, evaluator, methods, embedder):
    embedder.down = True
    with pytest.raises(KnowledgeUnavailable):
        await evaluator.run(cases, methods)


async def test_report_survives_storing(report):
    assert Report.from_json(json.loads(json.dumps(report.as_json()))) == report


async def test_report_survives_the_database(report, pool):
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO knowledge_versions (recipe, evaluation) VALUES ('{}', %s)",
            (json.dumps(report.as_json()),),
        )
        row = await (await connection.execute("SELECT evaluation FROM knowledge_versions")).fetchone()
    read = Report.from_json(row["evaluation"])
    assert read == report
    assert list(read.tasks[Task.ANSWERS].methods) != list(report.tasks[Task.ANSWERS].methods)
    assert report_tables(read) == report_tables(report)


def test_document_that_is_no_report_is_refused():
    with pytest.raises(ValidationError):
        Report.from_json({"format": 1})
    with pytest.raises(ValidationError, match="1 outcomes for 2 cases"):
        Outcomes(keys=("a", "b"), methods={"fusion": MethodOutcomes(places=(1,), ndcg=(1.0,))})


def test_report_of_another_release_is_told_as_such():
    recipe = Recipe(model="m", dimensions=3)
    version = IndexVersion(
        number=4,
        state=VersionState.READY,
        recipe=recipe,
        note=None,
        pairs=1,
        evaluation={"format": 1},
        created_at=datetime.now(UTC),
        activated_at=None,
    )
    with pytest.raises(NotEvaluated, match="version 4 is one of another release"):
        kept_report(version)
    with pytest.raises(NotEvaluated, match="Version 4 of the index was not evaluated yet"):
        kept_report(replace(version, evaluation=None))


async def test_report_without_its_cases_keeps_the_rest(report):
    short = report.without_outcomes()
    assert short.tasks[Task.ANSWERS].outcomes.keys == ()
    assert short.tasks[Task.ANSWERS].methods == report.tasks[Task.ANSWERS].methods
    assert report.tasks[Task.ANSWERS].outcomes.keys


async def test_report_does_not_differ_from_itself(report):
    comparison = compare(report, report)
    for task, compared in comparison.tasks.items():
        assert (compared.shared, compared.only_before, compared.only_after) == (
            report.tasks[task].cases,
            0,
            0,
        )
        for metrics in compared.methods.values():
            assert {(each.value, each.p_value, each.not_below) for each in metrics.values()} == {(0, 1, True)}
    assert comparison.foreign_empty[0] == comparison.foreign_empty[1]


async def test_comparison_is_of_the_cases_that_both_share(store, dense, evaluator, methods, report):
    fewer = await evaluator.run(
        replace(await held_out(store, dense, size=3, seed=11), foreign=()), methods[:2]
    )
    compared = compare(report, fewer).tasks[Task.ANSWERS]
    assert (compared.shared, compared.only_before, compared.only_after) == (3, 3, 0)
    assert set(compared.methods) == {"fusion", "dense"}
    assert {each.value for each in compared.methods["fusion"].values()} == {0}


async def test_comparison_tells_what_got_worse(cases, retriever, evaluator):
    before = await evaluator.run(cases, [Fusion(retriever)])
    backwards = Backwards(Fusion(retriever))
    backwards.name = "fusion"
    after = await evaluator.run(cases, [backwards])
    worse = compare(before, after).tasks[Task.PARAPHRASES].methods["fusion"][Metric.MRR]
    better = compare(after, before).tasks[Task.PARAPHRASES].methods["fusion"][Metric.MRR]
    assert worse.value == -better.value < 0
    assert not worse.not_below


async def test_reports_without_shared_cases_differ_in_nothing(report):
    comparison = compare(report.without_outcomes(), report)
    compared = comparison.tasks[Task.ANSWERS]
    assert (compared.shared, compared.only_after, compared.methods) == (0, 6, {})


async def test_tables_have_a_cell_for_every_column(report):
    tables = [*report_tables(report), *comparison_tables(compare(report, report))]
    for table in tables:
        assert table.title
        assert table.rows or not table.columns
        assert {len(row) for row in table.rows} <= {len(table.columns)}
    titles = [table.title for table in tables]
    assert titles[:2] == [
        "fusion is nowhere shown to be below another method (MRR, margin 0.01)",
        "answers: 6 cases against answers",
    ]
    assert "paraphrases: 2 cases against questions and answers" in titles


async def test_handful_of_cases_gets_no_verdict(report):
    assert (report.below, report.least_cases) == ((), 30)
    for task in report.tasks.values():
        for groups in ((task.whole,), task.kinds, task.categories, task.topics, task.tiers):
            assert {group.verdict for group in groups} == {Verdict.TOO_FEW}
            assert sum(group.cases for group in groups) == task.cases
    tables = {table.title: table for table in report_tables(report)}
    verdicts = tables["answers: fusion against the better of the others, MRR, margin 0.01"]
    assert verdicts.rows[0][:3] == ("all", "all", "6")
    assert ("topic", "3 with fewer than 30 cases", "", "", "", "", "too few") in verdicts.rows
    assert {row[-1] for row in verdicts.rows} == {"too few"}


async def test_worse_method_is_listed_as_below(cases, evaluator, methods):
    many = replace(cases, paraphrases=cases.paraphrases * 20, answers=(), foreign=())
    report = await evaluator.run(many, [Backwards(methods[0]), *methods])
    (task,) = report.tasks.values()
    assert task.whole.verdict is Verdict.BELOW
    assert {(each.by, each.task) for each in report.below} >= {("all", Task.PARAPHRASES)}
    assert all(each.difference.value < -report.margin for each in report.below)
    first = report_tables(report)[0]
    assert first.title == "backwards is shown to be below another method (MRR, margin 0.01) on"
    assert len(first.rows) == len(report.below)
    assert Report.from_json(json.loads(json.dumps(report.as_json()))) == report


async def test_tables_show_no_more_topics_than_asked_for(report):
    tables = report_tables(report, topics=1)
    assert len(next(table for table in tables if table.title == "answers: by topic").rows) == 1


async def test_single_method_is_compared_with_none(cases, evaluator, methods):
    tables = report_tables(await evaluator.run(cases, methods[:1]))
    assert not any("less each other" in table.title for table in tables)


def _places(report, task, method):
    return report.tasks[task].outcomes.methods[method].places
