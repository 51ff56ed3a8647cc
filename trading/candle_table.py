"""The 61 candlestick patterns of TA-Lib: what they are called, how many candles they span, what they are read as.

Names and readings follow Steve Nison, "Japanese Candlestick Charting Techniques" (2nd ed., 2001), and Thomas
Bulkowski, "Encyclopedia of Candlestick Charts" (2008); whether one fired is TA-Lib's decision.
"""

from dataclasses import dataclass
from enum import StrEnum


class Nature(StrEnum):
    """What a pattern is traditionally read as."""

    REVERSAL = "reversal"
    CONTINUATION = "continuation"
    INDECISION = "indecision"
    STRENGTH = "strength"


@dataclass(frozen=True)
class CandlePattern:
    """One TA-Lib pattern function."""

    function: str
    title: str
    candles: int
    nature: Nature


_R, _C, _I, _S = Nature.REVERSAL, Nature.CONTINUATION, Nature.INDECISION, Nature.STRENGTH
_ROWS: tuple[tuple[str, str, int, Nature], ...] = (
    ("CDL2CROWS", "two crows", 3, _R),
    ("CDL3BLACKCROWS", "three black crows", 3, _R),
    ("CDL3INSIDE", "three inside up or down", 3, _R),
    ("CDL3LINESTRIKE", "three-line strike", 4, _C),
    ("CDL3OUTSIDE", "three outside up or down", 3, _R),
    ("CDL3STARSINSOUTH", "three stars in the south", 3, _R),
    ("CDL3WHITESOLDIERS", "three white soldiers", 3, _R),
    ("CDLABANDONEDBABY", "abandoned baby", 3, _R),
    ("CDLADVANCEBLOCK", "advance block", 3, _R),
    ("CDLBELTHOLD", "belt hold", 1, _R),
    ("CDLBREAKAWAY", "breakaway", 5, _R),
    ("CDLCLOSINGMARUBOZU", "closing marubozu", 1, _S),
    ("CDLCONCEALBABYSWALL", "concealing baby swallow", 4, _R),
    ("CDLCOUNTERATTACK", "counterattack", 2, _R),
    ("CDLDARKCLOUDCOVER", "dark cloud cover", 2, _R),
    ("CDLDOJI", "doji", 1, _I),
    ("CDLDOJISTAR", "doji star", 2, _R),
    ("CDLDRAGONFLYDOJI", "dragonfly doji", 1, _I),
    ("CDLENGULFING", "engulfing", 2, _R),
    ("CDLEVENINGDOJISTAR", "evening doji star", 3, _R),
    ("CDLEVENINGSTAR", "evening star", 3, _R),
    ("CDLGAPSIDESIDEWHITE", "side-by-side white lines", 3, _C),
    ("CDLGRAVESTONEDOJI", "gravestone doji", 1, _I),
    ("CDLHAMMER", "hammer", 1, _R),
    ("CDLHANGINGMAN", "hanging man", 1, _R),
    ("CDLHARAMI", "harami", 2, _R),
    ("CDLHARAMICROSS", "harami cross", 2, _R),
    ("CDLHIGHWAVE", "high-wave candle", 1, _I),
    ("CDLHIKKAKE", "hikkake", 3, _C),
    ("CDLHIKKAKEMOD", "modified hikkake", 4, _R),
    ("CDLHOMINGPIGEON", "homing pigeon", 2, _R),
    ("CDLIDENTICAL3CROWS", "identical three crows", 3, _R),
    ("CDLINNECK", "in-neck", 2, _C),
    ("CDLINVERTEDHAMMER", "inverted hammer", 1, _R),
    ("CDLKICKING", "kicking", 2, _R),
    ("CDLKICKINGBYLENGTH", "kicking, by the longer marubozu", 2, _R),
    ("CDLLADDERBOTTOM", "ladder bottom", 5, _R),
    ("CDLLONGLEGGEDDOJI", "long-legged doji", 1, _I),
    ("CDLLONGLINE", "long line", 1, _S),
    ("CDLMARUBOZU", "marubozu", 1, _S),
    ("CDLMATCHINGLOW", "matching low", 2, _R),
    ("CDLMATHOLD", "mat hold", 5, _C),
    ("CDLMORNINGDOJISTAR", "morning doji star", 3, _R),
    ("CDLMORNINGSTAR", "morning star", 3, _R),
    ("CDLONNECK", "on-neck", 2, _C),
    ("CDLPIERCING", "piercing line", 2, _R),
    ("CDLRICKSHAWMAN", "rickshaw man", 1, _I),
    ("CDLRISEFALL3METHODS", "rising or falling three methods", 5, _C),
    ("CDLSEPARATINGLINES", "separating lines", 2, _C),
    ("CDLSHOOTINGSTAR", "shooting star", 1, _R),
    ("CDLSHORTLINE", "short line", 1, _I),
    ("CDLSPINNINGTOP", "spinning top", 1, _I),
    ("CDLSTALLEDPATTERN", "stalled pattern", 3, _R),
    ("CDLSTICKSANDWICH", "stick sandwich", 3, _R),
    ("CDLTAKURI", "takuri line", 1, _I),
    ("CDLTASUKIGAP", "Tasuki gap", 3, _C),
    ("CDLTHRUSTING", "thrusting", 2, _C),
    ("CDLTRISTAR", "tri-star", 3, _R),
    ("CDLUNIQUE3RIVER", "unique three-river bottom", 3, _R),
    ("CDLUPSIDEGAP2CROWS", "upside gap two crows", 3, _R),
    ("CDLXSIDEGAP3METHODS", "upside or downside gap three methods", 3, _C),
)

CANDLE_PATTERNS: tuple[CandlePattern, ...] = tuple(CandlePattern(*row) for row in _ROWS)
"""Every pattern function of TA-Lib 0.8, by name."""
