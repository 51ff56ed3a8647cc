"""Indicators that TA-Lib does not have: Ichimoku and the know sure thing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Series = Sequence[Array]

Settings = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class OwnIndicator:
    """How an indicator is computed, and how many bars pass before every output has a value."""

    compute: "Callable[[Series, Settings], tuple[Array, ...]]"
    warm_up: Callable[[Settings], int]


def _middle(high: "Array", low: "Array", bars: int) -> "Array":
    """The middle between the highest high and the lowest low of the last bars."""
    import talib

    if bars == 1:
        return (high + low) / 2
    result: Array = talib.MIDPRICE(high, low, timeperiod=bars)
    return result


def _later(values: "Array", bars: int) -> "Array":
    import numpy as np

    return np.concatenate([np.full(min(bars, len(values)), np.nan), values[: max(0, len(values) - bars)]])


def _ichimoku(series: "Series", settings: Settings) -> "tuple[Array, ...]":
    high, low, _ = series
    shift = int(settings["base"])
    conversion = _middle(high, low, int(settings["conversion"]))
    base = _middle(high, low, shift)
    ahead_a, ahead_b = (conversion + base) / 2, _middle(high, low, int(settings["span"]))
    return conversion, base, _later(ahead_a, shift), _later(ahead_b, shift), ahead_a, ahead_b


def _ichimoku_warm_up(settings: Settings) -> int:
    return int(max(settings["conversion"], settings["base"], settings["span"]) - 1 + settings["base"])


def _kst(series: "Series", settings: Settings) -> "tuple[Array, ...]":
    import numpy as np
    import talib

    (close,) = series
    total = np.zeros(len(close))
    for place in range(1, 5):
        change = talib.ROC(close, timeperiod=int(settings[f"change_{place}"]))
        total = total + place * _mean(change, int(settings[f"mean_{place}"]))
    return total, _mean(total, int(settings["signal"]))


def _mean(values: "Array", bars: int) -> "Array":
    import talib

    result: Array = values if bars == 1 else talib.SMA(values, timeperiod=bars)
    return result


def _kst_warm_up(settings: Settings) -> int:
    longest = max(settings[f"change_{place}"] + settings[f"mean_{place}"] - 1 for place in range(1, 5))
    return int(longest + settings["signal"] - 1)


OWN: Mapping[str, OwnIndicator] = MappingProxyType(
    {
        "ICHIMOKU": OwnIndicator(compute=_ichimoku, warm_up=_ichimoku_warm_up),
        "KST": OwnIndicator(compute=_kst, warm_up=_kst_warm_up),
    }
)
"""By the indicator's name in the table."""
