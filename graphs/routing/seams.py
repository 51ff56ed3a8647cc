"""Seams: places where another request may begin though no verb says so ("market size for pet taxis + a bot").

Most commas and conjunctions part nothing. Only where the words on both sides lean to different specialists are the pieces read
at all, and only where each is surely for a specialist, and for another one than its neighbour, is the text parted.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise, zip_longest

from graphs.routing.dividing import Reading
from graphs.routing.parts import refers_back

Run = tuple[int, int]
"""Pieces from the first number up to, and without, the second."""

_AND = (
    r"and|plus|as well as|furthermore|additionally|by the way|apart from that|y|e|además|asimismo|también|de paso|"
    r"und|sowie|ferner|außerdem|zudem|dazu|übrigens|и|а|также|плюс|ещё|еще|кстати"
)
_SEAM = re.compile(
    rf"\s+(?:[+/&|]|[-–—])\s+|\s*,\s*(?:(?:oh|ah|ach|ну|а|y|and|und|и)\s+)?(?:(?:{_AND})\s+)?(?=[^\W\d])"
    rf"|\s+(?:{_AND})\s+(?=[^\W\d])",
    re.IGNORECASE,
)
_DEPENDS = re.compile(
    r"(?:if|when|while|because|since|where|who|which|that|so|for|with|without|"
    r"wenn|falls|weil|während|dass|der|die|das|für|mit|ohne|si|cuando|porque|que|para|con|sin|если|когда|потому|который|для|с|без)\b"
    r"|(?:[^\W\d_]+\s+)?[^\W\d_]+:",
    re.IGNORECASE,
)
"""How a clause begins that belongs to the one before it, or a named list."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_NUMBER = re.compile(r"\d[\d.,]*")
_VALUE_WORDS, _VALUE_NUMBERS = 3, 2
"""A piece with figures and no more words and numbers than these is a value of the request beside it."""
_ITEM_WORDS, _LEAST_SENTENCE = 3, 4
_BARE_WORDS = 2
_MOST_SEAMS = 3
_SURE = 0.8
_SURE_THOUGH_BARE = 0.9
"""For a piece that gives figures, has few words or points back: values, items and additions are likelier than requests."""
_QUOTES = (("“", "”"), ("«", "»"), ("„", "“"), ("(", ")"), ("[", "]"))


def pieces_of(text: str, leaning: Callable[[Sequence[str]], Sequence[str]]) -> list[str]:
    """The text cut at the seams on whose sides words lean to different specialists, in order; whole where there is none.

    `leaning` says of each text to which specialist its words lean. Each piece begins with the seam before it.
    """
    first, *others = _cut(text)
    joined = [first]
    leans = leaning([first, *others]) if others else ()
    for piece, (before, here) in zip(others, pairwise(leans), strict=True):
        if here != before and len(joined) <= _MOST_SEAMS:
            joined.append(piece)
        else:
            joined[-1] += piece
    return joined


def runs_of(pieces: Sequence[str]) -> dict[Run, str]:
    """Every run of neighbouring pieces but the whole, and its text."""
    count = len(pieces)
    return {
        (begin, end): without_seam("".join(pieces[begin:end]))
        for begin in range(count)
        for end in range(begin + 1, count + 1)
        if end - begin < count
    }


def parted(
    runs: Mapping[Run, str], readings: Mapping[str, Reading], specialists: Collection[str]
) -> list[str]:
    """The texts of the most runs in a row that are each surely for another specialist than their neighbours; none where there are not two."""
    end = max((last for _, last in runs), default=0)
    best: tuple[int, float, tuple[Run, ...]] = (1, 0.0, ())
    ways: list[tuple[float, tuple[Run, ...]]] = [(1.0, ())]
    while ways:
        least, way = ways.pop()
        at = way[-1][1] if way else 0
        if at == end:
            best = max(best, (len(way), least, way))
            continue
        before = runs[way[-1]] if way else ""
        for run, text in runs.items():
            reading = readings[text]
            if run[0] != at or not _is_sure(text, reading, specialists):
                continue
            if before and (readings[before].label == reading.label or _lists(before, text)):
                continue
            ways.append((min(least, reading.probability), (*way, run)))
    return [runs[run] for run in best[2]]


def without_seam(piece: str) -> str:
    """A piece without the seam that it begins with."""
    seam = _SEAM.match(piece)
    return (piece[seam.end() :] if seam else piece).strip()


def _is_sure(text: str, reading: Reading, specialists: Collection[str]) -> bool:
    bare = _NUMBER.search(text) or len(_WORD.findall(text)) <= _BARE_WORDS or refers_back(text)
    needed = _SURE_THOUGH_BARE if bare else _SURE
    return reading.label in specialists and reading.probability >= needed


def _lists(before: str, text: str) -> bool:
    """Whether a text is but the last item of a list in a sentence before it: "... with bookings, orders and advertising"."""
    return len(_WORD.findall(text)) <= _ITEM_WORDS and len(_WORD.findall(before)) > _LEAST_SENTENCE


def _cut(text: str) -> list[str]:
    """The text cut at each seam that has a request's words on both sides and lies in no quotation."""
    cuts = [0]
    seams = list(_SEAM.finditer(text))
    for seam, following in zip_longest(seams, seams[1:]):
        left = text[cuts[-1] : seam.start()]
        right = text[seam.end() : following.start() if following else None]
        if _WORD.search(left) and _WORD.search(right) and not _quoted(text, seam.start()):
            comma = seam[0].strip() == ","
            if not _DEPENDS.match(right) and not (comma and (_is_value(left) or _is_value(right))):
                cuts.append(seam.start())
    return [text[begin:end] for begin, end in zip(cuts, [*cuts[1:], len(text)], strict=True)]


def _is_value(piece: str) -> bool:
    numbers = len(_NUMBER.findall(piece))
    return 0 < numbers <= _VALUE_NUMBERS and len(_WORD.findall(piece)) <= _VALUE_WORDS


def _quoted(text: str, position: int) -> bool:
    before = text[:position]
    return before.count('"') % 2 == 1 or any(before.count(a) > before.count(b) for a, b in _QUOTES)
