"""UTF-8 that was taken for another encoding and written as UTF-8 again: `â€™` for an apostrophe."""

import codecs
import re

_TAKEN_FOR = ("cp1252", "cp1251", "cp437", "mac_roman")
_LEAST = {"cp1252": 2, "cp1251": 3, "cp437": 2, "mac_roman": 3}
_MARK = re.compile("[\u00c2-\u00f4\u0420\u0421\u0432\u0440\u0393\u251c\u252c\u221a\u00ac\u201a]")
_SURE = re.compile(
    "â(?:€|\x80)[\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
    "|[ÂÃ][\u00a0-\u00ac\u00ae-\u00ba\u00bc-\u00bf]"
    "|ð[Ÿ\x9f][\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{2}"
)
_MOST_TIMES = 3
_AS_BYTE = "freya-as-byte"


def repaired(text: str) -> str:
    """The text with what was encoded twice put right, where that is sure: all of it reads so, or nobody writes so."""
    for _ in range(_MOST_TIMES):
        if text.isascii() or _MARK.search(text) is None:
            return text
        better = _whole(text) or _SURE.sub(_part, text)
        if better == text:
            return text
        text = better
    return text


def _whole(text: str) -> str | None:
    """All of a text read anew, where it is UTF-8 as the bytes of an encoding, and too long to be so by chance."""
    for codec in _TAKEN_FOR:
        better = _read_anew(text, codec)
        if better is not None and sum(not sign.isascii() for sign in better) >= _LEAST[codec]:
            return better
    return None


def _part(found: re.Match[str]) -> str:
    return _read_anew(found.group(), "cp1252") or found.group()


def _read_anew(text: str, codec: str) -> str | None:
    codecs.register_error(_AS_BYTE, _as_byte)
    try:
        return text.encode(codec, _AS_BYTE).decode("utf-8")
    except UnicodeError:
        return None


def _as_byte(error: UnicodeError) -> tuple[bytes, int]:
    """Bytes that an encoding leaves out are kept as control characters by those who decode with it."""
    if not isinstance(error, UnicodeEncodeError) or not "\x80" <= error.object[error.start] <= "\x9f":
        raise error
    return bytes([ord(error.object[error.start])]), error.start + 1
