import math

import numpy as np
import pytest

from knowledge.evaluation import Bootstrap, Metric
from knowledge.evaluation.metrics import DEPTH, Outcome, judged, ranked_things

BOOTSTRAP = Bootstrap()


def test_first_thing_sought_decides_top_and_reciprocal_rank():
    outcome = judged(["x", "y", "b", "a"], {"a", "b"})
    assert outcome.place == 3
    assert outcome.measured[Metric.TOP_1] == 0
    assert outcome.measured[Metric.TOP_5] == 1
    assert outcome.measured[Metric.MRR] == pytest.approx(1 / 3)


def test_every_thing_sought_gains_by_its_place():
    gained = 1 / math.log2(3 + 1) + 1 / math.log2(4 + 1)
    ideal = 1 / math.log2(1 + 1) + 1 / math.log2(2 + 1)
    assert judged(["x", "y", "b", "a"], {"a", "b"}).ndcg == pytest.approx(gained / ideal)
    assert judged(["b", "a", "x"], {"a", "b"}).ndcg == pytest.approx(1)


def test_more_things_than_ten_can_be_sought_and_all_ten_be_right():
    assert judged([str(number) for number in range(10)], {str(number) for number in range(30)}).ndcg == 1


def test_gain_ends_at_ten_but_the_rank_counts_to_the_end():
    outcome = judged([f"x{number}" for number in range(20)] + ["a"], {"a"})
    assert outcome.ndcg == 0
    assert outcome.place == 21
    assert outcome.measured[Metric.TOP_5] == 0


def test_nothing_found_measures_zero():
    assert judged(["x"], {"a"}) == judged([], {"a"}) == judged(["x"], set()) == Outcome(0, 0.0)
    assert set(judged([], {"a"}).measured.values()) == {0.0}


def test_pairs_of_one_thing_take_one_place():
    things = {"a1": "a", "a2": "a", "b1": "b"}
    assert ranked_things(["a1", "a2", "unknown", "b1"], things) == ["a", "unknown", "b"]


def test_thing_left_out_takes_no_place():
    things = {"a1": "a", "a2": "a", "b1": "b"}
    assert ranked_things(["a1", "b1", "a2"], things, without="a") == ["b"]


def test_ranking_ends_at_its_depth_of_things():
    assert len(ranked_things([str(number) for number in range(80)], {})) == DEPTH
    assert ranked_things(["a", "b", "c"], {}, without="a", depth=1) == ["b"]


def test_interval_of_one_value_over_and_over_has_no_width():
    interval = BOOTSTRAP.interval(np.ones(20))
    assert (interval.value, interval.low, interval.high) == (1, 1, 1)


def test_interval_agrees_with_the_normal_one_where_that_holds():
    values = np.random.default_rng(1).normal(0.5, 0.2, 500)
    interval = BOOTSTRAP.interval(values)
    half = 1.96 * values.std() / math.sqrt(len(values))
    assert interval.low == pytest.approx(values.mean() - half, abs=0.003)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.003)


def test_same_seed_gives_the_same_interval():
    values = np.random.default_rng(1).random(50)
    assert BOOTSTRAP.interval(values) == Bootstrap().interval(values)
    assert BOOTSTRAP.interval(values) != Bootstrap(seed=8).interval(values)


def test_resamples_are_as_many_as_asked_for():
    assert len(Bootstrap(resamples=450)._means(np.arange(3.0))) == 450


def test_methods_that_do_the_same_do_not_differ():
    values = np.random.default_rng(1).random(50)
    difference = BOOTSTRAP.difference(values, values, margin=0.01)
    assert (difference.value, difference.low, difference.high, difference.p_value) == (0, 0, 0, 1)
    assert difference.not_below


def test_clear_difference_has_a_small_p_value():
    theirs = np.random.default_rng(1).random(200)
    better = BOOTSTRAP.difference(theirs + 0.1, theirs, margin=0.01)
    worse = BOOTSTRAP.difference(theirs, theirs + 0.1, margin=0.01)
    assert better.value == pytest.approx(0.1)
    assert better.p_value == worse.p_value == pytest.approx(2 / 2001, abs=1e-4)
    assert better.not_below
    assert not worse.not_below


def test_difference_is_judged_in_pairs():
    theirs = np.random.default_rng(1).random(200)
    noisy = np.random.default_rng(2).permutation(theirs) + 0.02
    paired = BOOTSTRAP.difference(theirs + 0.02, theirs, margin=0)
    unpaired = BOOTSTRAP.difference(noisy, theirs, margin=0)
    assert paired.p_value < 0.01 < unpaired.p_value


def test_equal_on_average_is_not_enough_to_be_not_below():
    drawn = np.random.default_rng(1)
    ours, theirs = drawn.permutation(np.arange(40) / 40), drawn.permutation(np.arange(40) / 40)
    difference = BOOTSTRAP.difference(ours, theirs, margin=0.01)
    assert difference.value == 0
    assert not difference.not_below
    assert BOOTSTRAP.difference(ours, theirs, margin=0.5).not_below
