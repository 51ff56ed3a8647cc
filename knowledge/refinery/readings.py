"""Readings of indicators that a text works out from closes it gives, computed again by the indicators' own code."""

import re
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

from knowledge.refinery.claims import Claim
from knowledge.worked import agrees

Compute: TypeAlias = Callable[[str, Sequence[float], int], float | None]
"""The last reading of an indicator over closes with that period; None where it has none."""

_NUMBER: Final = r"[$€£]?\d[\d,]*\d(?:\.\d+)?|[$€£]?\d(?:\.\d+)?"
_SERIES: Final = re.compile(
    rf"\bclos(?:es|ing prices)\b(?: (?:of|are|were|at))*:? ?(?P<closes>(?:{_NUMBER})(?:, (?:and )?(?:{_NUMBER})| and (?:{_NUMBER})){{2,40}})(?![\d,]*\d)",
    re.IGNORECASE,
)
_READING: Final = re.compile(
    r"(?<![\w-])(?P<period>\d{1,3})[- ](?:period|day|bar|candle|hour)s? (?P<name>[a-z]+(?: [a-z]+){0,3}?)(?: \((?P<short>[a-z]{2,4})\))?"
    rf" (?:is|=|equals|stands at|reads|comes to) (?:then )?(?:about |approximately )?(?P<figure>[-+\u2212]?(?:{_NUMBER}))(?![\d,]*\d|[-/*x]| ?[-+*/=] ?\d)",
    re.IGNORECASE,
)
_NAMES: Final = MappingProxyType(
    {
        "roc": "ROC",
        "rate of change": "ROC",
        "sma": "SMA",
        "simple moving average": "SMA",
        "moving average": "SMA",
        "wma": "WMA",
        "weighted moving average": "WMA",
        "momentum": "MOM",
    }
)
"""Those whose last reading follows from the closes alone, whatever came before them."""
_ROUNDING: Final = 0.005  # beyond the decimals written, of the value
_NEAR: Final = 240  # characters between the closes and the reading: further on another example may have begun


def reading_claims(text: str, compute: Compute) -> list[Claim]:
    """The readings that follow the only closes that a text gives before them."""
    found: list[Claim] = []
    series = list(_SERIES.finditer(text))
    for match in _READING.finditer(text) if series else ():
        before = [each for each in series if each.end() <= match.start()]
        name = _NAMES.get(match["name"].casefold())
        if name is None or not before or match.start() - before[-1].end() > _NEAR:
            continue
        between = text[before[-1].end() : match.start()]
        value = compute(name, _numbers(before[-1]["closes"]), int(match["period"]))
        if value is None or "\n\n" in between:
            continue
        figure = match["figure"].lstrip("+$€£")
        holds = agrees(figure, value) or abs(_number(figure) - value) <= _ROUNDING * abs(value)
        found.append(Claim(match[0], holds, "" if holds else f"{value:.6g}"))
    return found


def _numbers(closes: str) -> list[float]:
    return [_number(each) for each in re.findall(_NUMBER, closes)]


def _number(written: str) -> float:
    return float(written.strip("$€£").replace(",", "").replace("\u2212", "-"))
