"""A request as the rest of the package reads it: in English words, and numbers with a point and no groups.

What is quoted, fenced, marked up or stands in a table is left as it is. Offsets lead back to the request.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from models.chat.extractive.notation import plain_numbers
from models.chat.extractive.phrases import spoken_numbers
from models.glossary import Gloss, gloss

Span = tuple[int, int]
Edit = tuple[int, int, str]


@dataclass(frozen=True)
class Plain:
    """A request put plainly."""

    request: str
    numbers: str
    """The request with plain numbers, its words as they are."""
    text: str
    """The same with the words in English."""
    language: str
    steps: tuple[Gloss, ...]

    def original(self, start: int, end: int) -> str:
        """What stands in the request for `text[start:end]`."""
        for step in reversed(self.steps):
            start, end = step.original(start, end)
        return self.request[start:end]


def put_plainly(request: str, kept: Sequence[Span]) -> Plain:
    """The request with its numbers in one notation and its known words in English, but for the `kept` spans."""
    language = gloss(request, kept).language
    notation = rewritten(request, plain_numbers(request, kept, language=language))
    kept = [notation.current(span) for span in kept]
    words = gloss(notation.text, kept)
    kept = [words.current(span) for span in kept]
    spoken = rewritten(words.text, spoken_numbers(words.text, kept))
    return Plain(request, notation.text, spoken.text, language, (notation, words, spoken))


def rewritten(text: str, edits: Sequence[Edit]) -> Gloss:
    """The text with the edits made, which are in order and apart."""
    parts: list[str] = []
    joints: list[tuple[int, int, int, int]] = []
    length = done = 0
    for start, end, new in edits:
        length += start - done
        parts += [text[done:start], new]
        joints.append((length, length + len(new), start, end))
        length += len(new)
        done = end
    return Gloss("".join([*parts, text[done:]]), "en", tuple(joints))
