"""What every embedder must do, whatever computes in it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from redis.asyncio import Redis

from models import Embedder
from models.embeddings import (
    CachedEmbedder,
    OpenVinoEmbedder,
    SentenceTransformerEmbedder,
    StoredVectors,
)
from tests.fakes.tiny_sentence_transformer import save_tiny_model

_BACKENDS = ["openvino", pytest.param("sentence-transformers", marks=pytest.mark.slow), "cached"]


@pytest.fixture(scope="module", params=_BACKENDS)
async def backend(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, embedding_data: Path
) -> AsyncIterator[tuple[str, OpenVinoEmbedder | SentenceTransformerEmbedder]]:
    loaded: OpenVinoEmbedder | SentenceTransformerEmbedder
    if request.param == "sentence-transformers":
        saved = await asyncio.to_thread(save_tiny_model, tmp_path_factory.mktemp("models"))
        loaded = await SentenceTransformerEmbedder.load(str(saved))
    else:
        loaded = await OpenVinoEmbedder.load(embedding_data)
    yield request.param, loaded
    await loaded.close()


@pytest.fixture
async def embedder(
    backend: tuple[str, OpenVinoEmbedder | SentenceTransformerEmbedder], redis_url: str
) -> AsyncIterator[Embedder]:
    kind, loaded = backend
    if kind != "cached":
        yield loaded
        return
    # driver_info: redis-py would read its own version from the disk, in the event loop, at every connection
    async with Redis.from_url(redis_url, driver_info=None) as redis:
        stored = StoredVectors(redis, name=loaded.name, dimensions=loaded.dimensions, ttl_s=60)
        yield CachedEmbedder(loaded, stored)


async def test_fulfils_the_protocol(embedder: Embedder):
    assert isinstance(embedder, Embedder)
    assert embedder.name
    assert embedder.dimensions > 0


async def test_gives_one_unit_vector_a_text(embedder: Embedder):
    vectors = await embedder.embed(["the price rises", "the market falls", "what is a stop loss"])
    assert vectors.shape == (3, embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)


async def test_no_texts_give_an_empty_array_of_the_right_width(embedder: Embedder):
    vectors = await embedder.embed([])
    assert vectors.shape == (0, embedder.dimensions)
    assert vectors.dtype == np.float32


async def test_order_and_company_do_not_change_a_vector(embedder: Embedder):
    texts = ["risk", "the price of bitcoin rises and falls", "", "what is the trend", "risk"]
    together = await embedder.embed(texts)
    alone = np.concatenate([await embedder.embed([text]) for text in reversed(texts)])[::-1]
    assert np.abs(together - alone).max() < 1e-5
    assert np.abs(together[0] - together[4]).max() < 1e-6
    assert np.abs(together[0] - together[1]).max() > 1e-3


async def test_requests_made_at_once_get_their_own_answers(embedder: Embedder):
    texts = [f"the price of item {letter}" for letter in "abcdefghijklmnop"]
    expected = await embedder.embed(texts)
    answers = await asyncio.gather(*(embedder.embed([text]) for text in texts))
    assert np.abs(np.concatenate(answers) - expected).max() < 1e-5


@pytest.mark.parametrize(
    "text", ["", " \n\t", "\x00\x01", "\ud800 half a pair", "\U0001f680" * 50, "é中文 עברית", "x" * 5000]
)
async def test_odd_text_has_a_vector(embedder: Embedder, text: str):
    vectors = await embedder.embed([text])
    assert np.linalg.norm(vectors[0]) == pytest.approx(1.0, abs=1e-5)


async def test_a_megabyte_is_answered_at_once(embedder: Embedder):
    async with asyncio.timeout(60):
        vectors = await embedder.embed(["market risk " * 90_000, "\n" * 1_000_000, "x" * 1_000_000])
    assert vectors.shape == (3, embedder.dimensions)


async def test_one_text_in_place_of_several_is_refused(embedder: Embedder):
    with pytest.raises(TypeError, match="sequence of texts"):
        await embedder.embed("the price")


async def test_a_cancelled_request_leaves_the_others_alone(embedder: Embedder):
    expected = await embedder.embed(["the trend"])
    doomed = [asyncio.create_task(embedder.embed([f"cancelled {n}"])) for n in range(8)]
    kept = asyncio.create_task(embedder.embed(["the trend"]))
    await asyncio.sleep(0)
    for task in doomed:
        task.cancel()
    outcomes = await asyncio.gather(*doomed, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 8
    assert np.abs(await kept - expected).max() < 1e-5
