"""The tool that measures a series of prices, equity or returns: drawdown, Sharpe and Sortino ratios."""

from enum import StrEnum
from itertools import accumulate

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.measures import in_percent
from agents.refusals import refusing
from agents.technical.charts import series_chart
from agents.tools import Figure, ToolOutput, tool
from models import Unit, argument
from trading import Drawdown, Performance, equity_from_returns, figure, maximum_drawdown, percent, performance

_FEWEST = 3


class ValueKind(StrEnum):
    """What a series holds."""

    PRICES = "prices"
    EQUITY = "equity"
    RETURNS = "returns"


class Frequency(StrEnum):
    """How far apart the values are."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


PERIODS = {Frequency.HOURLY: 8760.0, Frequency.DAILY: 365.0, Frequency.WEEKLY: 52.0, Frequency.MONTHLY: 12.0}


class PerformanceArguments(BaseModel):
    """The series to measure."""

    values: list[float] = argument(
        "Prices or account values in order, oldest first; or returns",
        unit=Unit.NUMBER,
        cues=("of", "equity", "prices", "returns", "values"),
    )
    kind: ValueKind | None = argument(
        "What the values are; when left out, values with one at or below 0 are taken as returns", default=None
    )
    frequency: Frequency = argument("How far apart the values are", default=Frequency.DAILY)
    risk_free_percent: float = argument(
        "Risk-free rate a year, in percent",
        unit=Unit.PERCENT,
        cues=("risk-free", "risk free"),
        default=0.0,
    )


def drawdown_and_sharpe(arguments: PerformanceArguments) -> ToolOutput:
    """Maximum drawdown, total return, volatility, Sharpe and Sortino ratios of a series."""
    with refusing():
        equity, reading = _equity(arguments)
        drawdown = maximum_drawdown(equity)
        measured = (
            performance(
                equity,
                periods=PERIODS[arguments.frequency],
                risk_free=arguments.risk_free_percent / 100,
            )
            if len(equity) >= _FEWEST
            else None
        )
    data: dict[str, JsonValue] = {
        "maximum_drawdown": drawdown.depth,
        "peak": equity[drawdown.peak],
        "trough": equity[drawdown.trough],
        "recovered": drawdown.recovered is not None,
        "values": len(equity),
    }
    if measured is not None:
        data |= {
            "total_return": measured.total_return,
            "volatility": measured.volatility,
            "sharpe": measured.sharpe,
            "sortino": measured.sortino,
            "win_rate": measured.win_rate,
        }
    headline = _headline(equity, drawdown, measured)
    figures = [in_percent("maximum drawdown", drawdown.depth)]
    if measured is not None:
        named = (("yearly Sharpe ratio", measured.sharpe), ("yearly Sortino ratio", measured.sortino))
        figures += [Figure(name=name, value=value) for name, value in named if value is not None]
        figures += [
            in_percent("total return", measured.total_return),
            in_percent("yearly volatility", measured.volatility),
        ]
    return ToolOutput(
        text=f"{headline}\n\n{_notes(arguments, reading, measured)}",
        data=data,
        figures=tuple(figures),
        assumptions=(f"{reading}.", f"The values are {arguments.frequency.value}."),
        chart=_chart(equity) if len(equity) >= _FEWEST else None,
    )


def _chart(equity: list[float]) -> dict[str, JsonValue]:
    rows: list[dict[str, JsonValue]] = [
        {"bar": at + 1, "value": value, "name": "value"} for at, value in enumerate(equity)
    ]
    highest = accumulate(equity, max)
    rows += [{"bar": at + 1, "value": value, "name": "highest so far"} for at, value in enumerate(highest)]
    return series_chart("Equity and its drawdown", rows, "value")


def performance_tool() -> BaseTool:
    """`drawdown_and_sharpe` as a tool."""
    return tool(
        "drawdown_and_sharpe",
        "Maximum drawdown, total return, volatility, Sharpe and Sortino ratios of a list of prices, account values or "
        "returns.",
        PerformanceArguments,
        drawdown_and_sharpe,
        examples=(
            "max drawdown of 100, 120, 90, 110, 80, 130",
            "sharpe ratio of daily returns 0.01, -0.02, 0.015, 0.003",
            "how risky was my account: 1000, 1050, 1020, 1100, 990, 1080",
            "realised volatility of these closes: 100, 102, 99, 101, 105",
            "sortino and sharpe of this monthly equity: 10000, 10400, 10100, 10900",
        ),
    )


def _equity(arguments: PerformanceArguments) -> tuple[list[float], str]:
    values = arguments.values
    kind = arguments.kind
    if kind is None:
        kind = ValueKind.RETURNS if any(value <= 0 for value in values) else ValueKind.PRICES
    if kind is not ValueKind.RETURNS:
        return values, f"The values were taken as {kind.value}, oldest first"
    if any(abs(value) >= 1 for value in values):
        fractions = [value / 100 for value in values]
        return equity_from_returns(fractions), "The values were taken as returns in percent"
    return equity_from_returns(values), "The values were taken as returns in fractions (0.01 is 1 %)"


def _headline(equity: list[float], drawdown: Drawdown, measured: Performance | None) -> str:
    if drawdown.depth == 0:
        first = "The maximum drawdown is 0 %: the series never fell below an earlier value"
    else:
        first = (
            f"The maximum drawdown is {percent(drawdown.depth)}, from {figure(equity[drawdown.peak])} to "
            f"{figure(equity[drawdown.trough])}"
        )
        first += ", recovered later" if drawdown.recovered is not None else ", not recovered since"
    if measured is None:
        return f"{first}."
    sharpe = "not defined" if measured.sharpe is None else f"{measured.sharpe:.2f}"
    sortino = "not defined" if measured.sortino is None else f"{measured.sortino:.2f}"
    return (
        f"{first}; the yearly Sharpe ratio is {sharpe}, the Sortino ratio {sortino}, the total return "
        f"{percent(measured.total_return)}, the yearly volatility {percent(measured.volatility)}."
    )


def _notes(arguments: PerformanceArguments, reading: str, measured: Performance | None) -> str:
    if measured is None:
        return f"{reading}. Ratios need at least {_FEWEST} values."
    periods = PERIODS[arguments.frequency]
    text = (
        f"{reading}, {arguments.frequency.value}, so a year has {periods:g} periods (crypto trades every day), with a "
        f"risk-free rate of {arguments.risk_free_percent:g} %. Sharpe = mean excess return / sample standard deviation x "
        f"root of {periods:g} (Sharpe, 1994); Sortino counts only falls. "
        f"{percent(measured.win_rate)} of the periods gained."
    )
    if measured.sharpe is None:
        text += " Sharpe is not defined because the returns do not vary."
    if measured.sortino is None:
        text += " Sortino is not defined because no period fell short of the risk-free rate."
    return f"{text} Ratios from few values are very uncertain: below some 30 they say little."
