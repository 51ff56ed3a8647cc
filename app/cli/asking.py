"""`freya ask` and `freya chat`: conversation on the terminal."""

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import Agents, AsJson, Attach, Key, Thread, User
from app.cli.output import CommandFailed, emit_answer, emit_json, note

if TYPE_CHECKING:
    from pydantic import JsonValue

_MOST_BYTES = 1_000_000
_MOST_FILES = 8


def ask(
    message: Annotated[
        list[str],
        typer.Argument(help="What to ask, in quotes or as words; `-` reads it from the input."),
    ],
    thread: Thread = None,
    agent: Agents = None,
    attach: Attach = None,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Ask one question and print the answer.

    The running service answers; where none runs, one is started for the moment. The answer is Markdown; what it cites,
    its thread and its model follow on the error stream. Ctrl-C cancels the question.
    """
    text = _from_input() if message == ["-"] else " ".join(message)
    if not text.strip():
        raise typer.BadParameter("there is no question", param_hint="MESSAGE")
    if not _is_unicode(text):
        raise typer.BadParameter("the question is not valid UTF-8", param_hint="MESSAGE")
    if len(attach or ()) > _MOST_FILES:
        raise typer.BadParameter(f"a question is about {_MOST_FILES} files at most", param_hint="--attach")

    from app.cli.conversation import Request, answer, footnotes
    from app.cli.interruption import run
    from app.settings import load_settings

    def show(result: "dict[str, JsonValue]") -> None:
        if as_json:
            emit_json(result)
            return
        emit_answer(str(result["answer"]))
        note("\n".join(["", *footnotes(result)]))

    request = Request(text, thread, tuple(agent or ()), tuple(attach or ()))
    run(partial(answer, load_settings(), request, key, show, user=user))


def chat(thread: Thread = None, agent: Agents = None, key: Key = None, user: User = None) -> None:
    """Converse; answers appear as they are written.

    Ctrl-C cancels the answer that is being written; /quit or Ctrl-D ends. What was asked is remembered in the data
    folder, and Up recalls it. Without a terminal each line of the input is asked in turn.
    """
    from app.cli.conversation import Request, converse
    from app.cli.interruption import run
    from app.settings import load_settings

    run(partial(converse, load_settings(), Request("", thread, tuple(agent or ())), key, user=user))


def _from_input() -> str:
    if sys.stdin.isatty():
        note("type the question; Ctrl-D on an empty line ends it")
    content = sys.stdin.buffer.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise CommandFailed(f"the input has more than {_MOST_BYTES:,} bytes; that is no question")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandFailed(
            f"the input is not UTF-8 (at byte {error.start + 1}); convert it first, for example with iconv"
        ) from error


def _is_unicode(text: str) -> bool:
    """False for arguments whose bytes the shell passed on undecoded."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
