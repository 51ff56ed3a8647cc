"""Verdicts on groups of cases: what is shown, what is open, and that many groups make no chance findings."""

import numpy as np
import pytest

from knowledge.evaluation import LEAST_CASES, Bootstrap, Judge, Metric, Task, Verdict
from knowledge.evaluation.groups import grouped, shown_below
from knowledge.evaluation.kinds import KINDS, kind_of
from knowledge.evaluation.report import Latency, MethodOutcomes, MethodScore, Outcomes, TaskReport
from knowledge.evaluation.verdicts import _holm
from knowledge.fields import Field

BOOTSTRAP = Bootstrap(resamples=400)
JUDGE = Judge(BOOTSTRAP, 0.01)


def around(mean, cases, seed=0, spread=0.2):
    return np.random.default_rng(seed).normal(mean, spread, cases)


def of_one(**differences):
    (verdict,) = JUDGE.verdicts([differences])
    return verdict


def test_method_that_loses_to_one_of_the_others_is_below():
    assert of_one(dense=around(-0.3, 40), words=around(0.3, 40)) is Verdict.BELOW


def test_method_that_beats_all_others_is_not_below():
    assert of_one(dense=around(0.3, 40), words=around(0.4, 40)) is Verdict.NOT_BELOW


def test_method_that_beats_one_and_may_lose_to_the_other_is_open():
    assert of_one(dense=around(0.0, 40), words=around(0.4, 40)) is Verdict.OPEN


def test_small_group_gets_no_verdict_however_clear_it_looks():
    assert of_one(dense=np.full(LEAST_CASES - 1, -1.0)) is Verdict.TOO_FEW
    assert of_one(dense=np.full(LEAST_CASES, -1.0)) is Verdict.BELOW
    assert of_one() is Verdict.TOO_FEW


@pytest.mark.parametrize(
    ("cases", "verdict"), [(30, Verdict.OPEN), (299, Verdict.OPEN), (301, Verdict.NOT_BELOW)]
)
def test_ties_alone_show_nothing_until_rare_losses_are_ruled_out(cases, verdict):
    assert of_one(dense=np.zeros(cases)) is verdict


def test_loss_within_the_margin_is_not_below():
    assert of_one(dense=around(-0.005, 3000, spread=0.01)) is not Verdict.BELOW
    assert Judge(BOOTSTRAP, 0.0).verdicts([{"dense": around(-0.005, 3000, spread=0.01)}]) == [Verdict.BELOW]


def test_many_groups_that_differ_by_chance_make_no_findings():
    family = [{"dense": around(-0.01, 40, seed)} for seed in range(200)]
    alone = [JUDGE.verdicts([group])[0] for group in family]
    assert alone.count(Verdict.BELOW) > 0
    assert JUDGE.verdicts(family) == [Verdict.OPEN] * 200


def test_true_loss_is_found_among_many_groups():
    family = [{"dense": around(0.0, 40, seed), "words": around(0.1, 40, seed)} for seed in range(100)]
    family[70] = {"dense": around(-0.4, 40), "words": around(0.1, 40)}
    verdicts = JUDGE.verdicts(family)
    assert [place for place, verdict in enumerate(verdicts) if verdict is Verdict.BELOW] == [70]


def test_correction_steps_down_as_holm_says():
    # The example of four tests, at half its level: 0.0125, 0.0167, 0.025 and 0.05 are the steps of 0.05.
    chances = {"a": 0.005, "b": 0.02, "c": 0.015, "d": 0.0025}
    assert _holm(chances) == {"d", "a"}
    assert _holm(chances, tests=5) == {"d", "a"}
    assert _holm(chances, tests=11) == set()
    assert _holm({}) == set()


def test_groups_carry_their_verdicts_and_losses_are_listed_plainly():
    good, bad = MethodOutcomes(places=(1,) * 80, ndcg=(1.0,) * 80), _second_on_the_first(40, of=80)
    outcomes = Outcomes(keys=tuple(map(str, range(80))), methods={"fusion": bad, "dense": good, "words": bad})
    names = ["lost"] * 40 + ["drawn"] * 30 + ["small"] * 10
    groups = grouped(names, outcomes, BOOTSTRAP, JUDGE)
    assert [(group.name, group.cases, group.verdict) for group in groups] == [
        ("lost", 40, Verdict.BELOW),
        ("drawn", 30, Verdict.OPEN),
        ("small", 10, Verdict.TOO_FEW),
    ]
    assert {peer: each.value for peer, each in groups[0].against.items()} == {"dense": -0.5, "words": 0}
    (whole,) = grouped(["all"] * 80, outcomes, BOOTSTRAP, JUDGE)
    score = MethodScore(metrics=whole.metrics["fusion"], latency=Latency(p50=1, p95=1, p99=1))
    task = TaskReport(
        task=Task.ANSWERS,
        fields=(Field.ANSWER,),
        cases=80,
        methods=dict.fromkeys(outcomes.methods, score),
        against={},
        whole=whole,
        kinds=(),
        topics=groups,
        categories=(),
        tiers=(),
        outcomes=outcomes,
    )
    assert [(each.by, each.name, each.peer, each.difference.value) for each in shown_below(task)] == [
        ("all", "all", "dense", -0.25),
        ("topic", "lost", "dense", -0.5),
    ]
    assert set(whole.metrics["dense"]) == set(Metric)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What is the relative strength index?", "definition"),
        ("How is the RSI calculated?", "calculation"),
        ("What does a bullish divergence tell?", "reading"),
        ("Which period suits the RSI?", "settings"),
        ("How do traders use the RSI with the MACD?", "use"),
        ("What are the pitfalls of the RSI?", "limits"),
        ("How does the RSI differ from the stochastic?", "comparison"),
        ("Has the halving happened?", "other"),
    ],
)
def test_question_is_of_the_kind_that_its_words_speak_of(question, kind):
    assert kind_of(question) == kind
    assert kind in KINDS


def _second_on_the_first(count, *, of):
    places = (2,) * count + (1,) * (of - count)
    return MethodOutcomes(places=places, ndcg=tuple(1.0 / place for place in places))
