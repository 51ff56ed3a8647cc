"""The commands, and the one place where their errors end."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.asking import ask, chat
from app.cli.checking import doctor
from app.cli.configuring import config, key
from app.cli.knowing import knowledge
from app.cli.output import fail
from app.cli.serving import serve
from app.database import DatabaseError
from app.embedded import EmbeddedError
from app.settings import SettingsInvalid

_HELP = """A self-hosted service of cooperating AI agents.

`freya serve` starts it; `freya ask "..."` and `freya chat` speak to it, starting it for the moment when it does not run.
Settings come from FREYA_* variables or freya.toml: `freya config show` lists them all."""

application = typer.Typer(
    name="freya",
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
application.command()(serve)
application.command()(ask)
application.command()(chat)
application.command()(doctor)
application.command()(key)
application.add_typer(config, name="config")
application.add_typer(knowledge, name="knowledge")


@application.callback()
def options(
    data: Annotated[
        Path | None, typer.Option(help="The data folder.", envvar="FREYA_DATA", show_default="data")
    ] = None,
    config_file: Annotated[
        Path | None,
        typer.Option(
            "--config", help="A configuration file.", envvar="FREYA_CONFIG", show_default="freya.toml"
        ),
    ] = None,
) -> None:
    """Options of every command; they stand for their variables."""
    if data is not None:
        os.environ["FREYA_DATA"] = str(data)
    if config_file is not None:
        os.environ["FREYA_CONFIG"] = str(config_file)


def main() -> None:
    """Run a command. What a user can mend is told in a line or two, without a stack."""
    try:
        application()
    except (SettingsInvalid, EmbeddedError, DatabaseError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
