"""Formulas of momentum, true range and volume; author or textbook beside each."""

from typing import Final

from knowledge.refinery.accuracy.formula_terms import (
    AGO,
    BEFORE,
    CLOSE,
    HIGH,
    HIGHEST,
    LOW,
    LOWEST,
    MULTIPLIER,
    NOW,
    NOW_BAR,
    NOW_CLOSE,
    NOW_HIGH,
    NOW_LOW,
    OLD,
    THE,
    VOLUME,
    VOLUME_BEFORE,
    formula,
)

MOMENTUM: Final = (
    formula(  # Wilder, 1978
        "rsi",
        {
            "rs": r"rs\b|relative strength\b(?! index)",
            "g": r"(?:the )?(?:average|avg\.?) gains?\b",
            "s": r"(?:the )?(?:average|avg\.?) loss(?:es)?\b",
        },
        "100-100/(1+rs)",
        "100*rs/(1+rs)",
        "100*g/(g+s)",
        "100-100/(1+g/s)",
        needs="rs g+s",
        unless=r"stoch(?:astic)? ?rsi|connors",
    ),
    formula(
        r"rs|relative strength",
        {"g": r"(?:the )?(?:average|avg\.?) gains?\b", "s": r"(?:the )?(?:average|avg\.?) loss(?:es)?\b"},
        "g/s",
        about=r"\brsi\b",
    ),
    formula(  # Quong and Soudack, 1989
        r"mfi|money flow index(?: \(mfi\))?",
        {
            "r": r"(?:the )?money (?:flow )?ratio\b|mfr\b",
            "p": r"(?:the )?positive (?:money )?flow\b",
            "n": r"(?:the )?negative (?:money )?flow\b",
            "m": r"(?:the )?money flow\b",
        },
        "100-100/(1+r)",
        "100-100/(1+p/n)",
        "100*p/(p+n)",
        partly=("100-100/(1+m)",),
        needs="r p+n m",
    ),
    formula(
        r"(?:the )?money (?:flow )?ratio|mfr",
        {"p": r"(?:the )?positive (?:money )?flow\b", "n": r"(?:the )?negative (?:money )?flow\b"},
        "p/n",
    ),
    formula(  # Murphy, 1999
        r"roc|(?:price )?rate of change",
        {"b": AGO, "a": NOW},
        "(a-b)/b*100",
        "(a-b)/b",
        "a/b*100",
        "a/b",
        unless=r"log|difference|absolute",
    ),
    formula(  # Lane, 1984
        r"%k|fast %k|stochastic oscillator",
        {"t": HIGHEST, "b": LOWEST, "c": CLOSE},
        "(c-b)/(t-b)*100",
        "(c-b)/(t-b)",
        unless=r"slow %k|stoch(?:astic)? ?rsi",
    ),
    formula(  # Williams, 1973
        r"(?:williams )?%r",
        {"t": HIGHEST, "b": LOWEST, "c": CLOSE},
        "-100*(t-c)/(t-b)",
        "(c-t)/(t-b)*100",
    ),
    formula(  # Lambert, 1980
        r"cci",
        {
            "m": r"(?:the )?(?:simple moving average|sma|moving average|ma)(?: (?:of|\() ?(?:the )?(?:typical prices?|tp|sma)\)?| \(sma\))?(?:\(tp\))?(?![\w])",
            "d": r"(?:the )?(?:mean (?:absolute )?deviation|mean dev|md|mad)\b",
            "t": r"(?:the )?(?:typical price|tp)\b",
        },
        "(t-m)/(0.015*d)",
    ),
    formula(  # Chande, 1995
        r"aroon[- ]?up(?: \(a\+\))?",
        {
            "s": r"(?:the )?(?:number of )?(?:periods?|days?|bars?|candles?) since (?:the )?(?:last )?(?:(?:n|x|\d+)[- ](?:period|day) )?(?:highest )?high\b",
            "n": r"n\b|x\b|period\b|number of periods\b",
        },
        "(n-s)/n*100",
        "(n-s)/n",
        needs="s+n",
    ),
    formula(
        r"aroon[- ]?down(?: \(a-\))?",
        {
            "s": r"(?:the )?(?:number of )?(?:periods?|days?|bars?|candles?) since (?:the )?(?:last )?(?:(?:n|x|\d+)[- ](?:period|day) )?(?:lowest )?low\b",
            "n": r"n\b|x\b|period\b|number of periods\b",
        },
        "(n-s)/n*100",
        "(n-s)/n",
        needs="s+n",
    ),
    formula(r"aroon oscillator", {"u": r"aroon[- ]?up\b", "d": r"aroon[- ]?down\b"}, "u-d"),
)

VOLUMES: Final = (
    formula(  # Wilder, 1978
        r"tr|true range",
        {"b": BEFORE, "h": HIGH, "l": LOW},
        "max(h-l,abs(h-b),abs(l-b))",
        "max(h,b)-min(l,b)",
    ),
    formula(  # Wilder, 1978
        r"(?:current |new )?(?:atr|average true range)",
        {
            "a": rf"{OLD}(?:atr|average true range)\b",
            "t": rf"{THE}(?:true range|tr)\b",
            "b": BEFORE,
            "h": NOW_HIGH,
            "l": NOW_LOW,
            "n": r"n\b",
        },
        "(a*13+t)/14",
        "(a*(n-1)+t)/n",
        "a+(t-a)/n",
        needs="a+t h+l+b",
        told="(previous atr x 13 + true range) / 14",
    ),
    formula(
        r"atr ?%|atr percent(?:age)?",
        {"a": r"(?:the )?atr\b", "c": rf"{THE}(?:close|closing price|price)\b"},
        "a/c*100",
        "a/c",
    ),
    formula(  # Chaikin: Achelis, 2000
        r"(?:money flow )?multiplier|mfm",
        {"h": NOW_HIGH, "l": NOW_LOW, "c": NOW_CLOSE},
        MULTIPLIER,
        about=r"money flow|accumulation",
        unless="ema",
    ),
    formula(
        r"money flow volume|mfv",
        {**NOW_BAR, "m": r"(?:the )?(?:money flow multiplier|mfm|multiplier)\b"},
        f"{MULTIPLIER}*v",
        "m*v",
        needs="h+l+c+v m+v",
    ),
    formula(
        r"(?:accumulation/distribution|accumulation distribution|a/d|adl|ad)(?: line)?",
        {
            **NOW_BAR,
            "m": r"(?:the )?(?:money flow multiplier|mfm|multiplier)\b",
            "w": r"(?:current |the )*(?:money flow volume|mfv)\b",
            "o": rf"{OLD}(?:adl?|a/d line|a/d|accumulation/distribution(?: line)?)\b|(?:adl?)\((?:previous|prev|t-1)\)",
        },
        f"o+{MULTIPLIER}*v",
        "o+m*v",
        "o+w",
        partly=(f"{MULTIPLIER}*v", "m*v"),
        needs="h+l+c+v m+v o+w",
        told="previous value + ((close - low) - (high - close)) / (high - low) x volume",
    ),
    formula(
        r"cmf|chaikin money flow(?: \(cmf\))?",
        {
            **NOW_BAR,
            "s": r"(?:the )?(?:\d+[- ](?:day|period) )?sum of (?:the )?(?:money flow volume|mfv)\b",
            "w": r"(?:the )?(?:\d+[- ](?:day|period) )?sum of (?:the )?volume\b",
        },
        "s/w",
        partly=(f"{MULTIPLIER}*v", MULTIPLIER),
        needs="h+l+c+v s+w",
        told="sum of money flow volume / sum of volume",
    ),
    formula(r"(?:raw )?money flow|rmf", {"t": r"(?:the )?typical price\b", "v": VOLUME}, "t*v"),
    formula(
        r"(?:raw )?(?:force index|fi)",
        {"b": BEFORE, "c": NOW_CLOSE, "v": VOLUME},
        "(c-b)*v",
        about="force index",
    ),  # Elder, 1993
    formula(r"vroc|volume rate of change", {"b": VOLUME_BEFORE, "v": VOLUME}, "(v-b)/b*100", "(v-b)/b"),
    *(
        formula(  # Fosback, 1976; as a running sum of percentages at StockCharts
            rf"{short}|{sign} volume index",
            {
                "i": rf"{OLD}{short}\b|{short}\((?:previous|prev|t-1)\)",
                "b": BEFORE,
                "c": NOW_CLOSE,
                "w": VOLUME_BEFORE,
                "v": VOLUME,
            },
            "i+(c-b)/b*i",
            "i*(1+(c-b)/b)",
            "i*c/b",
            "i+(c-b)/b*100",
            partly=("i+(c-b)/b",),
            needs="i+c+b",
        )
        for short, sign in (("pvi", "positive"), ("nvi", "negative"))
    ),
    formula(  # Arms, 1996
        r"(?:eom|emv|ease of movement)",
        {
            "q": rf"{OLD}high\b|prior high\b|h_?prev\b",
            "y": rf"{OLD}low\b|prior low\b|l_?prev\b",
            **{key: NOW_BAR[key] for key in ("h", "l", "v")},
            "u": rf"{OLD}(?:typical price|tp)\b",
            "t": rf"{THE}(?:typical price|tp)\b",
        },
        "((h+l)/2-(q+y)/2)*(h-l)/v",
        "((h+l)/2-(q+y)/2)/(v/(h-l))",
        needs="h+l+q+y+v t+u+v",
        scaled=True,
        told="(midpoint - previous midpoint) / (volume / (high - low))",
    ),
    formula(
        r"vwap",
        {
            "s": r"(?:the )?(?:sum|cumulative total)(?: of)? \(?(?:typical |closing )?price \* volume\)?|[σ∑] ?\(?(?:price|typical price) \* volume\)?",
            "v": r"(?:the )?(?:sum of|total|cumulative) volume\b|[σ∑] ?\(?volume\)?",
        },
        "s/v",
        worked=False,
    ),
)
