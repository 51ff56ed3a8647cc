"""Formulas with numbers put in: `with an average gain of 2 and an average loss of 1 the RSI is 66.7`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final

from knowledge.refinery.accuracy.claims import Claim, Kind
from knowledge.refinery.accuracy.formula_table import FORMULAS
from knowledge.refinery.accuracy.formula_terms import Formula
from knowledge.refinery.accuracy.formulas import named_before, value_of, variables_of
from knowledge.refinery.accuracy.numbers import NUMBER, Written, agrees_with, read, told
from knowledge.worked import ExpressionInvalid

_RESULT: Final = re.compile(
    rf"(?P<verb>\b(?:would be|will be|is|equals|comes to|works out at|stands at|becomes)|=)\s*(?:then )?(?P<about>(?:about|approximately|around|roughly|~|≈) ?)?"
    rf"(?P<number>{NUMBER})(?![\d.,]*\d|[-/\w]| ?%? ?[-+*/x×÷^=] ?[\d($a-z]| ?%)",
    re.IGNORECASE,
)
_GIVEN: Final = rf"(?: \([^)\d]{{1,20}}\))? ?(?P<is>of|is|=|:|was|at|are|equals|stands at|)? ?(?:about |around )?(?P<number>{NUMBER})(?![\d.,]*\d|-\w| ?[-*/^×] ?[\d(])"
_ANY_NUMBER: Final = re.compile(rf"(?<![\w.])(?:{NUMBER})(?![\w-]*(?:period|day|bar|candle|hour))")
_WINDOW: Final = 350
_FREE: Final = 0.01  # of the value


def worked_claims(text: str, formulas: Sequence[Formula] = FORMULAS) -> list[Claim]:
    """The results that follow from numbers a paragraph gives before them for every variable of a formula."""
    plain = text.casefold()
    if len(plain) != len(text):
        return []
    return [
        claim
        for result in _RESULT.finditer(plain)
        for formula, match in named_before(plain, result.start(), formulas)
        if formula.worked and not formula.scaled
        for claim in _claims(text, plain, formula, match, result)
    ]


def _claims(
    text: str, plain: str, formula: Formula, match: re.Match[str], result: re.Match[str]
) -> Iterator[Claim]:
    begin = max(match.start() - _WINDOW, plain.rfind("\n\n", 0, match.start()) + 1, 0)
    given, spans = _given(plain, begin, match.start(), formula)
    if given is None or not any(needed <= given.keys() for needed in formula.needs):
        return
    usable = [right for right in formula.right if variables_of(right) <= given.keys()]
    most = max((len(variables_of(right)) for right in usable), default=0)
    values = list(_values([right for right in usable if len(variables_of(right)) == most], given))
    if not values:
        return
    written = read(result["number"])
    results = list(_scaled(values, written, given))
    holds = any(agrees_with(written, value, _FREE) for value in results)
    if not holds and (result["about"] or _others(plain, spans, match.start())):
        return
    nearest = min(results, key=lambda value: abs(value - written.value))
    said = " ".join(text[min(start for start, _ in spans) : result.end()].split())
    yield Claim(kind=Kind.WORKED, statement=said, computed=told(nearest), holds=holds)


def _given(
    plain: str, begin: int, end: int, formula: Formula
) -> tuple[dict[str, Written] | None, list[tuple[int, int]]]:
    """What each variable is said to be and where; none where one is said to be two things."""
    given: dict[str, Written] = {}
    spans: list[tuple[int, int]] = []
    for name, pattern in formula.terms.items():
        for match in _assignment(pattern).finditer(plain, begin, end):
            short = len(match["term"].strip()) <= 2 and match["is"] != "="  # noqa: PLR2004  # `r`, `pp`: letters of a formula
            if short or any(match.start() < stop and match.end() > start for start, stop in spans):
                continue
            value = read(match["number"])
            if name in given and given[name].value != value.value:
                return None, []
            given[name] = value
            spans.append(match.span())
    return given, spans


@cache
def _assignment(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w%/-])(?P<term>{pattern}){_GIVEN}")


def _values(rights: Sequence[str], given: Mapping[str, Written]) -> Iterator[float]:
    """What the right sides give, with percentages as they stand and as fractions."""
    readings = [{name: each.value for name, each in given.items()}]
    if any(each.percent for each in given.values()):
        readings.insert(
            0, {name: each.value / 100 if each.percent else each.value for name, each in given.items()}
        )
    for right in rights:
        for reading in readings:
            try:
                yield value_of(right, reading)
            except ExpressionInvalid:
                continue


def _scaled(values: Sequence[float], written: Written, given: Mapping[str, Written]) -> Iterator[float]:
    for value in values:
        yield value
        if written.percent or any(each.percent for each in given.values()):
            yield value * 100


def _others(plain: str, spans: Sequence[tuple[int, int]], end: int) -> bool:
    """Whether other numbers stand among those that were put in, which the result may follow from as well."""
    start = min(begin for begin, _ in spans)
    known = [*spans, *(result.span() for result in _RESULT.finditer(plain, start, end))]
    return any(
        not any(begin <= number.start() < stop for begin, stop in known)
        for number in _ANY_NUMBER.finditer(plain, start, end)
    )
