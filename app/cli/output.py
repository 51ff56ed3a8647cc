"""Results on the output, for people and programs; everything else on the error stream."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TextIO, TypeVar  # Any: JSON

if TYPE_CHECKING:
    from pydantic import BaseModel

Model = TypeVar("Model", bound="BaseModel")

_DIM, _RED = "2", "31"


class CommandFailed(Exception):
    """A command cannot do what it was asked; the message says why and what to do."""


class OutputClosed(Exception):
    """Whoever read the output reads no more, as `head` does."""


def emit(text: str, end: str = "\n") -> None:
    """A result, or a piece of one, at once. Raises OutputClosed."""
    try:
        sys.stdout.write(text + end)
        sys.stdout.flush()
    except BrokenPipeError as error:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # the flush at exit must not fail again
        raise OutputClosed from error


def emit_json(value: object) -> None:
    """A result for programs."""
    from pydantic_core import to_json

    emit(to_json(value, indent=2).decode())


def emit_page(
    page: dict[str, Any],
    lines: Callable[[list[dict[str, Any]]], Sequence[str]],
    *,
    limit: int,
    nothing: str,
    as_json: bool,
) -> None:
    """The items of a page, as `lines` lays them out for people; what is to be said of the page is noted."""
    if as_json:
        emit_json(page["items"])
    elif page["items"]:
        emit("\n".join(lines(page["items"])))
        if page["next"]:
            note(f"and more; --limit is {limit}")
    else:
        note(nothing)


def emit_one(
    found: dict[str, Any], lines: Callable[[list[dict[str, Any]]], Sequence[str]], *, as_json: bool
) -> None:
    """What a command found or changed, as `lines` lays it out for people."""
    emit_json(found) if as_json else emit("\n".join(lines([found])))


def emit_models(found: Sequence[Model], line: Callable[[Model], str], *, as_json: bool) -> None:
    """Models, a line each for people."""
    if as_json:
        emit_json([each.model_dump(mode="json") for each in found])
    elif found:
        emit("\n".join(map(line, found)))


def emit_model(found: Model, line: Callable[[Model], str], *, as_json: bool) -> None:
    """One model."""
    emit_json(found.model_dump(mode="json")) if as_json else emit(line(found))


def emit_answer(text: str) -> None:
    """Markdown, laid out on a terminal and as it is elsewhere."""
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(text))
    else:
        emit(text)


def note(line: str) -> None:
    """Progress and remarks, on the error stream, so that results can be piped."""
    _tell(line, _DIM)


def complain(message: str) -> None:
    """What went wrong, on the error stream."""
    _tell(f"freya: {message}", _RED)


def coloured(stream: TextIO) -> bool:
    """Whether the stream takes colours: it is a terminal, and NO_COLOR (no-color.org) is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _tell(text: str, style: str) -> None:
    try:
        sys.stderr.write(f"\x1b[{style}m{text}\x1b[0m\n" if coloured(sys.stderr) else f"{text}\n")
        sys.stderr.flush()
    except BrokenPipeError:
        _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    """Lead the stream nowhere, so that the flush at exit does not fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
