"""Technical indicators by name, computed over checked bars by TA-Lib and, where it has no such function, here."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trading.errors import NumberInvalid, SeriesMissing, TooFewBars, UnknownIndicator
from trading.indicator_table import INDICATORS, Indicator, Parameter
from trading.ohlcv import Bars
from trading.own_indicators import OWN

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What an indicator reads on bars.

    `values` holds each output by name, an array as long as the bars, NaN for the first `warm_up` bars.
    """

    indicator: Indicator
    parameters: Mapping[str, float]
    values: "Mapping[str, NDArray[np.float64]]"
    warm_up: int
    """Bars before the first value; a value needs one bar more than this."""
    motionless: bool
    """Whether the prices the last value comes from do not move at all: ratios of moves then mean nothing."""

    @property
    def last(self) -> dict[str, float]:
        """The newest value of each output."""
        return {name: float(values[-1]) for name, values in self.values.items()}

    @property
    def value(self) -> float:
        """The newest value of the first output."""
        return self.last[self.indicator.outputs[0]]

    @property
    def label(self) -> str:
        """The name with its parameters: RSI(14), MACD(12, 26, 9)."""
        if not self.parameters:
            return self.indicator.name
        return f"{self.indicator.name}({', '.join(f'{value:g}' for value in self.parameters.values())})"


def find_indicator(name: str) -> Indicator:
    """The indicator of a name or an alias, in any case and spacing; UnknownIndicator lists the names."""
    wanted = _plain(name)
    for indicator in INDICATORS:
        if wanted in {_plain(each) for each in (indicator.name, indicator.title, *indicator.aliases)}:
            return indicator
    known = ", ".join(each.name for each in INDICATORS)
    raise UnknownIndicator(f"There is no indicator {name!r} here; take one of {known}.")


def compute(name: str, bars: Bars, **parameters: float) -> Reading:
    """An indicator over bars, oldest first; parameters left out take the table's defaults.

    Raises UnknownIndicator, SeriesMissing (highs, lows or volumes are needed), TooFewBars (says how many are
    needed) and NumberInvalid (a parameter is out of its range, or the prices leave the value undefined).
    """
    indicator = find_indicator(name)
    settings = _settings(indicator, parameters)
    _require_series(indicator, bars)
    warm_up = _warm_up(indicator, settings)
    if len(bars) <= warm_up:
        raise TooFewBars(_too_few(indicator, settings, len(bars), warm_up))
    outputs = _outputs(indicator, settings, bars)
    reading = Reading(
        indicator=indicator,
        parameters=settings,
        values=dict(zip(indicator.outputs, outputs, strict=True)),
        warm_up=warm_up,
        motionless=_motionless(indicator, bars, warm_up),
    )
    if not all(math.isfinite(value) for value in reading.last.values()):
        raise NumberInvalid(
            f"{reading.label} has no value on the last bar: the prices or volumes it divides by do not move "
            "or are too large. Give other bars."
        )
    return reading


def bars_needed(name: str, **parameters: float) -> int:
    """The least number of bars that give one value of an indicator."""
    indicator = find_indicator(name)
    return _warm_up(indicator, _settings(indicator, parameters)) + 1


def longest_period(name: str, bars: int) -> int | None:
    """The longest "period" for which this many bars give a value; None when no period does."""
    indicator = find_indicator(name)
    main = indicator.main_parameter
    if main is None:
        return None
    low, high = int(main.least), min(bars, int(main.most))
    fits = [length for length in (low, high) if low <= high and bars_needed(name, period=length) <= bars]
    if not fits:
        return None
    while high - low > 1 and high not in fits:
        middle = (low + high) // 2
        if bars_needed(name, period=middle) <= bars:
            low = middle
        else:
            high = middle
    return high if high in fits else low


def _plain(name: str) -> str:
    """A name without case, spaces and punctuation that people write or leave out."""
    return "".join(letter for letter in name.casefold() if letter not in " -_/.'")


def _settings(indicator: Indicator, given: Mapping[str, float]) -> dict[str, float]:
    """Every parameter of an indicator with its value, checked; `deviations` counts once for both bands."""
    known = {each.name: each for each in indicator.parameters}
    unknown = sorted(set(given) - set(known))
    if unknown:
        offered = ", ".join(known) or "none"
        raise NumberInvalid(
            f"{indicator.name} has no parameter {unknown[0]!r}; its parameters are: {offered}."
        )
    settings = {
        name: _checked(indicator, each, given.get(name, each.default)) for name, each in known.items()
    }
    if "fast" in settings and settings["fast"] >= settings["slow"]:
        raise NumberInvalid(
            f"The fast period of {indicator.name} ({settings['fast']:g}) must be shorter than the slow one "
            f"({settings['slow']:g})."
        )
    return settings


def _checked(indicator: Indicator, parameter: Parameter, value: float) -> float:
    in_range = math.isfinite(value) and parameter.least <= value <= parameter.most
    if not in_range or (parameter.whole and value != int(value)):
        kind = "a whole number" if parameter.whole else "a number"
        raise NumberInvalid(
            f"The {parameter.name} of {indicator.name} is {value:g}; it must be {kind} from "
            f"{parameter.least:g} to {parameter.most:g}."
        )
    return value


def _typed(parameter: Parameter, value: float) -> float:
    return int(value) if parameter.whole else float(value)


def _outputs(
    indicator: Indicator, settings: Mapping[str, float], bars: Bars
) -> "tuple[NDArray[np.float64], ...]":
    import numpy as np
    import talib

    series = [bars.series(each) for each in indicator.needs]
    if indicator.own:
        return OWN[indicator.name].compute(series, settings)
    arguments = {each.talib: _typed(each, settings[each.name]) for each in indicator.parameters}
    result = getattr(talib, indicator.function)(*series, **arguments)
    outputs = result if isinstance(result, tuple) else (result,)
    return tuple(np.asarray(output, dtype=np.float64) for output in outputs)


def _require_series(indicator: Indicator, bars: Bars) -> None:
    missing = [each for each in indicator.needs if getattr(bars, each) is None]
    if missing:
        raise SeriesMissing(
            f"{indicator.name} needs {', '.join(indicator.needs)} for each bar and there is no "
            f"{' and no '.join(missing)}; give bars as CSV with the columns open, high, low, close, volume."
        )


def _warm_up(indicator: Indicator, settings: Mapping[str, float]) -> int:
    """How many bars come before the first value: TA-Lib's own count where it computes."""
    import talib.abstract

    if indicator.own:
        return OWN[indicator.name].warm_up(settings)
    arguments = {each.talib: _typed(each, settings[each.name]) for each in indicator.parameters}
    return int(talib.abstract.Function(indicator.function, **arguments).lookback)


def _too_few(indicator: Indicator, settings: Mapping[str, float], count: int, warm_up: int) -> str:
    shown = ", ".join(f"{value:g}" for value in settings.values())
    label = f"{indicator.name}({shown})" if shown else indicator.name
    message = f"{label} needs at least {warm_up + 1} bars and there {'is' if count == 1 else 'are'} {count}"
    longest = longest_period(indicator.name, count) if set(settings) == {"period"} else None
    if longest is None:
        return f"{message}; give more bars."
    return f"{message}; give more bars, or a period of at most {longest}."


def _motionless(indicator: Indicator, bars: Bars, warm_up: int) -> bool:
    start = 0 if indicator.smoothed else len(bars) - warm_up - 1
    prices: list[float] = [
        value
        for name in indicator.needs
        if name != "volume" or indicator.needs == ("volume",)
        for value in getattr(bars, name)[start:]
    ]
    return max(prices) == min(prices)
