"""An embedder that computes nothing twice: recent vectors in the process, the others in Redis."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from models.embeddings.stored import StoredVectors, Vector
from models.interfaces import Embedder, TokenCounter, Vectors, estimated_tokens

_COMPUTED_AT_ONCE = 512  # a long list that is cut short keeps what it has, up to the last so many


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What one request came to. Each of its distinct texts is counted under one of the three."""

    model: str
    seconds: float
    hot: int
    """Texts whose vectors the process held."""
    stored: int
    """Texts whose vectors Redis held."""
    computed: int
    """Texts that the model was asked for."""


@dataclass(frozen=True, kw_only=True)
class CacheCounts:
    """How many texts were answered from where since the start."""

    hot: int = 0
    stored: int = 0
    computed: int = 0


Observer: TypeAlias = Callable[[Observation], None]


class CachedEmbedder:
    """Answers as `inner` does, and asks it only for texts whose vectors are not at hand.

    A vector is found by the model's name and the text's SHA-256. A model that changes under the same name, such as
    a folder that is trained again in place, needs another name or an empty cache.
    """

    def __init__(
        self,
        inner: Embedder,
        stored: StoredVectors | None,
        *,
        hot_vectors: int = 4096,
        observe: Observer | None = None,
    ) -> None:
        self._inner = inner
        self._stored = stored
        self._hot: OrderedDict[str, Vector] = OrderedDict()
        self._hot_vectors = hot_vectors
        self._observe = observe
        self._counts = CacheCounts()

    @property
    def name(self) -> str:
        """The inner model's name."""
        return self._inner.name

    @property
    def dimensions(self) -> int:
        """The length of the inner model's vectors."""
        return self._inner.dimensions

    @property
    def inner(self) -> Embedder:
        """The model without a cache, for measuring it."""
        return self._inner

    @property
    def counts(self) -> CacheCounts:
        """Where vectors came from since the start."""
        return self._counts

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text, in order. Raises what `inner` raises, and nothing on account of the cache."""
        if isinstance(texts, str) or not texts:
            return await self._inner.embed(texts)
        started = time.perf_counter()
        digests = [_digest(text) for text in texts]
        text_of = dict(zip(digests, texts, strict=True))
        known = self._recent(text_of)
        hot = len(known)
        missing = [digest for digest in text_of if digest not in known]
        if missing and self._stored is not None:
            known |= await self._stored.get(missing)
        stored = len(known) - hot
        missing = [digest for digest in missing if digest not in known]
        if missing:
            known |= await self._computed({digest: text_of[digest] for digest in missing})
        self._remember(known)
        self._count(time.perf_counter() - started, hot=hot, stored=stored, computed=len(missing))
        return np.stack([known[digest] for digest in digests])

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """The inner model's counts, or an estimate where it does not count."""
        counter = self._inner.token_counts if isinstance(self._inner, TokenCounter) else estimated_tokens
        return counter(texts)

    async def close(self) -> None:
        """Close the inner embedder, if it can be closed; the Redis client stays its owner's."""
        close = getattr(self._inner, "close", None)
        if close is not None:
            await close()

    async def _computed(self, text_of: dict[str, str]) -> dict[str, Vector]:
        known: dict[str, Vector] = {}
        digests = list(text_of)
        for start in range(0, len(digests), _COMPUTED_AT_ONCE):
            part = digests[start : start + _COMPUTED_AT_ONCE]
            vectors = await self._inner.embed([text_of[digest] for digest in part])
            new = {digest: vector.copy() for digest, vector in zip(part, vectors, strict=True)}
            if self._stored is not None:
                await self._stored.set(new)
            known |= new
        return known

    def _recent(self, digests: Iterable[str]) -> dict[str, Vector]:
        known = {}
        for digest in digests:
            vector = self._hot.get(digest)
            if vector is not None:
                self._hot.move_to_end(digest)
                known[digest] = vector
        return known

    def _remember(self, known: dict[str, Vector]) -> None:
        self._hot.update(known)
        while len(self._hot) > self._hot_vectors:
            self._hot.popitem(last=False)

    def _count(self, seconds: float, *, hot: int, stored: int, computed: int) -> None:
        counts = self._counts
        self._counts = replace(
            counts,
            hot=counts.hot + hot,
            stored=counts.stored + stored,
            computed=counts.computed + computed,
        )
        if self._observe is not None:
            self._observe(
                Observation(
                    model=self._inner.name, seconds=seconds, hot=hot, stored=stored, computed=computed
                )
            )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
