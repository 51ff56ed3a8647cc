"""The tools for leveraged positions: liquidation price and funding cost."""

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.measures import in_percent, priced
from agents.refusals import refusing
from agents.tools import Figure, ToolOutput, tool
from models import Unit, argument
from trading import Side, figure, percent
from trading import funding_cost as funding
from trading import liquidation_price as liquidation


class LiquidationArguments(BaseModel):
    """The position."""

    entry_price: float = argument(
        "Entry price", unit=Unit.MONEY, cues=("from", "entry", "entered", "opened", "price", "at")
    )
    leverage: float = argument(
        "Leverage: 10 for 10x", unit=Unit.MULTIPLE, cues=("leverage", "leveraged", "x", "times")
    )
    side: Side = argument("long or short", default=Side.LONG)
    maintenance_margin_percent: float = argument(
        "Maintenance margin in percent of the position",
        unit=Unit.PERCENT,
        cues=("maintenance", "mmr"),
        default=0.5,
    )


def liquidation_price(arguments: LiquidationArguments) -> ToolOutput:
    """Where an isolated position is liquidated, with the assumptions it rests on."""
    with refusing():
        result = liquidation(
            arguments.entry_price,
            arguments.leverage,
            arguments.side,
            arguments.maintenance_margin_percent / 100,
        )
    position = f"{arguments.leverage:g}x {arguments.side.value} from {figure(arguments.entry_price)}"
    if result.price <= 0:
        headline = f"A {position} has no liquidation price above 0: it holds no borrowed money."
    else:
        way = "rise" if result.move > 0 else "fall"
        headline = f"The liquidation price of a {position} is {figure(result.price)}, a {way} of {percent(abs(result.move))}."
    long = arguments.side is Side.LONG
    rule = "(1 - 1/L) / (1 - m)" if long else "(1 + 1/L) / (1 + m)"
    notes = (
        f"Price = entry x {rule} with L = {arguments.leverage:g} and m = {arguments.maintenance_margin_percent:g} %. Assumed: "
        f"isolated margin with nothing added, a maintenance margin of {arguments.maintenance_margin_percent:g} % of the "
        "position's value at the mark price, a linear (coin against stablecoin) contract, no fees and no funding. Exchanges "
        "that take the maintenance margin on the value at entry liquidate at "
        f"{figure(result.price_by_entry_value)}. The whole margin is gone at {figure(result.bankruptcy_price)}. Maintenance "
        "rates rise with the size of the position; look yours up at the exchange."
    )
    data: dict[str, JsonValue] = {
        "liquidation_price": result.price,
        "liquidation_price_by_entry_value": result.price_by_entry_value,
        "bankruptcy_price": result.bankruptcy_price,
        "move": result.move,
        "side": arguments.side.value,
        "leverage": arguments.leverage,
        "entry_price": arguments.entry_price,
        "maintenance_margin_percent": arguments.maintenance_margin_percent,
    }
    figures = [in_percent("move to liquidation", result.move)]
    if result.price > 0:
        figures.insert(0, priced("liquidation price", result.price))
        figures.append(priced("price at which the margin is gone", result.bankruptcy_price))
    return ToolOutput(
        text=f"{headline}\n\n{notes}",
        data=data,
        figures=tuple(figures),
        assumptions=(
            "Isolated margin with nothing added.",
            f"A maintenance margin of {arguments.maintenance_margin_percent:g} % of the position's value at the mark price.",
            "A linear contract, no fees and no funding.",
        ),
        would_change=(
            "Margin that is added moves the liquidation away; a larger position has a higher maintenance rate.",
        ),
    )


class FundingArguments(BaseModel):
    """The position and the rate."""

    notional: float = argument(
        "Value of the position, leverage included",
        unit=Unit.MONEY,
        cues=("position", "notional", "on", "long", "short", "worth", "of"),
    )
    rate_percent: float = argument(
        "Funding rate of one payment in percent; above 0 longs pay shorts",
        unit=Unit.PERCENT,
        cues=("funding rate", "rate", "funding", "at"),
    )
    days: float = argument(
        "How many days it is held", unit=Unit.DAYS, cues=("days", "for", "hold"), default=1.0
    )
    side: Side = argument("long or short", default=Side.LONG)
    hours_between_payments: float = argument(
        "Hours from one payment to the next",
        unit=Unit.COUNT,
        cues=("every", "hours", "per", "hourly"),
        default=8.0,
    )


def funding_cost(arguments: FundingArguments) -> ToolOutput:
    """What a perpetual position pays or receives in funding over some days."""
    with refusing():
        result = funding(
            arguments.notional,
            arguments.rate_percent / 100,
            arguments.days,
            arguments.side,
            arguments.hours_between_payments,
        )
    verb = "pays" if result.total >= 0 else "receives"
    hours = f"{arguments.hours_between_payments:g} hours"
    held = "one day" if arguments.days == 1 else f"{arguments.days:g} days"
    headline = (
        f"The {arguments.side.value} {verb} {figure(abs(result.total))} in funding over {held}: "
        f"{figure(abs(result.per_payment))} every {hours}, {figure(result.payments, 1)} times."
    )
    notes = (
        f"Cost = position x rate x payments = {figure(arguments.notional)} x {arguments.rate_percent:g} % x "
        f"{figure(result.payments, 1)}. Kept up for a year the rate comes to {percent(result.yearly_rate)} of the position. "
        "Assumed: the rate and the position's value stay as they are; both change with every payment. Above 0 longs pay "
        "shorts, below 0 shorts pay longs. Trading fees are left out."
    )
    data: dict[str, JsonValue] = {
        "total": result.total,
        "per_payment": result.per_payment,
        "payments": result.payments,
        "yearly_rate": result.yearly_rate,
        "side": arguments.side.value,
    }
    return ToolOutput(
        text=f"{headline}\n\n{notes}",
        data=data,
        figures=(
            priced("funding in all", abs(result.total)),
            priced("funding of one payment", abs(result.per_payment)),
            Figure(name="payments", value=result.payments, decimals=1),
            in_percent("funding a year of the position", result.yearly_rate),
        ),
        assumptions=("The rate and the position's value stay as they are.", "Trading fees are left out."),
        would_change=("A rate of the other sign turns who pays and who receives.",),
    )


def leverage_tools() -> tuple[BaseTool, ...]:
    """`liquidation_price` and `funding_cost` as tools."""
    return (
        tool(
            "liquidation_price",
            "Liquidation price of an isolated leveraged long or short, with the assumptions stated.",
            LiquidationArguments,
            liquidation_price,
            examples=(
                "liquidation price of a 10x long from 60000",
                "at what price do I get liquidated with 20x short at 3000",
                "where is my liquidation, entry 2,500, leverage 5x, long",
            ),
        ),
        tool(
            "funding_cost",
            "Funding that a perpetual futures position pays or receives over some days at a rate per payment.",
            FundingArguments,
            funding_cost,
            examples=(
                "how much funding do I pay on a $50,000 long at 0.01% every 8h for 10 days",
                "funding cost of a 20000 short at -0.02 % for 30 days",
                "what does it cost to hold a perp position of 100k for 7 days at a funding rate of 0.03 %",
            ),
        ),
    )
