"""The tools for a coin's supply: schedule and inflation, stock-to-flow."""

from datetime import UTC, datetime

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.measures import in_percent, priced
from agents.refusals import refusing
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument
from trading import BitcoinSupply, bitcoin_day, bitcoin_height, bitcoin_supply, emission, figure, percent
from trading import stock_to_flow as stock_over_flow

_ROWS = 12
_BITCOIN_RULES = (
    "By Bitcoin's consensus rules: 50 BTC a block, halved every 210,000 blocks, in whole satoshi. Coins that are lost or "
    "were never claimed are counted."
)


class SupplyArguments(BaseModel):
    """Bitcoin at a year or a block height, or any coin by its supply and inflation."""

    year: int | None = argument(
        "Bitcoin: the calendar year", unit=Unit.COUNT, cues=("in", "by", "end of"), default=None
    )
    block_height: int | None = argument(
        "Bitcoin: the block height", unit=Unit.COUNT, cues=("block height", "height", "block"), default=None
    )
    current_supply: float | None = argument(
        "Another coin: its current supply; left out for Bitcoin",
        unit=Unit.NUMBER,
        cues=("supply", "current supply", "circulating", "tokens", "coins"),
        default=None,
    )
    annual_inflation_percent: float | None = argument(
        "Another coin: new coins a year in percent of the supply, below 0 for burning",
        unit=Unit.PERCENT,
        cues=("inflation", "emission", "issuance"),
        default=None,
    )
    new_per_year: float | None = argument(
        "Another coin: new coins a year, when that is what is known",
        unit=Unit.NUMBER,
        cues=("new", "new coins", "minted", "issued", "a year", "per year"),
        default=None,
    )
    max_supply: float | None = argument(
        "Another coin: its maximum supply",
        unit=Unit.NUMBER,
        cues=("max supply", "maximum", "max", "cap"),
        default=None,
    )
    years: int = argument(
        "Another coin: how many years ahead", unit=Unit.YEARS, cues=("years", "over", "after"), default=5
    )


def supply_schedule(arguments: SupplyArguments) -> ToolOutput:
    """A coin's supply over time with its inflation."""
    if arguments.current_supply is not None:
        return _generic(arguments, arguments.current_supply)
    if arguments.annual_inflation_percent is not None or arguments.new_per_year is not None:
        raise ToolRefused(
            "Give the current supply of the coin as well; for Bitcoin, leave the inflation out."
        )
    with refusing():
        height, moment = _bitcoin_moment(arguments.year, arguments.block_height)
        supply = bitcoin_supply(height)
        halving = supply.next_halving_height
        next_day = None if halving is None else bitcoin_day(halving)
    exact = arguments.block_height is not None
    headline = (
        f"{'At' if exact else _when(moment)} block {height:,}{'' if exact else ' (estimated)'} "
        f"{figure(supply.supply)} BTC are issued, {percent(supply.supply / supply.limit)} of all there will be; each block "
        f"adds {_coins(supply.subsidy)} BTC, {percent(supply.inflation)} a year."
    )
    if next_day is not None and halving is not None:
        headline += f" The next halving comes at block {halving:,}, about {next_day:%B %Y}."
    notes = f"{_BITCOIN_RULES} {_daily(supply)}"
    if not exact:
        notes += (
            " The block of a day lies between the known halvings and after 2024 at 144 blocks a day, so it is an estimate; "
            "the supply of a block is exact."
        )
    return ToolOutput(
        text=f"{headline}\n\n{notes}",
        data=_bitcoin_data(supply, next_day),
        figures=(
            priced("issued supply", supply.supply, "BTC"),
            priced("new coins a block", supply.subsidy, "BTC", digits=8),
            in_percent("inflation a year", supply.inflation),
        ),
        assumptions=() if exact else ("A block's day is estimated at 144 blocks a day.",),
    )


class StockToFlowArguments(BaseModel):
    """Stock and flow of a coin, or Bitcoin at a time."""

    stock: float | None = argument(
        "Existing supply; left out for Bitcoin",
        unit=Unit.NUMBER,
        cues=("stock", "supply", "existing"),
        default=None,
    )
    yearly_flow: float | None = argument(
        "New supply a year; left out for Bitcoin",
        unit=Unit.NUMBER,
        cues=("flow", "new", "production", "mined", "a year", "per year"),
        default=None,
    )
    year: int | None = argument(
        "Bitcoin: the calendar year", unit=Unit.COUNT, cues=("in", "by", "year"), default=None
    )
    block_height: int | None = argument(
        "Bitcoin: the block height", unit=Unit.COUNT, cues=("block height", "height", "block"), default=None
    )


def stock_to_flow(arguments: StockToFlowArguments) -> ToolOutput:
    """Years of production in existence, and the inflation that goes with them."""
    notes = ""
    if (arguments.stock is None) != (arguments.yearly_flow is None):
        raise ToolRefused(
            "Give both the existing supply and the new supply a year; for Bitcoin leave both out."
        )
    with refusing():
        if arguments.stock is not None and arguments.yearly_flow is not None:
            stock, flow, subject = arguments.stock, arguments.yearly_flow, "The coin"
        else:
            height, moment = _bitcoin_moment(arguments.year, arguments.block_height)
            supply = bitcoin_supply(height)
            stock, flow = supply.supply, supply.yearly_issue
            when = "" if arguments.block_height is not None else f" (estimated for {moment:%Y-%m-%d})"
            subject = f"Bitcoin at block {height:,}{when}"
            notes = f" {_BITCOIN_RULES}"
        ratio = stock_over_flow(stock, flow)
    headline = (
        f"{subject} has a stock-to-flow ratio of {figure(ratio)}: {figure(stock)} in stock over {figure(flow)} new a year, an "
        f"inflation of {percent(1 / ratio)}."
    )
    text = (
        f"{headline}\n\nRatio = stock / yearly flow: so many years of production exist.{notes} It measures scarcity and not "
        "value; the price model built on it (PlanB, 2019) has missed prices since 2021 and leaves demand out."
    )
    data: dict[str, JsonValue] = {
        "stock_to_flow": ratio,
        "stock": stock,
        "yearly_flow": flow,
        "inflation": 1 / ratio,
    }
    return ToolOutput(
        text=text,
        data=data,
        figures=(priced("stock-to-flow ratio", ratio), in_percent("inflation a year", 1 / ratio)),
        assumptions=("The flow of the year stays as it is.",),
    )


def supply_tools() -> tuple[BaseTool, ...]:
    """`supply_schedule` and `stock_to_flow` as tools."""
    return (
        tool(
            "supply_schedule",
            "Supply and inflation of Bitcoin at a year or block height with its next halving, or of any coin over years from "
            "its supply and its inflation.",
            SupplyArguments,
            supply_schedule,
            examples=(
                "how many bitcoin will exist in 2030",
                "bitcoin supply at block height 840000",
                "when is the next bitcoin halving",
                "how many BTC are mined per day",
                "inflation rate of a token with 100M supply and 5M new a year",
                "supply of a coin with 500 million tokens and 7 % inflation after 10 years, max supply 900 million",
            ),
        ),
        tool(
            "stock_to_flow",
            "Stock-to-flow ratio: existing supply over new supply a year, for Bitcoin at a time or any coin.",
            StockToFlowArguments,
            stock_to_flow,
            examples=(
                "stock to flow of bitcoin",
                "stock-to-flow ratio of bitcoin in 2028",
                "stock to flow with a stock of 190000 and a flow of 3300 a year",
            ),
        ),
    )


def _bitcoin_moment(year: int | None, height: int | None) -> tuple[int, datetime]:
    """The block asked for with its day: the height, else the end of the year, else now."""
    if height is not None:
        return height, bitcoin_day(height)
    if year is not None and not 2009 <= year < 2200:  # noqa: PLR2004  # Bitcoin's first year, and 60 past its last coin
        raise ToolRefused(f"Bitcoin's schedule runs from 2009 to about 2140; {year} is no year of it.")
    now = datetime.now(UTC)
    moment = now if year is None else datetime(year, 12, 31, 23, 59, tzinfo=UTC)
    return bitcoin_height(moment), moment


def _coins(amount: float) -> str:
    """An amount to the satoshi."""
    return f"{amount:,.8f}".rstrip("0").removesuffix(".")


def _when(moment: datetime) -> str:
    return f"On {moment:%Y-%m-%d}, at about"


def _daily(supply: BitcoinSupply) -> str:
    return (
        f"At 144 blocks a day that is {_coins(supply.subsidy * 144)} BTC a day and {figure(supply.yearly_issue)} a year; the "
        f"limit is {supply.limit:,.4f} BTC, reached about 2140."
    )


def _bitcoin_data(supply: BitcoinSupply, next_day: datetime | None) -> dict[str, JsonValue]:
    return {
        "coin": "BTC",
        "height": supply.height,
        "supply": supply.supply,
        "subsidy": supply.subsidy,
        "issued_per_day": supply.subsidy * 144,
        "issued_per_year": supply.yearly_issue,
        "inflation": supply.inflation,
        "limit": supply.limit,
        "next_halving_height": supply.next_halving_height,
        "next_halving": None if next_day is None else f"{next_day:%Y-%m-%d}",
    }


def _generic(arguments: SupplyArguments, supply: float) -> ToolOutput:
    """Supply by year of a coin with constant inflation or a constant number of new coins."""
    inflation, simple = _rate(arguments, supply)
    with refusing():
        rows = emission(supply, inflation, arguments.years, maximum=arguments.max_supply, simple=simple)
    last = rows[-1]
    growth = last.supply / supply - 1
    span = "1 year" if arguments.years == 1 else f"{arguments.years} years"
    headline = (
        f"Inflation is {percent(inflation)} in the first year, and after {span} the supply is {figure(last.supply)}, "
        f"{percent(abs(growth))} {'more' if growth >= 0 else 'less'} than now."
    )
    if arguments.max_supply is not None and last.supply >= arguments.max_supply:
        full = next(row.year for row in rows if row.supply >= arguments.max_supply)
        headline += f" The maximum of {figure(arguments.max_supply)} is reached in year {full}."
    step = max(1, -(-len(rows) // _ROWS))
    shown = [row for row in rows if row.year % step == 0 or row is last]
    table = "\n".join(
        ["| year | supply | new | inflation |", "|---|---|---|---|"]
        + [
            f"| {row.year} | {figure(row.supply)} | {figure(row.issued)} | {percent(row.inflation)} |"
            for row in shown
        ]
    )
    how = "the same number of coins each year" if simple else "the same share of the supply each year"
    notes = (
        f"Assumed: {how}, counted from now, with nothing burnt or unlocked beside it. A holder who gets none of the new "
        f"coins owns {percent(max(0.0, growth) / (1 + growth) if growth > -1 else 0.0)} less of the whole at the end."
    )
    data: dict[str, JsonValue] = {
        "current_supply": supply,
        "inflation": inflation,
        "final_supply": last.supply,
        "years": [
            {"year": row.year, "supply": row.supply, "issued": row.issued, "inflation": row.inflation}
            for row in rows
        ],
    }
    values: list[JsonValue] = [{"year": row.year, "supply": row.supply} for row in rows]
    return ToolOutput(
        text=f"{headline}\n\n{table}\n\n{notes}",
        data=data,
        figures=(
            priced("supply at the end", last.supply),
            in_percent("inflation of the first year", inflation),
        ),
        assumptions=(f"{how[0].upper()}{how[1:]}, with nothing burnt or unlocked beside it.",),
        chart={
            "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
            "title": "Supply by year",
            "data": {"values": values},
            "mark": "line",
            "encoding": {
                "x": {"field": "year", "type": "quantitative"},
                "y": {"field": "supply", "type": "quantitative", "scale": {"zero": False}},
            },
        },
    )


def _rate(arguments: SupplyArguments, supply: float) -> tuple[float, bool]:
    if arguments.annual_inflation_percent is not None:
        return arguments.annual_inflation_percent / 100, False
    if arguments.new_per_year is None:
        raise ToolRefused("Give the yearly inflation in percent, or the number of new coins a year.")
    if supply <= 0:
        raise ToolRefused("The current supply must be above 0.")
    return arguments.new_per_year / supply, True
