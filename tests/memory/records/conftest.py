"""A store of records on real PostgreSQL and Chroma, with vectors that mean something without a model."""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from app.database import Pool, open_pool
from app.memory_vectors import ChromaVectors
from knowledge import Chroma
from memory import Database, Draft, Kind, MemoryUnavailable, Owner, Vectors, new_id
from memory.records import RecordStore
from memory.records.words import statement
from models import EmbeddingUnavailable

START = datetime(2026, 1, 1, tzinfo=UTC)
Says = Callable[..., Draft]


class WordEmbedder:
    """Sums one fixed direction a word: texts that share words are near to each other, in any order."""

    name = "words"
    dimensions = 48

    def __init__(self) -> None:
        self.down = False

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if self.down:
            raise EmbeddingUnavailable("the model is switched off in this test")
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            for word in statement(text).words or ("nothing",):
                seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
                rows[row] += np.random.default_rng(seed).standard_normal(self.dimensions).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True) if len(texts) else rows


class Switched(ChromaVectors):
    """The vectors in Chroma, which can be out of reach."""

    down = False

    async def put(self, owner: Owner, ids: Sequence[str], vectors: Vectors) -> None:
        self._check()
        await super().put(owner, ids, vectors)

    async def remove(self, owner: Owner, ids: Sequence[str]) -> None:
        self._check()
        await super().remove(owner, ids)

    def _check(self) -> None:
        if self.down:
            raise MemoryUnavailable("the vectors are out of reach in this test")


@pytest.fixture(scope="module")
async def restricted(database_url: str) -> AsyncIterator[Pool]:
    """Connections that row-level security holds for."""
    opened = await open_pool(database_url, min_size=1, max_size=8, restricted=True)
    yield opened
    await opened.close()


@pytest.fixture
def database(restricted: Pool) -> Database:
    return Database(restricted)


@pytest.fixture(scope="module")
async def chroma(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chroma]:
    opened = Chroma(tmp_path_factory.mktemp("chroma"))
    yield opened
    await opened.close()


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def vectors(chroma: Chroma, embedder: WordEmbedder) -> Switched:
    return Switched(chroma, embedder)


@pytest.fixture
def store(database: Database, vectors: Switched, embedder: WordEmbedder) -> RecordStore:
    return RecordStore(database, vectors, embedder)


@pytest.fixture
def owner() -> Owner:
    """Somebody whom no other test knows."""
    return Owner(new_id("ana"))


@pytest.fixture
def other() -> Owner:
    return Owner(new_id("ben"))


@pytest.fixture
def says() -> Says:
    """A draft said on a day of 2026, counted from the first."""

    def draft(text: str, day: int = 0, *, kind: Kind = Kind.FACT, **more: Any) -> Draft:
        sources = more.pop("sources", (f"msg_{day}_{len(text)}",))
        return Draft(kind=kind, text=text, said_at=START + timedelta(days=day), sources=sources, **more)

    return draft
