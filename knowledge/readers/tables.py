"""Tables of pairs, a row a pair: CSV, TSV and Parquet."""

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Any  # pyarrow has no types

from knowledge.errors import SourceUnreadable
from knowledge.readers.content import Content
from knowledge.readers.fields import Role, rank
from knowledge.readers.intake import Intake
from knowledge.readers.looks import look
from knowledge.readers.pairs import JsonReader
from knowledge.readers.records import SourceKind
from knowledge.readers.scanner import Event, Scalar
from knowledge.readers.survey import Plan, Survey
from knowledge.readers.text import asks

_DELIMITERS = ",\t;|"
_SAMPLE_ROWS = 20
_LONGEST_CELL = 1 << 27
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_OPEN = "unexpected end of data"
_ROWS = 1000
_LISTS = (list, tuple)

Row = tuple[int, Sequence[str] | None, str]
"""The line a row begins on, its cells, or None and why it has none."""


class TableReader(JsonReader):
    """Reads delimited text; the delimiter is found by what the columns would be called."""

    kind = SourceKind.TABLE

    def __init__(self, content: Content) -> None:
        super().__init__(content)
        self._delimiter = delimiter_of(content) or ","

    def of_document(self, index: int, at: int, documents: int) -> str:  # noqa: ARG002 - what other readers need
        """The line that a row begins on."""
        return f"line {at}"

    def of_byte(self, at: int) -> str:  # noqa: ARG002 - what other readers need
        """Nothing: the line says it."""
        return ""

    def events(self) -> Iterator[Event]:
        """A row as an object with its columns for keys; for one that does not fit them, a cut."""
        rows = self._rows()
        first = next(rows, None)
        if first is None or first[1] is None:
            return
        names = _named(first[1])
        if names is None:
            names = [f"column {number}" for number in range(1, len(first[1]) + 1)]
            yield from _object(first[0], names, first[1])
        for line, cells, reason in rows:
            if cells is None:
                yield Event("cut", reason, line)
            elif len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
                yield Event("cut", f"has {len(cells)} cells for {len(names)} columns", line)
            else:
                yield from _object(line, names, cells)

    def damage(self) -> tuple[str, int] | None:
        """Why the file ends early."""
        return (self._content.damage, len(self._content)) if self._content.damage is not None else None

    def look_through(self) -> Survey:
        """The first pass; each row counts as a pair where the columns of question and answer are known."""
        found = super().look_through()
        if 0 not in found.plans and {"question", "answer"} & _roles(found.fields):
            found.plans[0] = Plan(pairs=True)
        return found

    def nothing(self, found: Survey, intake: Intake) -> str:
        """What the table is if it gave no pair."""
        if not len(self._content) or intake.present:
            return super().nothing(found, intake)
        names = ", ".join(list(found.fields)[:8])
        return f"a table without questions and answers: {names}" if names else "a table without rows"

    def _rows(self) -> Iterator[Row]:
        """The rows that are not blank. One that swallowed lines after it is taken apart again."""
        csv.field_size_limit(_LONGEST_CELL)
        width = 0
        pending: list[str] = []

        def noted() -> Iterator[str]:
            for line in lines_of(self._content):
                pending.append(line)
                yield line

        reader = csv.reader(noted(), delimiter=self._delimiter, strict=True)
        line = 1
        while True:
            pending.clear()
            begins = line
            try:
                cells: list[str] | None = next(reader)
                reason = ""
            except StopIteration:
                return
            except csv.Error as error:
                cells, reason = None, f"cannot be read: {error}"
            line += len(pending)
            width = width or len(cells or [])
            if len(pending) > 1 and (cells is None or len(cells) != width):
                yield from self._apart(begins, pending, width, cells, reason)
            elif cells is None and _OPEN in reason:
                yield begins, None, "has a quote that is not closed"
            elif cells is None:
                loose = next(csv.reader(pending, delimiter=self._delimiter), [])
                yield (begins, loose, "") if len(loose) == width else (begins, None, reason)
            elif any(cell.strip() for cell in cells):
                yield begins, cells, ""

    def _apart(
        self, begins: int, lines: list[str], width: int, cells: list[str] | None, reason: str
    ) -> Iterator[Row]:
        """The rows of lines that an open quote made one; each line that fits on its own is one."""
        alone = [_alone(line, self._delimiter) for line in lines]
        if not any(row is not None and len(row) == width > 1 for row in alone[1:]):
            yield begins, cells, reason
            return
        broken: int | None = None
        for number, row in enumerate(alone, begins):
            if row is not None and len(row) == width:
                if broken is not None:
                    yield broken, None, "has a quote that is not closed"
                    broken = None
                yield number, row, ""
            elif broken is None and lines[number - begins].strip():
                broken = number
        if broken is not None:
            yield broken, None, "has a quote that is not closed"


class ParquetReader(JsonReader):
    """Reads a Parquet file; its columns may hold objects and lists.

    Of a row group that is damaged what can be read is given, and each of its other rows rejected.
    """

    kind = SourceKind.TABLE

    def __init__(self, content: Content) -> None:
        super().__init__(content)
        self._names: tuple[str, ...] = ()

    def of_document(self, index: int, at: int, documents: int) -> str:  # noqa: ARG002 - what other readers need
        """The number of the row."""
        return f"row {index + 1}"

    def of_byte(self, at: int) -> str:  # noqa: ARG002 - what other readers need
        """Nothing: the row says it."""
        return ""

    def events(self) -> Iterator[Event]:
        """A row as an object, for one that cannot be read a cut.

        Raises SourceUnreadable where pyarrow is missing, or the damage is where the file says what is in it.
        """
        try:
            import pyarrow as pa
            from pyarrow import parquet
        except ImportError as error:
            raise SourceUnreadable(
                f"{self._content.name} is a Parquet file; reading it needs pyarrow: "
                'pip install "freya-agents[parquet]", or save it as CSV or JSON Lines.'
            ) from error
        try:
            file = parquet.ParquetFile(pa.BufferReader(self._content.data), page_checksum_verification=True)
            self._names = tuple(file.schema_arrow.names)
            sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        except (pa.ArrowException, OSError) as error:
            raise SourceUnreadable(f"{self._content.name} is a damaged Parquet file: {error}.") from error
        for group, size in enumerate(sizes):
            given, reason = 0, "it ends early"
            try:
                for batch in file.iter_batches(_ROWS, row_groups=[group]):
                    yield from _rows(batch)
                    given += batch.num_rows
            except (pa.ArrowException, OSError) as error:
                reason = " ".join(str(error).split())
            for _ in range(size - given):
                yield Event("cut", f"its row group ({group + 1} of {len(sizes)}) is damaged: {reason}", -1)

    def look_through(self) -> Survey:
        """The first pass; where no row can be read, the columns say whether each was a pair."""
        found = super().look_through()
        if not found.documents and {"question", "answer"} & _roles(dict.fromkeys(self._names, 0)):
            found.plans[0] = Plan(pairs=True)
        return found

    def damage(self) -> tuple[str, int] | None:
        """None: what is damaged of a Parquet file is rejected row by row, or all of it cannot be read."""
        return None


def delimiter_of(content: Content) -> str | None:
    """The delimiter of a table of pairs; None where the text is none."""
    sample = [line for line, _ in zip(lines_of(content), range(200), strict=False)]
    best: tuple[int, str] | None = None
    for delimiter in _DELIMITERS:
        csv.field_size_limit(_LONGEST_CELL)
        rows: list[list[str]] = []
        try:
            for row in csv.reader(sample, delimiter=delimiter):
                rows += [row] if any(cell.strip() for cell in row) else []
                if len(rows) == _SAMPLE_ROWS:
                    break
        except csv.Error:
            continue
        if not rows or len(rows[0]) < 2:  # noqa: PLR2004 - one column is no table
            continue
        alike = sum(len(row) == len(rows[0]) for row in rows)
        found = look(dict.fromkeys(rows[0], "text"))
        named = found is not None and found.question is not None and found.answer is not None
        known = sum(any(rank(name, role) is not None for role in Role) for name in rows[0])
        score = 1000 * named + 10 * known + alike
        if best is None or score > best[0]:
            best = (score, delimiter)
    return best[1] if best is not None else None


def looks_like_table(content: Content) -> bool:
    """Whether a text that is not called a table is one: its first line names a question and an answer column."""
    delimiter = delimiter_of(content)
    first = next(lines_of(content), "")
    if delimiter is None or len(first) > 1000:  # noqa: PLR2004 - no header
        return False
    try:
        names = next(csv.reader([first], delimiter=delimiter), [])
    except csv.Error:
        return False
    short = [name for name in names if len(name.split()) <= 3]  # noqa: PLR2004 - as names are
    found = look(dict.fromkeys(short, "text"))
    return len(short) == len(names) > 1 and found is not None and None not in (found.question, found.answer)


def lines_of(content: Content) -> Iterator[str]:
    """The lines of a text with their ends, whatever those are."""
    data, size, start = content.data, len(content), 0
    while start < size:
        end = data.find(b"\n", start) + 1 or size
        text = data[start:end].decode("utf-8", "replace").replace("\x00", "")
        yield from _LINE.findall(text.removeprefix("\ufeff") if not start else text)
        start = end


def _named(cells: Sequence[str]) -> list[str] | None:
    """The names of the columns; None where the first row is a pair already."""
    known = any(rank(cell, role) is not None for cell in cells for role in Role)
    if not known and any(asks(cell) or len(cell) > 60 for cell in cells):  # noqa: PLR2004 - no name
        return None
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = cell.strip() or f"column {number}"
        names.append(name if name not in names else f"{name} {number}")
    return names


def _roles(names: dict[str, int]) -> set[str]:
    return {
        role.value for role in (Role.QUESTION, Role.ANSWER) for name in names if rank(name, role) is not None
    }


def _alone(line: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), None)
    except csv.Error:
        return None


def _object(line: int, names: Sequence[str], cells: Sequence[str]) -> Iterator[Event]:
    yield Event("start_map", None, line)
    for name, cell in zip(names, cells, strict=False):
        yield Event("map_key", name, line)
        counts = cell.isascii() and cell.isdigit() and len(cell) < 10  # noqa: PLR2004 - as counts and ids have
        text = rank(name, Role.QUESTION) is not None or rank(name, Role.ANSWER) is not None
        value: Scalar = int(cell) if counts and not text else cell
        yield Event("scalar", value, line)
    yield Event("end_map", None, line)


def _rows(batch: Any) -> Iterator[Event]:  # pyarrow has no types
    """The rows of a batch; one whose text is no UTF-8 alone is a cut."""
    try:
        rows = batch.to_pylist()
    except UnicodeDecodeError:
        rows = None
    for number in range(batch.num_rows):
        try:
            row = rows[number] if rows is not None else batch.slice(number, 1).to_pylist()[0]
        except UnicodeDecodeError as error:
            yield Event("cut", f"holds text that is not UTF-8 ({error.reason})", -1)
        else:
            yield from _events(row)


def _events(value: object) -> Iterator[Event]:
    """What a row holds as events."""
    if isinstance(value, dict):
        yield Event("start_map", None, -1)
        for key, part in value.items():
            yield Event("map_key", str(key), -1)
            yield from _events(part)
        yield Event("end_map", None, -1)
    elif isinstance(value, _LISTS):
        yield Event("start_array", None, -1)
        for part in value:
            yield from _events(part)
        yield Event("end_array", None, -1)
    elif isinstance(value, bytes):
        yield Event("scalar", value.decode("utf-8", "replace"), -1)
    else:
        known = value is None or isinstance(value, str | int | float | bool)
        yield Event("scalar", value if known else str(value), -1)  # type: ignore[arg-type]  # a scalar by then
