"""From a path to the reader that can read it."""

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from knowledge.errors import SourceUnreadable
from knowledge.readers.content import LARGEST, Content, check_is_file, opened, unreadable
from knowledge.readers.layout import looks_like_table
from knowledge.readers.lines import LinesReader
from knowledge.readers.pairs import JsonReader
from knowledge.readers.questions import QuestionListReader, is_question_list, what_it_is
from knowledge.readers.records import PairRecord, Reader, ReadReport, Research, SourceKind
from knowledge.readers.report import ReportReader, is_report, uncoloured
from knowledge.readers.research import research_in
from knowledge.readers.signatures import is_parquet, no_source
from knowledge.readers.tables import ParquetReader, TableReader

_ENDINGS = (".txt", ".md", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
SUFFIXES = (*_ENDINGS, *(f"{ending}.gz" for ending in _ENDINGS))
_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20
_LARGEST_TEXT = 64 << 20
_JSON = re.compile(
    rb'\s*+(?:(?://[^\n]*+\n|/\*(?:[^*]|\*(?!/))*+\*/)\s*+)*+(?:\{\s*(?:["\'}/]|\w+\s*:)|\[\s*(?:[\[{"\'\]/]|-?\d+\s*[,\]]|true|false|null))',
    re.DOTALL,
)
_FENCED = re.compile(rb"```(?:json)?\s*[\[{]")
_LINE_OF_JSON = re.compile(rb"\s*[\[{].*[\]}]\s*")


class NothingReader:
    """Reads a text that holds no pairs."""

    def __init__(self, nothing: str, research: Research | None = None) -> None:
        self.report = ReadReport(kind=SourceKind.RESEARCH_REPORT, nothing=nothing, research=research)

    def pairs(self) -> Iterator[PairRecord]:
        """None."""
        return iter(())


class CutReader:
    """Reads a text whose archive ends early: its pairs, and then the damage."""

    def __init__(self, reader: Reader, name: str, damage: str) -> None:
        self._reader = reader
        self._said = f"{name} is damaged: {damage}. Get the whole file and import it again."

    @property
    def report(self) -> ReadReport:
        """Of the text as far as it goes."""
        return self._reader.report

    def pairs(self) -> Iterator[PairRecord]:
        """The pairs that are there. Raises SourceUnreadable after them."""
        yield from self._reader.pairs()
        raise SourceUnreadable(self._said)


def open_source(path: Path, encoding: str | None = None) -> Reader:
    """The reader for a file, chosen by what it holds first and by its name second.

    gzip is recognised, and the encoding of its text, unless `encoding` says it. Raises SourceUnreadable when the file
    cannot be opened or is none of the kinds that are read, UnknownEncoding where there is no such one.
    """
    content = opened(path, encoding)
    try:
        reader = _reader(content, path.name.removesuffix(".gz").lower())
    except BaseException:
        content.close()
        raise
    reader.report.encoding = content.encoding
    if not isinstance(reader, JsonReader):
        content.close()
        if content.damage is not None:
            return CutReader(reader, content.name, content.damage)
    return reader


def content_hash(path: Path) -> str:
    """The SHA-256 of what a file holds: of the unpacked bytes, so that a file and its gzip are one source.

    A gzip that is damaged, or unpacks to more than is read, is known by its packed bytes. Raises SourceUnreadable when the file cannot be read.
    """
    try:
        check_is_file(path)
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
        try:
            return _digest(
                gzip.GzipFile(path, "rb") if packed else path.open("rb"), LARGEST if packed else None
            )
        except (EOFError, zlib.error, gzip.BadGzipFile):
            return _digest(path.open("rb"))
    except OSError as error:
        raise unreadable(path, error) from error


def _reader(content: Content, name: str) -> Reader:
    if is_parquet(content.start):
        return ParquetReader(content)
    if (what := no_source(content.data[:_CHUNK])) is not None:
        raise SourceUnreadable(f"{content.name} {what}")
    if content.is_binary:
        raise SourceUnreadable(
            f"{content.name} is neither text, JSON nor a table of pairs ({', '.join(_ENDINGS)}, packed or not)."
        )
    start = content.start
    if _JSON.match(start):
        return LinesReader(content) if _is_lines(content, name) else JsonReader(content)
    if name.endswith((".jsonl", ".ndjson")):
        return LinesReader(content)
    if name.endswith((".csv", ".tsv")):
        return TableReader(content)
    table = looks_like_table(content)
    if len(content) > _LARGEST_TEXT and not table:
        raise SourceUnreadable(
            f"{content.name} has {len(content) >> 20} MB; a text has less than {_LARGEST_TEXT >> 20} MB."
        )
    if table and (len(content) > _LARGEST_TEXT or not is_question_list(content.text())):
        return TableReader(content)
    return _text_reader(content, name)


def _text_reader(content: Content, name: str) -> Reader:
    text, remarks = content.text(), tuple(content.remarks)
    if is_report(text):
        return ReportReader(text, content.name, remarks)
    if name.endswith(".json") or _FENCED.search(content.data):
        return JsonReader(content)
    if is_question_list(text):
        return QuestionListReader(text, content.name, remarks)
    return NothingReader(what_it_is(text), research_in(uncoloured(text)))


def _is_lines(content: Content, name: str) -> bool:
    """Whether each line is an object of its own, as far as the first two tell."""
    start = content.data[: 64 << 20] if len(content) < _CHUNK else content.data[:_CHUNK]
    lines = [line for line in start.split(b"\n", 50)[:50] if line.strip(b"\r\t \xef\xbb\xbf")]
    whole = len(lines) > 0 and _LINE_OF_JSON.fullmatch(lines[0].removeprefix(b"\xef\xbb\xbf")) is not None
    if name.endswith((".jsonl", ".ndjson")):
        return whole or len(lines) < 2 or lines[1].lstrip()[:1] in b"{["  # noqa: PLR2004 - one line says nothing
    return whole and len(lines) > 1 and lines[0].lstrip()[:1] == b"{" and lines[1].lstrip()[:1] == b"{"


def _digest(stream: io.BufferedIOBase, most: int | None = None) -> str:
    """Raises EOFError behind `most` bytes."""
    digest, size = hashlib.sha256(), 0
    with stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if most is not None and size > most:
                raise EOFError
    return digest.hexdigest()
