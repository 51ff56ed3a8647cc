import math
from datetime import UTC, datetime

import pytest

from trading import (
    NumberInvalid,
    Side,
    TooFewBars,
    apr_of,
    bitcoin_day,
    bitcoin_height,
    bitcoin_supply,
    check_allocation,
    compound,
    emission,
    equity_from_returns,
    figure,
    funding_cost,
    impermanent_loss,
    liquidation_price,
    maximum_drawdown,
    network_value_ratio,
    percent,
    performance,
    stock_to_flow,
    valuation,
)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("leverage", [1.5, 10, 100])
def test_at_the_liquidation_price_margin_and_profit_equal_the_maintenance_margin(side, leverage):
    entry, rate = 60_000.0, 0.005
    result = liquidation_price(entry, leverage, side, rate)
    sign = 1 if side is Side.LONG else -1
    left = entry / leverage + sign * (result.price - entry)
    assert left == pytest.approx(rate * result.price)
    assert entry / leverage + sign * (result.price_by_entry_value - entry) == pytest.approx(rate * entry)
    assert entry / leverage + sign * (result.bankruptcy_price - entry) == pytest.approx(0, abs=1e-6)


def test_liquidation_of_known_positions():
    assert liquidation_price(60_000, 10).price == pytest.approx(54_271.3568)
    assert liquidation_price(3000, 20, Side.SHORT).price == pytest.approx(3134.3284)
    assert liquidation_price(100, 1).price == 0


@pytest.mark.parametrize(
    "position",
    [
        (0, 10),
        (-5, 10),
        (60_000, 0),
        (60_000, 0.5),
        (60_000, math.nan),
        (60_000, 2000),
        (60_000, 250),
        (math.inf, 2),
    ],
)
def test_positions_that_cannot_be_are_refused(position):
    with pytest.raises(NumberInvalid):
        liquidation_price(*position)


def test_funding_changes_sign_with_the_side():
    long, short = funding_cost(50_000, 0.0001, 10), funding_cost(50_000, 0.0001, 10, Side.SHORT)
    assert long.total == pytest.approx(150)
    assert short.total == -long.total
    assert long.yearly_rate == pytest.approx(0.1095)
    assert funding_cost(50_000, 0.0001, 1, hours=1).payments == 24


@pytest.mark.parametrize("position", [(0, 0.0001, 1), (100, 2, 1), (100, 0.01, -1), (100, 0.01, math.nan)])
def test_funding_of_impossible_positions_is_refused(position):
    with pytest.raises(NumberInvalid):
        funding_cost(*position)


@pytest.mark.parametrize(
    ("ratio", "loss"), [(1, 0), (2, -0.0571910), (4, -0.2), (0.25, -0.2), (1.25, -0.0061920)]
)
def test_impermanent_loss_of_known_moves(ratio, loss):
    assert impermanent_loss(ratio) == pytest.approx(loss, abs=1e-7)


@pytest.mark.parametrize("ratio", [1e-300, 1e-6, 0.3, 1.0001, 7, 1e12, 1e300])
@pytest.mark.parametrize("weight", [0.2, 0.5, 0.8])
def test_impermanent_loss_is_never_a_gain_nor_more_than_all(ratio, weight):
    loss = impermanent_loss(ratio, weight)
    assert -1 <= loss <= 0
    assert loss == pytest.approx(impermanent_loss(1 / ratio, 1 - weight), abs=1e-9)


@pytest.mark.parametrize("ratio", [0, -1, math.nan, math.inf])
def test_impermanent_loss_of_no_ratio_is_refused(ratio):
    with pytest.raises(NumberInvalid):
        impermanent_loss(ratio)


@pytest.mark.parametrize("periods", [1, 12, 365])
def test_apr_and_apy_invert_each_other(periods):
    result = compound(0.12, periods)
    assert apr_of(result.apy, periods) == pytest.approx(0.12)
    assert result.growth == pytest.approx(1 + result.apy)
    assert compound(0.12, 12).apy == pytest.approx(0.12682503)


@pytest.mark.parametrize("rate", [(-400, 365), (1e9, 365), (math.nan, 365), (0.1, 0)])
def test_rates_that_cannot_compound_are_refused(rate):
    with pytest.raises(NumberInvalid):
        compound(*rate)
    with pytest.raises(NumberInvalid):
        apr_of(-1.0)


@pytest.mark.parametrize(
    ("height", "subsidy", "supply"),
    [
        (0, 50, 50),
        (209_999, 50, 10_500_000),
        (210_000, 25, 10_500_025),
        (840_000, 3.125, 19_687_503.125),
        (6_929_999, 1e-8, 20_999_999.9769),
        (6_930_000, 0, 20_999_999.9769),
    ],
)
def test_bitcoin_supply_at_known_blocks(height, subsidy, supply):
    result = bitcoin_supply(height)
    assert result.subsidy == subsidy
    assert result.supply == pytest.approx(supply, abs=1e-8)
    assert result.limit == pytest.approx(20_999_999.9769, abs=1e-8)
    assert (result.next_halving_height is None) is (subsidy == 0)


@pytest.mark.parametrize("height", [0, 100_000, 420_000, 700_000, 840_000, 1_000_000, 2_000_000])
def test_bitcoin_day_and_height_invert_each_other(height):
    assert abs(bitcoin_height(bitcoin_day(height)) - height) <= 1


def test_bitcoin_heights_meet_known_days():
    assert bitcoin_height(datetime(2020, 5, 11, tzinfo=UTC)) == 630_000
    assert bitcoin_height(datetime(2024, 4, 20)) == 840_000  # noqa: DTZ001  # a day without a zone is taken as UTC
    assert abs(bitcoin_height(datetime(2018, 1, 1, tzinfo=UTC)) - 501_951) < 5000
    assert bitcoin_day(1_050_000).year == 2028
    assert bitcoin_height(datetime(2199, 12, 31, tzinfo=UTC)) <= 10_000_000
    for year in (2008, 2200):
        with pytest.raises(NumberInvalid, match="2009-01-03"):
            bitcoin_height(datetime(year, 1, 1, tzinfo=UTC))
    with pytest.raises(NumberInvalid):
        bitcoin_supply(-1)


def test_emission_compounds_or_adds_and_stops_at_the_maximum():
    assert emission(100, 0.1, 2)[-1].supply == pytest.approx(121)
    assert emission(100, 0.1, 2, simple=True)[-1].supply == pytest.approx(120)
    capped = emission(100, 0.1, 3, maximum=115)
    assert [row.supply for row in capped] == pytest.approx([110, 115, 115])
    assert capped[-1].inflation == 0
    burnt = emission(100, -1, 2)
    assert [row.supply for row in burnt] == [0, 0]


@pytest.mark.parametrize(
    ("numbers", "maximum"),
    [
        ((0, 0.1, 5), None),
        ((100, -2, 5), None),
        ((100, 0.1, 0), None),
        ((100, 0.1, 500), None),
        ((100, 0.1, 5), 50),
        ((1e300, 1000, 200), None),
    ],
)
def test_emissions_that_cannot_be_are_refused(numbers, maximum):
    with pytest.raises(NumberInvalid):
        emission(*numbers, maximum=maximum)


def test_valuation_uses_the_supplies_that_are_given():
    both = valuation(2.5, maximum=1e9, circulating=2e8)
    assert (both.fully_diluted, both.market_cap, both.circulating_share) == (2.5e9, 5e8, 0.2)
    assert valuation(0.4, circulating=3e9).market_cap == pytest.approx(1.2e9)
    assert valuation(2, maximum=10).market_cap is None
    for supplies in ({}, {"maximum": 10, "circulating": 11}, {"maximum": -1}, {"circulating": -1}):
        with pytest.raises(NumberInvalid):
            valuation(1.0, **supplies)
    with pytest.raises(NumberInvalid, match="too large"):
        valuation(1e300, maximum=1e300)


def test_ratios_divide_and_refuse_zero():
    assert stock_to_flow(190_000, 3300) == pytest.approx(57.5757, abs=1e-3)
    assert network_value_ratio(1.2e12, 1.5e10) == 80
    for function in (stock_to_flow, network_value_ratio):
        with pytest.raises(NumberInvalid):
            function(1.0, 0.0)


def test_the_deepest_fall_is_found_with_its_recovery():
    fall = maximum_drawdown([100, 120, 90, 110, 80, 130])
    assert fall.depth == pytest.approx(1 / 3)
    assert (fall.peak, fall.trough, fall.recovered) == (1, 4, 5)
    assert maximum_drawdown([1, 2, 3]).depth == 0
    assert maximum_drawdown([3, 2, 1]).recovered is None


def test_performance_of_a_known_series():
    result = performance(equity_from_returns([0.1, -0.1, 0.1]), periods=1)
    mean, deviation = 0.1 / 3, math.sqrt(((0.2 / 3) ** 2 * 2 + (0.4 / 3) ** 2) / 2)
    assert result.sharpe == pytest.approx(mean / deviation)
    assert result.sortino == pytest.approx(mean / math.sqrt(0.01 / 3))
    assert result.win_rate == pytest.approx(2 / 3)
    assert result.total_return == pytest.approx(1.1 * 0.9 * 1.1 - 1)


def test_steady_gains_have_no_ratios():
    result = performance([1.0, 1.1, 1.21, 1.331])
    assert result.sharpe is None
    assert result.sortino is None


@pytest.mark.parametrize(
    "series", [[1, 2, 0], [1, 2, -3], [1, 2, math.nan], [1, math.inf, 2], [1e-300, 1e300, 1]]
)
def test_series_without_meaning_are_refused(series):
    with pytest.raises(NumberInvalid):
        performance(series)


def test_short_series_and_total_losses_are_refused():
    with pytest.raises(TooFewBars):
        performance([1, 2])
    with pytest.raises(TooFewBars):
        maximum_drawdown([])
    with pytest.raises(NumberInvalid, match="loses everything"):
        equity_from_returns([0.1, -1.0])


def test_concentration_counts_equal_holdings():
    equal = check_allocation({"A": 25, "B": 25, "C": 25, "D": 25})
    assert equal.effective_holdings == pytest.approx(4)
    assert equal.over_limit == ()
    assert not equal.adds_up
    skewed = check_allocation({"A": 0.2, "B": 0.8})
    assert list(skewed.weights) == ["B", "A"]
    assert skewed.over_limit == ("B",)
    assert skewed.adds_up
    for weights in ({}, {"A": 0}, {"A": -1, "B": 2}, {"A": math.nan}):
        with pytest.raises(NumberInvalid):
            check_allocation(weights)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (60000, "60,000"),
        (3135.0000000000005, "3,135"),
        (1234.567, "1,234.57"),
        (0.00001234, "0.00001234"),
        (0.5, "0.5"),
        (0, "0"),
        (-0.25, "-0.25"),
        (1.5e21, "1.5e+21"),
        (1e-12, "1e-12"),
    ],
)
def test_figures_keep_the_digits_that_say_something(value, text):
    assert figure(value) == text


@pytest.mark.parametrize(
    ("fraction", "text"), [(0.0345, "3.45 %"), (0.06, "6 %"), (-0.00001, "0 %"), (12, "1,200 %")]
)
def test_percentages_drop_empty_digits(fraction, text):
    assert percent(fraction) == text
