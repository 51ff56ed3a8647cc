"""`freya config` and `freya key`."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import AsJson, examples
from app.cli.output import emit, emit_json, note

if TYPE_CHECKING:
    from pydantic import JsonValue

    from app.documentation import SettingRow
    from app.settings import Settings

config = typer.Typer(help="Look at the settings.", no_args_is_help=True)


@config.command(
    epilog=examples(
        "freya config show --changed",
        "FREYA_HTTP__PORT=8800 freya config show | grep PORT",
        "freya config show --json | jq .FREYA_DATA",
    )
)
def show(
    changed: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--changed", help="Only what differs from the default.")
    ] = False,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Every setting with its value; secrets are hidden, and a star marks what differs from the default."""
    from app.documentation import flat_settings
    from app.settings import load_settings, stray_settings
    from app.variables import config_file

    settings = load_settings()
    rows = [row for row in flat_settings(settings) if row.changed or not changed]
    for stray in stray_settings():
        note(str(stray))
    if as_json:
        emit_json({row.variable: _shown(settings, row) for row in rows})
        return
    file = config_file()
    note(f"variables override {file.absolute()}" + ("" if file.exists() else ", which does not exist"))
    for row in rows:
        emit(f"{'*' if row.changed else ' '} {row.variable} = {_text(_shown(settings, row))}")


@config.command(epilog=examples("freya config path", '$EDITOR "$(freya config path)"'))
def path() -> None:
    """Where the configuration file is looked for."""
    from app.variables import config_file

    file = config_file()
    emit(str(file.absolute()))
    if not file.exists():
        note("it does not exist; defaults and variables are in force")


def key(
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Make a first API key for a service without a database yet, such as in a container; else see `freya keys create`.

    The key is for its user, the hash for the service, which may do everything with it. Add the hash to those in FREYA_HTTP__KEY_HASHES, or to key_hashes under [http] in
    freya.toml, and start the service anew. Its users pass the key with --key or FREYA_API_KEY, and programs as
    `Authorization: Bearer KEY`.
    """
    import hashlib
    import json
    import secrets

    made = f"frk_{secrets.token_urlsafe(32)}"
    digest = hashlib.sha256(made.encode()).hexdigest()
    if as_json:
        emit_json({"key": made, "hash": digest})
        return
    note("the key, shown only now:")
    emit(made)
    note("its hash for the service (a list in JSON; add it to what is there):")
    emit(f"FREYA_HTTP__KEY_HASHES='{json.dumps([digest])}'")


def _shown(settings: "Settings", row: "SettingRow") -> "JsonValue":
    """The value of a row; of a URL everything but its password."""
    from functools import reduce

    from pydantic import SecretStr

    from app.variables import PREFIX

    held = reduce(getattr, row.variable.removeprefix(PREFIX).lower().split("__"), settings)
    if isinstance(held, SecretStr) and "://" in held.get_secret_value():
        return _without_passwords(held.get_secret_value())
    return _without_passwords(row.value)


def _without_passwords(value: "JsonValue") -> "JsonValue":
    from app.settings import without_password

    if isinstance(value, dict):
        return {name: _without_passwords(inner) for name, inner in value.items()}
    return without_password(value) if isinstance(value, str) and "://" in value else value


def _text(value: "JsonValue") -> str:
    import json

    return value if isinstance(value, str) else "unset" if value is None else json.dumps(value)
