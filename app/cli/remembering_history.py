"""`freya memory import`, `export`, `erase`, `status` and `audit`: what is remembered as a whole."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any  # JSON

import typer

from app.cli.options import AsJson, Key, User
from app.cli.output import emit, emit_json, emit_page, note

Everybody = Annotated[bool, typer.Option("--all", help="Of all users, unnamed; not with a key of one user.")]
Verify = Annotated[bool, typer.Option("--verify", help="Check that the trail is as it was noted.")]
AnyUser = Annotated[
    bool, typer.Option("--any-user", help="Take each line in for the user it names, not only your own.")
]


def import_(
    file: Annotated[
        Path, typer.Argument(help="JSON lines of {user, thread, role, name?, text, time}; times as RFC 3339.")
    ],
    any_user: AnyUser = False,  # noqa: FBT002  # a flag
    wait: Annotated[bool, typer.Option(help="Wait until your messages are embedded.")] = True,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Take in a history from elsewhere, with its original times.

    Safe to break off and to repeat: what is there is not taken in again. Lines that cannot be taken in are left out
    and told. What is new is found by its words at once, and by its meaning when it is embedded. Ends with 1 where
    nothing could be taken in.
    """
    from app.cli import remembering_service as service
    from app.cli.interruption import run
    from app.cli.remembering_lines import import_lines

    brought = True

    def told(report: dict[str, Any]) -> None:
        nonlocal brought
        brought = not report["rejected"] or bool(report["imported"] or report["known"])
        if as_json:
            emit_json(report)
        else:
            emit("\n".join(import_lines(report)))

    run(partial(service.take_in, service.Caller(key, user), file, told, any_user=any_user, wait=wait))
    if not brought:
        raise typer.Exit(1)


def export(
    file: Annotated[Path | None, typer.Argument(help="The file to write; left out, the output.")] = None,
    key: Key = None,
    user: User = None,
) -> None:
    """Write all that is kept of you as one JSON document.

    A file takes its name when it is whole, and only you may read it.
    """
    from app.cli import remembering_service as service
    from app.cli.interruption import run

    written = run(partial(service.give_out, service.Caller(key, user), file))
    if file is not None:
        note(f"{written:,} bytes  {file}")


def artifacts(
    project: Annotated[
        str | None, typer.Option(help="All of this project (prj_...), not only your own.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 50,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """What tools made for you, newest first, each version by itself; `GET /v1/artifacts/ID` has the content."""
    from app.cli import remembering_service as service
    from app.cli.interruption import run
    from app.cli.remembering_lines import artifact_lines

    def show(page: dict[str, Any]) -> None:
        emit_page(page, artifact_lines, limit=limit, nothing="nothing was made", as_json=as_json)

    wanted: service.Query = {"limit": limit}
    if project is not None:
        wanted["project_id"] = project
    run(partial(service.artifacts, service.Caller(key, user), wanted, show))


class LogFormat(StrEnum):
    """What the interaction log can be written as."""

    JSONL = "jsonl"
    PARQUET = "parquet"


def interactions(
    file: Annotated[Path | None, typer.Argument(help="The file to write; left out, the output.")] = None,
    form: Annotated[
        LogFormat | None, typer.Option("--format", help="Left out, as the file's name ends, else jsonl.")
    ] = None,
    everybody: Everybody = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Write your own entries of the interaction log: every run, redacted, with what you said of it.

    With --all those of all users, for training: redacted anew, with a number in place of each user. It is noted in the audit
    trail of each. A file takes its name when it is whole, and only you may read it.
    """
    from app.cli import remembering_service as service
    from app.cli.interruption import run

    parquet = file is not None and file.suffix.lower() == ".parquet"
    form = form or (LogFormat.PARQUET if parquet else LogFormat.JSONL)
    if file is None and form is LogFormat.PARQUET:
        raise typer.BadParameter("Parquet is no text; name a file to write", param_hint="FILE")
    query = {"format": form.value, "users": "any" if everybody else "own"}
    work = partial(service.give_out, service.Caller(key, user), file, what="interactions", query=query)
    written = run(work)
    if file is not None:
        note(f"{written:,} bytes  {file}")


def erase(
    yes: Annotated[bool, typer.Option("--yes", help="Erase; without it only what there is is told.")] = False,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Erase all that is kept of you in every store, and print a receipt. It cannot be undone.

    Every store is searched again afterwards; ends with 1 where something was still found.
    """
    from app.cli import remembering_service as service
    from app.cli.interruption import run
    from app.cli.remembering_lines import receipt_lines

    verified = True

    def told(receipt: dict[str, Any]) -> None:
        nonlocal verified
        verified = bool(receipt["verified"])
        if as_json:
            emit_json(receipt)
        else:
            emit("\n".join(receipt_lines(receipt)))

    run(partial(service.erase, service.Caller(key, user), told, agreed=yes))
    if not verified:
        raise typer.Exit(1)


def status(
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """How much is remembered of you, and how much waits to be embedded and learned from."""
    from app.cli import remembering_service as service
    from app.cli.interruption import run
    from app.cli.remembering_lines import status_lines

    def told(found: dict[str, Any]) -> None:
        if as_json:
            emit_json(found)
        else:
            emit("\n".join(status_lines(found)))

    run(partial(service.read, service.Caller(key, user), "/status", {}, told))


def audit(
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many entries at most.")] = 50,
    verify: Verify = False,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """What was read, corrected, forgotten, exported and erased of what is remembered of you, newest first.

    With --verify it is checked instead that no entry was changed or taken out; ends with 1 where one was.
    """
    from app.cli import remembering_service as service
    from app.cli.interruption import run
    from app.cli.remembering_lines import audit_lines, chain_line

    intact = True

    def told(page: dict[str, Any]) -> None:
        nonlocal intact
        if chain := page["chain"]:
            intact = chain["intact"]
            if as_json:
                emit_json(chain)
            else:
                emit(chain_line(chain))
        elif as_json:
            emit_json(page["items"])
        elif page["items"]:
            emit("\n".join(audit_lines(page)))
        else:
            note("nothing was done with it yet")

    query: service.Query = {"limit": 1, "verify": "true"} if verify else {"limit": limit}
    run(partial(service.read, service.Caller(key, user), "/audit", query, told))
    if not intact:
        raise typer.Exit(1)
