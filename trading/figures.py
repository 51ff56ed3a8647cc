"""Figures as people read them: thousands separated, as many digits as say something."""

import math

_LARGE = 1e15
_SMALL = 1e-8


def figure(value: float, digits: int = 2) -> str:
    """A number in plain notation: 60,000.00, 0.00001234, 1.5e+21.

    Below 1 it keeps four significant digits, from 1 on `digits` decimals; whole numbers keep none.
    """
    size = abs(value)
    if size == 0:
        return "0"
    if size >= _LARGE or size < _SMALL:
        return f"{value:.4g}"
    if math.isclose(value, round(value), rel_tol=1e-12):  # 3135.0000000000005 is 3,135
        return f"{value:,.0f}"
    if size >= 1:
        return f"{value:,.{digits}f}"
    text = f"{value:.{_decimals(size)}f}".rstrip("0")
    return text.removesuffix(".")


def percent(fraction: float, digits: int = 2) -> str:
    """A fraction as a percentage: 0.0345 becomes `3.45 %`, 0.06 becomes `6 %`."""
    text = f"{fraction * 100:,.{digits}f}"
    if "." in text:
        text = text.rstrip("0").removesuffix(".")
    return f"{'0' if text == '-0' else text} %"


def _decimals(size: float) -> int:
    """Decimals that keep four significant digits of a number below 1."""
    leading = 0
    while size < 1:
        size *= 10
        leading += 1
    return leading + 3
