"""Price bars: what a market did in equal steps of time, checked once when they are made."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trading.errors import BarsInvalid, SeriesMissing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Series = Literal["open", "high", "low", "close", "volume"]
PRICES: tuple[Series, ...] = ("open", "high", "low", "close")
COLUMNS: tuple[Series, ...] = (*PRICES, "volume")
MOST_BARS = 200_000


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Bars in order of time, oldest first; all series are of one length.

    Only closes are required; highs and lows come together, and opens only with them. Prices are above 0, each
    high is the highest and each low the lowest price of its bar, volumes are 0 or more; else BarsInvalid.
    """

    close: tuple[float, ...]
    open: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None
    low: tuple[float, ...] | None = None
    volume: tuple[float, ...] | None = None
    times: tuple[str, ...] | None = None
    """What each bar is called, as the source wrote it: a date, a time stamp."""

    def __post_init__(self) -> None:
        _check_lengths(self)
        for name in PRICES:
            _check_prices(name, getattr(self, name))
        _check_volume(self.volume)
        _check_ranges(self)

    def __len__(self) -> int:
        return len(self.close)

    @property
    def full(self) -> bool:
        """Whether opens, highs and lows are there beside the closes."""
        return self.open is not None

    def label(self, index: int) -> str:
        """What the bar at an index is called: its time, or `bar 3` counting from 1."""
        if self.times is not None:
            return self.times[index]
        return f"bar {range(len(self))[index] + 1}"

    def series(self, name: Series) -> "NDArray[np.float64]":
        """One series as an array of float64; SeriesMissing when the bars do not have it."""
        import numpy as np

        values = getattr(self, name)
        if values is None:
            raise SeriesMissing(f"The bars have no {name}; give bars with the columns {', '.join(COLUMNS)}.")
        return np.asarray(values, dtype=np.float64)


def bars_from_closes(closes: Sequence[float]) -> Bars:
    """Bars of closing prices only, oldest first."""
    return Bars(close=tuple(float(value) for value in closes))


def bars_from_rows(
    rows: Sequence[Sequence[float]], columns: Sequence[Series] = COLUMNS, times: Sequence[str] | None = None
) -> Bars:
    """Bars from rows of numbers, a row a bar, cells in the order of `columns` (rows may leave out the last)."""
    if not rows:
        raise BarsInvalid("There are no bars; give at least one row of open, high, low, close.")
    width = len(rows[0])
    for number, row in enumerate(rows, start=1):
        if len(row) != width:
            raise BarsInvalid(
                f"Bar {number} has {len(row)} numbers and the first bar {width}; give equal rows."
            )
    names = list(columns)[:width]
    if width > len(columns) or "close" not in names:
        raise BarsInvalid(f"A bar of {width} numbers cannot be read; give {', '.join(columns)}.")
    cells = {name: tuple(float(row[place]) for row in rows) for place, name in enumerate(names)}
    return Bars(
        close=cells["close"],
        open=cells.get("open"),
        high=cells.get("high"),
        low=cells.get("low"),
        volume=cells.get("volume"),
        times=tuple(times) if times is not None else None,
    )


def bars_from_numbers(numbers: Sequence[float], width: int = 4) -> Bars:
    """Bars from one run of numbers, `width` a bar: 4 are open, high, low, close; 5 end in the volume."""
    if width not in {4, 5}:
        raise BarsInvalid(f"A bar has 4 numbers (open, high, low, close) or 5 (and volume), not {width}.")
    if not numbers or len(numbers) % width:
        raise BarsInvalid(
            f"{len(numbers)} numbers are no whole bars; give {width} for each bar: "
            f"{', '.join(COLUMNS[:width])}, then the next bar."
        )
    return bars_from_rows([numbers[at : at + width] for at in range(0, len(numbers), width)])


def _check_lengths(bars: Bars) -> None:
    count = len(bars.close)
    if count == 0:
        raise BarsInvalid("There are no prices; give at least one close.")
    if count > MOST_BARS:
        raise BarsInvalid(f"There are {count:,} bars; give at most {MOST_BARS:,}.")
    for name in (*COLUMNS, "times"):
        values = getattr(bars, name)
        if values is not None and len(values) != count:
            raise BarsInvalid(f"There are {count} closes but {len(values)} of {name}; give one for each bar.")
    if (bars.high is None) != (bars.low is None) or (bars.open is not None and bars.high is None):
        raise BarsInvalid("Highs and lows belong together, and opens need them; give all or only closes.")


def _check_prices(name: str, values: tuple[float, ...] | None) -> None:
    for number, value in enumerate(values or (), start=1):
        if not math.isfinite(value):
            raise BarsInvalid(f"The {name} of bar {number} is {value}; leave out bars without prices.")
        if value <= 0:
            raise BarsInvalid(f"The {name} of bar {number} is {value:g}; prices must be above 0.")


def _check_volume(values: tuple[float, ...] | None) -> None:
    for number, value in enumerate(values or (), start=1):
        if not math.isfinite(value) or value < 0:
            raise BarsInvalid(f"The volume of bar {number} is {value}; it must be 0 or more.")


def _check_ranges(bars: Bars) -> None:
    if bars.high is None or bars.low is None:
        return
    rows = zip(bars.open or bars.close, bars.high, bars.low, bars.close, strict=True)
    for number, (opened, high, low, close) in enumerate(rows, start=1):
        if high < max(opened, low, close):
            raise BarsInvalid(
                f"The high of bar {number} ({high:g}) is below its open, low or close; "
                "check the order of the columns: open, high, low, close."
            )
        if low > min(opened, close):
            raise BarsInvalid(
                f"The low of bar {number} ({low:g}) is above its open or close; "
                "check the order of the columns: open, high, low, close."
            )
