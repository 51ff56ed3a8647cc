"""The indicators this package knows: names, what they need, their parameters and the conventions they follow.

The arithmetic is TA-Lib 0.8's. Defaults are those of the indicator's author or of common charts where TA-Lib's
own default differs from them; each convention that changes a figure is stated with its indicator.
"""

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
    """TA-Lib's function name."""
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

    @property
    def main_parameter(self) -> Parameter | None:
        """The parameter people mean by "the period", where there is one."""
        return next((each for each in self.parameters if each.name == "period"), None)


def _period(default: int, least: int = 1, talib: str = "timeperiod") -> Parameter:
    return Parameter(name="period", talib=talib, default=default, least=least)


def _length(name: str, talib: str, default: int, least: int = 1) -> Parameter:
    return Parameter(name=name, talib=talib, default=default, least=least)


def _number(name: str, talib: str, default: float, most: float) -> Parameter:
    return Parameter(name=name, talib=talib, default=default, least=0, most=most, whole=False)


_FAST = _length("fast", "fastperiod", 12, 2)
_SLOW = _length("slow", "slowperiod", 26, 2)
_C: tuple[Series, ...] = ("close",)
_HL: tuple[Series, ...] = ("high", "low")
_HLC: tuple[Series, ...] = ("high", "low", "close")
_HLCV: tuple[Series, ...] = ("high", "low", "close", "volume")
_CV: tuple[Series, ...] = ("close", "volume")

_AVERAGES = (
    Indicator(
        name="SMA", title="simple moving average", aliases=("simple moving average", "moving average", "ma"),
        needs=_C, parameters=(_period(20),), outputs=("sma",), scale=Scale.PRICE,
        convention="the mean of the last closes, all with the same weight",
    ),
    Indicator(
        name="EMA", title="exponential moving average", aliases=("exponential moving average",),
        needs=_C, parameters=(_period(20),), outputs=("ema",), scale=Scale.PRICE, smoothed=True,
        convention="weight 2/(period+1) on each new close, started from the simple mean of the first closes",
    ),
    Indicator(
        name="WMA", title="weighted moving average", aliases=("weighted moving average", "linear weighted average"),
        needs=_C, parameters=(_period(20),), outputs=("wma",), scale=Scale.PRICE,
        convention="weights falling in a line from the newest close to the oldest",
    ),
    Indicator(
        name="DEMA", title="double exponential moving average", aliases=("double exponential moving average",),
        needs=_C, parameters=(_period(20),), outputs=("dema",), scale=Scale.PRICE, smoothed=True,
        convention="2 EMA - EMA of EMA (Mulloy, 1994), which lags less than one EMA",
    ),
    Indicator(
        name="TEMA", title="triple exponential moving average", aliases=("triple exponential moving average",),
        needs=_C, parameters=(_period(20),), outputs=("tema",), scale=Scale.PRICE, smoothed=True,
        convention="3 EMA - 3 EMA of EMA + EMA of EMA of EMA (Mulloy, 1994)",
    ),
    Indicator(
        name="KAMA", title="Kaufman adaptive moving average",
        aliases=("kaufman adaptive moving average", "adaptive moving average", "kaufman average"),
        needs=_C, parameters=(_period(10, 2),), outputs=("kama",), scale=Scale.PRICE, smoothed=True,
        convention="an average that speeds up from 30 to 2 bars as the efficiency ratio rises (Kaufman, 1995)",
    ),
    Indicator(
        name="BBANDS", title="Bollinger bands",
        aliases=("bollinger bands", "bollinger band", "bollinger", "bb", "bbands"),
        needs=_C,
        parameters=(
            _period(20, 2), _number("deviations", "nbdevup", 2.0, 100), _number("deviations", "nbdevdn", 2.0, 100),
        ),
        outputs=("upper", "middle", "lower"), scale=Scale.PRICE, settled=True,
        convention="a simple mean and bands at a multiple of the population standard deviation (Bollinger)",
    ),
    Indicator(
        name="SAR", title="parabolic stop and reverse",
        aliases=("parabolic sar", "parabolic stop and reverse", "psar"),
        needs=_HL,
        parameters=(
            _number("acceleration", "acceleration", 0.02, 10), _number("maximum", "maximum", 0.2, 10),
        ),
        outputs=("sar",), scale=Scale.PRICE, smoothed=True, settled=True,
        convention="a stop that follows the trend faster with each new extreme (Wilder, 1978)",
    ),
    Indicator(
        name="LINEARREG", title="linear regression value",
        aliases=("linear regression", "least squares moving average", "lsma"),
        needs=_C, parameters=(_period(14, 2),), outputs=("linearreg",), scale=Scale.PRICE,
        convention="the end of the least-squares line through the last closes",
    ),
)  # fmt: skip

_OSCILLATORS = (
    Indicator(
        name="RSI", title="relative strength index", aliases=("relative strength index", "relative strength"),
        needs=_C, parameters=(_period(14, 2),), outputs=("rsi",), scale=Scale.BOUNDED, smoothed=True, bounds=(0, 100), settled=True,
        convention="100 - 100/(1 + average gain / average loss), both averages with Wilder's smoothing (1978), "
        "started from a simple mean",
    ),
    Indicator(
        name="STOCHRSI", title="stochastic RSI", aliases=("stochastic rsi", "stoch rsi", "stochrsi"),
        needs=_C,
        parameters=(
            _period(14, 2), _length("k", "fastk_period", 14), _length("d", "fastd_period", 3),
        ),
        outputs=("k", "d"), scale=Scale.BOUNDED, smoothed=True, bounds=(0, 100),
        convention="where RSI stands in its own range of the last k bars (Chande and Kroll, 1994); "
        "%K is not smoothed, %D is its simple mean",
    ),
    Indicator(
        name="STOCH", title="stochastic oscillator",
        aliases=("stochastic oscillator", "stochastic", "stochastics", "slow stochastic"),
        needs=_HLC,
        parameters=(
            _period(14, 1, "fastk_period"), _length("smooth", "slowk_period", 3), _length("d", "slowd_period", 3),
        ),
        outputs=("k", "d"), scale=Scale.BOUNDED, bounds=(0, 100),
        convention="where the close stands in the range of the last bars (Lane), %K and %D smoothed by simple means",
    ),
    Indicator(
        name="WILLR", title="Williams %R", aliases=("williams %r", "williams r", "williams percent r", "%r"),
        needs=_HLC, parameters=(_period(14, 2),), outputs=("willr",), scale=Scale.BOUNDED, bounds=(-100, 0), settled=True,
        convention="the distance of the close from the high of the last bars, from 0 at the high to -100 at the low",
    ),
    Indicator(
        name="MFI", title="money flow index", aliases=("money flow index", "money flow"),
        needs=_HLCV, parameters=(_period(14, 2),), outputs=("mfi",), scale=Scale.BOUNDED, bounds=(0, 100), settled=True,
        convention="RSI of typical price times volume, with plain sums instead of smoothed averages",
    ),
    Indicator(
        name="ULTOSC", title="ultimate oscillator", aliases=("ultimate oscillator", "uo"),
        needs=_HLC,
        parameters=(
            _length("short", "timeperiod1", 7), _length("middle", "timeperiod2", 14),
            _length("long", "timeperiod3", 28),
        ),
        outputs=("ultosc",), scale=Scale.BOUNDED, bounds=(0, 100), settled=True,
        convention="buying pressure over three periods weighted 4:2:1 (Williams, 1985)",
    ),
    Indicator(
        name="CMO", title="Chande momentum oscillator", aliases=("chande momentum oscillator", "chande momentum"),
        needs=_C, parameters=(_period(14, 2),), outputs=("cmo",), scale=Scale.BOUNDED, smoothed=True, bounds=(-100, 100),
        convention="(gains - losses) / (gains + losses) x 100; TA-Lib smooths both like Wilder's RSI, "
        "so that CMO = 2 RSI - 100",
    ),
    Indicator(
        name="CCI", title="commodity channel index", aliases=("commodity channel index",),
        needs=_HLC, parameters=(_period(20, 2),), outputs=("cci",), scale=Scale.UNBOUNDED,
        convention="the typical price's distance from its mean in units of 0.015 mean deviations (Lambert, 1980)",
    ),
    Indicator(
        name="AROON", title="Aroon", aliases=("aroon up", "aroon down", "aroon indicator"),
        needs=_HL, parameters=(_period(14, 2),), outputs=("down", "up"), scale=Scale.BOUNDED, bounds=(0, 100),
        convention="how recently the highest high and the lowest low came, 100 for the last bar (Chande, 1995)",
    ),
    Indicator(
        name="AROONOSC", title="Aroon oscillator", aliases=("aroon oscillator",),
        needs=_HL, parameters=(_period(14, 2),), outputs=("aroonosc",), scale=Scale.BOUNDED, bounds=(-100, 100),
        convention="Aroon up minus Aroon down",
    ),
    Indicator(
        name="ADX", title="average directional index",
        aliases=("average directional index", "average directional movement", "directional movement index", "dmi"),
        needs=_HLC, parameters=(_period(14, 2),), outputs=("adx",), scale=Scale.BOUNDED, smoothed=True, bounds=(0, 100), settled=True,
        convention="Wilder's (1978) twice smoothed strength of a trend, whichever its direction",
    ),
    Indicator(
        name="PLUS_DI", title="plus directional indicator",
        aliases=("plus directional indicator", "+di", "plus di", "positive directional indicator"),
        needs=_HLC, parameters=(_period(14),), outputs=("plus_di",), scale=Scale.BOUNDED, smoothed=True, bounds=(0, 100),
        convention="upward movement as a share of true range, Wilder's (1978) smoothing",
    ),
    Indicator(
        name="MINUS_DI", title="minus directional indicator",
        aliases=("minus directional indicator", "-di", "minus di", "negative directional indicator"),
        needs=_HLC, parameters=(_period(14),), outputs=("minus_di",), scale=Scale.BOUNDED, smoothed=True, bounds=(0, 100),
        convention="downward movement as a share of true range, Wilder's (1978) smoothing",
    ),
)  # fmt: skip

_MOMENTUM = (
    Indicator(
        name="MACD", title="moving average convergence/divergence",
        aliases=("moving average convergence divergence", "macd histogram", "macd line"),
        needs=_C, parameters=(_FAST, _SLOW, _length("signal", "signalperiod", 9)),
        outputs=("macd", "signal", "histogram"), scale=Scale.MOVE, smoothed=True, settled=True,
        convention="fast EMA - slow EMA and its own EMA as signal (Appel); TA-Lib starts the fast EMA late, so that "
        "both begin on one bar: the first values differ a little from other programs, later ones do not",
    ),
    Indicator(
        name="PPO", title="percentage price oscillator", aliases=("percentage price oscillator",),
        needs=_C, parameters=(_FAST, _SLOW, Parameter(name="kind", talib="matype", default=1, least=0, most=8)),
        outputs=("ppo",), scale=Scale.PERCENT, smoothed=True,
        convention="MACD in percent of the slow average; kind 1 is exponential, 0 simple",
    ),
    Indicator(
        name="APO", title="absolute price oscillator", aliases=("absolute price oscillator",),
        needs=_C, parameters=(_FAST, _SLOW, Parameter(name="kind", talib="matype", default=1, least=0, most=8)),
        outputs=("apo",), scale=Scale.MOVE, smoothed=True,
        convention="fast average minus slow average; kind 1 is exponential, 0 simple",
    ),
    Indicator(
        name="ROC", title="rate of change", aliases=("rate of change", "price rate of change"),
        needs=_C, parameters=(_period(10),), outputs=("roc",), scale=Scale.PERCENT,
        convention="the change over the period in percent of the earlier close",
    ),
    Indicator(
        name="MOM", title="momentum", aliases=("momentum",),
        needs=_C, parameters=(_period(10),), outputs=("mom",), scale=Scale.MOVE,
        convention="the close minus the close one period ago",
    ),
    Indicator(
        name="TRIX", title="TRIX", aliases=("triple exponential average", "triple smoothed average"),
        needs=_C, parameters=(_period(15),), outputs=("trix",), scale=Scale.PERCENT, smoothed=True,
        convention="the change from bar to bar, in percent, of a triple EMA (Hutson)",
    ),
)  # fmt: skip

_VOLATILITY_AND_VOLUME = (
    Indicator(
        name="ATR", title="average true range", aliases=("average true range",),
        needs=_HLC, parameters=(_period(14),), outputs=("atr",), scale=Scale.MOVE, smoothed=True, settled=True,
        convention="Wilder's (1978) smoothing of the true range; the first bar has no true range and is left out",
    ),
    Indicator(
        name="NATR", title="normalised average true range",
        aliases=("normalised average true range", "normalized average true range", "atr percent"),
        needs=_HLC, parameters=(_period(14),), outputs=("natr",), scale=Scale.PERCENT, smoothed=True,
        convention="ATR in percent of the close",
    ),
    Indicator(
        name="TRANGE", title="true range", aliases=("true range",),
        needs=_HLC, parameters=(), outputs=("trange",), scale=Scale.MOVE,
        convention="the largest of high - low, high - previous close, previous close - low (Wilder, 1978)",
    ),
    Indicator(
        name="STDDEV", title="standard deviation", aliases=("standard deviation",),
        needs=_C, parameters=(_period(20, 2), _number("deviations", "nbdev", 1.0, 100)),
        outputs=("stddev",), scale=Scale.MOVE,
        convention="the population standard deviation of the last closes",
    ),
    Indicator(
        name="OBV", title="on-balance volume", aliases=("on balance volume", "on-balance volume"),
        needs=_CV, parameters=(), outputs=("obv",), scale=Scale.VOLUME, smoothed=True,
        convention="volume added on rising and taken off on falling closes (Granville, 1963); TA-Lib starts from the "
        "first bar's volume, others from 0, so only its changes say something",
    ),
    Indicator(
        name="AD", title="accumulation/distribution line",
        aliases=("accumulation distribution", "accumulation/distribution", "accumulation distribution line", "adl"),
        needs=_HLCV, parameters=(), outputs=("ad",), scale=Scale.VOLUME, smoothed=True,
        convention="volume times where the close stands in its bar, -1 at the low to 1 at the high, added up (Chaikin)",
    ),
    Indicator(
        name="ADOSC", title="Chaikin oscillator",
        aliases=("chaikin oscillator", "chaikin a/d oscillator", "accumulation distribution oscillator"),
        needs=_HLCV, parameters=(_length("fast", "fastperiod", 3, 2), _length("slow", "slowperiod", 10, 2)),
        outputs=("adosc",), scale=Scale.VOLUME, smoothed=True, settled=True,
        convention="fast EMA minus slow EMA of the accumulation/distribution line (Chaikin)",
    ),
)  # fmt: skip

INDICATORS: tuple[Indicator, ...] = (*_AVERAGES, *_OSCILLATORS, *_MOMENTUM, *_VOLATILITY_AND_VOLUME)
"""Every indicator this package knows."""
