"""What the cache saves, what it forgets, and that it never stands in the way."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisGone

from models import EmbeddingUnavailable, Vectors
from models.embeddings import CacheCounts, CachedEmbedder, Observation, StoredVectors

_DIMENSIONS = 8


class CountingEmbedder:
    """Derives a vector from a text's hash and keeps what it was asked."""

    name = "counting"
    dimensions = _DIMENSIONS

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked.append(list(texts))
        if "unavailable" in texts:
            raise EmbeddingUnavailable("the model does not answer")
        rows = [
            list(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:_DIMENSIONS]) for text in texts
        ]
        vectors = np.array(rows, dtype=np.float32).reshape(len(texts), _DIMENSIONS) + 1
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url, driver_info=None) as opened:
        yield opened


@pytest.fixture
async def nobody() -> AsyncIterator[Redis]:
    async with Redis.from_url("unix:///nonexistent/redis.sock", driver_info=None, retry=None) as opened:
        yield opened


@pytest.fixture
def inner() -> CountingEmbedder:
    return CountingEmbedder()


def _stored(client: Redis, *, name: str = "counting", cooldown_s: float = 30.0) -> StoredVectors:
    return StoredVectors(client, name=name, dimensions=_DIMENSIONS, ttl_s=60, cooldown_s=cooldown_s)


async def test_a_text_is_computed_once_and_found_in_the_process_then(inner: CountingEmbedder):
    cached = CachedEmbedder(inner, None)
    first = await cached.embed(["a", "b"])
    second = await cached.embed(["b", "a", "c"])
    assert inner.asked == [["a", "b"], ["c"]]
    assert np.array_equal(second[[1, 0]], first)


async def test_the_same_text_twice_in_a_request_is_computed_once(inner: CountingEmbedder):
    vectors = await CachedEmbedder(inner, None).embed(["a", "b", "a"])
    assert inner.asked == [["a", "b"]]
    assert np.array_equal(vectors[0], vectors[2])


async def test_another_process_finds_the_exact_vectors_in_redis(inner: CountingEmbedder, client: Redis):
    computed = await CachedEmbedder(inner, _stored(client)).embed(["a", "b"])
    found = await CachedEmbedder(inner, _stored(client)).embed(["b", "a"])
    assert inner.asked == [["a", "b"]]
    assert np.array_equal(found[::-1], computed)


async def test_vectors_in_redis_expire(inner: CountingEmbedder, client: Redis):
    await CachedEmbedder(inner, _stored(client)).embed(["a"])
    (key,) = await client.keys("freya:embedding:counting:8:*")
    assert 0 < await client.ttl(key) <= 60


async def test_models_do_not_share_vectors(inner: CountingEmbedder, client: Redis):
    await CachedEmbedder(inner, _stored(client)).embed(["a"])
    await CachedEmbedder(inner, _stored(client, name="another")).embed(["a"])
    assert inner.asked == [["a"], ["a"]]


@pytest.mark.parametrize("value", [b"", b"short", b"\x00" * 32, b"\xff" * 32, b"\x00" * 4000])
async def test_corrupt_bytes_are_computed_again_and_replaced(
    inner: CountingEmbedder, client: Redis, value: bytes
):
    expected = await CachedEmbedder(inner, _stored(client)).embed(["a"])
    (key,) = await client.keys()
    await client.set(key, value)
    assert np.array_equal(await CachedEmbedder(inner, _stored(client)).embed(["a"]), expected)
    assert await client.get(key) == expected.astype("<f4").tobytes()


async def test_only_the_most_recent_vectors_stay_in_the_process(inner: CountingEmbedder):
    cached = CachedEmbedder(inner, None, hot_vectors=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        await cached.embed([text])
    assert inner.asked == [["a"], ["b"], ["c"], ["b"]]


async def test_none_stay_in_the_process_when_told_so(inner: CountingEmbedder):
    cached = CachedEmbedder(inner, None, hot_vectors=0)
    await cached.embed(["a"])
    await cached.embed(["a"])
    assert inner.asked == [["a"], ["a"]]


async def test_changing_an_answer_does_not_change_the_cache(inner: CountingEmbedder):
    cached = CachedEmbedder(inner, None)
    first = await cached.embed(["a"])
    expected = first.copy()
    first[:] = 0
    assert np.array_equal(await cached.embed(["a"]), expected)


async def test_a_dead_redis_fails_no_request_and_is_logged_once(
    inner: CountingEmbedder, nobody: Redis, caplog: pytest.LogCaptureFixture
):
    cached = CachedEmbedder(inner, _stored(nobody, cooldown_s=0.0), hot_vectors=0)
    with caplog.at_level(logging.INFO, logger="models.embeddings"):
        for text in ("a", "b", "c"):
            assert (await cached.embed([text])).shape == (1, _DIMENSIONS)
    assert len(caplog.messages) == 1
    assert "does not answer" in caplog.messages[0]


async def test_a_dead_redis_is_left_alone_for_a_while(
    inner: CountingEmbedder, client: Redis, monkeypatch: pytest.MonkeyPatch
):
    attempts = 0

    async def refuse(*_args: object, **_options: object) -> None:
        nonlocal attempts
        attempts += 1
        raise RedisGone("nobody there")

    monkeypatch.setattr(client, "execute_command", refuse)
    cached = CachedEmbedder(inner, _stored(client), hot_vectors=0)
    for text in ("a", "b", "c"):
        await cached.embed([text])
    assert attempts == 1


async def test_a_redis_that_comes_back_is_used_again(
    inner: CountingEmbedder, client: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async def refuse(*_args: object, **_options: object) -> None:
        raise RedisGone("nobody there")

    cached = CachedEmbedder(inner, _stored(client, cooldown_s=0.0), hot_vectors=0)
    with caplog.at_level(logging.INFO, logger="models.embeddings"):
        with monkeypatch.context() as broken:
            broken.setattr(client, "execute_command", refuse)
            await cached.embed(["a"])
        await cached.embed(["a"])
        await cached.embed(["a"])
    assert "answers again" in caplog.messages[-1]
    assert inner.asked[-1:] == [["a"]]
    assert cached.counts.stored >= 1


async def test_a_redis_that_hangs_is_not_waited_for(inner: CountingEmbedder):
    left = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, asyncio.timeout(60):
        async with Redis(host="127.0.0.1", port=port, driver_info=None) as client:
            stored = StoredVectors(client, name="counting", dimensions=_DIMENSIONS, ttl_s=60, timeout_s=0.05)
            assert (await CachedEmbedder(inner, stored).embed(["a"])).shape == (1, _DIMENSIONS)
        await left.wait()


async def test_a_cancelled_request_stays_cancelled_whatever_redis_does(
    inner: CountingEmbedder, client: Redis
):
    cached = CachedEmbedder(inner, _stored(client), hot_vectors=0)
    await cached.embed(["warm the connection"])
    for turns in range(6):
        task = asyncio.create_task(cached.embed([f"text {turns}"]))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_client_that_decodes_is_refused(redis_url: str):
    async with Redis.from_url(redis_url, decode_responses=True) as client:
        with pytest.raises(ValueError, match="without decode_responses"):
            _stored(client)


async def test_more_texts_than_one_exchange_carries_are_all_found(inner: CountingEmbedder, client: Redis):
    texts = [f"text {n}" for n in range(1100)]
    computed = await CachedEmbedder(inner, _stored(client), hot_vectors=0).embed(texts)
    found = await CachedEmbedder(inner, _stored(client)).embed(texts)
    assert sum(len(asked) for asked in inner.asked) == 1100
    assert np.array_equal(found, computed)


async def test_a_model_that_does_not_answer_is_the_callers_to_know(inner: CountingEmbedder):
    with pytest.raises(EmbeddingUnavailable, match="does not answer"):
        await CachedEmbedder(inner, None).embed(["unavailable"])


async def test_every_request_is_observed_with_where_its_vectors_came_from(
    inner: CountingEmbedder, client: Redis
):
    seen: list[Observation] = []
    await CachedEmbedder(inner, _stored(client)).embed(["kept"])
    cached = CachedEmbedder(inner, _stored(client), observe=seen.append)
    await cached.embed(["a"])
    await cached.embed(["a", "kept", "b", "c"])
    assert [(one.hot, one.stored, one.computed) for one in seen] == [(0, 0, 1), (1, 1, 2)]
    assert {one.model for one in seen} == {"counting"}
    assert all(one.seconds > 0 for one in seen)
    assert cached.counts == CacheCounts(hot=1, stored=1, computed=3)


async def test_closing_an_embedder_that_cannot_be_closed_is_harmless(inner: CountingEmbedder):
    cached = CachedEmbedder(inner, None)
    await cached.close()
    assert cached.dimensions == _DIMENSIONS
