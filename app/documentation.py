"""The settings as rows, for `freya config show`; docs/configuration.md, which is made of them, and docs/openapi.json."""

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin  # Any: values and types of settings

from pydantic import BaseModel, JsonValue, SecretStr, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from app.settings import Settings

_PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"
_INTERFACE = Path(__file__).parents[1] / "docs" / "openapi.json"
_PREFIX = "FREYA_"
_HEAD = """\
# Configuration

Nothing needs to be set. Every setting is a variable, or a key of `freya.toml` in the working folder (or where
`FREYA_CONFIG` or `--config` points): `FREYA_HTTP__PORT=8800` is `port = 8800` under `[http]`. Variables come before
the file, and the file before the defaults. Lists and tables in variables are JSON; part of a table can be given by a
variable of its own, as `FREYA_MODELS__ENDPOINTS__LOCAL__URL` gives the `url` of the endpoint `local`. `<NAME>` below
stands for a name of your choice.

`freya config show` prints what is in force, secrets hidden, and `freya config path` where the file is looked for. A
value that cannot be used ends the start with a line that names it.

Three variables are not settings of the service: `FREYA_CONFIG`, the path of the configuration file, and `FREYA_API_KEY`
and `FREYA_USER`, the key that commands send and the user for whom they act.

This page is made from the settings models by `make docs`.
"""
_TABLE = "| variable | default | allowed | what it sets |\n|---|---|---|---|\n"
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
}
_KINDS = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "`true`, `false`",
    "array": "list",
    "object": "table",
}


@dataclass(frozen=True)
class SettingRow:
    """One setting: its variable, its value in JSON, the default, what is allowed (Markdown), and what it means."""

    variable: str
    value: JsonValue
    default: JsonValue
    allowed: str
    description: str
    required: bool = False

    @property
    def changed(self) -> bool:
        """Whether the value is not the default."""
        return self.value != self.default


def flat_settings(settings: Settings) -> list[SettingRow]:
    """Every setting as a row, nested names joined by two underscores; secrets are hidden."""
    return [row for model, default, prefix in _sections(settings) for row in _rows(model, default, prefix)]


def configuration_page() -> str:
    """The Markdown of docs/configuration.md: a table for each settings model."""
    parts = [_HEAD]
    for model, default, prefix in _sections(Settings.model_construct()):
        rows = list(_rows(model, default, prefix))
        parts.append(_section(_title(prefix), _doc(type(model)), rows))
        for name, field in type(model).model_fields.items():
            inner = _entry_model(field.annotation)
            if inner is not None:
                variable = f"{prefix}{name.upper()}__<NAME>__"
                parts.append(_section(_title(variable), _doc(inner), list(_entry_rows(inner, variable))))
    return "\n".join(parts)


def allowed(field: FieldInfo) -> str:
    """What a field may be, in Markdown: its kind with its bounds, or the values of an enumeration."""
    schema = TypeAdapter[Any](field.rebuild_annotation()).json_schema()
    return _allowed(schema, schema.get("$defs", {}))


def _allowed(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:  # JSON Schema holds anything
    if "$ref" in schema:
        return _allowed(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    if "anyOf" in schema:
        return " or ".join(
            _allowed(part, definitions) for part in schema["anyOf"] if part != {"type": "null"}
        )
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    kind = str(schema.get("type", ""))
    said = [_KINDS.get(kind, kind)]
    if kind == "object" and "propertyNames" in schema:
        said.append(f"with keys {_allowed(schema['propertyNames'], definitions)}")
    said += [text.format(schema[key]) for key, text in _BOUNDS.items() if key in schema]
    return ", ".join(said)


def _sections(settings: Settings) -> Iterator[tuple[BaseModel, BaseModel, str]]:
    """Each settings model with its default and the beginning of its variables, outer before inner."""
    waiting: list[tuple[BaseModel, BaseModel, str]] = [(settings, type(settings).model_construct(), _PREFIX)]
    while waiting:
        model, default, prefix = waiting.pop(0)
        yield model, default, prefix
        inner = [
            (getattr(model, name), getattr(default, name), f"{prefix}{name.upper()}__")
            for name in type(model).model_fields
        ]
        waiting = [found for found in inner if isinstance(found[0], BaseModel)] + waiting


def _rows(model: BaseModel, default: BaseModel, prefix: str) -> Iterator[SettingRow]:
    for name, field in type(model).model_fields.items():
        value, usual = getattr(model, name), getattr(default, name)
        if not isinstance(value, BaseModel):
            yield SettingRow(
                prefix + name.upper(), _plain(value), _plain(usual), allowed(field), field.description or ""
            )


def _entry_rows(model: type[BaseModel], prefix: str) -> Iterator[SettingRow]:
    for name, field in model.model_fields.items():
        required = field.is_required()
        default = (
            None if required else _plain(field.get_default(call_default_factory=True, validated_data={}))
        )
        yield SettingRow(
            prefix + name.upper(), default, default, allowed(field), field.description or "", required
        )


def _entry_model(annotation: Any) -> type[BaseModel] | None:  # any type
    """The model of a table's entries, where they are models."""
    if get_origin(annotation) is not dict:
        return None
    entry = get_args(annotation)[1]
    return entry if isinstance(entry, type) and issubclass(entry, BaseModel) else None


def _section(title: str, doc: str, rows: list[SettingRow]) -> str:
    lines = [
        f"| `{row.variable}` | {'needed' if row.required else _shown(row.default)}"
        f" | {_cell(row.allowed)} | {_cell(row.description)} |"
        for row in rows
    ]
    table = _TABLE + "\n".join(lines) + "\n" if lines else ""
    return f"## {title}\n\n{doc}\n\n{table}"


def _title(prefix: str) -> str:
    names = prefix.removeprefix(_PREFIX).removesuffix("__").split("__")
    return (
        "`[" + ".".join(name if name == "<NAME>" else name.lower() for name in names) + "]`"
        if names[0]
        else "General"
    )


def _doc(model: type[BaseModel]) -> str:
    first = (model.__doc__ or "").strip().split("\n\n", 1)[0]
    return " ".join(first.split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _plain(value: Any) -> JsonValue:  # a setting's value
    if isinstance(value, SecretStr):
        return "[set]"
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    plain: JsonValue = to_jsonable_python(value)
    return plain


def _shown(value: JsonValue) -> str:
    return "unset" if value is None else f"`{value if isinstance(value, str) else json.dumps(value)}`"


def described_interface() -> str:
    """The OpenAPI document as text; nothing of the service is started."""
    from app.http import create_app

    def never() -> AbstractAsyncContextManager[Any]:
        raise RuntimeError("the application is described, not started")

    document = create_app(Settings.model_construct(), never).openapi()
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    _PAGE.write_text(configuration_page(), encoding="utf-8")
    _INTERFACE.write_text(described_interface(), encoding="utf-8")
    print(f"wrote {_PAGE} and {_INTERFACE}")  # noqa: T201  # a command
