"""`freya config` and `freya key`."""

import hashlib
import secrets
from typing import Annotated

import typer
from pydantic import JsonValue

from app.cli.output import note, print_json
from app.documentation import flat_settings
from app.settings import config_file, load_settings

config = typer.Typer(help="Look at the settings.", no_args_is_help=True)


@config.command()
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,  # noqa: FBT002  # a flag
) -> None:
    """Every setting with its value, secrets hidden; where it differs from the default a star stands before it."""
    settings = load_settings()
    rows = flat_settings(settings)
    if as_json:
        values: dict[str, JsonValue] = {row.variable: row.value for row in rows}
        print_json(values)
        return
    note(f"variables override {config_file()}; * marks what differs from the default")
    for row in rows:
        print(f"{'*' if row.changed else ' '} {row.variable} = {row.value}")


@config.command()
def path() -> None:
    """Where the configuration file is looked for."""
    print(config_file().absolute())


def key() -> None:
    """Make an API key: give the key to its user and the hash to the service."""
    made = f"frk_{secrets.token_urlsafe(32)}"
    note("the key, shown only now:")
    print(made)
    note("its hash, for the service (a JSON list; add it to what is there):")
    print(f"FREYA_HTTP__KEY_HASHES='[\"{hashlib.sha256(made.encode()).hexdigest()}\"]'")
