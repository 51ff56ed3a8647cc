"""Numbers as people write them in a text: digits with any separators, scales, percent, and words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graphs.number_words import spelled_numbers

_BLANK = "[ \u00a0\u202f\u2009]"
_SCALES = {
    1e3: r"k|thousand|tsd\.?|tausend|mil|тыс\.?|тысяч\w*",
    1e6: r"m|mn|mln|mio\.?|millions?|millionen|mill(?:ón|ones)|млн\.?|миллион\w*",
    1e9: r"b|bn|billions?|mrd\.?|milliarden?|млрд\.?|миллиард\w*",
    1e12: r"t|tn|trillions?|billionen|billón|billones|трлн\.?|триллион\w*",
}
_SCALED = "|".join(f"(?P<e{n}>{words})" for n, words in enumerate(_SCALES.values()))
_DIGITS = (
    r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d{1,3}(?:['’]\d{3})+(?:[.,]\d+)?|"
    rf"\d{{1,3}}(?:{_BLANK}\d{{3}})+(?:[.,]\d+)?(?![\d.,]*\d))(?!\d)|\d+(?:[.,]\d+)?"
)
_NUMBER = re.compile(
    rf"(?<![\w.,])(?:(?P<digits>{_DIGITS})|(?P<bare>\.\d+))(?:[eE](?P<exponent>[+-]?\d{{1,3}})\b|"
    rf" ?[x×*·] ?10\^?(?P<power>-?\d{{1,2}})\b)?(?:{_BLANK}?(?:{_SCALED})(?!\w))?"
    rf"(?P<percent>{_BLANK}?(?:%|percent\b|per cent\b|prozent\b|por ciento\b|процент\w*))?",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"(?:\b(?:about|around|roughly|nearly|almost|approximately|some|over|under|etwa|rund|fast|ca\.?|unos|unas|casi|cerca de|"
    r"aproximadamente|около|примерно|почти)|~|≈)\s*[$€£¥₽]?\s*$",
    re.IGNORECASE,
)
_NO_FIGURES = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+|\[\d{1,3}\](?!\()|^[ \t]*(?:#{1,6} +)?\d{1,3}[.)](?=\s)|"
    r"^#{1,6} .*?\b(?:step|part|section) \d+|\b(?:step|phase|part|section|option|level|tier|шаг|schritt|paso) \d{1,2}\b|\b24/7\b",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
"""Code, addresses, citations, the numbering of lists and steps."""


@dataclass(frozen=True)
class Numeral:
    """A number where it stands in a text."""

    start: int
    end: int
    text: str
    readings: tuple[tuple[float, float], ...]
    """What it may mean, each with how far the number that was rounded to it may lie from it; never negative."""
    percent: bool
    parts: tuple["Numeral", ...] = ()
    """The numbers it falls apart into where blanks stand in it and may be no separators of thousands."""


def read_numerals(text: str, *, marks: bool = False) -> list[Numeral]:
    """The numbers of a text, in its order. Code, links, citations and numbering are passed over unless `marks`.

    "1.234" and "1,234" may be a thousand or a little more than one; the sign is left out, as prose says it in words.
    """
    shown = text if marks else _NO_FIGURES.sub(lambda match: " " * len(match[0]), text)
    digits = list(_digits(shown))
    ends = {numeral.end for numeral in digits}
    spelled = [numeral for numeral in _spelled(shown) if numeral.end not in ends]
    return sorted([*digits, *spelled], key=lambda numeral: numeral.start)


def _digits(text: str) -> Iterator[Numeral]:
    for match in _NUMBER.finditer(text):
        written = match["digits"] or match["bare"]
        power = int(match["exponent"] or match["power"] or 0)
        factors = [10.0**power]
        scale = next((value for n, value in enumerate(_SCALES) if match[f"e{n}"]), None)
        if scale:
            factors = [10.0**power * scale]
            if len(match[f"e{[*_SCALES].index(scale)}"]) == 1 or scale == 1e3:  # noqa: PLR2004  # "mil" is a word too
                factors.append(10.0**power)
        vague = _VAGUE.search(text[max(0, match.start() - 24) : match.start()]) is not None
        readings = tuple(
            (value * factor, step * factor / 2)
            for value, step in _values(written, vague=vague)
            for factor in factors
        )
        parts: tuple[Numeral, ...] = ()
        if re.search(_BLANK, written):
            parts = tuple(
                Numeral(match.start() + p.start(), match.start() + p.end(), p[0], tuple(_halved(p[0])), False)
                for p in re.finditer(r"\d+(?:[.,]\d+)?", written)
            )
        yield Numeral(match.start(), match.end(), match[0].strip(), readings, bool(match["percent"]), parts)


def _halved(written: str) -> Iterator[tuple[float, float]]:
    return ((value, step / 2) for value, step in _values(written, vague=False))


def _values(written: str, *, vague: bool) -> Iterator[tuple[float, float]]:
    """Each value that the digits may stand for, with the step of its last digit."""
    plain = re.sub(rf"{_BLANK}|['’]", "", written)
    marks = [mark for mark in plain if mark in ".,"]
    if not marks:
        yield float(plain), _step(plain, vague=vague)
        return
    last = marks[-1]
    whole, _, fraction = plain.rpartition(last)
    groups = re.sub("[.,]", "", whole)
    if marks.count(last) == 1:
        yield float(f"{groups or 0}.{fraction}"), 10.0 ** -len(fraction)
    if len(set(marks)) == 1 and len(fraction) == 3 and groups.lstrip("0"):  # noqa: PLR2004  # a group of thousands
        yield float(groups + fraction), _step(groups + fraction, vague=vague)


def _step(digits: str, *, vague: bool) -> float:
    """One, or where "about" stands before it the place of its last digit that is not 0."""
    return 10.0 ** (len(digits) - len(digits.rstrip("0"))) if vague and digits.strip("0") else 1.0


def _spelled(text: str) -> Iterator[Numeral]:
    for found in spelled_numbers(text):
        written = text[found.start : found.end]
        yield Numeral(found.start, found.end, written, ((found.value, 0.5),), found.percent)
