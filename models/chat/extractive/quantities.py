"""Numbers in plain words: amounts, percentages, multiples, durations and lists of numbers."""

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from models.arguments import Unit
from models.chat.extractive.dates import DateMention, read_dates

_SCALE = {
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "mio": 1e6,
    "million": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "billion": 1e9,
    "t": 1e12,
    "tn": 1e12,
    "trillion": 1e12,
}
_DURATION = {
    "day": (Unit.DAYS, 1.0),
    "d": (Unit.DAYS, 1.0),
    "week": (Unit.DAYS, 7.0),
    "fortnight": (Unit.DAYS, 14.0),
    "month": (Unit.MONTHS, 1.0),
    "mo": (Unit.MONTHS, 1.0),
    "quarter": (Unit.MONTHS, 3.0),
    "year": (Unit.YEARS, 1.0),
    "yr": (Unit.YEARS, 1.0),
}
_RATIOS = {
    "doubles": 2.0,
    "doubled": 2.0,
    "doubling": 2.0,
    "double": 2.0,
    "triples": 3.0,
    "tripled": 3.0,
    "tripling": 3.0,
    "quadruples": 4.0,
    "halves": 0.5,
    "halved": 0.5,
    "halving": 0.5,
}
_NUMERALS = {
    name: value
    for value, name in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty".split()
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90, "hundred": 100, "half a": 0.5}
_UNIT = (
    r"%|percent(?:age\spoints?)?\b|per\s?cent\b|pct\b|x\b|times\b|fold\b|bps\b|basis\spoints\b"
    r"|(?:day|week|month|quarter|year|yr|mo)s?\b|d\b|h(?:(?:ou)?rs?)?\b|usd[tc]?\b|dollars?\b|bucks\b|euros?\b|eur\b|gbp\b|pounds?\b|(?:ru|rou)bles?\b|[€$£₽]"
)
_FALLS = re.compile(
    r"\b(?:falls?|fell|drops?|dropped|declines?|declined|loses?|lost|decreases?|decreased|shrinks?|shrinking|shrank|falling|dropping|declining|down)"
    r"(?:\s(?:by|of|about|around|some)){0,2}\s?$",
    re.IGNORECASE,
)
_FALLS_REACH = 30
_NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>[-+\u2212\u2013])?(?P<currency>(?:US)?[$€£])?\s?(?P<inner>[-\u2212](?=[\d.]))?"
    r"(?P<digits>\d{1,3}(?:,\d{3}){1,6}(?:\.\d{1,30})?(?!,?\d)|\d{1,3}(?:[_']\d{3}){1,6}(?!\d)|\d{1,30}(?:\.\d{1,30})?|\.\d{1,30})"
    r"(?:[eE](?P<exponent>[-+]?\d{1,2}))?"
    r"(?:\s?(?P<scale>k|thousand|million|mio|mn|billion|bn|trillion|tn|[mbt](?=\b))(?![a-z]))?"
    r"(?:[\s-]?(?P<unit>" + _UNIT + r"))?"
    r"(?=(?-i:[A-Z]{2,5})\b|(?!\.\d)[^\w%]|$)",
    re.IGNORECASE,
)
_NUMERAL = re.compile(
    r"\b(?P<name>" + "|".join(sorted(_NUMERALS, key=len, reverse=True)) + r")[\s-]"
    r"(?:(?P<scale>thousand|million|billion|trillion)\s?)?(?P<unit>" + _UNIT + r")",
    re.IGNORECASE,
)
_SPAN_OF_ONE = re.compile(
    r"\b(?:for|in|over|within|after|next|coming)\s(?:a|an|one|the\snext)\s(?P<unit>week|month|quarter|year)\b(?!\s*(?:'|by\s))",
    re.IGNORECASE,
)
_RATIO = re.compile(r"\b(?:" + "|".join(_RATIOS) + r")\b(?!\sto\s\W?\d)", re.IGNORECASE)
_BRACKETED = re.compile(r"[\[(]\s{0,9}-?\d{1,30}(?:\s{0,9},\s{0,9}-?\d{1,30}){2,}\s{0,9}[\])]")
_RUN = re.compile(r"(?<![\d,.])\d{1,3}(?:,\d{3}){4,}(?![\d,])")
"""Five groups of digits and more are a list without blanks and not one number."""
_SEPARATOR = re.compile(
    r"\s{0,20}(?:[,;|/]|->|→)\s{0,20}|\s{1,20}|\s{0,20},?\s{1,20}(?:and|then|and then)\s{1,20}"
)
_GROUPING = re.compile(r"[,_']")
_LIST_LENGTH = 3
_PLAIN = r"[-\u2212]?\d{1,15}(?:\.\d{1,15})?"
_LONG_ROW = re.compile(
    rf"(?<![\w.,$€£%-]){_PLAIN}(?:(?:\s{{0,2}}[,;]\s{{1,2}}|[,;](?!\d{{3}}(?!\d))|\s{{1,2}}){_PLAIN}(?![\w%]|\.\d)){{23,}}"
)
_PLAIN_NUMBER = re.compile(_PLAIN)
_MASK = "\0"
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_SAID_BY_ONE = frozenset({Unit.MONTHS, Unit.YEARS, Unit.DAYS})
_IN_NAME = re.compile(
    r"(?:#|\b(?:no|nr|number|layer|level|web|phase|version|series|tier|step|part|chapter|page|room|gen|class|top|option|plan|model|uniswap v))\.?\s?$",
    re.IGNORECASE,
)
_NAME_REACH = 12


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that stands in a text, in the unit it was written with, and where (start and end offsets)."""

    value: float
    unit: Unit
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class NumberList:
    """Numbers that stand in a row, with the unit of the first."""

    values: tuple[float, ...]
    unit: Unit
    start: int
    end: int


def read_quantities(text: str) -> list[Quantity]:
    """Every number of the text in order, none overlapping another; digits inside words and dates are left out."""
    # "[100,200,300]" is a list and not one number with grouped digits.
    text = _RUN.sub(_ungrouped, _BRACKETED.sub(_ungrouped, text))
    found = [quantity for match in _NUMBER.finditer(text) if (quantity := _quantity(match, text)) is not None]
    for match in _NUMERAL.finditer(text):
        unit, factor = _unit(match["unit"].lower(), has_currency=False)
        value = _NUMERALS[match["name"].lower()] * _SCALE.get((match["scale"] or "").lower(), 1.0) * factor
        found.append(Quantity(value, unit, match.start(), match.end()))
    for match in _SPAN_OF_ONE.finditer(text):
        unit, factor = _DURATION[match["unit"].lower()]
        found.append(Quantity(factor, unit, match.start("unit"), match.end("unit")))
    found += [
        Quantity(_RATIOS[match[0].lower()], Unit.MULTIPLE, match.start(), match.end())
        for match in _RATIO.finditer(text)
    ]
    return _apart(found, read_dates(text))


def read_long_rows(text: str) -> tuple[list[NumberList], str]:
    """Rows of two dozen plain numbers and more, and the text with these masked; what is masked keeps its length."""
    rows = []
    for match in _LONG_ROW.finditer(text):
        values = tuple(float(n.replace("\u2212", "-")) for n in _PLAIN_NUMBER.findall(match[0]))
        rows.append(NumberList(values, Unit.NUMBER, match.start(), match.end()))
    return rows, _LONG_ROW.sub(lambda match: _MASK * len(match[0]), text) if rows else text


def is_aside(text: str, quantity: Quantity) -> bool:
    """Whether a number of the text is no figure to compute with: a year, the one of "1 BTC", a number in a name."""
    value = quantity.value
    if quantity.unit is Unit.NUMBER and (
        value == 1 or (value.is_integer() and _FIRST_YEAR <= value <= _LAST_YEAR)
    ):
        return True
    if quantity.unit in _SAID_BY_ONE and value == 1:
        return True
    return _IN_NAME.search(text, max(0, quantity.start - _NAME_REACH), quantity.start) is not None


def read_lists(
    text: str, numbers: Sequence[Quantity | NumberList], *, shortest: int = _LIST_LENGTH
) -> list[NumberList]:
    """Rows of at least `shortest` numbers that only commas, semicolons, bars, slashes, blanks or "and" separate.

    `numbers` are in order; rows among them grow by the numbers beside them.
    """
    rows: list[NumberList] = []
    row: list[Quantity | NumberList] = []
    for number in numbers:
        if row and not _SEPARATOR.fullmatch(text, row[-1].end, number.start):
            rows += _as_list(row, shortest)
            row = []
        row.append(number)
    return rows + _as_list(row, shortest)


def _ungrouped(match: re.Match[str]) -> str:
    return match[0].replace(",", ";")


def _apart(found: list[Quantity], dates: Sequence[DateMention]) -> list[Quantity]:
    """In order, without those that overlap a date or an earlier quantity."""
    starts = [mention.start for mention in dates]
    kept: list[Quantity] = []
    for quantity in sorted(found, key=lambda q: (q.start, -q.end)):
        at = bisect_right(starts, quantity.end - 1) - 1
        in_date = at >= 0 and quantity.start < dates[at].end
        if not in_date and not (kept and quantity.start < kept[-1].end):
            kept.append(quantity)
    return kept


def _as_list(row: Sequence[Quantity | NumberList], shortest: int) -> list[NumberList]:
    values: list[float] = []
    for each in row:
        values += each.values if isinstance(each, NumberList) else (each.value,)
    if len(values) < shortest:
        return []
    return [NumberList(tuple(values), row[0].unit, row[0].start, row[-1].end)]


def _quantity(match: re.Match[str], text: str) -> Quantity | None:
    digits, exponent, scale, written, currency = match.group(
        "digits", "exponent", "scale", "unit", "currency"
    )
    try:
        value = float(digits)
    except ValueError:
        value = float(_GROUPING.sub("", digits))
    if exponent:
        value *= 10.0 ** int(exponent)
    if scale:
        value *= _SCALE[scale.lower()]
    if not math.isfinite(value):
        return None
    unit, factor = _unit((written or "").lower(), has_currency=bool(currency))
    negative = bool(match["inner"]) or _is_minus(match, text)
    if unit is Unit.PERCENT and not negative:
        before = text[max(0, match.start() - _FALLS_REACH) : match.start()]
        negative = before.rstrip()[-1:].isalpha() and _FALLS.search(before) is not None
    start = match.start() + text[match.start() : match.end()].startswith(" ")
    return Quantity(-value * factor if negative else value * factor, unit, start, match.end())


def _is_minus(match: re.Match[str], text: str) -> bool:
    """Whether the sign is a minus and not a dash between words ("price - 40")."""
    if match["sign"] not in {"-", "\u2212"}:
        return False
    after_sign = text[match.end("sign") : match.end("sign") + 1]
    return not after_sign.isspace()


def _unit(written: str, *, has_currency: bool) -> tuple[Unit, float]:
    if not written:
        return (Unit.MONEY if has_currency else Unit.NUMBER), 1.0
    if written in {"bps", "basis points"}:
        return Unit.PERCENT, 0.01
    if written.startswith(("%", "per", "pct")):
        return Unit.PERCENT, 1.0
    if written in {"x", "times", "fold"}:
        return Unit.MULTIPLE, 1.0
    if written.startswith("h"):
        return Unit.NUMBER, 1.0
    if written.rstrip("s") in _DURATION:
        return _DURATION[written.rstrip("s")]
    return Unit.MONEY, 1.0
