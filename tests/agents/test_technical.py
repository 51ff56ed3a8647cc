import json
import math
from typing import Any

import pytest
from langchain_core.messages import ToolMessage

from agents.technical.charter import charter
from agents.technical.names import ALIASES, IndicatorName, settings_after_name
from agents.technical.readings import explain
from trading import INDICATORS, bars_from_closes, bars_from_rows, compute, find_indicator

CHARTSCHOOL = [
    44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245,
    45.8433, 46.0826, 45.8931, 46.0328, 45.614, 46.282, 46.282,
]  # fmt: skip
TOOLS = {each.name: each for each in charter().tools}


async def ask(name: str, /, **arguments: Any) -> ToolMessage:
    message = await TOOLS[name].ainvoke({"name": name, "args": arguments, "id": "1", "type": "tool_call"})
    assert isinstance(message, ToolMessage)
    if message.status == "success":
        assert message.content == message.artifact.text
        assert json.dumps(message.artifact.data, allow_nan=False)
    return message


def csv_of(count: int = 40) -> str:
    rows = [
        f"2024-01-{day:02d},{100 + i},{102 + i},{99 + i},{101 + i},{1000 + i}"
        for i, day in enumerate(range(1, 32))
    ]
    rows += [
        f"2024-02-{day:02d},{131 + i},{133 + i},{130 + i},{132 + i},{1031 + i}"
        for i, day in enumerate(range(1, 20))
    ]
    return "date,open,high,low,close,volume\n" + "\n".join(rows[:count])


def test_charter_is_whole():
    whole = charter()
    assert whole.name == "technical"
    assert whole.collections == ("technical",)
    assert len(whole.tools) >= 5
    assert [each.name for each in whole.subagents] == ["chart_reader", "strategy_designer", "risk_reviewer"]
    assert len(whole.utterances) > 50
    assert all(
        "example" not in tool.name and tool.metadata and tool.metadata["examples"] for tool in whole.tools
    )


async def test_rsi_of_the_chartschool_table_is_overbought():
    message = await ask("compute_indicator", indicator="RSI", closes=CHARTSCHOOL)
    assert message.text.startswith("RSI(14) is 70.53, above 70: overbought.")
    assert "Wilder" in message.text
    assert message.artifact.data["value"] == pytest.approx(70.53, abs=0.005)


@pytest.mark.parametrize("name", ["rsi", "Relative Strength Index", "RSI"])
async def test_indicators_are_found_in_any_spelling(name):
    assert (await ask("compute_indicator", indicator=name, closes=CHARTSCHOOL)).status == "success"


@pytest.mark.parametrize(
    ("arguments", "label"),
    [
        ({"indicator": "SMA", "period": 5}, "SMA(5)"),
        ({"indicator": "MACD", "settings": "3, 6, 2"}, "MACD(3, 6, 2)"),
        ({"indicator": "MACD", "bars": "MACD(3, 6, 2) of 44.3, 44.1, 44.2"}, "MACD(3, 6, 2)"),
        ({"indicator": "BBANDS", "bars": "bollinger bands 10, 2.5 for these"}, "BBANDS(10, 2.5)"),
        ({"indicator": "RSI", "bars": "RSI 44.3, 44.1, 44.2, 43.6"}, "RSI(14)"),
    ],
)
async def test_settings_are_taken_from_where_they_stand(arguments, label):
    message = await ask("compute_indicator", closes=CHARTSCHOOL, **arguments)
    assert message.artifact.data["label"] == label


async def test_a_table_wins_over_numbers_and_gives_highs_and_volumes():
    for name in ("ATR", "OBV", "MFI", "ADX"):
        message = await ask("compute_indicator", indicator=name, bars=csv_of(), closes=[1.0, 2.0, 3.0])
        assert message.status == "success"
        assert message.artifact.data["bars"] == 40
        assert message.artifact.data["last_bar"] == "2024-02-09"
        [file] = message.artifact.artifacts
        assert file.content.count("\n") == 41
        assert file.media_type == "text/csv"


async def test_a_period_an_indicator_does_not_have_is_named_as_left_out():
    message = await ask("compute_indicator", indicator="MACD", bars=csv_of(), period=9)
    assert "no single period, so 9 was left out" in message.text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"indicator": "RSI"}, "no prices"),
        ({"indicator": "MACD", "closes": [12, 26, 9], "bars": "run macd 12 26 9 on my file"}, "no prices"),
        ({"indicator": "RSI", "closes": [1, 2, 3]}, "at most 2"),
        ({"indicator": "ATR", "closes": CHARTSCHOOL}, "needs high, low, close"),
        ({"indicator": "RSI", "closes": [*CHARTSCHOOL, math.nan]}, "bar 16 is nan"),
        ({"indicator": "RSI", "closes": [*CHARTSCHOOL, math.inf]}, "bar 16 is inf"),
        ({"indicator": "RSI", "closes": [*CHARTSCHOOL, -1]}, "above 0"),
        ({"indicator": "RSI", "closes": CHARTSCHOOL, "period": 1}, "from 2"),
        ({"indicator": "SMA", "closes": CHARTSCHOOL, "settings": "3, 4"}, "1 settings"),
        (
            {"indicator": "ATR", "bars": "date,open,high,low,close\na,5,4,3,4\nb,5,6,4,5"},
            "order of the columns",
        ),
    ],
)
async def test_what_cannot_be_computed_is_refused_with_a_way_out(arguments, says):
    message = await ask("compute_indicator", **arguments)
    assert message.status == "error"
    assert says in message.text


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda each: each.name)
@pytest.mark.parametrize("trend", ["up", "down", "flat", "waves"])
def test_every_reading_is_explained_with_its_figure(indicator, trend):
    steps = {
        "up": lambda i: i,
        "down": lambda i: -i,
        "flat": lambda _: 0,
        "waves": lambda i: 20 * math.sin(i / 4),
    }
    closes = [200 + steps[trend](i) for i in range(120)]
    spread = 0 if trend == "flat" else 1
    bars = bars_from_rows(
        [[close, close + spread, close - spread, close, 10 + i % 7] for i, close in enumerate(closes)]
    )
    reading = compute(indicator.name, bars)
    verdict = explain(reading, closes[-1])
    assert verdict.headline.startswith(reading.label)
    assert verdict.headline.endswith(".")
    assert verdict.meaning
    assert "nan" not in verdict.headline
    still = trend == "flat" and set(indicator.needs) != {"volume"}
    assert (verdict.state == "undefined") is still


def test_extremes_are_named_on_both_sides():
    rising, falling = (bars_from_closes([100 + way * i for i in range(40)]) for way in (1, -1))
    assert explain(compute("RSI", rising), 139).state == "overbought"
    assert explain(compute("RSI", falling), 61).state == "oversold"
    assert explain(compute("MACD", rising), 139).headline.endswith("momentum.")
    assert explain(compute("SMA", rising), 139).state == "above"
    assert explain(compute("SMA", falling), 61).state == "below"
    assert "falling" in explain(compute("SMA", falling), 61).headline


def test_the_strength_of_a_trend_is_told_in_steps():
    closes = [100.0 + (i % 2) for i in range(60)] + [100.0 + 2 * i for i in range(40)]
    bars = [
        bars_from_rows([[close, close + 1, close - 1, close] for close in closes[:count]])
        for count in range(30, 100)
    ]
    states = [explain(compute("ADX", each), 100).state for each in bars]
    assert states[0] == "no trend"
    assert states[-1] == "very strong trend"
    assert set(states) == {"no trend", "weak", "trend", "very strong trend"}


def test_a_macd_that_just_crossed_says_so():
    closes = [100.0] * 40 + [100 - i for i in range(20)]
    turned = [bars_from_closes([*closes, *(81 + 4.0 * i for i in range(count))]) for count in range(1, 12)]
    said = [explain(compute("MACD", bars), 100).meaning for bars in turned]
    assert any("crossed upwards on the last bar" in each for each in said)


def test_every_name_offered_is_an_indicator_and_every_indicator_is_offered():
    assert {name.indicator for name in IndicatorName} == set(INDICATORS)
    for name, aliases in ALIASES.items():
        assert all(find_indicator(alias).name == name for alias in aliases)
    with pytest.raises(ValueError, match="moon"):
        IndicatorName("moon")
    with pytest.raises(ValueError, match="3"):
        IndicatorName(3)  # type: ignore[arg-type]  # a model may send any JSON value


def test_numbers_after_a_name_are_settings_only_while_they_fit():
    rsi = find_indicator("RSI")
    assert settings_after_name("the RSI-14 of this", rsi) == (14,)
    assert settings_after_name("RSI(7) please", rsi) == (7,)
    assert settings_after_name("rsi of 14 15 16", rsi) == ()
    assert settings_after_name("rsi 44.1 44.2", rsi) == ()
    assert settings_after_name("stochrsi 9", rsi) == ()


async def test_a_doji_in_words_is_recognised_by_the_stated_rule():
    message = await ask("candlestick_patterns", bars="is this a doji: open 10 high 11 low 9 close 10.01")
    assert message.text.startswith("The candle is a doji")
    assert "body at most 10% of the range" in message.text
    assert message.artifact.data["method"] == "rules"


async def test_candles_as_numbers_and_pairs_are_read():
    message = await ask("candlestick_patterns", numbers=[105, 106, 99, 100, 99, 108, 98, 107])
    assert message.text.startswith("Bar 2 is a bullish engulfing")
    plain = await ask("candlestick_patterns", numbers=[10, 14, 9, 12])
    assert plain.text.startswith("No shape with a name in 1 candle")


async def test_many_candles_go_to_talib():
    fall = "\n".join(f"{100 - i},{100.5 - i},{98.5 - i},{99 - i}" for i in range(15))
    message = await ask("candlestick_patterns", bars=f"open,high,low,close\n{fall}\n84.8,87.5,84.5,87.2")
    assert "engulfing (bullish)" in message.text
    assert "after a fall" in message.text
    assert {each["function"] for each in message.artifact.data["patterns"]} >= {"CDLENGULFING"}
    calm = "\n".join("10,14,9,12" for _ in range(30))
    assert (await ask("candlestick_patterns", bars=f"open,high,low,close\n{calm}")).status == "success"


async def test_many_candles_without_a_pattern_say_so():
    rows = "\n".join(f"{10 + i},{15 + i},{9 + i},{13 + i}" for i in range(11))
    message = await ask("candlestick_patterns", bars=f"open,high,low,close\n{rows}")
    assert message.status == "success"
    assert len(message.artifact.data["patterns"]) > 0 or message.text.startswith("No candlestick pattern")


@pytest.mark.parametrize(
    "arguments",
    [{}, {"bars": "find patterns for BTC"}, {"numbers": [1, 2, 3]}, {"bars": "date,close\na,1\nb,2"}],
)
async def test_candles_without_prices_are_refused(arguments):
    message = await ask("candlestick_patterns", **arguments)
    assert message.status == "error"
    assert "open, high, low" in message.text
