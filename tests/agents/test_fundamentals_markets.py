"""Unlocks, drift, the tone of texts and an exchange's snapshot as tools."""

from typing import Any

import pytest
from langchain_core.messages import ToolMessage

from agents import NO_RESOURCES, Resources, ToolOutput
from agents.fundamentals.charter import charter
from agents.fundamentals.sentiment import tone_of
from agents.fundamentals.sentiment_tool import texts_of
from agents.fundamentals.vesting_tool import read_tranches
from agents.tools import RESOURCES
from app.market import CcxtMarket
from graphs.checking import find_faults
from tests.fakes.exchange.exchange import RecordedExchange, Unreachable
from trading import NumberInvalid, Tranche, drift_from, unlock_schedule

TOOLS = {each.name: each for each in charter().tools}


def connected(*, down: bool = False) -> Resources:
    return Resources(market=CcxtMarket(RecordedExchange(down=down), failures=(Unreachable,)))


async def ask(name: str, /, *, resources: Resources = NO_RESOURCES, **arguments: Any) -> ToolMessage:
    call = {"name": name, "args": arguments, "id": "1", "type": "tool_call"}
    message = await TOOLS[name].ainvoke(call, {"configurable": {RESOURCES: resources}})
    assert isinstance(message, ToolMessage)
    if message.status == "success":
        assert isinstance(message.artifact, ToolOutput)
        assert find_faults(message.artifact) == []
    return message


def test_nothing_vests_during_a_cliff_and_then_evenly():
    team = Tranche(name="team", share=0.2, at_launch=0.1, cliff=12, vesting=10)
    months = unlock_schedule(1000, [team, Tranche(name="community", share=0.5)])
    assert [months[at].total for at in (0, 11, 12, 13, 22)] == pytest.approx([520, 520, 520, 538, 700])
    assert len(months) == 23
    assert months[13].unlocked == pytest.approx(18)
    assert months[13].dilution == pytest.approx(18 / 520)
    assert team.free(11.9) == 0.1
    assert Tranche(name="a", share=1, cliff=6).free(6) == 1


@pytest.mark.parametrize(
    ("tranches", "says"),
    [
        ([], "no tranche"),
        ([Tranche(name="a", share=0.6), Tranche(name="b", share=0.5)], "110 %"),
        ([Tranche(name="a", share=0.5, vesting=300)], "between 0 and 240"),
        ([Tranche(name="a", share=0.5, at_launch=2)], "between 0 and 1"),
    ],
)
def test_schedules_that_cannot_be_are_refused(tranches, says):
    with pytest.raises(NumberInvalid, match=says):
        unlock_schedule(1000, tranches)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (
            "team 20 % with a 12 month cliff, vesting over 36 months; community 40 % unlocked",
            [("team", 0.2, 0, 12, 36), ("community", 0.4, 0, 0, 0)],
        ),
        (
            "investors 15 %, 10 % at launch, 6 month cliff, 24 months linear",
            [("investors", 0.15, 0.1, 6, 24)],
        ),
        ("team: 18%, 1 year cliff, 3 years linear", [("team", 0.18, 0, 12, 36)]),
        (
            "team 20% cliff 12 months vest 24 months, advisors 5% with 5 % at TGE, 6m cliff 12m linear",
            [("team", 0.2, 0, 12, 24), ("advisors", 0.05, 0.05, 6, 12)],
        ),
    ],
)
def test_shares_and_their_terms_are_read_out_of_words(text, read):
    found, silent = read_tranches(text)
    assert [(t.name, t.share, t.at_launch, t.cliff, t.vesting) for t in found] == read
    assert silent == []


async def test_a_vesting_schedule_names_the_first_largest_unlock_and_its_assumptions():
    schedule = "team 20 % with a 12 month cliff, vesting over 36 months; treasury 30 %"
    output = (await ask("vesting_schedule", total_supply=1e9, schedule=schedule, price=2)).artifact
    figures = {each.name: each.value for each in output.figures}
    assert figures["free at the launch"] == pytest.approx(3e8)
    assert figures["month of the largest unlock"] == 13
    assert figures["largest unlock"] == pytest.approx(2e8 / 36)
    assert "treasury, taken as free at the launch" in output.text
    assert "other 50 % of the supply is not named" in output.text
    assert output.artifacts[0].name == "unlocks.csv"
    refused = await ask("vesting_schedule", total_supply=1e9, schedule="unlock it all by 50 %")
    assert "Name each share" in refused.text


def test_drift_is_weight_minus_target_and_trades_bring_it_back():
    found = drift_from({"BTC": 7000, "ETH": 2000, "OLD": 1000}, {"BTC": 60, "ETH": 40})
    assert found[0].name == "ETH"
    assert {each.name: (round(each.off, 6), round(each.trade, 6)) for each in found} == {
        "ETH": (-0.2, 2000),
        "BTC": (0.1, -1000),
        "OLD": (0.1, -1000),
    }
    assert sum(each.trade for each in found) == pytest.approx(0)
    assert all(each.outside for each in found)
    assert not any(each.outside for each in drift_from({"BTC": 62, "ETH": 38}, {"BTC": 60, "ETH": 40}))


@pytest.mark.parametrize(
    ("portfolio", "starts"),
    [
        (
            "I hold BTC 7000, ETH 2000, USDC 1000; targets 60 % BTC, 30 % ETH, 10 % USDC",
            "BTC, ETH are outside",
        ),
        (
            "how far from target: 52% BTC, 48% ETH, target 50% BTC, 50% ETH, band 3 %",
            "Every holding is within 3",
        ),
        ("targets 70 % BTC, 30 % SOL; I hold BTC 12000, SOL 3000", "BTC, SOL are outside"),
    ],
)
async def test_holdings_and_targets_are_read_in_either_order(portfolio, starts):
    message = await ask("portfolio_drift", portfolio=portfolio)
    assert message.text.startswith(starts)


async def test_drift_without_targets_or_with_targets_alone_asks_for_both():
    for portfolio in ("60 % BTC, 40 % ETH", "targets 60 % BTC, 40 % ETH"):
        message = await ask("portfolio_drift", portfolio=portfolio)
        assert message.status == "error"
        assert "then the targets" in message.text


@pytest.mark.parametrize(
    ("text", "tone"),
    [
        ("Bitcoin soars to a record on ETF inflows", "positive"),
        ("exchange hacked, funds stolen", "negative"),
        ("the protocol was not exploited", "positive"),
        ("this is not good", "negative"),
        ("good product but the team is a fraud", "negative"),
        ("a terrible start but a great recovery", "positive"),
        ("the block was mined on Tuesday", "neutral"),
        ("All-time high", "positive"),
        ("no panic. Crash follows", "negative"),
    ],
)
def test_the_tone_of_a_text_follows_its_words_negations_and_turns(text, tone):
    assert tone_of(text).label == tone


def test_degree_scales_a_word_and_negation_turns_and_weakens_it():
    plain, very, slightly, turned = (
        tone_of(text).felt[0].weight for text in ("strong", "very strong", "slightly strong", "not strong")
    )
    assert very == pytest.approx(1.3 * plain)
    assert slightly == pytest.approx(0.6 * plain)
    assert turned == pytest.approx(-0.74 * plain)
    assert tone_of("strong").score == pytest.approx(2 / (4 + 15) ** 0.5)


@pytest.mark.parametrize(
    ("request_", "texts"),
    [
        ('sentiment of "funds are safe" and "exchange hacked"', ["funds are safe", "exchange hacked"]),
        ("how positive are these: fees fall; ETF approved", ["fees fall", "ETF approved"]),
        ("judge the tone:\n- fees fall\n- ETF approved", ["fees fall", "ETF approved"]),
        ("analyse the tone of these tweets", []),
        ("fees fall again", ["fees fall again"]),
    ],
)
def test_texts_are_found_in_a_request(request_, texts):
    assert texts_of(request_) == texts


async def test_the_tone_of_texts_is_shown_with_its_evidence_and_its_limits():
    output = (
        await ask("text_sentiment", texts='tone of "exchange hacked" and "SEC approves the ETF"')
    ).artifact
    assert output.data["counts"] == {"positive": 1, "neutral": 0, "negative": 1}
    assert "hacked (-3.0)" in output.text
    assert "no forecast" in output.text
    for texts, says in (("analyse the tone of these tweets", "no text"), ("тон: биржа взломана", "English")):
        refused = await ask("text_sentiment", texts=texts)
        assert refused.status == "error"
        assert says in refused.text


async def test_a_snapshot_says_price_changes_and_what_was_assumed():
    output = (
        await ask("market_snapshot", request="what does bitcoin cost now", resources=connected())
    ).artifact
    assert output.text.startswith("BTC/USDT stands at 96,955.69 on recorded (2024-11-30T00:00:00+00:00).")
    assert output.assumptions == ("The coin was taken as the pair BTC/USDT.",)
    figures = {each.name: each.value for each in output.figures}
    assert figures["price"] == 96955.69
    assert {"change over 7 days", "change over 30 days"} <= set(figures)
    assert output.data["spread"] == pytest.approx(0.01 / 96955.685)
    bare = (await ask("market_snapshot", request="ETH/USDT", resources=connected())).artifact
    assert bare.data["spread"] is None


@pytest.mark.parametrize(
    ("request_", "resources", "says"),
    [
        ("what is the weather", connected(), "Name the pair"),
        ("price of BTC", NO_RESOURCES, "FREYA_MARKET__EXCHANGE"),
        ("price of BTC", connected(down=True), "cannot be asked now"),
    ],
)
async def test_a_snapshot_that_cannot_be_says_what_to_do(request_, resources, says):
    message = await ask("market_snapshot", request=request_, resources=resources)
    assert message.status == "error"
    assert says in message.text
