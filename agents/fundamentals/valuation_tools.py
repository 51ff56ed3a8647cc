"""The tools that value a coin by its supply and its use: fully diluted valuation, NVT and MVRV."""

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.measures import in_percent, priced
from agents.refusals import refusing
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument
from trading import figure, network_value_ratio, percent, valuation


class ValuationArguments(BaseModel):
    """Price and supply."""

    price: float = argument("Price of one coin", unit=Unit.MONEY, cues=("price", "at", "costs", "trades at"))
    max_supply: float | None = argument(
        "Maximum supply, or the total supply where there is no maximum",
        unit=Unit.NUMBER,
        cues=("max supply", "maximum", "max", "total supply", "total", "supply"),
        default=None,
    )
    circulating_supply: float | None = argument(
        "Circulating supply", unit=Unit.NUMBER, cues=("circulating", "float"), default=None
    )


def fully_diluted_valuation(arguments: ValuationArguments) -> ToolOutput:
    """Fully diluted valuation and market capitalisation, as far as the supplies are given."""
    with refusing():
        result = valuation(
            arguments.price, maximum=arguments.max_supply, circulating=arguments.circulating_supply
        )
    parts: list[str] = []
    if result.fully_diluted is not None:
        parts.append(f"the fully diluted valuation is {figure(result.fully_diluted)}")
    if result.market_cap is not None:
        parts.append(f"the market capitalisation is {figure(result.market_cap)}")
    headline = " and ".join(parts)
    notes = (
        f"Fully diluted valuation = price x maximum supply, market capitalisation = price x circulating supply, at a price of "
        f"{figure(arguments.price)}."
    )
    if result.circulating_share is not None:
        notes += (
            f" {percent(result.circulating_share)} of the supply circulates; the other "
            f"{percent(1 - result.circulating_share)} is still to come and dilutes at a price that stays the same. When it "
            "comes is in the vesting schedule."
        )
    elif result.market_cap is None:
        notes += " With the circulating supply as well, the dilution still to come can be told."
    notes += " It assumes today's price for coins that do not circulate yet; it is a measure and no forecast."
    data: dict[str, JsonValue] = {
        "fully_diluted_valuation": result.fully_diluted,
        "market_cap": result.market_cap,
        "circulating_share": result.circulating_share,
    }
    named = (("fully diluted valuation", result.fully_diluted), ("market capitalisation", result.market_cap))
    figures = [priced(name, value) for name, value in named if value is not None]
    if result.circulating_share is not None:
        figures.append(in_percent("circulating share", result.circulating_share))
    return ToolOutput(
        text=f"{headline[0].upper()}{headline[1:]}.\n\n{notes}",
        data=data,
        figures=tuple(figures),
        assumptions=("Today's price for coins that do not circulate yet.",) if result.fully_diluted else (),
    )


class RatioArguments(BaseModel):
    """Market capitalisation and what to compare it with."""

    market_cap: float = argument(
        "Market capitalisation",
        unit=Unit.MONEY,
        cues=("market cap", "market capitalisation", "network value", "cap"),
    )
    daily_volume: float | None = argument(
        "Value transferred on the chain a day, for NVT",
        unit=Unit.MONEY,
        cues=("daily volume", "transaction volume", "transferred", "volume", "transactions"),
        default=None,
    )
    realised_cap: float | None = argument(
        "Realised capitalisation, for MVRV",
        unit=Unit.MONEY,
        cues=("realised cap", "realized cap", "realised", "realized"),
        default=None,
    )


def valuation_ratios(arguments: RatioArguments) -> ToolOutput:
    """NVT and MVRV, as far as their parts are given."""
    parts: list[str] = []
    data: dict[str, JsonValue] = {"market_cap": arguments.market_cap}
    with refusing():
        if arguments.daily_volume is not None:
            nvt = network_value_ratio(arguments.market_cap, arguments.daily_volume)
            parts.append(f"NVT is {figure(nvt)}: the network is worth {figure(nvt)} days of its transfers")
            data["nvt"] = nvt
        if arguments.realised_cap is not None:
            mvrv = network_value_ratio(arguments.market_cap, arguments.realised_cap)
            gain = "gain" if mvrv >= 1 else "loss"
            parts.append(
                f"MVRV is {figure(mvrv)}: on average coins stand at a {gain} of {percent(abs(mvrv - 1))} on the price at "
                "which they last moved"
            )
            data["mvrv"] = mvrv
    if not parts:
        raise ToolRefused(
            "Give the daily transferred value for NVT, or the realised capitalisation for MVRV."
        )
    text = (
        f"{'; '.join(parts)}.\n\nNVT = market capitalisation / value transferred on the chain a day (Woo, 2017); MVRV = "
        "market capitalisation / realised capitalisation (Mahmudov and Puell, 2018). Compare either with the same coin's own "
        "history: transfers beside the chain (exchanges, second layers) and lost coins shift its level over the years."
    )
    ratios = (("NVT", data.get("nvt")), ("MVRV", data.get("mvrv")))
    return ToolOutput(
        text=text,
        data=data,
        figures=tuple(priced(name, value) for name, value in ratios if isinstance(value, float)),
        assumptions=("The figures are of one day and one source.",),
    )


def valuation_tools() -> tuple[BaseTool, ...]:
    """`fully_diluted_valuation` and `valuation_ratios` as tools."""
    return (
        tool(
            "fully_diluted_valuation",
            "Fully diluted valuation and market capitalisation of a coin from its price and its supplies.",
            ValuationArguments,
            fully_diluted_valuation,
            examples=(
                "compute fully diluted valuation: price 2.5, max supply 1 billion",
                "market cap of a coin at $0.40 with 3 billion circulating",
                "fdv of a token at 1.2 dollars, circulating supply 200 million, max supply 1 billion",
            ),
        ),
        tool(
            "valuation_ratios",
            "NVT (market cap over daily transferred value) and MVRV (market cap over realised cap) of a coin.",
            RatioArguments,
            valuation_ratios,
            examples=(
                "nvt ratio for a market cap of 1.2 trillion and a daily transaction volume of 15 billion",
                "compute MVRV: market cap 1200 billion, realised cap 600 billion",
            ),
        ),
    )
