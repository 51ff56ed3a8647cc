"""Every newer indicator's figures against the same formula written in numpy, over a random walk of its own volumes."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.trading import reference as r
from trading import Bars, bars_needed, compute

Formula = Callable[[r.Columns], r.Array]


def walk(count: int = 260, seed: int = 3) -> dict[str, r.Array]:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, count)))
    opened = np.concatenate([[100.0], close[:-1]]) * (1 + rng.normal(0, 0.003, count))
    return {
        "open": opened,
        "high": np.maximum(opened, close) * (1 + rng.uniform(0, 0.01, count)),
        "low": np.minimum(opened, close) * (1 - rng.uniform(0, 0.01, count)),
        "close": close,
        "volume": rng.uniform(10, 100, count),
    }


def as_bars(columns: dict[str, r.Array]) -> Bars:
    return Bars(**{name: tuple(values.tolist()) for name, values in columns.items()})


def awesome(b: r.Columns) -> r.Array:
    return r.sma(r.middle(b), 5) - r.sma(r.middle(b), 34)


def stochastic(b: r.Columns, period: int) -> r.Array:
    low = r.lowest(b["low"], period)
    return 100 * (b["close"] - low) / (r.highest(b["high"], period) - low)


def acceleration(b: r.Columns) -> r.Array:
    return 4 * (b["high"] - b["low"]) / (b["high"] + b["low"])


def spread(b: r.Columns, period: int) -> r.Array:
    return r.ema(b["high"] - b["low"], period)


def daily_kst(b: r.Columns) -> r.Array:
    return r.kst(b["close"], (10, 15, 20, 30), (10, 10, 10, 15))


def k_line(b: r.Columns) -> r.Array:
    return r.rma(stochastic(b, 9), 3)


FORMULAS: dict[tuple[str, str], Formula] = {
    ("HMA", "hma"): lambda b: r.hma(b["close"], 20),
    ("VWMA", "vwma"): lambda b: r.total(b["close"] * b["volume"], 20) / r.total(b["volume"], 20),
    ("ZLEMA", "zlema"): lambda b: r.zlema(b["close"], 20),
    ("T3", "t3"): lambda b: r.t3(b["close"], 5, 0.7),
    ("TRIMA", "trima"): lambda b: r.trima(b["close"], 20),
    ("RMA", "rma"): lambda b: r.rma(b["close"], 14),
    ("VWAP", "vwap"): lambda b: np.cumsum(r.typical(b) * b["volume"]) / np.cumsum(b["volume"]),
    ("MIDPOINT", "midpoint"): lambda b: (r.highest(b["close"], 14) + r.lowest(b["close"], 14)) / 2,
    ("MIDPRICE", "midprice"): lambda b: (r.highest(b["high"], 14) + r.lowest(b["low"], 14)) / 2,
    ("TSF", "tsf"): lambda b: r.line_end(b["close"], 14, ahead=1),
    ("SUPERTREND", "supertrend"): lambda b: r.supertrend(b, 10, 3.0),
    ("ICHIMOKU", "conversion"): lambda b: r.ichimoku(b, 9, 26, 52)[0],
    ("ICHIMOKU", "base"): lambda b: r.ichimoku(b, 9, 26, 52)[1],
    ("ICHIMOKU", "span_a"): lambda b: r.ichimoku(b, 9, 26, 52)[2],
    ("ICHIMOKU", "span_b"): lambda b: r.ichimoku(b, 9, 26, 52)[3],
    ("ICHIMOKU", "ahead_a"): lambda b: r.ichimoku(b, 9, 26, 52)[4],
    ("ICHIMOKU", "ahead_b"): lambda b: r.ichimoku(b, 9, 26, 52)[5],
    ("HEIKIN_ASHI", "open"): lambda b: r.heikin(b)[0],
    ("HEIKIN_ASHI", "close"): lambda b: r.heikin(b)[1],
    ("KELTNER", "middle"): lambda b: r.ema(r.typical(b), 20),
    ("KELTNER", "upper"): lambda b: r.ema(r.typical(b), 20) + 2 * r.keltner_width(b, 20, 10),
    ("KELTNER", "lower"): lambda b: r.ema(r.typical(b), 20) - 2 * r.keltner_width(b, 20, 10),
    ("DONCHIAN", "upper"): lambda b: r.highest(b["high"], 20),
    ("DONCHIAN", "lower"): lambda b: r.lowest(b["low"], 20),
    ("ACCBANDS", "upper"): lambda b: r.sma(b["high"] * (1 + acceleration(b)), 20),
    ("ACCBANDS", "lower"): lambda b: r.sma(b["low"] * (1 - acceleration(b)), 20),
    ("STOCHF", "k"): lambda b: stochastic(b, 14),
    ("STOCHF", "d"): lambda b: r.sma(stochastic(b, 14), 3),
    ("KDJ", "k"): k_line,
    ("KDJ", "d"): lambda b: r.rma(k_line(b), 3),
    ("KDJ", "j"): lambda b: 3 * k_line(b) - 2 * r.rma(k_line(b), 3),
    ("SMI", "smi"): lambda b: r.smi(b, 13, 2, 25),
    ("SMI", "signal"): lambda b: r.ema(r.smi(b, 13, 2, 25), 9),
    ("DX", "dx"): lambda b: r.directional(b, 14),
    ("ADXR", "adxr"): lambda b: r.adxr(b, 14),
    ("VORTEX", "plus_vi"): lambda b: (
        r.total(np.abs(b["high"] - r.back(b["low"], 1)), 14) / r.total(r.true_range(b), 14)
    ),
    ("VORTEX", "minus_vi"): lambda b: (
        r.total(np.abs(b["low"] - r.back(b["high"], 1)), 14) / r.total(r.true_range(b), 14)
    ),
    ("EFFICIENCY_RATIO", "er"): lambda b: (
        np.abs(r.change(b["close"], 10)) / r.total(np.abs(r.change(b["close"])), 10)
    ),
    ("VHF", "vhf"): lambda b: r.vertical_filter(b["close"], 28),
    ("IMI", "imi"): lambda b: r.intraday(b, 14),
    ("RVI", "rvi"): lambda b: r.volatility_index(b["close"], 14, 10),
    ("BOP", "bop"): lambda b: (b["close"] - b["open"]) / (b["high"] - b["low"]),
    ("PERCENT_RANK", "rank"): lambda b: r.percent_rank(b["close"], 100),
    ("AO", "ao"): awesome,
    ("ACCELERATOR", "ac"): lambda b: awesome(b) - r.sma(awesome(b), 5),
    ("COPPOCK", "coppock"): lambda b: r.wma(r.roc(b["close"], 11) + r.roc(b["close"], 14), 10),
    ("DPO", "dpo"): lambda b: r.back(b["close"], 11) - r.sma(b["close"], 20),
    ("TSI", "tsi"): lambda b: r.tsi(b["close"], 25, 13),
    ("KST", "kst"): daily_kst,
    ("KST", "signal"): lambda b: r.sma(daily_kst(b), 9),
    ("QSTICK", "qstick"): lambda b: r.sma(b["close"] - b["open"], 10),
    ("FOSC", "fosc"): lambda b: (
        100 * (b["close"] - r.back(r.line_end(b["close"], 5, ahead=1), 1)) / b["close"]
    ),
    ("LINEARREG_SLOPE", "slope"): lambda b: r.regression_slope(b["close"], 14),
    ("ELDER_RAY", "bull_power"): lambda b: b["high"] - r.ema(b["close"], 13),
    ("ELDER_RAY", "bear_power"): lambda b: b["low"] - r.ema(b["close"], 13),
    ("VARIANCE", "variance"): lambda b: r.rolling(b["close"], 20, lambda window: float(window.var())),
    ("AVGDEV", "avgdev"): lambda b: r.rolling(
        b["close"], 14, lambda window: float(np.abs(window - window.mean()).mean())
    ),
    ("ADR", "adr"): lambda b: r.sma(b["high"] - b["low"], 14),
    ("CHAIKIN_VOLATILITY", "volatility"): lambda b: r.roc(spread(b, 10), 10),
    ("MASS_INDEX", "mass"): lambda b: r.total(spread(b, 9) / r.ema(spread(b, 9), 9), 25),
    ("CMF", "cmf"): lambda b: r.total(r.multiplier(b) * b["volume"], 20) / r.total(b["volume"], 20),
    ("FORCE_INDEX", "force"): lambda b: r.force(b, 13),
    ("NVI", "nvi"): lambda b: r.volume_index(b, rising=False),
    ("PVI", "pvi"): lambda b: r.volume_index(b, rising=True),
    ("PVT", "pvt"): lambda b: np.cumsum(
        np.nan_to_num(r.change(b["close"]) / r.back(b["close"], 1) * b["volume"])
    ),
    ("PVO", "pvo"): lambda b: 100 * (r.ema(b["volume"], 12) / r.ema(b["volume"], 26) - 1),
    ("RELATIVE_VOLUME", "rvol"): lambda b: b["volume"] / r.back(r.sma(b["volume"], 20), 1),
    ("MARKET_FACILITATION", "marketfi"): lambda b: (b["high"] - b["low"]) / b["volume"],
    ("WAD", "wad"): r.williams,
}


@pytest.mark.parametrize(("name", "output"), FORMULAS, ids="-".join)
def test_figures_are_those_of_the_formula_from_the_end_of_the_warm_up_on(name, output):
    columns = walk()
    expected = FORMULAS[name, output](columns)
    reading = compute(name, as_bars(columns))
    kept = slice(bars_needed(name) - 1, None)
    assert np.isfinite(reading.values[output][kept]).all()
    np.testing.assert_allclose(reading.values[output][kept], expected[kept], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["ICHIMOKU", "KST", "SUPERTREND", "HMA", "CMF"])
def test_no_value_depends_on_later_bars(name):
    columns = walk()
    whole = compute(name, as_bars(columns))
    part = compute(name, as_bars({key: values[:200] for key, values in columns.items()}))
    for output, values in part.values.items():
        np.testing.assert_array_equal(values, whole.values[output][:200])


def test_settings_of_own_indicators_change_their_warm_up_and_their_figures():
    bars = as_bars(walk())
    shorter = compute("Ichimoku", bars, conversion=1, base=10, span=20)
    assert shorter.warm_up == 29
    assert shorter.last["conversion"] == pytest.approx((bars.series("high")[-1] + bars.series("low")[-1]) / 2)
    assert compute("KST", bars, signal=1).last["signal"] == compute("KST", bars).last["kst"]
