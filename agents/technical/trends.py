"""What indicators of a trend's side and quality are read as."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from agents.technical.verdict import Verdict, earlier
from trading import Reading, figure

_TRENDING, _NOISE = 0.5, 0.2


def _supertrend(reading: Reading, _close: float) -> Verdict:
    up = reading.last["trend"] > 0
    before = earlier(reading, "trend")
    turned = before is not None and (before > 0) != up
    return Verdict(
        f"{reading.label} is {figure(reading.value)}, {'below' if up else 'above'} the price: trend {'up' if up else 'down'}"
        f"{', turned on the last bar' if turned else ''}.",
        "up" if up else "down",
        "It is a trailing stop: a close beyond it turns the trend. Sideways markets turn it often and each turn costs.",
    )


def _ichimoku(reading: Reading, close: float) -> Verdict:
    last = reading.last
    top, bottom = max(last["span_a"], last["span_b"]), min(last["span_a"], last["span_b"])
    state = "above" if close > top else "below" if close < bottom else "inside"
    lines = (
        "above"
        if last["conversion"] > last["base"]
        else "below"
        if last["conversion"] < last["base"]
        else "at"
    )
    ahead = "rising" if last["ahead_a"] > last["ahead_b"] else "falling"
    return Verdict(
        f"{reading.label}: the last close, {figure(close)}, is {state} the cloud ({figure(bottom)} to {figure(top)}); the "
        f"conversion line, {figure(last['conversion'])}, is {lines} the base line, {figure(last['base'])}; the cloud ahead "
        f"is {ahead} (span A {figure(last['ahead_a'])}, span B {figure(last['ahead_b'])}).",
        state,
        "Above the cloud is read as a trend up, below as a trend down, inside as undecided; the reading is strongest when "
        "close, lines and the cloud ahead agree. All of it lags, as every line is a middle of past extremes.",
    )


def _vortex(reading: Reading, _close: float) -> Verdict:
    up, down = reading.last["plus_vi"], reading.last["minus_vi"]
    state = "bullish" if up > down else "bearish" if down > up else "undecided"
    return Verdict(
        f"{reading.label}: VI+ {figure(up)}, VI- {figure(down)}: {state}.",
        state,
        "The higher line has the direction; a crossing is read as a change of trend, and the further apart the lines are "
        "the stronger it is.",
    )


def _heikin(reading: Reading, _close: float) -> Verdict:
    last = reading.last
    rises = last["close"] > last["open"]
    body = max(last["close"], last["open"]), min(last["close"], last["open"])
    clean = body[1] <= last["low"] if rises else body[0] >= last["high"]
    return Verdict(
        f"{reading.label}: open {figure(last['open'])}, close {figure(last['close'])} (high "
        f"{figure(last['high'])}, low {figure(last['low'])}): {'rising' if rises else 'falling'}"
        f"{', without a shadow against the move' if clean else ''}.",
        "rising" if rises else "falling",
        "Rows of one colour without shadows on the other side are read as a strong trend. Its prices are averages: nobody "
        "traded at them, so stops and fills belong to the real bars.",
    )


def _straightness(reading: Reading, _close: float) -> Verdict:
    value = reading.value
    state = "trending" if value >= _TRENDING else "noise" if value < _NOISE else "mixed"
    return Verdict(
        f"{reading.label} is {figure(value)} on a scale from 0 (noise) to 1 (a straight line): {state}.",
        state,
        "It says how straight the way was and not where it led; trend followers want it high, mean reversion wants it low.",
    )


def _power(reading: Reading, _close: float) -> Verdict:
    bull, bear = reading.last["bull_power"], reading.last["bear_power"]
    state = "bullish" if bear > 0 else "bearish" if bull < 0 else "mixed"
    return Verdict(
        f"{reading.label}: bull power {figure(bull)}, bear power {figure(bear)}: {state}.",
        state,
        "Both above zero: even the low is above the average; both below: even the high is below it. Elder takes the "
        "direction from the average's slope and waits for bear power below zero but rising to buy.",
    )


TRENDS: Mapping[str, Callable[[Reading, float], Verdict]] = MappingProxyType(
    {
        "SUPERTREND": _supertrend,
        "ICHIMOKU": _ichimoku,
        "VORTEX": _vortex,
        "HEIKIN_ASHI": _heikin,
        "EFFICIENCY_RATIO": _straightness,
        "VHF": _straightness,
        "ELDER_RAY": _power,
    }
)
"""By the indicator's name."""
