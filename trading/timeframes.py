"""The same market on several timeframes: longer bars out of shorter ones, and what each says with its evidence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from trading.errors import NumberInvalid, TooFewBars
from trading.indicators import bars_needed, compute
from trading.ohlcv import Bars
from trading.swings import FEWEST_BARS, Turn, find_swings

FEWEST = 35
"""Below this many bars a timeframe has too little evidence for a verdict."""
CLEAR = 0.4
"""A mean vote beyond this, of votes from -1 to 1, is a verdict; within it the timeframe is mixed."""
_NEUTRAL_RSI = (45.0, 55.0)
_TREND = 20.0


class Trend(StrEnum):
    """What a timeframe, or all of them, come to."""

    UP = "up"
    DOWN = "down"
    MIXED = "mixed"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One observation and how it votes."""

    name: str
    value: float
    said: str
    """The observation in words, with its figures left to `value` and `against`."""
    vote: int
    """1 up, -1 down, 0 neither."""
    against: float | None = None
    """What the value was compared with."""


@dataclass(frozen=True, kw_only=True)
class TimeframeVerdict:
    """One timeframe."""

    factor: int
    """How many of the given bars make one of its bars."""
    bars: int
    close: float
    evidence: tuple[Evidence, ...]
    score: float
    """The mean vote."""
    trend: Trend


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All timeframes, the shortest first."""

    timeframes: tuple[TimeframeVerdict, ...]
    left_out: tuple[tuple[int, int], ...]
    """Timeframes with too few bars: the factor, and the bars there were."""
    score: float
    """The mean score, a timeframe weighing one more than the next shorter one."""
    trend: Trend

    @property
    def agree(self) -> bool:
        """Whether all timeframes say the same."""
        return len({each.trend for each in self.timeframes}) == 1


def resample(bars: Bars, factor: int) -> Bars:
    """Bars of `factor` bars each, counted from the newest backwards, so that the last one is whole.

    Open of the first, highest high, lowest low, close of the last, sum of volumes, called by the last's time; what is
    left over at the beginning is dropped. Closes alone give highs and lows of closes. Raises NumberInvalid for a
    factor below 1 and TooFewBars where not one bar comes together.
    """
    if factor < 1:
        raise NumberInvalid(f"{factor} bars cannot make one; give a factor of 1 or more.")
    if factor == 1:
        return bars
    if len(bars) < factor:
        raise TooFewBars(f"There are {len(bars)} bars; one of {factor} needs at least {factor}.")
    starts = range(len(bars) % factor, len(bars), factor)
    groups = [slice(start, start + factor) for start in starts]
    highs, lows, opens = bars.high or bars.close, bars.low or bars.close, bars.open or bars.close
    return Bars(
        open=tuple(opens[group.start] for group in groups),
        high=tuple(max(highs[group]) for group in groups),
        low=tuple(min(lows[group]) for group in groups),
        close=tuple(bars.close[group.stop - 1] for group in groups),
        volume=None if bars.volume is None else tuple(math.fsum(bars.volume[group]) for group in groups),
        times=None if bars.times is None else tuple(bars.times[group.stop - 1] for group in groups),
    )


def judge(bars: Bars, factors: Sequence[int] = (1, 4, 16)) -> Verdict:
    """What each timeframe says: `factors` are how many of the given bars make one of its bars.

    Votes: the close against EMA(20), the EMA against itself five bars ago, EMA(20) against EMA(50) where there are
    bars for it, MACD's histogram, RSI(14) outside of 45 to 55, the direction where ADX(14) is 20 and more, and the last two
    swing highs and lows. Raises TooFewBars where even the shortest has fewer than FEWEST bars.
    """
    found, short = [], []
    for factor in sorted(set(factors)):
        count = len(bars) // factor if factor > 0 else 0
        if count < FEWEST:
            short.append((factor, count))
            continue
        longer = resample(bars, factor)
        found.append(_timeframe(longer, factor))
    if not found:
        raise TooFewBars(
            f"There are {len(bars)} bars; a verdict needs at least {FEWEST} on the shortest timeframe. Give more."
        )
    weights = range(1, len(found) + 1)
    score = sum(weight * each.score for weight, each in zip(weights, found, strict=True)) / sum(weights)
    return Verdict(timeframes=tuple(found), left_out=tuple(short), score=score, trend=_trend(score))


def evidence_of(bars: Bars) -> tuple[Evidence, ...]:
    """The votes of one timeframe; what its bars are too few for is left out."""
    close = bars.close[-1]
    average = compute("EMA", bars, period=20).values["ema"]
    found = [
        _vote("close against EMA(20)", close, float(average[-1])),
        _vote("EMA(20) against five bars ago", float(average[-1]), float(average[-6])),
    ]
    if len(bars) >= bars_needed("EMA", period=50):
        slow = compute("EMA", bars, period=50).value
        found.append(_vote("EMA(20) against EMA(50)", float(average[-1]), slow))
    if len(bars) >= bars_needed("MACD"):
        macd = compute("MACD", bars).last
        found.append(_vote("MACD against its signal", macd["macd"], macd["signal"]))
    rsi = compute("RSI", bars)
    if not rsi.motionless:
        low, high = _NEUTRAL_RSI
        vote = 1 if rsi.value > high else -1 if rsi.value < low else 0
        said = "above 55" if vote > 0 else "below 45" if vote < 0 else "between 45 and 55"
        found.append(Evidence(name="RSI(14)", value=rsi.value, said=said, vote=vote))
    return (*found, *_direction(bars), *_structure(bars))


def _direction(bars: Bars) -> list[Evidence]:
    if bars.high is None or len(bars) < bars_needed("ADX"):
        return []
    reading = compute("ADX", bars)
    if reading.motionless:
        return []
    plus, minus = compute("PLUS_DI", bars).value, compute("MINUS_DI", bars).value
    strong = reading.value >= _TREND
    vote = (plus > minus) - (plus < minus) if strong else 0
    side = "up" if plus > minus else "down"
    said = f"a trend, directed {side}" if strong else "below 20, no trend"
    return [Evidence(name="ADX(14)", value=reading.value, said=said, vote=vote)]


def _structure(bars: Bars) -> list[Evidence]:
    if len(bars) < FEWEST_BARS:
        return []
    swings = find_swings(bars)
    found = []
    for turn in Turn:
        last = [swing.price for swing in swings if swing.turn is turn][-2:]
        if len(last) == 2:  # noqa: PLR2004  # two of a kind make a comparison
            found.append(_vote(f"last swing {turn.value} against the one before", last[1], last[0]))
    return found


def _vote(name: str, value: float, against: float) -> Evidence:
    vote = (value > against) - (value < against)
    said = "above" if vote > 0 else "below" if vote < 0 else "equal"
    return Evidence(name=name, value=value, said=said, vote=vote, against=against)


def _timeframe(bars: Bars, factor: int) -> TimeframeVerdict:
    evidence = evidence_of(bars)
    score = sum(each.vote for each in evidence) / len(evidence)
    return TimeframeVerdict(
        factor=factor,
        bars=len(bars),
        close=bars.close[-1],
        evidence=evidence,
        score=score,
        trend=_trend(score),
    )


def _trend(score: float) -> Trend:
    return Trend.UP if score >= CLEAR else Trend.DOWN if score <= -CLEAR else Trend.MIXED
