"""What a chart pattern is, and what became of it."""

from dataclasses import dataclass, replace
from enum import StrEnum

from trading.candles import Direction
from trading.ohlcv import Bars
from trading.trendlines import Line


class Status(StrEnum):
    """What became of a pattern."""

    FORMING = "forming"
    """Its points are there, and no close has decided it."""
    CONFIRMED = "confirmed"
    """A close crossed its line in the direction it is read to point."""
    FAILED = "failed"
    """A close went the other way first."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One of the points that make a pattern."""

    role: str
    """What it is in the pattern: head, neckline, peak ..."""
    index: int
    price: float


@dataclass(frozen=True, kw_only=True)
class ChartPattern:
    """A pattern with its points and the prices that decide it."""

    name: str
    direction: Direction
    """Where it is read to point once it is confirmed."""
    points: tuple[Point, ...]
    """Oldest first."""
    lines: tuple[Line, ...]
    """Its neckline, or its two boundaries, the upper one first."""
    confirms_beyond: float
    """A close beyond this price, in the pattern's direction, confirms it: its line at the last bar."""
    ends_beyond: float
    """A close beyond this price, against its direction, ends it."""
    target: float | None
    """Its height measured from the line; None where that would be at or below zero."""
    status: Status
    decided_at: int | None
    """The bar that confirmed or ended it."""
    quality: float
    """0 to 1: how near the points come to the ideal shape; no probability."""

    @property
    def newest(self) -> int:
        """The bar of the decision, else of the last point."""
        return self.points[-1].index if self.decided_at is None else self.decided_at


def settle(
    pattern: ChartPattern, bars: Bars, *, after: int, until: int, line: Line, way: int
) -> ChartPattern | None:
    """The pattern with the first close after a bar that decides it; None when none does until the bar `until`.

    `way` is 1 where closes above the line confirm it, -1 where closes below it do. `ends_beyond` is on the other side.
    """
    for at in range(after + 1, min(until, len(bars) - 1) + 1):
        close = bars.close[at]
        if way * (close - line.at(at)) > 0:
            return replace(pattern, status=Status.CONFIRMED, decided_at=at)
        if way * (close - pattern.ends_beyond) < 0:
            return replace(pattern, status=Status.FAILED, decided_at=at)
    return pattern if until >= len(bars) - 1 else None
