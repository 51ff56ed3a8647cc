"""Dates that stand in a text: how recent what it says can be."""

import re
from datetime import date

_EARLIEST = 1990
_MONTHS = {name[:3]: number for number, name in enumerate(
    "january february march april may june july august september october november december".split(), 1
)}  # fmt: skip
_ISO = re.compile(r"(?<![\d.-])((?:19|20)\d{2})-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?(?![\d-])")
_SPOKEN = re.compile(
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?((?:19|20)\d{2})\b",
    re.IGNORECASE,
)
_YEAR = re.compile(
    r"(?:\b(?:in|since|by|of|from|until|during|early|mid|late|as\sof|through|and|to|after|before)[\s-]|\()((?:19|20)\d{2})(?![\d%,.-]*\d)",
    re.IGNORECASE,
)


def latest_date(text: str, *, until: date) -> date | None:
    """The latest date named in a text that is not after `until`; None where there is none.

    A month counts as its first day, a year as its first of January. Numbers that only look like years
    ("2000 coins") do not count: a year stands after a word such as "in", or in brackets.
    """
    found = [*_iso(text), *_spoken(text), *(date(int(match[1]), 1, 1) for match in _YEAR.finditer(text))]
    past = [each for each in found if each.year >= _EARLIEST and each <= until]
    return max(past, default=None)


def _iso(text: str) -> list[date]:
    return [
        day for match in _ISO.finditer(text) if (day := _day(match[1], int(match[2]), match[3])) is not None
    ]


def _spoken(text: str) -> list[date]:
    return [
        day
        for match in _SPOKEN.finditer(text)
        if (day := _day(match[3], _MONTHS[match[1][:3].lower()], match[2])) is not None
    ]


def _day(year: str, month: int, day: str | None) -> date | None:
    try:
        return date(int(year), month, int(day or 1))
    except ValueError:
        return None
