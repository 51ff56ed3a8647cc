"""How a series of prices or of an account's equity did: return, drawdown, Sharpe and Sortino ratios."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from trading.checks import all_finite, between, finite, positive, within_reach
from trading.errors import NumberInvalid, TooFewBars


@dataclass(frozen=True, kw_only=True)
class Drawdown:
    """The deepest fall from a peak; indices count from 0 in the series."""

    depth: float
    """A fraction of the peak, 0 or above: 0.25 is a fall of 25 %."""
    peak: int
    trough: int
    recovered: int | None
    """Where the peak was reached again; None if it was not."""


@dataclass(frozen=True, kw_only=True)
class Performance:
    """Rates are fractions; volatility and the two ratios are for a year. None: not defined for this series."""

    total_return: float
    drawdown: Drawdown
    volatility: float
    sharpe: float | None
    sortino: float | None
    mean_return: float
    """Of one period."""
    win_rate: float
    """The share of periods with a gain."""


def maximum_drawdown(equity: Sequence[float]) -> Drawdown:
    """The deepest fall from a running peak (Magdon-Ismail and Atiya, 2004). Values above 0, at least one."""
    _check_equity(equity, 1)
    deepest, peak, best = 0.0, 0, (0, 0)
    for index, value in enumerate(equity):
        if value > equity[peak]:
            peak = index
        fall = 1 - value / equity[peak]
        if fall > deepest:
            deepest, best = fall, (peak, index)
    recovered = next(
        (i for i in range(best[1], len(equity)) if deepest > 0 and equity[i] >= equity[best[0]]), None
    )
    return Drawdown(depth=deepest, peak=best[0], trough=best[1], recovered=recovered)


def performance(equity: Sequence[float], *, periods: float = 365.0, risk_free: float = 0.0) -> Performance:
    """What a series of equity or prices, oldest first, did.

    Sharpe: mean excess return over its sample standard deviation, times the root of the periods a year (Sharpe,
    1994, "The Sharpe Ratio"). Sortino: the same over the root mean square of the negative excess returns (Sortino
    and Price, 1994). `risk_free` is a yearly fraction. Raises TooFewBars below 3 values.
    """
    _check_equity(equity, 3)
    positive("periods a year", periods)
    between("risk-free rate as a fraction", risk_free, -1, 10)
    returns = [within_reach("return", later / earlier - 1) for earlier, later in pairwise(equity)]
    hurdle = risk_free / periods
    excess = [value - hurdle for value in returns]
    mean = math.fsum(excess) / len(excess)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in excess) / (len(excess) - 1))
    downside = math.sqrt(math.fsum(min(value, 0.0) ** 2 for value in excess) / len(excess))
    year = math.sqrt(periods)
    steady = deviation <= 1e-12 * max(
        1.0, abs(mean)
    )  # rounding makes equal returns differ in the last digits
    return Performance(
        total_return=within_reach("total return", equity[-1] / equity[0] - 1),
        drawdown=maximum_drawdown(equity),
        volatility=deviation * year,
        sharpe=None if steady else mean / deviation * year,
        sortino=None if downside == 0 else mean / downside * year,
        mean_return=math.fsum(returns) / len(returns),
        win_rate=sum(value > 0 for value in returns) / len(returns),
    )


def equity_from_returns(returns: Sequence[float]) -> list[float]:
    """The equity of one unit after each return (fractions above -1), starting with 1."""
    all_finite("returns", returns)
    equity = [1.0]
    for number, value in enumerate(returns, start=1):
        if value <= -1:
            raise NumberInvalid(
                f"Return {number} is {value:g}: it loses everything. Give returns as fractions above -1."
            )
        equity.append(finite("equity", equity[-1] * (1 + value)))
    return equity


def _check_equity(equity: Sequence[float], least: int) -> None:
    all_finite("series", equity)
    if len(equity) < least:
        raise TooFewBars(f"There are {len(equity)} values; give at least {least}.")
    for number, value in enumerate(equity, start=1):
        if value <= 0:
            raise NumberInvalid(f"Value {number} is {value:g}; prices and equity must be above 0.")
