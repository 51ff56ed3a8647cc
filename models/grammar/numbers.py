"""Numbers between bounds, digit by digit."""

import math
from decimal import Decimal
from fractions import Fraction

from models.errors import GrammarInvalid
from models.grammar.writing import alternatives, json_literal

_DIGITS = 15
"""A number without bounds has no more before its point: a double holds them all."""
_FRACTION = '("." [0-9]{1,15})?'
_DECIMALS = (1, 2, 3, 4, 6, 8)
_MOST_MULTIPLES = 256


def integers(low: int | None = None, high: int | None = None) -> str:
    """Integers from `low` to `high`, both included. Raises GrammarInvalid where there are none."""
    if low is None and high is None:
        return f'("0" | "-"? [1-9] [0-9]{{0,{_DIGITS - 1}}})'
    return _scaled(*_closed(low, high), 0)


def multiples(step: int, low: int | None, high: int | None) -> str:
    """Multiples of `step`, those nearest to zero where there are many. Raises GrammarInvalid where there are none."""
    least, most = _closed(low, high)
    first, last = -(-least // step), most // step
    if first > last:
        raise GrammarInvalid(f"no multiple of {step} lies between {least} and {most}")
    middle = min(max(0, first), last)
    start = max(first, min(middle - _MOST_MULTIPLES // 2, last - _MOST_MULTIPLES + 1))
    chosen = range(start, min(last, start + _MOST_MULTIPLES - 1) + 1)
    return alternatives([json_literal(factor * step) for factor in chosen])


def decimals(
    low: float | None = None,
    high: float | None = None,
    *,
    without_low: bool = False,
    without_high: bool = False,
) -> str:
    """Numbers between bounds, which are included unless told otherwise. Raises GrammarInvalid where there are none."""
    if low is None and high is None:
        return f'("-"? ("0" | [1-9] [0-9]{{0,{_DIGITS - 1}}}) {_FRACTION})'
    least = -(Fraction(10) ** _DIGITS) if low is None else _exact(low)
    most = Fraction(10) ** _DIGITS if high is None else _exact(high)
    found: list[str] = []
    if most > 0:
        found += _positive(max(least, Fraction(0)), most, without_low and least >= 0, without_high)
    if least <= 0 <= most and not ((without_low and least == 0) or (without_high and most == 0)):
        found.append('"0"')
    if least < 0:
        found += [
            f'"-" {one}'
            for one in _positive(max(-most, Fraction(0)), -least, without_high and most <= 0, without_low)
        ]
    if not found:
        raise GrammarInvalid(f"no number lies between {low} and {high}")
    return alternatives(found)


def _exact(bound: float) -> Fraction:
    return Fraction(Decimal(repr(bound)))


def _closed(low: int | None, high: int | None) -> tuple[int, int]:
    digits = max(_DIGITS, len(str(low or 0)), len(str(high or 0)))
    furthest = 10**digits - 1
    least, most = -furthest if low is None else low, furthest if high is None else high
    if least > most:
        raise GrammarInvalid(f"no integer lies between {least} and {most}")
    return least, most


def _positive(low: Fraction, high: Fraction, without_low: bool, without_high: bool) -> list[str]:  # noqa: FBT001  # a private step
    """Numbers above zero: whole ones, fractions between whole ones, and what is left at both ends."""
    found: list[str] = []
    first = max(1, math.floor(low) + 1 if without_low else math.ceil(low))
    last = math.ceil(high) - 1 if without_high else math.floor(high)
    if first <= last:
        found.append(_scaled(first, last, 0))
    inner = math.ceil(low) + (1 if low.denominator == 1 and (without_low or low == 0) else 0)
    outer = math.floor(high) - 1
    if inner <= outer:
        found.append(f'{_scaled(inner, outer, 0)} "." [0-9]{{1,15}}')
    if inner > math.floor(low):
        found += _cell(low, min(high, Fraction(inner)), without_low, without_high and high <= inner)
    if math.floor(high) >= inner and high.denominator != 1:
        found += _cell(Fraction(math.floor(high)), high, False, without_high)
    return found


def _cell(low: Fraction, high: Fraction, without_low: bool, without_high: bool) -> list[str]:  # noqa: FBT001  # a private step
    """Numbers between bounds that lie close together, with a few fixed counts of decimals."""
    found = []
    for places in _DECIMALS:
        scale = 10**places
        first = max(1, math.floor(low * scale) + 1 if without_low else math.ceil(low * scale))
        last = math.ceil(high * scale) - 1 if without_high else math.floor(high * scale)
        if first <= last:
            found.append(_scaled(first, last, places))
    return found


def _scaled(low: int, high: int, places: int) -> str:
    """Integers between bounds, written with a point before so many of their last digits."""
    found: list[str] = []
    if high >= 0:
        found += _widths(max(low, 0), high, places)
    if low < 0:
        found += [f'"-" {one}' for one in _widths(max(1, -high), -low, places)]
    return alternatives(found)


def _widths(low: int, high: int, places: int) -> list[str]:
    """Numbers of each count of digits; those below 1 have a zero before their point."""
    found: list[str] = []
    narrowest = max(len(str(low)), places + 1)
    for width in range(narrowest, max(len(str(high)), places + 1) + 1):
        least = max(low, 0 if width == places + 1 else 10 ** (width - 1))
        most = min(high, 10**width - 1)
        if least <= most:
            found.append(_between(f"{least:0{width}}", f"{most:0{width}}", places))
    return found


def _between(low: str, high: str, places: int) -> str:
    """Digit strings of one length."""
    if not low:
        return ""
    rest = len(low) - 1
    point = '"." ' if places and len(low) == places else ""
    first, last = int(low[0]), int(high[0])
    if first == last:
        return f'{point}"{first}" {_between(low[1:], high[1:], places)}'.strip()
    found = []
    if set(low[1:]) - {"0"}:
        found.append(f'"{first}" {_between(low[1:], "9" * rest, places)}')
        first += 1
    if set(high[1:]) - {"9"}:
        found.append(f'"{last}" {_between("0" * rest, high[1:], places)}')
        last -= 1
    if first <= last:
        found.append(f"[{first}-{last}] {_any_digits(rest, places)}".strip())
    return point + alternatives(found)


def _any_digits(count: int, places: int) -> str:
    if not count:
        return ""
    if places and count >= places:
        before = f"[0-9]{{{count - places}}} " if count > places else ""
        return f'{before}"." [0-9]{{{places}}}'
    return f"[0-9]{{{count}}}"
