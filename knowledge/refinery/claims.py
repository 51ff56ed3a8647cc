"""Technical claims that can be checked: arithmetic that is written out, default settings, ranges."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from knowledge.worked import ExpressionInvalid, agrees, evaluate

_NUMBER = r"[-\u2212]?[$€£]?\d[\d,]*(?:\.\d+)?%?"
_OPERATION = r"[-+*/x×÷\u2212]"
_SUM = re.compile(
    rf"(?<![\w.,%/])(?P<left>\(*{_NUMBER}\)*(?:\s*{_OPERATION}\s*\(*{_NUMBER}\)*){{1,11}})\s*(?:=|≈)\s*"
    rf"(?P<about>approximately\s|about\s|~)?(?P<right>{_NUMBER})(?![\d.,]*\d)"
)
_OPERATORS = str.maketrans("x×÷\u2212", "**/-", "$€£,")
_SIGNS = str.maketrans("", "", "$€£%")
_ROUNDING = 0.01  # beyond the decimals written, of the value: texts round on the way
_PARTS = frozenset("+*/x×÷^(=\u2212") | {"-"}
_DEFAULT = r"(?:default|standard|typical|usual|common(?:ly)?|traditional|normal)(?:ly)?"


@dataclass(frozen=True)
class Claim:
    """Something a text states, and whether it is so."""

    statement: str
    holds: bool
    instead: str = ""
    """What is so, where the claim does not hold."""


@dataclass(frozen=True, kw_only=True)
class IndicatorFacts:
    """What is known for certain of an indicator."""

    names: tuple[str, ...]
    defaults: tuple[int, ...] = ()
    """Its usual settings, in their usual order."""
    low: float | None = None
    high: float | None = None


Check = Callable[[str], Sequence[Claim]]
"""Finds the claims of one kind in a text."""


def arithmetic_claims(text: str) -> list[Claim]:
    """The sums that a text writes out (`600 / 12 = 50`), computed again; percentages may be fractions or not."""
    found = []
    for match in _SUM.finditer(text):
        left, right = match["left"], match["right"]
        within = text[: match.start()].rstrip()[-1:]  # a part of a longer sum says nothing
        if left.count("(") != left.count(")") or _is_a_range(left) or within in _PARTS:
            continue
        values = list(_values(left))
        if values:
            holds = any(_near(right, value) for value in values)
            found.append(Claim(match[0], holds, "" if holds else f"{values[0]:.6g}"))
    return found


def setting_claims(text: str, facts: Sequence[IndicatorFacts]) -> list[Claim]:
    """The default settings and ranges that a text gives of indicators it names."""
    folded = text.casefold()
    named = [fact for fact in facts if any(name.casefold() in folded for name in fact.names)]
    return [claim for fact in named for claim in (*_defaults(text, fact), *_ranges(text, fact))]


def _values(left: str) -> Iterator[float]:
    plain = left.translate(_OPERATORS)
    readings = {plain.replace("%", "")}
    if "%" in plain:
        readings.add(re.sub(r"(\d+(?:\.\d+)?)%", r"(\1/100)", plain))
    for reading in readings:
        try:
            value = evaluate(reading)
        except ExpressionInvalid:
            continue
        yield value
        if "%" in plain or "/" in plain:
            yield value * 100  # a ratio that the text gives in percent


def _near(written: str, value: float) -> bool:
    figure = written.translate(_SIGNS)
    number = float(figure.replace(",", "").replace("\u2212", "-"))
    return agrees(figure, value) or abs(number - value) <= _ROUNDING * abs(value)


def _is_a_range(left: str) -> bool:
    """`70-80 = overbought` and dates are no subtraction."""
    return (
        re.fullmatch(r"[\d.,$%]+[-\u2212][\d.,$%]+|\d{1,4}[-/]\d{1,2}[-/]\d{1,4}", left.strip()) is not None
    )


def _defaults(text: str, fact: IndicatorFacts) -> Iterator[Claim]:
    if not fact.defaults:
        return
    name = _names(fact.names)
    if len(fact.defaults) == 1:
        pattern = re.compile(
            rf"\b{name}\b[^.\n]{{0,60}}?\b{_DEFAULT}\b[^.\n\d]{{0,40}}?\b(\d{{1,3}})(?:[\s-]?(?:periods?|days?|bars?|candles?))",
            re.IGNORECASE,
        )
    else:
        numbers = r"\D{1,5}".join([r"(\d{1,3}(?:\.\d)?)"] * len(fact.defaults))
        pattern = re.compile(
            rf"\b{name}\b[^.\n]{{0,60}}?\b{_DEFAULT}\b[^.\n\d]{{0,40}}?\b{numbers}\b", re.IGNORECASE
        )
    for match in pattern.finditer(text):
        given = tuple(float(number) for number in match.groups())
        holds = given == tuple(float(number) for number in fact.defaults)
        yield Claim(match[0], holds, "" if holds else ", ".join(map(str, fact.defaults)))


def _ranges(text: str, fact: IndicatorFacts) -> Iterator[Claim]:
    if fact.low is None or fact.high is None:
        return
    pattern = re.compile(
        rf"\b{_names(fact.names)}\b[^.\n]{{0,60}}?\b(?:ranges?|oscillates?|moves?|varies|fluctuates?|runs?|bounded)\b[^.\n\d]{{0,20}}?"
        r"(?:from|between)\s+([-+\u2212]?\d+(?:\.\d+)?)\s*%?\s*(?:to|and)\s*([-+\u2212]?\d+(?:\.\d+)?)",
        re.IGNORECASE,
    )
    for match in pattern.finditer(text):
        given = sorted(float(number.replace("\u2212", "-").lstrip("+")) for number in match.groups())
        holds = given == [fact.low, fact.high]
        yield Claim(match[0], holds, "" if holds else f"{fact.low:g} to {fact.high:g}")


def _names(names: Sequence[str]) -> str:
    return f"(?<!stoch )(?<!stoch)(?<!stochastic )(?:{'|'.join(re.escape(name) for name in sorted(names, key=len, reverse=True))})"
