"""What a reader gives: pairs with their place, and a report of what was read and what was not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from pydantic import JsonValue


class SourceKind(StrEnum):
    """What a source is."""

    RESEARCH_REPORT = "research_report"
    QUESTION_LIST = "question_list"
    RAG_EXPORT = "rag_export"
    JSON_LINES = "json_lines"
    JSON_PAIRS = "json_pairs"
    """JSON of any other shape in which pairs are found by structure."""
    TABLE = "table"
    """A row a pair: CSV, TSV or Parquet."""
    CORPUS = "corpus"
    """What ships in the package."""

    @property
    def words(self) -> str:
        """The same for people."""
        return _WORDS[self]


_WORDS = MappingProxyType(
    {
        SourceKind.RESEARCH_REPORT: "a research report",
        SourceKind.QUESTION_LIST: "a list of questions and answers",
        SourceKind.RAG_EXPORT: "a RAG export",
        SourceKind.JSON_LINES: "JSON Lines",
        SourceKind.JSON_PAIRS: "JSON",
        SourceKind.TABLE: "a table",
        SourceKind.CORPUS: "the packaged pairs",
    }
)


def how_read(kind: SourceKind, shape: str | None, encoding: str | None = None) -> str:
    """How a source was read, for people: as what, in which encoding, and where in it the pairs and topics stand."""
    words = kind.words if encoding is None else f"{kind.words} in {encoding}"
    return words if shape is None else f"{words}: {shape}"


@dataclass(frozen=True, kw_only=True)
class SessionRecord:
    """One research session of a source: its pairs are on one topic."""

    ordinal: int
    """Its place in the source, from 1."""
    topic: str
    category: str | None = None
    external_id: str | None = None
    """What the source calls it, if it does."""
    slug: str | None = None
    """The topic's place in the catalogue, where the source knows it."""


@dataclass(frozen=True, kw_only=True)
class PairRecord:
    """A question-answer pair as read, with its place."""

    session: SessionRecord
    ordinal: int
    """Its place in the session, from 1; what was rejected is counted too."""
    question: str
    answer: str
    key: str | None = None
    """What identifies the pair in its source; None: its place does."""
    difficulty: str | None = None
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, JsonValue] = field(default_factory=dict)
    """What else the source says of the pair: ids, dates, sources, counts."""


@dataclass(frozen=True)
class Remark:
    """Something a reader could not take as it stands."""

    place: str
    """Where in the source, for people."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class Research:
    """What a source says of the research that it came from."""

    searches: int
    successful: int
    """Of these, those that found something."""
    completed: date | None = None


@dataclass(kw_only=True)
class ReadReport:
    """What was read; complete once the reader's pairs are exhausted or raised."""

    kind: SourceKind
    shape: str | None = None
    """How the source was read, for people: where its pairs and topics stand; None: as its kind says."""
    encoding: str | None = None
    """What its text was read in, where that was guessed or told; None: UTF-8, or what a mark in it says."""
    declared: int | None = None
    """How many pairs the source says it holds; None: it does not say."""
    read: int = 0
    rejected: list[Remark] = field(default_factory=list)
    """Pairs that could not be taken."""
    mismatched: list[Remark] = field(default_factory=list)
    """What was taken although it is not as the source declares it: character counts, totals."""
    research: Research | None = None
    nothing: str | None = None
    """Why the source holds no pairs; None when it holds some."""

    def reject(self, place: str, reason: str) -> None:
        """Note a pair that could not be taken."""
        self.rejected.append(Remark(place, reason))

    def doubt(self, place: str, reason: str) -> None:
        """Note something that is not as declared."""
        self.mismatched.append(Remark(place, reason))

    def check_total(self) -> None:
        """Compare what was found with what was declared."""
        found = self.read + len(self.rejected)
        if self.declared is not None and found != self.declared:
            self.doubt("total", f"declares {self.declared} pairs and holds {found}")


class Reader(Protocol):
    """Reads one source."""

    @property
    def report(self) -> ReadReport:
        """What was read so far."""
        ...

    def pairs(self) -> Iterator[PairRecord]:
        """The pairs, lazily, once.

        Raises SourceUnreadable where the source is damaged, after the pairs before the damage.
        """
        ...
