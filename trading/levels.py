"""Price levels from earlier prices: pivot points and Fibonacci levels."""

from dataclasses import dataclass
from enum import StrEnum

from trading.checks import positive
from trading.errors import NumberInvalid

RETRACEMENTS = (0.236, 0.382, 0.5, 0.618, 0.786)
EXTENSIONS = (1.272, 1.618, 2.618)


class PivotMethod(StrEnum):
    """How pivot levels are spaced."""

    CLASSIC = "classic"
    FIBONACCI = "fibonacci"
    CAMARILLA = "camarilla"
    WOODIE = "woodie"
    DEMARK = "demark"


@dataclass(frozen=True, kw_only=True)
class Pivots:
    """A pivot with its supports and resistances, each from the nearest to the pivot outwards."""

    method: PivotMethod
    pivot: float
    resistances: tuple[float, ...]
    supports: tuple[float, ...]


def pivot_points(
    high: float,
    low: float,
    close: float,
    method: PivotMethod = PivotMethod.CLASSIC,
    opened: float | None = None,
) -> Pivots:
    """Pivot levels for the next period from the high, low and close of the last one; DeMark's need its open as well.

    Pivot P = (H + L + C)/3. Classic (floor traders'): R1 = 2P - L, S1 = 2P - H, R2/S2 = P +- (H - L),
    R3 = H + 2(P - L), S3 = L - 2(H - P). Fibonacci: P +- 0.382, 0.618, 1 x (H - L). Camarilla (Stott, 1989):
    C +- 1.1/12, 1.1/6, 1.1/4, 1.1/2 x (H - L). Woodie: the classic levels of P = (H + L + 2C)/4. DeMark (1994):
    X = H + 2L + C after a fall from the open, 2H + L + C after a rise, H + L + 2C else; P = X/4, R1 = X/2 - L,
    S1 = X/2 - H. Source: StockCharts ChartSchool, "Pivot Points", and "Camarilla equation" as published by its
    users. NumberInvalid unless low <= close <= high, all above 0, and for DeMark without an open in the range.
    """
    for label, price in (("high", high), ("low", low), ("close", close)):
        positive(label, price)
    if not low <= close <= high:
        raise NumberInvalid(
            f"The close {close:g} must lie between the low {low:g} and the high {high:g} of one period."
        )
    span = high - low
    if method is PivotMethod.DEMARK:
        return _demark(high, low, close, opened)
    pivot = (high + low + 2 * close) / 4 if method is PivotMethod.WOODIE else (high + low + close) / 3
    up: tuple[float, ...]
    down: tuple[float, ...]
    if method in {PivotMethod.CLASSIC, PivotMethod.WOODIE}:
        up = (2 * pivot - low, pivot + span, high + 2 * (pivot - low))
        down = (2 * pivot - high, pivot - span, low - 2 * (high - pivot))
    elif method is PivotMethod.FIBONACCI:
        up, down = _spread(pivot, span, (0.382, 0.618, 1.0))
    else:
        up, down = _spread(close, span, (1.1 / 12, 1.1 / 6, 1.1 / 4, 1.1 / 2))
    return Pivots(method=method, pivot=pivot, resistances=up, supports=down)


def _demark(high: float, low: float, close: float, opened: float | None) -> Pivots:
    if opened is None or not low <= opened <= high:
        raise NumberInvalid(
            "DeMark's pivot depends on whether the period rose: give its open as well, between its low and high."
        )
    if close < opened:
        total = high + 2 * low + close
    elif close > opened:
        total = 2 * high + low + close
    else:
        total = high + low + 2 * close
    return Pivots(
        method=PivotMethod.DEMARK,
        pivot=total / 4,
        resistances=(total / 2 - low,),
        supports=(total / 2 - high,),
    )


@dataclass(frozen=True, kw_only=True)
class FibonacciLevels:
    """Levels of a move from `start` to `end`, by ratio."""

    start: float
    end: float
    retracements: dict[float, float]
    extensions: dict[float, float]
    """Beyond the end; levels at or below zero are left out."""


def fibonacci_levels(start: float, end: float) -> FibonacciLevels:
    """Retracements end - ratio x (end - start), extensions start + ratio x (end - start).

    A rise when end > start, a fall when end < start. 50 % is no Fibonacci ratio but stands in every such table.
    Source: StockCharts ChartSchool, "Fibonacci Retracements". NumberInvalid when start and end are equal.
    """
    positive("start of the move", start)
    positive("end of the move", end)
    if start == end:
        raise NumberInvalid("Start and end of the move are the same price; give a low and a high.")
    move = end - start
    extended = {ratio: start + ratio * move for ratio in EXTENSIONS}
    return FibonacciLevels(
        start=start,
        end=end,
        retracements={ratio: end - ratio * move for ratio in RETRACEMENTS},
        extensions={ratio: price for ratio, price in extended.items() if price > 0},
    )


def _spread(
    middle: float, span: float, factors: tuple[float, ...]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    up = tuple(middle + factor * span for factor in factors)
    return up, tuple(middle - factor * span for factor in factors)
