from typing import Any

import pytest
from langchain_core.tools import BaseTool

from agents.sofia.budget import budget_split, read_channels, split_cents
from agents.sofia.campaigns import campaign_metrics, customer_economics


async def call(tool: BaseTool, **arguments: Any) -> Any:  # ainvoke returns Any
    return await tool.ainvoke({"name": tool.name, "args": arguments, "id": "1", "type": "tool_call"})


async def test_full_funnel_gives_every_ratio():
    message = await call(
        campaign_metrics(), spend=1200, impressions=80000, clicks=960, conversions=48, revenue=3600
    )
    assert message.artifact.data == {"roas": 3, "cpa": 25, "cvr": 0.05, "ctr": 0.012, "cpc": 1.25, "cpm": 15}
    assert message.content.startswith("The campaign's ROAS is 3.00, CPA is 25, CVR is 5.00 %, CTR is 1.20 %")
    assert "at least 33.3 %" in message.content


async def test_only_ratios_of_given_figures_are_computed():
    message = await call(campaign_metrics(), spend=90, impressions=30000)
    assert message.artifact.data == {"cpm": 3}
    assert "ROAS" not in message.content


@pytest.mark.parametrize("revenue", [0, 40])
async def test_campaign_that_earns_less_than_it_costs_is_called_a_loss(revenue):
    message = await call(campaign_metrics(), spend=50, revenue=revenue)
    assert "loses money" in message.content


async def test_ratio_over_zero_is_left_out_and_named():
    message = await call(campaign_metrics(), spend=50, impressions=1000, clicks=0)
    assert message.artifact.data == {"ctr": 0, "cpm": 50}
    assert "Not defined: CPC (no clicks)" in message.content


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({}, "Give at least two"),
        ({"spend": 100}, "Give at least two"),
        ({"clicks": 20, "impressions": 10}, "more clicks (20) than impressions (10)"),
        ({"conversions": 20, "clicks": 10, "spend": 1}, "more conversions"),
        ({"spend": float("nan"), "clicks": 1}, "finite"),
        ({"spend": -5, "clicks": 1}, "negative"),
    ],
)
async def test_figures_without_a_ratio_are_refused(arguments, complaint):
    message = await call(campaign_metrics(), **arguments)
    assert message.status == "error"
    assert complaint in message.content


async def test_cac_ltv_and_payback_agree_with_hand_computation():
    message = await call(
        customer_economics(),
        acquisition_spend=20000,
        new_customers=250,
        monthly_revenue=40,
        monthly_churn_percent=5,
        gross_margin_percent=80,
    )
    assert message.artifact.data == {
        "cac": 80,
        "ltv": 640,
        "ltv_to_cac": 8,
        "payback_months": 2.5,
        "lifetime_months": 20,
    }
    assert message.content.startswith(
        "CAC is 80, LTV is 640, LTV:CAC is 8.00, the CAC is paid back in 2.5 months."
    )


async def test_lifetime_may_be_given_and_the_missing_margin_is_said():
    message = await call(customer_economics(), acquisition_cost=300, monthly_revenue=30, lifetime_months=24)
    assert message.artifact.data["ltv_to_cac"] == pytest.approx(2.4)
    assert "below 3" in message.content
    assert "100 % is assumed" in message.content


async def test_cac_alone_needs_no_revenue():
    message = await call(customer_economics(), acquisition_spend=900, new_customers=30)
    assert message.content.startswith("CAC is 30.")
    assert message.artifact.data["ltv"] is None


async def test_ltv_alone_needs_no_spend():
    message = await call(
        customer_economics(), monthly_revenue=10, monthly_churn_percent=10, gross_margin_percent=50
    )
    assert message.content.startswith("LTV is 50.")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({}, "Give acquisition spend"),
        ({"acquisition_spend": 100, "new_customers": 0}, "No customers were won"),
        ({"monthly_revenue": 10, "monthly_churn_percent": 0}, "above 0"),
        ({"monthly_revenue": 10, "monthly_churn_percent": 101}, "at most 100 %"),
        ({"acquisition_cost": 10, "gross_margin_percent": 120}, "above 100 %"),
    ],
)
async def test_economics_without_a_basis_are_refused(arguments, complaint):
    message = await call(customer_economics(), **arguments)
    assert message.status == "error"
    assert complaint in message.content


async def test_budget_follows_the_weights():
    message = await call(
        budget_split(), budget=10000, channels="Split 10000 between Google Ads 50, Meta 30 and email 20"
    )
    assert message.artifact.data["shares"] == {"Google Ads": 5000, "Meta": 3000, "email": 2000}
    assert message.content.startswith("Of 10,000, Google Ads gets 5,000, Meta gets 3,000, email gets 2,000.")
    assert message.artifact.artifacts[0].name == "budget.csv"


async def test_cheaper_channel_gets_more_by_expected_cpa():
    message = await call(budget_split(), budget=900, channels="Google: 10, TikTok: 20", by="cpa")
    assert message.artifact.data["shares"] == {"Google": 600, "TikTok": 300}
    assert message.artifact.data["expected_conversions"] == pytest.approx(75)


async def test_channels_without_numbers_share_equally_to_the_cent():
    message = await call(
        budget_split(), budget=100, channels="Split 100 over SEO, newsletter and LinkedIn equally"
    )
    assert message.artifact.data["shares"] == {"SEO": 33.34, "newsletter": 33.33, "LinkedIn": 33.33}
    assert "the shares are equal" in message.content


def test_cents_always_sum_to_the_budget():
    for budget in (0.01, 1, 99.99, 1234.56):
        assert sum(split_cents(budget, [3, 1, 7, 7, 7])) == pytest.approx(budget)


@pytest.mark.parametrize(
    ("text", "channels"),
    [
        (
            "Distribute our ad budget of $12,000 over search 3, display 1, video 2",
            [("search", 3), ("display", 1), ("video", 2)],
        ),
        ("Google Ads 50%, Meta (30%), email: 20%", [("Google Ads", 50), ("Meta", 30), ("email", 20)]),
        (
            "How should I allocate 12000 by expected CPA: Google 25, Facebook 40?",
            [("Google", 25), ("Facebook", 40)],
        ),
        ("Split 12000 between search (50 %) and social (50 %) by weight", [("search", 50), ("social", 50)]),
        ("Split 12000 on Facebook, 40, and Google", [("Facebook", None), ("Google", None)]),
    ],
)
def test_channels_are_read_from_a_request(text, channels):
    assert read_channels(text, 12000) == channels


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"budget": 0}, "above 0"),
        ({"channels": "only Google 5"}, "I could read 1"),
        ({"channels": "a 1, b"}, "Give every channel a number"),
        ({"channels": "a 0, b 5", "by": "cpa"}, "above 0 for a CPA"),
        ({"channels": "a 0, b 0"}, "at least one weight"),
    ],
)
async def test_unreadable_split_is_refused(arguments, complaint):
    message = await call(budget_split(), **{"budget": 100, "channels": "a 1, b 2", **arguments})
    assert message.status == "error"
    assert complaint in message.content
