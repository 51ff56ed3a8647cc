"""Readers: from files as they come to pairs with their place."""

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
    "PairRecord",
    "ReadReport",
    "Reader",
    "Remark",
    "Research",
    "SessionRecord",
    "SourceKind",
    "content_hash",
    "how_read",
    "open_source",
]
