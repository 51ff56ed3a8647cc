"""What a turn is given of attached files: passages to cite, tables of numbers to compute with, and never instructions."""

import re
from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict

from knowledge import Hit

_LONGEST_PASSAGE: Final = 1200
_LONGEST_TABLE: Final = 20_000
_WORD: Final = re.compile(r"[^\W_]{3,}")
_LEAST: Final = 0.6


class Attached(BaseModel):
    """A file of a turn."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    media_type: str
    text: str
    """Empty for an image."""
    numeric: bool = False
    """Whether it is a table with plain column names above numbers and dates alone."""


def attached_hits(files: Sequence[Attached], query: str, *, limit: int) -> list[Hit]:
    """The passages of the files that have most words of the query, best first; where none has any, how the files begin.

    Tables of numbers are left out: see `attached_tables`.
    """
    wanted = set(_WORD.findall(query.casefold()))
    ranked = [
        (len(wanted & set(_WORD.findall(text.casefold()))) / max(1, len(wanted)), number, place, text)
        for number, file in enumerate(files)
        if not file.numeric
        for place, text in enumerate(_passages(file.text))
    ]
    best = [each for each in ranked if each[0] > 0] or [each for each in ranked if each[2] == 0]
    best.sort(key=lambda each: (-each[0], each[1], each[2]))
    return [
        Hit(
            pair_id=f"{files[number].id}#{place}",
            collection="attachments",
            topic=files[number].name,
            question=files[number].name,
            answer=text,
            source=files[number].name,
            score=share,
            similarity=_LEAST + (1 - _LEAST) * share,
        )
        for share, number, place, text in best[:limit]
    ]


def attached_tables(files: Sequence[Attached]) -> str:
    """The tables of numbers, as a request that brings them along would hold them; empty where there are none.

    A table that is too long has its header and its newest rows, which are taken to be the last.
    """
    return "\n\n".join(f"```csv\n{_cut(file.text.strip())}\n```" for file in files if file.numeric)


def attached_notes(files: Sequence[Attached]) -> list[str]:
    """A line on each file that nothing can be read of."""
    return [
        f"The file {file.name} ({file.media_type}) is attached; what it shows cannot be seen here."
        for file in files
        if not file.text.strip()
    ]


def _cut(table: str) -> str:
    if len(table) <= _LONGEST_TABLE:
        return table
    header, *rows = table.splitlines()
    kept: list[str] = []
    length = len(header)
    for row in reversed(rows):
        length += len(row) + 1
        if length > _LONGEST_TABLE:
            break
        kept.append(row)
    return "\n".join([header, *reversed(kept)])


def _passages(text: str) -> list[str]:
    """The text in pieces of 1,200 characters at most, cut between paragraphs, else lines, else words."""
    pieces: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        rest = paragraph.strip()
        while len(rest) > _LONGEST_PASSAGE:
            at = max(rest.rfind("\n", 0, _LONGEST_PASSAGE), rest.rfind(" ", 0, _LONGEST_PASSAGE))
            at = at if at > 0 else _LONGEST_PASSAGE
            pieces.append(rest[:at].strip())
            rest = rest[at:].strip()
        if pieces and len(pieces[-1]) + len(rest) + 2 <= _LONGEST_PASSAGE:
            pieces[-1] = f"{pieces[-1]}\n\n{rest}" if rest else pieces[-1]
        elif rest:
            pieces.append(rest)
    return pieces
