"""Candlestick patterns over bars, by TA-Lib's 61 pattern functions."""

from dataclasses import dataclass
from enum import StrEnum

from trading.candle_table import CANDLE_PATTERNS, CandlePattern, Nature
from trading.errors import TooFewBars
from trading.ohlcv import PRICES, Bars


class Direction(StrEnum):
    """Where a pattern is read to point."""

    BULLISH = "bullish"
    BEARISH = "bearish"
    NEUTRAL = "neutral"


@dataclass(frozen=True, kw_only=True)
class CandleMatch:
    """A pattern that fired."""

    pattern: CandlePattern
    direction: Direction
    index: int
    """The bar on which the pattern was complete."""
    confirmed: bool
    """Whether TA-Lib reports a later bar that confirms it (hikkake only)."""


FEWEST_BARS = 11
"""TA-Lib compares a candle with the ten before it; from here on at least the one-candle patterns can fire."""


def detect_patterns(bars: Bars, window: int | None = None) -> list[CandleMatch]:
    """The patterns that were complete within the newest `window` bars (None: all), oldest first.

    A candle is long, short or a doji by TA-Lib's default settings, in comparison with the ten bars before it.
    TA-Lib looks at shapes and not at the trend before them: a hammer counts as one only after a fall, which
    the caller judges. Raises SeriesMissing without opens, highs and lows, TooFewBars below FEWEST_BARS.
    """
    import talib

    series = [bars.series(each) for each in PRICES]
    if len(bars) < FEWEST_BARS:
        raise TooFewBars(
            f"TA-Lib's candlestick patterns need at least {FEWEST_BARS} bars (each candle is compared with the ten "
            f"before it) and there are {len(bars)}; give more bars."
        )
    first = 0 if window is None else max(0, len(bars) - window)
    matches: list[CandleMatch] = []
    for pattern in CANDLE_PATTERNS:
        signals = getattr(talib, pattern.function)(*series)
        matches.extend(
            _match(pattern, int(signals[index]), int(index))
            for index in signals.nonzero()[0]
            if index >= first
        )
    return sorted(matches, key=lambda match: (match.index, -match.pattern.candles, match.pattern.function))


def _match(pattern: CandlePattern, signal: int, index: int) -> CandleMatch:
    direction = Direction.BULLISH if signal > 0 else Direction.BEARISH
    if pattern.nature is Nature.INDECISION:
        direction = Direction.NEUTRAL
    return CandleMatch(pattern=pattern, direction=direction, index=index, confirmed=abs(signal) > 100)  # noqa: PLR2004  # TA-Lib's 200 marks a confirmed pattern
