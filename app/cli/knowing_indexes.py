"""`freya knowledge index`: versions of the index, built beside the live one and put in its place."""

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.knowing_refining import Wait, ordered, show_job
from app.cli.options import AsJson, examples
from app.cli.output import CommandFailed, emit, emit_json, note

if TYPE_CHECKING:
    from pydantic import JsonValue

Number = Annotated[int, typer.Argument(min=1, help="The version's number.")]

index = typer.Typer(help="Build, activate and take back versions of the index.", no_args_is_help=True)


@index.command(
    epilog=examples(
        "freya knowledge index build",
        "freya knowledge index build --model BAAI/bge-small-en-v1.5",
        'freya knowledge index build --passage-tokens 96 --without-low --note "short passages"',
    )
)
def build(
    number: Annotated[
        int | None, typer.Argument(min=1, help="An earlier version, to be brought up to the store.")
    ] = None,
    *,
    model: Annotated[
        str | None,
        typer.Option(
            help="Name or folder of the sentence-transformers model that embeds it.",
            show_default="that of the settings",
        ),
    ] = None,
    passage_tokens: Annotated[
        int,
        typer.Option(min=32, max=512, help="The most tokens of a passage; more than the model reads is cut."),
    ] = 160,
    passage_lead: Annotated[
        int,
        typer.Option(min=16, max=512, help="Tokens of a passage after the first by which it is found."),
    ] = 32,
    passage_later: Annotated[
        float, typer.Option(min=0, max=2, help="What the mean of all passages counts for beside the first.")
    ] = 0.5,
    without_low: Annotated[
        bool, typer.Option("--without-low", help="Leave out pairs of low quality.")
    ] = False,
    remark: Annotated[str | None, typer.Option("--note", help="What the version is for.")] = None,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Build a version of the index beside the live one; searches do not change until it is activated.

    One that was broken off is gone on with by the same command. Another embedding model than the service's is loaded
    for as long as it is needed, and fetched where it is a name of the hub of Hugging Face.
    """
    from models.embeddings import whole_name

    asked: dict[str, JsonValue] = {
        "number": number,
        "model": whole_name(model) if model else model,
        "passages": {"tokens": passage_tokens, "lead_tokens": passage_lead, "later": passage_later},
        "low_tier": not without_low,
        "note": remark,
    }
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


@index.command(epilog=examples("freya knowledge index activate 2", "freya knowledge index activate 2 --yes"))
def activate(
    number: Number,
    yes: Annotated[  # noqa: FBT002  # a flag
        bool,
        typer.Option("--yes", help="Though it was not evaluated, or was found to be below the live one."),
    ] = False,
    wait: Wait = True,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Make a version the one that is searched, at once, after it has caught up with the store.

    Of one that was never live the evaluation is looked at: where there is none, or it is surely below the live one's,
    you are asked first.
    """
    anyway = yes or _consented(number, as_json=as_json)
    _carry_out("activate", {"number": number, "anyway": anyway}, wait=wait, as_json=as_json)


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


def _consented(number: int, *, as_json: bool) -> bool:
    """Whether something speaks against the version and the user wants it nevertheless. Raises CommandFailed."""
    from app.cli.interruption import run
    from app.cli.options import quiet_settings
    from app.cli.reading import read_objection

    found = run(partial(read_objection, quiet_settings(), number))
    if found is None:
        return False
    objection, advice = found
    if as_json or not _is_asked():
        raise CommandFailed(f"{objection} {advice}")
    if not typer.confirm(f"{objection} Activate it nevertheless?", err=True):
        raise CommandFailed(f"nothing was changed. {advice}")
    return True


def _is_asked() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty()
