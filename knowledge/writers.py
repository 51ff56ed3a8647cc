"""Files of pairs, written batch by batch: JSON Lines, JSON, CSV and Parquet."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol  # Any: pyarrow has no types

from knowledge.errors import KnowledgeError
from knowledge.exporting import ExportedPair


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

    def write(self, pairs: Sequence[ExportedPair]) -> None:
        """Write these."""
        ...

    def finish(self) -> None:
        """Write what belongs at the end, and let go of the file."""
        ...


def open_writer(kind: ExportFormat, path: Path) -> PairWriter:
    """A writer of that format on a file that is made or emptied. Raises FormatUnavailable, OSError."""
    if kind is ExportFormat.PARQUET:
        return _ParquetWriter(path)
    return _TEXTS[kind](path.open("w", encoding="utf-8", newline=""))


class _LinesWriter:
    """One object a line."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file

    def write(self, pairs: Sequence[ExportedPair]) -> None:
        self._file.writelines(f"{_json(pair)}\n" for pair in pairs)

    def finish(self) -> None:
        self._file.close()


class _JsonWriter:
    """One list of objects."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file
        self._between = "[\n"

    def write(self, pairs: Sequence[ExportedPair]) -> None:
        for pair in pairs:
            self._file.write(f"{self._between}{_json(pair)}")
            self._between = ",\n"

    def finish(self) -> None:
        self._file.write("\n]\n" if self._between == ",\n" else "[]\n")
        self._file.close()


class _CsvWriter:
    """A table with a head (RFC 4180); tags are separated by semicolons, attributes are JSON."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file
        self._rows = csv.DictWriter(file, [field.name for field in fields(ExportedPair)])
        self._rows.writeheader()

    def write(self, pairs: Sequence[ExportedPair]) -> None:
        self._rows.writerows({**_flat(pair), "tags": "; ".join(pair.tags)} for pair in pairs)

    def finish(self) -> None:
        self._file.close()


class _ParquetWriter:
    """A table in columns, a row group a batch."""

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise FormatUnavailable(
                "Parquet needs pyarrow: `pip install 'freya-agents[parquet]'`. jsonl, json and csv need nothing."
            ) from error
        self._table: Any = pa.Table
        self._schema: Any = pa.schema(
            [(field.name, _arrow_type(pa, field.name)) for field in fields(ExportedPair)]
        )
        self._writer: Any = pq.ParquetWriter(path, self._schema, write_page_checksum=True)

    def write(self, pairs: Sequence[ExportedPair]) -> None:
        self._writer.write_table(
            self._table.from_pylist([_flat(pair) for pair in pairs], schema=self._schema)
        )

    def finish(self) -> None:
        self._writer.close()


_TEXTS: Mapping[ExportFormat, type[_LinesWriter] | type[_JsonWriter] | type[_CsvWriter]] = MappingProxyType(
    {ExportFormat.JSONL: _LinesWriter, ExportFormat.JSON: _JsonWriter, ExportFormat.CSV: _CsvWriter}
)


def _flat(pair: ExportedPair) -> dict[str, Any]:  # whatever the fields hold
    """The fields of a pair with its attributes as JSON, where columns hold texts."""
    attributes = json.dumps(pair.attributes, ensure_ascii=False) if pair.attributes else None
    return {**asdict(pair), "attributes": attributes}


def _json(pair: ExportedPair) -> str:
    given = {name: value for name, value in asdict(pair).items() if value not in (None, [], {})}
    return json.dumps(given | ({"dated": pair.dated.isoformat()} if pair.dated else {}), ensure_ascii=False)


def _arrow_type(arrow: Any, name: str) -> Any:  # pyarrow has no types
    special = {"tags": arrow.list_(arrow.string()), "quality": arrow.float32(), "dated": arrow.date32()}
    return special.get(name, arrow.string())
