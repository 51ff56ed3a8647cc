"""Support and resistance: prices at which a market turned more than once."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trading.checks import positive
from trading.ohlcv import Bars
from trading.swings import Swing, find_swings, true_ranges

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WIDTH = 0.75
"""How far touches of one level may lie from their mean, in average true ranges."""


@dataclass(frozen=True, kw_only=True)
class Level:
    """A price at which a market turned."""

    price: float
    """The mean of its touches."""
    low: float
    high: float
    touches: tuple[Swing, ...]
    """Oldest first, two at least."""
    crossed: int
    """How often closes went from one side of all its touches to the other side since the first."""
    supports: bool
    """Whether it lies below the last close: support, else resistance."""
    distance: float
    """From the last close, as a fraction of it; below 0 for support."""


def find_levels(bars: Bars, *, width: float = WIDTH, reversal: float = 2.0) -> tuple[Level, ...]:
    """The levels of two touches and more, nearest to the last close first.

    Swing highs and lows whose prices lie within `width` true ranges of their common mean are touches of one level:
    clusters by single linkage in log prices, split where they grow too wide. Raises TooFewBars.
    """
    import numpy as np

    positive("width in true ranges", width)
    swings = sorted(find_swings(bars, reversal), key=lambda swing: swing.price)
    closes = bars.series("close")
    unit = float(np.median(true_ranges(bars) / closes)) * width
    levels: list[Level] = []
    group: list[Swing] = []
    for swing in swings:
        if group and math.log(swing.price / _mean(group)) > unit:
            levels.append(_level(group, closes))
            group = []
        group.append(swing)
    if group:
        levels.append(_level(group, closes))
    kept = [level for level in levels if len(level.touches) > 1]
    return tuple(sorted(kept, key=lambda level: abs(level.distance)))


def _mean(group: list[Swing]) -> float:
    return math.exp(math.fsum(math.log(swing.price) for swing in group) / len(group))


def _level(group: list[Swing], closes: "NDArray[np.float64]") -> Level:
    price = _mean(group)
    touches = tuple(sorted(group, key=lambda swing: swing.index))
    low, high = (choose(swing.price for swing in group) for choose in (min, max))
    since = closes[touches[0].index :]
    outside = since[(since > high) | (since < low)] > price
    last = float(closes[-1])
    return Level(
        price=price,
        low=low,
        high=high,
        touches=touches,
        crossed=int((outside[1:] != outside[:-1]).sum()),
        supports=price <= last,
        distance=price / last - 1,
    )
