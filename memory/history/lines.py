"""Histories from elsewhere, a JSON object a line: `{user, thread, role, name?, text, time}`."""

import asyncio
import codecs
import re
from collections.abc import AsyncIterable, AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from memory.errors import ImportRefused

LONGEST_TEXT: Final = 64 * 1024
"""Bytes of a text in UTF-8."""
_LONGEST_LINE: Final = 1024 * 1024
_CHUNK: Final = 256 * 1024
_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_YEAR: Final = 9998


def _instant(value: object) -> object:
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("write it as RFC 3339 has it, such as 2026-03-01T09:30:00Z")
    return value


def _storable_time(value: datetime) -> datetime:
    if value < _FIRST:
        raise ValueError("is before 1970")
    if value.year > _LAST_YEAR:
        raise ValueError(f"is after {_LAST_YEAR}")
    return value.astimezone(UTC)


def _storable(value: str) -> str:
    if "\x00" in value:
        raise ValueError("has a NUL character")
    if len(value.encode()) > LONGEST_TEXT:
        raise ValueError(f"is longer than {LONGEST_TEXT // 1024} KB")
    return value


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_storable)]


class HistoryLine(BaseModel):
    """Something that was said. Other fields of the line are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    user: Name
    thread: Name
    """What the caller calls the conversation."""
    role: Literal["user", "assistant"]
    name: Name | None = None
    """Who spoke, where that is not the user himself or Freya."""
    text: Annotated[str, Field(min_length=1), AfterValidator(_storable)]
    time: Annotated[AwareDatetime, BeforeValidator(_instant), AfterValidator(_storable_time)]


def parse(line: bytes | None) -> HistoryLine:
    """The line's content; None stands for one that was too long. Raises ImportRefused, saying what is wrong with it."""
    if line is None:
        raise ImportRefused(f"is longer than {_LONGEST_LINE // 1024} KB")
    try:
        return HistoryLine.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        said = str(first["msg"]).removeprefix("Value error, ").replace("at line 1 column", "at character")
        where = ".".join(str(part) for part in first["loc"])
        raise ImportRefused(f"{where}: {said}" if where else said) from error


async def numbered(source: Path | AsyncIterable[bytes]) -> AsyncIterator[tuple[int, bytes | None]]:
    """The lines with their numbers from 1, blank ones left out; None for a line that is too long to be held.

    Raises ImportRefused for a file that cannot be read.
    """
    number, begun, too_long = 0, bytearray(), False
    chunks = _chunks(source) if isinstance(source, Path) else source
    async for chunk in chunks:
        *whole, rest = chunk.split(b"\n")
        for end in whole:
            number += 1
            line = b"" if too_long else bytes(begun) + end
            if too_long or len(line) > _LONGEST_LINE:
                yield number, None
            elif line := _plain(line, number):
                yield number, line
            begun, too_long = bytearray(), False
        begun += rest
        if len(begun) > _LONGEST_LINE:
            begun, too_long = bytearray(), True
    if too_long:
        yield number + 1, None
    elif last := _plain(bytes(begun), number + 1):
        yield number + 1, last


def _plain(line: bytes, number: int) -> bytes:
    return (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).strip()


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    try:
        stream = await asyncio.to_thread(path.open, "rb")
        try:
            while chunk := await asyncio.to_thread(stream.read, _CHUNK):
                yield chunk
        finally:
            await asyncio.to_thread(stream.close)
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror or error}") from error
