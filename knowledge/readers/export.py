"""RAG exports: JSON of sessions with question-answer pairs, read as a stream because they reach hundreds of MB."""

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import ijson

from knowledge.errors import SourceUnreadable
from knowledge.readers.records import PairRecord, ReadReport, SessionRecord, SourceKind
from knowledge.readers.text import clean, unquoted

_SESSION = "sessions.item"
_PAIR = "sessions.item.qa_pairs.item"
_TOTALS = {"metadata.total_qa_pairs": "pairs", "metadata.total_sessions": "sessions"}


@dataclass
class _Session:
    """A session on its way: pairs wait only until its topic is known."""

    ordinal: int
    topic: str | None = None
    external_id: str | None = None
    ordinal_of_pair: int = 0
    waiting: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"session {self.ordinal} ({self.topic or self.external_id or 'no topic'})"


class _Eager:
    """A stream that hands over what it has instead of filling a buffer: nothing before a damage is lost."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        return self._stream.read1(size)


class ExportReader:
    """Reads `{"metadata": {...}, "sessions": [{"topic", "qa_pairs": [{"question", "answer"}]}]}`.

    One session at most is held in memory. The totals that the metadata declare are checked at the end.
    """

    def __init__(self, stream: io.BufferedIOBase, name: str) -> None:
        self._stream = stream
        self._name = name
        self._totals: dict[str, int] = {}
        self._sessions = 0
        self.report = ReadReport(kind=SourceKind.RAG_EXPORT)

    def pairs(self) -> Iterator[PairRecord]:
        """The pairs in order; closes the stream. Raises SourceUnreadable where the file is damaged."""
        session: list[_Session] = []
        with self._stream:
            try:
                yield from self._walk(session)
            except (OSError, EOFError, ValueError, zlib.error, ijson.JSONError) as error:
                if session:
                    yield from self._release(session[0], final=True)
                raise self._damaged(session, error) from error
        self._finish()

    def _walk(self, current: list[_Session]) -> Iterator[PairRecord]:
        """Follow the parser's events; `current` holds the open session, for the one who catches an error."""
        builder: Any = None  # ijson's own, which has no types
        depth = 0
        for prefix, event, value in ijson.parse(_Eager(self._stream), buf_size=1 << 16, use_float=True):
            if builder is not None:
                builder.event(event, value)
                depth += _nesting(event)
                if depth == 0:
                    self._take(current[0], builder.value)
                    builder = None
                    yield from self._release(current[0])
            elif prefix == _PAIR:
                if event in {"start_map", "start_array"}:
                    builder, depth = ijson.ObjectBuilder(), 1
                    builder.event(event, value)
                else:
                    self._take(current[0], value)
            elif prefix == _SESSION:
                if event == "end_map":  # of the session itself: its parts have longer prefixes
                    yield from self._release(current[0], final=True)
                    current.clear()
                else:
                    self._open(current, event)
            elif current and event in {"string", "number"}:
                _describe(current[0], prefix, value)
                yield from self._release(current[0])
            else:
                self._note(prefix, event, value)

    def _note(self, prefix: str, event: str, value: object) -> None:
        if prefix in _TOTALS and event == "number" and isinstance(value, int):
            self._totals[_TOTALS[prefix]] = value
            self.report.declared = self._totals.get("pairs")
        elif prefix == "sessions" and event == "start_array":
            self._totals.setdefault("array", 1)

    def _open(self, current: list[_Session], event: str) -> None:
        if event in {"map_key", "end_array"}:
            return
        self._sessions += 1
        if event == "start_map":
            current.append(_Session(self._sessions))
        else:
            self.report.reject(f"session {self._sessions}", "is no object with a topic and qa_pairs")

    def _take(self, session: _Session, pair: object) -> None:
        """Check one pair and let it wait for its session's topic."""
        session.ordinal_of_pair += 1
        place = f"{session.place}, pair {session.ordinal_of_pair}"
        question = pair.get("question") if isinstance(pair, dict) else None
        answer = pair.get("answer") if isinstance(pair, dict) else None
        if not isinstance(question, str) or not isinstance(answer, str):
            self.report.reject(place, "has no `question` and `answer` that are texts")
            return
        asked, answered = unquoted(clean(question)), clean(answer)
        if not asked or not answered:
            self.report.reject(place, f"has an empty {'question' if not asked else 'answer'}")
            return
        session.waiting.append((session.ordinal_of_pair, asked, answered))

    def _release(self, session: _Session, *, final: bool = False) -> Iterator[PairRecord]:
        if session.topic is None and not final:
            return
        record = SessionRecord(
            ordinal=session.ordinal, topic=session.topic or "unnamed", external_id=session.external_id
        )
        waiting, session.waiting = session.waiting, []
        for ordinal, question, answer in waiting:
            self.report.read += 1
            yield PairRecord(session=record, ordinal=ordinal, question=question, answer=answer)

    def _finish(self) -> None:
        if "array" not in self._totals:
            raise SourceUnreadable(
                f"{self._name} is JSON but no RAG export: it has no `sessions` list at the top. "
                'An export looks like {"metadata": {...}, "sessions": [{"topic": ..., "qa_pairs": [...]}]}.'
            )
        self.report.check_total()
        declared = self._totals.get("sessions")
        if declared is not None and declared != self._sessions:
            self.report.doubt("total", f"declares {declared} sessions and holds {self._sessions}")
        if not self.report.read and not self.report.rejected:
            self.report.nothing = "an export without question-answer pairs"

    def _damaged(self, session: list[_Session], error: BaseException) -> SourceUnreadable:
        if not self._sessions:
            where = "before the first session"
        elif session:
            where = f"in {session[0].place} after pair {session[0].ordinal_of_pair}"
        else:
            where = f"after session {self._sessions}"
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        return SourceUnreadable(
            f"{self._name} is damaged {where}: {reason}. {self.report.read} pairs before it were read. "
            "Get the whole file and import it again."
        )


def _describe(session: _Session, prefix: str, value: object) -> None:
    if prefix == f"{_SESSION}.topic" and isinstance(value, str):
        session.topic = clean(value) or None
    elif prefix == f"{_SESSION}.session_id":
        session.external_id = clean(str(value))


def _nesting(event: str) -> int:
    return {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}.get(event, 0)
