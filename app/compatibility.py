"""Whether a new description of the interface breaks clients that were made for the earlier one.

What is removed or renamed breaks, as does what becomes required of requests, what responses need not say any more, and a
type or choice that narrows what may be sent or widens what is answered.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal  # Any: an OpenAPI document holds anything

_REFERENCE: Final = "#/components/schemas/"
Way = Literal["sent", "answered"]
Schema = Mapping[str, Any]


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """What breaks, a line each, by the operations of two OpenAPI documents; none where all clients go on."""
    comparison = _Comparison(old["components"]["schemas"], new["components"]["schemas"])
    found: list[str] = []
    for path, methods in old["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            later = new["paths"].get(path, {}).get(method)
            if later is None:
                found.append(f"{name}: it is gone")
                continue
            if later["operationId"] != operation["operationId"]:
                found.append(f"{name}: its operation id is another")
            found += (f"{name}: {change}" for change in comparison.operation(operation, later))
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class _Comparison:
    old: Mapping[str, Schema]
    new: Mapping[str, Schema]

    def operation(self, old: Schema, new: Schema) -> Iterator[str]:
        yield from self._parameters(old, new)
        yield from self._bodies(old, new)
        for status, response in old["responses"].items():
            later = new["responses"].get(status)
            if later is None:
                yield f"status {status} is gone"
                continue
            for media, content in response.get("content", {}).items():
                if media not in later.get("content", {}):
                    yield f"{media} is answered no more with {status}"
                elif "schema" in content:
                    yield from self._schema(
                        content["schema"],
                        later["content"][media].get("schema", {}),
                        "answered",
                        f"{status}",
                        (),
                    )

    def _parameters(self, old: Schema, new: Schema) -> Iterator[str]:
        before = {(each["in"], each["name"]): each for each in old.get("parameters", [])}
        after = {(each["in"], each["name"]): each for each in new.get("parameters", [])}
        for key, parameter in before.items():
            if key not in after:
                yield f"the parameter {key[1]} is gone"
            else:
                yield from self._schema(parameter["schema"], after[key]["schema"], "sent", key[1], ())
        for key, parameter in after.items():
            if parameter.get("required") and not before.get(key, {}).get("required"):
                yield f"the parameter {key[1]} is required now"

    def _bodies(self, old: Schema, new: Schema) -> Iterator[str]:
        before, after = old.get("requestBody", {}), new.get("requestBody", {})
        if after.get("required") and not before.get("required"):
            yield "a body is required now"
        for media, content in before.get("content", {}).items():
            if media not in after.get("content", {}):
                yield f"{media} is taken no more"
            elif "schema" in content:
                yield from self._schema(
                    content["schema"], after["content"][media].get("schema", {}), "sent", "body", ()
                )

    def _schema(self, old: Schema, new: Schema, way: Way, place: str, seen: tuple[str, ...]) -> Iterator[str]:
        names = f"{old.get('$ref', '')} {new.get('$ref', '')}"
        if "$ref" in old and names in seen:
            return
        seen = (*seen, names) if "$ref" in old else seen
        old, new = _resolved(old, self.old), _resolved(new, self.new)
        yield from _types(old, new, way, place)
        yield from _choices(old, new, way, place)
        yield from self._alternatives(old, new, way, place, seen)
        yield from self._properties(old, new, way, place, seen)
        if "items" in old and "items" in new:
            yield from self._schema(old["items"], new["items"], way, f"{place}[]", seen)

    def _properties(
        self, old: Schema, new: Schema, way: Way, place: str, seen: tuple[str, ...]
    ) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name, each in before.items():
            if name not in after:
                yield f"{place}.{name} is gone"
            else:
                yield from self._schema(each, after[name], way, f"{place}.{name}", seen)
        required, later = set(old.get("required", ())), set(new.get("required", ()))
        if way == "sent":
            yield from (f"{place}.{name} is required now" for name in sorted(later - required))
        else:
            yield from (
                f"{place}.{name} may be missing now" for name in sorted((required - later) & set(after))
            )

    def _alternatives(
        self, old: Schema, new: Schema, way: Way, place: str, seen: tuple[str, ...]
    ) -> Iterator[str]:
        for key in ("anyOf", "oneOf"):
            before = {_named(each): each for each in old.get(key, [])}
            after = {_named(each): each for each in new.get(key, [])}
            for name in before.keys() & after.keys():
                yield from self._schema(before[name], after[name], way, place, seen)
            if before and way == "sent":
                yield from (f"{place} may be {name} no more" for name in sorted(before.keys() - after.keys()))


def _types(old: Schema, new: Schema, way: Way, place: str) -> Iterator[str]:
    before, after = _kinds(old), _kinds(new)
    if not before or not after:
        return
    broken = before - after if way == "sent" else after - before
    if broken:
        yield f"{place} was {', '.join(sorted(before))} and is {', '.join(sorted(after))}"


def _choices(old: Schema, new: Schema, way: Way, place: str) -> Iterator[str]:
    before, after = set(old.get("enum", ())), set(new.get("enum", ()))
    if way == "sent" and after and before - after:
        yield f"{place} may be {', '.join(map(str, sorted(before - after)))} no more"
    if old.get("const") is not None and new.get("const") not in {None, old["const"]}:
        yield f"{place} was {old['const']} and is {new['const']}"


def _kinds(schema: Schema) -> set[str]:
    """The JSON types that a schema allows; none where it does not say. A number may be an integer."""
    kind = schema.get("type")
    kinds = {kind} if isinstance(kind, str) else set(kind or ())
    return kinds | {"integer"} if "number" in kinds else kinds


def _named(schema: Schema) -> str:
    return str(schema.get("$ref", "")).removeprefix(_REFERENCE) or str(schema.get("type", schema))


def _resolved(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    while "$ref" in schema:
        schema = schemas.get(schema["$ref"].removeprefix(_REFERENCE), {})
    return schema
