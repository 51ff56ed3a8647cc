"""Tables of pairs, a row a pair: CSV, TSV and Parquet."""

import csv
import itertools
from collections.abc import Iterator, Sequence
from typing import Any  # pyarrow has no types

from knowledge.errors import SourceUnreadable
from knowledge.readers.content import Content
from knowledge.readers.decoding import stray_bytes
from knowledge.readers.fields import Role, rank
from knowledge.readers.intake import Intake
from knowledge.readers.layout import Layout, is_rule, layout_of, lines_of, names_of
from knowledge.readers.pairs import JsonReader
from knowledge.readers.records import SourceKind
from knowledge.readers.scanner import Event, Scalar
from knowledge.readers.survey import Plan, Survey

_OPEN = "unexpected end of data"
_ROWS = 1000
_LISTS = (list, tuple)

Row = tuple[int, Sequence[str] | None, str]
"""The line a row begins on, its cells, or None and why it has none."""


class TableReader(JsonReader):
    """Reads delimited text; how it is laid out is found by what its columns are called."""

    kind = SourceKind.TABLE

    def __init__(self, content: Content) -> None:
        super().__init__(content)
        self._layout = layout_of(content) or Layout()
        self._names: tuple[str, ...] = ()

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
        header, names = [cell.strip() for cell in first[1]], names_of(first[1])
        self._names = tuple(names or ())
        if names is None:
            names = [f"column {number}" for number in range(1, len(first[1]) + 1)]
            yield from _object(first[0], names, first[1])
        for line, cells, reason in rows:
            if cells is None:
                yield Event("cut", reason, line)
            elif self._names and ([cell.strip() for cell in cells] == header or is_rule(cells)):
                continue  # files that were joined repeat their header
            elif len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
                yield Event("cut", f"has {len(cells)} cells for {len(names)} columns", line)
            else:
                yield from _object(line, names, cells)

    def look_through(self) -> Survey:
        """The first pass; each row counts as a pair where the columns of question and answer are known."""
        found = super().look_through()
        if 0 not in found.plans and {"question", "answer"} & _roles(self._names):
            found.plans[0] = Plan(pairs=True)
        return found

    def nothing(self, found: Survey, intake: Intake) -> str:
        """What the table is if it gave no pair."""
        if not len(self._content) or intake.present:
            return super().nothing(found, intake)
        names = ", ".join((self._names or tuple(found.fields))[:8])
        if not names or 0 in found.plans:
            return "a table without rows"
        return f"a table without questions and answers: {names}"

    def _rows(self) -> Iterator[Row]:
        """The rows that are not blank, from the header on. One that swallowed lines after it is taken apart again."""
        layout = self._layout
        lines = itertools.islice(lines_of(self._content), layout.skip, None)
        width, line = 0, layout.skip + 1
        pending: list[str] = []

        def noted() -> Iterator[str]:
            nonlocal line
            for text in lines:
                if layout.markdown and "|" not in text:
                    line += 1
                    continue
                pending.append(text)
                yield text

        reader = layout.rows(noted())
        while True:
            line += len(pending)
            pending.clear()
            try:
                cells: list[str] | None = next(reader)
                reason = ""
            except StopIteration:
                return
            except csv.Error as error:
                cells, reason = None, f"its quotes do not match ({error})"
            width = width or len(cells or [])
            if len(pending) > 1 and (cells is None or len(cells) != width):
                yield from self._apart(line, pending, width, cells, reason)
            elif cells is None:
                loose = layout.loose_row(pending[0], width) if _OPEN not in reason else None
                unclosed = "has a quote that is not closed" if _OPEN in reason else reason
                yield (line, loose, "") if loose is not None else (line, None, unclosed)
            elif any(cell.strip() for cell in cells):
                yield line, cells, ""

    def _apart(
        self, begins: int, lines: list[str], width: int, cells: list[str] | None, reason: str
    ) -> Iterator[Row]:
        """The rows of lines that an open quote made one.

        Each line that fits on its own is one; one that would but for its quote begins one that is lost.
        """
        alone = [self._layout.row(line, width) for line in lines]
        begun = [
            row is None and self._layout.loose_row(line, width) is not None
            for row, line in zip(alone, lines, strict=True)
        ]
        if width < 2 or not (any(alone[1:]) or any(begun[1:])):  # noqa: PLR2004 - any line fits one column
            yield begins, cells, reason
            return
        broken: int | None = None
        for number, (row, begin, line) in enumerate(zip(alone, begun, lines, strict=True), begins):
            if broken is not None and (row is not None or begin):
                yield broken, None, "has a quote that is not closed"
                broken = None
            if row is not None:
                yield number, row, ""
            elif broken is None and line.strip():
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
        except (pa.ArrowException, OSError, ValueError) as error:
            said = str(error).rstrip(".")
            raise SourceUnreadable(
                f"{self._content.name} is a damaged Parquet file: {said}. Get the whole file and import it again."
            ) from error
        for group, size in enumerate(sizes):
            given, reason = 0, "it ends early"
            try:
                for batch in file.iter_batches(_ROWS, row_groups=[group]):
                    yield from _rows(_with_times_as_text(batch, pa))
                    given += batch.num_rows
            except (pa.ArrowException, OSError, ValueError) as error:
                reason = " ".join(str(error).split())
            for _ in range(size - given):
                yield Event("cut", f"its row group ({group + 1} of {len(sizes)}) is damaged: {reason}", -1)

    def look_through(self) -> Survey:
        """The first pass; where no row can be read, the columns say whether each was a pair."""
        found = super().look_through()
        if not found.documents and {"question", "answer"} & _roles(self._names):
            found.plans[0] = Plan(pairs=True)
        return found

    def damage(self) -> tuple[str, int] | None:
        """None: what is damaged of a Parquet file is rejected row by row, or all of it cannot be read."""
        return None


def _roles(names: Sequence[str]) -> set[str]:
    return {
        role.value for role in (Role.QUESTION, Role.ANSWER) for name in names if rank(name, role) is not None
    }


def _object(line: int, names: Sequence[str], cells: Sequence[str]) -> Iterator[Event]:
    yield Event("start_map", None, line)
    for name, cell in zip(names, cells, strict=False):
        yield Event("map_key", name, line)
        counts = cell.isascii() and cell.isdigit() and len(cell) < 10  # noqa: PLR2004 - as counts and ids have
        text = rank(name, Role.QUESTION) is not None or rank(name, Role.ANSWER) is not None
        value: Scalar = int(cell) if counts and not text else cell
        yield Event("scalar", value, line)
    yield Event("end_map", None, line)


def _with_times_as_text(batch: Any, pa: Any) -> Any:  # pyarrow has no types
    """A batch whose dates and times are texts: some that Parquet holds are none for Python."""
    columns = [
        column.cast(pa.int64() if pa.types.is_duration(column.type) else pa.string())
        if pa.types.is_temporal(column.type)
        else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _rows(batch: Any) -> Iterator[Event]:  # pyarrow has no types
    """The rows of a batch; one that holds what Python has no value for, such as text that is no UTF-8, is a cut."""
    try:
        rows = batch.to_pylist()
    except (ValueError, OverflowError):
        rows = None
    for number in range(batch.num_rows):
        try:
            row = rows[number] if rows is not None else batch.slice(number, 1).to_pylist()[0]
        except UnicodeDecodeError as error:
            yield Event("cut", f"holds text that is not UTF-8 ({error.reason})", -1)
        except (ValueError, OverflowError) as error:
            yield Event("cut", f"holds a value that cannot be read ({error})", -1)
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
        yield Event("scalar", value.decode("utf-8", stray_bytes()), -1)
    else:
        known = value is None or isinstance(value, str | int | float | bool)
        yield Event("scalar", value if known else str(value), -1)  # type: ignore[arg-type]  # a scalar by then
