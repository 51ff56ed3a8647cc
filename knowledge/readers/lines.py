"""JSON Lines of pairs: one object a line, under whatever names its fields go."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import IO

from knowledge.readers.content import Content
from knowledge.readers.intake import Intake
from knowledge.readers.pairs import JsonReader
from knowledge.readers.records import PairRecord, SourceKind
from knowledge.readers.scanner import Event, Scanner
from knowledge.readers.survey import Plan, Survey
from knowledge.readers.text import plain

_OBJECT = re.compile(rb"[^\n{\[\"]*(?P<object>\{)")


class LinesReader(JsonReader):
    """Reads a file with one object a line: a pair, or something that holds pairs.

    A pair is identified by its question and not by its line, so that a line may be added anywhere and an
    answer improved without the others becoming different pairs.
    """

    kind = SourceKind.JSON_LINES

    def __init__(self, source: Content | IO[bytes], name: str = "") -> None:
        super().__init__(source if isinstance(source, Content) else Content(source, name))
        self._mended: Counter[str] = Counter()
        self._first: dict[str, int] = {}

    def pairs(self) -> Iterator[PairRecord]:
        """The pairs in order; closes the file. Raises SourceUnreadable where the file cannot be read on."""
        asked: Counter[str] = Counter()
        for record in super().pairs():
            words = plain(record.question)
            asked[words] += 1
            yield replace(record, key=f"{words}#{asked[words]}")

    def of_document(self, index: int, at: int, documents: int) -> str:  # noqa: ARG002 - what other readers need
        """The number of the line."""
        return f"line {self._content.line(at)}"

    def of_byte(self, at: int) -> str:  # noqa: ARG002 - what other readers need
        """Nothing: the line says it."""
        return ""

    def events(self) -> Iterator[Event]:
        """The events of line after line; for one that is no JSON, a cut."""
        self._mended.clear()
        for start, end in self._lines():
            scanner = Scanner(self._content, self._begin(start, end), end)
            first = next(events := scanner.events(), None)
            if first is None or first.kind == "stop":
                yield Event("cut", "is no JSON object", start)
                continue
            yield first
            yield from events
            self._mended += scanner.mended
            self._first = scanner.first | self._first

    def _begin(self, start: int, end: int) -> int:
        """Where the object of a line begins: behind what a log or stream writes before it."""
        opening = _OBJECT.search(self._content.data, start, end)
        if opening is None or opening.start("object") == start:
            return start
        self._mended["text before the object of a line"] += 1
        self._first.setdefault("text before the object of a line", start)
        return opening.start("object")

    def mended(self) -> list[tuple[str, int, int]]:
        """What was read although it is not as it should be, in all lines."""
        return [(what, count, self._first[what]) for what, count in self._mended.items()]

    def look_through(self) -> Survey:
        """The first pass; a line that is no pair and holds none counts as a pair that cannot be read."""
        found = super().look_through()
        found.plans.setdefault(0, Plan(pairs=True))
        return found

    def nothing(self, found: Survey, intake: Intake) -> str:
        """What the file is if it gave no pair."""
        return super().nothing(found, intake) if intake.present else "a file without lines"

    def _lines(self) -> Iterator[tuple[int, int]]:
        data, size, start = self._content.data, len(self._content), 0
        while start < size:
            end = data.find(b"\n", start)
            end = size if end < 0 else end
            if data[start:end].strip(b" \t\r\x00\xef\xbb\xbf"):
                yield start, end
            start = end + 1
