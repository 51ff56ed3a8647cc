"""Changes in percent that a text states of two numbers it gives, and yearly growth between two years."""

import re
from collections.abc import Iterator
from typing import Final

from knowledge.refinery.accuracy.claims import Claim, Kind
from knowledge.refinery.accuracy.numbers import HEDGE, LOOSE, NUMBER, Written, read

_UP: Final = r"increase|rise|gain|growth|rally|jump|surge|appreciation|climb|return|profit|advance"
_DOWN: Final = (
    r"decrease|decline|fall|drop|loss|crash|drawdown|correction|reduction|depreciation|retracement|decay"
)
_YEARS: Final = (
    r"(?: in| by| at the (?:start|end) of)? (?:(?:early|late|mid)[ -])?(?:[A-Z][a-z]+ )?(?:19|20)\d\d"
)
_UNITS: Final = r"(?: (?!to\b|from\b|and\b|in\b|by\b)[A-Za-z]+){0,2}"
_FROM_TO: Final = re.compile(
    rf"\b(?i:from) (?P<old>(?:{HEDGE} )*{NUMBER}){_UNITS}(?P<old_year>{_YEARS})?,? to (?P<new>(?:{HEDGE} )*{NUMBER})(?![-/\w]|\.\d)"
)
_PERCENT: Final = r"(?P<loose>(?:(?:about|around|approximately|roughly|nearly|almost|over|more than|less than|under) |~|≈)?)[-+\u2212]?(?P<percent>\d[\d,]*(?:\.\d+)?)\s?(?:%|percent\b)"
_BEHIND: Final = re.compile(
    rf"{_UNITS}(?:{_YEARS})?(?:"
    rf" \((?:(?:a|an|or|which is|that is|i\.e\.) )?{_PERCENT}(?: (?P<bracketed>{_UP}|{_DOWN}))?\)"
    rf"|(?:,? (?:which |that |this )?(?:is|was|would be|represents|means|marks)|,(?: or| that is| representing)?|:) (?:a|an) (?:total )?(?:{_PERCENT.replace('percent>', 'percent2>').replace('loose>', 'loose2>')} (?P<named>{_UP}|{_DOWN})|(?P<named3>{_UP}|{_DOWN}) of {_PERCENT.replace('percent>', 'percent3>').replace('loose>', 'loose3>')})"
    r")"
)
_BEFORE: Final = re.compile(
    rf"\b(?P<verb>{_UP}|{_DOWN}|rises|rose|grew|grows|grow|gained|gains|climbed|jumped|surged|increased|increases|fell|falls|dropped|drops|declined|declines|lost|decreased|decreases|crashed)"
    rf"(?:s)?(?: by| of)? {_PERCENT} \Z"
)
_GROWTH: Final = re.compile(
    rf"(?: by| in)? (?P<year>(?:19|20)\d\d),? (?:at|with|representing|registering|growing at|reflecting|for) (?:a |an )?(?:CAGR|compound(?:ed)? annual growth rate)(?: \(CAGR\))? of {_PERCENT}",
    re.IGNORECASE,
)
_SHARE: Final = re.compile(
    rf"(?<![\d.,-])(?P<share>\d+(?:\.\d+)?) ?% of (?:a |an |the )?(?P<whole>{NUMBER})(?: (?:account|portfolio|position|capital|balance))?"
    rf",? (?:is|equals|=|would be|comes to|makes|are) (?P<part>{NUMBER})(?![-/\w]|\.\d| ?[-+*/x×])"
)
_FALLING: Final = frozenset(
    "fell falls dropped drops declined declines lost decreased decreases crashed".split()
)
_SPAN: Final = 120
_EXACT: Final = 0.01
_FREE: Final = 0.05  # of the stated percentage: sources round both ends and the change on their own


def change_claims(text: str) -> list[Claim]:
    """The changes and shares of a text whose numbers all stand beside each other."""
    found = [claim for match in _FROM_TO.finditer(text) for claim in _changes(text, match)]
    return [*found, *_shares(text)]


def _changes(text: str, match: re.Match[str]) -> Iterator[Claim]:
    old, new = _number(match["old"]), _number(match["new"])
    if old.percent or new.percent or old.least <= 0 or new.value < 0:
        return
    loose = bool(LOOSE.search(match["old"]) or LOOSE.search(match["new"]))
    growth = _GROWTH.match(text, match.end(), match.end() + 2 * _SPAN)
    if growth is not None:
        yield from _growth(text, match, growth, loose=loose)
        return
    behind = _BEHIND.match(text, match.end(), match.end() + _SPAN)
    before = _BEFORE.search(text, max(0, match.start() - _SPAN), match.start())
    if behind is not None:
        word = behind["bracketed"] or behind["named"] or behind["named3"]
        stated = behind["percent"] or behind["percent2"] or behind["percent3"]
        loose = loose or bool(behind["loose"] or behind["loose2"] or behind["loose3"])
        yield from _claimed(text[match.start() : behind.end()], old, new, stated, word, loose=loose)
    elif before is not None and not loose:
        statement = text[before.start() : match.end()]
        yield from _claimed(
            statement, old, new, before["percent"], before["verb"], loose=bool(before["loose"])
        )


def _claimed(
    statement: str, old: Written, new: Written, percent: str, word: str | None, *, loose: bool
) -> Iterator[Claim]:
    """The change as stated; it is wrong only where the numbers do not allow it even if each was rounded."""
    stated = read(percent)
    value = (new.value / old.value - 1) * 100
    falls = word is not None and (word in _FALLING or re.fullmatch(_DOWN, word) is not None)
    if word is not None and falls != (value < 0):
        return  # the percentage is of something else than these numbers
    ends = sorted(abs((high / low - 1) * 100) for high, low in ((new.least, old.most), (new.most, old.least)))
    free = max(stated.step, _FREE * stated.value)
    holds = abs(stated.value - abs(value)) <= max(stated.step, _EXACT * abs(value))
    possible = loose or ends[0] - free <= stated.value <= ends[1] + free
    if holds or not possible:
        yield Claim(kind=Kind.CHANGE, statement=_shown(statement), computed=f"{value:+.4g} %", holds=holds)


def _growth(text: str, match: re.Match[str], growth: re.Match[str], *, loose: bool) -> Iterator[Claim]:
    """Yearly growth; reports count its years from the first year, from the year after it, or from the one before."""
    year = re.search(r"\d{4}", match["old_year"] or "")
    if year is None:
        return
    years = int(growth["year"]) - int(year[0])
    if years < 2:  # noqa: PLR2004  # of one year it is no compound growth
        return
    old, new, stated = _number(match["old"]), _number(match["new"]), read(growth["percent"])
    rates = [((new.value / old.value) ** (1 / count) - 1) * 100 for count in (years, years - 1, years + 1)]
    free = max(stated.step, _FREE * stated.value)
    holds = abs(stated.value - rates[0]) <= max(stated.step, _EXACT * abs(rates[0]))
    possible = min(rates) - free <= stated.value <= max(rates) + free
    if loose or growth["loose"] or (possible and not holds):
        return
    yield Claim(
        kind=Kind.CHANGE,
        statement=_shown(text[match.start() : growth.end()]),
        computed=f"{rates[0]:.4g} % a year",
        holds=holds,
    )


def _shares(text: str) -> Iterator[Claim]:
    for match in _SHARE.finditer(text):
        whole, part = read(match["whole"]), read(match["part"])
        if whole.percent or part.percent:
            continue
        value = float(match["share"]) / 100 * whole.value
        holds = abs(part.value - value) <= max(part.coarse / 2, 0.01 * abs(value))
        yield Claim(kind=Kind.CHANGE, statement=_shown(match[0]), computed=f"{value:,.6g}", holds=holds)


def _number(hedged: str) -> Written:
    number = re.search(rf"{NUMBER}\Z", hedged)
    return read(number[0] if number else hedged)


def _shown(statement: str) -> str:
    return " ".join(statement.split())
