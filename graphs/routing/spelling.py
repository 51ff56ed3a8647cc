"""Words as the router knows them, in place of misspelled ones."""

import re
from collections.abc import Mapping

from models import Embedder, Spelling, TokenCounter

_WORD = re.compile(r"[^\W\d_]{5,}")


class Corrector:
    """Puts known words in place of those that nobody knows and that are one slip of the pen away.

    What the embedding model reads in one piece is a word of its own, though the router has not met it: "baker" is no "bakery".
    """

    def __init__(self, words: Mapping[str, float], embedder: Embedder) -> None:
        """`words` that the router has met, with how common each is."""
        self._spelling = Spelling(words)
        self._words = words
        self._embedder = embedder

    def corrected(self, text: str) -> str:
        """The text with its misspelled words as they are meant."""
        return _WORD.sub(self._meant, text)

    def _meant(self, found: re.Match[str]) -> str:
        word = found[0].casefold()
        if word in self._words or word.removesuffix("s") in self._words:
            return found[0]
        meant = self._spelling.nearest(word)
        return meant if meant and not self._is_a_word(word) else found[0]

    def _is_a_word(self, word: str) -> bool:
        return isinstance(self._embedder, TokenCounter) and self._embedder.token_counts([word]) == [1]
