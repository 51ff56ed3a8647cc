"""Backtests fill on the next bar, pay their costs and know nothing early; risk measures follow their formulas."""

import math
from itertools import pairwise

import numpy as np
import pytest

from tests.trading.series import planted, walk
from trading import (
    RULES,
    Bars,
    NumberInvalid,
    Rule,
    Setup,
    Side,
    TooFewBars,
    Trend,
    backtest,
    bars_from_closes,
    find_signal,
    halves,
    judge,
    positions,
    resample,
    tail_risk,
)


def joined(bars: Bars, other: Bars, at: int) -> Bars:
    """The first bars of one series and the later ones of another."""
    names = ("open", "high", "low", "close", "volume")
    return Bars(**{name: getattr(bars, name)[:at] + getattr(other, name)[at:] for name in names})


SMALL: dict[Rule, dict[str, float]] = {Rule.SMA_CROSS: {"fast": 5, "slow": 20}}


@pytest.mark.parametrize("rule", Rule)
@pytest.mark.parametrize("short", [False, True])
def test_other_later_bars_change_nothing_that_was_decided_or_earned_before(rule, short):
    bars, settings = walk(1), SMALL.get(rule, {})
    wanted = positions(rule, bars, short=short, **settings)
    earned = backtest(bars, wanted)
    for seed, at in ((2, 150), (3, 200)):
        mixed = joined(bars, walk(seed), at)
        otherwise = positions(rule, mixed, short=short, **settings)
        assert otherwise[:at] == wanted[:at]
        assert backtest(mixed, otherwise).equity[:at] == earned.equity[:at]
    assert len(set(wanted)) > 1


def test_a_decision_is_filled_at_the_next_open_with_fee_and_slippage():
    bars = bars_of_opens([100.0] * 10 + [110.0, 121.0] + [121.0] * 20)
    wanted = [0] * 9 + [1] + [0] * 22  # decided on bar 9, filled at the open of 10, left at the open of 11
    result = backtest(bars, wanted, fee=0.01, slippage=0.02)
    (trade,) = result.trades
    assert (trade.entered, trade.left, trade.closed) == (10, 11, True)
    assert trade.entry == pytest.approx(110 * 1.02)
    assert trade.exit == pytest.approx(121 * 0.98)
    expected = (1 / 1.01) * (121 * 0.98) / (110 * 1.02) * 0.99
    assert result.equity[-1] == pytest.approx(expected)
    assert trade.result == pytest.approx(expected - 1)
    free = backtest(bars, wanted, fee=0, slippage=0)
    assert free.equity[-1] == pytest.approx(1.1)
    assert free.costs == 0
    assert result.costs > 0.05


def bars_of_opens(opens: list[float]) -> Bars:
    prices = tuple(opens)
    return Bars(open=prices, high=prices, low=prices, close=prices)


def test_without_opens_a_decision_is_filled_at_the_next_close():
    closes = [100.0] * 20 + [120.0, 150.0] + [150.0] * 10
    wanted = [0] * 19 + [1] * 13
    result = backtest(bars_from_closes(closes), wanted, fee=0, slippage=0)
    assert result.equity[20] == 1
    assert result.equity[-1] == pytest.approx(1.25)
    assert [trade.closed for trade in result.trades] == [False]


def test_a_decision_on_the_last_bar_is_not_filled():
    closes = [100.0 + i for i in range(40)]
    result = backtest(bars_from_closes(closes), [0] * 39 + [1])
    assert result.trades == ()
    assert set(result.equity) == {1.0}
    assert result.win_rate is None


def test_a_short_gains_what_the_price_falls():
    closes = [100.0] * 20 + [80.0] * 20
    wanted = [0] * 10 + [-1] * 30
    result = backtest(bars_from_closes(closes), wanted, fee=0, slippage=0)
    assert result.equity[-1] == pytest.approx(1.2)
    with pytest.raises(NumberInvalid, match="more than doubled"):
        backtest(bars_from_closes([100.0] * 20 + [250.0] * 20), wanted)


def test_what_is_bought_and_held_is_the_benchmark():
    bars = walk(4)
    held = backtest(bars, [1] * len(bars), fee=0.001, slippage=0)
    assert held.benchmark == pytest.approx(bars.close[-1] / bars.close[0] * 0.999 - 1)
    first, second = halves(held)
    assert (1 + first.total_return) * (1 + second.total_return) == pytest.approx(held.equity[-1])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"wanted": [1] * 30, "fee": 0.5}, "fee"),
        ({"wanted": [1] * 29}, "for each bar"),
        ({"wanted": [2] * 30}, "for each bar"),
    ],
)
def test_what_cannot_be_tested_is_refused(arguments, says):
    with pytest.raises(NumberInvalid, match=says):
        backtest(bars_from_closes([100.0 + i for i in range(30)]), **arguments)
    with pytest.raises(TooFewBars, match="30"):
        backtest(bars_from_closes([100.0] * 5), [0] * 5)


def test_rules_refuse_settings_that_do_not_fit():
    bars = walk(1)
    with pytest.raises(NumberInvalid, match="shorter"):
        positions(Rule.SMA_CROSS, bars, fast=20, slow=10)
    with pytest.raises(NumberInvalid, match="below the upper"):
        positions(Rule.RSI_REVERSION, bars, low=70, high=30)
    with pytest.raises(NumberInvalid, match="its settings are period"):
        positions(Rule.MOMENTUM, bars, fast=3)


def test_rules_do_what_their_words_say():
    bars = walk(2)
    close = np.asarray(bars.close)
    momentum = positions(Rule.MOMENTUM, bars)
    assert momentum[20:] == tuple(int(close[at] > close[at - 20]) for at in range(20, len(bars)))
    donchian = positions(Rule.DONCHIAN_BREAKOUT, bars)
    assert bars.high is not None
    for at, (before, now) in enumerate(pairwise(donchian), start=1):
        if now > before:
            assert close[at] > max(bars.high[at - 20 : at])
    assert set(RULES) == set(Rule)


def test_rules_of_ranges_work_on_closes_alone():
    closes = bars_from_closes(walk(3).close)
    assert 1 in positions(Rule.DONCHIAN_BREAKOUT, closes)


def test_value_at_risk_is_the_quantile_and_shortfall_the_mean_beyond_it():
    returns = [value / 1000 for value in range(-50, 50)]
    risk = tail_risk(returns, 0.95)
    assert risk.historical == pytest.approx(0.046)
    assert risk.shortfall == pytest.approx((0.050 + 0.049 + 0.048 + 0.047 + 0.046) / 5)
    assert (risk.tail, risk.worst, risk.returns) == (5, 0.05, 100)
    mean, deviation = np.mean(returns), np.std(returns, ddof=1)
    assert risk.normal == pytest.approx(1.6448536 * deviation - mean, rel=1e-6)
    assert risk.normal_shortfall == pytest.approx(2.0627128 * deviation - mean, rel=1e-6)
    ten = tail_risk(returns, 0.95, 10)
    assert ten.normal == pytest.approx(1.6448536 * deviation * math.sqrt(10) - 10 * mean, rel=1e-6)


def test_value_at_risk_of_normal_returns_comes_near_the_formula():
    returns = np.random.default_rng(1).normal(0, 0.02, 20_000).tolist()
    risk = tail_risk(returns, 0.99)
    assert risk.historical == pytest.approx(risk.normal, rel=0.05)
    assert risk.shortfall == pytest.approx(risk.normal_shortfall, rel=0.05)


def test_too_few_returns_and_wild_confidences_are_refused():
    with pytest.raises(TooFewBars, match="20"):
        tail_risk([0.01] * 19)
    with pytest.raises(NumberInvalid, match="confidence"):
        tail_risk([0.01] * 30, 95)


def test_longer_bars_hold_what_their_shorter_ones_did():
    bars = walk(6, count=30)
    longer = resample(bars, 4)
    assert len(longer) == 7
    assert longer.close[-1] == bars.close[-1]
    assert bars.high is not None
    assert bars.low is not None
    assert bars.open is not None
    assert longer.open is not None
    assert longer.high is not None
    assert longer.low is not None
    assert longer.high[0] == max(bars.high[2:6])
    assert longer.low[-1] == min(bars.low[-4:])
    assert longer.open[0] == bars.open[2]
    assert longer.volume == (4000.0,) * 7
    assert resample(bars, 1) is bars
    with pytest.raises(TooFewBars):
        resample(bars, 31)
    with pytest.raises(NumberInvalid):
        resample(bars, 0)


def test_a_steady_rise_is_up_on_every_timeframe_and_a_fall_is_down():
    steps = np.random.default_rng(0).normal(0.01, 0.004, 700)
    for way, trend in ((1, Trend.UP), (-1, Trend.DOWN)):
        closes = (100 * np.exp(way * np.cumsum(steps))).tolist()
        verdict = judge(bars_from_closes(closes))
        assert verdict.trend is trend
        assert verdict.agree
        assert [each.factor for each in verdict.timeframes] == [1, 4, 16]
        assert all(each.evidence for each in verdict.timeframes)


def test_timeframes_with_too_few_bars_are_named_and_left_out():
    verdict = judge(walk(1, count=150))
    assert [each.factor for each in verdict.timeframes] == [1, 4]
    assert verdict.left_out == ((16, 9),)
    with pytest.raises(TooFewBars, match="35"):
        judge(walk(1, count=30))


@pytest.mark.uncounted
def test_most_random_walks_have_no_signal_and_every_signal_has_its_levels():
    signals = [find_signal(walk(seed)) for seed in range(60)]
    found = [signal for signal in signals if signal.side]
    assert 5 <= len(found) <= 25
    for signal in found:
        assert signal.stop is not None
        way = 1 if signal.side is Side.LONG else -1
        assert way * (signal.entry - signal.stop) == pytest.approx(2 * signal.atr)
        assert [way * (target - signal.entry) / signal.atr for target in signal.targets] == pytest.approx(
            [4, 6]
        )
        assert signal.reasons
        assert 0 < signal.confidence <= 100
    assert all(signal.against and signal.confidence == 0 for signal in signals if not signal.side)


def test_a_breakout_after_a_rise_is_a_long_and_mirrored_a_short():
    rise = [(0, 100), (60, 150), (75, 144), (99, 150), (100, 156)]
    long = find_signal(planted(rise, noise=0.3))
    short = find_signal(planted([(place, 300 - price) for place, price in rise], noise=0.3))
    assert (long.side, long.setup) == (Side.LONG, Setup.BREAKOUT)
    assert (short.side, short.setup) == (Side.SHORT, Setup.BREAKOUT)


def test_an_extreme_without_a_trend_is_a_reversion():
    closes = list(walk(95).close)
    signal = find_signal(walk(95))
    assert (signal.side, signal.setup) == (Side.LONG, Setup.REVERSION)
    with pytest.raises(TooFewBars, match="60"):
        find_signal(bars_from_closes(closes[:50]))
