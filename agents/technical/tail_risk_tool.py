"""The tool that tells value at risk and the expected shortfall beyond it."""

from itertools import pairwise

from langchain_core.tools import BaseTool
from pydantic import JsonValue

from agents.figures import table
from agents.measures import in_percent, priced
from agents.refusals import refusing
from agents.technical.prices import PriceArguments, Prices, computed
from agents.tools import Resources, ToolOutput, tool
from models import Unit, argument
from trading import figure, percent, tail_risk


class TailRiskArguments(PriceArguments):
    """The series, the confidence and the horizon."""

    returns: list[float] = argument(
        "Returns in order, in percent: 1.2, -0.8 ...; taken instead of prices",
        unit=Unit.PERCENT,
        cues=("returns",),
        default=[],
    )
    confidence_percent: float = argument(
        "Confidence in percent",
        unit=Unit.PERCENT,
        cues=("confidence", "var", "at"),
        default=95.0,
        ge=50,
        le=99.9,
    )
    periods: float = argument(
        "Over how many bars", unit=Unit.COUNT, cues=("horizon", "over", "periods"), default=1.0, gt=0, le=1000
    )
    value: float | None = argument(
        "Value of the position, for the loss in money",
        unit=Unit.MONEY,
        cues=("position", "portfolio", "worth", "on"),
        default=None,
        gt=0,
    )


async def value_at_risk(arguments: TailRiskArguments, resources: Resources) -> ToolOutput:
    """The loss that is not exceeded with a confidence, and the mean loss beyond it."""
    if arguments.returns:
        fractions = [value / 100 for value in arguments.returns]
        return _measured(fractions, arguments, f"{len(fractions)} returns as given")

    def run(prices: Prices) -> ToolOutput:
        returns = [later / earlier - 1 for earlier, later in pairwise(prices.bars.close)]
        return _measured(returns, arguments, prices.source)

    return await computed(run, arguments, resources)


def tail_risk_tool() -> BaseTool:
    """`value_at_risk` as a tool."""
    return tool(
        "value_at_risk",
        "Value at risk (VaR) and expected shortfall (CVaR) of prices or returns, historical and by a normal distribution.",
        TailRiskArguments,
        value_at_risk,
        examples=(
            "95 % value at risk of BTC/USDT",
            "95 % VaR of BTC/USDT",
            "VaR and CVaR of my csv at 99 % for a position of 20000",
            "expected shortfall of these closes",
            "how much can I lose in a day with 95 % confidence, daily returns in the file",
        ),
    )


def _measured(returns: list[float], arguments: TailRiskArguments, source: str) -> ToolOutput:
    with refusing():
        risk = tail_risk(returns, arguments.confidence_percent / 100, arguments.periods)
    span = "one bar" if arguments.periods == 1 else f"{arguments.periods:g} bars"
    money = (
        ""
        if arguments.value is None
        else f" ({figure(risk.historical * arguments.value)} of {figure(arguments.value)})"
    )
    headline = (
        f"With a confidence of {arguments.confidence_percent:g} % the loss over {span} stays within "
        f"{percent(risk.historical)}{money}; where it does not, it is {percent(risk.shortfall)} on average."
    )
    rows = [
        ("historical", percent(risk.historical), percent(risk.shortfall)),
        ("normal distribution", percent(risk.normal), percent(risk.normal_shortfall)),
    ]
    notes = (
        f"From {source}: {risk.returns} returns, of which the worst {risk.tail} make the shortfall; the worst of all lost "
        f"{percent(risk.worst)}. Historical figures know only what happened, and few returns make the tail uncertain; the normal "
        "distribution makes large losses too rare. Longer horizons are scaled by the root of time, which takes the bars as "
        "independent. Losses beyond these figures do come."
    )
    figures = [
        in_percent("value at risk", risk.historical),
        in_percent("expected shortfall", risk.shortfall),
        in_percent("value at risk by a normal distribution", risk.normal),
        in_percent("worst loss of one bar", risk.worst),
    ]
    data: dict[str, JsonValue] = {
        "confidence": risk.confidence,
        "periods": risk.periods,
        "value_at_risk": risk.historical,
        "expected_shortfall": risk.shortfall,
        "normal_value_at_risk": risk.normal,
        "normal_expected_shortfall": risk.normal_shortfall,
        "worst": risk.worst,
        "returns": risk.returns,
        "source": source,
    }
    if arguments.value is not None:
        figures.append(priced("value at risk in money", risk.historical * arguments.value))
        data["value_at_risk_money"] = risk.historical * arguments.value
        data["expected_shortfall_money"] = risk.shortfall * arguments.value
    return ToolOutput(
        text="\n\n".join([headline, table(("method", "VaR", "CVaR"), rows), notes]),
        data=data,
        figures=tuple(figures),
        assumptions=("The coming bars are like the given ones.",),
    )
