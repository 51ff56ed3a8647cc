"""Finds pairs by meaning and by words at once, and judges whether they are relevant."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.dense import DenseIndex
from knowledge.fields import Field
from knowledge.interfaces import Hit
from knowledge.lexical import LexicalIndex
from knowledge.readers.text import plain
from knowledge.settings import RetrievalSettings
from knowledge.store import KnowledgeStore, StoredPair

BOTH = (Field.QUESTION, Field.ANSWER)
_SPARE = 3  # candidates looked at beyond the limit: duplicates and irrelevant ones fall away
_PLAIN = 400  # of a question, for telling duplicates apart


@dataclass(frozen=True)
class _Search:
    """What one of the searches found, best first, and what it counts for."""

    scores: dict[str, float]
    weight: float
    scale: float
    """What a score is divided by."""
    absent: float
    """The score of a pair that this search did not hand over: at most that of the last it did."""


class HybridRetriever:
    """Fuses four searches: meaning and words, each against questions and against answers.

    The fused score is a weighted sum of cosines and of BM25 divided by the best BM25 of its search. A pair that
    a dense search did not return counts there with the lowest cosine that it did return, an upper bound.
    Of several pairs that ask the same question the best one is returned.
    """

    def __init__(
        self,
        store: KnowledgeStore,
        dense: DenseIndex,
        lexical: LexicalIndex,
        settings: RetrievalSettings | None = None,
    ) -> None:
        self._store = store
        self._dense = dense
        self._lexical = lexical
        self._settings = settings or RetrievalSettings()

    async def search(
        self,
        query: str,
        *,
        collections: Sequence[str] = (),
        limit: int = 5,
        fields: Sequence[Field] = BOTH,
        vector: NDArray[np.float32] | None = None,
        floor: float | None = None,
    ) -> list[Hit]:
        """The best pairs, best first, out of these collections (none given: all of them).

        No hits: nothing is relevant. `fields` restricts what the query is compared with; `vector` is the query
        already embedded; `floor` is the lowest similarity that counts as relevant, when not that of the settings.
        Raises KnowledgeUnavailable when the store, an index or the embedding model does not answer, and
        ValueError for a limit below 1 or no fields.
        """
        if limit < 1 or not fields:
            raise ValueError(
                f"A search needs a limit of at least 1 and a field, not {limit} and {list(fields)}."
            )
        if not query.strip():
            return []
        least = self._settings.floor if floor is None else floor
        lexical, (meant, dense) = await asyncio.gather(
            asyncio.gather(*(self._words(query, field, collections) for field in fields)),
            self._meanings(query if vector is None else vector, fields, collections),
        )
        ranked = _fuse([*dense, *lexical])
        hits: list[Hit] = []
        seen: set[str] = set()
        page = limit + _SPARE
        for start in range(0, len(ranked), page):
            part = ranked[start : start + page]
            for hit in await self._hits(part, meant, dict(zip(fields, dense, strict=True))):
                asked = plain(hit.question)[:_PLAIN]
                if hit.similarity >= least and asked not in seen:
                    seen.add(asked)
                    hits.append(hit)
            if len(hits) >= limit:
                break
        return hits[:limit]

    async def _words(self, query: str, field: Field, collections: Sequence[str]) -> _Search:
        weight = self._settings.lexical_question if field is Field.QUESTION else self._settings.lexical_answer
        if not weight:
            return _Search({}, 0.0, 1.0, 0.0)
        scores = await self._lexical.search(
            query, field, collections=collections, limit=self._settings.candidates
        )
        return _Search(scores, weight, max(scores.values(), default=1.0), 0.0)

    async def _meanings(
        self, query: str | NDArray[np.float32], fields: Sequence[Field], collections: Sequence[str]
    ) -> tuple[NDArray[np.float32], list[_Search]]:
        vector = await self._dense.encode(query) if isinstance(query, str) else query
        found = await asyncio.gather(*(self._meaning(vector, field, collections) for field in fields))
        return vector, found

    async def _meaning(
        self, vector: NDArray[np.float32], field: Field, collections: Sequence[str]
    ) -> _Search:
        weight = self._settings.dense_question if field is Field.QUESTION else self._settings.dense_answer
        scores = await self._dense.search(
            vector, field, collections=collections, limit=self._settings.candidates
        )
        return _Search(scores, weight, 1.0, min(scores.values(), default=0.0))

    async def _hits(
        self, ranked: list[tuple[str, float]], vector: NDArray[np.float32], dense: dict[Field, _Search]
    ) -> list[Hit]:
        pairs = await self._store.pairs([pair for pair, _ in ranked])
        similarity = await self._similarity(list(pairs.values()), vector, dense)
        return [
            Hit(
                pair_id=pair.id,
                collection=pair.collection,
                topic=pair.topic,
                question=pair.question,
                answer=pair.answer,
                source=pair.source,
                score=score,
                similarity=similarity[pair.id],
            )
            for pair, score in ((pairs[found], score) for found, score in ranked if found in pairs)
        ]

    async def _similarity(
        self, pairs: list[StoredPair], vector: NDArray[np.float32], dense: dict[Field, _Search]
    ) -> dict[str, float]:
        """The cosine to the nearer field; the index is asked only where the searches leave it open."""
        known = {
            pair.id: max((search.scores.get(pair.id, -1.0) for search in dense.values()), default=-1.0)
            for pair in pairs
        }
        for field, search in dense.items():
            asked: dict[str, list[str]] = defaultdict(list)
            for pair in pairs:
                if pair.id not in search.scores and known[pair.id] < search.absent:
                    asked[pair.collection].append(pair.id)
            if asked:
                for pair_id, cosine in (await self._dense.similarities(vector, field, asked)).items():
                    known[pair_id] = max(known[pair_id], cosine)
        return known


def _fuse(searches: Sequence[_Search]) -> list[tuple[str, float]]:
    """Pair ids with their weighted sums, best first; equal ones by id, so that the order is always the same."""
    found = {pair for search in searches if search.weight for pair in search.scores}
    fused = [
        (
            pair,
            sum(search.weight * search.scores.get(pair, search.absent) / search.scale for search in searches),
        )
        for pair in found
    ]
    return sorted(fused, key=lambda item: (-item[1], item[0]))
