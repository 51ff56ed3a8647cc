"""What an indicator's value is read as: the result in one sentence, then what it means."""

from collections.abc import Callable, Mapping

from agents.technical.channels import CHANNELS
from agents.technical.trends import TRENDS
from agents.technical.verdict import Verdict, earlier, slope_of
from agents.technical.volumes import VOLUMES
from trading import Reading, Scale, figure, percent

_ZONES: Mapping[str, tuple[float, float]] = {
    "RSI": (30, 70),
    "STOCH": (20, 80),
    "STOCHRSI": (20, 80),
    "MFI": (20, 80),
    "WILLR": (-80, -20),
    "CMO": (-50, 50),
    "CCI": (-100, 100),
    "ULTOSC": (30, 70),
    "STOCHF": (20, 80),
    "KDJ": (20, 80),
    "SMI": (-40, 40),
    "IMI": (30, 70),
    "PERCENT_RANK": (10, 90),
}
_STRONG_TREND, _TREND, _NO_TREND = 50.0, 25.0, 20.0
_LINE_BARS = 10


def explain(reading: Reading, close: float) -> Verdict:
    """The verdict on a reading; `close` is the newest close (the newest high and low's middle will do)."""
    name = reading.indicator.name
    if reading.motionless:
        return _still(reading)
    if name in _ZONES:
        return _zone(reading, *_ZONES[name])
    special = _SPECIAL.get(name)
    if special is not None:
        return special(reading, close)
    if reading.indicator.scale is Scale.PRICE:
        return _average(reading, close)
    if reading.indicator.scale is Scale.VOLUME:
        return _line(reading)
    return _zero_line(reading)


def _still(reading: Reading) -> Verdict:
    return Verdict(
        f"{reading.label} is {figure(reading.value)}, but the prices it is computed from do not move at all.",
        "undefined",
        "Where nothing moves, the figure is only TA-Lib's convention for a division by zero and says nothing "
        "about the market.",
    )


def _zone(reading: Reading, low: float, high: float) -> Verdict:
    value = reading.value
    others = [
        f"{f'%{name.upper()}' if len(name) == 1 else name} is {figure(value)}"
        for name, value in list(reading.last.items())[1:]
    ]
    tail = f" ({', '.join(others)})" if others else ""
    start = f"{reading.label} is {figure(value)}{tail}"
    if value > high:
        return Verdict(
            f"{start}, above {high:g}: overbought.",
            "overbought",
            "Recent gains outweigh losses by far. By itself this is no signal to sell: in a strong rise it can stay "
            f"overbought for long; many wait for the fall back below {high:g}.",
        )
    if value < low:
        return Verdict(
            f"{start}, below {low:g}: oversold.",
            "oversold",
            "Recent losses outweigh gains by far. By itself this is no signal to buy: in a strong fall it can stay "
            f"oversold for long; many wait for the rise back above {low:g}.",
        )
    middle = (low + high) / 2
    lean = (
        "in the upper half" if value > middle else "in the lower half" if value < middle else "in the middle"
    )
    return Verdict(
        f"{start}, between {low:g} and {high:g}: neutral, {lean}.",
        "neutral",
        f"It is neither overbought (above {high:g}) nor oversold (below {low:g}).",
    )


def _average(reading: Reading, close: float) -> Verdict:
    value = reading.value
    side = "above" if close > value else "below" if close < value else "at"
    before = earlier(reading, reading.indicator.outputs[0])
    slope = "" if before is None else f" and the average is {slope_of(value, before)}"
    gap = f" by {abs(close / value - 1) * 100:.2f} %" if side != "at" and value > 0 else ""
    return Verdict(
        f"{reading.label} is {figure(value)}; the last close, {figure(close)}, is {side} it{gap}{slope}.",
        side,
        "Above a rising average a trend up is intact, below a falling one a trend down; averages lag and mislead in "
        "sideways markets.",
    )


def _macd(reading: Reading, _close: float) -> Verdict:
    last = reading.last
    histogram = last["histogram"]
    before = earlier(reading, "histogram")
    state = "above" if histogram > 0 else "below" if histogram < 0 else "on"
    crossed = before is not None and (before > 0) != (histogram > 0) and histogram != 0
    cross = f" It crossed {'upwards' if histogram > 0 else 'downwards'} on the last bar." if crossed else ""
    zero = "above" if last["macd"] > 0 else "below"
    return Verdict(
        f"{reading.label} is {figure(last['macd'])}, {state} its signal line at {figure(last['signal'])} "
        f"(histogram {figure(histogram)}): {'bullish' if histogram > 0 else 'bearish' if histogram < 0 else 'flat'} "
        "momentum.",
        "bullish" if histogram > 0 else "bearish" if histogram < 0 else "flat",
        f"{cross} The line is {zero} zero, so the fast average is {zero} the slow one. Crossings are frequent and often "
        "false in sideways markets.".strip(),
    )


def _adx(reading: Reading, _close: float) -> Verdict:
    value = reading.value
    if value >= _STRONG_TREND:
        state, words = "very strong trend", f"at or above {_STRONG_TREND:g}: a very strong trend"
    elif value >= _TREND:
        state, words = "trend", f"at or above {_TREND:g}: a trend"
    elif value >= _NO_TREND:
        state, words = "weak", f"between {_NO_TREND:g} and {_TREND:g}: a trend may be forming or ending"
    else:
        state, words = "no trend", f"below {_NO_TREND:g}: no trend to speak of"
    return Verdict(
        f"{reading.label} is {figure(value)}, {words}.",
        state,
        f"{reading.indicator.name} measures how strong a trend is and not its direction; PLUS_DI above MINUS_DI says up, below says down.",
    )


def _aroon(reading: Reading, _close: float) -> Verdict:
    up, down = reading.last["up"], reading.last["down"]
    state = "bullish" if up > down else "bearish" if down > up else "undecided"
    return Verdict(
        f"{reading.label}: up {figure(up)}, down {figure(down)}: {state}.",
        state,
        "The line whose extreme came later is higher. Above 70 with the other below 30 is read as a trend; both "
        "falling as consolidation.",
    )


def _sar(reading: Reading, close: float) -> Verdict:
    value = reading.value
    state = "up" if close > value else "down"
    return Verdict(
        f"{reading.label} is {figure(value)}, {'below' if state == 'up' else 'above'} the price: trend {state}.",
        state,
        "It is meant as a trailing stop: when the price touches it, the trend is taken to have turned. It whipsaws in "
        "sideways markets.",
    )


def _range(reading: Reading, close: float) -> Verdict:
    value = reading.value
    return Verdict(
        f"{reading.label} is {figure(value)}, {percent(value / close)} of the last close.",
        "range",
        f"It measures how far the price moves in a bar and not where to. A stop at 2 x {reading.indicator.name} stands "
        f"{figure(2 * value)} away from the entry.",
    )


def _natr(reading: Reading, _close: float) -> Verdict:
    return Verdict(
        f"{reading.label} is {figure(reading.value)} %: the average true range in percent of the close.",
        "range",
        "It measures how far the price moves in a bar and not where to, and compares markets of different prices.",
    )


def _deviation(reading: Reading, close: float) -> Verdict:
    return Verdict(
        f"{reading.label} is {figure(reading.value)}, {percent(reading.value / close)} of the last close.",
        "range",
        "It measures how far closes spread around their mean and not where they go.",
    )


def _movement(reading: Reading, _close: float) -> Verdict:
    upward = reading.indicator.name == "PLUS_DI"
    return Verdict(
        f"{reading.label} is {figure(reading.value)}: that much of the true range was movement "
        f"{'up' if upward else 'down'}, in percent.",
        "share",
        f"It says something beside {'MINUS_DI' if upward else 'PLUS_DI'}: the larger of the two has the direction, "
        "ADX its strength.",
    )


def _line(reading: Reading) -> Verdict:
    name = reading.indicator.outputs[0]
    value = reading.value
    back = min(_LINE_BARS, len(reading.values[name]) - 1 - reading.warm_up)
    before = earlier(reading, name, back)
    if before is None or back == 0:
        return Verdict(f"{reading.label} is {figure(value)}.", "unknown", "One value alone has no direction.")
    slope = slope_of(value, before)
    return Verdict(
        f"{reading.label} is {figure(value)}, {slope} against {figure(before)} {back} bars earlier.",
        slope,
        "Its level means nothing, its direction does: rising with the price confirms a move, against the price "
        "(divergence) casts doubt on it.",
    )


def _zero_line(reading: Reading) -> Verdict:
    value = reading.value
    unit = " %" if reading.indicator.scale is Scale.PERCENT else ""
    before = earlier(reading, reading.indicator.outputs[0])
    state = "above zero" if value > 0 else "below zero" if value < 0 else "at zero"
    crossed = before is not None and (before > 0) != (value > 0) and value != 0
    slope = "" if before is None else f" and {slope_of(value, before)}"
    mood = "upward momentum" if value > 0 else "downward momentum" if value < 0 else "no momentum"
    return Verdict(
        f"{reading.label} is {figure(value)}{unit}, {state}{slope}: {mood}.",
        state.split(maxsplit=1)[0],
        ("It crossed zero on the last bar. " if crossed else "")
        + "The side of zero tells the direction of the move over its periods, the distance its speed.",
    )


_SPECIAL: Mapping[str, Callable[[Reading, float], Verdict]] = {
    **CHANNELS,
    **TRENDS,
    **VOLUMES,
    "MACD": _macd,
    "ADX": _adx,
    "ADXR": _adx,
    "DX": _adx,
    "AROON": _aroon,
    "SAR": _sar,
    "ATR": _range,
    "TRANGE": _range,
    "NATR": _natr,
    "ADR": _range,
    "STDDEV": _deviation,
    "AVGDEV": _deviation,
    "PLUS_DI": _movement,
    "MINUS_DI": _movement,
}


def how(reading: Reading, bars: int) -> str:
    """How a reading was computed: settings, convention, how many bars there were."""
    settings = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in reading.parameters.items())
    settings = settings or "no settings"
    indicator = reading.indicator
    text = (
        f"Computed{'' if indicator.own else ' by TA-Lib'} over {bars} bars, taken as oldest first ({settings}): {indicator.title}, "
        f"{indicator.convention}. The first value stands on bar {reading.warm_up + 1}."
    )
    if indicator.smoothed and bars < 3 * (reading.warm_up + 1) and reading.warm_up:
        text += (
            " Earlier bars still weigh in its smoothing; with more history than this the value settles and may differ "
            "from a chart's."
        )
    return text
