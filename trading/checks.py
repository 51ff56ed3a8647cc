"""Checks of single numbers, with messages that say what the number may be."""

import math
from collections.abc import Sequence

from trading.errors import NumberInvalid


def finite(label: str, value: float) -> float:
    """The value; NumberInvalid for NaN and infinities."""
    if not math.isfinite(value):
        raise NumberInvalid(f"The {label} is {value}; give a finite number.")
    return value


def positive(label: str, value: float) -> float:
    """The value; NumberInvalid unless it is finite and above zero."""
    if finite(label, value) <= 0:
        raise NumberInvalid(f"The {label} is {value:g}; it must be above 0.")
    return value


def not_negative(label: str, value: float) -> float:
    """The value; NumberInvalid unless it is finite and at least zero."""
    if finite(label, value) < 0:
        raise NumberInvalid(f"The {label} is {value:g}; it must not be below 0.")
    return value


def between(label: str, value: float, low: float, high: float) -> float:
    """The value; NumberInvalid unless low <= value <= high."""
    if not low <= finite(label, value) <= high:
        raise NumberInvalid(f"The {label} is {value:g}; it must lie between {low:g} and {high:g}.")
    return value


def all_finite(label: str, values: Sequence[float]) -> None:
    """NumberInvalid names the first value that is NaN or infinite, counting from 1."""
    for position, value in enumerate(values, start=1):
        if not math.isfinite(value):
            raise NumberInvalid(f"Number {position} of the {label} is {value}; give finite numbers only.")


def within_reach(label: str, value: float) -> float:
    """A result; NumberInvalid when the inputs made it too large for a float."""
    if not math.isfinite(value):
        raise NumberInvalid(f"The {label} is too large to compute; give smaller numbers.")
    return value
