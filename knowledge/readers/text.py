"""Text as sources have it, made fit to store."""

import re
import unicodedata

_CONTROL_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_QUOTES = {'"': '"', "“": "”"}
_WORD = re.compile(r"\w+")


def without_colours(text: str) -> str:
    """The text without terminal control sequences (ECMA-48), which may stand in the middle of words."""
    return _CONTROL_SEQUENCE.sub("", text) if "\x1b" in text else text


def clean(text: str) -> str:
    """The text without control characters and halves of surrogate pairs, which PostgreSQL refuses; trimmed."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return _CONTROL.sub("", whole.replace("\r\n", "\n")).strip()


def unquoted(question: str) -> str:
    """A question without the quotes around all of it; quotes inside stay: `"a" AND "b"` is left alone."""
    first, last = question[:1], question[-1:]
    inside = question[1:-1]
    if len(question) > 2 and _QUOTES.get(first) == last and first not in inside and last not in inside:  # noqa: PLR2004 - two quotes
        return inside.strip()
    return question


def plain(text: str) -> str:
    """The words of a text, for telling whether two texts say the same: lower case, compatibility forms folded."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))
