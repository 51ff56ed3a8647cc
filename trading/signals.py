"""A trade set-up on the newest bar, with what speaks for and against it; often, and rightly, there is none."""

from dataclasses import dataclass
from enum import StrEnum

from trading.errors import TooFewBars
from trading.indicators import compute
from trading.ohlcv import Bars
from trading.sizing import REWARDS, STOP_IN_ATR, Side
from trading.swings import true_ranges
from trading.timeframes import CLEAR, Evidence, Trend, Verdict, evidence_of, judge
from trading.touched_levels import Level, find_levels

FEWEST_BARS = 60
_OVERSOLD, _OVERBOUGHT = 30.0, 70.0
_LOW, _HIGH = 35.0, 65.0
"""RSI hardly ever leaves 30 to 70 while ADX is low: for a reversion this is extreme enough."""
_TREND, _STRETCHED = 25.0, 2.5
_AGAINST = 0.5
"""A set-up with more than this share of evidence against it is none."""


class Setup(StrEnum):
    """What kind of opportunity a signal is."""

    BREAKOUT = "breakout"
    """A close beyond the range of the 20 bars before it, in the direction of the trend."""
    PULLBACK = "pullback"
    """A move back to the EMA(20) within a trend, and a close with the trend again."""
    REVERSION = "reversion"
    """A close beyond a Bollinger band with RSI(14) beyond 35 or 65, while ADX(14) is below 25 or cannot be told."""


@dataclass(frozen=True, kw_only=True)
class Signal:
    """A set-up, or why there is none."""

    side: Side | None
    """None: no signal."""
    setup: Setup | None
    entry: float
    """The last close; a real fill comes on the next bar."""
    stop: float | None
    targets: tuple[float, ...]
    """At 1:2 and 1:3, for reversion the middle band first; those at or below zero left out."""
    atr: float
    reasons: tuple[str, ...]
    against: tuple[str, ...]
    confidence: int
    """0 to 100: the share of the evidence for the side, weighed by the longer timeframes. No probability of gain."""
    verdict: Verdict


def find_signal(bars: Bars) -> Signal:
    """The set-up on the newest bar, if there is one that the evidence supports. Raises TooFewBars below 60 bars."""
    if len(bars) < FEWEST_BARS:
        raise TooFewBars(f"A signal needs at least {FEWEST_BARS} bars and there are {len(bars)}; give more.")
    verdict = judge(bars, (1, 4))
    evidence = evidence_of(bars)
    atr = float(true_ranges(bars)[-1])
    found = _reversion(bars, evidence) or _breakout(bars, verdict) or _pullback(bars, verdict, atr)
    if found is None or atr <= 0:
        return _none(bars, verdict, atr, _why_not(verdict))
    side, setup, reason = found
    way = 1 if side is Side.LONG else -1
    reasons = [reason, *(_told(each) for each in evidence if each.vote == way)]
    against = [_told(each) for each in evidence if each.vote == -way]
    against += _obstacles(bars, way, atr)
    share = len(against) / (len(reasons) + len(against))
    confidence = round(100 * (1 - share))
    if setup is not Setup.REVERSION and share > _AGAINST:
        why = f"There is a {setup.value} to the {side.value} side, but more speaks against it than for it."
        return _none(bars, verdict, atr, (why, *against))
    close = bars.close[-1]
    stop = close - way * STOP_IN_ATR * atr
    targets = tuple(close + way * reward * abs(close - stop) for reward in REWARDS)
    return Signal(
        side=side,
        setup=setup,
        entry=close,
        stop=stop if stop > 0 else None,
        targets=tuple(target for target in targets if target > 0),
        atr=atr,
        reasons=tuple(reasons),
        against=tuple(against),
        confidence=confidence,
        verdict=verdict,
    )


_Found = tuple[Side, Setup, str]


def _breakout(bars: Bars, verdict: Verdict) -> _Found | None:
    highs, lows, close = bars.high or bars.close, bars.low or bars.close, bars.close[-1]
    top, bottom = max(highs[-21:-1]), min(lows[-21:-1])
    if close > top and verdict.trend is Trend.UP:
        return Side.LONG, Setup.BREAKOUT, "The close is above the highest high of the 20 bars before it."
    if close < bottom and verdict.trend is Trend.DOWN:
        return Side.SHORT, Setup.BREAKOUT, "The close is below the lowest low of the 20 bars before it."
    return None


def _pullback(bars: Bars, verdict: Verdict, atr: float) -> _Found | None:
    """Within a trend, a touch of the average in the last three bars and a close with the trend again."""
    if verdict.trend is Trend.MIXED:
        return None
    way = 1 if verdict.trend is Trend.UP else -1
    average = compute("EMA", bars, period=20).values["ema"]
    inner = (bars.low if way > 0 else bars.high) or bars.close
    touched = any(way * (inner[at] - float(average[at])) <= 0.25 * atr for at in (-3, -2, -1))
    resumed = way * (bars.close[-1] - bars.close[-2]) > 0 and way * (bars.close[-1] - float(average[-1])) > 0
    if not touched or not resumed:
        return None
    side = Side.LONG if way > 0 else Side.SHORT
    return (
        side,
        Setup.PULLBACK,
        "The price came back to the EMA(20) and closed in the direction of the trend again.",
    )


def _reversion(bars: Bars, evidence: tuple[Evidence, ...]) -> _Found | None:
    trend = next((each.value for each in evidence if each.name == "ADX(14)"), 0.0)
    if trend >= _TREND:
        return None
    bands, close = compute("BBANDS", bars).last, bars.close[-1]
    rsi = compute("RSI", bars).value
    if close < bands["lower"] and rsi < _LOW:
        reason = "The close is below the lower Bollinger band with RSI(14) below 35, and ADX(14) below 25."
        return Side.LONG, Setup.REVERSION, reason
    if close > bands["upper"] and rsi > _HIGH:
        reason = "The close is above the upper Bollinger band with RSI(14) above 65, and ADX(14) below 25."
        return Side.SHORT, Setup.REVERSION, reason
    return None


def _obstacles(bars: Bars, way: int, atr: float) -> list[str]:
    """What stands in the way: a level before the first target, a price far from its mean, too many of one side."""
    found = []
    close = bars.close[-1]
    first = close + way * STOP_IN_ATR * REWARDS[0] * atr
    near = [level for level in find_levels(bars) if _between(level, close, first)]
    if near:
        kind = "Resistance" if way > 0 else "Support"
        found.append(
            f"{kind} with {len(near[0].touches)} touches at {near[0].price:.6g} lies before the first target."
        )
    stretch = way * (close - compute("EMA", bars, period=20).value) / atr
    if stretch > _STRETCHED:
        found.append(f"The price is {stretch:.1f} true ranges from its EMA(20): late for an entry.")
    rsi = compute("RSI", bars).value
    if (way > 0 and rsi > _OVERBOUGHT) or (way < 0 and rsi < _OVERSOLD):
        found.append(f"RSI(14) is {rsi:.1f}: {'overbought' if way > 0 else 'oversold'}.")
    return found


def _between(level: Level, close: float, target: float) -> bool:
    return min(close, target) < level.price < max(close, target)


def _told(evidence: Evidence) -> str:
    against = "" if evidence.against is None else f" ({evidence.value:.6g} against {evidence.against:.6g})"
    value = f" is {evidence.value:.1f}:" if evidence.against is None else ":"
    name = evidence.name[0].upper() + evidence.name[1:]
    return f"{name}{value} {evidence.said}{against}."


def _why_not(verdict: Verdict) -> tuple[str, ...]:
    if verdict.trend is Trend.MIXED:
        return (
            (
                f"The evidence is mixed (score {verdict.score:.2f} on a scale from -1 to 1; beyond {CLEAR:g} it counts) and the "
                "price is at no extreme."
            ),
        )
    return (
        (
            f"The trend is {verdict.trend.value} (score {verdict.score:.2f}), but the last bar neither breaks out of its range "
            "nor comes back to the EMA(20)."
        ),
    )


def _none(bars: Bars, verdict: Verdict, atr: float, why: tuple[str, ...]) -> Signal:
    return Signal(
        side=None,
        setup=None,
        entry=bars.close[-1],
        stop=None,
        targets=(),
        atr=atr,
        reasons=(),
        against=why,
        confidence=0,
        verdict=verdict,
    )
