from typing import Any

import pytest
from langchain_core.tools import BaseTool

from agents.davina.market import market_size
from agents.davina.projection import grown, revenue_projection
from agents.tools import ToolRefused


async def call(tool: BaseTool, **arguments: Any) -> Any:  # ainvoke returns Any
    return await tool.ainvoke({"name": tool.name, "args": arguments, "id": "1", "type": "tool_call"})


async def test_bottom_up_market_is_narrowed_to_what_can_be_won():
    message = await call(
        market_size(), customers=200000, price=600, serviceable_percent=25, obtainable_percent=4
    )
    data = message.artifact.data
    assert (data["tam"], data["sam"], data["som"]) == (120e6, 30e6, 1.2e6)
    assert message.content.startswith("TAM is 120,000,000, SAM is 30,000,000, SOM is 1,200,000 a year.")
    assert "The SOM is 2,000 customers" in message.content


async def test_top_down_market_takes_the_total_as_given():
    message = await call(market_size(), total_market=2e9, serviceable_percent=10, obtainable_percent=3)
    assert message.artifact.data["som"] == pytest.approx(6e6)
    assert "Top-down" in message.content


async def test_missing_shares_are_named_instead_of_assumed():
    whole = await call(market_size(), total_market=100)
    assert "serviceable and obtainable shares were not given" in whole.content
    served = await call(market_size(), total_market=100, serviceable_percent=50)
    assert "obtainable share was not given" in served.content
    assert "SOM" not in served.content.split("\n")[0]


@pytest.mark.parametrize(("total", "verdict"), [(80e6, "close enough"), (300e6, "too far apart")])
async def test_both_ways_are_held_against_each_other(total, verdict):
    message = await call(market_size(), customers=50000, price=1200, total_market=total)
    assert message.artifact.data["bottom_up"] == 60e6
    assert verdict in message.content


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({}, "number of customers"),
        ({"customers": 5}, "number of customers"),
        ({"total_market": 100, "obtainable_percent": 5}, "serviceable percent"),
        ({"total_market": 100, "serviceable_percent": 120}, "above 100 %"),
        ({"total_market": float("inf")}, "finite"),
        ({"total_market": -1}, "negative"),
    ],
)
async def test_market_without_a_basis_is_refused(arguments, complaint):
    message = await call(market_size(), **arguments)
    assert message.status == "error"
    assert complaint in message.content


async def test_projection_compounds_and_sums_the_months():
    message = await call(revenue_projection(), start=10000, growth_percent=8, months=12)
    data = message.artifact.data
    assert data["final"]["expected"] == pytest.approx(10000 * 1.08**12)
    assert data["total"]["expected"] == pytest.approx(10000 * 1.08 * (1.08**12 - 1) / 0.08)
    assert data["growth_percent"] == {"low": 4, "expected": 8, "high": 12}
    assert message.content.startswith("In month 12 revenue is 25,181.70, between 16,010.32 and 38,959.76.")
    assert "assumed at half the growth" in message.content


async def test_given_range_is_used_as_it_is():
    message = await call(
        revenue_projection(),
        start=5000,
        growth_percent=6,
        months=30,
        low_growth_percent=3,
        high_growth_percent=9,
    )
    assert message.artifact.data["final"]["low"] == pytest.approx(5000 * 1.03**30)
    assert "The range is the one given" in message.content
    lines = message.artifact.artifacts[0].content.splitlines()
    assert lines[0] == "month,low,expected,high"
    assert len(lines) == 32
    assert message.content.count("\n| ") < 32


async def test_shrinking_revenue_has_its_range_the_right_way_round():
    message = await call(revenue_projection(), start=100, growth_percent=-10, months=1)
    final = message.artifact.data["final"]
    assert final["low"] == pytest.approx(85)
    assert final["high"] == pytest.approx(95)


@pytest.mark.parametrize(
    "arguments",
    [
        {"months": 0},
        {"months": 121},
        {"low_growth_percent": 9},
        {"growth_percent": -150},
        {"growth_percent": float("nan")},
        {"start": -5},
    ],
)
async def test_impossible_projection_is_refused(arguments):
    message = await call(revenue_projection(), **{"start": 100, "growth_percent": 5, **arguments})
    assert message.status == "error"


def test_runaway_growth_is_refused_before_it_overflows():
    with pytest.raises(ToolRefused, match="passes 1e18"):
        grown(1e6, 10.0, 120)


def test_nothing_grows_to_nothing():
    assert grown(0, 0.5, 3) == [0, 0, 0, 0]


async def test_monthly_prices_count_twelve_times():
    message = await call(market_size(), customers=18000, price=40, billing="monthly")
    assert message.artifact.data["tam"] == 18000 * 480
    assert "× 12 (monthly)" in message.content


async def test_a_given_range_is_simulated_with_its_seed():
    given = {"start": 5000, "growth_percent": 6, "low_growth_percent": 3, "high_growth_percent": 9}
    first, again = [await call(revenue_projection(), **given, seed=4) for _ in range(2)]
    simulated = first.artifact.data["simulated"]
    assert first.content == again.content
    assert simulated["seed"] == 4
    # The mean growth of a triangular distribution from 3 over 6 to 9 is 6 %, and good and bad months even out.
    assert simulated["final"]["p50"] == pytest.approx(5000 * 1.06**12, rel=0.01)
    final = first.artifact.data["final"]
    assert final["low"] < simulated["final"]["p5"] < simulated["final"]["p95"] < final["high"]
    assert "90 % of the last months lie" in first.content


async def test_an_assumed_range_is_not_simulated():
    output = (await call(revenue_projection(), start=5000, growth_percent=6)).artifact
    assert output.data["simulated"] is None
    assert "assumed at half the growth" in output.assumptions[0]
