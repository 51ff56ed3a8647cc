"""Holding a tool's output against what any output must be."""

import json
import math
from collections.abc import Iterator

from pydantic import JsonValue

from agents import Artifact, ToolOutput


def find_faults(output: ToolOutput) -> list[str]:
    """What is wrong with an output, one sentence each; none means that it passed.

    Figures must be finite, the text must say something, and an artifact must be what its media type says.
    """
    faults = [] if output.text.strip() else ["it says nothing"]
    faults += [
        f"{path} is {value}, not a finite number"
        for path, value in _numbers(output.data)
        if not math.isfinite(value)
    ]
    return faults + [fault for artifact in output.artifacts if (fault := _fault(artifact))]


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
