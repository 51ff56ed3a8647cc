"""The tools for liquidity providers and stakers: impermanent loss and compounded yield."""

from enum import StrEnum

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.measures import in_percent, priced
from agents.refusals import refusing
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument
from trading import apr_of, compound, figure, percent
from trading import impermanent_loss as pool_loss

_DAYS = 365.0
_MONTHS = 12.0


class PriceMove(StrEnum):
    """Which way a price moved."""

    UP = "up"
    DOWN = "down"


_MOVES = {
    "up": ("rises", "rose", "rise", "gains", "increases", "grows"),
    "down": (
        "falls",
        "fell",
        "fall",
        "drops",
        "drop",
        "dropped",
        "loses",
        "lost",
        "decreases",
        "declines",
        "crashes",
    ),
}


class ImpermanentLossArguments(BaseModel):
    """How far one asset of the pool moved against the other; one way of saying it is enough."""

    price_ratio: float | None = argument(
        "Price now over price at the deposit: 2 when it doubles, 0.5 when it halves",
        unit=Unit.MULTIPLE,
        cues=("ratio", "factor", "times", "goes up", "multiplies"),
        default=None,
    )
    change_percent: float | None = argument(
        "Change of the price in percent, below 0 for a fall",
        unit=Unit.PERCENT,
        cues=("change", "rises", "falls", "up", "down", "gains", "drops", "by"),
        default=None,
    )
    deposit: float | None = argument(
        "Value put into the pool",
        unit=Unit.MONEY,
        cues=("deposit", "deposited", "provided", "liquidity", "invested", "pool of", "pool", "of a"),
        default=None,
    )
    start_price: float | None = argument(
        "Price at the deposit", unit=Unit.MONEY, cues=("from", "start", "entered at"), default=None
    )
    end_price: float | None = argument("Price now", unit=Unit.MONEY, cues=("to", "end", "now"), default=None)
    move: PriceMove | None = argument(
        "Which way the change went, where its sign does not tell", aliases=_MOVES, default=None
    )


def impermanent_loss(arguments: ImpermanentLossArguments) -> ToolOutput:
    """What a constant-product pool is worth against holding its two assets."""
    ratio = _ratio(arguments)
    with refusing():
        loss = pool_loss(ratio)
    held = (1 + ratio) / 2
    pooled = held * (1 + loss)
    headline = (
        f"The impermanent loss is {percent(-loss)} against holding, for a price ratio of {figure(ratio, 4)} "
        f"({_signed(ratio - 1)})."
    )
    notes = (
        "Loss = 2 x root(r) / (1 + r) - 1 for a constant-product pool of two assets in equal value (Uniswap v2), with r the "
        "price now over the price at the deposit, of one asset in the other. Trading fees and rewards are left out; they "
        "must earn more than this for the pool to pay. A rise and a fall by the same factor cost the same. Concentrated "
        "liquidity (Uniswap v3) loses more."
    )
    data: dict[str, JsonValue] = {"impermanent_loss": loss, "price_ratio": ratio}
    if arguments.deposit is not None:
        if arguments.deposit <= 0:
            raise ToolRefused("The deposit must be above 0; leave it out for the loss in percent only.")
        value, kept = arguments.deposit * pooled, arguments.deposit * held
        headline += f" A deposit of {figure(arguments.deposit)} is now {figure(value)} in the pool, held it would be {figure(kept)}."
        notes += " The amounts take the other asset as the money everything is counted in."
        data |= {
            "deposit": arguments.deposit,
            "pool_value": value,
            "held_value": kept,
            "loss_amount": kept - value,
        }
    figures = [in_percent("impermanent loss", -loss), priced("price ratio", ratio, digits=4)]
    if arguments.deposit is not None:
        figures += [
            priced("value in the pool", arguments.deposit * pooled),
            priced("value if held", arguments.deposit * held),
        ]
    return ToolOutput(
        text=f"{headline}\n\n{notes}",
        data=data,
        figures=tuple(figures),
        assumptions=("A pool of equal values with constant product; its fees are left out.",),
        would_change=("Back at the first price the loss is gone; concentrated liquidity loses more.",),
        chart=_chart(ratio),
    )


def _chart(ratio: float) -> dict[str, JsonValue]:
    """The loss for price ratios around the given one."""
    widest = max(4.0, ratio * 1.5, 1.5 / ratio)
    ratios = [widest ** (step / 40) for step in range(-40, 41)]
    values: list[JsonValue] = [{"ratio": each, "loss": -pool_loss(each) * 100} for each in ratios]
    given: list[JsonValue] = [{"ratio": ratio, "loss": -pool_loss(ratio) * 100}]
    encoding: dict[str, JsonValue] = {
        "x": {
            "field": "ratio",
            "type": "quantitative",
            "scale": {"type": "log"},
            "title": "price now / price at the deposit",
        },
        "y": {"field": "loss", "type": "quantitative", "title": "loss against holding, %"},
    }
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": "Impermanent loss",
        "encoding": encoding,
        "layer": [
            {"data": {"values": values}, "mark": "line"},
            {"data": {"values": given}, "mark": {"type": "point", "filled": True, "size": 80}},
        ],
    }


class Compounding(StrEnum):
    """How often gains are put to work again."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


_PERIODS = {
    Compounding.DAILY: _DAYS,
    Compounding.WEEKLY: 52.0,
    Compounding.MONTHLY: _MONTHS,
    Compounding.YEARLY: 1.0,
}


class StakingArguments(BaseModel):
    """The rate, what is staked and for how long."""

    apr_percent: float | None = argument(
        "Simple yearly rate (APR) in percent",
        unit=Unit.PERCENT,
        cues=("apr", "rate", "yield", "at"),
        default=None,
    )
    apy_percent: float | None = argument(
        "Effective yearly yield (APY) in percent, when that is what is known",
        unit=Unit.PERCENT,
        cues=("apy",),
        default=None,
    )
    amount: float | None = argument(
        "What is staked, in coins or money",
        unit=Unit.NUMBER,
        cues=("staking", "stake", "lending", "lend", "deposit", "on", "amount"),
        default=None,
    )
    years: float | None = argument(
        "For how many years", unit=Unit.YEARS, cues=("years", "year"), default=None
    )
    months: float | None = argument(
        "For how many months", unit=Unit.MONTHS, cues=("months", "month"), default=None
    )
    days: float | None = argument("For how many days", unit=Unit.DAYS, cues=("days", "day"), default=None)
    compounding: Compounding = argument("How often gains are staked again", default=Compounding.DAILY)


def staking_yield(arguments: StakingArguments) -> ToolOutput:
    """APY of an APR (or the reverse), and what an amount grows to."""
    periods = _PERIODS[arguments.compounding]
    years = _years(arguments)
    with refusing():
        rate = _simple_rate(arguments, periods)
        result = compound(rate, periods, years)
    given = "APY" if arguments.apr_percent is None else "APR"
    first = (
        f"An APR of {percent(rate)} compounded {arguments.compounding.value} is an APY of {percent(result.apy)}"
        if given == "APR"
        else f"An APY of {percent(result.apy)} compounded {arguments.compounding.value} is an APR of {percent(rate)}"
    )
    data: dict[str, JsonValue] = {"apr": rate, "apy": result.apy, "periods_a_year": periods, "years": years}
    if arguments.amount is not None:
        if arguments.amount <= 0:
            raise ToolRefused("The amount must be above 0; leave it out for the rates only.")
        after = arguments.amount * result.growth
        first += f"; {figure(arguments.amount)} become {figure(after, 4)} in {_span(years)}, a gain of {figure(after - arguments.amount, 4)}"
        simple = arguments.amount * rate * years
        first += f" ({figure(simple, 4)} without compounding)"
        data |= {
            "amount": arguments.amount,
            "final": after,
            "gain": after - arguments.amount,
            "simple_gain": simple,
        }
    notes = (
        f"APY = (1 + APR/n)^n - 1 with n = {periods:g} periods a year; an amount grows by (1 + APR/n)^(n x years). The rate "
        "is taken as constant and paid in the coin itself; fees, lock-up, slashing and the coin's price are left out. New "
        "coins paid to all stakers dilute: the real yield is the APR less the coin's inflation."
    )
    figures = [in_percent("APR", rate), in_percent("APY", result.apy)]
    if arguments.amount is not None:
        figures += [
            priced("amount at the end", arguments.amount * result.growth, digits=4),
            priced("gain", arguments.amount * (result.growth - 1), digits=4),
        ]
    return ToolOutput(
        text=f"{first}.\n\n{notes}",
        data=data,
        figures=tuple(figures),
        assumptions=(
            "The rate is constant and paid in the coin itself.",
            "Fees, lock-up, slashing and the price are left out.",
        ),
        would_change=(
            "New coins that are paid to all stakers dilute: the real yield is less by the coin's inflation.",
        ),
    )


def pool_tools() -> tuple[BaseTool, ...]:
    """`impermanent_loss` and `staking_yield` as tools."""
    return (
        tool(
            "impermanent_loss",
            "Impermanent loss of a constant-product liquidity pool (Uniswap v2) against holding, from a price change.",
            ImpermanentLossArguments,
            impermanent_loss,
            examples=(
                "impermanent loss if ETH doubles",
                "what's my impermanent loss when one token goes up 4x",
                "impermanent loss of a 10000 dollar ETH/USDC pool if ETH falls 40 %",
                "IL when the price goes from 2000 to 3000",
            ),
        ),
        tool(
            "staking_yield",
            "APY of a staking or lending APR for a compounding frequency, and what an amount earns over a time.",
            StakingArguments,
            staking_yield,
            examples=(
                "staking yield on 32 ETH at 3.5 %",
                "how much do I earn staking 1000 SOL at 7% apy for a year, compounded daily",
                "convert 12 % apr to apy with monthly compounding",
                "lending 5000 USDC at 8 % apr for 90 days",
            ),
        ),
    )


def _ratio(arguments: ImpermanentLossArguments) -> float:
    falls = arguments.move is PriceMove.DOWN
    if arguments.start_price is not None and arguments.end_price is not None:
        if arguments.start_price <= 0 or arguments.end_price <= 0:
            raise ToolRefused("Start and end price must be above 0.")
        return arguments.end_price / arguments.start_price
    if arguments.price_ratio is not None:
        return 1 / arguments.price_ratio if falls and arguments.price_ratio > 1 else arguments.price_ratio
    if arguments.change_percent is not None:
        change = -abs(arguments.change_percent) if falls else arguments.change_percent
        if change <= -100:  # noqa: PLR2004  # a price cannot lose more than everything
            raise ToolRefused(f"A price cannot change by {change:g} %; give a change above -100 %.")
        return 1 + change / 100
    raise ToolRefused(
        "Say how far the price moved: a ratio (2x), a change (-40 %), or a start and an end price."
    )


def _signed(change: float) -> str:
    return f"{'+' if change >= 0 else ''}{percent(change)}"


def _simple_rate(arguments: StakingArguments, periods: float) -> float:
    if arguments.apr_percent is not None:
        return arguments.apr_percent / 100
    if arguments.apy_percent is not None:
        return apr_of(arguments.apy_percent / 100, periods)
    raise ToolRefused("Give the yearly rate in percent, as APR or as APY.")


def _years(arguments: StakingArguments) -> float:
    spans = (
        (arguments.years, 1.0),
        (arguments.months, _MONTHS),
        (arguments.days, _DAYS),
    )
    given = [span / unit for span, unit in spans if span is not None]
    return sum(given) if given else 1.0


def _span(years: float) -> str:
    if years == 1:
        return "a year"
    if years == int(years):
        return f"{years:g} years"
    return f"{figure(years * _DAYS, 1)} days"
