"""The word that a misspelled one stands for: one letter too many, missing, other, or two exchanged (Damerau, 1964)."""

from collections.abc import Iterable, Mapping
from functools import cached_property

_SHORTEST = 5
"""Shorter words are one letter away from too many others."""


class Spelling:
    """Words by what is left of them without a letter, so that those nearby are found at once (Mor and Fraenkel, 1982)."""

    def __init__(self, words: Mapping[str, float]) -> None:
        """`words` with how common each is; of several that are as near the commonest is meant."""
        self._words = {word: often for word, often in words.items() if len(word) >= _SHORTEST}

    def __contains__(self, word: str) -> bool:
        return word in self._words

    @cached_property
    def _without(self) -> dict[str, list[str]]:
        """Made at the first look, as it takes a tenth of a second for ten thousand words."""
        found: dict[str, list[str]] = {}
        for word in self._words:
            for shorter in {word, *_without_a_letter(word)}:
                found.setdefault(shorter, []).append(word)
        return found

    def nearest(self, word: str) -> str | None:
        """The commonest word that is one slip of the pen away and begins alike; None where there is none, or it is one itself."""
        if len(word) < _SHORTEST or word in self._words:
            return None
        near = {
            each
            for shorter in (word, *_without_a_letter(word))
            for each in self._without.get(shorter, ())
            if each[0] == word[0] and _one_slip(word, each)
        }
        return max(near, key=lambda each: (self._words[each], each), default=None)


def _without_a_letter(word: str) -> Iterable[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


def _one_slip(word: str, other: str) -> bool:
    """Whether two different words are one letter, or one exchange of neighbours, apart."""
    same = next(
        (n for n, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other))
    )
    rest, others = word[same:], other[same:]
    if len(rest) == len(others):
        return rest[1:] == others[1:] or (rest[:2] == others[1::-1] and rest[2:] == others[2:])
    return rest[1:] == others or rest == others[1:]
