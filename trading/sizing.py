"""How much to buy or sell short: fixed-fraction risk, stops in true ranges, expected value, Kelly."""

from dataclasses import dataclass
from enum import StrEnum

from trading.checks import between, positive, within_reach
from trading.errors import NumberInvalid

STOP_IN_ATR = 2.0
REWARDS = (2.0, 3.0)


class Side(StrEnum):
    """Which way a position gains."""

    LONG = "long"
    SHORT = "short"


@dataclass(frozen=True, kw_only=True)
class PositionPlan:
    """A position sized so that the stop costs a set share of the account. Money is in the account's currency."""

    side: Side
    entry: float
    stop: float
    risk_amount: float
    """What is lost at the stop, before fees and slippage."""
    quantity: float
    notional: float
    """Quantity times entry."""
    targets: tuple[float, ...]
    """Prices that gain each of `rewards` times the distance to the stop."""
    rewards: tuple[float, ...]
    leverage: float
    """Notional over account; above 1 the position needs borrowed money."""

    @property
    def distance(self) -> float:
        """Entry to stop, in price."""
        return abs(self.entry - self.stop)


def size_by_stop(
    account: float, risk_fraction: float, entry: float, stop: float, rewards: tuple[float, ...] = REWARDS
) -> PositionPlan:
    """Fixed-fraction sizing: quantity = account x risk fraction / |entry - stop| (Tharp, 1998, "Trade Your Way").

    A stop below the entry makes a long, one above a short. `risk_fraction` is above 0 and at most 1.
    Targets at or below zero, which a short with a wide stop can have, are left out. Raises NumberInvalid for
    numbers out of range or a stop at the entry.
    """
    positive("account", account)
    positive("entry price", entry)
    positive("stop price", stop)
    between("risk per trade as a fraction", risk_fraction, 1e-9, 1)
    if stop == entry:
        raise NumberInvalid("The stop is at the entry price; a position needs a distance between them.")
    side = Side.LONG if stop < entry else Side.SHORT
    distance = entry - stop  # negative for a short, so that the targets lie below its entry
    risk_amount = account * risk_fraction
    quantity = within_reach("quantity", risk_amount / abs(distance))
    targets = tuple(entry + reward * distance for reward in rewards)
    reached = [place for place, target in enumerate(targets) if target > 0]
    return PositionPlan(
        side=side,
        entry=entry,
        stop=stop,
        risk_amount=risk_amount,
        quantity=quantity,
        notional=within_reach("position's value", quantity * entry),
        targets=tuple(targets[place] for place in reached),
        rewards=tuple(rewards[place] for place in reached),
        leverage=quantity * entry / account,
    )


def risk_of(account: float, money: float) -> float:
    """The fraction of an account that an amount of money is; NumberInvalid unless 0 < money <= account."""
    positive("account", account)
    positive("amount at risk", money)
    if money > account:
        raise NumberInvalid(
            f"The amount at risk ({money:g}) is more than the account ({account:g}); give at most the account."
        )
    return money / account


def size_by_atr(
    account: float,
    risk_fraction: float,
    entry: float,
    atr: float,
    *,
    side: Side = Side.LONG,
    multiple: float = STOP_IN_ATR,
) -> PositionPlan:
    """Fixed-fraction sizing with the stop `multiple` average true ranges from the entry (2 by default).

    Targets stand at 1:2 and 1:3. NumberInvalid when a long's stop would be at or below zero.
    """
    positive("entry price", entry)
    positive("average true range", atr)
    positive("multiple of the true range", multiple)
    stop = entry - multiple * atr if side is Side.LONG else entry + multiple * atr
    if stop <= 0:
        raise NumberInvalid(
            f"A stop {multiple:g} x {atr:g} below {entry:g} would be at {stop:g}; check entry and ATR, "
            "they must be in the same unit."
        )
    return size_by_stop(account, risk_fraction, entry, stop)


def expected_value(win_probability: float, reward: float, risk: float = 1.0) -> float:
    """Gain per trade to expect: p x reward - (1 - p) x risk, in the unit of reward and risk."""
    between("win probability", win_probability, 0, 1)
    return win_probability * positive("reward", reward) - (1 - win_probability) * positive("risk", risk)


def kelly_fraction(win_probability: float, payoff: float) -> float:
    """The share of capital that maximises long-run growth: p - (1 - p)/b (Kelly, 1956, "A New Interpretation").

    `payoff` b is the average win over the average loss. 0 or less means there is no edge to bet on.
    """
    between("win probability", win_probability, 0, 1)
    positive("payoff ratio (average win over average loss)", payoff)
    return win_probability - (1 - win_probability) / payoff


def break_even_probability(payoff: float) -> float:
    """The win probability at which a payoff neither gains nor loses: 1 / (1 + b)."""
    return 1 / (1 + positive("payoff ratio (average win over average loss)", payoff))
