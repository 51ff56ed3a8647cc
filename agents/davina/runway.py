"""How long the cash of a business lasts."""

from dataclasses import dataclass

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.davina.charts import lines
from agents.figures import amount, check_numbers, csv_file
from agents.measures import money
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

LONGEST_RUNWAY = 600


class Runway(BaseModel):
    """Cash and what drains it."""

    cash: float = argument(
        "Cash in the bank", unit=Unit.MONEY, cues=("cash", "bank", "raised", "reserves", "have")
    )
    monthly_burn: float = argument(
        "Money going out a month; the net burn where no revenue is given",
        unit=Unit.MONEY,
        cues=("burn", "burning", "spend", "costs", "expenses", "fixed costs"),
    )
    monthly_revenue: float = argument(
        "Revenue a month today", unit=Unit.MONEY, cues=("revenue", "mrr", "income", "sales"), default=0.0
    )
    revenue_growth_percent: float = argument(
        "Growth of that revenue a month, in percent",
        unit=Unit.PERCENT,
        cues=("growth", "growing", "grows"),
        default=0.0,
    )


@dataclass(frozen=True)
class CashPath:
    """Cash at the end of each month from now on, beginning with today's."""

    balances: tuple[float, ...]
    out_after: float | None
    """Months until the cash is gone, within a month in proportion; None if it does not run out."""
    profitable_in: int | None
    """The first month whose revenue covers the costs, if the path reached one."""


def runway() -> BaseTool:
    """How long the cash lasts."""
    return tool(
        "runway",
        "Computes how many months the cash of a company lasts from its burn and, if there is revenue, that revenue and its "
        "monthly growth; says when it turns profitable first.",
        Runway,
        _runway,
        examples=(
            "Runway with 500000 cash and 40000 monthly burn",
            "How long does our money last: 300k in the bank, costs of 50k, revenue 20k growing 10 % a month?",
            "When do we run out of cash with 120000 left and burning 15000 a month?",
            "Do we reach profitability before the cash is gone? 800000 cash, 90000 expenses, 60000 MRR, 5 % growth",
        ),
    )


def cash_path(cash: float, costs: float, revenue: float, growth: float) -> CashPath:
    """Month by month cash with constant costs and revenue that grows by a fraction each month, the first at `revenue`.

    It ends when the cash is gone, when non-falling revenue covers the costs, or after 600 months.
    """
    balances = [cash]
    profitable = None
    for month in range(1, LONGEST_RUNWAY + 1):
        net = revenue - costs
        if net >= 0 and profitable is None:
            profitable = month
        if net >= 0 and growth >= 0:
            break
        before = balances[-1]
        balances.append(before + net)
        if balances[-1] <= 0:
            out_after = month - 1 + (before / -net if net < 0 else 0.0)
            return CashPath(balances=tuple(balances), out_after=out_after, profitable_in=profitable)
        revenue *= 1 + growth
    return CashPath(balances=tuple(balances), out_after=None, profitable_in=profitable)


def _runway(arguments: Runway) -> ToolOutput:
    check_numbers(arguments, negative=frozenset({"revenue_growth_percent"}))
    if arguments.cash == 0:
        raise ToolRefused("There is no cash, so there is no runway; give the cash in the bank.")
    if not -100 <= arguments.revenue_growth_percent <= 1000:  # noqa: PLR2004  percent a month
        raise ToolRefused(
            f"The monthly growth must lie between -100 and 1,000 %, got {arguments.revenue_growth_percent:g} %."
        )
    path = cash_path(
        arguments.cash,
        arguments.monthly_burn,
        arguments.monthly_revenue,
        arguments.revenue_growth_percent / 100,
    )
    data: dict[str, JsonValue] = {
        "months": path.out_after,
        "profitable_in_month": path.profitable_in,
        "lowest_cash": min(path.balances),
        "net_burn_now": arguments.monthly_burn - arguments.monthly_revenue,
    }
    assumptions = (
        "Costs are constant and paid evenly over the month; revenue is cash in the same month; no new funding comes.",
        "Without revenue the burn is taken as net.",
    )
    would_change = _burn_levers(arguments)
    basis = (
        f"{amount(arguments.cash)} cash, {amount(arguments.monthly_burn)} going out and {amount(arguments.monthly_revenue)} coming in "
        f"a month, revenue changing by {arguments.revenue_growth_percent:g} % a month from the second month on"
    )
    basis += f": {amount(arguments.monthly_burn - arguments.monthly_revenue)} net in the first"
    text = f"{_lasting(path)}\n\n" + "\n".join(f"- {line}" for line in (basis, *would_change, *assumptions))
    rows = [(month, round(balance, 2)) for month, balance in enumerate(path.balances)]
    figures = [
        None
        if path.out_after is None
        else Figure(name="runway", value=path.out_after, unit="months", decimals=1),
        None
        if path.profitable_in is None
        else Figure(name="first month whose revenue covers the costs", value=path.profitable_in, decimals=0),
        money("lowest cash", min(path.balances)),
        money("net burn a month", arguments.monthly_burn - arguments.monthly_revenue),
    ]
    drawn: list[dict[str, JsonValue]] = [
        {"month": month, "cash": cash, "name": "cash"} for month, cash in rows
    ]
    return ToolOutput(
        text=text,
        data=data,
        figures=tuple(figure for figure in figures if figure is not None),
        assumptions=assumptions,
        would_change=would_change,
        chart=lines("Cash by month", drawn, x="month", y="cash") if len(rows) > 1 else None,
        artifacts=(csv_file("runway.csv", ("month", "cash"), rows),),
    )


def _burn_levers(arguments: Runway) -> tuple[str, ...]:
    """What a fifth less of the costs does to the runway."""
    less = cash_path(
        arguments.cash,
        arguments.monthly_burn * 0.8,
        arguments.monthly_revenue,
        arguments.revenue_growth_percent / 100,
    )
    now = arguments.monthly_burn - arguments.monthly_revenue
    if now <= 0:
        return ()
    if less.out_after is None:
        return ("With costs 20 % lower the cash does not run out within 50 years.",)
    return (f"With costs 20 % lower the cash lasts {less.out_after:.1f} months.",)


def _lasting(path: CashPath) -> str:
    if path.out_after is not None:
        turned = (
            f" although revenue covers the costs in month {path.profitable_in}"
            if path.profitable_in is not None
            else ""
        )
        return f"The cash lasts {path.out_after:.1f} months{turned}."
    if path.profitable_in == 1:
        return "Revenue covers the costs already, so the cash does not run out."
    if path.profitable_in is not None:
        return (
            f"The cash does not run out: revenue covers the costs in month {path.profitable_in}, with "
            f"{amount(min(path.balances))} left at the lowest point."
        )
    return f"The cash lasts more than {LONGEST_RUNWAY // 12} years."
