"""What describes an indicator: its names, the series it needs, its parameters and the conventions it follows."""

from dataclasses import dataclass
from enum import StrEnum

from trading.ohlcv import Series

LONGEST_PERIOD = 100_000  # TA-Lib's own limit


class Scale(StrEnum):
    """What an indicator's figures are measured in."""

    PRICE = "price"
    """In the unit of the price, at its level: averages, bands, stops."""
    MOVE = "move"
    """In the unit of the price, as a difference or a range."""
    BOUNDED = "bounded"
    """A number between fixed bounds, most often 0 and 100."""
    PERCENT = "percent"
    UNBOUNDED = "unbounded"
    VOLUME = "volume"
    """In the unit of the volume."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One setting of an indicator; NumberInvalid outside of [least, most]."""

    name: str
    talib: str
    default: float
    least: float = 1
    most: float = LONGEST_PERIOD
    whole: bool = True


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One row of the table."""

    name: str
    """TA-Lib's function name, or a clearer one where that is a common word."""
    title: str
    aliases: tuple[str, ...]
    needs: tuple[Series, ...]
    """Series in the order in which TA-Lib takes them."""
    parameters: tuple[Parameter, ...]
    outputs: tuple[str, ...]
    """Names of what TA-Lib returns, in its order; the first is the indicator's value."""
    scale: Scale
    convention: str
    """How it is computed, in a sentence or two."""
    smoothed: bool = False
    """Whether every earlier bar still weighs in the last value (recursive smoothing)."""
    bounds: tuple[float, float] | None = None
    """Between which numbers every output lies, by the formula."""
    settled: bool = False
    """Whether the defaults are the author's and nobody's program has others."""
    variants: bool = False
    """Whether programs compute it in other ways too, so that another figure is no mistake."""
    talib: str = ""
    """TA-Lib's function where `name` is another; unused where the arithmetic is this package's own."""
    own: bool = False
    """Whether it is computed here and not by TA-Lib, which has no such function."""

    @property
    def function(self) -> str:
        """TA-Lib's function."""
        return self.talib or self.name

    @property
    def main_parameter(self) -> Parameter | None:
        """The parameter people mean by "the period", where there is one."""
        return next((each for each in self.parameters if each.name == "period"), None)


def period(default: int, least: int = 1, talib: str = "timeperiod") -> Parameter:
    """The parameter that people mean by an indicator's period, in bars."""
    return Parameter(name="period", talib=talib, default=default, least=least)


def length(name: str, talib: str, default: int, least: int = 1) -> Parameter:
    """Another length in bars."""
    return Parameter(name=name, talib=talib, default=default, least=least)


def number(name: str, talib: str, default: float, most: float) -> Parameter:
    """A factor from 0 to `most`."""
    return Parameter(name=name, talib=talib, default=default, least=0, most=most, whole=False)


FAST = length("fast", "fastperiod", 12, 2)
SLOW = length("slow", "slowperiod", 26, 2)
CLOSE: tuple[Series, ...] = ("close",)
HL: tuple[Series, ...] = ("high", "low")
HLC: tuple[Series, ...] = ("high", "low", "close")
HLCV: tuple[Series, ...] = ("high", "low", "close", "volume")
CV: tuple[Series, ...] = ("close", "volume")
OHLC: tuple[Series, ...] = ("open", "high", "low", "close")
OC: tuple[Series, ...] = ("open", "close")
HLV: tuple[Series, ...] = ("high", "low", "volume")
V: tuple[Series, ...] = ("volume",)
