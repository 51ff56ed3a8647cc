"""Unlock schedules: how much of each share of a token's supply is free after so many months."""

from collections.abc import Sequence
from dataclasses import dataclass

from trading.checks import between, not_negative, positive
from trading.errors import NumberInvalid

LONGEST_MONTHS = 240


@dataclass(frozen=True, kw_only=True)
class Tranche:
    """One share of the supply. Months count from the launch."""

    name: str
    share: float
    """Of the total supply, as a fraction."""
    at_launch: float = 0.0
    """The fraction of the tranche that is free at the launch."""
    cliff: float = 0.0
    """Months in which nothing more is freed."""
    vesting: float = 0.0
    """Months over which the rest is freed evenly, counted from the end of the cliff; 0: all at once."""

    @property
    def ends(self) -> float:
        """The month in which all of it is free."""
        return self.cliff + self.vesting

    def free(self, month: float) -> float:
        """The fraction of the tranche that is free at a month."""
        if month < self.cliff:
            return self.at_launch
        if self.vesting == 0:
            return 1.0
        return min(1.0, self.at_launch + (1 - self.at_launch) * (month - self.cliff) / self.vesting)


@dataclass(frozen=True, kw_only=True)
class UnlockMonth:
    """One month of a schedule, in tokens."""

    month: int
    free: dict[str, float]
    """By tranche."""
    total: float
    unlocked: float
    """What came free since the month before."""
    dilution: float
    """`unlocked` as a fraction of what was free the month before; 0 at the launch."""


def unlock_schedule(
    total_supply: float, tranches: Sequence[Tranche], months: int | None = None
) -> tuple[UnlockMonth, ...]:
    """Free tokens at the end of each month from the launch (0) on, to the last unlock unless `months` is given.

    Nothing vests during a cliff, and what vests does so evenly after it; vesting that is counted from the launch and
    paid out at the cliff frees more at once. Raises NumberInvalid for shares that are not above 0 or add up to more
    than 1, and for more than 240 months.
    """
    positive("total supply", total_supply)
    if not tranches:
        raise NumberInvalid("There is no tranche; give at least one share with its cliff and vesting.")
    for each in tranches:
        positive(f"share of {each.name}", each.share)
        between(f"part of {each.name} free at the launch, as a fraction", each.at_launch, 0, 1)
        not_negative(f"cliff of {each.name} in months", each.cliff)
        not_negative(f"vesting of {each.name} in months", each.vesting)
    whole = sum(each.share for each in tranches)
    if whole > 1 + 1e-9:
        raise NumberInvalid(f"The shares add up to {whole * 100:g} %, more than 100 %; correct them.")
    last = months if months is not None else int(-(-max(each.ends for each in tranches) // 1))
    between("number of months", last, 0, LONGEST_MONTHS)
    found: list[UnlockMonth] = []
    for month in range(last + 1):
        free = {each.name: total_supply * each.share * each.free(month) for each in tranches}
        total = sum(free.values())
        before = found[-1].total if found else total
        found.append(
            UnlockMonth(
                month=month,
                free=free,
                total=total,
                unlocked=total - before,
                dilution=(total - before) / before if before > 0 else 0.0,
            )
        )
    return tuple(found)
