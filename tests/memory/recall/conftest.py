"""Conversations said in a restricted database, and vectors that mean something without a model."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from memory import Database, MemoryUnavailable, Owner, RecallFilter, Recollection, Vectors, new_id
from memory.recall import MemoryRecaller, RecallSettings, embed_due
from memory.recall.analysis import stems
from models import EmbeddingUnavailable, estimated_tokens

NOW = datetime(2026, 6, 17, 15, 0, tzinfo=UTC)
"""A Wednesday."""
_SYNONYMS = {"resid": "live", "automobil": "car"}
Say = Callable[..., Awaitable[str]]
Recall = Callable[..., Awaitable[Recollection]]


class WordEmbedder:
    """Sums one fixed direction a word, with a few synonyms: texts that share words are near to each other."""

    name = "words"
    dimensions = 96

    def __init__(self) -> None:
        self.down = False
        self.held: asyncio.Event | None = None

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if self.held:
            await self.held.wait()
        if self.down:
            raise EmbeddingUnavailable("the model is switched off in this test")
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            for word in stems(text) or ["nothing"]:
                rows[row] += _direction(_SYNONYMS.get(word, word))
        return rows / np.linalg.norm(rows, axis=1, keepdims=True) if len(texts) else rows


class Vault:
    """Vectors of the long tier, held here: Chroma itself is tested where its adapter is."""

    def __init__(self) -> None:
        self.vectors: dict[tuple[Owner, str], Vectors] = {}
        self.down = False

    async def put(self, owner: Owner, ids: Sequence[str], vectors: Vectors) -> None:
        self.vectors.update({(owner, each): vector for each, vector in zip(ids, vectors, strict=True)})

    async def nearest(self, owner: Owner, vector: Vectors, *, limit: int) -> dict[str, float]:
        if self.down:
            raise MemoryUnavailable("the vectors cannot be reached in this test")
        found = {each: float(held @ vector) for (whose, each), held in self.vectors.items() if whose == owner}
        return dict(sorted(found.items(), key=lambda pair: -pair[1])[:limit])

    async def remove(self, owner: Owner, ids: Sequence[str]) -> None:
        for each in ids:
            self.vectors.pop((owner, each), None)

    async def erase(self, owner: Owner) -> int:
        mine = await self.ids(owner)
        await self.remove(owner, mine)
        return len(mine)

    async def ids(self, owner: Owner) -> list[str]:
        return [each for whose, each in self.vectors if whose == owner]


def _direction(word: str) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).standard_normal(WordEmbedder.dimensions).astype(np.float32)


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest.fixture
def owner() -> Owner:
    """Somebody of whom nothing is known yet."""
    return Owner(new_id("user"), "acme")


@pytest.fixture
def say(database: Database) -> Say:
    """Puts messages into a thread of an owner, a minute apart; gives the thread."""

    async def said(
        owner: Owner, *texts: str, thread: str | None = None, at: datetime = NOW, role: str = "user"
    ) -> str:
        thread_id = thread or new_id("thr")
        whose = owner.tenant_id, owner.user_id
        async with database.of(owner) as connection:
            await connection.execute(
                "INSERT INTO threads (id, tenant_id, user_id, title) VALUES (%s, %s, %s, 'Talk') ON CONFLICT DO NOTHING",
                (thread_id, *whose),
            )
            for minute, text in enumerate(texts):
                await connection.execute(
                    "INSERT INTO messages (id, thread_id, tenant_id, user_id, role, content, created_at)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                    (new_id("msg"), thread_id, *whose, role, text, at + timedelta(minutes=minute)),
                )
        return thread_id

    return said


@pytest.fixture
def know(database: Database, embedder: WordEmbedder, vault: Vault) -> Say:
    """Puts a record into an owner's memory; gives its id."""

    async def known(
        owner: Owner,
        text: str,
        *,
        tier: str = "long",
        kind: str = "fact",
        sources: Sequence[str] = (),
        at: datetime = NOW,
        **columns: object,
    ) -> str:
        record_id = new_id("mem")
        (vector,) = await embedder.embed([text])
        medium = str(vector.tolist()) if tier == "medium" else None
        names = "".join(f", {name}" for name in columns)
        marks = ", %s" * len(columns)
        async with database.of(owner) as connection:
            await connection.execute(
                "INSERT INTO memory_records (id, tenant_id, user_id, tier, kind, text, sources, said_at, model, vector"  # noqa: S608  # names of the tests
                f"{names}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::vector{marks})",
                (
                    record_id, owner.tenant_id, owner.user_id, tier, kind, text, list(sources), at, embedder.name,
                    medium, *columns.values(),
                ),
            )  # fmt: skip
        if tier == "long":
            await vault.put(owner, [record_id], vector[None, :])
        return record_id

    return known


@pytest.fixture
async def recaller(database: Database, embedder: WordEmbedder, vault: Vault) -> AsyncIterator[MemoryRecaller]:
    opened = MemoryRecaller(
        database,
        embedder,
        count=estimated_tokens,
        long=vault,
        settings=RecallSettings(timeout_s=5, long_relevance=0.2),
    )
    yield opened
    await opened.close()


@pytest.fixture
def recall(database: Database, embedder: WordEmbedder, recaller: MemoryRecaller) -> Recall:
    """Recalls after everything was embedded."""

    async def recalled(owner: Owner, query: str, *, budget: int = 200, **wanted: object) -> Recollection:
        while not embedder.down and await embed_due(database, embedder, 50):
            pass
        limits = RecallFilter(**wanted)  # type: ignore[arg-type]  # the test's own
        return await recaller.recall(owner, query, budget=budget, wanted=limits, now=NOW)

    return recalled
