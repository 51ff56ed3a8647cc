from typing import Any

import pytest

from agents.davina.charter import charter
from graphs.checking import find_faults

CALLS: dict[str, dict[str, Any]] = {
    "npv_irr": {"cash_flows": [-1000, 400, 400, 400], "rate_percent": 8},
    "xnpv_xirr": {"flows": "2025-01-01: -1000; 2025-12-01: 700; 2026-06-01: 500", "rate_percent": 6},
    "simulation": {"inputs": "units 800 to 1200, price 20, variable cost 8 to 11, fixed costs 9000"},
    "break_even": {"fixed_costs": 12000, "price": 25, "variable_cost": 10, "expected_units": 900},
    "market_size": {"customers": 200000, "price": 600, "serviceable_percent": 25, "obtainable_percent": 4},
    "unit_economics": {"price": 60, "variable_cost": 38, "acquisition_cost": 30, "orders_per_customer": 3},
    "runway": {"cash": 300000, "monthly_burn": 50000, "monthly_revenue": 20000},
    "revenue_projection": {
        "start": 5000,
        "growth_percent": 6,
        "low_growth_percent": 3,
        "high_growth_percent": 9,
    },
    "risk_register": {"risks": "fire 1 x 5; churn 4 x 4"},
    "feasibility_score": {"market": 4, "technical": 2, "weights": "weights: market 2, technical 1"},
    "swot": {"notes": "Strengths: recipes, staff. Threats: rent"},
    "business_model_canvas": {"notes": "Customers: students. Value: cheap bikes"},
    "competitor_matrix": {"competitors": "Us: price 3, quality 5; Them: price 5, quality 2"},
}
TOOLS = {tool.name: tool for tool in charter().tools}
WITHOUT_A_PICTURE = {"unit_economics", "swot", "business_model_canvas"}
"""Tools of one figure or two, and those whose table is the picture."""


def test_davina_offers_her_tools_and_sub_agents():
    davina = charter()
    assert davina.name == "davina"
    assert davina.collections == ("davina",)
    assert {tool.name for tool in davina.tools} == {
        "npv_irr",
        "xnpv_xirr",
        "simulation",
        "break_even",
        "market_size",
        "unit_economics",
        "runway",
        "revenue_projection",
        "risk_register",
        "feasibility_score",
        "swot",
        "business_model_canvas",
        "competitor_matrix",
    }
    assert [agent.name for agent in davina.subagents] == [
        "trend_analyser",
        "competitor_research",
        "financial_validator",
        "risk_assessor",
        "venture_planner",
    ]
    assert len(davina.utterances) >= 20
    assert all(sub.playbook and sub.tools for sub in davina.subagents)


def test_every_tool_of_davina_has_four_to_seven_examples_of_its_own():
    examples = [example for tool in charter().tools for example in (tool.metadata or {})["examples"]]
    assert len(set(examples)) == len(examples)
    assert all(4 <= len((tool.metadata or {})["examples"]) <= 7 for tool in charter().tools)


def test_every_argument_of_davinas_tools_is_described():
    fields = [field for tool in charter().tools for field in tool.args.values()]
    assert all(field["description"] for field in fields)


def test_every_tool_of_davina_is_called_below():
    assert set(CALLS) == set(TOOLS)


@pytest.mark.parametrize("name", CALLS)
async def test_every_tool_gives_figures_that_its_text_shows_with_what_they_rest_on(name):
    message = await TOOLS[name].ainvoke({"name": name, "args": CALLS[name], "id": "1", "type": "tool_call"})
    output = message.artifact
    assert find_faults(output) == []
    assert output.assumptions
    assert output.would_change
    assert output.figures
    shown = [str(figure).split(" ")[0].removeprefix("-") for figure in output.figures]
    assert [number for number in shown if number not in output.text] == []
    assert (output.chart is None) == (name in WITHOUT_A_PICTURE)
