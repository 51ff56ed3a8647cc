from typing import Any

import pytest

from agents.playbooks import read_playbook
from agents.sofia.charter import charter

PAGE = "<html lang='en'><head><title>Bread</title></head><body><h1>Bread</h1><img src='a.jpg'><p>Fresh bread</p></body></html>"
CALLS: dict[str, dict[str, Any]] = {  # arguments of any type
    "ab_test": {"conversions_a": 120, "visitors_a": 2400, "conversions_b": 156, "visitors_b": 2380},
    "ab_test_rates": {"rate_a_percent": 3, "rate_b_percent": 3.6, "visitors": 12000},
    "ab_sample_size": {"baseline_percent": 5, "effect_percent": 10, "visitors_per_day": 900},
    "ab_power": {"baseline_percent": 5, "visitors_per_variant": 3000},
    "seo_audit": {"html": PAGE},
    "readability": {"text": "We bake bread. We bake it every day of the week."},
    "keyword_research": {"text": "rye bread and rye rolls, rye bread"},
    "keyword_gap": {"texts": 'ours "rye bread", theirs "rye bread, rolls"'},
    "campaign_metrics": {
        "spend": 900,
        "impressions": 50000,
        "clicks": 700,
        "conversions": 30,
        "revenue": 2100,
    },
    "customer_economics": {"acquisition_cost": 80, "monthly_revenue": 25, "monthly_churn_percent": 4},
    "budget_split": {"budget": 1000, "channels": "Google 60, Meta 40"},
    "ad_copy_check": {"ad": 'headline "Fresh bread"'},
    "ad_copy_draft": {"product": "bakery", "benefits": "baked daily, delivered by 7"},
    "content_calendar": {"topics": "rye, wheat", "start": "2026-03-02"},
    "campaign_plan": {"budget": 3000, "days": 30, "cost_per_click": 0.5, "conversion_rate_percent": 2},
}
WITHOUT_A_PICTURE = {"ad_copy_check", "ad_copy_draft"}
"""Tools whose result is texts."""


def test_sofia_offers_her_tools_and_sub_agents():
    sofia = charter()
    assert sofia.name == "sofia"
    assert sofia.collections == ("sofia",)
    assert {tool.name for tool in sofia.tools} == {
        "ab_test",
        "ab_test_rates",
        "ab_sample_size",
        "ab_power",
        "seo_audit",
        "readability",
        "keyword_research",
        "keyword_gap",
        "campaign_metrics",
        "customer_economics",
        "budget_split",
        "ad_copy_check",
        "ad_copy_draft",
        "content_calendar",
        "campaign_plan",
    }
    assert [agent.name for agent in sofia.subagents] == [
        "copywriter",
        "seo",
        "analytics",
        "ad_manager",
        "social_media",
        "strategist",
    ]
    assert len(sofia.utterances) >= 20


def test_every_tool_of_sofia_has_four_to_six_examples_of_its_own():
    examples = [example for tool in charter().tools for example in (tool.metadata or {})["examples"]]
    assert len(set(examples)) == len(examples)
    assert all(4 <= len((tool.metadata or {})["examples"]) <= 6 for tool in charter().tools)


def test_every_argument_of_sofias_tools_is_described():
    fields = [field for tool in charter().tools for field in tool.args.values()]
    assert all(field["description"] for field in fields)


@pytest.mark.parametrize("tool", charter().tools, ids=lambda tool: tool.name)
async def test_every_tool_says_its_figures_what_it_rests_on_and_what_would_change_it(tool):
    call = {"name": tool.name, "args": CALLS[tool.name], "id": "1", "type": "tool_call"}
    output = (await tool.ainvoke(call)).artifact
    assert output.figures
    assert len({figure.name for figure in output.figures}) == len(output.figures)
    assert output.assumptions
    assert output.would_change
    for figure in output.figures[:1]:
        assert f"{figure.value:,.{figure.decimals}f}".rstrip("0").rstrip(".") in output.text
    if tool.name in WITHOUT_A_PICTURE:
        assert output.chart is None
    else:
        layers = output.chart.get("layer", [output.chart])
        assert any((output.chart | layer)["data"]["values"] for layer in layers)
        assert output.chart["$schema"].endswith("vega-lite/v6.json")


def test_every_sub_agent_of_sofia_has_a_playbook_and_tools_of_its_own():
    for sub in charter().subagents:
        assert sub.playbook is not None
        playbook = read_playbook("agents.sofia", sub.playbook)
        assert playbook.tools
        assert playbook.tools <= set(sub.tools)
