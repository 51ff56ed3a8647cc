"""Indicators written a second time, straight from their formulas in numpy, to hold TA-Lib's figures against."""

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Columns = Mapping[str, Array]
NAN = math.nan


def rolling(values: Array, period: int, measure: Callable[[Array], float]) -> Array:
    """A measure of each window of the last `period` values; NaN where the window is short or holds NaN."""
    found = np.full(len(values), NAN)
    for end in range(period, len(values) + 1):
        window = values[end - period : end]
        if not np.isnan(window).any():
            found[end - 1] = measure(window)
    return found


def sma(values: Array, period: int) -> Array:
    return rolling(values, period, lambda window: float(window.mean()))


def wma(values: Array, period: int) -> Array:
    weights = np.arange(1, period + 1)
    return rolling(values, period, lambda window: float(window @ weights / weights.sum()))


def highest(values: Array, period: int) -> Array:
    return rolling(values, period, lambda window: float(window.max()))


def lowest(values: Array, period: int) -> Array:
    return rolling(values, period, lambda window: float(window.min()))


def total(values: Array, period: int) -> Array:
    return rolling(values, period, lambda window: float(window.sum()))


def smoothed(values: Array, period: int, weight: float) -> Array:
    """A recursive average that starts from the mean of the first `period` values that are there."""
    found = np.full(len(values), NAN)
    first = int(np.argmax(~np.isnan(values)))
    at = first + period - 1
    if at >= len(values):
        return found
    found[at] = values[first : at + 1].mean()
    for index in range(at + 1, len(values)):
        found[index] = found[index - 1] + weight * (values[index] - found[index - 1])
    return found


def ema(values: Array, period: int) -> Array:
    return smoothed(values, period, 2 / (period + 1))


def rma(values: Array, period: int) -> Array:
    return smoothed(values, period, 1 / period)


def back(values: Array, bars: int) -> Array:
    return np.concatenate([np.full(bars, NAN), values[: len(values) - bars]])


def change(values: Array, bars: int = 1) -> Array:
    return values - back(values, bars)


def true_range(bars: Columns) -> Array:
    before = back(bars["close"], 1)
    ranges = np.maximum(bars["high"], before) - np.minimum(bars["low"], before)
    ranges[0] = NAN
    return ranges


def line_end(values: Array, period: int, ahead: int = 0) -> Array:
    places = np.arange(period)

    def end(window: Array) -> float:
        slope, start = np.polyfit(places, window, 1)
        return float(start + slope * (period - 1 + ahead))

    return rolling(values, period, end)


def regression_slope(values: Array, period: int) -> Array:
    return rolling(values, period, lambda window: float(np.polyfit(np.arange(period), window, 1)[0]))


def typical(bars: Columns) -> Array:
    return (bars["high"] + bars["low"] + bars["close"]) / 3


def middle(bars: Columns) -> Array:
    return (bars["high"] + bars["low"]) / 2


def ratio(upper: Array, lower: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return upper / lower


def roc(values: Array, bars: int) -> Array:
    return 100 * (values / back(values, bars) - 1)


def hma(values: Array, period: int) -> Array:
    raw = 2 * wma(values, period // 2) - wma(values, period)
    return wma(raw, int(math.sqrt(period)))


def zlema(values: Array, period: int) -> Array:
    lag = (period - 1) // 2
    return ema(2 * values - back(values, lag), period)


def t3(values: Array, period: int, volume: float) -> Array:
    averages = [values]
    for _ in range(6):
        averages.append(ema(averages[-1], period))
    v = volume
    return (
        -(v**3) * averages[6]
        + (3 * v**2 + 3 * v**3) * averages[5]
        + (-6 * v**2 - 3 * v - 3 * v**3) * averages[4]
        + (1 + 3 * v + v**3 + 3 * v**2) * averages[3]
    )


def trima(values: Array, period: int) -> Array:
    first = (period + 1) // 2
    return sma(sma(values, first), period + 1 - first)


def multiplier(bars: Columns) -> Array:
    span = bars["high"] - bars["low"]
    return ratio(2 * bars["close"] - bars["low"] - bars["high"], span)


def supertrend(bars: Columns, period: int, multiple: float) -> Array:
    """The first bar counts as rising."""
    atr = rma(true_range(bars), period)
    mid, close = middle(bars), bars["close"]
    upper, lower = mid + multiple * atr, mid - multiple * atr
    found = np.full(len(close), NAN)
    rising = True
    for at in range(period, len(close)):
        if at > period:
            if not (upper[at] < upper[at - 1] or close[at - 1] > upper[at - 1]):
                upper[at] = upper[at - 1]
            if not (lower[at] > lower[at - 1] or close[at - 1] < lower[at - 1]):
                lower[at] = lower[at - 1]
        rising = bool(close[at] >= lower[at]) if rising else bool(close[at] > upper[at])
        found[at] = lower[at] if rising else upper[at]
    return found


def directional(bars: Columns, period: int) -> Array:
    """DX by Wilder's running sums."""
    up, down = change(bars["high"]), -change(bars["low"])
    plus = np.where((up > down) & (up > 0), up, 0.0)
    minus = np.where((down > up) & (down > 0), down, 0.0)
    ranges = true_range(bars)
    sums = [float(series[1:period].sum()) for series in (plus, minus, ranges)]
    found = np.full(len(up), NAN)
    for at in range(period, len(up)):
        sums = [
            held - held / period + float(series[at])
            for held, series in zip(sums, (plus, minus, ranges), strict=True)
        ]
        found[at] = 100 * abs(sums[0] - sums[1]) / (sums[0] + sums[1])
    return found


def adxr(bars: Columns, period: int) -> Array:
    dx = directional(bars, period)
    adx = rma(dx, period)
    return (adx + back(adx, period - 1)) / 2


def force(bars: Columns, period: int) -> Array:
    return ema(change(bars["close"]) * bars["volume"], period)


def smi(bars: Columns, period: int, fast: int, slow: int) -> Array:
    top, bottom = highest(bars["high"], period), lowest(bars["low"], period)
    distance = bars["close"] - (top + bottom) / 2
    return 100 * ratio(ema(ema(distance, slow), fast), ema(ema((top - bottom) / 2, slow), fast))


def tsi(values: Array, first: int, second: int) -> Array:
    moves = change(values)
    return 100 * ratio(ema(ema(moves, first), second), ema(ema(np.abs(moves), first), second))


def volatility_index(values: Array, period: int, spread: int) -> Array:
    deviation = rolling(values, spread, lambda window: float(window.std()))
    moves = change(values)
    up = np.where(np.isnan(deviation), NAN, np.where(moves > 0, deviation, 0.0))
    down = np.where(np.isnan(deviation), NAN, np.where(moves < 0, deviation, 0.0))
    rises, falls = rma(up, period), rma(down, period)
    return 100 * ratio(rises, rises + falls)


def running(start: float, factors: Array) -> Array:
    return start * np.cumprod(np.concatenate([[1.0], factors[1:]]))


def volume_index(bars: Columns, *, rising: bool) -> Array:
    """NVI or PVI from 1000: the close's change counts only where volume fell or rose."""
    grown = change(bars["volume"])
    counts = grown > 0 if rising else grown < 0
    return running(1000.0, np.where(counts, bars["close"] / back(bars["close"], 1), 1.0))


def williams(bars: Columns) -> Array:
    moves = change(bars["close"])
    before = back(bars["close"], 1)
    up = bars["close"] - np.minimum(before, bars["low"])
    down = bars["close"] - np.maximum(before, bars["high"])
    added = np.where(moves > 0, up, np.where(moves < 0, down, 0.0))
    return np.cumsum(np.nan_to_num(added))


def heikin(bars: Columns) -> tuple[Array, Array]:
    closed = (bars["open"] + bars["high"] + bars["low"] + bars["close"]) / 4
    opened = np.empty(len(closed))
    opened[0] = (bars["open"][0] + bars["close"][0]) / 2
    for at in range(1, len(closed)):
        opened[at] = (opened[at - 1] + closed[at - 1]) / 2
    return opened, closed


def kst(values: Array, changes: tuple[int, ...], means: tuple[int, ...]) -> Array:
    parts = [
        weight * sma(roc(values, bars), mean)
        for weight, (bars, mean) in enumerate(zip(changes, means, strict=True), start=1)
    ]
    found: Array = np.sum(parts, axis=0)
    return found


def keltner_width(bars: Columns, period: int, atr_period: int) -> Array:
    """ATR started so late that its first value falls on the first of the channel's middle."""
    ranges = true_range(bars)
    ranges[: period - atr_period] = NAN
    return rma(ranges, atr_period)


def ichimoku(bars: Columns, conversion: int, base: int, span: int) -> tuple[Array, ...]:
    fast, slow, longest = (
        (highest(bars["high"], bars_) + lowest(bars["low"], bars_)) / 2 for bars_ in (conversion, base, span)
    )
    return fast, slow, back((fast + slow) / 2, base), back(longest, base), (fast + slow) / 2, longest


def percent_rank(values: Array, period: int) -> Array:
    return rolling(values, period + 1, lambda window: float(100 * (window[:-1] < window[-1]).sum() / period))


def vertical_filter(values: Array, period: int) -> Array:
    top, bottom = highest(values, period), lowest(values, period)
    return ratio(top - bottom, total(np.abs(change(values)), period))


def intraday(bars: Columns, period: int) -> Array:
    body = bars["close"] - bars["open"]
    gains, losses = total(np.clip(body, 0, None), period), total(np.clip(-body, 0, None), period)
    return 100 * ratio(gains, gains + losses)
