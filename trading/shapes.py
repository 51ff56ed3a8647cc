"""Single candles and engulfing pairs by stated rules, for when there are too few bars for TA-Lib.

The shapes are those of Steve Nison, "Japanese Candlestick Charting Techniques" (2nd ed., 2001). Nison gives words,
not numbers; the numbers here are the constants of this module, as shares of the candle's range (high - low).
"""

from dataclasses import dataclass

from trading.candles import Direction
from trading.errors import SeriesMissing
from trading.ohlcv import Bars

DOJI_BODY = 0.10
"""A doji's body is at most this share of the range."""
SMALL_SHADOW = 0.10
"""A missing shadow is at most this share of the range."""
MARUBOZU_SHADOW = 0.05
"""Each shadow of a marubozu is at most this share of the range."""
LONG_SHADOW = 2.0
"""The long shadow of a hammer or a shooting star is at least this many bodies."""
SMALL_BODY = 0.35
"""The body of a spinning top is at most this share of the range."""
TREND_BARS = 5

RULES = (
    f"doji: body at most {DOJI_BODY:.0%} of the range; "
    f"marubozu: both shadows at most {MARUBOZU_SHADOW:.0%} of the range; "
    f"hammer: lower shadow at least {LONG_SHADOW:g} bodies and upper shadow at most {SMALL_SHADOW:.0%} of the range; "
    "shooting star: the same upside down; "
    f"spinning top: body at most {SMALL_BODY:.0%} of the range with both shadows longer than it; "
    "engulfing: a body of the other colour that covers the whole previous body"
)
"""The rules in words, for answers that state how a shape was found."""


@dataclass(frozen=True, kw_only=True)
class Candle:
    """One candle's measures; shares are of its range and 0 for a candle without one."""

    open: float
    high: float
    low: float
    close: float

    @property
    def range(self) -> float:
        """High minus low."""
        return self.high - self.low

    @property
    def body(self) -> float:
        """The distance of open and close."""
        return abs(self.close - self.open)

    @property
    def upper(self) -> float:
        """The upper shadow."""
        return self.high - max(self.open, self.close)

    @property
    def lower(self) -> float:
        """The lower shadow."""
        return min(self.open, self.close) - self.low

    @property
    def rises(self) -> bool:
        """Whether it closed above its open."""
        return self.close > self.open

    def share(self, length: float) -> float:
        """A length as a share of the range."""
        return round(length / self.range, 12) if self.range > 0 else 0.0  # 0.1 of a range stays 0.1


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a candle, or a candle with the one before it, looks like."""

    name: str
    direction: Direction
    index: int


def candle_at(bars: Bars, index: int) -> Candle:
    """One bar as a candle; SeriesMissing when there are only closes."""
    if bars.open is None or bars.high is None or bars.low is None:
        raise SeriesMissing("Candles need open, high, low and close for each bar; give all four.")
    return Candle(open=bars.open[index], high=bars.high[index], low=bars.low[index], close=bars.close[index])


def classify(bars: Bars) -> list[Shape]:
    """Every candle that has one of the shapes above, oldest first; an engulfing pair counts for its second bar."""
    shapes: list[Shape] = []
    for index in range(len(bars)):
        candle = candle_at(bars, index)
        single = _single(candle, trend_before(bars, index))
        if single is not None:
            shapes.append(Shape(name=single[0], direction=single[1], index=index))
        if index and (direction := _engulfing(candle_at(bars, index - 1), candle)) is not None:
            shapes.append(Shape(name=f"{direction} engulfing", direction=direction, index=index))
    return shapes


def trend_before(bars: Bars, index: int) -> int:
    """1 after a rise, -1 after a fall, 0 when flat or unknown: the closes of up to five bars before an index."""
    if index < 2:  # noqa: PLR2004  # two earlier closes make the shortest move
        return 0
    move = bars.close[index - 1] - bars.close[max(0, index - 1 - TREND_BARS)]
    return (move > 0) - (move < 0)


def _single(candle: Candle, trend: int) -> tuple[str, Direction] | None:
    if candle.range == 0:
        return "four-price doji (open, high, low and close are one price)", Direction.NEUTRAL
    if candle.share(candle.body) <= DOJI_BODY:
        return _doji(candle), Direction.NEUTRAL
    if candle.share(candle.upper) <= MARUBOZU_SHADOW and candle.share(candle.lower) <= MARUBOZU_SHADOW:
        return "marubozu", Direction.BULLISH if candle.rises else Direction.BEARISH
    return _long_shadow(candle, trend) or _spinning_top(candle)


def _long_shadow(candle: Candle, trend: int) -> tuple[str, Direction] | None:
    if candle.lower >= LONG_SHADOW * candle.body and candle.share(candle.upper) <= SMALL_SHADOW:
        if trend > 0:
            return "hanging man (a hammer's shape after a rise)", Direction.BEARISH
        return _after("hammer", trend, "a fall"), Direction.BULLISH
    if candle.upper >= LONG_SHADOW * candle.body and candle.share(candle.lower) <= SMALL_SHADOW:
        if trend < 0:
            return "inverted hammer (a shooting star's shape after a fall)", Direction.BULLISH
        return _after("shooting star", trend, "a rise"), Direction.BEARISH
    return None


def _spinning_top(candle: Candle) -> tuple[str, Direction] | None:
    if candle.share(candle.body) <= SMALL_BODY and min(candle.upper, candle.lower) > candle.body:
        return "spinning top", Direction.NEUTRAL
    return None


def _doji(candle: Candle) -> str:
    if candle.share(candle.upper) <= SMALL_SHADOW and candle.lower > candle.upper:
        return "dragonfly doji"
    if candle.share(candle.lower) <= SMALL_SHADOW and candle.upper > candle.lower:
        return "gravestone doji"
    return "doji"


def _after(name: str, trend: int, move: str) -> str:
    return name if trend else f"{name} (if it follows {move}; there are too few bars before it to tell)"


def _engulfing(before: Candle, candle: Candle) -> Direction | None:
    if before.body == 0 or candle.body <= before.body or before.rises == candle.rises:
        return None
    low, high = sorted((before.open, before.close))
    if min(candle.open, candle.close) <= low and max(candle.open, candle.close) >= high:
        return Direction.BULLISH if candle.rises else Direction.BEARISH
    return None
