"""What the knowledge package offers to the packages above it, and what it takes from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A question-answer pair that was found for a query, with where it came from."""

    pair_id: str
    collection: str
    topic: str
    question: str
    answer: str
    source: str
    """The name of the source: a file name, or `starter` for what ships in the package."""
    score: float
    """The fused rank score; comparable within one search only."""
    similarity: float
    """Cosine similarity of the query to the nearer of question and answer, -1 to 1."""
    relevance: float = 0.0
    """The probability that the pair has to do with the query, 0 to 1; comparable between searches."""
    passage: str = ""
    """The part of the answer that matched best; the whole of a short one."""
    slug: str | None = None
    """Where its topic stands in the catalogue."""
    quality: float | None = None
    """What refinement scored it, 0 to 100; None before it was refined."""
    dated: date | None = None
    """The latest date that it speaks of, where it does."""
    read_as: str = ""
    """The query in the words of the pairs, where it was asked in others: another language's, or misspelled ones."""


@runtime_checkable
class Retriever(Protocol):
    """Finds pairs by meaning and by words. No hits means nothing relevant; an outage raises KnowledgeUnavailable."""

    async def search(self, query: str, *, collections: Sequence[str] = (), limit: int = 5) -> list[Hit]:
        """The best pairs, best first, out of these collections (none given: all of them)."""
        ...


@runtime_checkable
class Reranker(Protocol):
    """Judges texts beside a query, one by one: slower than an index and closer to the meaning of both."""

    async def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query, higher is better, in their order.

        Raises RerankingUnavailable when the model does not answer.
        """
        ...
