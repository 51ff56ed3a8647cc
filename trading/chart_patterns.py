"""Chart patterns out of swing points: what they are made of, what confirms them and what ends them.

The shapes follow Robert Edwards and John Magee, "Technical Analysis of Stock Trends" (1948), and Thomas Bulkowski,
"Encyclopedia of Chart Patterns" (2000). Books give words where a program needs numbers: those are the constants here.
Every top has its bottom, found as the same shape in mirrored prices.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from trading.candles import Direction
from trading.converging import find_converging
from trading.flags import find_flags
from trading.ohlcv import Bars
from trading.pattern import ChartPattern, Point, Status, settle
from trading.swings import Swing, Turn, find_swings, true_ranges
from trading.trendlines import Line, line_through

__all__ = ["PATTERN_NAMES", "ChartPattern", "Point", "Status", "find_chart_patterns"]

EVEN = 0.18
"""How far peaks that count as equal may differ, as a share of the pattern's height."""
SHOULDERS = 0.3
"""How far two shoulders may differ in height, as a share of the head's height over the neckline."""
HEAD = 0.25
"""How far the head stands above the higher shoulder at least, as a share of its height."""
NECK = 0.3
"""How much the neckline may rise or fall between its points, as a share of the head's height."""
LEAST_HEIGHT = 4.0
"""The least height of a pattern, in average true ranges."""
LOPSIDED = 3.0
"""How much longer one half of a pattern may last than the other."""


class _Shape(StrEnum):
    HEAD = "head and shoulders"
    TRIPLE = "triple"
    DOUBLE = "double"


_NAMES = {
    (_Shape.HEAD, 1): "head and shoulders",
    (_Shape.HEAD, -1): "inverse head and shoulders",
    (_Shape.TRIPLE, 1): "triple top",
    (_Shape.TRIPLE, -1): "triple bottom",
    (_Shape.DOUBLE, 1): "double top",
    (_Shape.DOUBLE, -1): "double bottom",
}
PATTERN_NAMES: tuple[str, ...] = (
    *_NAMES.values(),
    *("ascending triangle", "descending triangle", "symmetrical triangle", "rising wedge", "falling wedge"),
    *("bull flag", "bear flag", "bull pennant", "bear pennant"),
)
"""Every pattern that is looked for."""


@dataclass(frozen=True)
class _Peaks:
    """Swings as seen from one side: prices times `way`, so that tops and bottoms read alike."""

    way: int
    swings: Sequence[Swing]

    def high(self, place: int) -> float:
        return self.way * self.swings[place].price


def find_chart_patterns(bars: Bars, *, recent: int | None = None) -> tuple[ChartPattern, ...]:
    """The patterns there are, newest first; with `recent`, those that formed or were decided in that many newest bars.

    A pattern is forming until a close confirms it or ends it; one that is neither within twice its own length is dropped.
    Of patterns that share their points the one with more points is kept. Raises TooFewBars.
    """
    swings = find_swings(bars)
    unit = true_ranges(bars)
    found: list[ChartPattern] = []
    for way, turn in ((1, Turn.HIGH), (-1, Turn.LOW)):
        for place, swing in enumerate(swings):
            if swing.turn is turn:
                peaks = _Peaks(way, swings[place:])
                found += _with_peaks(peaks, swings[:place], bars, float(unit[swing.index]))
    found += find_converging(swings, bars, unit)
    found += find_flags(bars, unit)
    kept = [pattern for pattern in _apart(found) if recent is None or pattern.newest >= len(bars) - recent]
    return tuple(sorted(kept, key=lambda pattern: (pattern.newest, len(pattern.points)), reverse=True))


def _with_peaks(peaks: _Peaks, before: Sequence[Swing], bars: Bars, unit: float) -> Iterator[ChartPattern]:
    for shape in (_head_and_shoulders, _triple, _double):
        drawn = shape(peaks, unit)
        if drawn is None:
            continue
        pattern = _completed(drawn, peaks.way, before, bars)
        if pattern is not None:
            yield pattern
            return


@dataclass(frozen=True)
class _Drawn:
    shape: _Shape
    points: tuple[tuple[str, Swing], ...]
    neck: Line
    height: float
    edge: float
    """Beyond this price, times `way`, the pattern is over."""
    quality: float


def _head_and_shoulders(peaks: _Peaks, unit: float) -> _Drawn | None:
    if len(peaks.swings) < 5:  # noqa: PLR2004  # shoulder, neck, head, neck, shoulder
        return None
    left, first, head, second, right = peaks.swings[:5]
    neck = line_through(first, second)
    height = peaks.high(2) - peaks.way * neck.at(head.index)
    if height < LEAST_HEIGHT * unit or not _balanced(left, head, right):
        return None
    uneven = abs(peaks.high(0) - peaks.high(4)) / height
    over = (peaks.high(2) - max(peaks.high(0), peaks.high(4))) / height
    tilt = abs(peaks.high(3) - peaks.high(1)) / height
    shoulder = min(
        peaks.high(0) - peaks.way * neck.at(left.index), peaks.high(4) - peaks.way * neck.at(right.index)
    )
    if uneven > SHOULDERS or over < HEAD or tilt > NECK or shoulder < HEAD * height:
        return None
    names = ("left shoulder", "neckline", "head", "neckline", "right shoulder")
    return _Drawn(
        shape=_Shape.HEAD,
        points=tuple(zip(names, peaks.swings[:5], strict=True)),
        neck=neck,
        height=height,
        edge=peaks.high(2),
        quality=1 - (uneven / SHOULDERS + tilt / NECK) / 2,
    )


def _triple(peaks: _Peaks, unit: float) -> _Drawn | None:
    if len(peaks.swings) < 5:  # noqa: PLR2004  # three peaks and two troughs
        return None
    first, low, second, other, third = peaks.swings[:5]
    return _even(_Shape.TRIPLE, peaks, (first, second, third), (low, other), unit)


def _double(peaks: _Peaks, unit: float) -> _Drawn | None:
    if len(peaks.swings) < 3:  # noqa: PLR2004  # two peaks and a trough
        return None
    first, low, second = peaks.swings[:3]
    return _even(_Shape.DOUBLE, peaks, (first, second), (low,), unit)


def _even(
    shape: _Shape, peaks: _Peaks, tops: tuple[Swing, ...], lows: tuple[Swing, ...], unit: float
) -> _Drawn | None:
    prices = [peaks.way * swing.price for swing in tops]
    neck = min(lows, key=lambda swing: peaks.way * swing.price)
    height = sum(prices) / len(prices) - peaks.way * neck.price
    if height < LEAST_HEIGHT * unit:
        return None
    uneven = (max(prices) - min(prices)) / height
    spread = (max(peaks.way * low.price for low in lows) - peaks.way * neck.price) / height
    lengths = [later.index - earlier.index for earlier, later in pairwise(tops)]
    if uneven > EVEN or spread > 2 * EVEN or max(lengths) > LOPSIDED * min(lengths):
        return None
    order = sorted((*tops, *lows), key=lambda swing: swing.index)
    kind = "peak" if peaks.way > 0 else "trough"
    return _Drawn(
        shape=shape,
        points=tuple((kind if swing in tops else "neckline", swing) for swing in order),
        neck=Line(first=neck.index, start=neck.price, slope=0.0),
        height=height,
        edge=max(prices),
        quality=1 - uneven / EVEN / 2 - spread / EVEN / 4,
    )


def _completed(drawn: _Drawn, way: int, before: Sequence[Swing], bars: Bars) -> ChartPattern | None:
    """The pattern with what became of it; None without a trend into it to reverse, or where it was never decided."""
    start = drawn.points[0][1]
    floor = way * drawn.neck.at(start.index)
    lead = min((way * swing.price for swing in before[-1:]), default=None)
    if lead is None:
        earlier = bars.close[: start.index + 1]
        lead = min(way * close for close in earlier)
    if lead > floor - drawn.height / 4:
        return None
    last = drawn.points[-1][1]
    pattern = ChartPattern(
        name=_NAMES[drawn.shape, way],
        direction=Direction.BEARISH if way > 0 else Direction.BULLISH,
        points=tuple(Point(role=role, index=swing.index, price=swing.price) for role, swing in drawn.points),
        lines=(drawn.neck,),
        confirms_beyond=drawn.neck.at(len(bars) - 1),
        ends_beyond=way * drawn.edge,
        target=None,
        status=Status.FORMING,
        decided_at=None,
        quality=max(0.0, drawn.quality),
    )
    length = last.index - start.index
    decided = settle(
        pattern, bars, after=last.index, until=last.known_at + 2 * length, line=drawn.neck, way=-way
    )
    if decided is None:
        return None
    at = decided.decided_at if decided.decided_at is not None else len(bars) - 1
    target = drawn.neck.at(at) - way * drawn.height
    return replace(decided, target=target if target > 0 else None)


def _balanced(left: Swing, head: Swing, right: Swing) -> bool:
    before, after = head.index - left.index, right.index - head.index
    return max(before, after) <= LOPSIDED * min(before, after)


def _apart(found: Sequence[ChartPattern]) -> list[ChartPattern]:
    """Without patterns that share two points or more with a better one."""
    kept: list[ChartPattern] = []
    for pattern in sorted(found, key=lambda each: (len(each.points), each.quality), reverse=True):
        places = {point.index for point in pattern.points}
        shared = max((len(places & {point.index for point in other.points}) for other in kept), default=0)
        if shared < 2:  # noqa: PLR2004  # one common point is where two patterns meet
            kept.append(pattern)
    return kept
