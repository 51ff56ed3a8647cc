"""The commands, and the one place where their errors end."""

import contextlib
import os
import sys
import threading
from pathlib import Path
from typing import Annotated, Any  # Any: what click gives back

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from app.cli.agents import agents
from app.cli.approving import runs
from app.cli.asking import ask, chat
from app.cli.checking import doctor
from app.cli.configuring import config, key
from app.cli.conversations import threads
from app.cli.evaluating import evaluate
from app.cli.interruption import Interrupted
from app.cli.keys import keys
from app.cli.knowing import knowledge
from app.cli.modelling import models
from app.cli.options import examples
from app.cli.output import OutputClosed, complain
from app.cli.remembering import memory
from app.cli.remembering_projects import rate
from app.cli.serving import serve
from app.cli.speaking_mcp import mcp
from app.cli.tracing import trace
from app.cli.working import worker

_HELP = """A self-hosted service of cooperating AI agents.

`freya serve` starts it; `freya ask` and `freya chat` speak to it, and start it for the moment where it does not run.
Settings come from FREYA_* variables, then from freya.toml; `freya config show` lists them all.

Results go to the output, everything else to the error stream. Exit codes: 0 done, 1 failed, 2 wrong usage,
130 interrupted.
"""
_CLOSED_PIPE = 141  # 128 + SIGPIPE, as a shell counts it
_LEFT_S = 1.0


class Commands(TyperGroup):
    """The group of all commands; errors that a user can mend are told without a stack."""

    def invoke(self, ctx: Any) -> Any:  # typer carries click inside, under a private name
        """Run the command; its error as a line and an exit code."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, TyperException):
            raise
        except Interrupted as error:
            raise typer.Exit(error.exit_code) from error
        except OutputClosed as error:
            raise typer.Exit(_CLOSED_PIPE) from error
        except Exception as error:
            from app.cli.failures import explained

            message = explained(error)
            if message is None:
                raise
            complain(message)
            raise typer.Exit(1) from error


application = typer.Typer(
    name="freya",
    cls=Commands,
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain text reads well in a pipe, too
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
application.command(
    epilog=examples(
        "freya serve",
        "freya --data /var/lib/freya serve --port 8800",
        "FREYA_HTTP__KEY_HASHES='[\"...\"]' freya serve --host 0.0.0.0",
    )
)(serve)
application.command(
    epilog=examples(
        "freya --data /var/lib/freya-worker worker",
        "FREYA_RUNS__EXECUTOR=celery freya worker --runs 16 --port 8790",
    )
)(worker)
application.command(
    epilog=examples(
        'freya ask "What does an RSI of 75 say?"',
        'freya ask --agent sofia --thread thr_... "And on a smaller budget?"',
        "freya ask --json - < question.txt | jq -r .answer",
    )
)(ask)
application.command(
    epilog=examples("freya chat", "freya chat --agent technical", "freya chat < questions.txt > answers.md")
)(chat)
application.command(
    epilog=examples("freya rate run_... 5", 'freya rate run_... 2 --comment "The period was wrong."')
)(rate)
application.command(epilog=examples("freya doctor", "freya doctor --json"))(doctor)
application.command(epilog=examples("freya key", "freya key --json"))(key)
application.command(
    epilog=examples(
        "freya mcp",
        "claude mcp add freya -- freya mcp",
        "freya mcp --url http://127.0.0.1:8700 --key frk_...",
    )
)(mcp)
application.add_typer(agents, name="agents")
application.add_typer(config, name="config")
application.add_typer(keys, name="keys")
application.command(
    epilog=examples(
        "freya evaluate",
        "freya evaluate --kind tool --agent technical",
        "freya evaluate our_cases.jsonl --json",
        "freya evaluate routing refusals --server http://10.0.0.5:8000 --key frk_...",
    )
)(evaluate)
application.add_typer(knowledge, name="knowledge")
application.add_typer(memory, name="memory")
application.add_typer(models, name="models")
runs.command(epilog=examples("freya runs trace run_...", "freya runs trace run_... --json | jq .nodes"))(
    trace
)
application.add_typer(runs, name="runs")
application.add_typer(threads, name="threads")


def _version(asked: bool) -> None:  # noqa: FBT001  # typer's signature
    if asked:
        from importlib.metadata import version

        from app.cli.output import emit

        emit(f"freya {version('freya-agents')}")
        raise typer.Exit


@application.callback()
def options(
    data: Annotated[
        Path | None, typer.Option(help="The data folder.", envvar="FREYA_DATA", show_default="data")
    ] = None,
    config_file: Annotated[
        Path | None,
        typer.Option(
            "--config", help="The configuration file.", envvar="FREYA_CONFIG", show_default="freya.toml"
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001, FBT002  # its callback answers
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of every command; they stand for their variables."""
    if data is not None:
        os.environ["FREYA_DATA"] = str(data)
    if config_file is not None:
        os.environ["FREYA_CONFIG"] = str(config_file)


def run() -> None:
    """Run the command of the process's arguments, and raise SystemExit with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # real files at the start of a process
    try:
        application(prog_name="freya")
    except SystemExit as ended:
        _leave(ended.code if isinstance(ended.code, int) else int(bool(ended.code)))
        raise


def _leave(code: int) -> None:
    """Have the process end within a second: Python would wait for threads that compute for nobody any more."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    ending = threading.Timer(_LEFT_S, os._exit, [code])
    ending.daemon = True
    ending.start()
