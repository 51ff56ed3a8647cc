"""The embedder that the settings ask for."""

from pathlib import Path

from redis.asyncio import Redis

from models.embeddings.cache import CachedEmbedder, Observer
from models.embeddings.gguf_embedder import GgufEmbedder, is_gguf
from models.embeddings.openvino_embedder import OpenVinoEmbedder
from models.embeddings.sentence_transformer import SentenceTransformerEmbedder
from models.embeddings.settings import DEFAULT_MODEL, EmbeddingSettings
from models.embeddings.stored import StoredVectors


async def open_embedder(
    settings: EmbeddingSettings, data: Path, redis: Redis | None, *, observe: Observer | None = None
) -> CachedEmbedder:
    """Load the model named in `settings` and put the cache before it; the caller closes it.

    `data` is the data folder. `redis` may be None: then only the process remembers. `observe` is called once a
    request, in the event loop. Raises WeightsInvalid or EmbeddingUnavailable.
    """
    inner: OpenVinoEmbedder | GgufEmbedder | SentenceTransformerEmbedder
    if settings.model == DEFAULT_MODEL:
        inner = await OpenVinoEmbedder.load(data, threads=settings.threads)
    elif is_gguf(settings.model):
        inner = await GgufEmbedder.load(
            settings.model,
            max_tokens=settings.max_tokens,
            gpu_layers=settings.gpu_layers,
            threads=settings.threads,
        )
    else:
        inner = await SentenceTransformerEmbedder.load(settings.model, device=settings.device)
    stored = None
    if redis is not None and settings.cache_ttl_s:
        stored = StoredVectors(
            redis,
            name=inner.name,
            dimensions=inner.dimensions,
            ttl_s=settings.cache_ttl_s,
            timeout_s=settings.cache_timeout_s,
            cooldown_s=settings.cache_cooldown_s,
        )
    return CachedEmbedder(inner, stored, hot_vectors=settings.hot_vectors, observe=observe)
