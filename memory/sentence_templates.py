"""Templates of sentences, as wishes.toml explains them, put into regular expressions."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

_SIGN: Final = re.compile(r"\s*(\{[^{}]*\}|[\[\]()|,]|[^\s\[\](){}|,]+|[{}])")
BEHIND: Final = "(?: |$)"
"""Each word takes along the blank behind it, so that what is left out leaves none."""
WHAT: Final = "(?P<what>"
"""With this begins what stands for {what}."""
BUILT_IN: Final = {
    "what": f"{WHAT}.+?){BEHIND}",
    "words": rf"(?:\S+{BEHIND}){{0,6}}",
    "record": r"\S*\brec_.*",
}
"""The pieces that each template may have."""
_OPEN, _CLOSED = ("", "(", "[", "|"), (")", "]", "|")
_SIGNS: Final = {"(": "(?:", "[": "(?:", ")": ")", "]": ")?", "|": "|", ",": "(?:, )?"}
_CLOSES: Final = {")": "(", "]": "["}


def expression(
    text: str, pieces: Mapping[str, str], *, behind: str = BEHIND, within: tuple[str, ...] = ()
) -> str:
    """The regular expression of a template, which may be made of pieces; `behind` stands behind each word.

    What is meant is its group `what`. `within` names the pieces that the template is part of. Raises ValueError, with what
    is wrong.
    """
    parts: list[str] = []
    opened: list[str] = []
    before = ""
    for sign in _SIGN.findall(text.strip()):
        if before in _OPEN and sign in _CLOSED:
            raise ValueError(f"nothing stands between {before or 'the beginning'} and {sign}")
        if sign in _CLOSES and (not opened or opened.pop() != _CLOSES[sign]):
            raise ValueError(f"{sign} closes what nothing opened")
        if sign in "{}":
            raise ValueError(f"{sign} stands alone")
        before = sign
        if sign in _CLOSES.values():
            opened.append(sign)
        if sign in _SIGNS:
            parts.append(_SIGNS[sign])
        elif sign.startswith("{"):
            parts.append(_piece(sign[1:-1].strip(), pieces, behind, within))
        else:
            parts.append(_word(sign) + behind)
    if opened:
        raise ValueError(f"{opened[-1]} is never closed")
    if before in _OPEN:
        raise ValueError(f"nothing stands behind {before}" if before else "nothing is said in it")
    return "".join(parts)


def _piece(name: str, pieces: Mapping[str, str], behind: str, within: tuple[str, ...]) -> str:
    """The regular expression of what stands between braces."""
    if name.startswith("what:"):
        begins = _piece(name.removeprefix("what:").strip(), pieces, r"\b ?", within)
        return f"(?={begins}){BUILT_IN['what']}"
    if name in BUILT_IN:
        return BUILT_IN[name]
    if name in within:
        raise ValueError(f"{{{name}}} is made of itself")
    if name not in pieces:
        raise ValueError(f"there is no piece {{{name}}}; there are {', '.join(sorted({*pieces, *BUILT_IN}))}")
    return f"(?:{expression(pieces[name], pieces, behind=behind, within=(*within, name))})"


def _word(sign: str) -> str:
    """The regular expression of a word, whose accents may be left out and whose ending may be open."""
    stem = sign.removesuffix("*")
    letters = (re.escape(c) if (bare := _bare(c)) == c else f"[{c}{bare}]" for c in stem)
    return "".join(letters) + (r"\w*" if stem != sign else "")


def _bare(character: str) -> str:
    return unicodedata.normalize("NFD", character)[0]
