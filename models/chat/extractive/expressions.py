"""Figures that a request puts together: "25,000 in each of the next 5 years", "55 of 100", "from 2 % to 2.5 %"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from models.arguments import Unit
from models.chat.extractive.quantities import NumberList, Quantity
from models.chat.extractive.schema import Argument, Signature

_EACH_PERIOD = re.compile(
    r"\s{0,3}(?:back\s)?(?:in\s|for\s)?(?:(?:each|every)\s(?:of|year|yr|month|quarter)|(?:a|per|each)\s(?:year|month|quarter)|annually|yearly|monthly)"
    r"[\s,]{0,2}(?:(?:for|over|in|during)\s)?(?:the\s)?(?:next|following|coming|first)?\s{0,3}",
    re.IGNORECASE,
)
_OUTLAY = re.compile(
    r"\b(?:invest(?:ing|ed|ment(?:\sof)?)?|pay(?:ing)?|put(?:ting)?|spend(?:ing)?|buy(?:ing)?|costs?|upfront|up front|outlay|initial)\b",
    re.IGNORECASE,
)
_OUTLAY_AFTER = re.compile(
    r"\s{0,2}(?:\w+\s)?(?:upfront|up front|now|today|initially|outlay)\b", re.IGNORECASE
)
_OUTLAY_REACH = 45
_OUT_OF = re.compile(r"\s{0,2}(?:/|out\sof)\s{0,2}", re.IGNORECASE)
_OF = re.compile(r"\s{0,2}(?:/|(?:\w+\s)?(?:out\s)?of)\s{1,2}(?:the\s|my\s|our\s|all\s)?", re.IGNORECASE)
_TO = re.compile(r"\s{0,2}(?:to|->|→|up\sto)\s{0,2}", re.IGNORECASE)
_AND = re.compile(r"\s{0,2}(?:and|to|up\sto|-|–)\s{0,2}", re.IGNORECASE)
_BETWEEN = re.compile(
    r"\b(?:between|from|range[ds]?|ran)\s(?:between\s|from\s)?(?:a\s(?:low|high)\sof\s)?$", re.IGNORECASE
)
_RISKED = re.compile(
    r"\b(?:risk(?:ing|s)?|lose|losing|loss)\b[^.;,\d]{0,30}$",
    re.IGNORECASE,
)
_DURATIONS = frozenset({Unit.YEARS, Unit.MONTHS, Unit.DAYS})


@dataclass(frozen=True)
class Expressed:
    """The single numbers that are left to match, and what was read of the others."""

    singles: tuple[Quantity, ...]
    values: Mapping[str, JsonValue] = field(default_factory=dict)
    used: int = 0
    """How many single numbers those values were read from."""
    risked: Quantity | None = None
    """A sum to be risked, which is a share of an account."""


def read_expressions(signature: Signature, text: str, singles: Sequence[Quantity]) -> Expressed:
    """What a tool's signature allows to read of numbers that stand together."""
    found = Expressed(tuple(singles))
    for read in (_scale, _share, _counted_share, _rise, _range, _risk):
        found = read(signature, text, found)
    return found


def risk_percent(
    signature: Signature, values: Mapping[str, JsonValue], risked: Quantity
) -> dict[str, JsonValue]:
    """The risked sum as the percentage of the account that was read; empty where none was."""
    share, account = _risk_arguments(signature)
    whole = values.get(account.name) if account else None
    if share is None or not isinstance(whole, int | float) or whole <= 0:
        return {}
    return {share.name: round(risked.value / whole * 100, 10)}


def read_flows(
    text: str, singles: Sequence[Quantity], rows: Sequence[NumberList]
) -> tuple[list[float], list[Quantity]] | None:
    """Cash flows told by an outlay and what comes back each period, with the numbers they were read from; None without."""
    for at, quantity in enumerate(singles[:-1]):
        periods = singles[at + 1]
        between = text[quantity.end : periods.start]
        if periods.unit in _DURATIONS and _EACH_PERIOD.fullmatch(between) and 1 < periods.value <= 100:  # noqa: PLR2004
            outlay = _outlay(text, [q for q in singles if q is not quantity and q is not periods])
            if outlay is not None and periods.value.is_integer():
                return [-abs(outlay.value), *[quantity.value] * int(periods.value)], [
                    outlay,
                    quantity,
                    periods,
                ]
    for row in rows:
        if min(row.values) < 0:
            continue
        others = [q for q in singles if not row.start <= q.start < row.end]
        outlay = _outlay(text[: row.start], [q for q in others if q.end <= row.start])
        if outlay is not None:
            told = [q for q in others if q.unit in _DURATIONS and q.value == len(row.values)]
            inside = [q for q in singles if row.start <= q.start < row.end]
            return [-abs(outlay.value), *row.values], [outlay, *inside, *told]
    return None


def _outlay(text: str, singles: Sequence[Quantity]) -> Quantity | None:
    for quantity in singles:
        if quantity.unit not in {Unit.MONEY, Unit.NUMBER}:
            continue
        before = re.split(r"[.;]", text[max(0, quantity.start - _OUTLAY_REACH) : quantity.start])[-1]
        if _OUTLAY.search(before) or _OUTLAY_AFTER.match(text, quantity.end):
            return quantity
    return None


def _scale(signature: Signature, text: str, found: Expressed) -> Expressed:
    """7/10, 8 out of 10: the top of a scale, said with each score."""
    scales = [a for a in signature.arguments if "out of" in a.cues and a.is_number]
    if len(scales) != 1:
        return found
    tops = [
        after
        for before, after in zip(found.singles, found.singles[1:], strict=False)
        if _OUT_OF.fullmatch(text[before.end : after.start])
    ]
    if not tops or len({top.value for top in tops}) > 1:
        return found
    left = tuple(q for q in found.singles if q not in tops)
    return replace(
        found,
        singles=left,
        values={**found.values, scales[0].name: tops[0].value},
        used=found.used + len(tops),
    )


def _share(signature: Signature, text: str, found: Expressed) -> Expressed:
    """55 out of 100 is 55 %, where a percentage is required and no count is."""
    percents = [a for a in signature.arguments if a.unit == Unit.PERCENT and a.required]
    if not percents or any(a.unit == Unit.COUNT for a in signature.arguments):
        return found
    for part, whole in zip(found.singles, found.singles[1:], strict=False):
        plain = part.unit is Unit.NUMBER and whole.unit is Unit.NUMBER
        if plain and 0 < part.value <= whole.value and _OF.fullmatch(text[part.end : whole.start]):
            share = Quantity(round(part.value / whole.value * 100, 10), Unit.PERCENT, part.start, whole.end)
            return replace(
                found, singles=tuple(share if q is part else q for q in found.singles if q is not whole)
            )
    return found


def _counted_share(signature: Signature, text: str, found: Expressed) -> Expressed:
    """3.2 % of 5000 are 160 of 5000, where several counts are required."""
    counts = [a for a in signature.arguments if a.unit == Unit.COUNT and a.required]
    if len(counts) < 2:  # noqa: PLR2004  # a count and what it is counted among
        return found
    singles = list(found.singles)
    for at in range(len(singles) - 1):
        part, whole = singles[at], singles[at + 1]
        if (
            part.unit is Unit.PERCENT
            and whole.unit is Unit.NUMBER
            and _OF.fullmatch(text[part.end : whole.start])
        ):
            singles[at] = Quantity(
                float(round(part.value * whole.value / 100)), Unit.NUMBER, part.start, part.end
            )
    return replace(found, singles=tuple(singles))


def _rise(signature: Signature, text: str, found: Expressed) -> Expressed:
    """From 2 % to 2.5 % is a lift of 25 %, where a tool wants a baseline and a lift."""
    lifts = [a for a in signature.arguments if a.unit == Unit.PERCENT and "lift" in a.cues]
    bases = [a for a in signature.arguments if a.unit == Unit.PERCENT and "baseline" in a.cues]
    if len(lifts) != 1 or len(bases) != 1:
        return found
    for low, high in zip(found.singles, found.singles[1:], strict=False):
        both = low.unit in {Unit.PERCENT, Unit.NUMBER} and high.unit is Unit.PERCENT and low.value > 0
        if both and _TO.fullmatch(text[low.end : high.start]):
            lift = round((high.value / low.value - 1) * 100, 9)
            values = {**found.values, bases[0].name: low.value, lifts[0].name: lift}
            left = tuple(q for q in found.singles if q is not low and q is not high)
            return replace(found, singles=left, values=values, used=found.used + 2)
    return found


def _range(signature: Signature, text: str, found: Expressed) -> Expressed:
    """Between 61,200 and 63,900: the smaller is the low, where a tool wants both and calls them so."""
    by_name = {a.name: a for a in signature.arguments if a.required and a.is_number}
    if not {"high", "low"} <= set(by_name):
        return found
    for first, second in zip(found.singles, found.singles[1:], strict=False):
        joined = _AND.fullmatch(text[first.end : second.start])
        if joined and _BETWEEN.search(text[max(0, first.start - 40) : first.start]):
            low, high = sorted((first.value, second.value))
            values = {**found.values, "low": low, "high": high}
            left = tuple(q for q in found.singles if q is not first and q is not second)
            return replace(found, singles=left, values=values, used=found.used + 2)
    return found


def _risk_arguments(signature: Signature) -> tuple[Argument | None, Argument | None]:
    share = next((a for a in signature.arguments if a.unit == Unit.PERCENT and "risk" in a.cues), None)
    account = next((a for a in signature.arguments if a.unit == Unit.MONEY and "account" in a.cues), None)
    return share, account


def _risk(signature: Signature, text: str, found: Expressed) -> Expressed:
    """Lose 300 dollars at most: a sum, where a tool wants the share of an account."""
    share, account = _risk_arguments(signature)
    if share is None or account is None:
        return found
    for quantity in found.singles:
        before = text[max(0, quantity.start - 45) : quantity.start]
        if quantity.unit is Unit.MONEY and _RISKED.search(before):
            return replace(
                found,
                singles=tuple(q for q in found.singles if q is not quantity),
                used=found.used + 1,
                risked=quantity,
            )
    return found
