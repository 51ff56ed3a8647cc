"""Where a business stops losing money: break-even, unit economics and runway."""

import math
from dataclasses import dataclass

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.davina.charts import lines
from agents.figures import amount, check_numbers, csv_file, percent
from agents.measures import in_percent, money
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

LONGEST_RUNWAY = 600


class BreakEven(BaseModel):
    """Costs and price of one product."""

    fixed_costs: float = argument(
        "Fixed costs of a period",
        unit=Unit.MONEY,
        cues=("fixed costs", "fixed cost", "fixed", "rent", "overhead"),
    )
    price: float = argument("Price of a unit", unit=Unit.MONEY, cues=("price", "sell", "selling", "sold"))
    variable_cost: float = argument(
        "Variable cost of a unit",
        unit=Unit.MONEY,
        cues=("variable cost", "variable costs", "variable", "unit cost", "costs to make", "material"),
    )
    expected_units: float | None = argument(
        "Units expected to be sold in the period",
        unit=Unit.COUNT,
        cues=("expected", "expect", "units", "forecast"),
        default=None,
    )


class UnitEconomics(BaseModel):
    """What one order and one customer bring."""

    price: float = argument(
        "Revenue of one order or unit",
        unit=Unit.MONEY,
        cues=("price", "order value", "basket", "revenue", "sell"),
    )
    variable_cost: float = argument(
        "All costs that one more order causes: goods, shipping, payment",
        unit=Unit.MONEY,
        cues=("variable cost", "cost of goods", "cogs", "unit cost", "costs", "cost"),
    )
    acquisition_cost: float | None = argument(
        "Cost to win one customer",
        unit=Unit.MONEY,
        cues=("cac", "acquisition", "acquire", "win"),
        default=None,
    )
    orders_per_customer: float = argument(
        "Orders of one customer over time",
        unit=Unit.COUNT,
        cues=("orders", "purchases", "times", "buys"),
        default=1.0,
    )


class Runway(BaseModel):
    """Cash and what drains it."""

    cash: float = argument(
        "Cash in the bank", unit=Unit.MONEY, cues=("cash", "bank", "raised", "reserves", "have")
    )
    monthly_burn: float = argument(
        "Money going out a month; the net burn where no revenue is given",
        unit=Unit.MONEY,
        cues=("burn", "burning", "spend", "costs", "expenses"),
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


def break_even() -> BaseTool:
    """The break-even point."""
    return tool(
        "break_even",
        "Computes the break-even point of a product from fixed costs, price and variable cost a unit: units and revenue, and "
        "the margin of safety at expected sales.",
        BreakEven,
        _break_even,
        examples=(
            "Break-even with fixed costs of 12000, price 25 and variable cost 10",
            "How many units must I sell to cover 5000 rent if each sells for 40 and costs 22 to make?",
            "When does my cafe break even: fixed costs 8000 a month, price 4.50, variable cost 1.20?",
            "What is our margin of safety: fixed 30000, price 60, variable 35, expected 1500 units?",
        ),
    )


def unit_economics() -> BaseTool:
    """The contribution of an order and a customer."""
    return tool(
        "unit_economics",
        "Computes the unit economics of an order and a customer: contribution and contribution margin, profit after the "
        "acquisition cost and the orders that pay it back.",
        UnitEconomics,
        _unit_economics,
        examples=(
            "Unit economics: order value 60, variable cost 38, acquisition cost 30, 3 orders per customer",
            "What is the contribution margin of a product with price 80 and unit cost 52?",
            "Do we earn money on each customer? Basket 45, COGS 30, CAC 25",
            "How many orders until a customer who cost 40 to acquire pays off, price 35, variable cost 20?",
        ),
    )


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


def _break_even(arguments: BreakEven) -> ToolOutput:
    check_numbers(arguments)
    contribution = arguments.price - arguments.variable_cost
    if contribution <= 0:
        raise ToolRefused(
            f"A unit at {amount(arguments.price)} does not cover its variable cost of {amount(arguments.variable_cost)}: "
            "more sales only add losses. Raise the price or lower the variable cost."
        )
    exact = arguments.fixed_costs / contribution
    units = math.ceil(exact - 1e-9)
    revenue = units * arguments.price
    data: dict[str, JsonValue] = {
        "units": units,
        "units_exact": exact,
        "revenue": revenue,
        "contribution": contribution,
        "contribution_margin": contribution / arguments.price,
    }
    text = (
        f"Break-even is at {units:,} units, a revenue of {amount(revenue)}.\n\n"
        f"- {amount(arguments.fixed_costs)} fixed costs / ({amount(arguments.price)} price - "
        f"{amount(arguments.variable_cost)} variable cost) = {exact:,.2f} units, rounded up\n"
        f"- Each unit contributes {amount(contribution)}, {percent(contribution / arguments.price, 1)} of its price"
    )
    if arguments.expected_units is not None:
        profit = arguments.expected_units * contribution - arguments.fixed_costs
        data["profit"] = profit
        text += f"\n- At {amount(arguments.expected_units)} units the result is {amount(profit)}{_safety(arguments, exact, data)}"
    assumption = "There is one product (or a constant mix), one price, and all units are sold in the period of the fixed costs."
    would_change = _levers(arguments, contribution)
    text += "".join(f"\n- {line}" for line in (*would_change, assumption))
    figures = [
        Figure(name="break-even units", value=units, unit="units", decimals=0),
        money("break-even revenue", revenue),
        money("contribution a unit", contribution),
        _one_decimal("contribution margin", contribution / arguments.price),
    ]
    if arguments.expected_units is not None:
        figures.append(
            money("expected profit", arguments.expected_units * contribution - arguments.fixed_costs)
        )
    if (margin := data.get("margin_of_safety")) is not None:
        figures.append(_one_decimal("margin of safety", float(str(margin))))
    return ToolOutput(
        text=text,
        data=data,
        figures=tuple(figures),
        assumptions=(assumption,),
        would_change=would_change,
        chart=_break_even_chart(arguments, exact),
    )


def _one_decimal(name: str, fraction: float) -> Figure:
    return in_percent(name, fraction).model_copy(update={"decimals": 1})


def _levers(arguments: BreakEven, contribution: float) -> tuple[str, ...]:
    """What a tenth of the price does to the break-even point."""
    if arguments.fixed_costs == 0:
        return ()
    said = []
    for change, word in ((0.1, "higher"), (-0.1, "lower")):
        other = contribution + change * arguments.price
        at = f"at {math.ceil(arguments.fixed_costs / other - 1e-9):,} units" if other > 0 else "nowhere"
        said.append(f"At a price 10 % {word} break-even is {at}.")
    return tuple(said)


def _break_even_chart(arguments: BreakEven, exact: float) -> dict[str, JsonValue] | None:
    """Revenue and total costs over units, to twice the break-even point or the units expected."""
    end = max(2 * exact, arguments.expected_units or 0.0)
    if end <= 0:
        return None
    rows: list[dict[str, JsonValue]] = [
        {"units": units, "money": money_, "name": name}
        for units in (0.0, exact, end)
        for name, money_ in (
            ("revenue", units * arguments.price),
            ("total costs", arguments.fixed_costs + units * arguments.variable_cost),
        )
    ]
    return lines("Break-even", rows, x="units", y="money")


def _safety(arguments: BreakEven, exact: float, data: dict[str, JsonValue]) -> str:
    expected = arguments.expected_units
    if not expected:
        return ""
    margin = (expected - exact) / expected
    data["margin_of_safety"] = margin
    if margin < 0:
        return f"; {amount(exact - expected)} units are missing"
    return f"; sales may fall by {percent(margin, 1)} before there is a loss"


def _unit_economics(arguments: UnitEconomics) -> ToolOutput:
    check_numbers(arguments)
    if arguments.price == 0:
        raise ToolRefused("The price of an order must be above 0.")
    contribution = arguments.price - arguments.variable_cost
    lifetime = contribution * arguments.orders_per_customer
    data: dict[str, JsonValue] = {
        "contribution": contribution,
        "contribution_margin": contribution / arguments.price,
        "customer_contribution": lifetime,
    }
    text = f"Each order contributes {amount(contribution)}, {percent(contribution / arguments.price, 1)} of its price"
    notes = [f"- {amount(arguments.price)} price - {amount(arguments.variable_cost)} variable cost"]
    figures = [
        money("contribution an order", contribution),
        _one_decimal("contribution margin", contribution / arguments.price),
        money("contribution a customer", lifetime),
    ]
    would_change: list[str] = []
    if contribution <= 0:
        notes.append(
            "- Every order loses money; more volume makes it worse. Change price or cost before growing."
        )
    cost = arguments.acquisition_cost
    if cost is not None:
        data["customer_profit"] = lifetime - cost
        orders = math.ceil(cost / contribution - 1e-9) if contribution > 0 else None
        data["orders_to_pay_back"] = orders
        figures.append(money("profit a customer", lifetime - cost))
        if orders is not None:
            figures.append(Figure(name="orders to pay back", value=orders, unit="orders", decimals=0))
        would_change.append(
            f"A customer earns nothing at an acquisition cost of {amount(max(lifetime, 0.0))} or more."
        )
        text += (
            f"; after {amount(cost)} to win a customer, {amount(lifetime - cost)} is left of each customer"
        )
        paid = (
            "no number of orders pays it back" if orders is None else f"it is paid back with order {orders:,}"
        )
        notes.append(f"- Acquisition cost {amount(cost)}: {paid}")
    assumptions = (
        f"A customer orders {arguments.orders_per_customer:g} times.",
        "Fixed costs, returns and discounting are left out unless you put them into the variable cost.",
    )
    notes += [f"- {line}" for line in (*would_change, *assumptions)]
    return ToolOutput(
        text=f"{text}.\n\n" + "\n".join(notes),
        data=data,
        figures=tuple(figures),
        assumptions=assumptions,
        would_change=tuple(would_change),
    )


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
