"""What bands and channels around the price are read as."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from agents.technical.verdict import Verdict, earlier
from trading import Reading, figure, percent


def _bands(reading: Reading, close: float) -> Verdict:
    last = reading.last
    width = last["upper"] - last["lower"]
    place = (close - last["lower"]) / width if width > 0 else 0.5
    state = (
        "above the upper band" if place > 1 else "below the lower band" if place < 0 else "inside the bands"
    )
    return Verdict(
        f"{_levels(reading)}; the last close, {figure(close)}, is {state}.",
        state.split(maxsplit=1)[0],
        f"%B is {place:.2f} (0 at the lower band, 1 at the upper) and the bands are {percent(width / last['middle'])} of the "
        "middle wide. Touching a band is no signal by itself: trends walk along a band; narrow bands often come "
        "before a large move, whose direction they do not tell.",
    )


def _donchian(reading: Reading, close: float) -> Verdict:
    """A channel that includes the present bar is never closed beyond; the bar before decides."""
    upper, lower = earlier(reading, "upper"), earlier(reading, "lower")
    if upper is None or lower is None:
        return Verdict(
            f"{_levels(reading)}.",
            "unknown",
            "A breakout needs the channel of the bar before, and there is none yet.",
        )
    state = "above" if close > upper else "below" if close < lower else "inside"
    return Verdict(
        f"{_levels(reading)}; the last close, {figure(close)}, is {state} the channel of the bar before "
        f"({figure(lower)} to {figure(upper)}).",
        state,
        "A close beyond the earlier channel is the breakout that trend followers trade; most breakouts in a sideways "
        "market fail, and the few that run must pay for them.",
    )


def _levels(reading: Reading) -> str:
    last = reading.last
    return (
        f"{reading.label}: upper {figure(last['upper'])}, middle {figure(last['middle'])}, lower "
        f"{figure(last['lower'])}"
    )


CHANNELS: Mapping[str, Callable[[Reading, float], Verdict]] = MappingProxyType(
    {"BBANDS": _bands, "KELTNER": _bands, "ACCBANDS": _bands, "DONCHIAN": _donchian}
)
"""By the indicator's name."""
