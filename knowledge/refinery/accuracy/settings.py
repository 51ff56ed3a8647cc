"""Default settings and ranges that a text gives of indicators, compared with their definitions."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from knowledge.refinery.accuracy.claims import Check, Claim, Kind

_DEFAULT: Final = re.compile(
    r"\b(?:defaults?|standard|typical(?! price)|usual|common(?:ly)?|traditional|normal)(?:ly)?\b",
    re.IGNORECASE,
)
_STRICT: Final = re.compile(r"\b(?:defaults?|standard)\b", re.IGNORECASE)
_RANGES: Final = r"(?:ranges?|ranging|oscillat(?:es?|ing)|moves?|moving|varies|varying|fluctuat(?:es?|ing)|runs?|bounded|scaled?|values?)"
_NUMBER: Final = r"[-+\u2212]?\d+(?:\.\d+)?"
_RANGE: Final = re.compile(
    rf"\b{_RANGES}\b(?P<behind>[^.\n\d]{{0,20}}?)\b(?:from|between)\s+(?P<one>{_NUMBER})\s*%?\s*(?:to|and|-|\u2013)\s*"
    rf"(?P<other>{_NUMBER})(?![\d.]*\d)",
    re.IGNORECASE,
)
_PLAIN_BETWEEN: Final = re.compile(
    r"(?:[\s,)]|\([^)\d]{1,30}\)|\b(?:values?|readings?|line|indicator|oscillator|index|itself|always|that|which|is|an?|and|"
    r"momentum|technical|it|can|only|score|uses?|has|with|its|the|a|are|settings?|calculated|over|using|of|periods?)\b|'s\b)*",
    re.IGNORECASE,
)
_CONDITION: Final = re.compile(
    r"\b(?:when|during|while|if|trends?|uptrends?|downtrends?|markets?|typically|usually|often|mostly|tends?|normal(?:ly)?|"
    r"generally|commonly|historically|rescaled|normali[sz]ed|some|sometimes|version|variant)\b",
    re.IGNORECASE,
)
_LOOK_BACK: Final = 90
_SENTENCE: Final = re.compile(r"[.!?](?=\s)|\n")


@dataclass(frozen=True, kw_only=True)
class IndicatorFacts:
    """What is known for certain of an indicator."""

    name: str
    names: tuple[str, ...]
    """What texts call it."""
    defaults: tuple[float, ...] = ()
    """Its usual settings, in their usual order."""
    settled: bool = False
    """Whether everybody has these; where not, other settings are no mistake."""
    low: float | None = None
    high: float | None = None
    needs: tuple[str, ...] = ()
    """The series it is computed from: `close`, `high` and so on; none for what is not computed."""
    parameters: tuple[str, ...] = ()
    """What its settings are called, in the order of the defaults."""
    outputs: tuple[str, ...] = ()
    """What it gives; the first is its value."""


def name_alternatives(names: Iterable[str]) -> str:
    """A pattern of any of these names, the longest first, with blanks or hyphens between their words."""
    ordered = sorted(names, key=len, reverse=True)
    return "|".join(re.escape(name).replace(r"\ ", r"[\s-]+") for name in ordered)


class Names:
    """What texts call indicators, found in them."""

    def __init__(self, facts: Sequence[IndicatorFacts]) -> None:
        self._facts = {_folded(name): fact for fact in facts for name in fact.names}
        self._pattern = re.compile(
            rf"(?<![\w%+-])(?:{name_alternatives(self._facts)})(?![\w%])", re.IGNORECASE
        )

    def last(self, text: str, start: int, end: int) -> tuple[IndicatorFacts, re.Match[str]] | None:
        """The last indicator that is named in that part of a text."""
        match = None
        for match in self._pattern.finditer(text, start, end):  # noqa: B007  # the last one is wanted
            pass
        return None if match is None else (self._facts[_folded(match[0])], match)


def setting_check(facts: Sequence[IndicatorFacts]) -> Check:
    """A check of the default settings and ranges of these indicators."""
    names = Names(facts)

    def check(text: str) -> list[Claim]:
        return [*_defaults(text, names), *_ranges(text, names)]

    return check


def _folded(name: str) -> str:
    return re.sub(r"[\s-]+", " ", name.casefold()).strip()


def _subject(text: str, at: int, names: Names) -> tuple[IndicatorFacts, int, str, str] | None:
    """The indicator that is named last before a place in the same sentence, where, what stands between, and what before."""
    begin = max(0, at - _LOOK_BACK)
    for cut in _SENTENCE.finditer(text, begin, at):
        begin = cut.end()
    found = names.last(text, begin, at)
    return (
        None
        if found is None
        else (found[0], found[1].start(), text[found[1].end() : at], text[begin : found[1].start()])
    )


def _defaults(text: str, names: Names) -> Iterator[Claim]:
    done = 0
    for word in _DEFAULT.finditer(text):
        subject = _subject(text, word.start(), names)
        if subject is None or not subject[0].settled:
            continue
        fact, start, between, before = subject
        match = _numbers(len(fact.defaults)).match(text, word.end())
        if match is None or match.end() == done:
            continue
        done = match.end()
        holds = tuple(float(number) for number in match.groups()) == fact.defaults
        strict = _STRICT.fullmatch(word[0]) is not None
        if holds or (strict and _is_general(between, before + between)):
            computed = ", ".join(f"{each:g}" for each in fact.defaults)
            yield Claim(
                kind=Kind.DEFAULT, statement=text[start : match.end()], computed=computed, holds=holds
            )


@cache
def _numbers(count: int) -> re.Pattern[str]:
    """So many numbers behind a word that says default; a single one is a count of bars."""
    if count == 1:
        return re.compile(
            r"[^.\n\d]{0,40}?\b(\d{1,3})(?=[\s-]?(?:periods?|days?|bars?|candles?))", re.IGNORECASE
        )
    numbers = r"\D{1,24}".join([r"(\d{1,3}(?:\.\d+)?)"] * count)
    return re.compile(rf"[^.\n\d]{{0,40}}?\b{numbers}(?![\d%]|\.\d)", re.IGNORECASE)


def _ranges(text: str, names: Names) -> Iterator[Claim]:
    """A range is wrong when it goes beyond what the formula allows; a narrower one may be what is usual."""
    for match in _RANGE.finditer(text):
        subject = _subject(text, match.start(), names)
        if subject is None or subject[0].low is None or subject[0].high is None:
            continue
        fact, start, between, before = subject
        bounds = [float(fact.low or 0), float(fact.high or 0)]
        given = sorted(float(match[each].replace("\u2212", "-").lstrip("+")) for each in ("one", "other"))
        holds = given == bounds
        wrong = _is_beyond(given, bounds) and _is_general(between, before + between + match["behind"])
        if holds or wrong:
            computed = f"{bounds[0]:g} to {bounds[1]:g}"
            yield Claim(kind=Kind.RANGE, statement=text[start : match.end()], computed=computed, holds=holds)


def _is_beyond(given: Sequence[float], bounds: Sequence[float]) -> bool:
    """Whether a range leaves the bounds and is not the same on another scale or turned round."""
    scaled = [[each / 100 for each in bounds], [each * 100 for each in bounds]]
    turned = sorted(abs(each) for each in given) == sorted(abs(each) for each in bounds)
    return (given[0] < bounds[0] or given[1] > bounds[1]) and not turned and given not in scaled


def _is_general(between: str, said: str) -> bool:
    """Whether the indicator itself is meant, whatever the market does."""
    return _PLAIN_BETWEEN.fullmatch(between) is not None and _CONDITION.search(said) is None
