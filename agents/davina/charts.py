"""Vega-Lite specifications of what Davina computes."""

from collections.abc import Sequence

from pydantic import JsonValue

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
Row = dict[str, JsonValue]


def lines(title: str, rows: Sequence[Row], *, x: str, y: str) -> dict[str, JsonValue]:
    """Lines over numbers: rows of `x`, `y` and `name`, a line a name."""
    return _chart(
        title,
        rows,
        {"type": "line", "interpolate": "linear"},
        x={"field": x, "type": "quantitative", "title": x, "scale": {"nice": False}},
        y={"field": y, "type": "quantitative", "title": y},
        color={"field": "name", "type": "nominal", "title": None},
    )


def bars(title: str, rows: Sequence[Row], *, name: str, value: str) -> dict[str, JsonValue]:
    """A horizontal bar a row, in the order of the rows."""
    return _chart(
        title,
        rows,
        {"type": "bar"},
        x={"field": value, "type": "quantitative", "title": value},
        y={"field": name, "type": "nominal", "title": None, "sort": None},
    )


def grouped_bars(
    title: str, rows: Sequence[Row], *, group: str, name: str, value: str
) -> dict[str, JsonValue]:
    """Bars side by side: within each group one a name."""
    return _chart(
        title,
        rows,
        {"type": "bar"},
        x={"field": group, "type": "nominal", "title": None, "sort": None},
        y={"field": value, "type": "quantitative", "title": value},
        xOffset={"field": name, "sort": None},
        color={"field": name, "type": "nominal", "title": None, "sort": None},
    )


def histogram(title: str, rows: Sequence[Row], *, value: str) -> dict[str, JsonValue]:
    """Counts by bin: rows of `from`, `to` and `draws`."""
    return _chart(
        title,
        rows,
        {"type": "bar"},
        x={"field": "from", "type": "quantitative", "bin": {"binned": True}, "title": value},
        y={"field": "draws", "type": "quantitative", "title": "draws"},
        x2={"field": "to"},
    )


def heat_map(title: str, rows: Sequence[Row], *, highest: int) -> dict[str, JsonValue]:
    """Names on the grid of `likelihood` and `impact`, 1 to `highest` each, coloured by `score`."""
    steps: JsonValue = [*range(1, highest + 1)]
    return _chart(
        title,
        rows,
        {"type": "circle", "size": 400, "opacity": 0.8, "tooltip": True},
        x={"field": "likelihood", "type": "ordinal", "scale": {"domain": steps}},
        y={"field": "impact", "type": "ordinal", "scale": {"domain": steps, "reverse": True}},
        color={"field": "score", "type": "quantitative", "scale": {"scheme": "orangered"}},
        tooltip=[{"field": "risk", "type": "nominal"}, {"field": "score", "type": "quantitative"}],
    )


def _chart(title: str, rows: Sequence[Row], mark: Row, **encoding: JsonValue) -> dict[str, JsonValue]:
    return {
        "$schema": SCHEMA,
        "title": title,
        "width": 640,
        "height": 320,
        "data": {"values": [*rows]},
        "mark": mark,
        "encoding": encoding,
    }
