"""Triangles and wedges: swings between two lines that come together."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trading.candles import Direction
from trading.ohlcv import Bars
from trading.pattern import ChartPattern, Point, Status, settle
from trading.swings import Swing, Turn
from trading.trendlines import Line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

POINTS = 5
"""How many swings make a triangle: three on one line and two on the other at least. A wedge takes one more."""
LEVEL = 0.15
"""A line is level when it moves no more than this share of the pattern's width at its start."""
NARROWED = 0.6
"""At its last point a pattern is at most this share as wide as at its first."""
OFF_LINE = 0.08
"""How far a swing may lie off its line, as a share of the width at the start."""
LEAST_WIDTH = 6.0
"""The least width at the start, in average true ranges."""


def find_converging(swings: Sequence[Swing], bars: Bars, unit: "NDArray[np.float64]") -> list[ChartPattern]:
    """Every triangle and wedge of five or six swings in a row that come together, as many points as fit."""
    found = []
    for start in range(len(swings)):
        for count in (POINTS + 1, POINTS):
            points = swings[start : start + count]
            pattern = _drawn(points, bars, float(unit[points[0].index])) if len(points) == count else None
            if pattern is not None:
                found.append(pattern)
                break
    return found


def _drawn(points: Sequence[Swing], bars: Bars, unit: float) -> ChartPattern | None:
    upper = _fitted([each for each in points if each.turn is Turn.HIGH])
    lower = _fitted([each for each in points if each.turn is Turn.LOW])
    first, last = points[0].index, points[-1].index
    width, end = upper.at(first) - lower.at(first), upper.at(last) - lower.at(last)
    if width < LEAST_WIDTH * unit or end <= 0 or end > NARROWED * width:
        return None
    off = max(
        abs(each.price - (upper if each.turn is Turn.HIGH else lower).at(each.index)) for each in points
    )
    if off > OFF_LINE * width:
        return None
    named = _named(upper.slope * (last - first) / width, lower.slope * (last - first) / width)
    if named is None:
        return None
    name, direction = named
    if name.endswith("wedge") and len(points) == POINTS:
        return None
    apex = first + width / (lower.slope - upper.slope)
    if direction is Direction.NEUTRAL:
        direction = _broken_to(bars, points[-1].index, apex, upper, lower)
    return _decided(name, direction, points, bars, upper, lower, apex, 1 - off / width / OFF_LINE)


def _named(rise: float, lift: float) -> tuple[str, Direction] | None:
    """The shape of an upper line that moves by `rise` and a lower one by `lift`, in widths at the start."""
    up, low = _sign(rise), _sign(lift)
    return {
        (0, 1): ("ascending triangle", Direction.BULLISH),
        (-1, 0): ("descending triangle", Direction.BEARISH),
        (-1, 1): ("symmetrical triangle", Direction.NEUTRAL),
        (1, 1): ("rising wedge", Direction.BEARISH),
        (-1, -1): ("falling wedge", Direction.BULLISH),
    }.get((up, low))


def _sign(move: float) -> int:
    return 0 if abs(move) <= LEVEL else 1 if move > 0 else -1


def _fitted(points: Sequence[Swing]) -> Line:
    """The least-squares line through points."""
    count = len(points)
    middle = sum(each.index for each in points) / count
    price = sum(each.price for each in points) / count
    spread = sum((each.index - middle) ** 2 for each in points)
    slope = sum((each.index - middle) * (each.price - price) for each in points) / spread
    first = points[0].index
    return Line(first=first, start=price + slope * (first - middle), slope=slope)


def _broken_to(bars: Bars, after: int, apex: float, upper: Line, lower: Line) -> Direction:
    """Where the first close outside of a symmetrical triangle went; neutral while there is none."""
    for at in range(after + 1, min(int(apex), len(bars) - 1) + 1):
        if bars.close[at] > upper.at(at):
            return Direction.BULLISH
        if bars.close[at] < lower.at(at):
            return Direction.BEARISH
    return Direction.NEUTRAL


def _decided(
    name: str,
    direction: Direction,
    points: Sequence[Swing],
    bars: Bars,
    upper: Line,
    lower: Line,
    apex: float,
    quality: float,
) -> ChartPattern | None:
    way = -1 if direction is Direction.BEARISH else 1
    line, other = (upper, lower) if way > 0 else (lower, upper)
    last, end = points[-1].index, len(bars) - 1
    height = upper.at(points[0].index) - lower.at(points[0].index)
    pattern = ChartPattern(
        name=name,
        direction=direction,
        points=tuple(
            Point(
                role="upper line" if each.turn is Turn.HIGH else "lower line",
                index=each.index,
                price=each.price,
            )
            for each in points
        ),
        lines=(upper, lower),
        confirms_beyond=line.at(end),
        ends_beyond=other.at(last),
        target=None,
        status=Status.FORMING,
        decided_at=None,
        quality=quality,
    )
    until = min(int(apex), points[-1].known_at + 2 * (last - points[0].index))
    decided = settle(pattern, bars, after=last, until=until, line=line, way=way)
    if decided is None:
        return None
    at = end if decided.decided_at is None else decided.decided_at
    target = line.at(at) + way * height
    known = direction is not Direction.NEUTRAL and target > 0
    return ChartPattern(**{**vars(decided), "target": target if known else None})
