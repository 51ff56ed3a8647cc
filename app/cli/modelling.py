"""`freya models`: model files recommended, here, fetched, looked at and measured."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import AsJson, examples
from app.cli.output import emit, emit_json

models = typer.Typer(help="List, fetch, look at and measure model files (GGUF).", no_args_is_help=True)

Sha256 = Annotated[str | None, typer.Option(help="What the file must have.")]
Model = Annotated[str, typer.Argument(help="The name of a model that is here, or the path of a GGUF file.")]


@models.command("list", epilog=examples("freya models list", "freya models list --json"))
def list_(as_json: AsJson = False) -> None:  # noqa: FBT002  # a flag
    """Recommended models with what they need and whether that is free, and the files that are here."""
    from app.cli.modelling_lines import listed
    from app.cli.options import quiet_settings

    found, lines = listed(quiet_settings())
    if as_json:
        emit_json(found)
    else:
        emit("\n".join(lines))


@models.command(
    epilog=examples(
        "freya models pull qwen3-4b",
        "freya models pull https://example.org/model.gguf --name mine --sha256 0f3a...",
    )
)
def pull(
    source: Annotated[str, typer.Argument(help="A recommended model's name, or the address of a GGUF file.")],
    name: Annotated[
        str | None, typer.Option(help="The name to keep it under.", show_default="its own")
    ] = None,
    sha256: Sha256 = None,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Fetch a model and verify it. A transfer that breaks off goes on where it ended, also the next time."""
    from app.cli.interruption import run
    from app.cli.modelling_lines import kept_lines
    from app.cli.modelling_work import pulled
    from app.cli.options import quiet_settings

    kept = run(partial(pulled, quiet_settings(), source, name, sha256))
    emit_json(asdict(kept)) if as_json else emit("\n".join(kept_lines(kept)))


@models.command(epilog=examples("freya models add mine /models/mine-q4_k_m.gguf"))
def add(
    name: Annotated[str, typer.Argument(help="The name to keep it under.")],
    path: Annotated[Path, typer.Argument(help="The GGUF file; it stays where it is.")],
    sha256: Sha256 = None,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Look a file through and keep it under a name."""
    from app.cli.modelling_lines import kept_lines
    from app.cli.modelling_work import shelf
    from app.cli.options import quiet_settings

    kept = shelf(quiet_settings()).add(name, path, sha256=sha256)
    emit_json(asdict(kept)) if as_json else emit("\n".join(kept_lines(kept)))


@models.command(epilog=examples("freya models remove qwen3-4b", "freya models remove qwen3-4b --json"))
def remove(
    name: Annotated[str, typer.Argument(help="A model that is here.")],
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Forget a model, and delete its file where it was fetched by `freya models pull`."""
    from app.cli.modelling_work import shelf
    from app.cli.options import quiet_settings

    gone = shelf(quiet_settings()).remove(name)
    if as_json:
        emit_json(asdict(gone))
    else:
        emit(f"removed {gone.name}" + ("" if gone.ours else f"; its file stays at {gone.path}"))


@models.command(epilog=examples("freya models show qwen3-4b", "freya models show /models/mine.gguf --json"))
def show(
    model: Model,
    context: Annotated[int, typer.Option(help="Tokens of one request, for the memory it needs.")] = 8192,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """What a file says of itself, and what it takes when it is loaded."""
    from app.cli.modelling_lines import described
    from app.cli.modelling_work import path_of
    from app.cli.options import quiet_settings

    found, lines = described(path_of(quiet_settings(), model), context)
    if as_json:
        emit_json(found)
    else:
        emit("\n".join(lines))


@models.command(
    epilog=examples("freya models bench qwen3-4b", "freya models bench --threads 4 /models/mine.gguf")
)
def bench(
    model: Model,
    threads: Annotated[
        int | None, typer.Option(help="Threads that compute.", show_default="all cores but one")
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Load a model and measure how fast it reads and writes, alone and for several at once."""
    from app.cli.interruption import run
    from app.cli.modelling_lines import speed_lines
    from app.cli.modelling_work import measured
    from app.cli.options import quiet_settings

    speed = run(partial(measured, quiet_settings(), model, threads))
    emit_json(asdict(speed)) if as_json else emit("\n".join(speed_lines(speed)))
