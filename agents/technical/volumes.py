"""What indicators of volume and of volatility's change are read as."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from agents.technical.verdict import Verdict, earlier, slope_of
from trading import Reading, figure

_PRESSURE = 0.05
_BULGE, _BULGE_ENDS = 27.0, 26.5
_BUSY, _QUIET = 1.5, 0.67


def _money_flow(reading: Reading, _close: float) -> Verdict:
    value = reading.value
    state = "buying" if value > _PRESSURE else "selling" if value < -_PRESSURE else "balanced"
    return Verdict(
        f"{reading.label} is {figure(value)} on a scale from -1 to 1: {state}"
        f"{' pressure' if state != 'balanced' else f', within {_PRESSURE:g} of zero'}.",
        state,
        "Above zero closes lay near their highs on much volume, below near their lows. Gaps between bars do not count in it.",
    )


def _force(reading: Reading, _close: float) -> Verdict:
    value = reading.value
    state = "above" if value > 0 else "below" if value < 0 else "at"
    return Verdict(
        f"{reading.label} is {figure(value)}, {state} zero: {'buyers' if value > 0 else 'sellers' if value < 0 else 'nobody'} "
        "moved the price with volume.",
        state,
        "The side of zero has the direction and the size is comparable only within one market.",
    )


def _volume_oscillator(reading: Reading, _close: float) -> Verdict:
    value = reading.value
    state = "rising" if value > 0 else "falling" if value < 0 else "flat"
    return Verdict(
        f"{reading.label} is {figure(value)} %: the short average of the volume is "
        f"{'above' if value > 0 else 'below' if value < 0 else 'at'} the long one.",
        state,
        "It says whether more is traded than usual and not in which direction; a breakout with rising volume is trusted more.",
    )


def _relative(reading: Reading, _close: float) -> Verdict:
    value = reading.value
    state = "busy" if value >= _BUSY else "quiet" if value <= _QUIET else "usual"
    return Verdict(
        f"{reading.label} is {figure(value)}: the last bar traded {figure(value)} times the volume of the bars before: "
        f"{state}.",
        state,
        "It says how much is traded and not in which direction; the last bar counts in full only once it is closed.",
    )


def _mass(reading: Reading, _close: float) -> Verdict:
    value = reading.value
    state = "bulge" if value > _BULGE else "near" if value > _BULGE_ENDS else "none"
    words = {
        "bulge": f"above {_BULGE:g}: a reversal bulge",
        "near": f"between {_BULGE_ENDS:g} and {_BULGE:g}",
        "none": f"below {_BULGE_ENDS:g}: no bulge",
    }[state]
    return Verdict(
        f"{reading.label} is {figure(value)}, {words}.",
        state,
        f"Dorsey's signal is a rise above {_BULGE:g} followed by a fall below {_BULGE_ENDS:g}: a trend may turn, whichever its "
        "direction is.",
    )


def _volatility_change(reading: Reading, _close: float) -> Verdict:
    value = reading.value
    state = "widening" if value > 0 else "narrowing" if value < 0 else "steady"
    return Verdict(
        f"{reading.label} is {figure(value)} %: the bars' ranges are {state}.",
        state,
        "It tells how the range changes and not where the price goes; a fast rise often comes near bottoms in panic, a slow "
        "fall in calm rises.",
    )


def _volatility_index(reading: Reading, _close: float) -> Verdict:
    value = reading.value
    state = "above" if value > 50 else "below" if value < 50 else "at"  # noqa: PLR2004  # the middle of its range
    return Verdict(
        f"{reading.label} is {figure(value)}, {state} 50: volatility came more on {'rises' if value > 50 else 'falls'}.",  # noqa: PLR2004  # the same middle
        state,
        "Dorsey uses it to confirm another signal: buys above 50, sells below.",
    )


def _spread(reading: Reading, close: float) -> Verdict:
    return Verdict(
        f"{reading.label} is {figure(reading.value)}, the square of {figure(reading.value**0.5)} (last close "
        f"{figure(close)}).",
        "range",
        "It measures how far closes spread around their mean, in squared prices, and not where they go.",
    )


def _facilitation(reading: Reading, _close: float) -> Verdict:
    value = reading.value
    before = earlier(reading, reading.indicator.outputs[0])
    state = "unknown" if before is None else slope_of(value, before)
    return Verdict(
        f"{reading.label} is {figure(value)} of price a unit of volume"
        f"{'' if before is None else f', {state} against {figure(before)} a bar before'}.",
        state,
        "Williams reads it with the volume: both rising a move with force, a rising index on falling volume one without.",
    )


VOLUMES: Mapping[str, Callable[[Reading, float], Verdict]] = MappingProxyType(
    {
        "CMF": _money_flow,
        "FORCE_INDEX": _force,
        "PVO": _volume_oscillator,
        "RELATIVE_VOLUME": _relative,
        "MASS_INDEX": _mass,
        "CHAIKIN_VOLATILITY": _volatility_change,
        "RVI": _volatility_index,
        "VARIANCE": _spread,
        "MARKET_FACILITATION": _facilitation,
    }
)
"""By the indicator's name."""
