"""Numbers said in words, and names written with their figure, put so that they can be read: "a year and a half" -> 1.5 years."""

import re
from collections.abc import Sequence

from models.glossary import lies_within

Span = tuple[int, int]
_ONES = {
    name: value
    for value, name in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty".split()
    )
} | {
    "a": 1,
    "an": 1,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_NUMERAL = r"(?:" + "|".join(sorted(_ONES, key=len, reverse=True)) + r"|\d+)"
_UNIT = r"(?:years?|months?|weeks?|days?|hours?|thousand|million|billion|percent|%)"
_AND_A_HALF = re.compile(
    rf"\b(?P<n>{_NUMERAL})\s(?:(?P<unit>{_UNIT})\sand\sa\shalf|and\sa\shalf\s(?P<after>{_UNIT}))",
    re.IGNORECASE,
)
_HALF = re.compile(
    r"\bhalf\sa(?:n)?\s(?P<unit>thousand|million|billion|trillion|year|dozen)\b", re.IGNORECASE
)
_QUARTER = re.compile(r"\ba\squarter\s(?:of\s)?a\s(?P<unit>million|billion|year)\b", re.IGNORECASE)
_IN_WORDS = re.compile(
    r"\b(?P<n>"
    + "|".join(name for name in sorted(_ONES, key=len, reverse=True) if name not in {"a", "an"})
    + r")"
    r"[\s-](?P<unit>(?:years?|months?|weeks?|days?|hours?)(?:\sout)?|(?:years|months|weeks|days|percent|thousand|million|billion|times)\b)",
    re.IGNORECASE,
)
_DOZEN = re.compile(r"\b(?:a|one)\sdozen\b", re.IGNORECASE)
_PERCENT_A = re.compile(r"\b(?P<n>half|quarter)\s(?:of\s)?(?:a|one)\s(?:percent|%)", re.IGNORECASE)
_NAMED = re.compile(
    r"\b(?P<name>[A-Z]{3,8}|sma|ema|wma|rsi|atr|adx|cci|mfi|roc|dema|tema|kama|hma|bbands)-?(?P<n>\d{1,3})(?![\w.,]*\d|\w)"
)
_SHORT = {
    "s2f": "stock to flow", "bep": "break-even point", "aov": "order value", "sl": "stop loss", "avg": "average",
    "liq": "liquidation", "fc": "fixed costs", "vc": "variable cost", "weighted ma": "weighted moving average",
    "m/m": "a month", "mom growth": "monthly growth", "p.a.": "a year", "p.m.": "a month", "/mo": " a month", "/month": " a month",
    "/yr": " a year", "/year": " a year", "/day": " a day", "/week": " a week", "stdev": "standard deviations",
    "monthly compounding": "compounded monthly", "50/50": "fifty-fifty", "1 to 1": "1",
    "even money": "payoff ratio 1", "once a week": "1 times a week", "twice a week": "2 times a week", "twice weekly": "2 times a week",
}  # fmt: skip
_SHORTENED = re.compile(
    r"(?<![\w])(?:"
    + "|".join(re.escape(each) for each in sorted(_SHORT, key=len, reverse=True) if each[0] != "/")
    + r")(?!\w)"
    r"|(?:" + "|".join(re.escape(each) for each in _SHORT if each[0] == "/") + r")\b",
    re.IGNORECASE,
)


def spoken_numbers(text: str, kept: Sequence[Span]) -> list[tuple[int, int, str]]:
    """The edits, in order and apart, that put numbers in words into digits outside the `kept` spans."""
    edits: list[tuple[int, int, str]] = []
    for match in _AND_A_HALF.finditer(text):
        unit = (match["unit"] or match["after"]).lower()
        edits.append((*match.span(), f"{_value(match['n']) + 0.5:g} {unit}"))
    for match in _HALF.finditer(text):
        unit = match["unit"].lower()
        edits.append((*match.span(), {"year": "6 months", "dozen": "6"}.get(unit, f"0.5 {unit}")))
    for match in _QUARTER.finditer(text):
        unit = match["unit"].lower()
        edits.append((*match.span(), "3 months" if unit == "year" else f"0.25 {unit}"))
    edits += [
        (*match.span(), "0.5 percent" if match["n"].lower() == "half" else "0.25 percent")
        for match in _PERCENT_A.finditer(text)
    ]
    edits += [
        (match.start("n"), match.end("n"), f"{_value(match['n']):g}") for match in _IN_WORDS.finditer(text)
    ]
    edits += [(*match.span(), "12") for match in _DOZEN.finditer(text)]
    edits += [(match.end("name"), match.start("n"), " ") for match in _NAMED.finditer(text)]
    edits += [(*match.span(), _SHORT[match[0].lower()]) for match in _SHORTENED.finditer(text)]
    apart: list[tuple[int, int, str]] = []
    for edit in sorted(edits, key=lambda each: (each[0], -each[1])):
        if apart and edit[0] < apart[-1][1]:
            continue
        if not lies_within(edit[0], kept):
            apart.append(edit)
    return apart


def _value(numeral: str) -> float:
    return float(numeral) if numeral.isdigit() else float(_ONES[numeral.lower()])
