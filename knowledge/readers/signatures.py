"""What a file is that is no source, by how it begins, and what to do with it."""

import re

_TEXT = "Save what it holds as text, CSV or JSON, and import that."
_UNPACK = "Unpack it, and import what is in it."
_SIGNATURES = (
    (b"%PDF-", "a PDF", _TEXT),
    (b"\xd0\xcf\x11\xe0", "an old Office document", _TEXT),
    (b"{\\rtf", "a text in RTF", _TEXT),
    (b"BZh91AY&SY", "an archive of bzip2", _UNPACK),
    (b"\xfd7zXZ\x00", "an archive of xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "an archive of zstd", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "an archive of 7-Zip", _UNPACK),
    (b"Rar!\x1a\x07", "an archive of RAR", _UNPACK),
    (b"\x89PNG", "a picture", _TEXT),
    (b"\xff\xd8\xff", "a picture", _TEXT),
    (b"GIF87a", "a picture", _TEXT),
    (b"GIF89a", "a picture", _TEXT),
    (b"\x7fELF", "a program", ""),
    (b"MZ\x90\x00", "a program", ""),
    (b"SQLite format 3", "a database of SQLite", "Export its table of pairs as CSV, and import that."),
    (b"ARROW1\x00\x00", "a file of Arrow", "Save it as Parquet, and import that."),
    (b"Obj\x01", "a file of Avro", "Save it as Parquet or JSON Lines, and import that."),
    (b"\x89HDF", "a file of HDF5", "Save it as Parquet or JSON Lines, and import that."),
)
_ZIP = b"PK\x03\x04"
_ZIPPED = (
    (b"xl/", "an Excel workbook", "Save its sheet of pairs as CSV, and import that."),
    (b"word/", "a Word document", _TEXT),
    (b"application/vnd.oasis", "an OpenDocument file", "Save it as text or CSV, and import that."),
    (b"ppt/", "a presentation", _TEXT),
)
_MARKUP = (
    ((b"<!doctype html", b"<html"), "an HTML page", _TEXT),
    ((b"<?xml", b"<!doctype"), "XML", "Save its pairs as JSON or CSV, and import that."),
)
_TOML = re.compile(rb"(?:\s|#[^\n]*+\n)*+\[\[?(?!(?:null|true|false)\b)[A-Za-z_][\w.-]*+\]\]?[ \t]*+\r?\n")
_PARQUET = b"PAR1"
_TAR = (257, b"ustar")


def is_parquet(start: bytes) -> bool:
    """Whether a file is Parquet, by its first bytes."""
    return start.startswith(_PARQUET)


def is_packed(start: bytes) -> bool:
    """Whether a file is of a kind whose bytes are no text, by its first ones."""
    known = tuple(signature for signature, *_ in _SIGNATURES if signature != b"{\\rtf")
    return start.startswith((*known, _ZIP, _PARQUET)) or _is_tar(start)


def no_source(start: bytes) -> str | None:
    """What a file is that is no source, and what to do about it, by its first thousands of bytes; None: it may be one."""
    for signature, what, advice in _SIGNATURES:
        if start.startswith(signature):
            return f"is {what}. {advice}".rstrip()
    if start.startswith(_ZIP):
        for name, what, advice in _ZIPPED:
            if name in start:
                return f"is {what}. {advice}"
        return f"is a ZIP archive. {_UNPACK}"
    if _is_tar(start):
        return f"is a tar archive. {_UNPACK}"
    if _TOML.match(start):
        return "is TOML or an INI file. Save its pairs as JSON or CSV, and import that."
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next((f"is {what}. {advice}" for marks, what, advice in _MARKUP if text.startswith(marks)), None)


def _is_tar(start: bytes) -> bool:
    place, mark = _TAR
    return start[place : place + len(mark)] == mark
