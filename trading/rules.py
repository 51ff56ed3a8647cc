"""Trading rules by name: the position each wants at every close, from what was known by then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from trading.errors import NumberInvalid
from trading.indicators import compute
from trading.ohlcv import Bars

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]

Settings = Mapping[str, float]


class Rule(StrEnum):
    """The rules that can be tested."""

    SMA_CROSS = "sma_cross"
    EMA_CROSS = "ema_cross"
    MACD_CROSS = "macd_cross"
    RSI_REVERSION = "rsi_reversion"
    BOLLINGER_REVERSION = "bollinger_reversion"
    BOLLINGER_BREAKOUT = "bollinger_breakout"
    DONCHIAN_BREAKOUT = "donchian_breakout"
    SUPERTREND = "supertrend"
    MOMENTUM = "momentum"


@dataclass(frozen=True, kw_only=True)
class RuleBook:
    """What a rule does, its settings and their defaults."""

    entry: str
    """When it is long, in words."""
    exit: str
    settings: Mapping[str, float]
    """In the order in which people write them."""
    wanted: "Callable[[Bars, Settings], Array]"
    """1, 0 or -1 at each bar; -1 is where the rule would be short."""


def positions(rule: Rule, bars: Bars, *, short: bool = False, **settings: float) -> tuple[int, ...]:
    """The position a rule wants at each close: 1 long, 0 out, and -1 short where `short` allows it.

    Settings left out take the rule's defaults. Raises NumberInvalid for settings that do not fit, SeriesMissing and
    TooFewBars as the indicators do.
    """
    import numpy as np

    book = RULES[rule]
    unknown = sorted(set(settings) - set(book.settings))
    if unknown:
        raise NumberInvalid(
            f"{rule.value} has no setting {unknown[0]!r}; its settings are {', '.join(book.settings)}."
        )
    wanted = book.wanted(bars, {**book.settings, **settings})
    kept = wanted if short else np.maximum(wanted, 0)
    return tuple(int(each) for each in kept)


def _cross(name: str) -> "Callable[[Bars, Settings], Array]":
    def wanted(bars: Bars, settings: Settings) -> "Array":
        if settings["fast"] >= settings["slow"]:
            raise NumberInvalid(
                f"The fast period ({settings['fast']:g}) must be shorter than the slow one ({settings['slow']:g})."
            )
        fast = _value(name, bars, period=settings["fast"])
        return _side(fast - _value(name, bars, period=settings["slow"]))

    return wanted


def _macd(bars: Bars, settings: Settings) -> "Array":
    return _side(compute("MACD", bars, **settings).values["histogram"])


def _supertrend(bars: Bars, settings: Settings) -> "Array":
    return _side(compute("SUPERTREND", bars, **settings).values["trend"])


def _momentum(bars: Bars, settings: Settings) -> "Array":
    return _side(_value("ROC", bars, period=settings["period"]))


def _rsi(bars: Bars, settings: Settings) -> "Array":
    if settings["low"] >= settings["high"]:
        raise NumberInvalid(
            f"The lower level ({settings['low']:g}) must lie below the upper one ({settings['high']:g})."
        )
    rsi = _value("RSI", bars, period=settings["period"])
    return _held(rsi < settings["low"], rsi > settings["high"], rsi > settings["high"], rsi < settings["low"])


def _bollinger_back(bars: Bars, settings: Settings) -> "Array":
    bands, close = compute("BBANDS", bars, **settings).values, bars.series("close")
    middle = bands["middle"]
    return _held(close < bands["lower"], close >= middle, close > bands["upper"], close <= middle)


def _bollinger_out(bars: Bars, settings: Settings) -> "Array":
    bands, close = compute("BBANDS", bars, **settings).values, bars.series("close")
    middle = bands["middle"]
    return _held(close > bands["upper"], close < middle, close < bands["lower"], close > middle)


def _donchian(bars: Bars, settings: Settings) -> "Array":
    """Against the channels of the bar before, which the present bar cannot move."""
    close = bars.series("close")
    outer = compute("DONCHIAN", _ranged(bars), period=settings["entry"]).values
    inner = compute("DONCHIAN", _ranged(bars), period=settings["exit"]).values
    return _held(
        close > _before(outer["upper"]),
        close < _before(inner["lower"]),
        close < _before(outer["lower"]),
        close > _before(inner["upper"]),
    )


def _ranged(bars: Bars) -> Bars:
    """Closes as highs and lows where nothing else is known."""
    return bars if bars.high is not None else Bars(close=bars.close, high=bars.close, low=bars.close)


def _value(name: str, bars: Bars, **settings: float) -> "Array":
    reading = compute(name, bars, **settings)
    return reading.values[reading.indicator.outputs[0]]


def _before(values: "Array") -> "Array":
    import numpy as np

    return np.concatenate([[np.nan], values[:-1]])


def _side(values: "Array") -> "Array":
    import numpy as np

    return np.nan_to_num(np.sign(values))


def _held(enter: "Flags", leave: "Flags", enter_short: "Flags", leave_short: "Flags") -> "Array":
    """A position entered on one condition and held until another; comparisons with NaN are no condition."""
    import numpy as np

    held, found = 0, np.zeros(len(enter))
    for at in range(len(enter)):
        if (held > 0 and leave[at]) or (held < 0 and leave_short[at]):
            held = 0
        if held == 0:
            held = 1 if enter[at] else -1 if enter_short[at] else 0
        found[at] = held
    return found


RULES: Mapping[Rule, RuleBook] = MappingProxyType(
    {
        Rule.SMA_CROSS: RuleBook(
            entry="the fast simple average is above the slow one",
            exit="it is below",
            settings={"fast": 50, "slow": 200},
            wanted=_cross("SMA"),
        ),
        Rule.EMA_CROSS: RuleBook(
            entry="the fast exponential average is above the slow one",
            exit="it is below",
            settings={"fast": 12, "slow": 26},
            wanted=_cross("EMA"),
        ),
        Rule.MACD_CROSS: RuleBook(
            entry="the MACD line is above its signal line",
            exit="it is below",
            settings={"fast": 12, "slow": 26, "signal": 9},
            wanted=_macd,
        ),
        Rule.RSI_REVERSION: RuleBook(
            entry="RSI closes below the lower level",
            exit="RSI closes above the upper level",
            settings={"period": 14, "low": 30, "high": 70},
            wanted=_rsi,
        ),
        Rule.BOLLINGER_REVERSION: RuleBook(
            entry="the close is below the lower band",
            exit="the close is back at the middle",
            settings={"period": 20, "deviations": 2},
            wanted=_bollinger_back,
        ),
        Rule.BOLLINGER_BREAKOUT: RuleBook(
            entry="the close is above the upper band",
            exit="the close is below the middle",
            settings={"period": 20, "deviations": 2},
            wanted=_bollinger_out,
        ),
        Rule.DONCHIAN_BREAKOUT: RuleBook(
            entry="the close is above the highest high of the entry period before it",
            exit="the close is below the lowest low of the exit period before it",
            settings={"entry": 20, "exit": 10},
            wanted=_donchian,
        ),
        Rule.SUPERTREND: RuleBook(
            entry="Supertrend points up",
            exit="it points down",
            settings={"period": 10, "multiple": 3},
            wanted=_supertrend,
        ),
        Rule.MOMENTUM: RuleBook(
            entry="the close is above the close one period ago",
            exit="it is below",
            settings={"period": 20},
            wanted=_momentum,
        ),
    }
)
"""By name."""
