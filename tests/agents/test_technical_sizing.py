import math

import pytest

from tests.agents.test_technical import ask


async def test_an_atr_stop_sizes_the_position_with_two_targets():
    message = await ask("position_size", account=10_000, risk_percent=2, entry=50_000, atr=1200)
    data = message.artifact.data
    assert data["stop"] == 47_600
    assert data["quantity"] == pytest.approx(200 / 2400)
    assert [target["price"] for target in data["targets"]] == [54_800, 57_200]
    assert "Stop = 2 x ATR" in message.text


async def test_a_stop_price_decides_the_side():
    message = await ask("position_size", account=20_000, risk_percent=1, entry=3000, stop=3150)
    assert message.text.startswith("Sell short 1.3333 units at 3,000")
    assert message.artifact.data["side"] == "short"


async def test_leverage_and_expected_value_are_told():
    message = await ask("position_size", account=10_000, entry=50_000, stop=49_900, win_rate_percent=40)
    assert "10.00 times the account" in message.text
    assert message.artifact.data["expected_value"] == pytest.approx([40, 120])


async def test_a_short_whose_targets_lie_below_zero_has_none():
    message = await ask("position_size", account=1000, entry=100, stop=160)
    assert "no target at 1:2 is above zero" in message.text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"account": 1000, "entry": 100}, "Give a stop price"),
        ({"account": 1000, "entry": 50_000, "stop": 2}, "far from the entry"),
        ({"account": 1000, "entry": 0, "stop": 2}, "entry price is 0"),
        ({"account": 1000, "entry": 100, "stop": 110, "side": "long"}, "below its entry"),
        ({"account": 1000, "entry": 100, "stop": 90, "side": "short"}, "above its entry"),
        ({"account": 0, "entry": 100, "stop": 90}, "account is 0"),
        ({"account": math.nan, "entry": 100, "stop": 90}, "finite"),
        ({"account": 1000, "entry": 100, "stop": 90, "risk_percent": 0}, "risk per trade"),
        ({"account": 1000, "entry": 100, "atr": 80}, "same unit"),
        ({"account": 1000, "entry": 100, "stop": 90, "win_rate_percent": 140}, "win probability"),
    ],
)
async def test_positions_that_cannot_be_sized_are_refused(arguments, says):
    message = await ask("position_size", **arguments)
    assert message.status == "error"
    assert says in message.text


async def test_kelly_gives_the_share_and_its_half():
    message = await ask("kelly_fraction", win_rate_percent=55, payoff_ratio=1.5)
    assert message.text.startswith("The Kelly fraction is 25 % of capital")
    assert message.artifact.data["half_kelly"] == pytest.approx(0.125)


async def test_kelly_reads_amounts_and_fractions():
    message = await ask("kelly_fraction", win_rate_percent=0.4, average_win=300, average_loss=-100)
    assert message.artifact.data["kelly_fraction"] == pytest.approx(0.2)
    assert "read as the fraction 40 %" in message.text


async def test_kelly_without_an_edge_says_not_to_bet():
    message = await ask("kelly_fraction", win_rate_percent=40, payoff_ratio=1)
    assert "not to take this bet" in message.text


@pytest.mark.parametrize(
    "arguments",
    [
        {"win_rate_percent": 55},
        {"win_rate_percent": 55, "average_win": 3},
        {"win_rate_percent": 55, "average_win": 3, "average_loss": 0},
        {"win_rate_percent": 155, "payoff_ratio": 1},
        {"win_rate_percent": 55, "payoff_ratio": 0},
    ],
)
async def test_bets_without_a_payoff_or_out_of_range_are_refused(arguments):
    assert (await ask("kelly_fraction", **arguments)).status == "error"


@pytest.mark.parametrize("method", ["classic", "fibonacci", "camarilla"])
async def test_pivots_name_their_levels(method):
    message = await ask("pivot_points", high=62_000, low=59_000, close=61_500, method=method)
    assert f"The {method} pivot is 60,833.33, resistances R1 " in message.text
    assert message.artifact.data["supports"]["S1"] < message.artifact.data["resistances"]["R1"]
    assert (await ask("pivot_points", high=1, low=2, close=1.5, method=method)).status == "error"


async def test_fibonacci_levels_of_a_rise_and_a_fall():
    rise = await ask("fibonacci_levels", start=50_000, end=70_000)
    assert "61.8% 57,640" in rise.text
    assert "support" in rise.text
    fall = await ask("fibonacci_levels", start=100, end=10)
    assert "resistance" in fall.text
    assert "none above zero" in fall.text
    assert (await ask("fibonacci_levels", start=5, end=5)).status == "error"


async def test_drawdown_of_prices_with_its_recovery():
    message = await ask("drawdown_and_sharpe", values=[100, 120, 90, 110, 80, 130])
    assert message.text.startswith("The maximum drawdown is 33.33 %, from 120 to 80, recovered later;")
    assert message.artifact.data["maximum_drawdown"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("values", "kind", "says"),
    [
        ([0.01, -0.02, 0.015, 0.003], None, "returns in fractions"),
        ([1, -2, 1.5, 0.3], "returns", "returns in percent"),
        ([0.5, 0.6, 0.55], "equity", "taken as equity"),
    ],
)
async def test_the_kind_of_series_is_stated(values, kind, says):
    message = await ask("drawdown_and_sharpe", values=values, kind=kind)
    assert says in message.text


async def test_fractions_and_percentages_of_the_same_returns_agree():
    fractions = await ask("drawdown_and_sharpe", values=[0.01, -0.02, 0.015], kind="returns")
    percents = await ask("drawdown_and_sharpe", values=[1, -2, 1.5], kind="returns")
    assert fractions.artifact.data == pytest.approx(percents.artifact.data)


async def test_frequency_changes_the_ratio_by_the_root_of_the_periods():
    values = [100, 102, 101, 104]
    daily = await ask("drawdown_and_sharpe", values=values)
    monthly = await ask("drawdown_and_sharpe", values=values, frequency="monthly")
    assert daily.artifact.data["sharpe"] / monthly.artifact.data["sharpe"] == pytest.approx(
        math.sqrt(365 / 12)
    )


async def test_ratios_that_are_not_defined_are_not_given():
    message = await ask("drawdown_and_sharpe", values=[1, 1.1, 1.21, 1.331])
    assert "Sharpe ratio is not defined" in message.text
    assert message.artifact.data["sharpe"] is None
    short = await ask("drawdown_and_sharpe", values=[2, 1])
    assert short.text.startswith("The maximum drawdown is 50 %, from 2 to 1, not recovered since.")
    assert "sharpe" not in short.artifact.data


@pytest.mark.parametrize("values", [[], [1, math.nan, 2], [1, math.inf], [1, -150, 3]])
async def test_series_without_meaning_are_refused(values):
    assert (await ask("drawdown_and_sharpe", values=values)).status == "error"
