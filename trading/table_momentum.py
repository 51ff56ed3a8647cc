"""Momentum: what swings around zero."""

from trading.indicator_kinds import (
    CLOSE,
    FAST,
    HL,
    HLC,
    OC,
    SLOW,
    Indicator,
    Parameter,
    Scale,
    length,
    period,
)

MOMENTUM: tuple[Indicator, ...] = (
    Indicator(
        name="MACD", title="moving average convergence/divergence",
        aliases=("moving average convergence divergence", "macd histogram", "macd line"),
        needs=CLOSE, parameters=(FAST, SLOW, length("signal", "signalperiod", 9)),
        outputs=("macd", "signal", "histogram"), scale=Scale.MOVE, smoothed=True, settled=True,
        convention="fast EMA - slow EMA and its own EMA as signal (Appel); TA-Lib starts the fast EMA late, so that "
        "both begin on one bar: the first values differ a little from other programs, later ones do not",
    ),
    Indicator(
        name="PPO", title="percentage price oscillator", aliases=("percentage price oscillator",),
        needs=CLOSE, parameters=(FAST, SLOW, Parameter(name="kind", talib="matype", default=1, least=0, most=8)),
        outputs=("ppo",), scale=Scale.PERCENT, smoothed=True,
        convention="MACD in percent of the slow average; kind 1 is exponential, 0 simple",
    ),
    Indicator(
        name="APO", title="absolute price oscillator", aliases=("absolute price oscillator",),
        needs=CLOSE, parameters=(FAST, SLOW, Parameter(name="kind", talib="matype", default=1, least=0, most=8)),
        outputs=("apo",), scale=Scale.MOVE, smoothed=True,
        convention="fast average minus slow average; kind 1 is exponential, 0 simple",
    ),
    Indicator(
        name="ROC", title="rate of change", aliases=("rate of change", "price rate of change"),
        needs=CLOSE, parameters=(period(10),), outputs=("roc",), scale=Scale.PERCENT,
        convention="the change over the period in percent of the earlier close",
    ),
    Indicator(
        name="MOM", title="momentum", aliases=("momentum",),
        needs=CLOSE, parameters=(period(10),), outputs=("mom",), scale=Scale.MOVE,
        convention="the close minus the close one period ago",
    ),
    Indicator(
        name="TRIX", title="TRIX", aliases=("triple exponential average", "triple smoothed average"),
        needs=CLOSE, parameters=(period(15),), outputs=("trix",), scale=Scale.PERCENT, smoothed=True,
        convention="the change from bar to bar, in percent, of a triple EMA (Hutson)",
    ),
    Indicator(
        name="AO", title="awesome oscillator", aliases=("awesome oscillator",),
        needs=HL, parameters=(length("fast", "fastperiod", 5, 2), length("slow", "slowperiod", 34, 2)),
        outputs=("ao",), scale=Scale.MOVE, settled=True,
        convention="fast minus slow simple mean of the middles of the bars (Williams, 1998)",
    ),
    Indicator(
        name="ACCELERATOR", talib="AC", title="accelerator oscillator",
        aliases=("accelerator oscillator", "acceleration oscillator", "accelerator/decelerator", "acceleration/deceleration"),
        needs=HL,
        parameters=(
            length("fast", "fastperiod", 5, 2), length("slow", "slowperiod", 34, 2), length("signal", "signalperiod", 5),
        ),
        outputs=("ac",), scale=Scale.MOVE, settled=True,
        convention="the awesome oscillator minus its own simple mean (Williams, 1998)",
    ),
    Indicator(
        name="COPPOCK", title="Coppock curve", aliases=("coppock curve", "coppock indicator", "coppock guide"),
        needs=CLOSE,
        parameters=(
            length("smooth", "wmaperiod", 10), length("short", "roc1period", 11), length("long", "roc2period", 14),
        ),
        outputs=("coppock",), scale=Scale.PERCENT,
        convention="WMA of the sum of two rates of change (Coppock, 1962), meant for monthly bars",
    ),
    Indicator(
        name="DPO", title="detrended price oscillator", aliases=("detrended price oscillator", "detrended price"),
        needs=CLOSE, parameters=(period(20, 2),), outputs=("dpo",), scale=Scale.MOVE, variants=True,
        convention="the close period/2 + 1 bars ago minus the simple mean of the period; it shows cycles, not the trend",
    ),
    Indicator(
        name="TSI", title="true strength index", aliases=("true strength index", "true strength"),
        needs=CLOSE, parameters=(length("first", "firstperiod", 25), length("second", "secondperiod", 13)),
        outputs=("tsi",), scale=Scale.BOUNDED, bounds=(-100, 100), smoothed=True,
        convention="changes smoothed twice by EMAs over their sizes smoothed the same way, in percent (Blau, 1991)",
    ),
    Indicator(
        name="KST", title="know sure thing", aliases=("know sure thing", "kst oscillator", "pring kst", "pring oscillator"),
        needs=CLOSE,
        parameters=(
            *(
                length(f"change_{place}", "", bars)
                for place, bars in enumerate((10, 15, 20, 30), start=1)
            ),
            *(
                length(f"mean_{place}", "", bars)
                for place, bars in enumerate((10, 10, 10, 15), start=1)
            ),
            length("signal", "", 9),
        ),
        outputs=("kst", "signal"), scale=Scale.PERCENT, own=True,
        convention="four rates of change, each smoothed by a simple mean and weighted 1 to 4, and a simple mean as signal "
        "(Pring, 1992; the daily settings)",
    ),
    Indicator(
        name="QSTICK", title="Qstick", aliases=("q stick", "quick stick"),
        needs=OC, parameters=(period(10),), outputs=("qstick",), scale=Scale.MOVE, variants=True,
        convention="the simple mean of close - open (Chande and Kroll, 1994)",
    ),
    Indicator(
        name="FOSC", title="forecast oscillator", aliases=("forecast oscillator", "chande forecast oscillator"),
        needs=CLOSE, parameters=(period(5, 2),), outputs=("fosc",), scale=Scale.PERCENT, variants=True,
        convention="the close minus what the least-squares line forecast for it a bar ago, in percent of the close "
        "(Chande and Kroll, 1994)",
    ),
    Indicator(
        name="LINEARREG_SLOPE", title="linear regression slope", aliases=("regression slope", "slope of the regression"),
        needs=CLOSE, parameters=(period(14, 2),), outputs=("slope",), scale=Scale.MOVE,
        convention="the rise per bar of the least-squares line through the last closes",
    ),
    Indicator(
        name="ELDER_RAY", talib="ERI", title="Elder ray", aliases=("elder ray index", "bull and bear power", "bull power", "bear power"),
        needs=HLC, parameters=(period(13, 2),), outputs=("bull_power", "bear_power"), scale=Scale.MOVE, smoothed=True,
        settled=True,
        convention="high and low minus the EMA of closes (Elder, 1993)",
    ),
)  # fmt: skip
