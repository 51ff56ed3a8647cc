"""From a path to the reader that can read it."""

import gzip
import hashlib
import io
import zlib
from pathlib import Path

from knowledge.errors import SourceUnreadable
from knowledge.readers.export import ExportReader
from knowledge.readers.lines import LinesReader
from knowledge.readers.records import Reader
from knowledge.readers.report import read_report

SUFFIXES = (".txt", ".json", ".json.gz", ".jsonl", ".jsonl.gz")
_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20
_LARGEST_REPORT = 64 << 20


def open_source(path: Path) -> Reader:
    """The reader for a file, chosen by its name and first bytes; gzip is recognised by its content.

    Raises SourceUnreadable when the file cannot be opened or is none of the kinds that are read.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
        start = _start(path, packed=packed)
        size = path.stat().st_size
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from error
    name = path.name.removesuffix(".gz")
    if name.endswith(".jsonl"):
        return LinesReader(_open(path, packed=packed), path.name)
    if start[:1] in {b"{", b"["}:
        return ExportReader(_open(path, packed=packed), path.name)
    if packed or b"\x00" in start:
        raise SourceUnreadable(
            f"{path.name} is neither a text report, a JSON export nor JSON Lines ({', '.join(SUFFIXES)})."
        )
    if size > _LARGEST_REPORT:
        raise SourceUnreadable(
            f"{path.name} has {size >> 20} MB; a research report has less than {_LARGEST_REPORT >> 20} MB."
        )
    return read_report(path)


def content_hash(path: Path) -> str:
    """The SHA-256 of what a file holds: of the unpacked bytes, so that a file and its gzip are one source.

    A damaged gzip is known by its packed bytes. Raises SourceUnreadable when the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
        try:
            return _digest(_open(path, packed=packed))
        except (EOFError, zlib.error, gzip.BadGzipFile):
            return _digest(_open(path, packed=False))
    except OSError as error:
        raise _unreadable(path, error) from error


def _open(path: Path, *, packed: bool) -> io.BufferedIOBase:
    return gzip.GzipFile(path, "rb") if packed else path.open("rb")


def _start(path: Path, *, packed: bool) -> bytes:
    with _open(path, packed=packed) as stream:
        return stream.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()


def _digest(stream: io.BufferedIOBase) -> str:
    digest = hashlib.sha256()
    with stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _unreadable(path: Path, error: Exception) -> SourceUnreadable:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return SourceUnreadable(f"{path.name} cannot be read: {reason}.")
