"""Averages, bands and stops: what is read at the level of the price."""

from trading.indicator_kinds import CLOSE, CV, HL, HLC, HLCV, OHLC, Indicator, Scale, length, number, period

AVERAGES: tuple[Indicator, ...] = (
    Indicator(
        name="SMA", title="simple moving average", aliases=("simple moving average", "moving average", "ma", "simple ma"),
        needs=CLOSE, parameters=(period(20),), outputs=("sma",), scale=Scale.PRICE,
        convention="the mean of the last closes, all with the same weight",
    ),
    Indicator(
        name="EMA", title="exponential moving average", aliases=("exponential moving average", "exponential ma"),
        needs=CLOSE, parameters=(period(20),), outputs=("ema",), scale=Scale.PRICE, smoothed=True,
        convention="weight 2/(period+1) on each new close, started from the simple mean of the first closes",
    ),
    Indicator(
        name="WMA", title="weighted moving average", aliases=("weighted moving average", "linear weighted average", "weighted ma", "linearly weighted moving average"),
        needs=CLOSE, parameters=(period(20),), outputs=("wma",), scale=Scale.PRICE,
        convention="weights falling in a line from the newest close to the oldest",
    ),
    Indicator(
        name="DEMA", title="double exponential moving average", aliases=("double exponential moving average",),
        needs=CLOSE, parameters=(period(20),), outputs=("dema",), scale=Scale.PRICE, smoothed=True,
        convention="2 EMA - EMA of EMA (Mulloy, 1994), which lags less than one EMA",
    ),
    Indicator(
        name="TEMA", title="triple exponential moving average", aliases=("triple exponential moving average",),
        needs=CLOSE, parameters=(period(20),), outputs=("tema",), scale=Scale.PRICE, smoothed=True,
        convention="3 EMA - 3 EMA of EMA + EMA of EMA of EMA (Mulloy, 1994)",
    ),
    Indicator(
        name="KAMA", title="Kaufman adaptive moving average",
        aliases=("kaufman adaptive moving average", "adaptive moving average", "kaufman average"),
        needs=CLOSE, parameters=(period(10, 2),), outputs=("kama",), scale=Scale.PRICE, smoothed=True,
        convention="an average that speeds up from 30 to 2 bars as the efficiency ratio rises (Kaufman, 1995)",
    ),
    Indicator(
        name="BBANDS", title="Bollinger bands",
        aliases=("bollinger bands", "bollinger band", "bollinger", "bb", "bbands"),
        needs=CLOSE,
        parameters=(
            period(20, 2), number("deviations", "nbdevup", 2.0, 100), number("deviations", "nbdevdn", 2.0, 100),
        ),
        outputs=("upper", "middle", "lower"), scale=Scale.PRICE, settled=True,
        convention="a simple mean and bands at a multiple of the population standard deviation (Bollinger)",
    ),
    Indicator(
        name="SAR", title="parabolic stop and reverse",
        aliases=("parabolic sar", "parabolic stop and reverse", "psar"),
        needs=HL,
        parameters=(
            number("acceleration", "acceleration", 0.02, 10), number("maximum", "maximum", 0.2, 10),
        ),
        outputs=("sar",), scale=Scale.PRICE, smoothed=True, settled=True,
        convention="a stop that follows the trend faster with each new extreme (Wilder, 1978)",
    ),
    Indicator(
        name="LINEARREG", title="linear regression value",
        aliases=("linear regression", "least squares moving average", "lsma"),
        needs=CLOSE, parameters=(period(14, 2),), outputs=("linearreg",), scale=Scale.PRICE,
        convention="the end of the least-squares line through the last closes",
    ),
    Indicator(
        name="HMA", title="Hull moving average", aliases=("hull moving average", "hull average", "hull ma"),
        needs=CLOSE, parameters=(period(20, 2),), outputs=("hma",), scale=Scale.PRICE,
        convention="WMA over the root of the period of (2 WMA of half the period - WMA of the period), both lengths "
        "rounded down (Hull, 2005)",
    ),
    Indicator(
        name="VWMA", title="volume-weighted moving average", aliases=("volume weighted moving average", "volume weighted ma"),
        needs=CV, parameters=(period(20),), outputs=("vwma",), scale=Scale.PRICE,
        convention="the mean of the last closes, each weighted by its volume",
    ),
    Indicator(
        name="ZLEMA", title="zero-lag exponential moving average",
        aliases=("zero lag exponential moving average", "zero lag ema", "zero-lag ema", "zero lag moving average"),
        needs=CLOSE, parameters=(period(20, 2),), outputs=("zlema",), scale=Scale.PRICE, smoothed=True,
        convention="EMA of 2 x close - the close half a period ago (Ehlers and Way, 2010)",
    ),
    Indicator(
        name="T3", title="T3 moving average", aliases=("tillson t3", "t3 moving average", "tillson moving average"),
        needs=CLOSE, parameters=(period(5, 2), number("factor", "vfactor", 0.7, 1)), outputs=("t3",),
        scale=Scale.PRICE, smoothed=True,
        convention="six EMAs in a row, mixed by a volume factor (Tillson, 1998)",
    ),
    Indicator(
        name="TRIMA", title="triangular moving average", aliases=("triangular moving average", "triangular ma"),
        needs=CLOSE, parameters=(period(20),), outputs=("trima",), scale=Scale.PRICE, variants=True,
        convention="a simple mean of simple means, so that the middle of the period weighs most",
    ),
    Indicator(
        name="RMA", title="Wilder's moving average",
        aliases=("wilder moving average", "wilders moving average", "smoothed moving average", "smma", "wilder smoothing"),
        needs=CLOSE, parameters=(period(14),), outputs=("rma",), scale=Scale.PRICE, smoothed=True,
        convention="weight 1/period on each new close (Wilder, 1978), started from the simple mean of the first closes",
    ),
    Indicator(
        name="VWAP", title="volume-weighted average price", aliases=("volume weighted average price",),
        needs=HLCV, parameters=(), outputs=("vwap",), scale=Scale.PRICE, smoothed=True,
        convention="the sum of typical price times volume over the sum of volumes, from the first bar given: give the "
        "bars of one session for the session's VWAP, or start where it is to be anchored",
    ),
    Indicator(
        name="MIDPOINT", title="midpoint of closes", aliases=("midpoint over period",),
        needs=CLOSE, parameters=(period(14, 2),), outputs=("midpoint",), scale=Scale.PRICE,
        convention="the middle between the highest and the lowest close of the period",
    ),
    Indicator(
        name="MIDPRICE", title="midpoint of the range", aliases=("midprice", "midpoint price"),
        needs=HL, parameters=(period(14, 2),), outputs=("midprice",), scale=Scale.PRICE,
        convention="the middle between the highest high and the lowest low of the period",
    ),
    Indicator(
        name="TSF", title="time series forecast", aliases=("time series forecast",),
        needs=CLOSE, parameters=(period(14, 2),), outputs=("tsf",), scale=Scale.PRICE,
        convention="the least-squares line through the last closes, carried on by one bar",
    ),
    Indicator(
        name="SUPERTREND", title="Supertrend", aliases=("super trend",),
        needs=HLC, parameters=(period(10), number("multiple", "multiplier", 3.0, 100)),
        outputs=("supertrend", "trend"), scale=Scale.PRICE, smoothed=True,
        convention="the middle of the bar -+ a multiple of the ATR, which only follows the trend until a close crosses it "
        "(Seban); `trend` is 1 up and -1 down, and the first bar counts as up",
    ),
    Indicator(
        name="ICHIMOKU", title="Ichimoku cloud",
        aliases=("ichimoku kinko hyo", "ichimoku cloud", "ichimoku", "kumo"),
        needs=HLC,
        parameters=(length("conversion", "", 9), length("base", "", 26), length("span", "", 52)),
        outputs=("conversion", "base", "span_a", "span_b", "ahead_a", "ahead_b"), scale=Scale.PRICE, variants=True,
        own=True,
        convention="middles of the highest high and lowest low over three periods (Hosoda, 1969): conversion (tenkan), base "
        "(kijun), span A = (conversion + base)/2 and span B over the longest. `span_a` and `span_b` are the cloud at this "
        "bar, computed one base period of bars before; `ahead_a` and `ahead_b` are today's, drawn that far ahead. "
        "Programs that count the present bar draw the cloud one bar less ahead",
    ),
    Indicator(
        name="HEIKIN_ASHI", talib="HA", title="Heikin-Ashi candle", aliases=("heikin ashi", "heiken ashi"),
        needs=OHLC, parameters=(), outputs=("open", "high", "low", "close"), scale=Scale.PRICE, smoothed=True,
        convention="close = mean of the bar's four prices, open = middle of the Heikin-Ashi candle before (Valcu, 2004), "
        "started from the middle of the first bar's open and close",
    ),
)  # fmt: skip

BANDS: tuple[Indicator, ...] = (
    Indicator(
        name="KELTNER", talib="KC", title="Keltner channels", aliases=("keltner channel", "keltner channels", "keltner", "kc"),
        needs=HLC,
        parameters=(period(20), length("atr_period", "atrperiod", 10), number("multiple", "nbdev", 2.0, 100)),
        outputs=("upper", "middle", "lower"), scale=Scale.PRICE, smoothed=True,
        convention="an EMA of the typical price and bands at a multiple of the ATR (Keltner, 1960, as changed by Raschke); "
        "TA-Lib starts the ATR late, so that both begin on one bar. Others take the EMA of closes",
    ),
    Indicator(
        name="DONCHIAN", title="Donchian channels", aliases=("donchian channel", "donchian channels", "donchian"),
        needs=HL, parameters=(period(20, 2),), outputs=("upper", "middle", "lower"), scale=Scale.PRICE, variants=True,
        convention="the highest high and the lowest low of the last bars, the present one included, and their middle "
        "(Donchian). A breakout is judged against the bands of the bar before",
    ),
    Indicator(
        name="ACCBANDS", title="acceleration bands", aliases=("acceleration band", "headley bands"),
        needs=HLC, parameters=(period(20, 2),), outputs=("upper", "middle", "lower"), scale=Scale.PRICE,
        convention="means of high x (1 + 4 w), close and low x (1 - 4 w) with w = (high - low)/(high + low) (Headley, 2002)",
    ),
)  # fmt: skip
