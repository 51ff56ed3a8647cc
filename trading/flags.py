"""Flags and pennants: a fast move, then a short rest that gives little of it back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trading.candles import Direction
from trading.ohlcv import Bars
from trading.pattern import ChartPattern, Point, Status
from trading.swings import Turn, find_swings
from trading.trendlines import Line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

POLE = 8.0
"""The least height of the pole, in average true ranges."""
LONGEST_POLE = 15
"""Over how many bars the pole may stretch."""
FASTEST = 0.8
"""The pole moves at least this many true ranges a bar."""
SHORTEST, LONGEST = 5, 20
"""How many bars the rest lasts."""
GIVEN_BACK = 0.4
"""The share of the pole that the rest may give back."""
NARROW = 0.35
"""How wide the rest may be, as a share of the pole."""
_CONVERGES = 0.6
_TURN = 1.5


def find_flags(bars: Bars, unit: "NDArray[np.float64]") -> list[ChartPattern]:
    """Every flag and pennant: the rest after each fast leg into a turn, `unit` being the average true range of each bar."""
    swings = find_swings(bars, _TURN)
    tops = [(swing.index, 1 if swing.turn is Turn.HIGH else -1) for swing in swings]
    if swings and swings[-1].index + 1 < len(bars):  # the newest extreme, which has not turned yet
        way = 1 if swings[-1].turn is Turn.LOW else -1
        outer = (bars.high if way > 0 else bars.low) or bars.close
        tops.append((max(range(swings[-1].index + 1, len(bars)), key=lambda at: way * outer[at]), way))
    found = (_flag(top, way, bars, unit) for top, way in tops)
    return [flag for flag in found if flag is not None]


def _flag(top: int, way: int, bars: Bars, units: "NDArray[np.float64]") -> ChartPattern | None:
    outer = (bars.high if way > 0 else bars.low) or bars.close
    inner = (bars.low if way > 0 else bars.high) or bars.close
    start = min(range(max(0, top - LONGEST_POLE), top + 1), key=lambda at: (way * inner[at], -at))
    pole, unit = way * (outer[top] - inner[start]), float(units[start])
    if pole < POLE * unit or pole < FASTEST * unit * (top - start):
        return None
    for end in range(min(top + LONGEST, len(bars) - 1), top + SHORTEST - 1, -1):
        pattern = _rest(start, top, end, way, pole, bars)
        if pattern is not None:
            return pattern
    return None


def _rest(start: int, top: int, end: int, way: int, pole: float, bars: Bars) -> ChartPattern | None:
    """The flag whose rest ends on a bar: with the close beyond its line, or still undecided on the newest bar."""
    outer = (bars.high if way > 0 else bars.low) or bars.close
    inner = (bars.low if way > 0 else bars.high) or bars.close
    decided = end < len(bars) - 1
    rest = range(top + 1, end + 1)
    near = _edge(rest, [way * outer[at] for at in rest], way)
    far = _edge(rest, [way * inner[at] for at in rest], way, lowest=True)
    given = way * outer[top] - min(way * inner[at] for at in rest)
    width = way * (near.at(top + 1) - far.at(top + 1))
    narrow = way * (near.at(end) - far.at(end))
    if given > GIVEN_BACK * pole or not 0 < width <= NARROW * pole or narrow <= 0:
        return None
    if way * near.slope > 0 or any(way * (bars.close[at] - near.at(at)) > 0 for at in rest):
        return None
    if decided:
        close = bars.close[end + 1]
        status = Status.CONFIRMED if way * (close - near.at(end + 1)) > 0 else None
        status = Status.FAILED if way * (close - far.at(end + 1)) < 0 else status
        if status is None:
            return None
    else:
        status = Status.FORMING
    kind = "pennant" if narrow < _CONVERGES * width else "flag"
    lines = (near, far) if way > 0 else (far, near)
    at = end + 1 if decided else end
    target = near.at(at) + way * pole
    return ChartPattern(
        name=f"{'bull' if way > 0 else 'bear'} {kind}",
        direction=Direction.BULLISH if way > 0 else Direction.BEARISH,
        points=(
            Point(role="foot of the pole", index=start, price=inner[start]),
            Point(role="top of the pole" if way > 0 else "end of the pole", index=top, price=outer[top]),
            Point(role="end of the rest", index=end, price=bars.close[end]),
        ),
        lines=lines,
        confirms_beyond=near.at(len(bars) - 1 if not decided else at),
        ends_beyond=far.at(len(bars) - 1 if not decided else at),
        target=target if target > 0 else None,
        status=status,
        decided_at=at if decided else None,
        quality=1 - given / pole / GIVEN_BACK / 2 - width / pole / NARROW / 2,
    )


def _edge(places: Sequence[int], prices: Sequence[float], way: int, *, lowest: bool = False) -> Line:
    """The least-squares line through prices, moved out so that none lies beyond it."""
    count = len(places)
    middle, mean = sum(places) / count, sum(prices) / count
    spread = sum((place - middle) ** 2 for place in places)
    slope = (
        sum((place - middle) * (price - mean) for place, price in zip(places, prices, strict=True)) / spread
    )
    off = [price - mean - slope * (place - middle) for place, price in zip(places, prices, strict=True)]
    moved = min(off) if lowest else max(off)
    first = places[0]
    return Line(first=first, start=way * (mean + slope * (first - middle) + moved), slope=way * slope)
