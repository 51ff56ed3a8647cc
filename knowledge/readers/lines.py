"""JSON Lines of pairs: one object a line with topic, category, question and answer."""

import io
import json
from collections import Counter
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, ValidationError

from knowledge.errors import SourceUnreadable
from knowledge.readers.records import PairRecord, ReadReport, SessionRecord, SourceKind
from knowledge.readers.text import clean, plain, unquoted


class _Line(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    topic: str
    category: str | None = None
    question: str
    answer: str


class LinesReader:
    """Reads a file with one `{"topic", "category", "question", "answer"}` a line.

    A pair is identified by its question and not by its line, so that a line may be added anywhere and an
    answer improved without the others becoming different pairs.
    """

    def __init__(self, stream: io.BufferedIOBase, name: str) -> None:
        self._stream = stream
        self._name = name
        self.report = ReadReport(kind=SourceKind.JSON_LINES)

    def pairs(self) -> Iterator[PairRecord]:
        """The pairs in order; closes the stream. Raises SourceUnreadable where the file cannot be read on."""
        sessions: dict[str, SessionRecord] = {}
        ordinals: Counter[str] = Counter()
        asked: Counter[str] = Counter()
        for number, line in self._lines():
            found = self._parse(number, line)
            if found is None:
                continue
            session = sessions.setdefault(
                found.topic,
                SessionRecord(ordinal=len(sessions) + 1, topic=found.topic, category=found.category),
            )
            ordinals[found.topic] += 1
            words = plain(found.question)
            asked[words] += 1
            self.report.read += 1
            yield PairRecord(
                session=session,
                ordinal=ordinals[found.topic],
                question=found.question,
                answer=found.answer,
                key=f"{words}#{asked[words]}",
            )
        if not self.report.read and not self.report.rejected:
            self.report.nothing = "a file without lines"

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        with self._stream:
            number = 0
            try:
                for number, line in enumerate(self._stream, 1):
                    if line.strip():
                        yield number, line
            except (OSError, EOFError) as error:
                raise SourceUnreadable(
                    f"{self._name} is damaged after line {number}: {error}. {self.report.read} pairs before it "
                    "were read. Get the whole file and import it again."
                ) from error

    def _parse(self, number: int, line: bytes) -> _Line | None:
        place = f"line {number}"
        try:
            found = _Line.model_validate(json.loads(line))
        except ValueError as error:
            self.report.reject(place, _reason(error))
            return None
        cleaned = _Line(
            topic=clean(found.topic),
            category=clean(found.category) if found.category else None,
            question=unquoted(clean(found.question)),
            answer=clean(found.answer),
        )
        for name in ("topic", "question", "answer"):
            if not getattr(cleaned, name):
                self.report.reject(place, f"has an empty {name}")
                return None
        return cleaned


def _reason(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        return f"{at}: {first['msg']}" if at else first["msg"]
    return f"is no JSON object: {error}"
