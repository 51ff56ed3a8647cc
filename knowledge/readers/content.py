"""What a file holds as UTF-8, whatever it is packed and encoded in, without holding it in memory."""

import codecs
import contextlib
import mmap
import stat
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from knowledge.errors import SourceUnreadable
from knowledge.readers.decoding import Decoding
from knowledge.readers.encodings import Encoding, encoding_named, guess, marked, seven_bit
from knowledge.readers.records import Remark
from knowledge.readers.signatures import is_packed

_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20
LARGEST = 8 << 30
"""The most bytes that an archive is unpacked to."""
_MOST_PACKED = 3
_SAMPLE = 4096


class Content:
    """The bytes of a file, unpacked and as UTF-8; `close` it when done.

    `remarks` say what had to be done to read it, `encoding` what it was read in where no mark says it and it is no
    UTF-8, `damage` why the archive it came in ends early.
    """

    def __init__(self, file: IO[bytes], name: str, *, damage: str | None = None) -> None:
        self.name = name
        self.damage = damage
        self.remarks: list[Remark] = []
        self.encoding: str | None = None
        self._file = file
        file.seek(0, 2)
        self.data: mmap.mmap | bytes = (
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if file.tell() else b""
        )
        self._place = (0, 1)

    def __len__(self) -> int:
        return len(self.data)

    @property
    def start(self) -> bytes:
        """The first bytes, without blanks."""
        return self.data[:_SAMPLE].removeprefix(codecs.BOM_UTF8).lstrip()

    @property
    def is_binary(self) -> bool:
        """Whether it is no text: a known kind of binary file, or more control characters than text has."""
        start = self.data[:_SAMPLE].rstrip(b"\x00")  # as files have that were not written to their end
        if is_packed(start):
            return True
        text = start.decode("utf-8", "ignore")
        if not start and len(self):
            return True
        strange = sum(sign == "\ufffd" or (sign < " " and sign not in "\t\n\r\f\x1b") for sign in text)
        return strange * 10 > len(text)

    def line(self, position: int) -> int:
        """The number of the line, from 1, that a position is on; quickest when positions ascend."""
        at, line = self._place if self._place[0] <= position else (0, 1)
        while at < position:
            end = min(at + _CHUNK, position)
            line += self.data[at:end].count(b"\n")
            at = end
        self._place = (at, line)
        return line

    def text(self) -> str:
        """All of it."""
        return self.data[:].decode("utf-8").removeprefix("\ufeff")

    def close(self) -> None:
        """Give back the memory and the file; a temporary one is gone then."""
        if isinstance(self.data, mmap.mmap):
            with contextlib.suppress(BufferError):  # whoever still looks at it lets go of it later
                self.data.close()
        self._file.close()


def opened(path: Path, encoding: str | None = None) -> Content:
    """The content of a file, its text in `encoding` if given, else in the one that is found.

    Raises SourceUnreadable when it cannot be opened or unpacked at all, UnknownEncoding where there is no such one.
    """
    told = encoding_named(encoding) if encoding is not None else None
    damage: str | None = None
    try:
        check_is_file(path)
        file: IO[bytes] = path.open("rb")
        for _ in range(_MOST_PACKED):
            file.seek(0)
            if damage is not None or file.read(len(_GZIP)) != _GZIP:
                break
            file, damage = _unpacked(file)
            if damage is not None and not file.seek(0, 2):
                file.close()
                raise SourceUnreadable(f"{path.name} cannot be read: {damage}.")
        return _as_utf8(Content(file, path.name, damage=damage), told)
    except OSError as error:
        raise unreadable(path, error) from error


def check_is_file(path: Path) -> None:
    """Raises SourceUnreadable for what is there and no file: opening a pipe waits, and a device may never end. OSError."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise SourceUnreadable(f"{path.name} is a folder, and no file in it is called as sources are.")
    if not stat.S_ISREG(mode):
        raise SourceUnreadable(
            f"{path.name} is no file but a pipe or device; write what comes out of it to a file, and import that."
        )


def unreadable(path: Path, error: Exception) -> SourceUnreadable:
    """The error of a file that cannot be opened."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return SourceUnreadable(f"{path.name} cannot be read: {reason}.")


def _unpacked(packed: IO[bytes]) -> tuple[IO[bytes], str | None]:
    """A temporary file of what an archive holds as far as it can be unpacked, and why not further."""
    file: IO[bytes] = tempfile.TemporaryFile(prefix="freya-")  # noqa: SIM115  # the content closes it
    damage: str | None = None
    with packed:
        packed.seek(0)
        try:
            for chunk in _members(packed):
                file.write(chunk)
                if file.tell() > LARGEST:
                    damage = f"it unpacks to more than {LARGEST >> 30} GB"
                    break
        except EOFError:
            damage = "the gzip archive is cut off"
        except zlib.error as error:
            damage = f"the gzip archive is damaged ({error})"
    file.flush()
    return file, damage


def _members(packed: IO[bytes]) -> Iterator[bytes]:
    """All that can be unpacked. Raises EOFError where the archive is cut off, zlib.error where it is damaged."""
    unpacker = zlib.decompressobj(wbits=31)
    fresh = False
    while chunk := packed.read(_CHUNK):
        while chunk:
            before = unpacker.copy()
            try:
                yield unpacker.decompress(chunk, _CHUNK)
            except zlib.error:
                yield from _byte_by_byte(before, chunk)
                raise
            chunk = unpacker.unconsumed_tail
            fresh = False
            if unpacker.eof:
                chunk = unpacker.unused_data.lstrip(b"\x00")
                unpacker, fresh = zlib.decompressobj(wbits=31), True
                if not chunk.startswith(_GZIP):
                    chunk = b""
    yield unpacker.flush()
    if not fresh:
        raise EOFError


def _byte_by_byte(unpacker: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    """What can be unpacked of a chunk that is damaged, up to the damage."""
    for at in range(len(chunk)):
        try:
            yield unpacker.decompress(chunk[at : at + 1])
        except zlib.error:
            return


def _as_utf8(content: Content, told: Encoding | None) -> Content:
    """The content itself where it is UTF-8 or no text, otherwise a temporary file of its text as UTF-8."""
    found = None if is_packed(content.data[:_SAMPLE]) else told or _found(content)
    if found is None:
        return content
    decoding = Decoding(content.data, found)
    file = tempfile.TemporaryFile(prefix="freya-")  # noqa: SIM115  # the content closes it
    for text in decoding.texts():
        file.write(text.encode("utf-8", "replace"))
    file.flush()
    changed = Content(file, content.name, damage=content.damage)
    changed.encoding = found.name if found.guessed or told is not None else None
    changed.remarks.extend(decoding.remarks())
    content.close()
    return changed


def _found(content: Content) -> Encoding | None:
    """The encoding of a text; None where it is UTF-8, or no text."""
    mark = marked(content.data[:_SAMPLE])
    if mark is not None and mark.codec != "utf-8":
        return mark
    wrong = _first_invalid(content)
    if wrong is None:
        return seven_bit(content.data[:_CHUNK])
    return None if content.is_binary else guess(content.data, wrong)


def _first_invalid(content: Content) -> int | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    for at in range(0, len(content), _CHUNK):
        chunk = content.data[at : at + _CHUNK]
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, at + _CHUNK >= len(content))
        except UnicodeDecodeError as error:
            return at - held + error.start
    return None
