"""How numbers are written in a message: which sign divides thousands and which the fraction, decided for all of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from models.glossary import lies_within

Span = tuple[int, int]
_BLANK = "  \u00a0\u202f\u2009"
_WRITTEN = re.compile(r"(?<![\w.,'’])\d+(?:[.,'’]\d+)*")
_GROUPS = re.compile(rf"(?<![\w.,])(?<!\d[{_BLANK}])\d{{1,3}}(?:[{_BLANK}]\d{{3}})+(?![\d.])(?![{_BLANK}]\d)")
_DATE = re.compile(r"\d{1,2}\.\d{1,2}\.\d{2,4}|\d{4}[-/]\d{1,2}[-/]\d{1,2}")
_DECIMAL_COMMA = frozenset({"ru", "es", "de"})
_MONEY = re.compile(r"\s?(?:€|euros?\b|eur\b|%)", re.IGNORECASE)
_MEASURED = re.compile(r"\s?(?:%|€|\$|£|euros?\b|eur\b|usd\b|k\b|mio\b|percent\b)", re.IGNORECASE)
_THREE = 3
_FEWEST_IN_LIST = 3


@dataclass(frozen=True)
class _Number:
    """A number as it is written."""

    start: int
    end: int
    text: str

    @property
    def tail(self) -> str:
        """The digits behind its last point or comma."""
        return re.split(r"[.,]", self.text)[-1]

    @property
    def is_point_decimal(self) -> bool:
        """Whether only a fraction behind a point can be meant: 2.35, 1,234.5, 0.350."""
        head, _, tail = self.text.rpartition(".")
        return (
            bool(head)
            and "." not in head
            and "," not in tail
            and (len(tail) != _THREE or "," in head or int(head) == 0)
        )

    @property
    def is_comma_decimal(self) -> bool:
        """Whether the commas allow nothing but a fraction: 25,50, 1.234,5, 0,015."""
        head, _, tail = self.text.rpartition(",")
        if not head or "," in head or "." in tail:
            return False
        return len(tail) != _THREE or "." in head or head.strip("0") == ""

    @property
    def is_comma_grouped(self) -> bool:
        """Whether its commas divide groups of three digits: 12,000, 1,234,567.5."""
        return re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", self.text) is not None and self.text[0] != "0"

    @property
    def is_point_grouped(self) -> bool:
        """Whether its points may divide groups of three digits: 12.000, 1.234.567,5."""
        return re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", self.text) is not None and self.text[0] != "0"


def plain_numbers(text: str, kept: Sequence[Span], *, language: str) -> list[tuple[int, int, str]]:
    """The edits that put each number outside the `kept` spans into digits with a decimal point, where it is not so already."""
    dates = [match.span() for match in _DATE.finditer(text)]
    spans = sorted([*kept, *(date for date in dates if not lies_within(date[0], kept))])
    numbers = [
        _Number(match.start(), match.end(), match[0])
        for match in _WRITTEN.finditer(text)
        if not lies_within(match.start(), spans)
    ]
    comma = _is_decimal_comma(numbers, text, language)
    edits = []
    for number in numbers:
        plain = _with_comma(number) if comma else _with_point(number, text)
        if plain != number.text:
            edits.append((number.start, number.end, plain))
    edits += _blank_groups(text, spans, language)
    edits.sort()
    apart: list[tuple[int, int, str]] = []
    for edit in edits:
        if apart and edit[0] < apart[-1][1]:
            if edit[1] - edit[0] > apart[-1][1] - apart[-1][0]:
                apart[-1] = edit
            continue
        apart.append(edit)
    return apart


def _is_decimal_comma(numbers: Sequence[_Number], text: str, language: str) -> bool:
    """Whether the message divides fractions by a comma."""
    point = sum(n.is_point_decimal for n in numbers) + sum(
        n.is_comma_grouped for n in numbers if language == "en"
    )
    sure = sum("." in n.text and n.is_comma_decimal for n in numbers)
    sure += sum(n.is_point_grouped and n.text.count(".") > 1 for n in numbers)
    fractions = [n for n in numbers if n.is_comma_decimal and not _is_pair(n, text)]
    if sure:
        return True
    if language in _DECIMAL_COMMA:
        return not point or len(fractions) >= point
    if point:
        return False
    measured = any(
        _MEASURED.match(text, n.end) or text[n.start - 1 : n.start] in {"€", "$", "£"} for n in fractions
    )
    grouped = any(n.is_point_grouped for n in numbers)
    return bool(fractions) and (measured or grouped or len(fractions) >= _FEWEST_IN_LIST)


def _is_pair(number: _Number, text: str) -> bool:
    """Whether it stands alone in brackets, as two scores do: (2,5)."""
    return text[number.start - 1 : number.start] == "(" and text[number.end : number.end + 1] == ")"


def _with_comma(number: _Number) -> str:
    if number.is_point_grouped or number.is_comma_decimal:
        return number.text.replace(".", "").replace(",", ".") if number.text.count(",") <= 1 else number.text
    if re.fullmatch(r"\d+,\d{3}", number.text):
        return number.text.replace(",", ".")
    return number.text


def _with_point(number: _Number, text: str) -> str:
    """A point before three digits divides thousands only in euros, where a price has no third decimal."""
    euros = text[max(0, number.start - 2) : number.start].strip().endswith("€") or (
        (unit := _MONEY.match(text, number.end)) is not None and "%" not in unit[0]
    )
    if number.is_point_grouped and (euros or number.text.count(".") > 1):
        return number.text.replace(".", "")
    return number.text


def _blank_groups(text: str, spans: Sequence[Span], language: str) -> list[tuple[int, int, str]]:
    """Digits in groups of three between blanks: 12 000, where it cannot be a row of numbers."""
    edits = []
    for match in _GROUPS.finditer(text):
        if lies_within(match.start(), spans):
            continue
        head, *tails = re.split(rf"[{_BLANK}]", match[0])
        hard = " " not in match[0]
        round_ = all(tail.endswith("0") for tail in tails[-1:]) and head[0] != "0"
        alone = len(tails) == 1 and (language == "ru" or tails[0].endswith("00"))
        many = (
            len(tails) > 1 and (tails[-1].endswith("00") or len(head) < _THREE) and language in _DECIMAL_COMMA
        )
        if hard or (round_ and (alone or many)) or (language == "ru" and len(tails) == 1):
            end = match.end()
            edits.append((match.start(), end, head + "".join(tails)))
    return edits
