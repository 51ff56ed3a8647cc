"""The events of a JSON file as both passes over it see them: numbered, no deeper than is sane, built or skipped."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import ijson
from pydantic import JsonValue

from knowledge.readers.content import Content
from knowledge.readers.scanner import Event, Scalar

DEEPEST = 100
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Unread:
    """Stands for a value that is not read."""

    reason: str


@dataclass(slots=True)
class Built:
    """A whole value; `cut` says why it is not whole, `repeated` which keys stand in it more than once."""

    value: JsonValue | Unread
    cut: str | None = None
    repeated: list[str] = field(default_factory=list)


class Tape:
    """Events with the number of every object and list in the order they begin, the same at each reading."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._depth = 0
        self.number = 0
        """Of the object or list that began last, from 1."""
        self.at = -1
        """The byte of the last event; -1: not known."""

    def next(self) -> tuple[str, Scalar | Unread] | None:
        """The kind and value of the next event; None at the end."""
        event = next(self._events, None)
        if event is None:
            return None
        self.at = event.at
        if event.kind.startswith("start"):
            if self._depth == DEEPEST:
                self._leave()
                return "scalar", Unread(f"is nested deeper than {DEEPEST} levels")
            self._depth += 1
            self.number += 1
        elif event.kind.startswith("end"):
            self._depth -= 1
        return event.kind, event.value

    def skip(self) -> None:
        """Go behind the end of what began last."""
        self._leave()
        self._depth -= 1

    def build(self, kind: str) -> Built:
        """All of what began last."""
        built = Built(None)
        built.value = self._map(built) if kind == "start_map" else self._list(built)
        return built

    def _leave(self) -> None:
        open_now = 1
        for event in self._events:
            if event.kind.startswith("start"):
                self.number += self._depth + open_now - 1 < DEEPEST
                open_now += 1
            elif event.kind.startswith("end"):
                open_now -= 1
                if open_now == 0:
                    return

    def _map(self, built: Built) -> JsonValue:
        found: dict[str, JsonValue] = {}
        key = ""
        while (event := self.next()) is not None and event[0] != "end_map":
            kind, value = event
            if kind == "map_key":
                key = str(value)
                if key in found:
                    built.repeated.append(key)
            elif kind in {"cut", "stop"}:
                built.cut = built.cut or str(value)
            else:
                found[key] = self._part(kind, value, built)
        return found

    def _list(self, built: Built) -> JsonValue:
        found: list[JsonValue] = []
        while (event := self.next()) is not None and event[0] != "end_array":
            if event[0] in {"cut", "stop"}:
                built.cut = built.cut or str(event[1])
            else:
                found.append(self._part(*event, built))
        return found

    def _part(self, kind: str, value: Scalar | Unread, built: Built) -> JsonValue:
        if kind == "start_map":
            return self._map(built)
        if kind == "start_array":
            return self._list(built)
        if isinstance(value, Unread):
            built.cut = built.cut or value.reason
            return None
        return value


def strict_events(content: Content) -> Iterator[Event]:
    """The events of a single well-formed document. Raises ijson.JSONError or ValueError where it is not."""
    stream = _Stream(content)
    for kind, value in ijson.basic_parse(stream, use_float=True, buf_size=_CHUNK):
        scalar = kind not in {"start_map", "map_key", "end_map", "start_array", "end_array"}
        yield Event("scalar" if scalar else kind, value, -1)


class _Stream:
    """The bytes of a content as ijson asks for them."""

    def __init__(self, content: Content) -> None:
        self._data = content.data
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        end = len(self._data) if size < 0 else self._at + size
        chunk = self._data[self._at : end]
        self._at += len(chunk)
        return chunk
