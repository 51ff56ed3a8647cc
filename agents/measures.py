"""Figures of a tool's output as its text shows them."""

import math

from agents.tools import Figure


def priced(name: str, value: float, unit: str = "", *, digits: int = 2) -> Figure:
    """A figure with the decimals that `trading.figure` shows: `digits` from 1 on, more below."""
    size = abs(value)
    decimals = digits
    if 0 < size < 1:
        decimals = min(12, 3 - math.floor(math.log10(size)))
    elif math.isclose(value, round(value), rel_tol=1e-12):
        decimals = 0
    return Figure(name=name, value=value, unit=unit, decimals=decimals)


def in_percent(name: str, fraction: float) -> Figure:
    """A fraction as percent: 0.0345 is 3.45 %."""
    return Figure(name=name, value=fraction * 100, unit="%", decimals=2)


def money(name: str, value: float) -> Figure:
    """A sum as `agents.figures.amount` shows it: cents only where there are any."""
    return Figure(name=name, value=value, decimals=0 if round(value, 2) == int(round(value, 2)) else 2)
