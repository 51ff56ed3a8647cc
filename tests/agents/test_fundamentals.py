import json
import math
from typing import Any

import pytest
from langchain_core.messages import ToolMessage

from agents.fundamentals.charter import charter
from agents.fundamentals.portfolio_tool import read_holdings
from agents.tools import ToolRefused

TOOLS = {each.name: each for each in charter().tools}


async def ask(name: str, /, **arguments: Any) -> ToolMessage:
    message = await TOOLS[name].ainvoke({"name": name, "args": arguments, "id": "1", "type": "tool_call"})
    assert isinstance(message, ToolMessage)
    if message.status == "success":
        assert message.content == message.artifact.text
        assert json.dumps(message.artifact.data, allow_nan=False)
    return message


def test_charter_is_whole():
    whole = charter()
    assert whole.name == "fundamentals"
    assert whole.collections == ("fundamentals",)
    assert len(whole.tools) >= 6
    assert [each.name for each in whole.subagents] == [
        "protocol_analyst",
        "market_cycle_analyst",
        "regulation_reader",
    ]
    assert len(whole.utterances) > 50


@pytest.mark.parametrize(
    "arguments",
    [
        {"price_ratio": 0.5},
        {"price_ratio": 2, "move": "down"},
        {"change_percent": -50},
        {"change_percent": 50, "move": "down"},
        {"start_price": 3000, "end_price": 1500},
    ],
)
async def test_every_way_of_saying_halved_gives_one_loss(arguments):
    message = await ask("impermanent_loss", **arguments)
    assert message.text.startswith("The impermanent loss is 5.72 % against holding, for a price ratio of 0.5")
    assert message.artifact.data["price_ratio"] == pytest.approx(0.5)


async def test_a_deposit_is_valued_in_the_pool_and_held():
    message = await ask("impermanent_loss", price_ratio=4, deposit=1000)
    assert message.artifact.data["pool_value"] == pytest.approx(2000)
    assert message.artifact.data["held_value"] == pytest.approx(2500)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "how far the price moved"),
        ({"move": "up"}, "how far the price moved"),
        ({"change_percent": -100}, "above -100 %"),
        ({"price_ratio": 0}, "above 0"),
        ({"price_ratio": math.nan}, "finite"),
        ({"start_price": 0, "end_price": 5}, "above 0"),
        ({"price_ratio": 2, "deposit": -1}, "deposit"),
    ],
)
async def test_moves_that_cannot_be_are_refused(arguments, says):
    message = await ask("impermanent_loss", **arguments)
    assert message.status == "error"
    assert says in message.text


async def test_staking_compounds_an_apr():
    message = await ask("staking_yield", apr_percent=12, compounding="monthly", amount=1000, years=2)
    assert message.text.startswith(
        "An APR of 12 % compounded monthly is an APY of 12.68 %; 1,000 become 1,269.73"
    )
    assert message.artifact.data["gain"] == pytest.approx(269.7346, abs=1e-3)
    assert "2 years" in message.text


async def test_staking_takes_an_apy_back_to_its_apr():
    message = await ask("staking_yield", apy_percent=7, amount=1000)
    assert message.artifact.data["final"] == pytest.approx(1070)
    assert message.artifact.data["apr"] == pytest.approx(0.0676649, abs=1e-6)


@pytest.mark.parametrize(
    ("span", "years"), [({"days": 90}, 90 / 365), ({"months": 6}, 0.5), ({"years": 3}, 3), ({}, 1)]
)
async def test_staking_time_is_read_in_any_unit(span, years):
    message = await ask("staking_yield", apr_percent=5, amount=10, **span)
    assert message.artifact.data["years"] == pytest.approx(years)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"apr_percent": 5, "amount": 0},
        {"apr_percent": math.inf},
        {"apr_percent": 1e12},
        {"apy_percent": -150},
        {"apr_percent": 5, "days": -3, "amount": 1},
    ],
)
async def test_yields_that_cannot_be_are_refused(arguments):
    assert (await ask("staking_yield", **arguments)).status == "error"


async def test_liquidation_of_a_long_states_its_assumptions():
    message = await ask("liquidation_price", entry_price=60_000, leverage=10)
    assert message.text.startswith(
        "The liquidation price of a 10x long from 60,000 is 54,271.36, a fall of 9.55 %."
    )
    for assumption in ("isolated margin", "0.5 %", "no fees and no funding", "54,300"):
        assert assumption in message.text


async def test_liquidation_of_a_short_lies_above():
    message = await ask(
        "liquidation_price", entry_price=3000, leverage=20, side="short", maintenance_margin_percent=1
    )
    assert message.artifact.data["liquidation_price"] == pytest.approx(3000 * 1.05 / 1.01)
    assert "a rise of" in message.text


async def test_a_long_without_borrowed_money_is_never_liquidated():
    message = await ask("liquidation_price", entry_price=3000, leverage=1)
    assert "no liquidation price above 0" in message.text


@pytest.mark.parametrize(
    "arguments",
    [
        {"entry_price": 60_000, "leverage": 0},
        {"entry_price": -1, "leverage": 10},
        {"entry_price": 60_000, "leverage": 250},
        {"entry_price": 60_000, "leverage": 10, "maintenance_margin_percent": -1},
        {"entry_price": math.inf, "leverage": 10},
        {"entry_price": 1.7e308, "leverage": 1.1, "side": "short"},
    ],
)
async def test_positions_that_cannot_be_are_refused(arguments):
    assert (await ask("liquidation_price", **arguments)).status == "error"


async def test_funding_is_paid_or_received_by_side_and_sign():
    paid = await ask("funding_cost", notional=50_000, rate_percent=0.01, days=10)
    assert paid.text.startswith("The long pays 150 in funding over 10 days: 5 every 8 hours, 30 times.")
    got = await ask("funding_cost", notional=50_000, rate_percent=0.01, days=10, side="short")
    assert got.text.startswith("The short receives 150")
    day = await ask("funding_cost", notional=50_000, rate_percent=0.01, days=1)
    assert day.text.startswith("The long pays 15 in funding over one day: 5 every 8 hours, 3 times.")
    assert (await ask("funding_cost", notional=0, rate_percent=0.01)).status == "error"
    assert (await ask("funding_cost", notional=1, rate_percent=0.01, days=math.nan)).status == "error"


async def test_bitcoin_supply_at_a_block_is_exact():
    message = await ask("supply_schedule", block_height=840_000)
    assert message.text.startswith("At block 840,000 19,687,503.12 BTC are issued")
    assert "estimate" not in message.text
    assert message.artifact.data["next_halving"].startswith("2028-04")


async def test_bitcoin_supply_of_a_year_is_an_estimate():
    message = await ask("supply_schedule", year=2030)
    assert message.artifact.data["supply"] == pytest.approx(20.57e6, rel=1e-3)
    assert "estimate" in message.text
    now = await ask("supply_schedule")
    assert "The next halving comes at block" in now.text


async def test_bitcoin_after_its_last_coin_has_no_halving():
    message = await ask("supply_schedule", block_height=7_000_000)
    assert message.artifact.data["next_halving"] is None
    assert "next halving" not in message.text


async def test_a_generic_supply_grows_to_its_maximum():
    message = await ask(
        "supply_schedule", current_supply=5e8, annual_inflation_percent=7, years=10, max_supply=9e8
    )
    assert "The maximum of 900,000,000 is reached in year 9." in message.text
    assert message.artifact.data["final_supply"] == 9e8


async def test_new_coins_a_year_make_a_falling_inflation():
    message = await ask("supply_schedule", current_supply=1e8, new_per_year=5e6)
    assert message.text.startswith(
        "Inflation is 5 % in the first year, and after 5 years the supply is 125,000,000"
    )
    one = await ask("supply_schedule", current_supply=1e8, annual_inflation_percent=-2, years=1)
    assert "after 1 year the supply is 98,000,000, 2 % less" in one.text


async def test_long_schedules_are_shown_in_steps():
    message = await ask("supply_schedule", current_supply=100, annual_inflation_percent=1, years=50)
    assert message.text.count("\n| ") <= 15
    assert len(message.artifact.data["years"]) == 50


@pytest.mark.parametrize(
    "arguments",
    [
        {"year": 1999},
        {"year": 2500},
        {"block_height": -5},
        {"block_height": 10**9},
        {"annual_inflation_percent": 5},
        {"new_per_year": 5},
        {"current_supply": 100},
        {"current_supply": 0, "new_per_year": 5},
        {"current_supply": 100, "annual_inflation_percent": 5, "max_supply": 50},
        {"current_supply": math.nan, "annual_inflation_percent": 5},
        {"current_supply": 1e300, "annual_inflation_percent": 90_000, "years": 200},
    ],
)
async def test_supplies_that_cannot_be_are_refused(arguments):
    assert (await ask("supply_schedule", **arguments)).status == "error"


async def test_stock_to_flow_of_given_figures_and_of_bitcoin():
    gold = await ask("stock_to_flow", stock=190_000, yearly_flow=3300)
    assert gold.text.startswith("The coin has a stock-to-flow ratio of 57.58")
    block = await ask("stock_to_flow", block_height=840_000)
    assert block.artifact.data["stock_to_flow"] == pytest.approx(19_687_503.125 / 164_250)
    assert "estimated" in (await ask("stock_to_flow", year=2028)).text
    for arguments in (
        {"stock": 5},
        {"stock": 5, "yearly_flow": 0},
        {"year": 3000},
        {"block_height": 9_000_000},
    ):
        assert (await ask("stock_to_flow", **arguments)).status == "error"


async def test_fully_diluted_valuation_with_and_without_what_circulates():
    both = await ask("fully_diluted_valuation", price=2.5, max_supply=1e9, circulating_supply=2e8)
    assert both.text.startswith(
        "The fully diluted valuation is 2,500,000,000 and the market capitalisation is 500,000,000."
    )
    assert "the other 80 %" in both.text
    only = await ask("fully_diluted_valuation", price=2.5, max_supply=1e9)
    assert "With the circulating supply as well" in only.text
    market = await ask("fully_diluted_valuation", price=0.4, circulating_supply=3e9)
    assert market.text.startswith("The market capitalisation is 1,200,000,000.")
    for arguments in (
        {"price": 1},
        {"price": 0, "max_supply": 5},
        {"price": 1, "max_supply": 5, "circulating_supply": 6},
    ):
        assert (await ask("fully_diluted_valuation", **arguments)).status == "error"


async def test_valuation_ratios_of_a_network():
    message = await ask("valuation_ratios", market_cap=1.2e12, daily_volume=1.5e10, realised_cap=1.5e12)
    assert message.artifact.data["nvt"] == 80
    assert message.artifact.data["mvrv"] == pytest.approx(0.8)
    assert "at a loss of 20 %" in message.text
    for arguments in (
        {"market_cap": 1},
        {"market_cap": 0, "daily_volume": 1},
        {"market_cap": 1, "realised_cap": 0},
    ):
        assert (await ask("valuation_ratios", **arguments)).status == "error"


@pytest.mark.parametrize(
    ("purchases", "averages"),
    [
        ("I bought 0.5 BTC at 60000 and 0.3 at 50000, what is my average price?", {"BTC": 56250}),
        ("10 SOL at 150, 5 @ 120 and 20 for $90", {"SOL": 3900 / 35}),
        ("1,000 tokens at $0.25 and 3,000 at $0.15", {"all": 0.175}),
        ("2 ETH for 6k in total, 1 more at 2000, 0.1 BTC x 60k", {"ETH": 8000 / 3, "BTC": 60000}),
    ],
)
async def test_purchases_in_words_are_averaged_by_their_quantities(purchases, averages):
    data = (await ask("average_price", purchases=purchases)).artifact.data
    assert {name: each["average_price"] for name, each in data.items()} == {
        name: pytest.approx(price) for name, price in averages.items()
    }


@pytest.mark.parametrize("purchases", ["what is my average price?", "0 BTC at 60000"])
async def test_purchases_that_cannot_be_read_are_refused(purchases):
    assert (await ask("average_price", purchases=purchases)).status == "error"


async def test_a_portfolio_in_words_is_checked():
    message = await ask(
        "portfolio_allocation_check", holdings="check my portfolio: 60% BTC, 30% ETH, 10% SOL"
    )
    assert message.text.startswith(
        "BTC (60 %) is above the limit of 40 % for one holding; the portfolio is as"
    )
    assert message.artifact.data["effective_holdings"] == pytest.approx(1 / 0.46)


async def test_a_limit_of_ones_own_is_not_a_weight():
    message = await ask(
        "portfolio_allocation_check", holdings="limit 30 %: bitcoin 45 %, ethereum 35 %, cash 20 %"
    )
    assert message.artifact.data["over_limit"] == ["bitcoin", "ethereum"]
    assert "yours" in message.text


async def test_amounts_become_weights_and_a_rest_is_named():
    amounts = await ask("portfolio_allocation_check", holdings="BTC $5k, ETH 3,000, USDC 2000")
    assert amounts.artifact.data["weights"] == {"BTC": 0.5, "ETH": 0.3, "USDC": 0.2}
    partial = await ask("portfolio_allocation_check", holdings="is 80% in one altcoin too concentrated?")
    assert partial.artifact.data["weights"] == {"altcoin": 0.8, "not named": pytest.approx(0.2)}
    even = await ask("portfolio_allocation_check", holdings="25% BTC 25% ETH 25% SOL 25% cash")
    assert even.text.startswith("No holding is above the limit")


@pytest.mark.parametrize(
    ("holdings", "says"),
    [
        ("", "0 numbers"),
        ("60% BTC and some ETH", "1 numbers and 2 names"),
        ("60% BTC, 3000 ETH", "all of them in one way"),
        ("80% BTC, 40% ETH", "more than 100 %"),
        ("0 BTC, 0 ETH", "add up to nothing"),
    ],
)
async def test_portfolios_that_cannot_be_read_are_refused(holdings, says):
    message = await ask("portfolio_allocation_check", holdings=holdings)
    assert message.status == "error"
    assert says in message.text


def test_the_same_holding_twice_is_added_up():
    assert read_holdings("20% BTC 30% btc 50% ETH").weights == {"BTC": 50, "ETH": 50}
    with pytest.raises(ToolRefused):
        read_holdings("no numbers, no NAMES")
