"""Files of pairs, written batch by batch: JSON Lines, JSON, CSV and Parquet."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Protocol, TypeAlias  # Any: pyarrow has no types

from knowledge.errors import KnowledgeError
from knowledge.listing import ListedPair

_File: TypeAlias = IO[bytes] | io.RawIOBase


class ExportFormat(StrEnum):
    """What a file of pairs looks like."""

    JSONL = "jsonl"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


class FormatUnavailable(KnowledgeError):
    """A format needs a library that is not installed; the message says how to get it."""


class PairWriter(Protocol):
    """Writes one file; its methods block. What the disk refuses is raised as OSError."""

    def write(self, pairs: Sequence[ListedPair]) -> None:
        """Write these."""
        ...

    def finish(self) -> None:
        """Write what belongs at the end, and let go of the file."""
        ...


def open_writer(kind: ExportFormat, path: Path) -> PairWriter:
    """A writer of that format on a file that is made or emptied. Raises FormatUnavailable, OSError."""
    _check(kind)
    return _WRITERS[kind](path.open("wb"))


class PairPieces:
    """The bytes of such a file one after the other, for whoever sends them on; nothing is kept."""

    def __init__(self, kind: ExportFormat) -> None:
        """Raises FormatUnavailable."""
        _check(kind)
        self._pieces = _Pieces()
        self._writer = _WRITERS[kind](self._pieces)

    def piece(self, pairs: Sequence[ListedPair]) -> bytes:
        """The next piece: these pairs. Blocks."""
        self._writer.write(pairs)
        return self._pieces.taken()

    def rest(self) -> bytes:
        """The last piece."""
        self._writer.finish()
        return self._pieces.taken()


class _Pieces(io.RawIOBase):
    """A file that gives away what is written."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # whatever has bytes
        self._written += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last time."""
        taken = bytes(self._written)
        self._written.clear()
        return taken


class _TextWriter:
    """Writes text in UTF-8."""

    def __init__(self, file: _File) -> None:
        self._file = file

    def _put(self, text: str) -> None:
        self._file.write(text.encode())

    def finish(self) -> None:
        self._file.close()


class _LinesWriter(_TextWriter):
    """One object a line."""

    def write(self, pairs: Sequence[ListedPair]) -> None:
        self._put("".join(f"{_json(pair)}\n" for pair in pairs))


class _JsonWriter(_TextWriter):
    """One list of objects."""

    def __init__(self, file: _File) -> None:
        super().__init__(file)
        self._between = "[\n"

    def write(self, pairs: Sequence[ListedPair]) -> None:
        for pair in pairs:
            self._put(f"{self._between}{_json(pair)}")
            self._between = ",\n"

    def finish(self) -> None:
        self._put("\n]\n" if self._between == ",\n" else "[]\n")
        super().finish()


class _CsvWriter(_TextWriter):
    """A table with a head (RFC 4180); tags are separated by semicolons, attributes are JSON."""

    def __init__(self, file: _File) -> None:
        super().__init__(file)
        self._text = io.StringIO(newline="")
        self._rows = csv.DictWriter(self._text, [field.name for field in fields(ListedPair)])
        self._rows.writeheader()

    def write(self, pairs: Sequence[ListedPair]) -> None:
        self._rows.writerows({**_flat(pair), "tags": "; ".join(pair.tags)} for pair in pairs)
        self._put_rows()

    def finish(self) -> None:
        self._put_rows()
        super().finish()

    def _put_rows(self) -> None:
        self._put(self._text.getvalue())
        self._text.seek(0)
        self._text.truncate()


class _ParquetWriter:
    """A table in columns, a row group a batch."""

    def __init__(self, file: _File) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._file = file
        self._table: Any = pa.Table
        self._schema: Any = pa.schema(
            [(field.name, _arrow_type(pa, field.name)) for field in fields(ListedPair)]
        )
        self._writer: Any = pq.ParquetWriter(file, self._schema, write_page_checksum=True)

    def write(self, pairs: Sequence[ListedPair]) -> None:
        self._writer.write_table(
            self._table.from_pylist([_flat(pair) for pair in pairs], schema=self._schema)
        )

    def finish(self) -> None:
        self._writer.close()
        self._file.close()


_WRITERS: Mapping[ExportFormat, Callable[[_File], PairWriter]] = MappingProxyType(
    {
        ExportFormat.JSONL: _LinesWriter,
        ExportFormat.JSON: _JsonWriter,
        ExportFormat.CSV: _CsvWriter,
        ExportFormat.PARQUET: _ParquetWriter,
    }
)


def _check(kind: ExportFormat) -> None:
    """Whether that format can be written. Raises FormatUnavailable."""
    if kind is not ExportFormat.PARQUET:
        return
    try:
        import pyarrow.parquet  # noqa: F401  # whether it is there
    except ImportError as error:
        raise FormatUnavailable(
            "Parquet needs pyarrow: `pip install 'freya-agents[parquet]'`. jsonl, json and csv need nothing."
        ) from error


def _flat(pair: ListedPair) -> dict[str, Any]:  # whatever the fields hold
    """The fields of a pair with its attributes as JSON, where columns hold texts."""
    attributes = json.dumps(pair.attributes, ensure_ascii=False) if pair.attributes else None
    return {**asdict(pair), "attributes": attributes}


def _json(pair: ListedPair) -> str:
    given = {name: value for name, value in asdict(pair).items() if value not in (None, [], {})}
    return json.dumps(given | ({"dated": pair.dated.isoformat()} if pair.dated else {}), ensure_ascii=False)


def _arrow_type(arrow: Any, name: str) -> Any:  # pyarrow has no types
    special = {"tags": arrow.list_(arrow.string()), "quality": arrow.float32(), "dated": arrow.date32()}
    return special.get(name, arrow.string())
