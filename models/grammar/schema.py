"""JSON Schema (2020-12) as a grammar."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final  # Any: JSON Schema is JSON of any shape

from models.errors import GrammarInvalid
from models.grammar.numbers import decimals, integers, multiples
from models.grammar.texts import CHARACTER, string
from models.grammar.writing import alternatives, group, json_literal, optional, repeated

Schema = Mapping[str, Any] | bool

_COMMA: Final = '"," " "?'
_COLON: Final = '":" " "?'
_TYPES: Final = ("object", "array", "string", "number", "integer", "boolean", "null")
_IMPLIED: Final = {
    "object": ("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
"""Keywords that say of a schema without a type which one it has."""
_UNSAFE: Final = re.compile(r"[^a-zA-Z0-9]+")


class Rules:
    """The named rules of a grammar that is being written; what is written twice has one name."""

    def __init__(self) -> None:
        self._rules: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def add(self, name: str, expression: str) -> str:
        """Name an expression; the name it has then."""
        known = self._names.get(expression)
        if known is None:
            known = self._names[expression] = self.reserve(name)
            self._rules[known] = expression
        return known

    def reserve(self, name: str) -> str:
        """A name that is free, to be defined later: for what refers to itself."""
        base = _UNSAFE.sub("-", name).strip("-") or "rule"
        free, number = base, 2
        while free in self._rules:
            free, number = f"{base}-{number}", number + 1
        self._rules[free] = ""
        return free

    def define(self, name: str, expression: str) -> None:
        """Say what a reserved name stands for."""
        self._rules[name] = expression

    def text(self, root: str) -> str:
        """The grammar, with this expression as its root."""
        return "\n".join([f"root ::= {root}", *(f"{name} ::= {text}" for name, text in self._rules.items())])


def schema_grammar(schema: Schema) -> str:
    """The grammar, in GBNF, of the JSON texts that a schema allows. Raises GrammarInvalid.

    Properties come in the order in which they are declared, and none that is not, unless nothing else is. Of what
    a schema can say this leaves out: `not`, `if`, `patternProperties`, `uniqueItems` but for enumerations, and
    patterns that look around; `multipleOf` is kept for integers.
    """
    rules = Rules()
    return rules.text(schema_expression(schema, rules))


def schema_expression(schema: Schema, rules: Rules) -> str:
    """What `schema_grammar` says, as an expression among the rules of a larger grammar."""
    return _Reader(schema, rules).expression(schema)


class _Reader:
    """Reads one schema with what it refers to."""

    def __init__(self, root: Schema, rules: Rules) -> None:
        self._root = root
        self._rules = rules
        self._known: dict[str, str] = {}
        self._kinds: dict[str, Callable[[Mapping[str, Any]], str]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "number": _number,
            "integer": _integer,
            "boolean": lambda _: '("true" | "false")',
            "null": lambda _: '"null"',
        }

    def expression(self, schema: Schema) -> str:
        """The expression of one schema, which may be a part of the whole."""
        if schema is True or schema == {}:
            return self._anything()
        if schema is False:
            raise GrammarInvalid("a schema that is `false` allows nothing")
        if not isinstance(schema, Mapping):
            raise GrammarInvalid(f"a schema is an object, not {schema!r}")
        if "$ref" in schema:
            return self._reference(str(schema["$ref"]))
        if "const" in schema:
            return json_literal(schema["const"])
        if "enum" in schema:
            return self._enumeration(schema)
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return self._either(schema, schema[several])
        if "allOf" in schema:
            return self.expression(self._merged(schema, schema["allOf"]))
        return self._typed(schema)

    def _typed(self, schema: Mapping[str, Any]) -> str:
        kind = schema.get("type")
        if kind is None:
            implied = [name for name, words in _IMPLIED.items() if any(word in schema for word in words)]
            if not implied:
                return self._anything()
            kind = implied[0]
        kinds = [kind] if isinstance(kind, str) else list(kind)
        if schema.get("nullable") is True and "null" not in kinds:
            kinds.append("null")
        unknown = [name for name in kinds if name not in _TYPES]
        if unknown or not kinds:
            raise GrammarInvalid(f"the type {kind!r} is none of {', '.join(_TYPES)}")
        return alternatives([self._kinds[name](schema) for name in kinds])

    def _reference(self, reference: str) -> str:
        known = self._known.get(reference)
        if known is None:
            target = self._resolved(reference)
            known = self._known[reference] = self._rules.reserve(reference.rpartition("/")[2])
            self._rules.define(known, self.expression(target))
        return known

    def _resolved(self, reference: str) -> Schema:
        target: Any = self._root
        if not reference.startswith("#"):
            raise GrammarInvalid(
                f"{reference!r} refers to another document; only references within one are read"
            )
        for part in filter(None, reference[1:].split("/")):
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, Mapping) or name not in target:
                raise GrammarInvalid(f"{reference!r} refers to nothing in its schema")
            target = target[name]
        found: Schema = target
        return found

    def _enumeration(self, schema: Mapping[str, Any]) -> str:
        kind = schema.get("type")
        kinds = [kind] if isinstance(kind, str) else kind
        values = [value for value in schema["enum"] if kinds is None or _is_of(value, kinds)]
        if not values:
            raise GrammarInvalid(f"none of the values {schema['enum']!r} is a {kind}")
        return alternatives([json_literal(value) for value in values])

    def _either(self, schema: Mapping[str, Any], options: Sequence[Schema]) -> str:
        """One of the options, each with what is said beside them."""
        beside = {key: value for key, value in schema.items() if key not in {"anyOf", "oneOf", "default"}}
        said = any(word in beside for words in _IMPLIED.values() for word in words)
        found, reasons = [], []
        for option in options:
            try:
                found.append(self.expression(self._merged(beside, [option]) if said else option))
            except GrammarInvalid as error:
                reasons.append(str(error))
        if not found:
            raise GrammarInvalid(f"none of {len(options)} options is possible: {'; '.join(reasons)}")
        return alternatives(found)

    def _merged(self, schema: Mapping[str, Any], parts: Sequence[Schema]) -> dict[str, Any]:
        """All parts as one schema: properties together, the narrower of two bounds."""
        merged = {key: value for key, value in schema.items() if key != "allOf"}
        for part in parts:
            for key, value in self._flat(part).items():
                merged[key] = _both(key, merged[key], value) if key in merged else value
        return merged

    def _flat(self, part: Schema) -> Mapping[str, Any]:
        """What a part says, references followed."""
        if not isinstance(part, Mapping):
            return {}
        if "$ref" in part:
            beside = {key: value for key, value in part.items() if key != "$ref"}
            return {**self._flat(self._resolved(str(part["$ref"]))), **beside}
        return self._merged(part, part["allOf"]) if "allOf" in part else part

    def _object(self, schema: Mapping[str, Any]) -> str:
        properties = dict(schema.get("properties") or {})
        required = set(schema.get("required") or ())
        for name in sorted(required - set(properties)):
            properties[name] = schema.get("additionalProperties", True)
        if not properties:
            return self._dictionary(schema)
        pairs = [
            (f"{json_literal(name)} {_COLON} {group(self._part(name, of))}", name in required)
            for name, of in properties.items()
            if of is not False
        ]
        body = self._rules.add("members", self._members(pairs, empty=not schema.get("minProperties")))
        return f'"{{" {body} "}}"'

    def _members(self, pairs: Sequence[tuple[str, bool]], *, empty: bool) -> str:
        """Members in order, those that are not required left out or not."""
        rests = [""]
        for pair, needed in reversed(pairs[1:]):
            following = f"{_COMMA} {pair}"
            rest = f"{following if needed else optional(following)} {rests[0]}".strip()
            rests.insert(0, self._rules.add("rest", rest))
        found = []
        for (pair, needed), rest in zip(pairs, rests, strict=True):
            found.append(f"{pair} {rest}".strip())
            if needed:
                return alternatives(found)
        return alternatives([*found, '""'] if empty else found)

    def _dictionary(self, schema: Mapping[str, Any]) -> str:
        least, most = _bounds(schema, "minProperties", "maxProperties")
        values = schema.get("additionalProperties", True)
        if values is False or most == 0:
            return '"{" "}"'
        names = schema.get("propertyNames")
        name = (
            self.expression({"type": "string", **names}) if isinstance(names, Mapping) else self._string({})
        )
        pair = self._rules.add("pair", f"{name} {_COLON} {group(self._part('value', values))}")
        return f'"{{" {_separated(pair, least, most)} "}}"'

    def _array(self, schema: Mapping[str, Any]) -> str:
        least, most = _bounds(schema, "minItems", "maxItems")
        items = schema.get("items", True)
        first = schema.get("prefixItems") or ()
        if first:
            return self._tuple(first, items, least, most)
        if items is False or most == 0:
            return '"[" "]"'
        if schema.get("uniqueItems") and isinstance(items, Mapping) and "enum" in items and least <= 1:
            values = [(json_literal(value), False) for value in items["enum"]]
            return f'"[" {group(self._members(values, empty=not least))} "]"'
        item = self._rules.add("item", self._part("item", items))
        return f'"[" {_separated(item, least, most)} "]"'

    def _tuple(self, first: Sequence[Schema], items: Schema, least: int, most: int | None) -> str:
        shown = first if most is None else first[:most]
        parts = [group(self._part("item", one)) for one in shown]
        further = least - len(shown)
        if further > 0:
            parts += [group(self._part("item", items))] * further
        return f'"[" {f" {_COMMA} ".join(parts)} "]"'

    def _string(self, schema: Mapping[str, Any]) -> str:
        least, most = _bounds(schema, "minLength", "maxLength")
        character = self._rules.add("char", CHARACTER)
        expression = string(
            least, most, pattern=schema.get("pattern"), form=schema.get("format"), character=character
        )
        return self._rules.add("string", expression)

    def _part(self, name: str, schema: Schema) -> str:
        """The expression of a part, under a name of its own where it is long."""
        expression = self.expression(schema)
        return expression if len(expression) < 40 else self._rules.add(name, expression)  # noqa: PLR2004  # what reads well

    def _anything(self) -> str:
        known = self._known.get("")
        if known is None:
            known = self._known[""] = self._rules.reserve("value")
            pair = self._rules.add("pair", f"{self._string({})} {_COLON} {known}")
            kinds = [
                self._string({}),
                decimals(),
                '"true"',
                '"false"',
                '"null"',
                f'"{{" {_separated(pair, 0, None)} "}}"',
                f'"[" {_separated(known, 0, None)} "]"',
            ]
            self._rules.define(known, alternatives(kinds))
        return known


def _separated(item: str, least: int, most: int | None) -> str:
    """Items with commas between them."""
    following = f"({_COMMA} {item})"
    rest = repeated(following, max(0, least - 1), None if most is None else most - 1)
    return f"{item} {rest}".strip() if least else f"({item} {rest})?"


def _bounds(schema: Mapping[str, Any], low: str, high: str) -> tuple[int, int | None]:
    least, most = int(schema.get(low) or 0), schema.get(high)
    if most is not None and int(most) < least:
        raise GrammarInvalid(f"{low} is {least} and {high} {most}: nothing has both")
    return least, None if most is None else int(most)


def _integer(schema: Mapping[str, Any]) -> str:
    lows = [math.ceil(schema["minimum"])] if "minimum" in schema else []
    highs = [math.floor(schema["maximum"])] if "maximum" in schema else []
    if _is_bound(schema.get("exclusiveMinimum")):
        lows.append(math.floor(schema["exclusiveMinimum"]) + 1)
    if _is_bound(schema.get("exclusiveMaximum")):
        highs.append(math.ceil(schema["exclusiveMaximum"]) - 1)
    low, high = max(lows, default=None), min(highs, default=None)
    step = schema.get("multipleOf")
    if step is not None and step == int(step) and step > 1:
        return multiples(int(step), low, high)
    return integers(low, high)


def _number(schema: Mapping[str, Any]) -> str:
    step = schema.get("multipleOf")
    if step is not None and step == int(step):
        return _integer({**schema, "multipleOf": max(1, int(step))})
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    without_low = _is_bound(above) and (low is None or above >= low)
    without_high = _is_bound(below) and (high is None or below <= high)
    return decimals(
        above if without_low else low,
        below if without_high else high,
        without_low=without_low,
        without_high=without_high,
    )


def _is_bound(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_of(value: object, kinds: Sequence[str]) -> bool:
    if value is None:
        return "null" in kinds
    if isinstance(value, bool):
        return "boolean" in kinds
    if isinstance(value, int):
        return "integer" in kinds or "number" in kinds
    if isinstance(value, float):
        return "number" in kinds
    names: dict[type, str] = {str: "string", list: "array", dict: "object"}
    return names.get(type(value), "") in kinds


def _both(key: str, one: Any, other: Any) -> Any:
    """One keyword said twice."""
    if key in {"properties", "$defs"}:
        return {**one, **other}
    if key == "required":
        return list(dict.fromkeys([*one, *other]))
    if key.startswith(("min", "exclusiveMin")):
        return max(one, other)
    if key.startswith(("max", "exclusiveMax")):
        return min(one, other)
    return other
