from typing import Any

import pytest
from langchain_core.tools import BaseTool

from agents.davina.economics import break_even, unit_economics
from agents.davina.runway import cash_path, runway


async def call(tool: BaseTool, **arguments: Any) -> Any:  # ainvoke returns Any
    return await tool.ainvoke({"name": tool.name, "args": arguments, "id": "1", "type": "tool_call"})


async def test_break_even_units_and_revenue():
    message = await call(break_even(), fixed_costs=12000, price=25, variable_cost=10)
    assert message.artifact.data["units"] == 800
    assert message.artifact.data["revenue"] == 20000
    assert message.content.startswith("Break-even is at 800 units, a revenue of 20,000.")


async def test_break_even_is_rounded_up_to_whole_units():
    message = await call(break_even(), fixed_costs=1000, price=10, variable_cost=7)
    assert message.artifact.data["units"] == 334
    assert message.artifact.data["units_exact"] == pytest.approx(1000 / 3)


async def test_break_even_of_decimal_prices_is_not_pushed_up_by_rounding():
    message = await call(break_even(), fixed_costs=33, price=4.4, variable_cost=1.1)
    assert message.artifact.data["units"] == 10


async def test_expected_sales_give_profit_and_margin_of_safety():
    data = (
        await call(break_even(), fixed_costs=30000, price=60, variable_cost=35, expected_units=1500)
    ).artifact.data
    assert data["profit"] == 7500
    assert data["margin_of_safety"] == pytest.approx(0.2)


async def test_expected_sales_below_break_even_say_what_is_missing():
    message = await call(break_even(), fixed_costs=100, price=2, variable_cost=1, expected_units=60)
    assert "the result is -40; 40 units are missing" in message.content
    none = await call(break_even(), fixed_costs=100, price=2, variable_cost=1, expected_units=0)
    assert none.artifact.data["profit"] == -100


@pytest.mark.parametrize("price", [10, 9])
async def test_price_that_does_not_cover_the_variable_cost_never_breaks_even(price):
    message = await call(break_even(), fixed_costs=100, price=price, variable_cost=10)
    assert message.status == "error"
    assert "Raise the price or lower the variable cost" in message.content


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -1])
async def test_impossible_cost_is_refused(wrong):
    message = await call(break_even(), fixed_costs=wrong, price=2, variable_cost=1)
    assert message.status == "error"


async def test_customer_profit_after_acquisition():
    message = await call(
        unit_economics(), price=60, variable_cost=38, acquisition_cost=30, orders_per_customer=3
    )
    data = message.artifact.data
    assert data["contribution"] == 22
    assert data["contribution_margin"] == pytest.approx(22 / 60)
    assert data["customer_profit"] == 36
    assert data["orders_to_pay_back"] == 2
    assert message.content.startswith(
        "Each order contributes 22, 36.7 % of its price; after 30 to win a customer, 36 is left"
    )


async def test_order_economics_need_no_acquisition_cost():
    message = await call(unit_economics(), price=80, variable_cost=52)
    assert "customer_profit" not in message.artifact.data
    assert message.content.startswith("Each order contributes 28, 35.0 % of its price.")


async def test_losing_order_is_never_paid_back():
    message = await call(unit_economics(), price=10, variable_cost=12, acquisition_cost=5)
    assert message.artifact.data["orders_to_pay_back"] is None
    assert "no number of orders pays it back" in message.content
    assert "more volume makes it worse" in message.content


async def test_free_order_is_refused():
    assert (await call(unit_economics(), price=0, variable_cost=1)).status == "error"


async def test_constant_burn_divides_the_cash():
    message = await call(runway(), cash=500000, monthly_burn=40000)
    assert message.artifact.data["months"] == pytest.approx(12.5)
    assert message.content.startswith("The cash lasts 12.5 months.")
    assert message.artifact.artifacts[0].content.splitlines()[1:3] == ["0,500000.0", "1,460000.0"]


async def test_growing_revenue_turns_profitable_before_the_cash_is_gone():
    message = await call(
        runway(), cash=300000, monthly_burn=50000, monthly_revenue=20000, revenue_growth_percent=10
    )
    # 20000 x 1.1^10 = 51875 is the first revenue above the costs: month 11.
    assert message.artifact.data["profitable_in_month"] == 11
    lowest = 300000 - sum(50000 - 20000 * 1.1**month for month in range(10))
    assert message.artifact.data["lowest_cash"] == pytest.approx(lowest)
    assert message.artifact.data["months"] is None
    assert "does not run out" in message.content


async def test_covered_costs_need_no_runway():
    message = await call(runway(), cash=1000, monthly_burn=100, monthly_revenue=100)
    assert message.content.startswith("Revenue covers the costs already")


async def test_falling_revenue_runs_out_although_it_covers_the_costs_today():
    message = await call(
        runway(), cash=100, monthly_burn=100, monthly_revenue=110, revenue_growth_percent=-20
    )
    # 110, 88, 70.4, 56.32, 45.056: cash 110, 98, 68.4, 24.72, then gone within the fifth month.
    assert message.artifact.data["months"] == pytest.approx(4 + 24.72 / (100 - 45.056))
    assert "although revenue covers the costs in month 1" in message.content


def test_path_is_bounded_where_the_cash_lasts_for_decades():
    assert cash_path(1e9, 1.0, 0.0, 0.0).out_after is None


async def test_cash_for_decades_is_said_so():
    message = await call(runway(), cash=1e9, monthly_burn=1)
    assert "more than 50 years" in message.content


@pytest.mark.parametrize(
    "arguments",
    [{"cash": 0}, {"revenue_growth_percent": -101}, {"revenue_growth_percent": 2000}, {"cash": float("nan")}],
)
async def test_impossible_runway_is_refused(arguments):
    assert (await call(runway(), **{"cash": 10, "monthly_burn": 1, **arguments})).status == "error"
