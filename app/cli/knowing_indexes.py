"""`freya knowledge index`: versions of the index, built beside the live one and put in its place."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.knowing_refining import Wait, ordered, show_job
from app.cli.options import AsJson, examples
from app.cli.output import emit, emit_json, note

if TYPE_CHECKING:
    from pydantic import JsonValue

Number = Annotated[int, typer.Argument(min=1, help="The version's number.")]

index = typer.Typer(help="Build, activate and take back versions of the index.", no_args_is_help=True)


@index.command(
    epilog=examples(
        "freya knowledge index build", 'freya knowledge index build --without-low --note "no low pairs"'
    )
)
def build(
    number: Annotated[
        int | None, typer.Argument(min=1, help="An earlier version, to be brought up to the store.")
    ] = None,
    without_low: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--without-low", help="Leave out pairs of low quality.")
    ] = False,
    remark: Annotated[str | None, typer.Option("--note", help="What the version is for.")] = None,
    wait: Wait = True,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Build a version of the index beside the live one; searches do not change until it is activated.

    One that was broken off is gone on with by the same command.
    """
    if number is not None and (without_low or remark is not None):
        raise typer.BadParameter("an earlier version keeps its recipe and its note", param_hint="NUMBER")
    asked: dict[str, JsonValue] = {"number": number, "low_tier": not without_low, "note": remark}
    _carry_out("index", asked, wait=wait, as_json=as_json)


@index.command("list", epilog=examples("freya knowledge index list", "freya knowledge index list --json"))
def list_(as_json: AsJson = False) -> None:  # noqa: FBT002  # a flag
    """List the versions of the index: one is live, and those that are ready can be activated."""
    from app.cli.interruption import run
    from app.cli.options import quiet_settings
    from app.cli.reading import list_versions
    from app.cli.reports import version_lines, versions_json

    found = run(partial(list_versions, quiet_settings()))
    if as_json:
        emit_json(versions_json(found))
    elif found:
        emit("\n".join(version_lines(found)))
    else:
        note("there is no index yet; the first import or start of the service makes one")


@index.command(
    epilog=examples("freya knowledge index show 2", "freya knowledge index show 2 --json > before.json")
)
def show(number: Number, as_json: AsJson = False) -> None:  # noqa: FBT002  # a flag
    """Show a version and the report of its latest evaluation."""
    from app.cli.interruption import run
    from app.cli.options import quiet_settings
    from app.cli.reading import read_version
    from app.cli.reports import version_detail_lines, versions_json

    version, report = run(partial(read_version, quiet_settings(), number))
    if as_json:
        emit_json({**versions_json([version])[0], "report": report})
    else:
        emit("\n".join(version_detail_lines(version, report)))


@index.command(epilog=examples("freya knowledge index activate 2"))
def activate(
    number: Number,
    wait: Wait = True,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Make a version the one that is searched, at once, after it has caught up with the store."""
    _carry_out("activate", {"number": number}, wait=wait, as_json=as_json)


@index.command(epilog=examples("freya knowledge index rollback"))
def rollback(
    wait: Wait = True,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Make the version live again that was so before; once more, and the present one is."""
    _carry_out("rollback", {}, wait=wait, as_json=as_json)


@index.command(epilog=examples("freya knowledge index prune --keep 1"))
def prune(
    keep: Annotated[
        int, typer.Option(min=1, max=1000, help="How many versions stay, the live one among them.")
    ] = 2,
    wait: Wait = True,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Delete the indexes of old versions. Pairs are not touched."""
    _carry_out("prune", {"keep": keep}, wait=wait, as_json=as_json)


def _carry_out(kind: str, arguments: "dict[str, JsonValue]", *, wait: bool, as_json: bool) -> None:
    from app.cli.reports import changed_lines

    show_job(ordered(kind, arguments, wait=wait), changed_lines, as_json=as_json)
