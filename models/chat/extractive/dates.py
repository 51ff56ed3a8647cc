"""Calendar dates as people write them. None is guessed: what can be read in two ways has both readings."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

_MONTHS = "january february march april may june july august september october november december".split()
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_NUMERIC = re.compile(
    r"(?<![\w.,/-])(?:(?P<year>\d{4})(?P<mark>[-/])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})"
    r"|(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>(?:19|20|21)\d\d)"
    r"|(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<last>(?:19|20|21)\d\d))(?![\w/-]|\.\d)"
)
_LONG = re.compile(
    rf"\b(?:(?P<d1>{_DAY})\s(?:of\s)?(?P<m1>[A-Za-z]{{3,9}})|(?P<m2>[A-Za-z]{{3,9}})\s(?P<d2>{_DAY})),?\s(?P<year>\d{{4}})\b"
)
_NAMED = "|".join(
    # "may" and "mar" are words of their own where they are written small.
    [f"(?i:{name})" for name in _MONTHS if name != "may"]
    + ["May", "Sept?", *(name[:3].title() for name in _MONTHS if name not in {"may", "september"})]
)
_GOES_ON = r"(?=\s*(?:$|[.;:!?)\n](?!\d)|,(?!\s?\d)|(?:to|until|till|through|and|or|but|for|with|at|on|by|is|as|we|I|the|please)\b))"
"""What may follow a date without a year; "in March 3 posts a week" names none."""
_YEARLESS = re.compile(
    rf"(?<![\w.,$€£+-])(?:(?P<d1>{_DAY})\s(?:of\s)?(?P<m1>{_NAMED})|(?<!\d )(?P<m2>{_NAMED})\.?\s(?P<d2>{_DAY}))\b{_GOES_ON}"
)
_MOST_MONTHS = 12
_LEAP_YEARS_APART = 8
"""Years within which every day of a calendar comes."""


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date that stands in a text (start and end offsets), by its numbers."""

    days: tuple[tuple[int | None, int, int], ...]
    """Year (None where there is none), month and day; two of these where it is open which is the month."""
    text: str
    start: int
    end: int

    def readings(self, today: date) -> list[date]:
        """What it may mean: one date, two of an unclear one, none of one that no calendar has.

        Without a year it is the next such day from `today` on.
        """
        found = [
            _next(month, day, today) if year is None else _day(year, month, day)
            for year, month, day in self.days
        ]
        return [value for value in found if value is not None]


@lru_cache(maxsize=8)
def read_dates(text: str) -> tuple[DateMention, ...]:
    """Dates in order: 2026-03-01, 2026/03/01, 01.03.2026, 31/12/2026, 1 March 2026, March 1, 2026, and both without a year.

    Of numbers between slashes with the year last either may be the month where both may.
    """
    found = [_mention(match, _numeric(match)) for match in _NUMERIC.finditer(text)]
    for pattern in (_LONG, _YEARLESS):
        before = tuple(found)  # in order, and apart from each other
        for match in pattern.finditer(text):
            month = _month(match["m1"] or match["m2"])
            if month and not _overlaps(match, before):
                day = int(re.sub(r"\D", "", match["d1"] or match["d2"]))
                year = int(match["year"]) if pattern is _LONG else None
                found.append(_mention(match, ((year, month, day),)))
        found.sort(key=_start)
    return tuple(found)


def _overlaps(match: re.Match[str], mentions: Sequence[DateMention]) -> bool:
    """Whether it shares a character with one of the mentions, which are in order."""
    later = bisect_left(mentions, match.end(), key=_start)
    return later > 0 and mentions[later - 1].end > match.start()


def _start(mention: DateMention) -> int:
    return mention.start


def _mention(match: re.Match[str], days: tuple[tuple[int | None, int, int], ...]) -> DateMention:
    return DateMention(days, match[0], match.start(), match.end())


def _numeric(match: re.Match[str]) -> tuple[tuple[int | None, int, int], ...]:
    if match["year"]:
        return ((int(match["year"]), int(match["month"]), int(match["day"])),)
    if match["y"]:
        return ((int(match["y"]), int(match["m"]), int(match["d"])),)
    first, second, year = int(match["first"]), int(match["second"]), int(match["last"])
    ways = [(year, second, first)] if second <= _MOST_MONTHS else []
    if first <= _MOST_MONTHS and first != second:
        ways.append((year, first, second))
    return tuple(ways)


def _month(name: str) -> int:
    return next((n for n, full in enumerate(_MONTHS, 1) if full.startswith(name.lower())), 0)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _next(month: int, day: int, today: date) -> date | None:
    years = range(today.year, today.year + _LEAP_YEARS_APART + 1)
    return next((value for year in years if (value := _day(year, month, day)) and value >= today), None)
