"""Every chart that a tool of the project specifies is drawn; anything else shows its rows, and runs nothing."""

from typing import Any

import pytest

from agents.davina.charts import bars, grouped_bars, heat_map, histogram, lines
from agents.sofia import charts as sofia
from agents.technical.charts import Mark, flat, price_chart, series_chart
from app.console.chat.charts import options_of, rows_of
from trading import Bars

ROWS: list[Any] = [{"name": "a", "x": 1, "y": 2.0}, {"name": "b", "x": 2, "y": 3.0}]
CANDLES = Bars(open=(1.0, 2, 3), high=(2.0, 3, 4), low=(0.5, 1, 2), close=(2.0, 1, 3.5))
SPECS: dict[str, tuple[Any, list[str]]] = {
    "lines": (lines("t", ROWS, x="x", y="y"), ["line", "line"]),
    "bars": (bars("t", ROWS, name="name", value="y"), ["bar"]),
    "groups": (
        grouped_bars(
            "t",
            [{"g": "q", "name": "a", "v": 1}, {"g": "q", "name": "b", "v": 2}],
            group="g",
            name="name",
            value="v",
        ),
        ["bar", "bar"],
    ),
    "histogram": (histogram("t", [{"from": 0, "to": 1.5, "draws": 3}], value="v"), ["bar"]),
    "heat": (
        heat_map("t", [{"risk": "r", "likelihood": 1, "impact": 5, "score": 5}], highest=5),
        ["scatter"],
    ),
    "marketing bars": (sofia.bar_chart("t", {"a": 1.0, "b": 2.0}, "u"), ["bar"]),
    "series": (sofia.grouped_bars("t", [("a", "s", 1.0), ("a", "t", 2.0)], "u"), ["bar", "bar"]),
    "intervals": (sofia.interval_chart("t", [("A", 5.0, 4.0, 6.0)], "%"), ["line", "scatter"]),
    "curve": (sofia.curve_chart("t", [(0.0, 1.0), (1.0, 2.0)], "x", "y", (1.0, 2.0)), ["line", "scatter"]),
    "timeline": (sofia.timeline_chart("t", [("p", 1, 3, 10.0), ("q", 4, 5, 5.0)], "u"), ["bar", "bar"]),
    "candles": (
        price_chart(CANDLES, "t", lines=[flat(2.0, 3, "level")], marks=[Mark(index=1, price=1.0, label="m")]),
        ["candlestick", "line", "scatter"],
    ),
    "closes": (price_chart(Bars(close=(1.0, 2, 3)), "t"), ["line"]),
    "over bars": (series_chart("t", [{"bar": 1, "value": 2.0, "name": "n"}], "v"), ["line"]),
}


def keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for one in value.values() for key in keys(one)}
    return {key for one in value for key in keys(one)} if isinstance(value, list) else set()


@pytest.mark.parametrize("name", SPECS)
def test_charts_of_tools_are_drawn(name):
    spec, kinds = SPECS[name]
    options = options_of(spec)
    assert options is not None
    assert [one["type"] for one in options["series"]] == kinds
    assert all(one["data"] for one in options["series"])
    assert options["title"]["text"] == "t"
    assert rows_of(spec)


def test_names_of_a_specification_become_no_programs():
    spec = bars("t", [{":name": "evil", ":value": 1}], name=":name", value=":value")
    options = options_of({**spec, ":formatter": "alert(1)"})
    assert options is not None
    assert not [key for key in keys(options) if key.startswith(":")]


@pytest.mark.parametrize(
    "spec",
    [
        None,
        [],
        "x",
        {},
        {"mark": "arc", "data": {"values": [{}]}},
        {"layer": [1, None]},
        {"mark": "bar", "data": {"values": [1]}, "encoding": {"x": 1, "y": {"field": ["a"]}}},
        {"data": 3, "mark": {}},
        {
            "mark": "line",
            "data": {"values": [{"a": {}}]},
            "encoding": {"x": {"field": "a", "scale": 3}, "y": {"field": "b"}},
        },
    ],
)
def test_what_is_not_understood_is_not_drawn(spec):
    options = options_of(spec)
    assert options is None or options["series"]
    assert isinstance(rows_of(spec), list)
