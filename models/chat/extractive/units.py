"""The quotable units of a passage: sentences and list items, cleaned of filler and sources."""

import re
from dataclasses import dataclass
from functools import lru_cache

from models.chat.extractive.words import content_stems, sentences

_FILLER = re.compile(
    r"^(?:(?:certainly|sure|absolutely|of course|great question|okay|ok)\b[!,.]?\s*)?"
    r"(?:here(?:'s| is| are)\b[^.:!\n]*[.:!]|(?:let me know|feel free|i hope|please note that i|based on the (?:search|provided))\b[^\n]*)?",
    re.IGNORECASE,
)
_OPENING = re.compile(r"^(?:certainly|sure|absolutely|of course|great question)\b[!,.]?\s*", re.IGNORECASE)
_SOURCES = re.compile(r"^\W*(?:sources?|references?|citations?|further reading)\W*:?\W*$", re.IGNORECASE)
_LINK = re.compile(r"https?://|www\.|\[\d+\]:", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*\u2022\u2013]|\(?\d{1,2}[.)]|[a-z][.)])\s+")
_MARKUP = re.compile(r"[*_`#]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}")
_FEWEST_WORDS = 4
_MOST_CHARACTERS = 420


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence or list item that may be quoted by itself."""

    text: str
    stems: tuple[str, ...]
    position: int
    """Its place in the passage, from 0."""
    heading: str
    """The heading or lead-in it stands under, empty where there is none."""
    bullet: bool


@lru_cache(maxsize=2_000)
def quotable_units(text: str) -> tuple[Unit, ...]:
    """The units of a passage in order. Headings, links, source lists, fillers and fragments are left out."""
    found: list[Unit] = []
    heading = ""
    for raw in text.splitlines():
        line = raw.strip()
        if _SOURCES.match(line):
            break
        if not line or _LINK.search(line):
            continue
        bullet = _BULLET.match(line) is not None
        line = _MARKUP.sub("", _BULLET.sub("", line)).strip()
        if _is_heading(line):
            heading = line.rstrip(":")
            continue
        for sentence in sentences(line):
            quote = _clean(sentence)
            if quote:
                stems = tuple(content_stems(quote))
                found.append(Unit(quote, stems, len(found), heading, bullet))
    return tuple(found)


def _is_heading(line: str) -> bool:
    return line.endswith(":") or (len(line.split()) < _FEWEST_WORDS and not line.endswith((".", "!", "?")))


def _clean(sentence: str) -> str | None:
    match = _FILLER.match(sentence)
    if match and match.end() == len(sentence):
        return None
    quote = _OPENING.sub("", sentence).strip()
    if len(quote.split()) < _FEWEST_WORDS or len(quote) > _MOST_CHARACTERS or quote.endswith(("?", ":")):
        return None
    return quote[0].upper() + quote[1:] if quote[-1] in ".!)" else f"{quote[0].upper()}{quote[1:]}."
