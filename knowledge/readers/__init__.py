"""Readers: from files as they come to pairs with their place."""

from knowledge.readers.encodings import Encoding, encoding_named
from knowledge.readers.files import SUFFIXES, content_hash, open_source
from knowledge.readers.records import (
    PairRecord,
    Reader,
    ReadReport,
    Remark,
    Research,
    SessionRecord,
    SourceKind,
    how_read,
)

__all__ = [
    "SUFFIXES",
    "Encoding",
    "PairRecord",
    "ReadReport",
    "Reader",
    "Remark",
    "Research",
    "SessionRecord",
    "SourceKind",
    "content_hash",
    "encoding_named",
    "how_read",
    "open_source",
]
