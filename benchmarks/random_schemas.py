"""JSON schemas of tool arguments, made at random."""

import random
from typing import Any  # JSON Schema

_PATTERNS = (
    r"^[A-Z]{2,10}(USDT|USD)$",
    r"^\d{4}-\d{2}$",
    r"^(?:a|b\"|\\){1,8}$",
    r"^[^@\s]{1,12}@[^@\s]{1,12}\.\w{2,4}$",
)
_VALUES = ("a", "b", 'ü "q"', 3, 4.5, None, True, "x y", "back\\slash\n")
_FORMATS = ("date", "date-time", "uuid", "ipv4", "email")
_SIMPLE = ("string", "integer", "number", "boolean", "enum")
_KINDS = (*_SIMPLE, "array", "object", "null", "anyOf", "const", "pattern", "dictionary", "format")
_DEEPEST = 3


def tool_arguments(chance: random.Random) -> dict[str, Any]:
    """The parameters of a tool: one to six arguments, some of them required."""
    return _object(chance, 1, "argument", 6, 0.6)


def _schema(chance: random.Random, depth: int) -> dict[str, Any]:
    kind = chance.choice(_KINDS if depth < _DEEPEST else _SIMPLE)
    if kind in {"array", "object", "anyOf", "dictionary"}:
        return _composed(chance, kind, depth + 1)
    if kind in {"integer", "number"}:
        return _numeric(chance, kind)
    least = chance.randint(0, 6)
    plain: dict[str, dict[str, Any]] = {
        "string": {"type": "string", "minLength": least, "maxLength": least + chance.randint(0, 60)},
        "boolean": {"type": "boolean"},
        "null": {"type": ["null", "string"], "maxLength": 5},
        "enum": {"enum": chance.sample(_VALUES, chance.randint(1, 6))},
        "const": {"const": chance.choice(_VALUES)},
        "pattern": {"type": "string", "pattern": chance.choice(_PATTERNS)},
        "format": {"type": "string", "format": chance.choice(_FORMATS)},
    }
    return plain[kind]


def _composed(chance: random.Random, kind: str, depth: int) -> dict[str, Any]:
    if kind == "object":
        return _object(chance, depth, "part", 4, 0.5)
    if kind == "anyOf":
        return {"anyOf": [_schema(chance, depth) for _ in range(chance.randint(1, 3))]}
    if kind == "array":
        least = chance.randint(0, 2)
        bounds = {"minItems": least, "maxItems": least + chance.randint(0, 3)}
        return {"type": "array", "items": _schema(chance, depth), **bounds}
    values = _schema(chance, depth)
    names = {"maxLength": 8}
    return {"type": "object", "additionalProperties": values, "maxProperties": 2, "propertyNames": names}


def _object(chance: random.Random, depth: int, name: str, most: int, needed: float) -> dict[str, Any]:
    properties = {f"{name}_{number}": _schema(chance, depth) for number in range(chance.randint(1, most))}
    required = [one for one in properties if chance.random() < needed]
    return {"type": "object", "properties": properties, "required": required}


def _numeric(chance: random.Random, kind: str) -> dict[str, Any]:
    low: float = chance.choice(
        [chance.randint(-1000, 1000), round(chance.uniform(-10, 10), chance.randint(0, 4)), 0]
    )
    high = low + chance.choice([1, 2, 0.5, 100, 12345, chance.randint(1, 10**9)])
    if kind == "integer":
        low, high = int(low), int(low) + max(2, int(high - low))
    schema: dict[str, Any] = {"type": kind}
    if chance.random() < 0.7:
        schema[chance.choice(["minimum", "exclusiveMinimum"])] = low
    if chance.random() < 0.7:
        schema[chance.choice(["maximum", "exclusiveMaximum"])] = high
    return schema
