"""A restricted database, and users nobody else has."""

import itertools
from collections.abc import AsyncIterator, Sequence

import pytest
from redis.asyncio import Redis

from app.database import open_pool
from app.memory_vectors import ChromaVectors
from knowledge.chroma import Chroma
from memory import Database, MemorySettings, Owner, ShortTermTier, Vectors

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    pool = await open_pool(database_url, max_size=4, restricted=True)
    yield Database(pool)
    await pool.close()


@pytest.fixture
def owner() -> Owner:
    return Owner(f"ada{next(_numbers)}")


@pytest.fixture
def other() -> Owner:
    return Owner(f"bob{next(_numbers)}")


class _Plane:
    """A model of two dimensions that nobody asks for vectors."""

    name = "plane"
    dimensions = 2

    async def embed(self, texts: Sequence[str]) -> Vectors:
        raise NotImplementedError(texts)


@pytest.fixture(scope="module")
async def vectors(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ChromaVectors]:
    opened = ChromaVectors(Chroma(tmp_path_factory.mktemp("chroma")), _Plane())
    yield opened
    await opened.close()


@pytest.fixture
def short(redis: Redis) -> ShortTermTier:
    return ShortTermTier(redis, MemorySettings())
