"""Looking into the JSON schema of a tool's arguments."""

from collections.abc import Mapping
from typing import TypeAlias

from pydantic import JsonValue

from models.arguments import Unit
from models.chat.extractive.words import fold

Property: TypeAlias = Mapping[str, JsonValue]
"""The schema of one argument, references and alternatives folded in."""


def mapping(value: JsonValue) -> dict[str, JsonValue]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: JsonValue) -> list[JsonValue]:
    """The value if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def resolve(prop: dict[str, JsonValue], definitions: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The property with its `$ref` and its one non-null alternative folded in."""
    merged = dict(prop)
    for alternative in [merged, *sequence(prop.get("anyOf")), *sequence(prop.get("allOf"))]:
        part = mapping(alternative)
        if part.get("type") == "null":
            continue
        reference = part.get("$ref")
        if isinstance(reference, str):
            part = mapping(definitions.get(reference.rsplit("/", 1)[-1]))
        for key in ("type", "enum", "items", "x-aliases"):
            if key in part:
                merged.setdefault(key, part[key])
    return merged


def cue_words(name: str, prop: Property) -> list[str]:
    """The words that speak of an argument: its cues first, then the words of its name."""
    given = [fold(str(cue)) for cue in sequence(prop.get("x-cues"))]
    return given + [word for word in name.lower().split("_") if word not in given and len(word) > 1]


def is_free_text(prop: Property) -> bool:
    """Whether the argument is the request itself."""
    return prop.get("x-unit") == Unit.REQUEST
