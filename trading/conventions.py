"""Readings of an indicator over given prices, by our convention and by the others that programs and books have."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from trading.errors import TradingError
from trading.indicators import compute
from trading.ohlcv import Bars

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Values = Mapping[str, float]


def readings(
    name: str, series: Mapping[str, Sequence[float]], parameters: Mapping[str, float]
) -> tuple[tuple[Values, ...], bool]:
    """The last values of an indicator, ours first, and whether these are all that it is known to be computed as.

    `series` holds closes, and opens, highs, lows and volumes where they are known, by the names of Bars' fields.
    None for prices or parameters that give no value.
    """
    try:
        bars = _bars(series)
        reading = compute(name, bars, **parameters)
    except TradingError:
        return (), False
    ours = reading.last
    indicator = reading.indicator
    if not indicator.smoothed and not indicator.variants and indicator.name not in _OTHERS:
        return (ours,), True
    others = _OTHERS.get(indicator.name)
    if others is None:
        return (ours,), False
    try:
        return (ours, *others(bars, reading.parameters)), True
    except (TradingError, ZeroDivisionError):
        return (ours,), False


def _bars(series: Mapping[str, Sequence[float]]) -> Bars:
    given = {name: tuple(values) for name, values in series.items()}
    return Bars(
        close=given.get("close", given.get("high", ())),  # what needs no closes leaves them out
        open=given.get("open"),
        high=given.get("high"),
        low=given.get("low"),
        volume=given.get("volume"),
    )


def _other_ema(bars: Bars, settings: Values) -> list[Values]:
    return [{"ema": float(_ema(bars.series("close"), settings["period"])[-1])}]


def _other_macd(bars: Bars, settings: Values) -> list[Values]:
    """From averages that start at the first close; and each average from the mean of its own first closes."""
    closes = bars.series("close")
    found: list[Values] = []
    line = _ema(closes, settings["fast"]) - _ema(closes, settings["slow"])
    signal = _ema(line, settings["signal"])
    found.append(_macd(float(line[-1]), float(signal[-1])))
    own = _from_mean(closes, settings["fast"])[-1] - _from_mean(closes, settings["slow"])[-1]
    found.append(_macd(float(own), float(signal[-1])))
    return found


def _macd(line: float, signal: float) -> Values:
    return {"macd": line, "signal": signal, "histogram": line - signal}


def _other_rsi(bars: Bars, settings: Values) -> list[Values]:
    """From plain means of the last changes (Cutler), and from exponential averages."""
    import numpy as np

    changes = np.diff(bars.series("close"))
    gains, losses = np.clip(changes, 0, None), np.clip(-changes, 0, None)
    period = int(settings["period"])
    plain = (float(gains[-period:].mean()), float(losses[-period:].mean()))
    smooth = (float(_ema(gains, period)[-1]), float(_ema(losses, period)[-1]))
    wilder = (float(_ema(gains, 2 * period - 1)[-1]), float(_ema(losses, 2 * period - 1)[-1]))
    return [{"rsi": 100 * up / (up + down)} for up, down in (plain, smooth, wilder) if up + down > 0]


def _other_atr(bars: Bars, settings: Values) -> list[Values]:
    """With the first bar's range counted, smoothed by Wilder; and plain means and exponential averages of the ranges."""
    import numpy as np

    high, low, close = (bars.series(each) for each in ("high", "low", "close"))
    ranges = np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])
    with_first = np.concatenate(([high[0] - low[0]], ranges))
    period = int(settings["period"])
    found = []
    for each in (ranges, with_first):
        if len(each) >= period:
            found += [float(each[-period:].mean()), float(_ema(each, period)[-1])]
            found.append(float(_from_mean(each, 2 * period - 1, start=period)[-1]))
    return [{"atr": value} for value in found]


def _sample_bands(bars: Bars, settings: Values) -> list[Values]:
    """With the standard deviation of a sample."""
    closes = bars.series("close")[-int(settings["period"]) :]
    middle, width = float(closes.mean()), float(closes.std(ddof=1)) * settings["deviations"]
    return [{"upper": middle + width, "middle": middle, "lower": middle - width}]


def _sample_deviation(bars: Bars, settings: Values) -> list[Values]:
    closes = bars.series("close")[-int(settings["period"]) :]
    return [{"stddev": float(closes.std(ddof=1)) * settings["deviations"]}]


def _fast_stochastic(bars: Bars, settings: Values) -> list[Values]:
    """Without smoothing of %K."""
    return [compute("STOCH", bars, **{**settings, "smooth": 1}).last]


def _other_obv(bars: Bars, _: Values) -> list[Values]:
    """From 0 instead of the first bar's volume."""
    volume = bars.series("volume")
    return [{"obv": compute("OBV", bars).value - float(volume[0])}]


_OTHERS: Mapping[str, Callable[[Bars, Values], list[Values]]] = MappingProxyType(
    {
        "ATR": _other_atr,
        "BBANDS": _sample_bands,
        "EMA": _other_ema,
        "MACD": _other_macd,
        "OBV": _other_obv,
        "RSI": _other_rsi,
        "STDDEV": _sample_deviation,
        "STOCH": _fast_stochastic,
    }
)


def _ema(values: "NDArray[np.float64]", period: float) -> "NDArray[np.float64]":
    """An exponential average that starts from the first value."""
    import numpy as np

    weight = 2 / (period + 1)
    found = [float(values[0])]
    for value in values[1:]:
        found.append(weight * float(value) + (1 - weight) * found[-1])
    return np.asarray(found)


def _from_mean(
    values: "NDArray[np.float64]", period: float, start: int | None = None
) -> "NDArray[np.float64]":
    """The same from the mean of its first values, `period` of them unless it is said how many."""
    import numpy as np

    first = int(period) if start is None else start
    return _ema(np.concatenate(([float(values[:first].mean())], values[first:])), period)
