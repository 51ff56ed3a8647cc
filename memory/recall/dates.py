"""The time that a question speaks of: "last Tuesday", "in March", "two weeks ago", "on 3 May 2026"."""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name} | {
    name.lower(): number for number, name in enumerate(calendar.month_abbr) if name
}
_WEEKDAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_COUNTS = {
    word: number
    for number, words in enumerate(
        (
            "",
            "a an one",
            "two couple",
            "three few",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        )
    )
    for word in words.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_WEEKDAY = "|".join(_WEEKDAYS)
_COUNT = rf"(?:\d{{1,3}}|{'|'.join(_COUNTS)})"
_UNITS = {"day": 1, "week": 7, "month": 30, "year": 365}
_WAS = r"(?:back )?(?:in|during|since|of|early in|late in|by|from|until|before|after|this|last|around)"
_MOST_DAYS = 40 * 365


@dataclass(frozen=True)
class Window:
    """From `begins` up to `ends`, as `words` say it."""

    begins: datetime
    ends: datetime
    words: str


def window(text: str, now: datetime) -> Window | None:
    """The time that a question speaks of, seen from `now` and in its zone; None where it names none.

    Days of the week and months without a year are the latest that have begun. Of several times the first rule below
    that knows one counts: the most exact come first.
    """
    for pattern, meant in _RULES:
        for match in pattern.finditer(text):
            found = _meant(meant, match, now)
            if found:
                return Window(found[0], found[1], " ".join(match[0].split()))
    return None


_Span = tuple[datetime, datetime]


def _meant(
    meant: Callable[[re.Match[str], datetime], _Span | None], match: re.Match[str], now: datetime
) -> _Span | None:
    try:
        return meant(match, now)
    except (ValueError, OverflowError):
        return None  # such as 31 June


def _iso(match: re.Match[str], now: datetime) -> _Span:
    return _day(now.replace(year=int(match[1]), month=int(match[2]), day=int(match[3])))


def _date(match: re.Match[str], now: datetime) -> _Span:
    day, month, year = int(match["day"]), _MONTHS[match["month"].lower()], match["year"]
    found = _midnight(now).replace(day=1, month=month).replace(day=day)
    if year:
        return _day(found.replace(year=int(year)))
    return _day(found if found <= now else found.replace(year=now.year - 1))


def _ago(match: re.Match[str], now: datetime) -> _Span | None:
    unit = match["unit"].lower()
    count = _count(match["count"])
    if count * _UNITS[unit] > _MOST_DAYS:
        return None
    at = _midnight(now) - timedelta(days=count * _UNITS[unit])
    slack = timedelta(days={"day": 0, "week": 3, "month": 15, "year": 180}[unit])
    return at - slack, min(at + slack + timedelta(days=1), _midnight(now) + timedelta(days=1))


def _past(match: re.Match[str], now: datetime) -> _Span | None:
    days = _count(match["count"]) * _UNITS[match["unit"].lower()]
    return None if days > _MOST_DAYS else (_midnight(now) - timedelta(days=days), now)


def _named_day(match: re.Match[str], now: datetime) -> _Span:
    back = {"today": 0, "tonight": 0, "morning": 0, "yesterday": 1, "last night": 1, "before yesterday": 2}
    said = match[0].lower()
    days = next(back[name] for name in sorted(back, key=len, reverse=True) if name in said)
    return _day(now - timedelta(days=days))


def _weekday(match: re.Match[str], now: datetime) -> _Span:
    back = (now.weekday() - _WEEKDAYS[match["weekday"].lower()]) % 7
    if back == 0 and (match["which"] or "").lower() in {"last", "past"}:
        back = 7
    return _day(now - timedelta(days=back))


def _weekend(match: re.Match[str], now: datetime) -> _Span:
    saturday = _midnight(now) - timedelta(days=(now.weekday() - 5) % 7)
    if now.weekday() >= 5 and match["which"].lower() != "this":  # noqa: PLR2004  # Saturday
        saturday -= timedelta(days=7)
    return saturday, saturday + timedelta(days=2)


def _calendar(match: re.Match[str], now: datetime) -> _Span:
    unit, last = match["unit"].lower(), match["which"].lower() != "this"
    today = _midnight(now)
    if unit == "week":
        begins = today - timedelta(days=now.weekday() + 7 * last)
        return begins, begins + timedelta(days=7)
    if unit == "month":
        begins = today.replace(day=1)
        begins = (begins - timedelta(days=1)).replace(day=1) if last else begins
        return begins, _months_on(begins, 1)
    begins = today.replace(month=1, day=1, year=now.year - last)
    return begins, begins.replace(year=begins.year + 1)


def _month(match: re.Match[str], now: datetime) -> _Span | None:
    name = match["month"]
    if name in {"may", "march", "mar", "sep", "dec"} and not match["year"]:
        return None  # in small letters they are other words
    begins = _midnight(now).replace(day=1, month=_MONTHS[name.lower()])
    if match["year"]:
        begins = begins.replace(year=int(match["year"]))
    elif begins > now or ((match["how"] or "").lower().endswith("last") and begins.month == now.month):
        begins = begins.replace(year=begins.year - 1)
    return _how(match["how"], begins, _months_on(begins, 1), now)


def _season(match: re.Match[str], now: datetime) -> _Span:
    begins = _midnight(now).replace(day=1, month=_SEASONS[match["season"].lower()])
    if begins > now:
        begins = begins.replace(year=begins.year - 1)
    return begins, _months_on(begins, 3)


def _year(match: re.Match[str], now: datetime) -> _Span:
    begins = _midnight(now).replace(year=int(match["year"]), month=1, day=1)
    return _how(match["how"], begins, begins.replace(year=begins.year + 1), now)


def _lately(match: re.Match[str], now: datetime) -> _Span:
    return _midnight(now) - timedelta(days=14 if match else 0), now


def _how(how: str | None, begins: datetime, ends: datetime, now: datetime) -> _Span:
    word = (how or "").lower().rsplit(" ", 1)[-1]
    if word == "since":
        return begins, now
    if word == "after":
        return ends, max(now, ends)
    if word in {"before", "until"}:
        return begins - timedelta(days=_MOST_DAYS), begins
    return begins, ends


def _count(word: str) -> int:
    return int(word) if word.isdigit() else _COUNTS[word.lower()]


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _day(at: datetime) -> _Span:
    begins = _midnight(at)
    return begins, begins + timedelta(days=1)


def _months_on(begins: datetime, months: int) -> datetime:
    number = begins.year * 12 + begins.month - 1 + months
    return begins.replace(year=number // 12, month=number % 12 + 1)


def _rule(
    pattern: str, meant: Callable[[re.Match[str], datetime], _Span | None]
) -> tuple[re.Pattern[str], Callable[[re.Match[str], datetime], _Span | None]]:
    return re.compile(pattern, re.IGNORECASE), meant


_RULES = (
    _rule(r"\b(\d{4})-(\d{2})-(\d{2})\b", _iso),
    _rule(
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH})\b\.?(?:,? (?P<year>(?:19|20)\d\d)\b)?",
        _date,
    ),
    _rule(
        rf"\b(?P<month>{_MONTH})\.? (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)(?:,? (?P<year>(?:19|20)\d\d)\b)?",
        _date,
    ),
    _rule(
        r"\b(?:the day )?before yesterday\b|\byesterday\b|\btoday\b|\btonight\b|\blast night\b|\bthis morning\b",
        _named_day,
    ),
    _rule(rf"\b(?P<count>{_COUNT})(?: of)? (?P<unit>day|week|month|year)s? (?:ago|back|earlier)\b", _ago),
    _rule(rf"\b(?:last|past|previous) (?P<count>{_COUNT})(?: of)? (?P<unit>day|week|month|year)s?\b", _past),
    _rule(rf"\b(?:(?P<which>last|past|this|on) )(?P<weekday>{_WEEKDAY})\b", _weekday),
    _rule(r"\b(?P<which>last|this|the|past) weekend\b", _weekend),
    _rule(rf"\b(?:(?P<how>{_WAS}) )(?P<month>{_MONTH})\b\.?(?:,? (?P<year>(?:19|20)\d\d)\b)?", _month),
    _rule(rf"\b(?P<how>(?!))?(?P<month>{_MONTH}) (?P<year>(?:19|20)\d\d)\b", _month),
    _rule(r"\b(?P<which>last|this|past|previous) (?P<unit>week|month|year)\b", _calendar),
    _rule(rf"\b(?:last|this|in|in the|during the|over the) (?P<season>{'|'.join(_SEASONS)})\b", _season),
    _rule(rf"\b(?P<how>{_WAS}) (?P<year>(?:19|20)\d\d)\b", _year),
    _rule(r"\b(?:recently|lately|the other day)\b", _lately),
)
