"""What a model writes, told apart as it comes: thinking, the answer, tool calls."""

from dataclasses import dataclass
from typing import Final, Literal

from models.chat.resident.calling import CallFormat, ReadCall, read_calls
from models.resident.text import partial_end

_THINK: Final = "<think>"
_THOUGHT: Final = "</think>"
_State = Literal["start", "before thinking", "thinking", "before answer", "answer", "calls"]


@dataclass(frozen=True)
class Piece:
    """Some text that belongs to the answer or to what was thought before it."""

    kind: Literal["answer", "thinking"]
    text: str


class AnswerReader:
    """Takes an answer as it is generated. White space between the parts belongs to none of them."""

    def __init__(self, form: CallFormat | None, *, thinking: bool = False) -> None:
        self._form = form
        self._state: _State = "before thinking" if thinking else "start"
        self._held = ""
        self._calls = ""

    def push(self, text: str) -> list[Piece]:
        """The pieces that are certain with this text."""
        found: list[Piece] = []
        self._held += text.replace("\0", "")  # no store takes it, and nobody reads it
        while self._state != "calls" and self._advance(found):
            pass
        if self._state == "calls":
            self._calls, self._held = self._calls + self._held, ""
        return [piece for piece in found if piece.text]

    def end(self) -> tuple[list[Piece], list[ReadCall]]:
        """What was still held, and the calls, when nothing more comes."""
        if self._state == "calls" and self._form is not None:
            return [], read_calls(self._form, self._calls)
        held, self._held = self._held, ""
        if self._state == "thinking":
            return ([Piece("thinking", held.rstrip())] if held.strip() else []), []
        return ([Piece("answer", held)] if held else []), []

    def _advance(self, found: list[Piece]) -> bool:
        """Read on as far as is certain; whether something changed that lets more be read."""
        match self._state:
            case "start":
                return self._begin()
            case "thinking":
                return self._read("thinking", found)
            case "before thinking" | "before answer":
                return self._skip_space()
            case _:
                return self._read("answer", found)

    def _begin(self) -> bool:
        begun = self._held.lstrip()
        if begun.startswith(_THINK):
            self._state, self._held = "before thinking", begun.removeprefix(_THINK)
            return True
        if begun and not _THINK.startswith(begun):
            self._state = "answer"
            return True
        return False

    def _skip_space(self) -> bool:
        self._held = self._held.lstrip()
        if self._held:
            self._state = "thinking" if self._state == "before thinking" else "answer"
        return bool(self._held)

    def _read(self, kind: Literal["answer", "thinking"], found: list[Piece]) -> bool:
        """Hand out text up to the next mark; white space waits until it is known what follows it."""
        opening = self._form.opening if self._form is not None else ""
        marks = [mark for mark in ((_THOUGHT, opening) if kind == "thinking" else (opening,)) if mark]
        met = [(place, mark) for mark in marks if (place := self._held.find(mark)) >= 0]
        if met:
            place, mark = min(met)
            found.append(Piece(kind, self._held[:place].rstrip()))
            if mark == _THOUGHT:
                self._state, self._held = "before answer", self._held[place + len(mark) :]
            else:
                self._state, self._held = "calls", self._held[place:]
            return True
        waiting = max((partial_end(self._held, mark) for mark in marks), default=0)
        certain = self._held[: len(self._held) - waiting]
        said = certain.rstrip() if marks else certain
        found.append(Piece(kind, said))
        self._held = self._held[len(said) :]
        return False
