"""Holding a tool's output against what any output must be."""

import json
import math
from collections import Counter
from collections.abc import Iterator

from pydantic import JsonValue

from agents import Artifact, ToolOutput


def find_faults(output: ToolOutput) -> list[str]:
    """What is wrong with an output, one sentence each; none means that it passed.

    Figures must be finite and named once, the text must say something, an artifact must be what its media type says,
    and a chart must name its data and how it is drawn.
    """
    faults = [] if output.text.strip() else ["it says nothing"]
    faults += [
        f"{path} is {value}, not a finite number"
        for path, value in _numbers(output.data)
        if not math.isfinite(value)
    ]
    names = Counter(figure.name for figure in output.figures)
    faults += [f"two of its figures are called {name!r}" for name, times in names.items() if times > 1]
    if output.chart is not None:
        faults += [f"its chart has no {key!r}" for key in ("data", "encoding") if not _has(output.chart, key)]
    return faults + [fault for artifact in output.artifacts if (fault := _fault(artifact))]


def _has(chart: JsonValue, key: str) -> bool:
    """Whether a Vega-Lite specification, or a view within it, has a key."""
    match chart:
        case dict():
            return key in chart or any(_has(inner, key) for inner in chart.values())
        case list():
            return any(_has(inner, key) for inner in chart)
    return False


def _numbers(value: JsonValue, path: str = "data") -> Iterator[tuple[str, float]]:
    if isinstance(value, float):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _numbers(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _numbers(inner, f"{path}[{index}]")


def _fault(artifact: Artifact) -> str | None:
    if not artifact.content.strip():
        return f"{artifact.name} is empty"
    lines = (
        artifact.content.splitlines()
        if artifact.media_type in {"application/jsonl", "application/x-ndjson"}
        else None
    )
    if artifact.media_type.endswith("json") or lines:
        try:
            for text in lines or [artifact.content]:
                json.loads(text)
        except ValueError as error:
            return f"{artifact.name} is not valid JSON: {error}"
    return None
