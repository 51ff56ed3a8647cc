"""Formulas of averages, bands and levels; author or textbook beside each."""

from typing import Final

from knowledge.refinery.accuracy.formula_terms import (
    BAR,
    EMA,
    HIGH,
    LEVEL,
    LOW,
    OLD,
    OTHER_PIVOTS,
    PERIODS,
    THE,
    formula,
)

PRICES: Final = (
    formula(  # Appel and Hitschler, 1980
        r"(?:(?:smoothing|weighting) )?(?:multiplier|factor|constant)(?: \(\w+\))?|alpha|α|k",
        {"n": PERIODS},
        "2/(n+1)",
        about=r"\bema\b|exponential moving average",
        unless=r"wilder|smma|\brma\b|kama|vidya|\btema\b|\bdema\b|efficiency ratio|double|triple|\batr\b|true range|\brsi\b|\badx\b",
        worked=False,
    ),
    formula(  # Appel and Hitschler, 1980
        r"(?:current |today'?s |new )?(?:ema|exponential moving average)(?:_t)?(?: today)?",
        {
            "e": rf"{OLD}ema\b|ema_?\(?(?:previous|prev|prior|yesterday|t ?- ?1)\)?|ema (?:of )?(?:yesterday|previous)\b",
            "k": r"(?:the )?(?:smoothing )?(?:multiplier|factor|constant)\b|k\b|α|alpha\b",
            "c": rf"{THE}(?:close|closing price|price|value)(?: today)?\b(?![\[(_])|c\b",
        },
        "e+k*(c-e)",
        "c*k+e*(1-k)",
    ),
    formula(
        r"sma|simple moving average",
        {
            "s": r"(?:the )?sum of (?:the )?(?:closing )?(?:prices|closes|data points|values)(?: (?:for|over|of) (?:the )?(?:last |past )?(?:n|time|\d+)? ?(?:period|periods|days))?\b",
            "n": PERIODS,
        },
        "s/n",
        worked=False,
    ),
    formula("typical price", BAR, "(h+l+c)/3", unless=r"weighted close"),
    formula(r"median price", {"h": HIGH, "l": LOW}, "(h+l)/2"),
    formula(  # Chande's and Bollinger's own: Bollinger, 2001
        r"(?:the )?upper (?:bollinger )?band(?: \(\w+\))?",
        {
            "s": r"(?:\d+[- ](?:day|period) )?(?:standard deviations?|std\.?(?: ?dev)?|sd|σ)\b",
            "m": r"(?:the )?(?:middle band|(?:\d+[- ](?:day|period) )?(?:sma|simple moving average|moving average))\b|mb\b",
            "k": r"k\b|multiplier\b|number of standard deviations",
        },
        "m+2*s",
        "m+k*s",
        needs="m+s m+s+k",
        about="bollinger",
        unless="keltner|atr",
    ),
    formula(
        r"(?:the )?lower (?:bollinger )?band(?: \(\w+\))?",
        {
            "s": r"(?:\d+[- ](?:day|period) )?(?:standard deviations?|std\.?(?: ?dev)?|sd|σ)\b",
            "m": r"(?:the )?(?:middle band|(?:\d+[- ](?:day|period) )?(?:sma|simple moving average|moving average))\b|mb\b",
            "k": r"k\b|multiplier\b|number of standard deviations",
        },
        "m-2*s",
        "m-k*s",
        needs="m+s m+s+k",
        about="bollinger",
        unless="keltner|atr",
    ),
    formula(
        r"%b|percent b",
        {  # Bollinger, 2001
            "u": r"(?:the )?upper (?:bollinger )?band\b",
            "l": r"(?:the )?lower (?:bollinger )?band\b",
            "c": rf"{THE}(?:close|closing price|price|last)\b",
        },
        "(c-l)/(u-l)",
        "(c-l)/(u-l)*100",
    ),
    formula(
        r"(?:bollinger )?band ?width|bbw",
        {
            "u": r"(?:the )?upper (?:bollinger )?band\b",
            "l": r"(?:the )?lower (?:bollinger )?band\b",
            "m": r"(?:the )?(?:middle (?:bollinger )?band|sma)\b",
        },
        "(u-l)/m",
        "(u-l)/m*100",
        about="bollinger",
    ),
    formula(r"macd(?: line)?", {"a": EMA.format("12"), "b": EMA.format("26")}, "a-b"),
    formula(  # Appel, 1979
        r"(?:macd )?histogram|macd histogram",
        {"s": r"(?:the )?signal(?: line)?\b", "m": r"(?:the )?macd(?: line)?\b"},
        "m-s",
        about="macd",
    ),
    formula(
        r"ppo",
        {
            "a": r"(?:12|fast(?:er)?|short(?:er)?)[- ](?:period |day |term )*(?:ema|exponential moving average)\b",
            "b": r"(?:26|slow(?:er)?|long(?:er)?)[- ](?:period |day |term )*(?:ema|exponential moving average)\b",
        },
        "(a-b)/b*100",
        "(a-b)/b",
    ),
    formula(
        r"tenkan[- ]sen|conversion line",
        {
            "h": r"(?:9[- ](?:period|day) high|highest high(?: of the last 9 periods)?)\b",
            "l": r"(?:9[- ](?:period|day) low|lowest low(?: of the last 9 periods)?)\b",
        },
        "(h+l)/2",
    ),
    formula(
        r"kijun[- ]sen|base line",
        {
            "h": r"(?:26[- ](?:period|day) high|highest high(?: of the last 26 periods)?)\b",
            "l": r"(?:26[- ](?:period|day) low|lowest low(?: of the last 26 periods)?)\b",
        },
        "(h+l)/2",
    ),
    formula(
        r"(?:senkou span a|leading span a)",
        {
            "t": r"(?:tenkan[- ]sen|conversion line|tenkan)\b",
            "k": r"(?:kijun[- ]sen|base line|kijun)\b",
        },
        "(t+k)/2",
    ),
    formula(
        r"(?:next |new |current )?(?:p?sar)(?:\(t\))?",
        {  # Wilder, 1978
            "e": r"(?:the )?(?:ep|extreme point)(?:\(t-1\))?(?![\w])",
            "a": r"(?:an )?(?:af|acceleration factor)\b",
            "s": rf"(?:{OLD})?p?sar(?:\(t-1\))?(?![\w(])",
        },
        "s+a*(e-s)",
        "s-a*(s-e)",
    ),
    formula(  # Person, 2004
        r"pivot(?: point)?(?: \(pp?\))?|pp|p",
        BAR,
        "(h+l+c)/3",
        about=r"\bpivot",
        unless=OTHER_PIVOTS,
    ),
    formula(
        r"r1|(?:first )?resistance(?: 1)?(?: \(r1\))?",
        LEVEL,
        "2*p-l",
        "2*(h+l+c)/3-l",
        about=r"\bpivot",
        unless=OTHER_PIVOTS,
        needs="p+l p+h h+l+c",
    ),
    formula(
        r"s1|(?:first )?support(?: 1)?(?: \(s1\))?",
        LEVEL,
        "2*p-h",
        "2*(h+l+c)/3-h",
        about=r"\bpivot",
        unless=OTHER_PIVOTS,
        needs="p+l p+h h+l+c",
    ),
    formula(
        r"r2", LEVEL, "p+h-l", "(h+l+c)/3+h-l", about=r"\bpivot", unless=OTHER_PIVOTS, needs="p+h+l h+l+c"
    ),
    formula(
        r"s2", LEVEL, "p-h+l", "(h+l+c)/3-h+l", about=r"\bpivot", unless=OTHER_PIVOTS, needs="p+h+l h+l+c"
    ),
)

RETRACEMENTS: Final = tuple(
    formula(  # StockCharts ChartSchool, "Fibonacci Retracements"
        rf"(?:the )?{percent:g} ?% (?:fibonacci )?(?:retracement(?: level)?|level)".replace(".", r"\."),
        {
            "t": r"(?:the |a )?(?:swing )?(?:high|top|peak)(?: price)?\b|to\b",
            "b": r"(?:the |a )?(?:swing )?(?:low|bottom|trough)(?: price)?\b|from\b",
        },
        f"t-{percent / 100:.3f}*(t-b)",
        f"b+{percent / 100:.3f}*(t-b)",
    )
    for percent in (23.6, 38.2, 50, 61.8, 78.6)
)
