"""What positions cost and bear: liquidation, funding, liquidity pools, staking."""

import math
from dataclasses import dataclass

from trading.checks import between, finite, not_negative, positive, within_reach
from trading.errors import NumberInvalid
from trading.sizing import Side

FUNDING_HOURS = 8.0
DAYS_PER_YEAR = 365.0


@dataclass(frozen=True, kw_only=True)
class Liquidation:
    """Where an isolated position is closed by force."""

    price: float
    """By the value at the mark price (the definition of maintenance margin, as on Binance); 0 if never above it."""
    price_by_entry_value: float
    """By the value at entry (as on Bybit)."""
    move: float
    """From entry to `price`, a fraction of the entry: -0.095 is a fall of 9.5 %."""
    bankruptcy_price: float
    """Where the whole margin is gone."""


def liquidation_price(
    entry: float, leverage: float, side: Side = Side.LONG, maintenance_rate: float = 0.005
) -> Liquidation:
    """The liquidation price of a linear (coin against stablecoin) contract in isolated margin.

    The position is liquidated when margin + profit = maintenance rate x position value. With margin = entry
    value / leverage this gives entry x (1 - 1/L)/(1 - m) for a long and entry x (1 + 1/L)/(1 + m) for a short
    (Binance, "How to calculate liquidation price of USDT-M futures", without its tier amount). With the position
    valued at entry: entry x (1 - 1/L + m) and entry x (1 + 1/L - m) (Bybit, "Liquidation price, USDT contract,
    isolated margin"). Fees, funding and added margin are left out.

    `leverage` is 1 to 1000, `maintenance_rate` a fraction from 0 to 0.5 and below 1/leverage; else NumberInvalid.
    """
    positive("entry price", entry)
    between("leverage", leverage, 1, 1000)
    between("maintenance margin rate as a fraction", maintenance_rate, 0, 0.5)
    initial = 1 / leverage
    if maintenance_rate >= initial:
        raise NumberInvalid(
            f"At {leverage:g}x the margin is {initial * 100:.4g} % of the position, not above the maintenance margin "
            f"of {maintenance_rate * 100:g} %: it would be liquidated at once. Take less leverage."
        )
    if side is Side.LONG:
        by_mark = entry * (1 - initial) / (1 - maintenance_rate)
        by_entry = entry * (1 - initial + maintenance_rate)
        bankrupt = entry * (1 - initial)
    else:
        by_mark = entry * (1 + initial) / (1 + maintenance_rate)
        by_entry = entry * (1 + initial - maintenance_rate)
        bankrupt = entry * (1 + initial)
    return Liquidation(
        price=within_reach("liquidation price", by_mark),
        price_by_entry_value=by_entry,
        move=by_mark / entry - 1,
        bankruptcy_price=bankrupt,
    )


@dataclass(frozen=True, kw_only=True)
class Funding:
    """What a perpetual position pays (above 0) or receives (below 0) in funding."""

    payments: float
    per_payment: float
    total: float
    yearly_rate: float
    """The rate of one payment times the payments of a year, a fraction."""


def funding_cost(
    notional: float, rate: float, days: float, side: Side = Side.LONG, hours: float = FUNDING_HOURS
) -> Funding:
    """Funding over some days at a constant rate: notional x rate for each payment, one every `hours`.

    `rate` is a fraction for one payment; above zero longs pay shorts. The position's value is held constant.
    """
    positive("position's value", notional)
    between("funding rate as a fraction", rate, -1, 1)
    not_negative("number of days", days)
    between("hours between payments", hours, 0.01, 24 * 7)
    payments = days * 24 / hours
    per_payment = notional * rate * (1 if side is Side.LONG else -1)
    return Funding(
        payments=payments,
        per_payment=per_payment,
        total=within_reach("funding", per_payment * payments),
        yearly_rate=rate * DAYS_PER_YEAR * 24 / hours,
    )


def impermanent_loss(price_ratio: float, weight: float = 0.5) -> float:
    """A pool's value against holding, as a fraction of at most 0: r^w / (w r + 1 - w) - 1.

    `price_ratio` r is the asset's price now over its price at the deposit, in units of the other asset; `weight`
    its share of the pool. At a weight of 0.5 this is 2 sqrt(r)/(1 + r) - 1, the constant-product case (Pintail,
    2018, "Uniswap: a good deal for liquidity providers?"; weights: Martinelli and Mushegian, 2019, "Balancer").
    Trading fees are left out.
    """
    positive("price ratio", price_ratio)
    between("weight in the pool as a fraction", weight, 0.01, 0.99)
    log = math.log(price_ratio)
    # In logarithms, so that the largest and the smallest ratios neither overflow nor vanish.
    shift = max(log, 0.0)
    hold = math.log(weight * math.exp(log - shift) + (1 - weight) * math.exp(-shift)) + shift
    return min(0.0, math.expm1(weight * log - hold))


@dataclass(frozen=True, kw_only=True)
class Yield:
    """What a simple yearly rate comes to when its gains are put to work again."""

    apy: float
    """The effective yearly yield, a fraction."""
    growth: float
    """What one unit becomes over the whole time."""


def compound(apr: float, periods: float = DAYS_PER_YEAR, years: float = 1.0) -> Yield:
    """APY of an APR compounded `periods` times a year: (1 + apr/n)^n - 1; growth over `years`: (1 + apr/n)^(n years).

    Rates are fractions; `apr` is above -1 x periods. Raises NumberInvalid for rates too large to compute.
    """
    finite("yearly rate", apr)
    positive("compounding periods a year", periods)
    not_negative("number of years", years)
    if apr / periods <= -1:
        raise NumberInvalid(
            f"A yearly rate of {apr * 100:g} % loses everything in one period; check the rate."
        )
    log = math.log1p(apr / periods) * periods
    if max(log, log * years) > 700:  # noqa: PLR2004  # where the exponential leaves the range of a float
        raise NumberInvalid("The yield is too large to compute; give a smaller rate, or fewer years.")
    return Yield(apy=math.expm1(log), growth=math.exp(log * years))


def apr_of(apy: float, periods: float = DAYS_PER_YEAR) -> float:
    """The simple rate that compounds to an APY: n ((1 + apy)^(1/n) - 1); fractions, apy above -1."""
    if finite("yearly yield", apy) <= -1:
        raise NumberInvalid("A yearly yield of -100 % or less leaves nothing; check the yield.")
    return positive("compounding periods a year", periods) * math.expm1(math.log1p(apy) / periods)
