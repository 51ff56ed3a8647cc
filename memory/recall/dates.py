"""The time that a text speaks of: "last Tuesday", "im März", "hace dos semanas", "позавчера", "on 3 May 2026".

The words of each language and the order in which it puts them stand in `times/`, one file a language. A rule there names
what it means, and has patterns with the places `{month}`, `{weekday}`, `{season}`, `{count}`, `{unit}`, `{year}`, `{days}`,
`{how}`, `{last}` and `{this}`. Times to come are none: nothing was said then.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from typing import Any  # TOML

_LANGUAGES = ("en", "de", "es", "ru")
_UNITS = {"day": 1, "week": 7, "month": 30, "year": 365}
_SLACK = {"day": 0, "week": 3, "month": 15, "year": 180}
_MOST_DAYS = 40 * 365
_CENTURY = 2000


@dataclass(frozen=True)
class Window:
    """From `begins` up to `ends`, as `words` say it."""

    begins: datetime
    ends: datetime
    words: str


@dataclass(frozen=True)
class _Words:
    """The words by which a language names times, in lower case, with what they mean."""

    months: Mapping[str, int]
    weekdays: Mapping[str, int]
    seasons: Mapping[str, int]
    counts: Mapping[str, int]
    units: Mapping[str, str]
    days: tuple[re.Pattern[str], ...]
    """By how many days ago they are."""
    how: Mapping[str, re.Pattern[str]]
    ambiguous: frozenset[str]


def window(text: str, now: datetime) -> Window | None:
    """The time that a text speaks of, seen from `now` and in its zone; None where it names none.

    English, German, Spanish and Russian are read. Days of the week and months without a year are the latest that have
    begun. Of several times the first rule that knows one counts, the most exact first.
    """
    for words, pattern, meant in _RULES:
        for match in pattern.finditer(text):
            found = _meant(meant, match, words, now)
            if found:
                return Window(found[0], found[1], " ".join(match[0].split()))
    return None


_Span = tuple[datetime, datetime]
_Meaning = Callable[[re.Match[str], _Words, datetime], _Span | None]


def _meant(meant: _Meaning, match: re.Match[str], words: _Words, now: datetime) -> _Span | None:
    try:
        return meant(match, words, now)
    except (ValueError, OverflowError):
        return None  # such as 31 June


def _group(match: re.Match[str], name: str) -> str:
    """What stands in a place of the pattern, in lower case; empty where it has no such place."""
    return (match.groupdict().get(name) or "").lower()


def _date(match: re.Match[str], words: _Words, now: datetime) -> _Span:
    month = words.months[_group(match, "month")] if _group(match, "month") else int(match["number"])
    day = int(match["day"]) if match["day"].isdigit() else 1
    year = int(_group(match, "year") or 0)
    if year:
        year += _CENTURY * (year < _CENTURY // 20)
        return _day(now.replace(day=1, year=year, month=month).replace(day=day))
    found = _midnight(now).replace(day=1, month=month).replace(day=day)
    return _day(found if found <= now else found.replace(year=now.year - 1))


def _ago(match: re.Match[str], words: _Words, now: datetime) -> _Span | None:
    unit, days = _stretch(match, words)
    if days > _MOST_DAYS:
        return None
    at = _midnight(now) - timedelta(days=days)
    slack = timedelta(days=_SLACK[unit])
    return at - slack, min(at + slack + timedelta(days=1), _midnight(now) + timedelta(days=1))


def _past(match: re.Match[str], words: _Words, now: datetime) -> _Span | None:
    _, days = _stretch(match, words)
    return None if days > _MOST_DAYS else (_midnight(now) - timedelta(days=days), now)


def _stretch(match: re.Match[str], words: _Words) -> tuple[str, int]:
    """A unit, and how many days so many of it are."""
    unit, count = words.units[_group(match, "unit")], _group(match, "count")
    number = 1 if not count else int(count) if count.isdigit() else words.counts[count]
    return unit, number * _UNITS[unit]


def _named_day(match: re.Match[str], words: _Words, now: datetime) -> _Span:
    back = next(number for number, days in enumerate(words.days) if days.fullmatch(match["days"]))
    return _day(now - timedelta(days=back))


def _weekday(match: re.Match[str], words: _Words, now: datetime) -> _Span:
    back = (now.weekday() - words.weekdays[_group(match, "weekday")]) % 7
    if back == 0 and _group(match, "last"):
        back = 7
    return _day(now - timedelta(days=back))


def _weekend(match: re.Match[str], words: _Words, now: datetime) -> _Span:  # noqa: ARG001  # as the others
    saturday = _midnight(now) - timedelta(days=(now.weekday() - 5) % 7)
    if now.weekday() >= 5 and not _group(match, "this"):  # noqa: PLR2004  # Saturday
        saturday -= timedelta(days=7)
    return saturday, saturday + timedelta(days=2)


def _calendar(match: re.Match[str], words: _Words, now: datetime) -> _Span | None:
    unit, last = words.units[_group(match, "unit")], not _group(match, "this")
    today = _midnight(now)
    if unit == "day":
        return None
    if unit == "week":
        begins = today - timedelta(days=now.weekday() + 7 * last)
        return begins, begins + timedelta(days=7)
    if unit == "month":
        begins = today.replace(day=1)
        begins = (begins - timedelta(days=1)).replace(day=1) if last else begins
        return begins, _months_on(begins, 1)
    begins = today.replace(month=1, day=1, year=now.year - last)
    return begins, begins.replace(year=begins.year + 1)


def _month(match: re.Match[str], words: _Words, now: datetime) -> _Span | None:
    name, year = match["month"], _group(match, "year")
    if name in words.ambiguous and not year:
        return None  # in small letters they are other words
    begins = _midnight(now).replace(day=1, month=words.months[name.lower()])
    if year:
        begins = begins.replace(year=int(year))
    elif begins > now or (_group(match, "last") and begins.month == now.month):
        begins = begins.replace(year=begins.year - 1)
    return _how(_group(match, "how"), words, (begins, _months_on(begins, 1)), now)


def _season(match: re.Match[str], words: _Words, now: datetime) -> _Span:
    begins = _midnight(now).replace(day=1, month=words.seasons[_group(match, "season")])
    if begins > now:
        begins = begins.replace(year=begins.year - 1)
    return begins, _months_on(begins, 3)


def _year(match: re.Match[str], words: _Words, now: datetime) -> _Span:
    begins = _midnight(now).replace(year=int(match["year"]), month=1, day=1)
    return _how(_group(match, "how"), words, (begins, begins.replace(year=begins.year + 1)), now)


def _lately(match: re.Match[str], words: _Words, now: datetime) -> _Span:  # noqa: ARG001  # as the others
    return _midnight(now) - timedelta(days=14), now


def _how(said: str, words: _Words, span: _Span, now: datetime) -> _Span:
    begins, ends = span
    match next((how for how, pattern in words.how.items() if pattern.fullmatch(said)), ""):
        case "since":
            return begins, now
        case "after":
            return ends, max(now, ends)
        case "before":
            return begins - timedelta(days=_MOST_DAYS), begins
    return span


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _day(at: datetime) -> _Span:
    begins = _midnight(at)
    return begins, begins + timedelta(days=1)


def _months_on(begins: datetime, months: int) -> datetime:
    number = begins.year * 12 + begins.month - 1 + months
    return begins.replace(year=number // 12, month=number % 12 + 1)


_MEANINGS: Mapping[str, _Meaning] = {
    "date": _date,
    "ago": _ago,
    "past": _past,
    "named day": _named_day,
    "weekday": _weekday,
    "weekend": _weekend,
    "calendar": _calendar,
    "month": _month,
    "season": _season,
    "year": _year,
    "lately": _lately,
}


def _read(language: str) -> Iterator[tuple[_Words, re.Pattern[str], _Meaning]]:
    """The rules of a language, in the order of its file."""
    data: dict[str, Any] = tomllib.loads(
        resources.files("memory.recall").joinpath("times", f"{language}.toml").read_text("utf-8")
    )
    words = _Words(
        months={form: number for number, forms in enumerate(data["months"], 1) for form in forms.split()},
        weekdays={form: number for number, forms in enumerate(data["weekdays"]) for form in forms.split()},
        seasons=data["seasons"],
        counts={form: number for number, forms in enumerate(data["counts"]) for form in forms.split()},
        units={form: unit for unit, forms in data["units"].items() for form in forms.split()},
        days=tuple(_pattern(days) for days in data["days"]),
        how={how: _pattern(said) for how, said in data["how"].items()},
        ambiguous=frozenset(data["ambiguous"].split()),
    )
    places = {
        "month": _any(words.months),
        "weekday": _any(words.weekdays),
        "season": _any(words.seasons),
        "count": rf"\d{{1,3}}|{_any(words.counts)}",
        "unit": _any(words.units),
        "year": r"(?:19|20)\d\d(?!\d)",
        "days": "|".join(reversed(data["days"])),
        "how": "|".join(data["how"].values()),
        "last": data["last"],
        "this": data["this"],
    }
    for rule in data["rules"]:
        for said in rule["said"]:
            for place, forms in places.items():
                said = said.replace(f"{{{place}}}", f"(?P<{place}>{forms})")  # noqa: PLW2901  # place by place
            yield words, _pattern(rf"(?<!\w)(?:{said})(?!\w)"), _MEANINGS[rule["means"]]


def _any(words: Mapping[str, Any]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


def _pattern(said: str) -> re.Pattern[str]:
    return re.compile(said, re.IGNORECASE)


_RULES = tuple(rule for language in _LANGUAGES for rule in _read(language))
