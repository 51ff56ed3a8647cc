"""The methods that are compared: the product's retrieval, and its parts alone over the same indexes."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from knowledge.dense import DenseIndex, QueryVectors
from knowledge.fields import Field
from knowledge.lexical import LexicalIndex
from knowledge.retrieval import HybridRetriever


class Method(Protocol):
    """A way to find pairs. An outage raises KnowledgeUnavailable."""

    @property
    def name(self) -> str:
        """What it is called in reports."""
        ...

    async def search(self, query: str, *, collections: Sequence[str]) -> None:
        """Search as users do: the query embedded where the method needs it, both fields, five pairs wanted."""
        ...

    async def ranking(
        self,
        query: str,
        vectors: QueryVectors,
        *,
        fields: Sequence[Field],
        collections: Sequence[str],
        limit: int,
    ) -> list[str]:
        """The ids of up to that many pairs, best first, whether relevant or not; `vectors` are the query embedded."""
        ...


class Fusion:
    """The product's retrieval."""

    name = "fusion"

    def __init__(self, retriever: HybridRetriever) -> None:
        self._retriever = retriever

    async def search(self, query: str, *, collections: Sequence[str]) -> None:
        """As the product does it, with its floor and its limit."""
        await self._retriever.search(query, collections=collections)

    async def ranking(
        self,
        query: str,
        vectors: QueryVectors,
        *,
        fields: Sequence[Field],
        collections: Sequence[str],
        limit: int,
    ) -> list[str]:
        """The fused ranking, without a floor."""
        hits = await self._retriever.search(
            query, collections=collections, fields=fields, vectors=vectors, limit=limit, floor=-1.0
        )
        return [hit.pair_id for hit in hits]


class DenseOnly:
    """Meaning alone: the cosine to the nearer of the fields."""

    name = "dense"

    def __init__(self, dense: DenseIndex) -> None:
        self._dense = dense

    async def search(self, query: str, *, collections: Sequence[str]) -> None:
        """With the query's encoding."""
        vectors = await self._dense.encode(query)
        await self.ranking(query, vectors, fields=tuple(Field), collections=collections, limit=5)

    async def ranking(
        self,
        query: str,
        vectors: QueryVectors,
        *,
        fields: Sequence[Field],
        collections: Sequence[str],
        limit: int,
    ) -> list[str]:
        """By the highest cosine; the query's words do not count."""
        del query
        best: dict[str, float] = {}
        for field in fields:
            found = await self._dense.search(vectors[field], field, collections=collections, limit=limit)
            for pair, cosine in found.items():
                best[pair] = max(cosine, best.get(pair, -1.0))
        return _first(best, limit)


class WordsOnly:
    """Words alone: the sum of BM25 over the fields."""

    name = "words"

    def __init__(self, lexical: LexicalIndex) -> None:
        self._lexical = lexical

    async def search(self, query: str, *, collections: Sequence[str]) -> None:
        """Without any encoding."""
        await self._ranked(query, tuple(Field), collections, 5)

    async def ranking(
        self,
        query: str,
        vectors: QueryVectors,
        *,
        fields: Sequence[Field],
        collections: Sequence[str],
        limit: int,
    ) -> list[str]:
        """By the sum of BM25; the query's meaning does not count."""
        del vectors
        return await self._ranked(query, fields, collections, limit)

    async def _ranked(
        self, query: str, fields: Sequence[Field], collections: Sequence[str], limit: int
    ) -> list[str]:
        total: dict[str, float] = {}
        for field in fields:
            found = await self._lexical.search(query, field, collections=collections, limit=limit)
            for pair, score in found.items():
                total[pair] = total.get(pair, 0.0) + score
        return _first(total, limit)


def _first(scores: Mapping[str, float], limit: int) -> list[str]:
    return sorted(scores, key=lambda pair: (-scores[pair], pair))[:limit]
