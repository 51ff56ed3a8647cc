"""Reading a tool's arguments out of a request, by the tool's JSON schema and the hints in it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from models.arguments import Unit
from models.chat.extractive.quantities import (
    Quantity,
    read_lists,
    read_quantities,
)
from models.chat.extractive.schema import Property, cue_words, is_free_text, mapping, resolve, sequence
from models.chat.extractive.texts import read_texts
from models.chat.extractive.words import fold

_TIME_IN_DAYS = {Unit.DAYS: 1.0, Unit.MONTHS: 365.25 / 12, Unit.YEARS: 365.25}
_WINDOW = 48
"""Characters around a value in which a cue word still speaks of it."""


@dataclass(frozen=True)
class Reading:
    """The arguments that a request gives for a tool, and the required ones that it does not."""

    values: dict[str, JsonValue] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    literal: int = 0
    """How many of the values stand in the request as such, the request as a whole not counted."""


def read_arguments(schema: Mapping[str, JsonValue], request: str) -> Reading:
    """Read what the JSON schema of a tool's arguments (type object) asks for, out of a request.

    A value is taken only where the text supports it: a number in a fitting unit, near a cue word or in order;
    an enumeration value that is named; a quoted text. Nothing is invented: what is not there stays missing.
    """
    definitions = mapping(schema.get("$defs"))
    properties = {
        name: resolve(mapping(prop), definitions) for name, prop in mapping(schema.get("properties")).items()
    }
    required = tuple(str(name) for name in sequence(schema.get("required")))
    quantities = read_quantities(request)
    values: dict[str, JsonValue] = {}
    quantities = _read_lists(properties, required, request, quantities, values)
    read_texts(properties, request, values)
    quantities = [q for q in quantities if not _inside_text_value(q, request, properties, values)]
    _read_numbers(properties, required, request, quantities, values)
    literal = sum(1 for name in values if properties[name].get("x-unit") != Unit.REQUEST)
    missing = tuple(name for name in required if name not in values)
    return Reading(values=values, missing=missing, literal=literal)


def _is_number(prop: Property) -> bool:
    return prop.get("type") in {"number", "integer"}


def _is_number_list(prop: Property) -> bool:
    return prop.get("type") == "array" and mapping(prop.get("items")).get("type") in {"number", "integer"}


def _read_lists(
    properties: Mapping[str, Property],
    required: Sequence[str],
    request: str,
    quantities: list[Quantity],
    values: dict[str, JsonValue],
) -> list[Quantity]:
    """Give each list argument the row of numbers that its cues stand before, else the longest one left."""
    names = sorted((n for n, p in properties.items() if _is_number_list(p)), key=lambda n: n not in required)
    rows = read_lists(request, quantities)
    for name in names:
        if not rows:
            break
        cues = cue_words(name, properties[name])
        row = max(rows, key=lambda r: (_cue_score(request, r.start, r.end, cues), len(r.values)))
        if len(names) > 1 and name not in required and not _cue_score(request, row.start, row.end, cues):
            continue
        rows.remove(row)
        values[name] = list(row.values)
        quantities = [q for q in quantities if not row.start <= q.start < row.end]
    return quantities


def _read_numbers(
    properties: Mapping[str, Property],
    required: Sequence[str],
    request: str,
    quantities: list[Quantity],
    values: dict[str, JsonValue],
) -> None:
    """Match numbers with arguments: best unit and cue first; ties go in the order both are written in."""
    numeric = [(name, prop) for name, prop in properties.items() if _is_number(prop) and name not in values]
    pairs = []
    for position, (name, prop) in enumerate(numeric):
        cues = cue_words(name, prop)
        for order, quantity in enumerate(quantities):
            fit = unit_fit(prop, quantity)
            if fit is None:
                continue
            near = _cue_score(request, quantity.start, quantity.end, cues)
            distinctive = quantity.unit is not Unit.NUMBER and quantity.unit == prop.get("x-unit")
            if name not in required and not near and not distinctive:
                continue
            pairs.append((-(fit[1] + near), position, order, name, fit[0]))
    used: set[int] = set()
    for _, _, order, name, value in sorted(pairs):
        if order in used or name in values:
            continue
        used.add(order)
        values[name] = _typed(properties[name], value)


def _typed(prop: Property, value: float) -> JsonValue:
    return round(value) if prop.get("type") == "integer" and float(value).is_integer() else value


def unit_fit(prop: Property, quantity: Quantity) -> tuple[float, float] | None:
    """The quantity in the argument's unit, and how well the unit fits (0 to 1); None where it does not."""
    wanted = str(prop.get("x-unit", Unit.NUMBER))
    value, unit = quantity.value, quantity.unit
    plain = unit is Unit.NUMBER
    if wanted in _TIME_IN_DAYS:
        if unit in _TIME_IN_DAYS:
            return value * _TIME_IN_DAYS[unit] / _TIME_IN_DAYS[Unit(wanted)], 1.0
        return (value, 0.3) if plain else None
    fits: dict[str, dict[Unit, tuple[float, float]]] = {
        Unit.PERCENT: {Unit.PERCENT: (1.0, 1.0), Unit.NUMBER: (1.0, 0.2)},
        Unit.FRACTION: {Unit.PERCENT: (0.01, 1.0), Unit.NUMBER: (1.0, 0.4 if abs(value) <= 1 else 0.0)},
        Unit.MULTIPLE: {Unit.MULTIPLE: (1.0, 1.0), Unit.NUMBER: (1.0, 0.2)},
        Unit.MONEY: {Unit.MONEY: (1.0, 1.0), Unit.NUMBER: (1.0, 0.6)},
        Unit.COUNT: {Unit.NUMBER: (1.0, 0.8), Unit.DAYS: (1.0, 0.4)},
        Unit.NUMBER: {Unit.NUMBER: (1.0, 0.8), Unit.MONEY: (1.0, 0.5), Unit.MULTIPLE: (1.0, 0.3), Unit.DAYS: (1.0, 0.2)},
    }  # fmt: skip
    fit = fits.get(wanted, {}).get(unit)
    if fit is None or fit[1] == 0.0:
        return None
    if prop.get("type") == "integer" and not (value * fit[0]).is_integer():
        return None
    return value * fit[0], fit[1]


def _cue_score(request: str, start: int, end: int, cues: Sequence[str]) -> float:
    """How strongly cue words near a span speak of it: 0 to 2; nearer, earlier-listed and preceding ones weigh more."""
    before = _clause(fold(request[max(0, start - _WINDOW) : start]), last=True)
    after = _clause(fold(request[end : end + _WINDOW]), last=False)
    best = 0.0
    for rank, cue in enumerate(cues):
        pattern = re.compile(rf"(?<![a-z0-9]){re.escape(cue)}s?(?![a-z0-9])")
        hits = [len(before) - match.end() for match in pattern.finditer(before)]
        hits += [match.start() + 6 for match in pattern.finditer(after)]
        if hits:
            best = max(best, (2.0 - min(hits) / _WINDOW) * (1.0 - 0.03 * rank))
    return best


def _clause(text: str, *, last: bool) -> str:
    """The part of the text up to the next number, on the value's side: beyond it a cue speaks of another value."""
    if last:
        return re.split(r"\d", text)[-1]
    return re.split(r"\d|[.;!?](?:\s|$)", text, maxsplit=1)[0]


def _inside_text_value(
    quantity: Quantity, request: str, properties: Mapping[str, Property], values: Mapping[str, JsonValue]
) -> bool:
    """Whether the number stands inside a text that was read as another argument's value."""
    for name, value in values.items():
        if isinstance(value, str) and not is_free_text(properties[name]) and "enum" not in properties[name]:
            at = request.find(value)
            if at >= 0 and at <= quantity.start < at + len(value):
                return True
    return False
