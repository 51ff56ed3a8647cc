"""A question in the words of the pairs: English ones for another language's, known ones for misspelled ones."""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from knowledge.corpus import packaged_topics
from knowledge.dense import DenseIndex
from knowledge.lexical import LexicalIndex
from models import Spelling, english_words, prepare_glossary

_WORD = re.compile(r"[^\W\d_]+")
_SPELT = 5
"""Letters from which on a word may be a misspelled one."""


class Asking:
    """Reads questions that the pairs would not be found by as they are asked.

    A question of which the pairs say most words in its own language stays as it is: then they are written in that language.
    """

    def __init__(self, lexical: LexicalIndex, dense: DenseIndex) -> None:
        self._lexical = lexical
        self._dense = dense
        self._packaged: Mapping[str, int] | None = None

    async def read(self, query: str) -> str:
        """The query to search by. Raises KnowledgeUnavailable."""
        if self._packaged is None:
            self._packaged = await asyncio.to_thread(_packaged)
        unknown = _words(query) - self._packaged.keys()
        if not unknown:
            return query
        english = english_words(query)
        if english != query:
            return await self._in_english(query, english)
        return await self._spelt(query, unknown)

    async def _in_english(self, query: str, english: str) -> str:
        """In English words. What nobody knows is left out, unless that is most of what is asked for."""
        holding = await self._lexical.holding(_words(query) | _words(english))
        foreign = [holding[word] for word in _words(query) - _words(english) if word in holding]
        if 2 * sum(map(bool, foreign)) > len(foreign):
            return query
        told = [holding[word] for word in _words(english) if word in holding]
        if 2 * sum(map(bool, told)) < len(told):
            return english
        return _WORD.sub(lambda found: found[0] if holding.get(found[0].casefold(), 1) else "", english)

    async def _spelt(self, query: str, unknown: frozenset[str]) -> str:
        """With known words for those that nobody knows and that are one slip of the pen away from them."""
        holding = await self._lexical.holding({word for word in unknown if len(word) >= _SPELT})
        strange = [word for word, pairs in holding.items() if not pairs]
        meant = await asyncio.to_thread(self._meant, strange) if strange else {}
        return _WORD.sub(lambda found: meant.get(found[0].casefold(), found[0]), query)

    def _meant(self, words: list[str]) -> Mapping[str, str]:
        """By misspelled word the one that is meant. What the model reads in one piece is a word: "baker" is no "bakery"."""
        near = {word: found for word in words if (found := _spelling().nearest(word))}
        return {word: found for word, found in near.items() if not self._dense.is_word(word)}


def _words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD.findall(text))


@lru_cache(maxsize=1)
def _packaged() -> Counter[str]:
    """The words of what ships in the package, with how often they are said; the glossary is prepared with them."""
    prepare_glossary()
    said: Counter[str] = Counter()
    for topics in packaged_topics().values():
        for topic in topics:
            for pair in topic.pairs:
                said.update(word.casefold() for word in _WORD.findall(f"{pair.question} {pair.answer}"))
    return said


@lru_cache(maxsize=1)
def _spelling() -> Spelling:
    return Spelling(_packaged())
