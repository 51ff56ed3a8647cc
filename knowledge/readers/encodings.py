"""Which encoding a text is in, found from its bytes where it is not UTF-8, and how sure that is."""

import codecs
import mmap
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from charset_normalizer import CharsetMatch, from_bytes

from knowledge.errors import UnknownEncoding

_START = 4096
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NAMES = MappingProxyType(
    {
        "cp1252": "windows-1252",
        "cp1251": "windows-1251",
        "koi8_r": "koi8-r",
        "koi8_u": "koi8-u",
        "cp932": "shift-jis",
        "gb18030": "gb18030",
        "big5": "big5",
        "euc_kr": "euc-kr",
        "euc_jp": "euc-jp",
        "cp1250": "windows-1250",
        "iso8859_2": "iso-8859-2",
        "cp1253": "windows-1253",
        "cp1254": "windows-1254",
        "cp1255": "windows-1255",
        "cp1256": "windows-1256",
        "cp1257": "windows-1257",
        "cp874": "cp874",
        "mac_roman": "mac-roman",
        "mac_cyrillic": "mac-cyrillic",
        "iso8859_5": "iso-8859-5",
        "iso8859_6": "iso-8859-6",
        "iso8859_7": "iso-8859-7",
        "iso8859_8": "iso-8859-8",
        "iso8859_15": "iso-8859-15",
        "cp866": "cp866",
        "cp850": "cp850",
        "cp852": "cp852",
    }
)
"""What is looked for, the likelier first, and what people call it."""
STRAY = "cp1252"
"""What bytes are in that stand alone in a text of UTF-8."""
_RARER = MappingProxyType({"cp949": "cp949", "big5hkscs": "big5-hkscs", "euc_jis_2004": "euc-jis-2004"})
"""Those that hold more characters than one of the others; only looked for where none fits."""
_SINGLE = frozenset(("cp1252", "cp1254", "iso8859_15"))
"""Those in which what reads as UTF-8 is nothing that anybody writes: a text may be in both."""
_WIDER = MappingProxyType({"euc_kr": "cp949", "big5": "big5hkscs", "iso8859_8": "cp1255"})
_NO_ENCODINGS = frozenset(("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"))
_SEVEN_BITS = (
    (re.compile(rb"\x1b\$[@AB]"), 1, "iso2022_jp"),
    (re.compile(rb"\x1b\$\)C"), 1, "iso2022_kr"),
    (re.compile(rb"~\{(?:[!-w][!-~])+~\}"), 2, "hz"),
    (re.compile(rb"\+[A-Za-z0-9+/]{3,}"), 3, "utf-7"),
)
_FOREIGN = re.compile(rb"[\x80-\xff]")
_BEHIND = re.compile(rb'[^"\r\n]*')
_BEFORE = re.compile(rb'(?s:.*)["\r\n]')
_LONGEST_PIECE = 2000
_LARGEST_SAMPLE = 1 << 16
_PIECES = 64
_NEAR = 0.005
_LIKE = 0.03
_WESTERN_LIKE = 0.1
_WESTERN = ("cp1252", "mac_roman", "cp850")
_FEW = 6
_ODD = 0.1
_MIXED = 0.2
_STRAYS = 0.25
_ASCII_HALF = bytes(range(0x80))


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How the bytes of a text are to be read."""

    codec: str
    """Python's name of it."""
    others: tuple[str, ...] = ()
    """What would fit as well, for people; none: it is sure."""
    guessed: bool = False
    """Whether it was found from what the bytes would say, and no mark says it."""
    mixed: bool = False
    """Whether most of the text is UTF-8, and it is meant for what is not."""

    since: int = 0
    """The first byte that is no UTF-8, of a text in which the others may be."""

    @property
    def name(self) -> str:
        """What people call it."""
        return NAMES.get(self.codec) or _RARER.get(self.codec) or self.codec.replace("_", "-")

    @property
    def reads(self) -> str:
        """The codec to read with: one that knows all characters that such files have."""
        return _WIDER.get(self.codec, self.codec)

    @property
    def lets_utf8_through(self) -> bool:
        """Whether what is UTF-8 byte by byte is read as such."""
        return self.guessed and self.codec in _SINGLE


def encoding_named(name: str) -> Encoding:
    """The encoding that a person names. Raises UnknownEncoding where there is none of that name."""
    try:
        found = codecs.lookup(name)
        "a".encode(name)  # which only encodings of text allow
        codecs.getincrementaldecoder(name)
    except (LookupError, UnicodeError, ValueError):
        found = None
    if found is None or found.name in _NO_ENCODINGS:
        raise UnknownEncoding(
            f"There is no encoding {name!r}. Name one as Python does, such as {', '.join(list(NAMES.values())[:8])}."
        )
    return Encoding(codec=found.name.replace("-", "_"))


def marked(start: bytes) -> Encoding | None:
    """The encoding that the first bytes say or betray: a byte order mark, or the zeros of UTF-16 and UTF-32."""
    for bom, encoding in _BOMS:
        if start.startswith(bom):
            return Encoding(codec=encoding)
    return _by_zeros(start[:_START])


def seven_bit(start: bytes) -> Encoding | None:
    """The encoding of a text that is ASCII to look at and is none: ISO-2022, HZ or UTF-7."""
    if not start.isascii():
        return None
    for pattern, least, codec in _SEVEN_BITS:
        if len(pattern.findall(start)) >= least and _reads(start, codec):
            return Encoding(codec=codec, guessed=True)
    return None


def guess(data: mmap.mmap | bytes, wrong: int) -> Encoding:
    """The encoding of a text that is no UTF-8 from the byte `wrong` on.

    Looks at pieces of it, 64 KB in all, wherever it has letters that are not ASCII.
    """
    pieces = [_piece(data, wrong), *_pieces(data)]
    foreign = sum(_foreign(piece) for piece in pieces)
    whole = sum(_foreign(piece) for piece in pieces if not _stray(piece))
    mixed = whole >= foreign * _MIXED or sum(_stray(piece) for piece in pieces) <= foreign * _STRAYS
    legacy = [piece for piece in pieces if not (mixed and is_utf8(piece))]
    best, others = _best(legacy) if legacy else (STRAY, ())
    return Encoding(codec=best, others=others, guessed=True, mixed=mixed, since=wrong)


def is_utf8(piece: bytes) -> bool:
    """Whether a piece of text is UTF-8 but for some stray bytes."""
    return _stray(piece) * 2 <= _foreign(piece)


def _stray(piece: bytes) -> int:
    """How many bytes of a piece are no UTF-8."""
    return len(piece) - len(piece.decode("utf-8", "ignore").encode())


def _foreign(piece: bytes) -> int:
    return len(piece.translate(None, _ASCII_HALF))


def _by_zeros(start: bytes) -> Encoding | None:
    """UTF-16 or UTF-32 without a mark: ASCII signs, which every source has, are zeros but for one byte of each."""
    for width, order in ((4, "le"), (4, "be"), (2, "le"), (2, "be")):
        whole = start[: len(start) // width * width]
        if len(whole) < 4 * width:
            continue
        low, high = (0, width - 1) if order == "le" else (width - 1, 0)
        zeros, least = whole[high::width].count(0), whole[low::width].count(0)
        codec = f"utf-{width * 8}-{order}"
        share = zeros * width / len(whole)
        if share > (0.9 if width == 4 else 0.05) and least * 4 < zeros and _reads(whole, codec):  # noqa: PLR2004 - UTF-32
            return Encoding(codec=codec, guessed=True)
    return None


def _reads(start: bytes, codec: str) -> bool:
    """Whether bytes are text in an encoding: letters and signs that there are, up to the last one, which may be cut."""
    try:
        text = codecs.getincrementaldecoder(codec)().decode(start)
    except UnicodeError:
        return False
    odd = {"Cn", "Co", "Cs"}
    return not any(
        unicodedata.category(sign) in odd or (sign < " " and sign not in "\t\n\r\f\x1b\x00") for sign in text
    )


def _pieces(data: mmap.mmap | bytes) -> Iterator[bytes]:
    """Pieces of text that are not ASCII, from all over a file."""
    stride = max(0, len(data) - _LARGEST_SAMPLE) // _PIECES
    at = taken = 0
    while taken < _LARGEST_SAMPLE and (found := _FOREIGN.search(data, at)) is not None:
        piece = _piece(data, found.start())
        yield piece
        taken += len(piece)
        at = max(found.start() + stride, found.start() + max(len(piece), 1))


def _piece(data: mmap.mmap | bytes, at: int) -> bytes:
    """What stands around a byte, between quotes or line ends, where a character surely begins and ends."""
    back = data[max(0, at - _LONGEST_PIECE) : at]
    before = _BEFORE.match(back)
    begin = at - len(back) + (before.end() if before is not None else 0)
    found = _BEHIND.match(data, at, at + _LONGEST_PIECE)
    piece = data[begin : found.end() if found is not None else at + 1]
    return piece if len(piece) < _LONGEST_PIECE else piece[: max(piece.rfind(b" "), 0) or len(piece)]


def _best(pieces: Sequence[bytes]) -> tuple[str, tuple[str, ...]]:
    """The likeliest encoding of pieces, and what would fit as well; windows-1252 where nothing does."""
    half = len(pieces) // 2
    few = sum(_foreign(piece) for piece in pieces) < _FEW  # which may be signs of a European language alone
    tried = [{codec: NAMES[codec] for codec in _WESTERN}] if few else [NAMES, {**NAMES, **_RARER}]
    for part in (pieces, pieces[:half], pieces[half:]):
        for names in tried:
            near = _near(b"\n".join(part), list(names))
            if near and near[0][2] <= _ODD:
                _, text, _ = near[0]
                others = [names[codec] for codec, other, _ in near if other != text]
                return near[0][0], tuple(others)
    return STRAY, ("another one",)


def _near(sample: bytes, codecs_tried: list[str]) -> list[tuple[str, str, float]]:
    """The encodings in which a sample reads best, the likelier first, each with its text and how odd that looks."""
    found: list[CharsetMatch] = [
        match
        for match in from_bytes(
            sample, cp_isolation=codecs_tried, preemptive_behaviour=False, enable_fallback=False
        )
        if match.encoding in codecs_tried
    ]
    least = min((match.chaos for match in found), default=0.0)
    found = [match for match in found if match.chaos <= least + _NEAR]
    most = max((match.coherence for match in found), default=0.0)
    near = [
        (codec, str(match), match.chaos)
        for match in found
        for codec in match.could_be_from_charset
        if codec in codecs_tried and match.coherence >= most - (_WESTERN_LIKE if codec == "cp1252" else _LIKE)
    ]
    return sorted(near, key=lambda each: codecs_tried.index(each[0]))
