"""`freya memory redact` and `reveal`: personal data taken out of a text, and put back."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any  # JSON

import typer

from app.cli.options import AsJson, Key, User
from app.cli.output import CommandFailed, emit, emit_json, note

File = Annotated[str, typer.Argument(metavar="FILE", help="A text in UTF-8; - for what comes in.")]

Reversible = Annotated[
    bool,
    typer.Option("--reversible", help="Keep what is taken out, encrypted, so that you can have it back."),
]


def redact(
    file: File,
    reversible: Reversible = False,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Replace personal data in a text by placeholders: addresses, numbers of phones and cards, keys, and the like.

    With --reversible a value has the same placeholder each time, and `freya memory reveal` puts it back; that needs
    a key for encryption.
    """

    def told(found: dict[str, Any]) -> None:
        replaced = ", ".join(f"{count} {kind}" for kind, count in found["found"].items())
        _tell(found, f"replaced: {replaced or 'nothing'}", as_json=as_json)

    _send(file, "/redact", {"reversible": reversible}, told, key, user)


def reveal(
    file: File,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Put back what was redacted reversibly for you; other placeholders stay. It is noted in the audit trail."""

    def told(found: dict[str, Any]) -> None:
        _tell(found, f"put back: {found['values']}", as_json=as_json)

    _send(file, "/reveal", {}, told, key, user)


def _tell(found: dict[str, Any], summary: str, *, as_json: bool) -> None:
    if as_json:
        emit_json(found)
    else:
        emit(found["text"], end="")
        note(summary)


def _send(
    file: str, path: str, options: dict[str, Any], told: Any, key: str | None, user: str | None
) -> None:
    from app.cli import remembering_service as service
    from app.cli.interruption import run

    body = {"text": _text(file), **options}
    run(partial(service.send, service.Caller(key, user), path, body, told))


def _text(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).expanduser().read_bytes()
    except OSError as error:
        raise CommandFailed(f"{file} cannot be read: {error.strerror}") from error
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise CommandFailed(f"{file} is no text in UTF-8: byte {error.start} is not") from error
