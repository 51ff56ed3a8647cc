"""Volatility and volume."""

from trading.indicator_kinds import (
    CLOSE,
    CV,
    FAST,
    HL,
    HLC,
    HLCV,
    HLV,
    SLOW,
    Indicator,
    Parameter,
    Scale,
    V,
    length,
    number,
    period,
)

VOLATILITY_AND_VOLUME: tuple[Indicator, ...] = (
    Indicator(
        name="ATR", title="average true range", aliases=("average true range",),
        needs=HLC, parameters=(period(14),), outputs=("atr",), scale=Scale.MOVE, smoothed=True, settled=True,
        convention="Wilder's (1978) smoothing of the true range; the first bar has no true range and is left out",
    ),
    Indicator(
        name="NATR", title="normalised average true range",
        aliases=("normalised average true range", "normalized average true range", "atr percent"),
        needs=HLC, parameters=(period(14),), outputs=("natr",), scale=Scale.PERCENT, smoothed=True,
        convention="ATR in percent of the close",
    ),
    Indicator(
        name="TRANGE", title="true range", aliases=("true range",),
        needs=HLC, parameters=(), outputs=("trange",), scale=Scale.MOVE,
        convention="the largest of high - low, high - previous close, previous close - low (Wilder, 1978)",
    ),
    Indicator(
        name="STDDEV", title="standard deviation", aliases=("standard deviation",),
        needs=CLOSE, parameters=(period(20, 2), number("deviations", "nbdev", 1.0, 100)),
        outputs=("stddev",), scale=Scale.MOVE,
        convention="the population standard deviation of the last closes",
    ),
    Indicator(
        name="OBV", title="on-balance volume", aliases=("on balance volume", "on-balance volume"),
        needs=CV, parameters=(), outputs=("obv",), scale=Scale.VOLUME, smoothed=True,
        convention="volume added on rising and taken off on falling closes (Granville, 1963); TA-Lib starts from the "
        "first bar's volume, others from 0, so only its changes say something",
    ),
    Indicator(
        name="AD", title="accumulation/distribution line",
        aliases=("accumulation distribution", "accumulation/distribution", "accumulation distribution line", "adl"),
        needs=HLCV, parameters=(), outputs=("ad",), scale=Scale.VOLUME, smoothed=True,
        convention="volume times where the close stands in its bar, -1 at the low to 1 at the high, added up (Chaikin)",
    ),
    Indicator(
        name="ADOSC", title="Chaikin oscillator",
        aliases=("chaikin oscillator", "chaikin a/d oscillator", "accumulation distribution oscillator"),
        needs=HLCV, parameters=(length("fast", "fastperiod", 3, 2), length("slow", "slowperiod", 10, 2)),
        outputs=("adosc",), scale=Scale.VOLUME, smoothed=True, settled=True,
        convention="fast EMA minus slow EMA of the accumulation/distribution line (Chaikin)",
    ),
    Indicator(
        name="VARIANCE", talib="VAR", title="variance of closes", aliases=("price variance",),
        needs=CLOSE, parameters=(period(20, 2),), outputs=("variance",), scale=Scale.UNBOUNDED, variants=True,
        convention="the population variance of the last closes, in squared units of the price",
    ),
    Indicator(
        name="AVGDEV", title="mean absolute deviation", aliases=("average deviation", "mean deviation"),
        needs=CLOSE, parameters=(period(14, 2),), outputs=("avgdev",), scale=Scale.MOVE,
        convention="the mean distance of the last closes from their mean",
    ),
    Indicator(
        name="ADR", title="average bar range", aliases=("average day range", "average daily range"),
        needs=HL, parameters=(period(14),), outputs=("adr",), scale=Scale.MOVE, variants=True,
        convention="the simple mean of high - low, gaps left out",
    ),
    Indicator(
        name="CHAIKIN_VOLATILITY", talib="CVI", title="Chaikin volatility", aliases=("chaikins volatility", "chaikin volatility index"),
        needs=HL, parameters=(period(10), length("change", "rocperiod", 10)), outputs=("volatility",),
        scale=Scale.PERCENT, smoothed=True,
        convention="the rate of change of an EMA of high - low (Chaikin)",
    ),
    Indicator(
        name="MASS_INDEX", talib="MASSI", title="mass index", aliases=("mass index dorsey",),
        needs=HL, parameters=(length("average", "fastperiod", 9, 2), length("sum", "slowperiod", 25, 2)),
        outputs=("mass",), scale=Scale.UNBOUNDED, smoothed=True, settled=True,
        convention="the sum of EMA of high - low over the EMA of that EMA (Dorsey, 1992)",
    ),
    Indicator(
        name="CMF", title="Chaikin money flow", aliases=("chaikin money flow",),
        needs=HLCV, parameters=(period(20),), outputs=("cmf",), scale=Scale.BOUNDED, bounds=(-1, 1),
        convention="the sum of volume times where the close stands in its bar (-1 at the low, 1 at the high) over the sum "
        "of volumes (Chaikin; others use 21 bars)",
    ),
    Indicator(
        name="FORCE_INDEX", talib="EFI", title="Elder's force index", aliases=("force index", "elder force index", "efi"),
        needs=CV, parameters=(period(13),), outputs=("force",), scale=Scale.VOLUME, smoothed=True,
        convention="EMA of the change of the close times volume (Elder, 1993)",
    ),
    Indicator(
        name="NVI", title="negative volume index", aliases=("negative volume index",),
        needs=CV, parameters=(), outputs=("nvi",), scale=Scale.VOLUME, smoothed=True,
        convention="from 1000 the closes' changes on bars whose volume fell (Dysart; Fosback, 1976)",
    ),
    Indicator(
        name="PVI", title="positive volume index", aliases=("positive volume index",),
        needs=CV, parameters=(), outputs=("pvi",), scale=Scale.VOLUME, smoothed=True,
        convention="from 1000 the closes' changes on bars whose volume rose (Dysart; Fosback, 1976)",
    ),
    Indicator(
        name="PVT", title="price volume trend", aliases=("price volume trend", "volume price trend", "vpt"),
        needs=CV, parameters=(), outputs=("pvt",), scale=Scale.VOLUME, smoothed=True,
        convention="volume times the relative change of the close, added up from 0",
    ),
    Indicator(
        name="PVO", title="percentage volume oscillator", aliases=("percentage volume oscillator", "volume oscillator"),
        needs=V, parameters=(FAST, SLOW, Parameter(name="kind", talib="matype", default=1, least=0, most=8)),
        outputs=("pvo",), scale=Scale.PERCENT, smoothed=True,
        convention="fast minus slow average of the volume in percent of the slow one; kind 1 is exponential, 0 simple",
    ),
    Indicator(
        name="RELATIVE_VOLUME", talib="RVOL", title="relative volume", aliases=("rvol", "volume ratio"),
        needs=V, parameters=(period(20),), outputs=("rvol",), scale=Scale.UNBOUNDED, variants=True,
        convention="the bar's volume over the simple mean of the bars before it",
    ),
    Indicator(
        name="MARKET_FACILITATION", talib="MARKETFI", title="market facilitation index",
        aliases=("market facilitation", "bw mfi"),
        needs=HLV, parameters=(), outputs=("marketfi",), scale=Scale.UNBOUNDED,
        convention="(high - low)/volume of the bar (Williams, 1995)",
    ),
    Indicator(
        name="WAD", title="Williams accumulation/distribution",
        aliases=("williams accumulation distribution", "williams a/d"),
        needs=HLC, parameters=(), outputs=("wad",), scale=Scale.VOLUME, smoothed=True,
        convention="on rising closes the close minus the lower of low and previous close, on falling ones minus the higher of "
        "high and previous close, added up; it takes no volume (Williams, 1972)",
    ),
)  # fmt: skip
