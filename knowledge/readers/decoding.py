"""The text of bytes in the encoding that was found, piece by piece, and what has to be said of it."""

import codecs
import mmap
import re
from collections.abc import Callable, Iterator

from knowledge.readers.encodings import STRAY, Encoding, is_utf8
from knowledge.readers.records import Remark

_CHUNK = 1 << 20
_LONGEST_PART = 4 << 20
_PART = re.compile(rb'[^"\r\n]*["\r\n]*')
_LAST_END = re.compile(rb'(?s:.*)["\r\n]')
_LOST = "\ufffd"


class Decoding:
    """Gives the text of some bytes once; `remarks` are complete then."""

    def __init__(self, data: mmap.mmap | bytes, encoding: Encoding) -> None:
        self._data = data
        self._encoding = encoding
        self._lost = 0
        self._first = 0
        self._lines = 1

    def texts(self) -> Iterator[str]:
        """The text in pieces; what cannot be read in it is U+FFFD."""
        encoding = self._encoding
        if encoding.mixed and not encoding.lets_utf8_through:
            parts = self._mixed()
        elif encoding.lets_utf8_through:
            parts = self._whole("utf-8", _bytes_in(encoding.codec))
        else:
            parts = self._whole(encoding.reads, "replace")
        for text in parts:
            if _LOST in text:
                self._first = self._first or self._lines + text.count("\n", 0, text.index(_LOST))
                self._lost += text.count(_LOST)
            self._lines += text.count("\n")
            yield text

    def remarks(self) -> Iterator[Remark]:
        """What was not sure, and what could not be read."""
        encoding = self._encoding
        if encoding.guessed and (encoding.lets_utf8_through or encoding.mixed):
            reason = f"is not valid UTF-8; read as {encoding.name} here and wherever else the text is not"
            yield Remark(f"byte {encoding.since}", reason + _instead(encoding))
        elif encoding.others:
            yield Remark("the encoding", f"is not said; read as {encoding.name}" + _instead(encoding))
        if self._lost:
            times = f", and {self._lost} such in all" if self._lost > 1 else ""
            yield Remark(
                f"line {self._first}",
                f"holds a character that is no {encoding.name}{times}; it is {_LOST} now",
            )

    def _chunks(self) -> Iterator[tuple[bytes, bool]]:
        size = len(self._data)
        for at in range(0, size, _CHUNK):
            yield self._data[at : at + _CHUNK], at + _CHUNK >= size

    def _whole(self, codec: str, errors: str) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(codec)(errors=errors)
        for chunk, last in self._chunks():
            yield decoder.decode(chunk, last)

    def _mixed(self) -> Iterator[str]:
        """What stands between quotes or line ends is in one encoding: UTF-8, or the one that was found."""
        strays = stray_bytes()
        held = b""
        for chunk, last in self._chunks():
            held += chunk
            end = _LAST_END.match(held)
            size = len(held) if last or len(held) > _LONGEST_PART else end.end() if end is not None else 0
            ready, held = held[:size], held[size:]
            try:
                yield ready.decode("utf-8")
            except UnicodeDecodeError:
                for part in _PART.findall(ready):
                    utf8 = part.isascii() or is_utf8(part)
                    yield (
                        part.decode("utf-8", strays) if utf8 else part.decode(self._encoding.reads, "replace")
                    )


def stray_bytes() -> str:
    """The name of an error handler that reads bytes which stand alone in UTF-8 as most who write them mean them."""
    return _bytes_in(STRAY)


def _instead(encoding: Encoding) -> str:
    others = " or ".join(encoding.others[:3])
    return f". It may be {others} instead: `--encoding NAME` reads it so" if others else ""


def _bytes_in(codec: str) -> str:
    """The name of an error handler that reads byte by byte in an encoding what is no UTF-8."""
    name = f"{codec}-where-no-utf-8"
    codecs.register_error(name, _handler(codec))
    return name


def _handler(codec: str) -> Callable[[UnicodeError], tuple[str, int]]:
    def read(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        wrong = error.object[error.start : error.end]
        signs = (bytes([byte]).decode(codec, "replace").replace(_LOST, chr(byte)) for byte in wrong)
        return "".join(signs), error.end

    return read
