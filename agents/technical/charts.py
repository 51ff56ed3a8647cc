"""Vega-Lite specifications of prices with lines and marks on them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from trading import Bars, Line

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
MOST_SHOWN = 250
_X: dict[str, JsonValue] = {
    "field": "bar",
    "type": "quantitative",
    "title": "bar",
    "scale": {"zero": False, "nice": False},
}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A named point."""

    index: int
    price: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A named straight line between two bars."""

    line: Line
    first: int
    last: int
    label: str


def flat(price: float, bars: int, label: str) -> Drawn:
    """A level over all bars."""
    return Drawn(line=Line(first=0, start=price, slope=0.0), first=0, last=bars - 1, label=label)


def price_chart(
    bars: Bars, title: str, *, lines: Sequence[Drawn] = (), marks: Sequence[Mark] = ()
) -> dict[str, JsonValue]:
    """The newest bars (250 at most) as candles, or as a line where only closes are known, with lines and points on them."""
    first = max(0, len(bars) - MOST_SHOWN)
    layers: list[JsonValue] = [*_candles(bars, first)]
    if lines:
        layers.append(_lines(lines, first))
    points = [mark for mark in marks if mark.index >= first]
    if points:
        layers.append(_marks(points))
    return {"$schema": SCHEMA, "title": title, "width": 640, "height": 320, "layer": layers}


def series_chart(title: str, rows: Sequence[dict[str, JsonValue]], y: str) -> dict[str, JsonValue]:
    """Lines over bars: rows of `bar`, `value` and `name`, at most 3,000 of them."""
    step = max(1, -(-len(rows) // 3000))
    values: list[JsonValue] = [*rows[::step]]
    return {
        "$schema": SCHEMA,
        "title": title,
        "width": 640,
        "height": 280,
        "data": {"values": values},
        "mark": "line",
        "encoding": {
            "x": _X,
            "y": {"field": "value", "type": "quantitative", "title": y, "scale": {"zero": False}},
            "color": {"field": "name", "type": "nominal", "title": None},
        },
    }


def _candles(bars: Bars, first: int) -> list[JsonValue]:
    if bars.open is None or bars.high is None or bars.low is None:
        values: list[JsonValue] = [
            {"bar": at + 1, "close": bars.close[at], "time": bars.label(at)} for at in range(first, len(bars))
        ]
        return [
            {
                "data": {"values": values},
                "mark": {"type": "line", "tooltip": True},
                "encoding": {"x": _X, "y": {"field": "close", **_PRICE}},
            }
        ]
    candles: list[JsonValue] = [
        {
            "bar": at + 1,
            "time": bars.label(at),
            "open": bars.open[at],
            "high": bars.high[at],
            "low": bars.low[at],
            "close": bars.close[at],
        }
        for at in range(first, len(bars))
    ]
    color: dict[str, JsonValue] = {
        "condition": {"test": "datum.close >= datum.open", "value": "#2a9d6f"},
        "value": "#c8443c",
    }
    data: dict[str, JsonValue] = {"values": candles}
    return [
        {
            "data": data,
            "mark": "rule",
            "encoding": {"x": _X, "y": {"field": "low", **_PRICE}, "y2": {"field": "high"}, "color": color},
        },
        {
            "data": data,
            "mark": {"type": "bar", "size": 3, "tooltip": {"content": "data"}},
            "encoding": {"x": _X, "y": {"field": "open", **_PRICE}, "y2": {"field": "close"}, "color": color},
        },
    ]


def _lines(lines: Sequence[Drawn], first: int) -> JsonValue:
    values: list[JsonValue] = [
        {"bar": at + 1, "price": each.line.at(at), "line": f"{place}. {each.label}"}
        for place, each in enumerate(lines, start=1)
        for at in (max(first, each.first), each.last)
    ]
    return {
        "data": {"values": values},
        "mark": {"type": "line", "strokeDash": [4, 3]},
        "encoding": {
            "x": _X,
            "y": {"field": "price", **_PRICE},
            "color": {"field": "line", "type": "nominal", "title": None},
        },
    }


def _marks(marks: Sequence[Mark]) -> JsonValue:
    values: list[JsonValue] = [
        {"bar": mark.index + 1, "price": mark.price, "label": mark.label} for mark in marks
    ]
    return {
        "data": {"values": values},
        "mark": {"type": "point", "filled": True, "size": 60, "color": "#1f3b73", "tooltip": True},
        "encoding": {
            "x": _X,
            "y": {"field": "price", **_PRICE},
            "tooltip": [{"field": "label"}, {"field": "price"}],
        },
    }


_PRICE: dict[str, JsonValue] = {"type": "quantitative", "title": "price", "scale": {"zero": False}}
