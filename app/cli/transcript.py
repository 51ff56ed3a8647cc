"""What a run's events look like on the terminal."""

import re
import shutil
import sys
from typing import Any  # values of JSON

from pydantic import JsonValue

from app.cli.client import Event
from app.cli.output import complain, emit, note


class Transcript:
    """Shows one turn: the words of a lone specialist as they come, several specialists' answers when they are merged."""

    def __init__(self) -> None:
        self.run = ""
        """The run's id; empty before it began."""
        self.thread: str | None = None
        self.seen = 0
        """The number of the last event shown."""
        self._written = ""
        self._several = False
        self._within_line = False
        self._wrapping = Wrapping(shutil.get_terminal_size().columns) if sys.stdout.isatty() else None

    def show(self, event: Event) -> None:
        """Show what an event brings."""
        self.run = str(event["run_id"])
        self.seen = max(self.seen, _number(event["seq"]))
        match event["type"]:
            case "run.started":
                self.thread = str(event["thread_id"])
            case "route":
                self._tell_route(event)
            case "tool.started":
                self.end_line()
                note(f"{event['agent']} computes: {event['tool']}")
            case "token" if not self._several:
                if event.get("anew"):
                    self.end_line()
                    note("written anew: another process took the run over")
                    self._written = ""
                self._write(str(event["text"]))
            case "run.finished":
                self._finish(_record(event["result"]))
            case "run.cancelled":
                self.end_line()
                note("cancelled")
            case "run.failed":
                self.end_line()
                complain(failure(event))
            case _:
                pass

    def end_line(self) -> None:
        """Remarks begin on a line of their own."""
        if self._wrapping:
            emit(self._wrapping.rest(), end="")
        if self._within_line:
            emit("")
            self._within_line = False

    def _tell_route(self, event: Event) -> None:
        tasks = event["tasks"]
        names = [str(_record(task)["agent"]) for task in tasks] if isinstance(tasks, list) else []
        self._several = len(names) > 1
        if names:
            note(f"{' and '.join(names)} {'work' if self._several else 'works'} on it")

    def _write(self, text: str) -> None:
        if not self._written and self._wrapping:
            emit("")
        self._written += text
        self._within_line = not self._written.endswith("\n")
        emit(self._wrapping.add(text) if self._wrapping else text, end="")

    def _finish(self, result: dict[str, JsonValue]) -> None:
        """What was not written yet; the whole, where it differs from what was written."""
        whole = str(result["answer"])
        if not whole.startswith(self._written):
            self.end_line()
            emit("")
            self._written = ""
        self._write(whole.removeprefix(self._written))
        self.end_line()
        emit("")
        note("\n".join(footnotes(result)))


class Wrapping:
    """Breaks text that comes in pieces between words; a word is held back until it is whole."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._column = 0
        self._word = ""

    def add(self, text: str) -> str:
        """What can be written now."""
        *pieces, self._word = re.split(r"(\s)", self._word + text)
        return "".join(self._placed(piece) for piece in pieces)

    def rest(self) -> str:
        """The word that was held back; another line begins after it."""
        placed, self._word, self._column = self._placed(self._word), "", 0
        return placed

    def _placed(self, piece: str) -> str:
        if piece == "\n":
            self._column = 0
            return piece
        if self._column + len(piece) > self._width:
            begin = "\n" if self._column else ""
            self._column = 0 if piece.isspace() else len(piece)
            return begin if piece.isspace() else begin + piece
        self._column += len(piece)
        return piece


def footnotes(result: dict[str, JsonValue]) -> list[str]:
    """Lines on what an answer cites and made, its thread and its model."""
    lines = [f"[{one['number']}] {one['title']} ({one['source']})" for one in _records(result["citations"])]
    lines += [f"made {one['name']}: GET /v1/artifacts/{one['id']}" for one in _records(result["artifacts"])]
    missing = [f"{one['tier']} ({one['reason']})" for one in _records(result.get("degraded"))]
    lines += [f"memory did not answer, and is missing: {', '.join(missing)}"] if missing else []
    return [*lines, f"thread {result['thread_id']} · model {result['model']}"]


def failure(event: Event) -> str:
    """Why a run ended without an answer, in words."""
    if event.get("type") == "run.cancelled":
        return f"the run was cancelled: {event['reason']}"
    problem = _record(event.get("problem"))
    if not problem:
        return "the run ended without an answer"
    return f"{problem['title']}: {problem['detail']}"


def _records(value: Any) -> list[dict[str, JsonValue]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _record(value: Any) -> dict[str, JsonValue]:  # whatever JSON has there
    return value if isinstance(value, dict) else {}


def _number(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0
