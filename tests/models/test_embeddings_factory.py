"""Which embedder the settings give."""

import asyncio
import weakref
from pathlib import Path

import pytest
from redis.asyncio import Redis

from models import EmbeddingUnavailable
from models.embeddings import EmbeddingSettings, SentenceTransformerEmbedder, open_embedder
from tests.fakes.tiny_sentence_transformer import DIMENSIONS, save_tiny_model


async def test_the_default_is_minilm_with_its_vectors_kept_in_redis(embedding_data: Path, redis_url: str):
    async with Redis.from_url(redis_url, driver_info=None) as redis:
        embedder = await open_embedder(EmbeddingSettings(), embedding_data, redis)
        await embedder.embed(["a question"])
        await embedder.close()
        assert (embedder.name, embedder.dimensions) == ("all-MiniLM-L6-v2", 384)
        assert len(await redis.keys("freya:embedding:all-MiniLM-L6-v2:384:*")) == 1
        with pytest.raises(EmbeddingUnavailable, match="closed"):
            await embedder.embed(["another question"])


@pytest.mark.slow
async def test_a_folder_is_loaded_by_sentence_transformers(tmp_path: Path, redis_url: str):
    saved = await asyncio.to_thread(save_tiny_model, tmp_path)
    settings = EmbeddingSettings(model=str(saved), cache_ttl_s=0)
    async with Redis.from_url(redis_url, driver_info=None) as redis:
        embedder = await open_embedder(settings, tmp_path, redis)
        assert (await embedder.embed(["the price"])).shape == (1, DIMENSIONS)
        assert await redis.keys() == []
        inner = embedder.inner
        assert isinstance(inner, SentenceTransformerEmbedder)
        weight = weakref.ref(next(inner._model.parameters()))
        await embedder.close()
        assert weight() is None


@pytest.mark.slow
async def test_a_model_that_is_not_there_is_named_with_what_to_give(tmp_path: Path):
    settings = EmbeddingSettings(model=str(tmp_path / "nothing"))
    with pytest.raises(EmbeddingUnavailable, match=r"there is no folder .*nothing, .* give one of them"):
        await open_embedder(settings, tmp_path, None)


@pytest.mark.parametrize(
    "wrong", [{"model": ""}, {"threads": 0}, {"cache_ttl_s": -1}, {"cache_timeout_s": 0}, {"hot_vectors": -1}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        EmbeddingSettings.model_validate(wrong)
