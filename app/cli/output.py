"""Writing for people on the error stream, and results on the output."""

import sys
from typing import NoReturn

from pydantic import JsonValue, TypeAdapter
from rich.console import Console
from rich.markdown import Markdown

_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)
_NOTES = Console(stderr=True, highlight=False, soft_wrap=True)


def note(line: str) -> None:
    """Progress and remarks, on the error stream, so that results can be piped."""
    _NOTES.print(line, style="dim", markup=False)


def fail(message: str, *, code: int = 1) -> NoReturn:
    """Say what is wrong and end."""
    _NOTES.print(f"freya: {message}", style="red", markup=False)
    sys.exit(code)


def print_json(value: object) -> None:
    """A result for programs: JSON on the output."""
    sys.stdout.write(_JSON.dump_json(_JSON.validate_python(value), indent=2).decode() + "\n")


def print_answer(text: str) -> None:
    """Markdown, laid out on a terminal and as it is elsewhere."""
    if sys.stdout.isatty():
        Console().print(Markdown(text))
    else:
        sys.stdout.write(text + "\n")
