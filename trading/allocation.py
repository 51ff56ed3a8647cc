"""How a portfolio is spread over its holdings."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from trading.checks import between, not_negative
from trading.errors import NumberInvalid

FULL = 1.0
ROUNDING = 0.005
"""Weights that miss 100 % by no more than half a percent are taken as rounded."""


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """A portfolio's weights and how concentrated they are. Weights are fractions of their sum."""

    weights: dict[str, float]
    """Largest first."""
    total: float
    """What the given weights added up to, before they were scaled to 1."""
    herfindahl: float
    """The sum of squared weights: 1 for one holding, 1/n for n equal ones."""
    effective_holdings: float
    """1 / herfindahl: as many equal holdings would be as concentrated."""
    over_limit: tuple[str, ...]

    @property
    def adds_up(self) -> bool:
        """Whether the given weights added up to 1, rounding allowed."""
        return abs(self.total - FULL) <= ROUNDING


def check_allocation(weights: Mapping[str, float], limit: float = 0.4) -> Allocation:
    """The concentration of a portfolio (Herfindahl, 1950; Hirschman, 1945), with holdings above a limit named.

    Weights are fractions or amounts of 0 or more, at least one above 0; `limit` is a fraction.
    """
    between("limit for one holding as a fraction", limit, 0, 1)
    for name, weight in weights.items():
        not_negative(f"weight of {name}", weight)
    total = math.fsum(weights.values())
    if total <= 0 or not math.isfinite(total):
        raise NumberInvalid("The weights add up to nothing; give at least one holding with a weight above 0.")
    shares = {name: weight / total for name, weight in sorted(weights.items(), key=lambda item: -item[1])}
    herfindahl = math.fsum(share**2 for share in shares.values())
    return Allocation(
        weights=shares,
        total=total,
        herfindahl=herfindahl,
        effective_holdings=1 / herfindahl,
        over_limit=tuple(name for name, share in shares.items() if share > limit + 1e-12),
    )


@dataclass(frozen=True, kw_only=True)
class Drift:
    """How far one holding is from its target. Weights are fractions, amounts in the holdings' unit."""

    name: str
    weight: float
    target: float
    trade: float
    """What to buy (above 0) or sell (below 0) to be on target, costs and taxes left out."""
    outside: bool
    """Whether the weight is further from the target than the band."""

    @property
    def off(self) -> float:
        """Weight minus target."""
        return self.weight - self.target


def drift_from(
    holdings: Mapping[str, float], targets: Mapping[str, float], band: float = 0.05
) -> tuple[Drift, ...]:
    """Each holding's weight against its target, the furthest first.

    Holdings are amounts or weights of 0 or more; targets are scaled to add up to 1, and what has none has the target 0.
    The band is a distance in weight (Daryanani, 2008, "Opportunistic Rebalancing", compares such bands).
    """
    between("band as a fraction", band, 0, 1)
    now, wanted = check_allocation(holdings), check_allocation(targets)
    names = dict.fromkeys((*now.weights, *wanted.weights))
    found = []
    for name in names:
        weight, target = now.weights.get(name, 0.0), wanted.weights.get(name, 0.0)
        found.append(
            Drift(
                name=name,
                weight=weight,
                target=target,
                trade=(target - weight) * now.total,
                outside=abs(weight - target) > band + 1e-12,
            )
        )
    return tuple(sorted(found, key=lambda each: -abs(each.off)))
