"""Where a market turned: alternating swing highs and lows, each with the bar from which it could be known."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from trading.checks import positive
from trading.errors import TooFewBars
from trading.ohlcv import Bars

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

REVERSAL = 3.0
"""How many average true ranges a move back must have, for a turn to count."""
FEWEST_BARS = 20
_ATR_PERIOD = 14


class Turn(StrEnum):
    """Which way a market turned."""

    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True, kw_only=True)
class Swing:
    """A turning point."""

    index: int
    price: float
    """The bar's high or low; its close where only closes are known."""
    turn: Turn
    known_at: int
    """The bar whose close first showed that the market had turned: nothing before it may use this swing."""


def find_swings(bars: Bars, reversal: float = REVERSAL) -> tuple[Swing, ...]:
    """Swing highs and lows in turn, oldest first: a high counts once a close lies `reversal` true ranges below it.

    The true range is Wilder's average at the extreme, over fewer bars at the beginning. The newest extreme, from
    which the market has not turned yet, is left out, and so is the first bar, before which nothing is known. Raises TooFewBars below FEWEST_BARS.
    """
    positive("reversal in true ranges", reversal)
    if len(bars) < FEWEST_BARS:
        raise TooFewBars(f"Swings need at least {FEWEST_BARS} bars and there are {len(bars)}; give more.")
    closes = bars.close
    highs, lows = bars.high or closes, bars.low or closes
    ranges = true_ranges(bars).tolist()
    return _zigzag(highs, lows, closes, [reversal * each for each in ranges])


def true_ranges(bars: Bars) -> "Array":
    """Wilder's average true range at each bar, from the mean of the ranges there are on the first bars.

    Without highs and lows a bar's range is its change of close. The first bar takes the second's.
    """
    import numpy as np

    closes = bars.series("close")
    highs = bars.series("high") if bars.high is not None else closes
    lows = bars.series("low") if bars.low is not None else closes
    ranges = np.maximum(highs[1:], closes[:-1]) - np.minimum(lows[1:], closes[:-1])
    if not len(ranges):
        return np.asarray(highs - lows)
    found = [float(ranges[0])]
    for count, each in enumerate(ranges.tolist(), start=1):
        held = 0.0 if count == 1 else found[-1]
        found.append(held + (each - held) / min(count, _ATR_PERIOD))
    return np.asarray(found)


def _zigzag(
    highs: Sequence[float], lows: Sequence[float], closes: Sequence[float], turns: Sequence[float]
) -> tuple[Swing, ...]:
    swings: list[Swing] = []
    top = bottom = 0
    rising: bool | None = None
    for at, close in enumerate(closes):
        if rising is not False and highs[at] >= highs[top]:
            top = at
        if rising is not True and lows[at] <= lows[bottom]:
            bottom = at
        if rising is not False and at > top and close < highs[top] - turns[top]:
            swings.append(Swing(index=top, price=highs[top], turn=Turn.HIGH, known_at=at))
            bottom = min(range(top + 1, at + 1), key=lambda place: (lows[place], -place))
            rising = False
        elif rising is not True and at > bottom and close > lows[bottom] + turns[bottom]:
            swings.append(Swing(index=bottom, price=lows[bottom], turn=Turn.LOW, known_at=at))
            top = max(range(bottom + 1, at + 1), key=lambda place: (highs[place], place))
            rising = True
    return tuple(swing for swing in swings if swing.index)
