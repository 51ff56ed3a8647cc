"""The charts that tools specify, drawn with what NiceGUI brings.

Tools say Vega-Lite, which needs its own program; NiceGUI ships ECharts. What the tools of this project use of Vega-Lite is said
to ECharts here: lines, areas, bars, points, intervals and candles. Of anything else the rows are shown.

Keys that begin with a colon are run as programs by NiceGUI, so that every key here is ours, and values are text and numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final  # Any: values of a chart's JSON, and ECharts' options

Json = Any  # whatever a specification has there
Options = dict[str, Any]  # ECharts' own
_PALETTE: Final = ["#2a8f87", "#d08a2e", "#5b7fc7", "#c0566b", "#7f9a3c", "#8a6bb8", "#4aa3c7", "#b5714a"]
_UP: Final = "#2a9d6f"
_DOWN: Final = "#c8443c"
_LINE: Final = "var(--fr-line)"
_MOST_ROWS: Final = 5_000
_FEW: Final = 3
_TWO: Final = 2
_KINDS: Final = {"quantitative": "value", "temporal": "time", "nominal": "category", "ordinal": "category"}


@dataclass(frozen=True)
class _Layer:
    mark: str
    rows: list[Mapping[str, Json]]
    encoding: Mapping[str, Mapping[str, Json]]
    dashed: bool

    def field(self, channel: str) -> str | None:
        found = self.encoding.get(channel, {}).get("field")
        return found if isinstance(found, str) else None

    def named(self, channel: str) -> str:
        """The field of a channel that has to have one. Raises ValueError."""
        found = self.field(channel)
        if found is None:
            raise ValueError(channel)
        return found

    def by_color(self) -> dict[str, list[Mapping[str, Json]]]:
        """The rows of each colour, in the order in which they come; one nameless group without colours."""
        field = self.field("color")
        groups: dict[str, list[Mapping[str, Json]]] = {}
        for row in self.rows:
            groups.setdefault(str(row.get(field, "")) if field else "", []).append(row)
        return groups


def rows_of(spec: Json) -> list[Mapping[str, Json]]:
    """The rows of a chart's first layer."""
    layers = _layers(spec)
    return layers[0].rows if layers else []


def options_of(spec: Json) -> Options | None:
    """ECharts' options for a Vega-Lite specification; None for one that says what is not understood."""
    try:
        layers = _layers(spec)
        if not layers or any(not layer.field("x") or not layer.field("y") for layer in layers):
            return None
        return _options(str(spec.get("title", "")), layers)
    except (TypeError, ValueError, KeyError, AttributeError, IndexError):
        return None  # it was made by a tool, and may be anything


def _layers(spec: Json) -> list[_Layer]:
    if not isinstance(spec, dict):
        return []
    layers = spec.get("layer")
    parts: list[Json] = layers if isinstance(layers, list) else [spec]
    return [found for part in parts if (found := _layer(spec, part)) is not None]


def _layer(spec: Mapping[str, Json], part: Json) -> _Layer | None:
    if not isinstance(part, dict):
        return None
    mark = part.get("mark")
    kind = mark if isinstance(mark, str) else mark.get("type") if isinstance(mark, dict) else None
    data = part.get("data") or spec.get("data")
    values = data.get("values") if isinstance(data, dict) else None
    if not isinstance(kind, str) or not isinstance(values, list):
        return None
    said = [each for each in (spec.get("encoding"), part.get("encoding")) if isinstance(each, dict)]
    encoding = {name: each for one in said for name, each in one.items()}
    return _Layer(
        kind,
        [row for row in values[:_MOST_ROWS] if isinstance(row, dict)],
        {name: each for name, each in encoding.items() if isinstance(each, dict)},
        isinstance(mark, dict) and "strokeDash" in mark,
    )


def _options(title: str, layers: Sequence[_Layer]) -> Options:
    first = layers[0]
    candles = _candles(layers)
    binned = first.mark == "bar" and first.field("x2") and _type(first, "y") == "value" and not candles
    if candles:
        series = [candles, *(one for layer in layers[2:] for one in _series(layer, as_text=True))]
        categories = [str(row[first.named("x")]) for row in first.rows]
        x: Options = {"type": "category", "data": categories}
        y = _axis(first, "y")
    elif binned:
        series, x, y = _bins(first), {"type": "category", "data": _bin_names(first)}, _axis(first, "y")
    else:
        series = [one for layer in layers for one in _series(layer)]
        x, y = _axis(first, "x"), _axis(first, "y")
        if y["type"] == "category" and first.mark in {"bar", "rule"}:
            y["inverse"] = True
    named = list(dict.fromkeys(one["name"] for one in series if one.get("name")))
    return {
        "animation": False,
        "color": _PALETTE,
        "textStyle": {"color": "currentColor", "fontFamily": "inherit"},
        "title": {
            "text": title,
            "left": 4,
            "top": 4,
            "textStyle": {"color": "currentColor", "fontSize": 14, "fontWeight": 600},
        },
        "legend": {
            "show": len(named) > 1,
            "type": "scroll",
            "bottom": 0,
            "data": named,
            "textStyle": {"color": "currentColor"},
        },
        "grid": {
            "left": 12,
            "right": 22,
            "top": 44,
            "bottom": 30 + (26 if len(named) > 1 else 0),
            "containLabel": True,
        },
        "tooltip": {
            "trigger": "item" if first.mark in {"circle", "point"} else "axis",
            "renderMode": "richText",
            "confine": True,
        },
        "xAxis": _styled(x, str(first.encoding["x"].get("title") or ""), at="middle", gap=26),
        "yAxis": _styled(y, str(first.encoding["y"].get("title") or ""), at="end", gap=10),
        "series": series,
    }


def _styled(axis: Options, name: str, *, at: str, gap: int) -> Options:
    return {
        **axis,
        "name": name,
        "nameLocation": at,
        "nameGap": gap,
        "nameTextStyle": {"color": "currentColor", "align": "left" if at == "end" else "center"},
        "axisLabel": {"color": "currentColor", "hideOverlap": True, "width": 150, "overflow": "truncate"},
        "axisLine": {"lineStyle": {"color": _LINE}},
        "axisTick": {"lineStyle": {"color": _LINE}},
        "splitLine": {
            "show": axis["type"] in {"value", "log"},
            "lineStyle": {"color": _LINE, "opacity": 0.7},
        },
    }


def _type(layer: _Layer, channel: str) -> str:
    found = layer.encoding[channel]
    scale = _scale(found)
    return "log" if scale.get("type") == "log" else _KINDS.get(str(found.get("type")), "value")


def _scale(encoding: Mapping[str, Json]) -> Mapping[str, Json]:
    found = encoding.get("scale")
    return found if isinstance(found, dict) else {}


def _axis(layer: _Layer, channel: str) -> Options:
    kind = _type(layer, channel)
    found = layer.encoding[channel]
    scale = _scale(found)
    if kind == "category":
        given = scale.get("domain")
        names = given if isinstance(given, list) else _ordered(layer, channel)
        return {"type": "category", "data": list(dict.fromkeys(map(str, names)))}
    loose = scale.get("zero") is False or (channel == "x" and layer.mark in {"line", "area"})
    return {"type": kind, **({"scale": True} if loose else {})}


def _ordered(layer: _Layer, channel: str) -> Iterable[Json]:
    rows = layer.rows
    if layer.encoding[channel].get("sort") in {"-x", "-y"}:
        by = layer.named("x" if layer.encoding[channel]["sort"] == "-x" else "y")
        rows = sorted(rows, key=lambda row: -_number(row.get(by)))
    return (row.get(layer.named(channel)) for row in rows)


def _series(layer: _Layer, *, as_text: bool = False) -> list[Options]:
    kind = {
        "line": "line",
        "area": "line",
        "bar": "bar",
        "point": "scatter",
        "circle": "scatter",
        "rule": "line",
    }.get(layer.mark)
    if kind is None:
        raise ValueError(layer.mark)
    if layer.mark == "rule":
        return [_intervals(layer)]
    made = []
    horizontal = kind == "bar" and _type(layer, "y") == "category"
    numeric = layer.encoding.get("color", {}).get("type") == "quantitative"
    groups = {"": layer.rows} if numeric else layer.by_color()
    for name, rows in groups.items():
        one: Options = {
            "type": kind,
            "name": name,
            "data": [_point(layer, row, as_text=as_text) for row in rows],
        }
        if kind == "line":
            one |= {
                "showSymbol": len(rows) < _FEW,
                "lineStyle": {"width": 2, "type": "dashed" if layer.dashed else "solid"},
            }
        if layer.mark == "area":
            one |= {"stack": "all", "areaStyle": {"opacity": 0.55}, "showSymbol": False}
        if kind == "scatter":
            one |= {"symbolSize": 24 if layer.mark == "circle" else 10, "z": 5}
            if layer.mark == "circle":
                one["label"] = {
                    "show": True,
                    "position": "right",
                    "formatter": "{b}",
                    "color": "currentColor",
                }
        if horizontal:
            one["barMaxWidth"] = 26
        made.append(one)
    return made


def _point(layer: _Layer, row: Mapping[str, Json], *, as_text: bool) -> Options:
    at = row.get(layer.named("x"))
    value = [
        str(at) if as_text or _type(layer, "x") == "category" else _plain(at),
        _plain(row.get(layer.named("y"))),
    ]
    if _type(layer, "y") == "category":
        value[1] = str(row.get(layer.named("y")))
    found = layer.encoding.get("tooltip")
    named = (
        next((str(row[name]) for name in ("risk", "label", "name", "phase") if name in row), "")
        if found is None
        else ""
    )
    return {"value": value, **({"name": named} if named and layer.mark in {"circle", "point"} else {})}


def _intervals(layer: _Layer) -> Options:
    """From `x` to `x2` in each row, as pieces of one line."""
    end = layer.named("x2")
    name = layer.named("y")
    data: list[Json] = []
    for row in layer.rows:
        data += [
            [_plain(row[layer.named("x")]), str(row[name])],
            [_plain(row[end]), str(row[name])],
            [None, None],
        ]
    return {
        "type": "line",
        "data": data,
        "showSymbol": True,
        "symbol": "rect",
        "symbolSize": [2, 12],
        "lineStyle": {"width": 2},
    }


def _candles(layers: Sequence[_Layer]) -> Options | None:
    """Of a layer of `low` to `high` with one of `open` to `close` upon it."""
    if (
        len(layers) < _TWO
        or layers[0].mark != "rule"
        or layers[1].field("y2") is None
        or layers[0].field("y2") is None
    ):
        return None
    thin, thick = layers[0], layers[1]
    fields = [thick.named("y"), thick.named("y2"), thin.named("y"), thin.named("y2")]
    return {
        "type": "candlestick",
        "data": [[_plain(row[field]) for field in fields] for row in thick.rows],
        "itemStyle": {"color": _UP, "color0": _DOWN, "borderColor": _UP, "borderColor0": _DOWN},
    }


def _bin_names(layer: _Layer) -> list[str]:
    return [f"{_short(row[layer.named('x')])} - {_short(row[layer.named('x2')])}" for row in layer.rows]


def _bins(layer: _Layer) -> list[Options]:
    names = _bin_names(layer)
    color = layer.field("color")
    by_name: dict[str, list[Json]] = {}
    for name, row in zip(names, layer.rows, strict=True):
        by_name.setdefault(str(row.get(color, "")) if color else "", []).append(
            [name, _plain(row[layer.named("y")])]
        )
    return [
        {"type": "bar", "name": name, "data": data, "barGap": "-100%", "barCategoryGap": "8%"}
        for name, data in by_name.items()
    ]


def _plain(value: Json) -> float | int | str | None:
    return value if isinstance(value, int | float | str) and not isinstance(value, bool) else None


def _number(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _short(value: Json) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
