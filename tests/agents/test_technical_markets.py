"""Structure, verdicts, signals, backtests and tail risk as tools, over pasted bars and over an exchange."""

import json
from typing import Any

import pytest
from langchain_core.messages import ToolMessage

from agents import NO_RESOURCES, Resources, ToolOutput
from agents.technical.backtest_tool import BacktestArguments, backtest_rule
from agents.technical.charter import charter
from agents.tools import RESOURCES
from app.market import CcxtMarket
from graphs.checking import find_faults
from tests.fakes.exchange.exchange import RecordedExchange, Unreachable
from tests.trading.series import planted, walk
from tests.trading.test_chart_structure import PLANTED
from trading import Bars, Rule, symbol_in, timeframe_in

TOOLS = {each.name: each for each in charter().tools}
ON_PRICES = (
    "support_resistance",
    "trend_lines",
    "chart_patterns",
    "multi_timeframe",
    "trade_signal",
    "value_at_risk",
)


def csv(bars: Bars) -> str:
    assert bars.open is not None
    assert bars.high is not None
    assert bars.low is not None
    rows = zip(bars.open, bars.high, bars.low, bars.close, strict=True)
    lines = [f"{at},{','.join(f'{cell:.6f}' for cell in row)}" for at, row in enumerate(rows, start=1)]
    return "\n".join(["time,open,high,low,close", *lines])


def connected(*, down: bool = False) -> Resources:
    return Resources(market=CcxtMarket(RecordedExchange(down=down), failures=(Unreachable,)))


async def ask(name: str, /, *, resources: Resources = NO_RESOURCES, **arguments: Any) -> ToolMessage:
    call = {"name": name, "args": arguments, "id": "1", "type": "tool_call"}
    message = await TOOLS[name].ainvoke(call, {"configurable": {RESOURCES: resources}})
    assert isinstance(message, ToolMessage)
    if message.status == "success":
        output = message.artifact
        assert isinstance(output, ToolOutput)
        assert find_faults(output) == []
        assert json.dumps(output.data, allow_nan=False)
    return message


@pytest.mark.parametrize("name", ON_PRICES)
async def test_each_tool_works_on_pasted_bars_on_closes_and_on_a_pair(name):
    bars = walk(3)
    pasted = await ask(name, bars=f"look at this:\n{csv(bars)}")
    closes = await ask(name, closes=list(bars.close))
    paired = await ask(name, bars="BTCUSDT 4h please", resources=connected())
    for message in (pasted, closes, paired):
        assert message.status == "success", message.text
        assert message.artifact.figures or name in {"chart_patterns", "trend_lines"}
    assert "as given" in pasted.artifact.data["source"]
    assert "4h bars of BTC/USDT from recorded" in paired.artifact.data["source"]


@pytest.mark.parametrize("name", [*ON_PRICES, "candlestick_patterns"])
async def test_without_prices_or_exchange_it_is_said_what_to_give(name):
    nothing = await ask(name)
    assert nothing.status == "error"
    unconnected = await ask(name, bars="what about BTCUSDT")
    assert unconnected.status == "error"
    assert "BTC/USDT cannot be looked up" in unconnected.text
    assert "FREYA_MARKET__EXCHANGE" in unconnected.text


async def test_an_indicator_of_a_pair_says_which_bars_it_is_from():
    message = await ask("compute_indicator", indicator="RSI", bars="rsi of btc", resources=connected())
    assert message.artifact.data["label"] == "RSI(14)"
    assert "1d bars of BTC/USDT from recorded" in message.text
    assert message.artifact.assumptions == (
        "The coin was taken as the pair BTC/USDT.",
        "Daily bars were taken, as no timeframe was named.",
        "The usual settings: period 14.",
    )


async def test_an_exchange_that_is_down_and_a_pair_it_does_not_have_are_told():
    down = await ask("trend_lines", bars="trend lines of BTC/USDT", resources=connected(down=True))
    assert "recorded cannot be asked now" in down.text
    unknown = await ask("trend_lines", symbol="XYZ/USDT", resources=connected())
    assert "does not list XYZ/USDT" in unknown.text


async def test_levels_are_told_with_their_touches_and_what_ends_them():
    bars = planted([(0, 100), (15, 120), (30, 105), (45, 120.4), (60, 104.8), (75, 119.8), (90, 110)])
    output = (await ask("support_resistance", bars=csv(bars))).artifact
    figures = {each.name: each.value for each in output.figures}
    assert figures["nearest support"] == pytest.approx(104.5, abs=1)
    assert figures["touches of the nearest resistance"] == 3
    assert len(output.would_change) == 2
    assert "3 touches" in output.text
    none = await ask("support_resistance", closes=[100.0 + at for at in range(60)])
    assert "no support with two touches" in none.text


async def test_a_planted_pattern_is_told_with_its_points_and_drawn():
    output = (await ask("chart_patterns", bars=csv(planted(PLANTED["head and shoulders"])))).artifact
    assert output.text.startswith("Head and shoulders from 22 to 71, confirmed (bearish) by the close of")
    assert "left shoulder" in output.text
    assert output.data["patterns"][0]["status"] == "confirmed"
    assert output.chart is not None
    assert len(output.chart["layer"]) == 4
    nothing = await ask("chart_patterns", closes=[100.0 + at for at in range(60)], recent=10)
    assert nothing.text.startswith("There is no chart pattern in the newest 10 bars.")


async def test_the_verdict_shows_the_evidence_of_each_timeframe():
    output = (await ask("multi_timeframe", closes=[100 * 1.01**at for at in range(200)])).artifact
    assert output.text.startswith("The verdict is up")
    assert [each["timeframe"] for each in output.data["timeframes"]] == ["the given bars", "bars of 4"]
    assert "MACD against its signal" in output.text
    assert "16 bars to one: 12 bars, too few" in output.text


async def test_a_signal_has_levels_reasons_and_a_size_and_none_says_why():
    rise = planted([(0, 100), (60, 150), (75, 144), (99, 150), (100, 156)], noise=0.3)
    output = (await ask("trade_signal", bars=csv(rise), account=10_000)).artifact
    assert output.data["signal"] == "long"
    assert "**For it**" in output.text
    figures = {each.name: each.value for each in output.figures}
    assert figures["loss at the stop"] == pytest.approx(200)
    assert output.data["stop"] < output.data["entry"] < output.data["targets"][0]
    none = (await ask("trade_signal", closes=list(walk(1).close))).artifact
    assert none.data["signal"] is None
    assert none.text.startswith("There is no signal on the last bar.")
    assert none.would_change


@pytest.mark.parametrize(
    ("request_", "rule", "settings"),
    [
        ("backtest a 50/200 sma crossover on my data", Rule.SMA_CROSS, {"fast": 50, "slow": 200}),
        ("backtest SMA cross 3/5 on these", Rule.SMA_CROSS, {"fast": 3, "slow": 5}),
        ("test ema crossover (10, 30)", Rule.EMA_CROSS, {"fast": 10, "slow": 30}),
        (
            "backtest rsi(10) below 25 buy, above 75 sell",
            Rule.RSI_REVERSION,
            {"period": 10, "low": 25, "high": 75},
        ),
        ("donchian 30/15 breakout", Rule.DONCHIAN_BREAKOUT, {"entry": 30, "exit": 15}),
        ("supertrend 7, 2 on this", Rule.SUPERTREND, {"period": 7, "multiple": 2}),
        ("backtest a macd crossover", Rule.MACD_CROSS, {"fast": 12, "slow": 26, "signal": 9}),
    ],
)
async def test_a_rule_takes_its_settings_from_the_words_beside_it(request_, rule, settings):
    given = BacktestArguments(rule=rule, bars=f"{request_}\n{csv(walk(2))}")
    output = await backtest_rule(given, NO_RESOURCES)
    assert output.data["settings"] == settings


async def test_a_backtest_is_told_beside_buying_and_holding_with_its_trades():
    message = await ask(
        "backtest_rule", rule="ema_cross", closes=list(walk(2).close), fee_percent=0.2, short=True
    )
    output = message.artifact
    assert output.data["short"] is True
    assert "long and short" in output.text
    assert "buying and holding made" in output.text
    (trades,) = output.artifacts
    assert len(trades.content.splitlines()) == output.data["trades"] + 1
    too_many = await ask("backtest_rule", rule="momentum", settings="3, 4", closes=list(walk(2).close))
    assert "1 settings" in too_many.text
    short = await ask("backtest_rule", rule="sma_cross", closes=[1.0, 2.0, 3.0])
    assert short.status == "error"
    hourly = await ask(
        "backtest_rule", rule="momentum", bars="momentum of BTC/USDT 4h", resources=connected()
    )
    assert "4h bars" in hourly.artifact.assumptions[-2]


async def test_value_at_risk_is_told_in_money_where_a_value_is_given():
    returns = [at / 10 for at in range(-50, 50)]
    output = (await ask("value_at_risk", returns=returns, value=20_000)).artifact
    assert output.data["value_at_risk"] == pytest.approx(0.046)
    assert output.data["value_at_risk_money"] == pytest.approx(920)
    assert "stays within 4.6 % (920 of 20,000)" in output.text
    ten = (await ask("value_at_risk", returns=returns, periods=10)).artifact
    assert ten.data["value_at_risk"] > 0.13
    assert (await ask("value_at_risk", returns=[1.0, 2.0])).status == "error"


@pytest.mark.parametrize(
    ("text", "symbol", "assumed"),
    [
        ("rsi of BTCUSDT on the 4h", "BTC/USDT", False),
        ("btc/usdt please", "BTC/USDT", False),
        ("ETH-EUR daily", "ETH/EUR", False),
        ("what of solana today", "SOL/USDT", True),
        ("is BTC overbought", "BTC/USDT", True),
        ("курс биткоин", "BTC/USDT", True),
        ("near the dot of a link", None, False),
        ("RSI 14 of 44, 45", None, False),
        ("LINK levels", "LINK/USDT", True),
    ],
)
def test_pairs_are_read_as_people_write_them(text, symbol, assumed):
    asked = symbol_in(text)
    assert (None if asked is None else (asked.symbol, asked.assumed)) == (symbol and (symbol, assumed))


@pytest.mark.parametrize(
    ("text", "timeframe"),
    [
        ("BTC 4h", "4h"),
        ("15 min chart", "15m"),
        ("daily candles", "1d"),
        ("1 week", "1w"),
        ("3d", None),
        ("rsi 14", None),
    ],
)
def test_timeframes_are_read_as_people_write_them(text, timeframe):
    assert timeframe_in(text) == timeframe


def test_the_charter_names_only_tools_there_are():
    assert set(TOOLS) == {
        *("compute_indicator", "candlestick_patterns", "support_resistance", "trend_lines", "chart_patterns"),
        *(
            "multi_timeframe",
            "trade_signal",
            "backtest_rule",
            "position_size",
            "kelly_fraction",
            "pivot_points",
        ),
        *("fibonacci_levels", "drawdown_and_sharpe", "value_at_risk"),
    }
