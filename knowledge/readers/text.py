"""Text as sources have it, made fit to store: the one place where markup and artefacts are normalised."""

import html
import re
import unicodedata

from knowledge.readers.mojibake import repaired

_CONTROL_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_BLANK = " \t\n\u00a0\u2000\u2001\u2002\u2003\u2009\u200a\u200b\u202f\u3000\ufeff"
_LINE_END = re.compile("\r\n?|\u2028|\u2029|\x85")
_ENTITY = re.compile(
    r"(```.*?```|`[^`\n]*`)|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});", re.DOTALL
)
_BLANK_LINES = re.compile(r"\n(?:[ \t\u00a0]*\n){2,}")
_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»"}
_WORD = re.compile(r"\w+")
_SEEN = re.compile(
    "[^\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
_STRAY = re.compile(r"\*{2,3}(?=\s|$)|__(?=\s|$)")
_EMPTY_SIGNS = re.compile(r"[\s\-–—_.…?*#/\\|=~]+")
_EMPTY_WORDS = frozenset(
    "todo tbd tba n/a na n.a n.a. null nil none nan undefined fixme xxx pending placeholder wip lorem".split()
)
_TEMPLATE = re.compile(
    r"(?:to be (?:added|answered|completed|defined|determined|done|filled(?: in)?|written|provided)|coming soon"
    r"|no answer(?: (?:yet|available|provided|found|given))?|(?:your |the )?answer (?:goes |text )?here"
    r"|(?:todo|tbd|fixme)\b.{0,80}|(?:insert|add|write|enter|type) (?:your |the |an? )?answer(?: here)?"
    r"|not (?:available|applicable|answered|yet answered|provided)|lorem ipsum\b.*)",
    re.IGNORECASE | re.DOTALL,
)
_BRACKETED = re.compile(
    r"(?:\[[^\[\]\n]*\]|<[^<>\n]*>|\{\{?[^{}\n]*\}?\})",
)
_TEMPLATE_WORD = re.compile(
    r"\b(?:answers?|insert|placeholder|todo|tbd|fill|your|here|content|text|question|add|write|generated?)\b",
    re.IGNORECASE,
)


def without_colours(text: str) -> str:
    """The text without terminal control sequences (ECMA-48), which may stand in the middle of words."""
    return _CONTROL_SEQUENCE.sub("", text) if "\x1b" in text else text


def clean(text: str) -> str:
    """The text without control characters and halves of surrogate pairs, which PostgreSQL refuses; trimmed.

    Every kind of line end becomes a line feed.
    """
    if _ODD.search(text):
        whole = text.encode("utf-8", "replace").decode("utf-8")
        text = _CONTROL.sub("", _LINE_END.sub("\n", whole))
    return text.strip(_BLANK)


def tidy(text: str) -> str:
    """A question or answer as it is stored: `clean`, without colours, entities, stray `**` at its ends and runs of blank lines.

    What was encoded twice is put right.
    """
    cleaned = clean(without_colours(repaired(text)))
    if "&" in cleaned:
        cleaned = clean(_ENTITY.sub(_character, cleaned))
    if "\n" in cleaned:
        cleaned = _BLANK_LINES.sub("\n\n", cleaned)
    return unquoted(_without_stray_marks(cleaned))


def unquoted(question: str) -> str:
    """A text without the quotes around all of it; quotes inside stay: `"a" AND "b"` is left alone."""
    first, last = question[:1], question[-1:]
    inside = question[1:-1]
    if len(question) > 2 and _QUOTES.get(first) == last and first not in inside and last not in inside:  # noqa: PLR2004 - two quotes
        return inside.strip()
    return question


def shows(text: str) -> bool:
    """Whether anything of a text can be seen: not only blanks, marks of direction and signs without a shape."""
    return _SEEN.search(text) is not None


def plain(text: str) -> str:
    """The words of a text, for telling whether two texts say the same: lower case, compatibility forms folded."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def is_placeholder(text: str) -> bool:
    """Whether a text stands where one is still to be written: `TODO`, `N/A`, `...`, `[Answer for: ...]`."""
    if _EMPTY_SIGNS.fullmatch(text):
        return True
    if len(text) > 400:  # noqa: PLR2004 - no template says so much
        return False
    if _BRACKETED.fullmatch(text):
        inside = text.strip("[]<>{} ")
        return _is_empty_word(inside) or bool(_TEMPLATE_WORD.search(inside))
    return _is_empty_word(text.strip("()*_ ")) or bool(_TEMPLATE.fullmatch(text.strip("()*_ .!…")))


def asks(text: str) -> bool:
    """Whether a text ends as a question does, in any script."""
    return text.rstrip(" \t\n\r\"'”“»*_`").endswith(("?", "？", "؟", ";?", "՞"))


def _is_empty_word(text: str) -> bool:
    return text.casefold().rstrip(".:!") in _EMPTY_WORDS or text.casefold() in _EMPTY_WORDS


def _character(found: re.Match[str]) -> str:
    return found.group(0) if found.group(1) is not None else html.unescape(found.group(0))


def _without_stray_marks(text: str) -> str:
    """Bold marks that open or close nothing: `** What is it?` and `... of the system.**`."""
    for _ in range(2):
        opening = _STRAY.match(text)
        if opening is not None:
            text = text[opening.end() :].lstrip()
        if text.endswith("**") and text.count("**") % 2:
            text = text[:-2].rstrip()
        elif text.startswith("**") and text.count("**") % 2:
            text = text[2:].lstrip()
    return text
