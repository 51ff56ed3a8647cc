"""Value at risk and the expected shortfall beyond it, from a series of returns."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trading.checks import all_finite, between, positive
from trading.errors import TooFewBars

FEWEST_RETURNS = 20


@dataclass(frozen=True, kw_only=True)
class TailRisk:
    """Losses as fractions of the value, above 0 for a loss, over `periods` periods at a confidence."""

    confidence: float
    periods: float
    historical: float
    """The loss that this share of the returns stayed within."""
    shortfall: float
    """Historical CVaR: the mean of the losses at and beyond the historical value at risk."""
    normal: float
    """By a normal distribution of the same mean and standard deviation."""
    normal_shortfall: float
    worst: float
    """The largest loss of one period."""
    tail: int
    """How many returns the shortfall is the mean of."""
    returns: int


def tail_risk(returns: Sequence[float], confidence: float = 0.95, periods: float = 1.0) -> TailRisk:
    """VaR and CVaR of returns (fractions of one period).

    Historical VaR is the lower empirical quantile: of n returns the ceil((1 - c) n)-th smallest; CVaR the mean of
    those up to it (Rockafellar and Uryasev, 2000, "Optimization of Conditional Value-at-Risk"; Acerbi and Tasche,
    2002). Normal: -(mu - z sigma) and -(mu - sigma phi(z)/(1 - c)) with the sample deviation (Jorion, "Value at Risk").
    Several periods scale the mean by their number and the rest by its root, which takes returns as independent. Raises
    TooFewBars below FEWEST_RETURNS, NumberInvalid for a confidence outside of 0.5 to 0.999.
    """
    from scipy.stats import norm

    all_finite("returns", returns)
    between("confidence as a fraction", confidence, 0.5, 0.999)
    positive("number of periods", periods)
    count = len(returns)
    if count < FEWEST_RETURNS:
        raise TooFewBars(f"There are {count} returns; value at risk needs at least {FEWEST_RETURNS}.")
    ordered = sorted(returns)
    tail = max(1, math.ceil(round((1 - confidence) * count, 9)))
    mean = math.fsum(returns) / count
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in returns) / (count - 1))
    z, root = float(norm.ppf(confidence)), math.sqrt(periods)
    beyond = float(norm.pdf(z)) / (1 - confidence)

    def scaled(loss: float) -> float:
        return (loss + mean) * root - mean * periods

    return TailRisk(
        confidence=confidence,
        periods=periods,
        historical=scaled(-ordered[tail - 1]),
        shortfall=scaled(-math.fsum(ordered[:tail]) / tail),
        normal=deviation * z * root - mean * periods,
        normal_shortfall=deviation * beyond * root - mean * periods,
        worst=-ordered[0],
        tail=tail,
        returns=count,
    )
