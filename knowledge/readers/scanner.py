"""A forgiving reader of JSON: the events of `ijson`, over what is no valid JSON too, with the place of each."""

import json
import re
from collections import Counter
from collections.abc import Generator, Iterator
from typing import NamedTuple

from knowledge.readers.content import Content

Scalar = str | int | float | bool | None


class Event(NamedTuple):
    """One step through a document.

    `kind` is one of ijson's (`start_map`, `map_key`, `end_map`, `start_array`, `end_array`, `scalar`) or `cut`: what is
    open cannot be read on, for the reason that is the value; the ends of what is abandoned follow. `stop` is a cut
    after which nothing can be read.
    """

    kind: str
    value: Scalar
    at: int
    """The byte it begins at; -1: not known."""


_SPACE = re.compile(rb"(?:[\s\x00\x0b]|\xef\xbb\xbf|\xc2\xa0)+")
_TOKENS = frozenset(bytes([byte]) for byte in b'{}[],:"')
_COMMENT = re.compile(rb"//[^\n]*|/\*.*?(?:\*/|\Z)|#[^\n]*", re.DOTALL)
_NUMBER = re.compile(rb"[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_BARE = re.compile(rb"[A-Za-z_$][\w$-]*")
_BARE_KEY = re.compile(rb"([A-Za-z_$][\w$-]*)\s*:")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_OPENS = re.compile(rb"[\[{]")
_KEY = rb'"[^"\\\n]{1,80}"\s*:'
_KEY_HERE = re.compile(_KEY)
_WORD_HERE = re.compile(rb"-?[A-Za-z]+")
_SIBLING = re.compile(rb'\}\s*,?\s*(?=\{\s*"([^"\\\n]{1,80})"\s*:)')
_OBJECT = re.compile(rb'(?=\{\s*"([^"\\\n]{1,80})"\s*:)')
_LIST_END = re.compile(rb"\}\s*(?=\]\s*(?:[,}\]]|\Z))")
_NAME = re.compile(rb"[A-Za-z_][\w-]{0,30}")
_NEXT_KEY = re.compile(rb'"\s*,\s*(?=' + _KEY + rb")")
_LITERALS: dict[bytes, Scalar] = {
    b"true": True,
    b"false": False,
    b"null": None,
    b"True": True,
    b"False": False,
}
_LITERALS |= {b"None": None, b"undefined": None, b"NaN": float("nan"), b"nan": float("nan")}
_LITERALS |= {b"Infinity": float("inf"), b"-Infinity": float("-inf"), b"inf": float("inf")}
_MOST_DIGITS = 400
_MOST_KEYS = 256
_WINDOWS = (1 << 16, 1 << 20, 1 << 25)


class Unreadable(Exception):
    """A place that is no JSON; never leaves this module."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at = at


class _Open:
    """An object or list that is open: what may come next in it, and whether a comma came last."""

    __slots__ = ("after_comma", "expects", "is_map")

    def __init__(self, *, is_map: bool) -> None:
        self.is_map = is_map
        self.after_comma = False
        self.expects = "key" if is_map else "value"


class Scanner:
    """Walks the documents between two places of a content.

    What deviates from JSON and can be understood is counted in `mended` with the first place; where a part
    cannot, it is left with a `cut` event and reading goes on behind it. `damage` is set when it cannot go on.
    """

    def __init__(self, content: Content, start: int = 0, end: int | None = None) -> None:
        self._content = content
        self._data = content.data
        self._at = start
        self._end = len(content) if end is None else end
        self._stack: list[_Open] = []
        self._token = start
        self.mended: Counter[str] = Counter()
        self.first: dict[str, int] = {}
        self.damage: tuple[str, int] | None = None
        self._keys: set[bytes] = set()

    def events(self) -> Iterator[Event]:
        """All events of all documents, one after the other; what is open at the end is closed by events too."""
        while True:
            try:
                if not self._stack and not self._next_document():
                    return
                yield from self._step()
            except Unreadable as error:
                if not (yield from self._resume(error)):
                    self.damage = (error.reason, error.at)
                    return

    def _next_document(self) -> bool:
        """Whether another document begins; what stands before it and is none is noted."""
        self._blank()
        while self._at < self._end and self._byte() in b",;":
            self._at += 1
            self._blank()
        if self._at >= self._end:
            return False
        if self._byte() in b'{["' or _NUMBER.match(self._data, self._at) or self._literal() is not None:
            return True
        opening = _OPENS.search(self._data, self._at, self._end)
        self._mend("text that is no JSON outside of the document")
        if opening is None:
            self._at = self._end
            return False
        self._at = opening.start()
        return True

    def _step(self) -> Iterator[Event]:
        """One token and what it closes or opens."""
        self._blank()
        top = self._stack[-1] if self._stack else None
        if self._at >= self._end:
            raise Unreadable(self._content.damage or "it breaks off", self._at)
        byte = self._byte()
        if top is None:
            yield from self._value(byte)
        elif byte == b"," and top.expects != "colon":
            self._comma(top)
        elif byte in b"}]":
            yield from self._close(top, byte)
        elif top.expects == "comma":
            self._missing_comma(top, byte)
        elif top.expects == "key":
            yield self._key(top, byte)
        elif top.expects == "colon":
            if byte == b":":
                self._at += 1
            else:
                self._mend("a missing colon")
            top.expects = "value"
        else:
            yield from self._value(byte)

    def _comma(self, top: _Open) -> None:
        if top.expects != "comma":
            self._mend("a comma too many")
            if top.is_map and top.expects == "value":
                raise Unreadable("a key has no value", self._at)
        self._at += 1
        top.expects, top.after_comma = "key" if top.is_map else "value", True

    def _missing_comma(self, top: _Open, byte: bytes) -> None:
        if top.is_map:
            begins = _KEY_HERE.match(self._data, self._at, self._end) is not None
        else:
            begins = byte in b'{["'
        if not begins:
            raise Unreadable(f"{self._shown()} stands where a comma or a closing bracket belongs", self._at)
        self._mend("a missing comma")
        top.expects = "key" if top.is_map else "value"

    def _close(self, top: _Open, byte: bytes) -> Iterator[Event]:
        if top.is_map and top.expects in {"colon", "value"}:
            raise Unreadable("a key has no value", self._at)
        if (byte == b"}") != top.is_map:
            if top.expects != "comma" or len(self._stack) == 1 or self._stack[-2].is_map == top.is_map:
                raise Unreadable(f"{byte.decode()} closes what is not open", self._at)
            self._mend("a missing closing bracket")
            yield self._ended()
            return
        if top.after_comma:
            self._mend("a comma too many")
        yield self._ended()
        self._at += 1

    def _ended(self) -> Event:
        closed = self._stack.pop()
        if self._stack:
            self._stack[-1].expects = "comma"
            self._stack[-1].after_comma = False
        return Event("end_map" if closed.is_map else "end_array", None, self._at)

    def _key(self, top: _Open, byte: bytes) -> Event:
        at = self._token = self._at
        if byte in b"\"'":
            if byte == b"'":
                self._mend("single quotes")
            key = self._string(byte)
        else:
            bare = _BARE_KEY.match(self._data, self._at, self._end)
            if bare is None:
                raise Unreadable(f"{self._shown()} stands where a key belongs", self._at)
            self._mend("a key without quotes")
            key, self._at = bare.group(1).decode("utf-8", "replace"), bare.end(1)
        top.expects, top.after_comma = "colon", False
        if len(self._stack) > 1 and not self._stack[-2].is_map and len(self._keys) < _MOST_KEYS:
            self._keys.add(key.encode("utf-8", "replace"))
        return Event("map_key", key, at)

    def _value(self, byte: bytes) -> Iterator[Event]:
        at = self._token = self._at
        if byte in b"{[":
            is_map = byte == b"{"
            if self._stack:
                self._stack[-1].expects = "comma"
            self._stack.append(_Open(is_map=is_map))
            self._at += 1
            yield Event("start_map" if is_map else "start_array", None, at)
            return
        value: Scalar
        if byte in b"\"'":
            if byte == b"'":
                self._mend("single quotes")
            value = self._string(byte)
        elif number := _NUMBER.match(self._data, self._at, self._end):
            value, self._at = _number(number.group()), number.end()
        elif (bare := self._literal()) is not None:
            value, self._at = _LITERALS[bare.group()], bare.end()
            if bare.group() not in {b"true", b"false", b"null"}:
                self._mend(f"{bare.group().decode()} for a value")
        else:
            raise Unreadable(f"{self._shown()} is no value", self._at)
        if self._stack:
            self._stack[-1].expects, self._stack[-1].after_comma = "comma", False
        yield Event("scalar", value, at)

    def _literal(self) -> re.Match[bytes] | None:
        bare = _WORD_HERE.match(self._data, self._at, self._end)
        return bare if bare is not None and bare.group() in _LITERALS else None

    def _string(self, quote: bytes) -> str:
        begin = self._at + 1
        end = self._data.find(quote, begin, self._end)
        while end >= 0 and self._escaped(end, begin):
            end = self._data.find(quote, end + 1, self._end)
        if end < 0:
            raise Unreadable(self._content.damage or "it breaks off inside a text", self._end)
        raw = self._data[begin:end]
        self._at = end + 1
        if b"\\" not in raw:
            return raw.decode("utf-8", "replace")
        text = raw.decode("utf-8", "replace")
        try:
            whole: str = json.loads(f'"{text}"', strict=False)
        except ValueError:
            self._mend("an escape that JSON does not have")
            halves = _ESCAPE.sub(_unescaped, text)
            whole = halves.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return whole

    def _escaped(self, at: int, begin: int) -> bool:
        before = at
        while before > begin and self._data[before - 1 : before] == b"\\":
            before -= 1
        return (at - before) % 2 == 1

    def _resume(self, error: Unreadable) -> Generator[Event, None, bool]:
        """Leave what is damaged and stand where reading can go on; gives whether there is such a place."""
        found = self._way_on()
        if found is None:
            if self._stack:
                yield Event("stop", error.reason, error.at)
            while self._stack:
                yield self._ended()
            return False
        place, keep = found
        yield Event("cut", error.reason, error.at)
        while len(self._stack) > keep:
            yield self._ended()
        self._at = place
        top = self._stack[-1]
        top.expects, top.after_comma = ("key" if top.is_map else "comma"), False
        if not top.is_map and self._data[place : place + 1] == b"{":
            top.expects = "value"
        return True

    def _way_on(self) -> tuple[int, int] | None:
        """Where the next key, the next object of the list or the end of the list stands, and how much stays open.

        Looked for from the last text on: it may be one that swallowed what follows it, or that ended too early.
        """
        maps = [n for n in range(1, len(self._stack) + 1) if self._stack[n - 1].is_map]
        items = [n for n in maps if n > 1 and not self._stack[n - 2].is_map]
        begin = min(self._token + 1, self._end)
        for window in _WINDOWS:
            end = min(self._end, begin + window)
            places: list[tuple[int, int]] = []
            if self._stack and not self._stack[-1].is_map:
                begun = next(filter(self._is_known, _OBJECT.finditer(self._data, begin, end)), None)
                places += [(begun.start(), len(self._stack))] if begun is not None else []
            if items:
                sibling = next(filter(self._is_known, _SIBLING.finditer(self._data, begin, end)), None)
                ending = _LIST_END.search(self._data, begin, end)
                places += [(found.end(), items[-1] - 1) for found in (sibling, ending) if found is not None]
            if maps and (following := _NEXT_KEY.search(self._data, begin, end)) is not None:
                places.append((following.end(), maps[-1]))
            if places or end == self._end:
                return min(places, default=None)
        return None

    def _is_known(self, found: re.Match[bytes]) -> bool:
        """Whether an object begins with a key that others have, or that is spelled as names are."""
        return found.group(1) in self._keys or _NAME.fullmatch(found.group(1)) is not None

    def _blank(self) -> None:
        while True:
            if self._data[self._at : self._at + 1] in _TOKENS:
                return
            space = _SPACE.match(self._data, self._at, self._end)
            if space is not None:
                self._at = space.end()
            comment = _COMMENT.match(self._data, self._at, self._end)
            if comment is None:
                return
            self._mend("a comment")
            self._at = comment.end()

    def _byte(self) -> bytes:
        return self._data[self._at : self._at + 1]

    def _shown(self) -> str:
        return repr(self._data[self._at : min(self._at + 12, self._end)].decode("utf-8", "replace"))

    def _mend(self, what: str) -> None:
        self.mended[what] += 1
        self.first.setdefault(what, self._at)


def _number(text: bytes) -> int | float:
    """A number; one with more digits than anything counts is as large as a float says."""
    plain = text.decode("ascii")
    if len(plain) > _MOST_DIGITS:
        return float("inf")
    try:
        return int(plain, 0 if "x" in plain.lower() else 10)
    except ValueError:
        return float(plain)


def _unescaped(found: re.Match[str]) -> str:
    body = found.group(1)
    if len(body) == 5:  # noqa: PLR2004 - u and four digits
        return chr(int(body[1:], 16))
    return {"n": "\n", "t": "\t", "r": "\r", "b": "", "f": ""}.get(body, body)
