import math

import pytest

from trading import (
    NumberInvalid,
    PivotMethod,
    Side,
    break_even_probability,
    expected_value,
    fibonacci_levels,
    kelly_fraction,
    pivot_points,
    size_by_atr,
    size_by_stop,
)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(
    ("account", "risk", "entry", "atr"), [(10_000, 0.02, 50_000, 1200), (500, 0.01, 0.00002, 1e-6)]
)
def test_the_stop_costs_exactly_the_risk_and_targets_are_two_and_three_times_away(
    side, account, risk, entry, atr
):
    plan = size_by_atr(account, risk, entry, atr, side=side)
    assert plan.side is side
    assert plan.distance == pytest.approx(2 * atr)
    assert plan.quantity * plan.distance == pytest.approx(account * risk)
    assert plan.rewards == (2.0, 3.0)
    assert [abs(target - entry) / plan.distance for target in plan.targets] == pytest.approx([2, 3])
    assert all((target > entry) is (side is Side.LONG) for target in plan.targets)


def test_the_side_follows_from_the_stop():
    assert size_by_stop(1000, 0.01, 100, 95).side is Side.LONG
    assert size_by_stop(1000, 0.01, 100, 105).side is Side.SHORT


def test_leverage_shows_when_the_stop_is_close():
    assert size_by_stop(10_000, 0.02, 50_000, 49_900).leverage == pytest.approx(10)


def test_targets_a_short_cannot_reach_are_left_out():
    assert size_by_stop(1000, 0.01, 100, 140).rewards == (2.0,)
    assert size_by_stop(1000, 0.01, 100, 160).targets == ()


@pytest.mark.parametrize(
    "numbers",
    [
        (0, 0.02, 100, 90),
        (-5, 0.02, 100, 90),
        (1000, 0, 100, 90),
        (1000, 1.5, 100, 90),
        (1000, 0.02, math.nan, 90),
        (1000, 0.02, 100, 100),
        (1000, 0.02, 100, -1),
        (math.inf, 0.02, 100, 90),
        (1e308, 1, 1e-300, 2e-300),
    ],
)
def test_sizes_that_mean_nothing_are_refused(numbers):
    with pytest.raises(NumberInvalid):
        size_by_stop(*numbers)


def test_a_stop_below_zero_is_refused():
    with pytest.raises(NumberInvalid, match="same unit"):
        size_by_atr(1000, 0.02, 100, 60)


def test_kelly_of_known_bets():
    assert kelly_fraction(0.55, 1.5) == pytest.approx(0.25)
    assert kelly_fraction(0.6, 1) == pytest.approx(0.2)
    assert kelly_fraction(1, 2) == 1
    assert kelly_fraction(0.4, 1) < 0


@pytest.mark.parametrize("payoff", [0.2, 1, 3.5])
def test_break_even_has_no_kelly_and_no_expectation(payoff):
    even = break_even_probability(payoff)
    assert kelly_fraction(even, payoff) == pytest.approx(0)
    assert expected_value(even, payoff) == pytest.approx(0)


@pytest.mark.parametrize("bet", [(1.1, 1), (-0.1, 1), (0.5, 0), (math.nan, 1), (0.5, math.inf)])
def test_bets_out_of_range_are_refused(bet):
    with pytest.raises(NumberInvalid):
        kelly_fraction(*bet)


def test_classic_pivots_of_a_known_day():
    pivots = pivot_points(110, 100, 105)
    assert pivots.pivot == 105
    assert pivots.resistances == (110, 115, 120)
    assert pivots.supports == (100, 95, 90)


def test_fibonacci_and_camarilla_pivots_are_spaced_by_the_range():
    fibonacci = pivot_points(110, 100, 105, PivotMethod.FIBONACCI)
    assert fibonacci.resistances == pytest.approx((108.82, 111.18, 115))
    camarilla = pivot_points(110, 100, 104, PivotMethod.CAMARILLA)
    assert camarilla.resistances == pytest.approx((104 + 11 / 12, 104 + 11 / 6, 106.75, 109.5))
    assert camarilla.supports == pytest.approx((104 - 11 / 12, 104 - 11 / 6, 101.25, 98.5))


@pytest.mark.parametrize(
    "day", [(100, 110, 105), (110, 100, 99), (110, 100, 111), (110, -1, 100), (math.nan, 1, 1)]
)
def test_pivots_of_impossible_days_are_refused(day):
    with pytest.raises(NumberInvalid):
        pivot_points(*day)


def test_fibonacci_levels_of_a_rise_and_a_fall_mirror_each_other():
    rise, fall = fibonacci_levels(50_000, 70_000), fibonacci_levels(70_000, 50_000)
    assert rise.retracements[0.618] == pytest.approx(57_640)
    assert rise.extensions[1.618] == pytest.approx(82_360)
    for ratio, price in rise.retracements.items():
        assert fall.retracements[ratio] == pytest.approx(120_000 - price)
    assert 2.618 not in fibonacci_levels(100, 50).extensions


@pytest.mark.parametrize("move", [(5, 5), (0, 5), (5, -1), (5, math.inf)])
def test_moves_that_are_none_are_refused(move):
    with pytest.raises(NumberInvalid):
        fibonacci_levels(*move)
