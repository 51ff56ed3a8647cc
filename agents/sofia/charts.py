"""Vega-Lite specifications of what marketing tools compute."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_WIDTH = 480


def bar_chart(title: str, values: Mapping[str, float], unit: str) -> dict[str, JsonValue]:
    """Named values as horizontal bars, in their order."""
    rows: list[JsonValue] = [{"name": name, "value": value} for name, value in values.items()]
    return {
        "$schema": SCHEMA,
        "title": title,
        "width": _WIDTH,
        "data": {"values": rows},
        "mark": {"type": "bar", "tooltip": True},
        "encoding": {
            "y": {"field": "name", "type": "nominal", "sort": None, "title": None},
            "x": {"field": "value", "type": "quantitative", "title": unit},
        },
    }


def grouped_bars(title: str, rows: Sequence[tuple[str, str, float]], unit: str) -> dict[str, JsonValue]:
    """Horizontal bars of several series side by side: rows of name, series and value."""
    values: list[JsonValue] = [
        {"name": name, "series": series, "value": value} for name, series, value in rows
    ]
    return {
        "$schema": SCHEMA,
        "title": title,
        "width": _WIDTH,
        "data": {"values": values},
        "mark": {"type": "bar", "tooltip": True},
        "encoding": {
            "y": {"field": "name", "type": "nominal", "sort": None, "title": None},
            "yOffset": {"field": "series", "type": "nominal", "sort": None},
            "x": {"field": "value", "type": "quantitative", "title": unit},
            "color": {"field": "series", "type": "nominal", "title": None},
        },
    }


def interval_chart(
    title: str, rows: Sequence[tuple[str, float, float, float]], unit: str
) -> dict[str, JsonValue]:
    """Points with their intervals: rows of name, value, low and high."""
    values: list[JsonValue] = [
        {"name": name, "value": value, "low": low, "high": high} for name, value, low, high in rows
    ]
    name: dict[str, JsonValue] = {"field": "name", "type": "nominal", "sort": None, "title": None}
    return {
        "$schema": SCHEMA,
        "title": title,
        "width": _WIDTH,
        "height": 120,
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "rule", "tooltip": {"content": "data"}},
                "encoding": {
                    "y": name,
                    "x": {
                        "field": "low",
                        "type": "quantitative",
                        "title": unit,
                        "scale": {"zero": False},
                    },
                    "x2": {"field": "high"},
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 80},
                "encoding": {"y": name, "x": {"field": "value", "type": "quantitative"}},
            },
        ],
    }


def curve_chart(
    title: str, points: Sequence[tuple[float, float]], x: str, y: str, marked: tuple[float, float]
) -> dict[str, JsonValue]:
    """A line through points, with one of them marked."""
    values: list[JsonValue] = [{"x": at, "y": value} for at, value in points]
    mark: list[JsonValue] = [{"x": marked[0], "y": marked[1]}]
    encoding: dict[str, JsonValue] = {
        "x": {"field": "x", "type": "quantitative", "title": x},
        "y": {"field": "y", "type": "quantitative", "title": y},
    }
    return {
        "$schema": SCHEMA,
        "title": title,
        "width": _WIDTH,
        "encoding": encoding,
        "layer": [
            {"data": {"values": values}, "mark": "line"},
            {"data": {"values": mark}, "mark": {"type": "point", "filled": True, "size": 80}},
        ],
    }


def timeline_chart(
    title: str, rows: Sequence[tuple[str, int, int, float]], unit: str
) -> dict[str, JsonValue]:
    """Phases as bars over their days: rows of name, first day, last day and a value that is their height."""
    values: list[JsonValue] = [
        {"phase": name, "from": first, "to": last + 1, "value": value} for name, first, last, value in rows
    ]
    return {
        "$schema": SCHEMA,
        "title": title,
        "width": _WIDTH,
        "data": {"values": values},
        "mark": {"type": "bar", "tooltip": {"content": "data"}},
        "encoding": {
            "x": {"field": "from", "type": "quantitative", "title": "day"},
            "x2": {"field": "to"},
            "y": {"field": "value", "type": "quantitative", "title": unit},
            "color": {"field": "phase", "type": "nominal", "title": None, "sort": None},
        },
    }
