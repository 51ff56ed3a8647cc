"""What the knowledge package offers to the packages above it."""

from collections.abc import Sequence
from dataclasses import dataclass
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
    """Cosine similarity of the query to the nearer of question and answer, -1 to 1; what relevance is judged by."""


@runtime_checkable
class Retriever(Protocol):
    """Finds pairs by meaning and by words. No hits means nothing relevant; an outage raises KnowledgeUnavailable."""

    async def search(self, query: str, *, collections: Sequence[str] = (), limit: int = 5) -> list[Hit]:
        """The best pairs, best first, out of these collections (none given: all of them)."""
        ...
