"""Where a business stops losing money: break-even and unit economics."""

import math

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.davina.charts import lines
from agents.figures import amount, check_numbers, percent
from agents.measures import in_percent, money
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument


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
        cues=("price", "order value", "revenue per order", "revenue an order", "basket", "revenue", "sell"),
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
    dearer = arguments.price - 1.1 * arguments.variable_cost
    would_change = [f"With a variable cost 10 % higher an order contributes {amount(dearer)}."]
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
