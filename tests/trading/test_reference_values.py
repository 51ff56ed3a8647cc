"""TA-Lib's figures against independently published ones, where the data is at hand."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from trading import Bars, bars_from_closes, bars_from_csv, compute, detect_patterns

PUBLISHED = 2e-11
"""How far the published values and TA-Lib's may lie apart, by the data's own account."""


@pytest.fixture(scope="module")
def bars(market_data: Path) -> Bars:
    return bars_from_csv((market_data / "default.csv").read_text())


def published(folder: Path, name: str, column: str) -> np.ndarray:
    rows = json.loads((folder / "expected" / f"{name}.standard.json").read_text())
    return np.array([np.nan if row[column] is None else row[column] for row in rows], dtype=np.float64)


@pytest.mark.parametrize(
    ("name", "output", "file", "column"),
    [
        ("RSI", "rsi", "rsi", "rsi"),
        ("ATR", "atr", "atr", "atr"),
        ("NATR", "natr", "atr", "atrp"),
        ("SMA", "sma", "sma", "sma"),
        ("EMA", "ema", "ema", "ema"),
        ("BBANDS", "upper", "bb", "upperBand"),
        ("BBANDS", "middle", "bb", "sma"),
        ("BBANDS", "lower", "bb", "lowerBand"),
        ("CCI", "cci", "cci", "cci"),
        ("MFI", "mfi", "mfi", "mfi"),
        ("WILLR", "willr", "willr", "williamsR"),
        ("STOCH", "k", "stoch", "k"),
        ("STOCH", "d", "stoch", "d"),
    ],
)
def test_every_published_value_is_met(market_data, bars, name, output, file, column):
    expected = published(market_data, file, column)
    reading = compute(name, bars)
    both = ~np.isnan(expected) & ~np.isnan(reading.values[output])
    assert both.sum() >= len(bars) - reading.warm_up - 2
    np.testing.assert_allclose(reading.values[output][both], expected[both], rtol=0, atol=PUBLISHED)


def test_on_balance_volume_differs_from_a_start_at_zero_by_the_first_volume(market_data, bars):
    assert bars.volume is not None
    expected = published(market_data, "obv", "obv")
    np.testing.assert_allclose(
        compute("OBV", bars).values["obv"] - bars.volume[0], expected, rtol=0, atol=PUBLISHED
    )


@pytest.mark.parametrize(
    ("name", "output", "file", "column"),
    [
        ("MACD", "macd", "macd", "macd"),
        ("MACD", "signal", "macd", "signal"),
        ("MACD", "histogram", "macd", "histogram"),
        ("ADX", "adx", "adx", "adx"),
        ("PLUS_DI", "plus_di", "adx", "pdi"),
        ("MINUS_DI", "minus_di", "adx", "mdi"),
    ],
)
def test_the_last_hundred_published_values_are_met(market_data, bars, name, output, file, column):
    expected = published(market_data, file, column)[-100:]
    np.testing.assert_allclose(compute(name, bars).values[output][-100:], expected, rtol=0, atol=PUBLISHED)


def test_rsi_meets_the_table_of_chartschool(market_data):
    with (market_data / "chartschool_rsi14_published.csv").open() as file:
        rows = list(csv.DictReader(file))
    values = compute("RSI", bars_from_closes([float(row["Close"]) for row in rows])).values["rsi"]
    checked = [
        (round(float(value), 2), float(row["published_rsi14"]))
        for value, row in zip(values, rows, strict=True)
        if row["published_rsi14"]
    ]
    assert len(checked) == 19
    assert all(value == expected for value, expected in checked)


def test_a_published_table_with_day_month_dates_is_read_as_bars(market_data):
    bars = bars_from_csv((market_data / "chartschool_rsi14_published.csv").read_text())
    assert len(bars) == 33
    assert bars.label(0) == "14-Dec-09"


def test_patterns_of_real_candles_lie_in_the_asked_window(market_data):
    bars = bars_from_csv((market_data / "bitcoin.csv").read_text())
    every = detect_patterns(bars)
    recent = detect_patterns(bars, window=10)
    assert len(bars) == 1246
    assert recent == [match for match in every if match.index >= 1236]
    assert {match.pattern.function for match in every} >= {"CDLDOJI", "CDLENGULFING", "CDLHAMMER"}
