"""Present values and internal rates of cash flows at any times: whole periods, mid-periods or dates."""

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np

_GRID_STEPS = 4000
_WIDEST = math.log(1e4)


def present_values(flows: Sequence[float], rate: float, times: Sequence[float] | None = None) -> list[float]:
    """Each flow / (1 + rate)^t; `times` in periods of the rate, by default 0, 1, 2 ...; the rate is a fraction of at least -0.5.

    Their sum is the net present value (Brealey, Myers and Allen, Principles of Corporate Finance, chapter 2).
    """
    log_rate = math.log1p(rate)
    at = range(len(flows)) if times is None else times
    return [flow * math.exp(-time * log_rate) for time, flow in zip(at, flows, strict=True)]


def internal_rates(flows: Sequence[float], times: Sequence[float] | None = None) -> list[float]:
    """Every rate, as a fraction from -99.99 % to 1,000,000 % a period, at which the net present value changes its sign.

    `times` are in periods and rise from 0. Signs are looked for on a grid of the logarithm of 1 + rate; each change is
    then solved by Brent's method. A net present value that touches zero without crossing it is found only at a rate of 0.
    """
    from scipy.optimize import brentq

    at = np.arange(len(flows), dtype=float) if times is None else np.asarray(times, dtype=float)
    sums = np.asarray(flows, dtype=float)

    def scaled(log_rate: float) -> float:
        """The net present value times a positive factor that keeps every term finite."""
        shift = 0.0 if log_rate >= 0 else at[-1]
        return math.fsum(sums * np.exp(-log_rate * (at - shift)))

    grid = [-_WIDEST + 2 * _WIDEST * step / _GRID_STEPS for step in range(_GRID_STEPS + 1)]
    values = [scaled(point) for point in grid]
    roots = [point for point, value in zip(grid, values, strict=True) if value == 0]
    for (left, right), (low, high) in zip(pairwise(grid), pairwise(values), strict=True):
        if low * high < 0:
            roots.append(brentq(scaled, left, right, xtol=1e-13))
    return sorted(math.expm1(root) for root in roots)


def payback_periods(flows: Sequence[float]) -> float | None:
    """Periods until the running sum of the flows first reaches zero, within a period in proportion to its flow.

    None where it never does, or where there is no outlay at the start.
    """
    totals = list(accumulate(flows))
    if totals[0] >= 0:
        return None
    for period, (before, after) in enumerate(pairwise(totals)):
        if after >= 0:
            return period + before / (before - after)
    return None


def sign_changes(flows: Sequence[float]) -> int:
    """How often the flows that are not zero change their sign."""
    signs = [flow > 0 for flow in flows if flow]
    return sum(before != after for before, after in pairwise(signs))
