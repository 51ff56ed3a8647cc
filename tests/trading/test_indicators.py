import math

import numpy as np
import pytest

import trading
from trading import (
    INDICATORS,
    Bars,
    NumberInvalid,
    SeriesMissing,
    TooFewBars,
    UnknownIndicator,
    bars_from_closes,
    bars_needed,
    compute,
    find_indicator,
    longest_period,
)


def walk(count: int = 200, seed: int = 7, level: float = 100.0) -> Bars:
    rng = np.random.default_rng(seed)
    close = level * np.exp(np.cumsum(rng.normal(0, 0.02, count)))
    opened = np.concatenate([[level], close[:-1]])
    high = np.maximum(opened, close) * (1 + rng.uniform(0, 0.01, count))
    low = np.minimum(opened, close) * (1 - rng.uniform(0, 0.01, count))
    columns = {"open": opened, "high": high, "low": low, "close": close}
    return Bars(
        **{name: tuple(values.tolist()) for name, values in columns.items()}, volume=tuple([5.0] * count)
    )


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda each: each.name)
def test_each_indicator_has_a_value_on_the_first_bar_after_its_warm_up(indicator):
    needed = bars_needed(indicator.name)
    reading = compute(indicator.name, walk(max(needed, 2)))
    assert reading.warm_up == needed - 1
    assert set(reading.last) == set(indicator.outputs)
    assert all(math.isfinite(value) for value in reading.last.values())
    if needed > 2:
        with pytest.raises(TooFewBars, match=str(needed)):
            compute(indicator.name, walk(needed - 1))


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda each: each.name)
def test_each_indicator_is_found_by_its_names_and_no_alias_is_shared(indicator):
    for name in (indicator.name, indicator.name.lower(), indicator.title, *indicator.aliases):
        assert find_indicator(name) is indicator


def test_there_are_more_than_eighty_indicators_and_all_their_functions_exist():
    import talib

    assert len(INDICATORS) > 80
    assert all(hasattr(talib, each.function) != each.own for each in INDICATORS)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Chaikin money flow", "CMF"),
        ("money flow index", "MFI"),
        ("weighted MA", "WMA"),
        ("volume weighted moving average", "VWMA"),
        ("Ichimoku", "ICHIMOKU"),
        ("Keltner channel", "KELTNER"),
        ("VPT", "PVT"),
    ],
)
def test_names_that_resemble_each_other_are_told_apart(words, name):
    assert find_indicator(words).name == name


@pytest.mark.parametrize("scale", [1e-9, 1e-4, 1e6])
def test_bounded_indicators_do_not_depend_on_the_price_level(scale):
    base = walk()
    scaled = walk(level=100.0 * scale)
    for name in ("RSI", "STOCH", "WILLR", "MFI", "CCI", "ADX"):
        assert compute(name, scaled).value == pytest.approx(compute(name, base).value, rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_bounded_indicators_stay_in_their_bounds(seed):
    bars = walk(seed=seed)
    for name, low, high in (
        ("RSI", 0, 100),
        ("STOCH", 0, 100),
        ("WILLR", -100, 0),
        ("MFI", 0, 100),
        ("ADX", 0, 100),
    ):
        values = compute(name, bars).values
        kept = next(iter(values.values()))[compute(name, bars).warm_up :]
        assert low - 1e-9 <= kept.min() <= kept.max() <= high + 1e-9


def test_simple_average_is_the_mean_of_the_last_closes():
    assert compute("SMA", bars_from_closes([60000, 61000, 62000, 60500, 61500]), period=5).value == 61000


def test_parameters_stand_in_the_label_and_both_bands_follow_one_deviation():
    reading = compute("bollinger bands", walk(), period=10, deviations=1)
    last = reading.last
    assert reading.label == "BBANDS(10, 1)"
    assert last["upper"] - last["middle"] == pytest.approx(last["middle"] - last["lower"])
    assert compute("OBV", walk()).label == "OBV"


@pytest.mark.parametrize(
    ("name", "parameters", "says"),
    [
        ("RSI", {"period": 1}, "from 2 to"),
        ("RSI", {"period": 14.5}, "whole number"),
        ("RSI", {"period": math.nan}, "whole number"),
        ("SMA", {"period": 0}, "from 1 to"),
        ("SMA", {"period": 100_001}, "100000"),
        ("SMA", {"speed": 3}, "no parameter 'speed'"),
        ("OBV", {"period": 3}, "parameters are: none"),
        ("MACD", {"fast": 26, "slow": 12}, "shorter than the slow"),
        ("BBANDS", {"deviations": -1}, "from 0 to"),
    ],
)
def test_parameters_out_of_range_are_refused_with_the_range(name, parameters, says):
    with pytest.raises(NumberInvalid, match=says):
        compute(name, walk(), **parameters)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UnknownIndicator, match="RSI, "):
        compute("moon phase", walk())


def test_missing_series_are_named():
    with pytest.raises(SeriesMissing, match="no high and no low"):
        compute("ATR", bars_from_closes([1.0] * 30))


def test_too_few_bars_name_the_longest_period_that_fits():
    with pytest.raises(TooFewBars, match="at most 9"):
        compute("RSI", bars_from_closes([float(i) for i in range(1, 11)]))
    with pytest.raises(TooFewBars, match=r"there is 1; give more bars\."):
        compute("RSI", bars_from_closes([1.0]))


@pytest.mark.parametrize(
    ("name", "count", "longest"),
    [
        ("RSI", 10, 9),
        ("RSI", 3, 2),
        ("RSI", 2, None),
        ("SMA", 5, 5),
        ("SMA", 1, 1),
        ("ADX", 10, 5),
        ("OBV", 10, None),
    ],
)
def test_longest_period_just_fits(name, count, longest):
    assert longest_period(name, count) == longest
    if longest is not None:
        assert bars_needed(name, period=longest) <= count < bars_needed(name, period=longest + 1)


def test_prices_that_do_not_move_are_marked():
    assert compute("RSI", bars_from_closes([5.0] * 30)).motionless
    assert not compute("RSI", walk()).motionless
    ends_flat = bars_from_closes([1.0, 2.0] * 10 + [3.0] * 30)
    assert compute("SMA", ends_flat).motionless
    assert not compute("RSI", ends_flat).motionless


def test_an_undefined_last_value_is_refused():
    with pytest.raises(NumberInvalid, match="no value on the last bar"):
        compute("OBV", Bars(close=(1.0, 2.0, 3.0), volume=(1e308, 1e308, 1e308)))


def test_every_public_name_exists_once():
    assert len(trading.__all__) == len(set(trading.__all__))
    assert all(hasattr(trading, name) for name in trading.__all__)
