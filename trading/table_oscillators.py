"""Oscillators between bounds, and the measures of a trend."""

from trading.indicator_kinds import CLOSE, HL, HLC, HLCV, OC, OHLC, Indicator, Scale, length, period

OSCILLATORS: tuple[Indicator, ...] = (
    Indicator(
        name="RSI", title="relative strength index", aliases=("relative strength index", "relative strength"),
        needs=CLOSE, parameters=(period(14, 2),), outputs=("rsi",), scale=Scale.BOUNDED, smoothed=True, bounds=(0, 100), settled=True,
        convention="100 - 100/(1 + average gain / average loss), both averages with Wilder's smoothing (1978), "
        "started from a simple mean",
    ),
    Indicator(
        name="STOCHRSI", title="stochastic RSI", aliases=("stochastic rsi", "stoch rsi", "stochrsi"),
        needs=CLOSE,
        parameters=(
            period(14, 2), length("k", "fastk_period", 14), length("d", "fastd_period", 3),
        ),
        outputs=("k", "d"), scale=Scale.BOUNDED, smoothed=True, bounds=(0, 100),
        convention="where RSI stands in its own range of the last k bars (Chande and Kroll, 1994); "
        "%K is not smoothed, %D is its simple mean",
    ),
    Indicator(
        name="STOCH", title="stochastic oscillator",
        aliases=("stochastic oscillator", "stochastic", "stochastics", "slow stochastic"),
        needs=HLC,
        parameters=(
            period(14, 1, "fastk_period"), length("smooth", "slowk_period", 3), length("d", "slowd_period", 3),
        ),
        outputs=("k", "d"), scale=Scale.BOUNDED, bounds=(0, 100),
        convention="where the close stands in the range of the last bars (Lane), %K and %D smoothed by simple means",
    ),
    Indicator(
        name="WILLR", title="Williams %R", aliases=("williams %r", "williams r", "williams percent r", "%r"),
        needs=HLC, parameters=(period(14, 2),), outputs=("willr",), scale=Scale.BOUNDED, bounds=(-100, 0), settled=True,
        convention="the distance of the close from the high of the last bars, from 0 at the high to -100 at the low",
    ),
    Indicator(
        name="MFI", title="money flow index", aliases=("money flow index",),
        needs=HLCV, parameters=(period(14, 2),), outputs=("mfi",), scale=Scale.BOUNDED, bounds=(0, 100), settled=True,
        convention="RSI of typical price times volume, with plain sums instead of smoothed averages",
    ),
    Indicator(
        name="ULTOSC", title="ultimate oscillator", aliases=("ultimate oscillator", "uo"),
        needs=HLC,
        parameters=(
            length("short", "timeperiod1", 7), length("middle", "timeperiod2", 14),
            length("long", "timeperiod3", 28),
        ),
        outputs=("ultosc",), scale=Scale.BOUNDED, bounds=(0, 100), settled=True,
        convention="buying pressure over three periods weighted 4:2:1 (Williams, 1985)",
    ),
    Indicator(
        name="CMO", title="Chande momentum oscillator", aliases=("chande momentum oscillator", "chande momentum"),
        needs=CLOSE, parameters=(period(14, 2),), outputs=("cmo",), scale=Scale.BOUNDED, smoothed=True, bounds=(-100, 100),
        convention="(gains - losses) / (gains + losses) x 100; TA-Lib smooths both like Wilder's RSI, "
        "so that CMO = 2 RSI - 100",
    ),
    Indicator(
        name="CCI", title="commodity channel index", aliases=("commodity channel index",),
        needs=HLC, parameters=(period(20, 2),), outputs=("cci",), scale=Scale.UNBOUNDED,
        convention="the typical price's distance from its mean in units of 0.015 mean deviations (Lambert, 1980)",
    ),
    Indicator(
        name="AROON", title="Aroon", aliases=("aroon up", "aroon down", "aroon indicator"),
        needs=HL, parameters=(period(14, 2),), outputs=("down", "up"), scale=Scale.BOUNDED, bounds=(0, 100),
        convention="how recently the highest high and the lowest low came, 100 for the last bar (Chande, 1995)",
    ),
    Indicator(
        name="AROONOSC", title="Aroon oscillator", aliases=("aroon oscillator",),
        needs=HL, parameters=(period(14, 2),), outputs=("aroonosc",), scale=Scale.BOUNDED, bounds=(-100, 100),
        convention="Aroon up minus Aroon down",
    ),
    Indicator(
        name="ADX", title="average directional index",
        aliases=("average directional index", "average directional movement", "directional movement index", "dmi"),
        needs=HLC, parameters=(period(14, 2),), outputs=("adx",), scale=Scale.BOUNDED, smoothed=True, bounds=(0, 100), settled=True,
        convention="Wilder's (1978) twice smoothed strength of a trend, whichever its direction",
    ),
    Indicator(
        name="PLUS_DI", title="plus directional indicator",
        aliases=("plus directional indicator", "+di", "plus di", "positive directional indicator"),
        needs=HLC, parameters=(period(14),), outputs=("plus_di",), scale=Scale.BOUNDED, smoothed=True, bounds=(0, 100),
        convention="upward movement as a share of true range, Wilder's (1978) smoothing",
    ),
    Indicator(
        name="MINUS_DI", title="minus directional indicator",
        aliases=("minus directional indicator", "-di", "minus di", "negative directional indicator"),
        needs=HLC, parameters=(period(14),), outputs=("minus_di",), scale=Scale.BOUNDED, smoothed=True, bounds=(0, 100),
        convention="downward movement as a share of true range, Wilder's (1978) smoothing",
    ),
    Indicator(
        name="STOCHF", title="fast stochastic", aliases=("fast stochastic", "stochastic fast", "fast stochastic oscillator"),
        needs=HLC, parameters=(period(14, 1, "fastk_period"), length("d", "fastd_period", 3)),
        outputs=("k", "d"), scale=Scale.BOUNDED, bounds=(0, 100),
        convention="where the close stands in the range of the last bars (Lane); %K is not smoothed, %D is its simple mean",
    ),
    Indicator(
        name="KDJ", title="KDJ", aliases=("kdj indicator", "kdj stochastic"),
        needs=HLC,
        parameters=(period(9, 1, "fastk_period"), length("k", "slowk_period", 3), length("d", "slowd_period", 3)),
        outputs=("k", "d", "j"), scale=Scale.UNBOUNDED, smoothed=True,
        convention="the stochastic with Wilder's smoothing of K and D, and J = 3 K - 2 D, which leaves 0 to 100",
    ),
    Indicator(
        name="SMI", title="stochastic momentum index", aliases=("stochastic momentum", "stochastic momentum index"),
        needs=HLC,
        parameters=(
            period(13, 2), length("second", "fastperiod", 2), length("first", "slowperiod", 25),
            length("signal", "signalperiod", 9),
        ),
        outputs=("smi", "signal"), scale=Scale.BOUNDED, bounds=(-100, 100), smoothed=True,
        convention="the close's distance from the middle of the range over half the range, both smoothed twice by EMAs "
        "(Blau, 1993)",
    ),
    Indicator(
        name="DX", title="directional movement", aliases=("directional index",),
        needs=HLC, parameters=(period(14, 2),), outputs=("dx",), scale=Scale.BOUNDED, smoothed=True, bounds=(0, 100),
        convention="|+DI - -DI| over their sum in percent (Wilder, 1978), before it is smoothed into ADX",
    ),
    Indicator(
        name="ADXR", title="average directional movement rating",
        aliases=("average directional movement index rating", "directional movement rating"),
        needs=HLC, parameters=(period(14, 2),), outputs=("adxr",), scale=Scale.BOUNDED, smoothed=True, bounds=(0, 100),
        variants=True,
        convention="the mean of ADX now and ADX period - 1 bars ago (Wilder, 1978)",
    ),
    Indicator(
        name="VORTEX", title="Vortex indicator", aliases=("vortex",),
        needs=HLC, parameters=(period(14, 2),), outputs=("plus_vi", "minus_vi"), scale=Scale.UNBOUNDED,
        convention="sums of |high - previous low| and |low - previous high| over the sum of true ranges (Botes and "
        "Siepman, 2010)",
    ),
    Indicator(
        name="EFFICIENCY_RATIO", talib="ER", title="Kaufman efficiency ratio",
        aliases=("efficiency ratio", "fractal efficiency", "ker"),
        needs=CLOSE, parameters=(period(10, 2),), outputs=("er",), scale=Scale.BOUNDED, bounds=(0, 1), variants=True,
        convention="the net move over the sum of the moves of the period: 1 for a straight line, 0 for noise (Kaufman, 1995)",
    ),
    Indicator(
        name="VHF", title="vertical horizontal filter", aliases=("vertical horizontal filter", "vertical/horizontal filter"),
        needs=CLOSE, parameters=(period(28, 2),), outputs=("vhf",), scale=Scale.BOUNDED, bounds=(0, 1),
        convention="the range of closes over the sum of their moves (White, 1991)",
    ),
    Indicator(
        name="IMI", title="intraday momentum index", aliases=("intraday momentum index",),
        needs=OC, parameters=(period(14),), outputs=("imi",), scale=Scale.BOUNDED, bounds=(0, 100),
        convention="rises from open to close over rises and falls, in percent (Chande and Kroll, 1994)",
    ),
    Indicator(
        name="RVI", title="relative volatility index", aliases=("relative volatility index",),
        needs=CLOSE, parameters=(period(14, 2), length("deviation_period", "stddevperiod", 10, 2)),
        outputs=("rvi",), scale=Scale.BOUNDED, bounds=(0, 100), smoothed=True,
        convention="RSI of the standard deviation: counted as up on rising closes, as down on falling ones, Wilder's "
        "smoothing (Dorsey, 1993)",
    ),
    Indicator(
        name="BOP", title="balance of power", aliases=("balance of market power",),
        needs=OHLC, parameters=(), outputs=("bop",), scale=Scale.BOUNDED, bounds=(-1, 1), variants=True,
        convention="(close - open)/(high - low) of the bar, not smoothed (Livshin, 2001)",
    ),
    Indicator(
        name="PERCENT_RANK", talib="PERCENTRANK", title="percent rank of the close",
        aliases=("percent rank", "percentile rank", "percentrank"),
        needs=CLOSE, parameters=(period(100),), outputs=("rank",), scale=Scale.BOUNDED, bounds=(0, 100), variants=True,
        convention="how many of the last closes lie below this one, in percent",
    ),
)  # fmt: skip
