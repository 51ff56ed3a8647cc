"""The settings as a table: for `freya config show`, and for docs/configuration.md, which is made of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # values of settings

from pydantic import BaseModel, JsonValue, SecretStr
from pydantic_core import to_jsonable_python

from app.settings import Settings

_PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"
_HEAD = """\
# Configuration

Nothing needs to be set. Every setting is a variable, or a key of `freya.toml` in the working folder (or where
`FREYA_CONFIG` points): `FREYA_HTTP__PORT=8800` is `port = 8800` under `[http]`. Variables come first. Lists and
tables in variables are JSON. `freya config show` prints what is in force.

This page is made from the settings models by `make docs`.

| variable | default | what it sets |
|---|---|---|
"""


@dataclass(frozen=True)
class SettingRow:
    """One setting: its variable, its value in JSON, the default, and what it means."""

    variable: str
    value: JsonValue
    default: JsonValue
    description: str

    @property
    def changed(self) -> bool:
        """Whether the value is not the default."""
        return self.value != self.default


def flat_settings(settings: Settings) -> list[SettingRow]:
    """Every setting as a row, nested names joined by two underscores; secrets are hidden."""
    return list(_rows(settings, type(settings).model_construct(), "FREYA_"))


def configuration_page() -> str:
    """The Markdown of docs/configuration.md."""
    lines = [
        f"| `{row.variable}` | {_shown(row.default)} | {row.description.replace('|', chr(92) + '|')} |"
        for row in flat_settings(Settings.model_construct())
    ]
    return _HEAD + "\n".join(lines) + "\n"


def _rows(model: BaseModel, default: BaseModel, prefix: str) -> Iterator[SettingRow]:
    for name, field in type(model).model_fields.items():
        value, usual = getattr(model, name), getattr(default, name)
        variable = prefix + name.upper()
        if isinstance(value, BaseModel) and isinstance(usual, BaseModel):
            yield from _rows(value, usual, variable + "__")
        else:
            yield SettingRow(variable, _plain(value), _plain(usual), field.description or "")


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


if __name__ == "__main__":
    _PAGE.write_text(configuration_page(), encoding="utf-8")
    print(f"wrote {_PAGE}")  # noqa: T201  # a command
