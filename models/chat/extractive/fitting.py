"""How a number's unit fits an argument's, and the matching of numbers with arguments."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from pydantic import JsonValue

from models.arguments import Unit
from models.chat.extractive.quantities import Quantity
from models.chat.extractive.schema import Argument

_TIME_IN_DAYS = {Unit.DAYS: 1.0, Unit.MONTHS: 365.25 / 12, Unit.YEARS: 365.25}
_FITS: dict[str, dict[Unit, tuple[float, float]]] = {
    Unit.PERCENT: {Unit.PERCENT: (1.0, 1.0), Unit.NUMBER: (1.0, 0.2)},
    Unit.FRACTION: {Unit.PERCENT: (0.01, 1.0), Unit.NUMBER: (1.0, 0.4)},
    Unit.MULTIPLE: {Unit.MULTIPLE: (1.0, 1.0), Unit.NUMBER: (1.0, 0.2)},
    Unit.MONEY: {Unit.MONEY: (1.0, 1.0), Unit.NUMBER: (1.0, 0.6)},
    Unit.COUNT: {Unit.NUMBER: (1.0, 0.8), Unit.DAYS: (1.0, 0.4), Unit.MULTIPLE: (1.0, 0.3)},
    Unit.NUMBER: {
        Unit.NUMBER: (1.0, 0.8),
        Unit.MONEY: (1.0, 0.5),
        Unit.MULTIPLE: (1.0, 0.3),
        Unit.DAYS: (1.0, 0.2),
    },
}
"""By argument unit and written unit: the factor between them and how well they fit, 0 to 1."""
_GUESSED = 0.35
"""A bare number is given by elimination only to an argument whose unit it fits better than this."""
_LOOSE = 0.25
"""A unit that fits no better than this is another's."""
_SPEAKS = 0.8
"""The strength from which a cue makes a value one of an argument that could do without."""
_POOR = 0.2
"""A unit that fits so badly says nothing by itself: a bare number is no percentage and no multiple."""
_REQUIRED = 0.6
"""What it is worth that an argument that must be there is there."""
_IN_ORDER = 0.004
_ADJOINS = 1.6
"""The strength of a cue right beside a value."""
_SUPPORTED = 0.95
"""Unit fit and cue strength from which a number is an argument's by more than its place."""


@dataclass(frozen=True, slots=True)
class Match:
    """A number that is an argument's."""

    quantity: int
    """Its place among the numbers."""
    value: JsonValue
    """In the argument's unit."""
    tied: bool
    """Whether a cue or a telling unit says that it is the argument's."""


def unit_fit(argument: Argument, quantity: Quantity) -> tuple[float, float] | None:
    """The quantity in the argument's unit, and how well the unit fits (0 to 1); None where it does not."""
    wanted, value, unit = argument.unit, quantity.value, quantity.unit
    if wanted in _TIME_IN_DAYS:
        if unit in _TIME_IN_DAYS:
            same = unit == wanted
            value = value * _TIME_IN_DAYS[unit] / _TIME_IN_DAYS[Unit(wanted)]
            value = round(value) if argument.kind == "integer" and not same else round(value, 9)
            return value, 1.0 if same else 0.8
        return (value, 0.3) if unit is Unit.NUMBER else None
    fit = _FITS.get(wanted, {}).get(unit)
    if fit is None or (wanted == Unit.FRACTION and unit is Unit.NUMBER and abs(value) > 1):
        return None
    value *= fit[0]
    if argument.kind == "integer" and not value.is_integer():
        return None
    if not argument.required and not _within_bounds(argument, value):
        return None
    return value, fit[1]


def match_numbers(
    arguments: Sequence[Argument],
    quantities: Sequence[Quantity],
    cues: Mapping[tuple[str, int], float],
    counted: AbstractSet[int] = frozenset(),
) -> dict[str, Match]:
    """The match of each argument that gets a number.

    The total of unit fits and cue strengths is made large: first the best pairs, then exchanges that gain. Where cues
    do not decide, numbers go to the required arguments in the order that both are written in. `counted` are the
    quantities that count a noun ("30k restaurants"): those are no money.
    """
    scores: dict[tuple[int, int], float] = {}
    values: dict[tuple[int, int], float] = {}
    units = [argument.unit for argument in arguments]
    base = [_REQUIRED if argument.required else 0.0 for argument in arguments]
    for a, argument in enumerate(arguments):
        alone = argument.unit != Unit.NUMBER and units.count(argument.unit) == 1
        for q, quantity in enumerate(quantities):
            fit = unit_fit(argument, quantity)
            if fit is None:
                continue
            near = cues.get((argument.name, q), 0.0)
            counts = q in counted
            if counts and argument.unit == Unit.MONEY and (near < _ADJOINS or Unit.COUNT in units):
                continue
            telling = counts if argument.unit == Unit.COUNT else quantity.unit is not Unit.NUMBER
            distinctive = alone and fit[1] >= _SPEAKS and telling
            if near < _SPEAKS and not distinctive and (not argument.required or fit[1] <= _POOR):
                continue
            order = _IN_ORDER * (len(arguments) - a) * (len(quantities) - q)
            scores[a, q] = fit[1] + near + base[a] + order
            values[a, q] = fit[0]
    matched = _improved(_greedy(scores), scores)
    return {
        arguments[a].name: Match(q, _typed(arguments[a], values[a, q]), scores[a, q] - base[a] >= _SUPPORTED)
        for a, q in matched.items()
    }


def fill_in(
    arguments: Sequence[Argument], quantities: Sequence[Quantity]
) -> dict[str, tuple[JsonValue, Quantity]]:
    """For arguments that are without, the numbers that are left, where there is but one way to give them.

    A number whose unit tells what it is goes to the only argument of that unit; several of one unit go, in their order,
    to as many arguments. A bare number goes to the only argument that must be given and is left: what it counts
    ("a hotel with 40 rooms") need not be what another one is about.
    """
    given: dict[str, tuple[JsonValue, Quantity]] = {}
    telling = [q for q in quantities if q.unit is not Unit.NUMBER]
    for unit in dict.fromkeys(q.unit for q in telling):
        own = [q for q in telling if q.unit is unit]
        fits = [
            a
            for a in arguments
            if a.name not in given and all((f := unit_fit(a, q)) and f[1] > _LOOSE for q in own)
        ]
        given |= _in_order(fits, own)
    bare = [q for q in quantities if q.unit is Unit.NUMBER]
    fits = [
        a
        for a in arguments
        if a.required
        and a.name not in given
        and all((f := unit_fit(a, q)) and f[1] > _GUESSED and _within_bounds(a, f[0]) for q in bare)
    ]
    return given | (_in_order(fits, bare) if len(bare) == 1 else {})


def _in_order(
    arguments: Sequence[Argument], quantities: Sequence[Quantity]
) -> dict[str, tuple[JsonValue, Quantity]]:
    if len(arguments) != len(quantities):
        return {}
    given: dict[str, tuple[JsonValue, Quantity]] = {}
    for argument, quantity in zip(arguments, quantities, strict=True):
        fit = unit_fit(argument, quantity)
        if fit is not None:
            given[argument.name] = (_typed(argument, fit[0]), quantity)
    return given


def _within_bounds(argument: Argument, value: float) -> bool:
    bounds = argument.prop
    low, high = bounds.get("minimum"), bounds.get("maximum")
    above, below = bounds.get("exclusiveMinimum"), bounds.get("exclusiveMaximum")
    return (
        (not isinstance(low, int | float) or value >= low)
        and (not isinstance(high, int | float) or value <= high)
        and (not isinstance(above, int | float) or value > above)
        and (not isinstance(below, int | float) or value < below)
    )


def _typed(argument: Argument, value: float) -> JsonValue:
    if argument.kind == "integer":
        return int(value)
    return value


def _greedy(scores: Mapping[tuple[int, int], float]) -> dict[int, int]:
    matched: dict[int, int] = {}
    used: set[int] = set()
    for (a, q), _ in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
        if a not in matched and q not in used:
            matched[a] = q
            used.add(q)
    return matched


def _improved(matched: dict[int, int], scores: Mapping[tuple[int, int], float]) -> dict[int, int]:
    """Exchange and hand on quantities as long as the total of the scores grows; each round makes it larger."""
    arguments = sorted({a for a, _ in scores})
    quantities = sorted({q for _, q in scores})
    improved = True
    rounds = 0
    while improved and rounds < len(arguments) * 2:
        improved, rounds = False, rounds + 1
        for first in arguments:
            for second in arguments:
                if first != second and _exchange(first, second, matched, scores, quantities):
                    improved = True
    return matched


def _exchange(
    first: int,
    second: int,
    matched: dict[int, int],
    scores: Mapping[tuple[int, int], float],
    quantities: Sequence[int],
) -> bool:
    """Give `first` the quantity of `second`, and `second` the one of `first` or a free one, if that gains."""
    if second not in matched:
        return False
    taken = matched[second]
    gain = scores.get((first, taken))
    if gain is None:
        return False
    own = matched.get(first)
    before = scores[second, taken] + (scores[first, own] if own is not None else 0.0)
    used = set(matched.values())
    rest = [q for q in quantities if (second, q) in scores and (q == own or q not in used)]
    best = max(rest, key=lambda q: scores[second, q], default=None)
    if gain + (scores[second, best] if best is not None else 0.0) <= before + 1e-9:
        return False
    matched[first] = taken
    if best is None:
        del matched[second]
    else:
        matched[second] = best
    return True
