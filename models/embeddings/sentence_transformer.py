"""Any sentence-transformers model, by name or folder, through the library itself."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from models.embeddings.batching import SLICE_TOKENS, Batcher
from models.embeddings.inspection import see_that_it_is_there
from models.errors import EmbeddingUnavailable
from models.interfaces import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class SentenceTransformerEmbedder:
    """A model that the library loads: BGE-M3, Qwen3-Embedding, a folder of one's own. Made by `load`.

    It brings torch into the process: some 10 s and 500 MB more than the default model. Code that comes with
    a model is never run.
    """

    def __init__(self, model: "SentenceTransformer", *, name: str) -> None:
        self._model = model
        self._name = name
        self._dimensions = _dimensions(model, name)
        self._batcher = Batcher(
            self._compute,
            name=name,
            dimensions=self._dimensions,
            text_tokens=int(model.max_seq_length or SLICE_TOKENS),
            slice_tokens=SLICE_TOKENS if model.device.type == "cpu" else 8 * SLICE_TOKENS,
        )

    @classmethod
    async def load(cls, name: str, *, device: str = "cpu") -> Self:
        """Load it off the event loop. Raises EmbeddingUnavailable when it is not found or cannot be loaded."""
        return await asyncio.to_thread(cls._load, name, device)

    @classmethod
    def _load(cls, name: str, device: str) -> Self:
        see_that_it_is_there(name)
        from sentence_transformers import SentenceTransformer

        try:
            model = SentenceTransformer(name, device=device, trust_remote_code=False)
        except Exception as error:
            raise EmbeddingUnavailable(
                f"the embedding model {name!r} could not be loaded on {device} ({type(error).__name__}: {error}); "
                "give the folder of a sentence-transformers model, or a name the library can download"
            ) from error
        return cls(model, name=name)

    @property
    def name(self) -> str:
        """The name or folder it was loaded by."""
        return self._name

    @property
    def dimensions(self) -> int:
        """The length of a vector, as the model states it."""
        return self._dimensions

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text, in order. Raises EmbeddingUnavailable."""
        return await self._batcher.embed(texts)

    async def close(self) -> None:
        """Finish what is being computed, refuse the rest, and let go of the weights."""
        await self._batcher.close()
        # Torch's modules refer to each other in circles: what only refers to them would be freed at some later time.
        await asyncio.to_thread(self._model.to, "meta")

    def _compute(self, texts: list[str]) -> Vectors:
        vectors = self._model.encode(
            texts, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)


def _dimensions(model: "SentenceTransformer", name: str) -> int:
    dimensions = model.get_embedding_dimension()
    if dimensions is None:
        raise EmbeddingUnavailable(f"the embedding model {name!r} does not state the length of its vectors")
    return int(dimensions)
