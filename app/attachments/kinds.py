"""What a file is, told by its content alone."""

import csv
import io
import re
import struct
from collections.abc import Iterator
from typing import Final

from charset_normalizer import from_bytes

ALLOWED: Final = "PDF, plain text, CSV, and PNG, JPEG and WebP images"
PDF, TEXT, CSV = "application/pdf", "text/plain", "text/csv"
IMAGES: Final = ("image/png", "image/jpeg", "image/webp")
_PDF_WITHIN: Final = 1024
_DELIMITERS: Final = ",;\t"
_LOOKED_AT: Final = 200
_STRANGE: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_DATE: Final = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ][\d:.+Z-]+)?")
_HEADER: Final = re.compile(r"[\w .%()/-]{1,40}")
_SOF: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


def kind_of(content: bytes) -> str | None:
    """The media type of a PDF or an image; None for anything else."""
    if b"%PDF-" in content[:_PDF_WITHIN]:
        return PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def text_of(content: bytes) -> str | None:
    """The text, whatever it is encoded in; None where it is none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        if b"\0" in content and content[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
            return None
        best = from_bytes(content[:65_536]).best()
        if best is None:
            return None
        text = content.decode(best.encoding, "replace")
    return None if _STRANGE.search(text) else text


def table_of(text: str) -> list[list[str]] | None:
    """The rows of a CSV, all as long as the first and two columns at least; None where it is no table."""
    lines = text.strip().splitlines()
    if len(lines) < 2:  # noqa: PLR2004  # a header and a row
        return None
    for delimiter in _DELIMITERS:
        rows = list(_rows("\n".join(lines[:_LOOKED_AT]), delimiter))
        if len(rows[0]) > 1 and all(len(row) == len(rows[0]) for row in rows):
            whole = list(_rows(text, delimiter))
            return whole if all(len(row) == len(rows[0]) for row in whole) else None
    return None


def is_numeric(rows: list[list[str]]) -> bool:
    """Whether a table holds plain column names, and below them numbers and dates alone."""
    header, *body = rows
    named = all(_HEADER.fullmatch(cell.strip()) for cell in header)
    return named and bool(body) and all(_is_value(cell) for row in body for cell in row)


def size_of(content: bytes, kind: str) -> tuple[int, int] | None:
    """Width and height of an image in pixels; None where its beginning does not say."""
    try:
        if kind == "image/png":
            width, height = struct.unpack(">II", content[16:24])
            return width, height
        if kind == "image/jpeg":
            return _jpeg_size(content)
        return _webp_size(content)
    except (struct.error, IndexError):
        return None


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from (row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row)
    except csv.Error:
        yield from ([""], ["", ""])  # no table


def _is_value(cell: str) -> bool:
    cell = cell.strip()
    if not cell or _DATE.fullmatch(cell):
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:  # noqa: PLR2004  # what a marker begins with
        if content[at + 1] in _SOF:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + struct.unpack(">H", content[at + 2 : at + 4])[0]
    return None


def _webp_size(content: bytes) -> tuple[int, int] | None:
    form = content[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    if form == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 ":
        width, height = struct.unpack("<HH", content[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None
