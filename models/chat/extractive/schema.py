"""Looking into the JSON schema of a tool's arguments."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from pydantic import JsonValue

from models.arguments import Unit
from models.chat.extractive.lexicon import SYNONYMS
from models.chat.extractive.words import folded_in_place

Property: TypeAlias = Mapping[str, JsonValue]
"""The schema of one argument, references and alternatives folded in."""

_FOLDED_KEYS = (
    "type",
    "enum",
    "items",
    "x-aliases",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
)
_SHORTEST_CUE = 2
_SHORTEST_PLURAL = 3


def mapping(value: object) -> dict[str, JsonValue]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: JsonValue) -> list[JsonValue]:
    """The value if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def resolve(prop: dict[str, JsonValue], definitions: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The property with its `$ref`, its one non-null alternative and those of its items folded in."""
    merged = dict(prop)
    for alternative in [merged, *sequence(prop.get("anyOf")), *sequence(prop.get("allOf"))]:
        part = mapping(alternative)
        if part.get("type") == "null":
            continue
        reference = part.get("$ref")
        if isinstance(reference, str):
            part = mapping(definitions.get(reference.rsplit("/", 1)[-1]))
        for key in _FOLDED_KEYS:
            if key in part:
                merged.setdefault(key, part[key])
    if isinstance(merged.get("items"), dict):
        merged["items"] = resolve(mapping(merged["items"]), definitions)
    return merged


@dataclass(frozen=True)
class Argument:
    """One argument of a tool: what it may be, and the words that speak of it."""

    name: str
    prop: Property
    required: bool
    cues: tuple[str, ...] = field(default=())
    """Its cues first, then the words of its name, folded."""

    @property
    def unit(self) -> str:
        """The declared unit; `number` where there is none."""
        return str(self.prop.get("x-unit", Unit.NUMBER))

    @property
    def kind(self) -> str:
        """The JSON type, empty where the schema leaves it open."""
        return str(self.prop.get("type", ""))

    def may_be_in(self, text: str) -> bool:
        """Whether a text holds what it must hold to give this argument."""
        holds = self.prop.get("x-holds")
        return not isinstance(holds, str) or re.search(holds, text, re.IGNORECASE) is not None

    @property
    def is_number(self) -> bool:
        """Whether it takes one number."""
        return self.kind in {"number", "integer"}

    @property
    def is_number_list(self) -> bool:
        """Whether it takes a row of numbers."""
        return self.kind == "array" and mapping(self.prop.get("items")).get("type") in {"number", "integer"}

    @property
    def is_date(self) -> bool:
        """Whether it is a calendar date."""
        return self.prop.get("x-unit") == Unit.DATE

    @property
    def is_request(self) -> bool:
        """Whether it is the request itself."""
        return self.prop.get("x-unit") == Unit.REQUEST


@dataclass(frozen=True)
class Signature:
    """The arguments of a tool, prepared once for reading many requests."""

    arguments: tuple[Argument, ...]

    @classmethod
    def of(cls, schema: Mapping[str, JsonValue]) -> "Signature":
        """The signature in the JSON schema (type object) of a tool's arguments."""
        definitions = mapping(schema.get("$defs"))
        required = {str(name) for name in sequence(schema.get("required"))}
        found = []
        for name, raw in mapping(schema.get("properties")).items():
            prop = resolve(mapping(raw), definitions)
            found.append(Argument(name, prop, name in required, tuple(_cue_words(name, prop))))
        return cls(tuple(found))

    def all_required(self) -> "Signature":
        """The same arguments, every one wanted."""
        return Signature(tuple(Argument(a.name, a.prop, True, a.cues) for a in self.arguments))

    @cached_property
    def cue_pattern(self) -> re.Pattern[str] | None:
        """Finds any cue, the longest first where several begin at one place; None where there is no cue."""
        cues = sorted({cue for argument in self.arguments for cue in argument.cues}, key=len, reverse=True)
        if not cues:
            return None
        return re.compile(
            rf"(?<![a-z0-9])(?<!fixed )({'|'.join(map(re.escape, cues))})(?:e?s|ing|ed)?(?![a-z0-9])"
        )


def _cue_words(name: str, prop: Property) -> list[str]:
    """Cues first, in the singular as far as an -s makes the plural, so that both forms speak of the same."""
    given = [folded_in_place(str(cue)) for cue in sequence(prop.get("x-cues"))]
    named = [word for word in name.lower().split("_") if len(word) >= _SHORTEST_CUE and word != "of"]
    more = [word for cue in given for word in SYNONYMS.get(cue, ())]
    return list(dict.fromkeys(_singular(cue) for cue in [*given, *named, *more]))


def _singular(cue: str) -> str:
    long_enough = len(cue) > _SHORTEST_PLURAL and not cue.endswith(("ss", "us", "is"))
    return cue[:-1] if cue.endswith("s") and long_enough else cue
