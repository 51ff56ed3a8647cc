"""Trend lines through swing points, and the channels that parallel lines make."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from trading.ohlcv import Bars
from trading.swings import Swing, Turn, find_swings, true_ranges

NEAR = 0.5
"""How far from a line a swing may lie to touch it, and a close beyond it before it is broken, in true ranges."""
_MOST_SWINGS = 12
"""Of each kind, the newest: lines through older ones lie far from where the market is."""
_CHANNEL = 5


@dataclass(frozen=True, kw_only=True)
class Line:
    """A straight line over bars: price = start + slope x (index - first)."""

    first: int
    start: float
    slope: float
    """Price a bar."""

    def at(self, index: float) -> float:
        """The line's price on a bar."""
        return self.start + self.slope * (index - self.first)


@dataclass(frozen=True, kw_only=True)
class TrendLine:
    """A line under lows or over highs."""

    line: Line
    turn: Turn
    """LOW: a line of support under the lows; HIGH: of resistance over the highs."""
    touches: tuple[Swing, ...]
    """Oldest first, two at least; from three on it counts as confirmed."""
    broken: int | None
    """The first bar that closed beyond it, after its last touch; None while it holds."""

    @property
    def confirmed(self) -> bool:
        """Whether a third swing came to it."""
        return len(self.touches) > 2  # noqa: PLR2004  # two points make any line


@dataclass(frozen=True, kw_only=True)
class Channel:
    """Two parallel lines that hold the closes between them."""

    lower: Line
    upper: Line
    lower_touches: tuple[Swing, ...]
    upper_touches: tuple[Swing, ...]

    @property
    def width(self) -> float:
        """The distance of the lines, in price."""
        return self.upper.at(self.lower.first) - self.lower.start


def line_through(first: Swing, second: Swing) -> Line:
    """The line through two swings of different bars."""
    slope = (second.price - first.price) / (second.index - first.index)
    return Line(first=first.index, start=first.price, slope=slope)


def find_trend_lines(bars: Bars, *, reversal: float = 2.0) -> tuple[TrendLine, ...]:
    """The best line under the lows and the best over the highs, each through at least two of the newest swings.

    A line may not be closed beyond by more than NEAR true ranges between its touches. Lines that still hold come before
    broken ones, then more touches, then the longer. None of a kind where there are not two swings. Raises TooFewBars.
    """
    swings, near = find_swings(bars, reversal), _near(bars)
    found = []
    for turn in Turn:
        points = [swing for swing in swings if swing.turn is turn][-_MOST_SWINGS:]
        lines = [line for pair in combinations(points, 2) if (line := _drawn(pair, points, bars, near))]
        if lines:
            found.append(max(lines, key=_weight))
    return tuple(found)


def find_channel(bars: Bars, *, reversal: float = 2.0) -> Channel | None:
    """The channel with the most touches: a trend line that holds, and its parallel through two opposite swings.

    None where no two parallels hold all closes from their first to the last bar, or where both lines together have
    fewer than five touches. Raises TooFewBars.
    """
    swings, near = find_swings(bars, reversal), _near(bars)
    best: Channel | None = None
    for turn in Turn:
        points = [swing for swing in swings if swing.turn is turn][-_MOST_SWINGS:]
        others = [swing for swing in swings if swing.turn is not turn]
        for pair in combinations(points, 2):
            line = _drawn(pair, points, bars, near)
            channel = _channel(line, others, bars, near) if line and line.broken is None else None
            if channel and (best is None or _touches(channel) > _touches(best)):
                best = channel
    return best


def _near(bars: Bars) -> float:
    middle: float = median(true_ranges(bars).tolist())
    return NEAR * middle


def _weight(line: TrendLine) -> tuple[bool, int, int]:
    return line.broken is None, len(line.touches), line.touches[-1].index - line.touches[0].index


def _touches(channel: Channel) -> tuple[int, int]:
    return len(channel.lower_touches) + len(channel.upper_touches), -channel.lower.first


def _drawn(pair: tuple[Swing, Swing], points: Sequence[Swing], bars: Bars, near: float) -> TrendLine | None:
    line, turn = line_through(*pair), pair[0].turn
    way = 1 if turn is Turn.LOW else -1
    broken = next(
        (at for at in range(line.first, len(bars)) if way * (bars.close[at] - line.at(at)) < -near), None
    )
    touches = tuple(
        swing
        for swing in points
        if swing.index >= line.first
        and abs(swing.price - line.at(swing.index)) <= near
        and (broken is None or swing.index < broken)
    )
    if len(touches) < 2 or touches[-1].index < pair[1].index:  # noqa: PLR2004  # it broke before its second point
        return None
    return TrendLine(line=line, turn=turn, touches=touches, broken=broken)


def _channel(found: TrendLine, others: Sequence[Swing], bars: Bars, near: float) -> Channel | None:
    way = 1 if found.turn is Turn.LOW else -1
    first = found.line.first
    apart = [
        (way * (swing.price - found.line.at(swing.index)), swing) for swing in others if swing.index >= first
    ]
    if not apart:
        return None
    width = max(distance for distance, _ in apart)
    touches = tuple(swing for distance, swing in apart if width - distance <= 2 * near)
    if len(touches) < 2 or width <= 4 * near or len(touches) + len(found.touches) < _CHANNEL:  # noqa: PLR2004  # two points on the other side too
        return None
    over = max(way * (bars.close[at] - found.line.at(at)) for at in range(first, len(bars)))
    if over > width + near:
        return None
    other = Line(first=first, start=found.line.start + way * width, slope=found.line.slope)
    if found.turn is Turn.LOW:
        return Channel(lower=found.line, upper=other, lower_touches=found.touches, upper_touches=touches)
    return Channel(lower=other, upper=found.line, lower_touches=touches, upper_touches=found.touches)
