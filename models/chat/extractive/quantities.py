"""Numbers in plain words: amounts, percentages, multiples, durations, dates and lists of numbers."""

import math
import re
from dataclasses import dataclass
from datetime import date

from models.arguments import Unit

_SCALE = {
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "million": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "billion": 1e9,
    "trillion": 1e12,
}
_DURATION = {
    "day": (Unit.DAYS, 1.0),
    "d": (Unit.DAYS, 1.0),
    "week": (Unit.DAYS, 7.0),
    "month": (Unit.MONTHS, 1.0),
    "mo": (Unit.MONTHS, 1.0),
    "quarter": (Unit.MONTHS, 3.0),
    "year": (Unit.YEARS, 1.0),
    "yr": (Unit.YEARS, 1.0),
}
_WORDS = {
    "doubles": 2.0,
    "doubled": 2.0,
    "doubling": 2.0,
    "triples": 3.0,
    "tripled": 3.0,
    "quadruples": 4.0,
    "halves": 0.5,
    "halved": 0.5,
}
_FALLS = re.compile(
    r"\b(?:falls?|fell|drops?|dropped|declines?|declined|loses?|lost|decreases?|decreased|down)"
    r"(?:\s+(?:by|of|about|around))?\s*$",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>[-+\u2212])?(?P<currency>(?:US)?[$€£])?\s?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!,?\d)|\d+(?:\.\d+)?|\.\d+)(?:[eE](?P<exponent>[-+]?\d{1,2}))?"
    r"(?:\s?(?P<scale>k|thousand|million|mn|billion|bn|trillion|[mb](?=\b))(?![a-z]))?"
    r"(?:[\s-]?(?P<unit>%|percent\b|per\s?cent\b|pct\b|x\b|times\b|bps\b|basis\spoints\b"
    r"|(?:day|week|month|quarter|year|yr|mo)s?\b|d\b|usdt?\b|dollars?\b|euros?\b|eur\b|€|\$))?"
    r"(?=(?-i:[A-Z]{2,5})\b|(?!\.\d)[^\w%]|$)",
    re.IGNORECASE,
)
_RATIO = re.compile(r"\b(?:" + "|".join(_WORDS) + r")\b", re.IGNORECASE)
_ISO_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_MONTHS = "january february march april may june july august september october november december".split()
_LONG_DATE = re.compile(
    r"\b(?:(?P<d1>\d{1,2})(?:st|nd|rd|th)?\s+(?P<m1>[A-Z][a-z]{2,8})|(?P<m2>[A-Z][a-z]{2,8})\s+(?P<d2>\d{1,2})(?:st|nd|rd|th)?,?)"
    r"\s+(?P<year>\d{4})\b"
)
_BRACKETED = re.compile(r"[\[(]\s*-?\d+(?:\s*,\s*-?\d+){2,}\s*[\])]")
_SEPARATOR = re.compile(r"\s*[,;|/]\s*|\s+")
_LIST_LENGTH = 3


@dataclass(frozen=True)
class Quantity:
    """A number that stands in a text, in the unit it was written with, and where (start and end offsets)."""

    value: float
    unit: Unit
    start: int
    end: int


@dataclass(frozen=True)
class NumberList:
    """Three numbers or more that stand in a row."""

    values: tuple[float, ...]
    start: int
    end: int


@dataclass(frozen=True)
class DateMention:
    """A calendar date that stands in a text."""

    value: date
    start: int
    end: int


def read_quantities(text: str) -> list[Quantity]:
    """Every number of the text in order; digits inside words and dates are left out."""
    # "[100,200,300]" is a list and not one number with grouped digits.
    text = _BRACKETED.sub(lambda match: match[0].replace(",", ";"), text)
    taken = [(mention.start, mention.end) for mention in read_dates(text)]
    found = [
        quantity
        for match in _NUMBER.finditer(text)
        if not any(start < match.end() and match.start() < end for start, end in taken)
        and (quantity := _quantity(match, text)) is not None
    ]
    found += [
        Quantity(_WORDS[match[0].lower()], Unit.MULTIPLE, match.start(), match.end())
        for match in _RATIO.finditer(text)
    ]
    return sorted(found, key=lambda quantity: quantity.start)


def read_lists(text: str, quantities: list[Quantity]) -> list[NumberList]:
    """Rows of at least three numbers that only commas, semicolons, bars, slashes or blanks separate."""
    rows: list[NumberList] = []
    row: list[Quantity] = []
    for quantity in quantities:
        if row and not _SEPARATOR.fullmatch(text[row[-1].end : quantity.start]):
            rows += _as_list(row)
            row = []
        row.append(quantity)
    return rows + _as_list(row)


def read_dates(text: str) -> list[DateMention]:
    """Dates written as 2025-03-01, 1 March 2025 or March 1, 2025; impossible ones are left out."""
    found = []
    for match in _ISO_DATE.finditer(text):
        found += _date(int(match[1]), int(match[2]), int(match[3]), match)
    for match in _LONG_DATE.finditer(text):
        name = (match["m1"] or match["m2"]).lower()
        month = next((n for n, full in enumerate(_MONTHS, 1) if full.startswith(name)), 0)
        found += _date(int(match["year"]), month, int(match["d1"] or match["d2"]), match)
    return sorted(found, key=lambda mention: mention.start)


def _date(year: int, month: int, day: int, match: re.Match[str]) -> list[DateMention]:
    try:
        return [DateMention(date(year, month, day), match.start(), match.end())]
    except ValueError:
        return []


def _as_list(row: list[Quantity]) -> list[NumberList]:
    if len(row) < _LIST_LENGTH:
        return []
    return [NumberList(tuple(item.value for item in row), row[0].start, row[-1].end)]


def _quantity(match: re.Match[str], text: str) -> Quantity | None:
    value = float(match["digits"].replace(",", ""))
    if match["exponent"]:
        value *= 10.0 ** int(match["exponent"])
    if match["scale"]:
        value *= _SCALE[match["scale"].lower()]
    if not math.isfinite(value):
        return None
    written = (match["unit"] or "").lower()
    unit, factor = _unit(written, has_currency=bool(match["currency"]))
    negative = match["sign"] in {"-", "\u2212"} or (
        unit is Unit.PERCENT and _FALLS.search(text[: match.start()]) is not None
    )
    return Quantity(-value * factor if negative else value * factor, unit, match.start(), match.end())


def _unit(written: str, *, has_currency: bool) -> tuple[Unit, float]:
    if written in {"bps", "basis points"}:
        return Unit.PERCENT, 0.01
    if written.startswith(("%", "per", "pct")):
        return Unit.PERCENT, 1.0
    if written in {"x", "times"}:
        return Unit.MULTIPLE, 1.0
    if written.rstrip("s") in _DURATION:
        return _DURATION[written.rstrip("s")]
    if written or has_currency:
        return Unit.MONEY, 1.0
    return Unit.NUMBER, 1.0
