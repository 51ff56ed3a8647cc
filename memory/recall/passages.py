"""Messages in parts: whole sentences, short enough that a small budget holds many of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_CHARACTERS = 110
"""Of a passage: about 25 tokens of English. A change applies to what is embedded from then on."""
_LEAST_CHARACTERS = 40
_MOST_PASSAGES = 400  # of a message: some 60,000 characters
_END = re.compile(r"(?:[.!?…]['\"”’)\]*_]*(?=\s)|\n|[。！？])\s*")  # what ends sentences elsewhere
_CLAUSE = re.compile(r"(?:[;:—]|,(?= (?:and|but|so|because|which|who|where|while|although|or)\b)| - )\s*")
_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|cf|approx|incl|no|fig|dr|mr|mrs|ms|st|a\.m|p\.m)|\b[A-Z])\.$", re.IGNORECASE
)


@dataclass(frozen=True)
class Passage:
    """Characters [begins, ends) of a text."""

    begins: int
    ends: int


def cut(text: str) -> list[Passage]:
    """The passages of a text in order: sentences, the very short ones together with their neighbour.

    A sentence that is too long ends where a clause does, or else between words. A text of white space has none.
    """
    found: list[Passage] = []
    for begins, ends, line in _sentences(text):
        last = found[-1] if found and not line else None
        if (
            last
            and min(last.ends - last.begins, ends - begins) < _LEAST_CHARACTERS
            and ends - last.begins <= MOST_CHARACTERS
        ):
            found[-1] = Passage(last.begins, ends)
        else:
            found.append(Passage(begins, ends))
    return found[:_MOST_PASSAGES]


def _sentences(text: str) -> Iterator[tuple[int, int, bool]]:
    """Where sentences begin and end, and whether a line begins with one; white space around them left out."""
    start, line = 0, True
    for match in _END.finditer(text):
        mark = match[0].rstrip()
        if mark == "." and _ABBREVIATED.search(text, max(start, match.start() - 8), match.start() + 1):
            continue
        yield from _clauses(text, start, match.start() + len(mark), line=line)
        start, line = match.end(), "\n" in match[0]
    yield from _clauses(text, start, len(text), line=line)


def _clauses(text: str, start: int, end: int, *, line: bool) -> Iterator[tuple[int, int, bool]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > MOST_CHARACTERS:
        cut_at = _cut(text, start, end)
        yield start, start + len(text[start:cut_at].rstrip()), line
        start, line = cut_at, False
    if start < end:
        yield start, end, line


def _cut(text: str, start: int, end: int) -> int:
    """Where to cut: after the clause that ends nearest the middle of what may be kept, or else between words."""
    least, most = start + _LEAST_CHARACTERS, min(start + MOST_CHARACTERS, end - _LEAST_CHARACTERS // 2)
    clauses = [match.end() for match in _CLAUSE.finditer(text, least, most)]
    if clauses:
        middle = start + min((end - start) // 2, MOST_CHARACTERS)
        return min(clauses, key=lambda at: abs(at - middle))
    space = text.rfind(" ", least, most)
    return space + 1 if space > 0 else most
