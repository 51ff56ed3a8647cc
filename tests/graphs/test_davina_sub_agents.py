"""What Davina's sub-agents put together without a language model for requests as users write them."""

import pytest

from tests.graphs.conversation import Shelf, to

WORK = [
    (
        "Give me an in-depth analysis of the trends in plant-based pet food over the next three years and what they mean for my idea",
        "trend_analyser",
        [],
        [
            "#### What would show the direction",
            "of plant-based pet food is a forecast",
            "horizon: three years",
        ],
    ),
    (
        (
            "Write a comprehensive trend analysis: where is the market for home batteries heading, and recommend a strategy. "
            "Our revenue of 20k a month grows 5 % a month."
        ),
        "trend_analyser",
        ["revenue_projection"],
        ["In month 12 revenue is 35,917.13", "A trend in home batteries helps"],
    ),
    (
        "Write a comprehensive competitor analysis for my dog grooming salon against FluffyCuts and Barkers, and recommend a position",
        "competitor_research",
        [],
        [
            "those who offer the same",
            "For FluffyCuts and Barkers, one line each",
            "my dog grooming salon must live",
        ],
    ),
    (
        "Do a thorough competitor research and compare: Us: price 3, quality 5; Rocket: price 5, quality 2. Recommend a positioning strategy",
        "competitor_research",
        ["competitor_matrix"],
        ["Us leads with 4.00 before Rocket with 3.50", "- What do you offer, and to whom?"],
    ),
    (
        (
            "Do a thorough validation of my financial plan, review it and recommend changes: price 25, variable cost 10, fixed costs 12000. "
            "We have 300000 cash and burn 40000 a month."
        ),
        "financial_validator",
        ["break_even", "runway"],
        [
            "Break-even is at 800 units",
            "The plan must sell 800 units",
            "The cash lasts 7.5 months as planned",
        ],
    ),
    (
        (
            "Do a detailed financial validation of our plan and recommend what to change: we invest -80000, 25000, 30000, 35000, 40000 at a "
            "discount rate of 9 %; revenue of 10k grows 6 % a month"
        ),
        "financial_validator",
        ["npv_irr", "revenue_projection"],
        ["NPV at 9 % is 23,549.61", "In month 12 revenue is 20,121.96", "#### What to verify first"],
    ),
    (
        "Assess the risks of opening a second bakery comprehensively and propose a plan of countermeasures",
        "risk_assessor",
        [],
        ["applies to opening a second bakery as cause", "- How likely is each risk"],
    ),
    (
        "Review in depth and assess the risks of our launch and propose measures: supplier fails 3 x 5; key person leaves 2 x 4; rain 4 x 2",
        "risk_assessor",
        ["risk_register"],
        ["“supplier fails” with 15 of 25", "The worst risk scores 15 of 25; 1 of the 3 named"],
    ),
]


@pytest.mark.parametrize(("request_", "sub_agent", "tools", "says"), WORK)
async def test_a_sub_agent_of_davina_assembles_what_it_can_and_asks_for_the_rest(
    play, extractive, request_, sub_agent, tools, says
):
    talk, _ = play(router=to("davina", request=request_), shelf=Shelf())
    talk.chat = extractive
    state = await talk.say(request_)
    (result,) = state["results"]
    assert sub_agent in result.sub_agents
    assert sorted({use.name for use in result.tool_uses if not use.failed}) == tools
    assert "no language model wrote it" in state["answer"]
    assert [each for each in says if each not in state["answer"]] == []
    assert result.grounding is None or result.grounding.holds


async def test_figures_that_lead_to_a_tool_alone_do_not_call_a_sub_agent(play, extractive):
    request = "assess these risks: fire 1 x 5; churn 4 x 4; strike 2 x 3"
    talk, _ = play(router=to("davina", request=request), shelf=Shelf())
    talk.chat = extractive
    (result,) = (await talk.say(request))["results"]
    assert result.sub_agents == ()
    assert [use.name for use in result.tool_uses] == ["risk_register"]
