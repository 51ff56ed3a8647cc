"""An embedding model in a GGUF file, computed by llama.cpp."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from models.embeddings.batching import Batcher
from models.errors import EmbeddingUnavailable, EngineError
from models.gguf import verify_model
from models.interfaces import Vectors
from models.resident import EngineSettings
from models.resident.library import library
from models.resident.loading import LoadedModel, load_weights
from models.resident.pooling import PooledContext, pooling

_BATCH_TOKENS = 512
"""Computed together where a processor computes; more gain nothing there."""
_BATCH_TOKENS_ON_GPU = 2048


def is_gguf(model: str) -> bool:
    """Whether a name in the settings means a GGUF file."""
    return model.lower().endswith(".gguf")


class GgufEmbedder:
    """BERT and its kin, or a decoder trained to embed, as GGUF: BGE-M3, nomic-embed-text, Qwen3-Embedding. Made by `load`.

    A text gives the unit vector that the file's own pooling makes of its first tokens.
    """

    def __init__(
        self, model: LoadedModel, context: PooledContext, *, name: str, max_tokens: int, batch: int
    ) -> None:
        self._model = model
        self._context = context
        self._name = name
        self._max_tokens = max_tokens
        self._batcher = Batcher(
            self._compute,
            name=name,
            dimensions=context.dimensions,
            text_tokens=max_tokens,
            slice_tokens=batch,
        )

    @classmethod
    async def load(
        cls, path: str, *, max_tokens: int, gpu_layers: int = -1, threads: int | None = None
    ) -> Self:
        """Verify and load the file off the event loop. Texts are read up to `max_tokens`, or what the model was trained for.

        `threads` compute a batch, by default two, or one on a machine with a single core. Raises WeightsInvalid for
        a file that is damaged or of no embedding model, and EmbeddingUnavailable where llama.cpp is missing or
        memory does not suffice.
        """
        threads = threads or min(2, os.cpu_count() or 1)
        try:
            return await asyncio.to_thread(cls._load, path, max_tokens, gpu_layers, threads)
        except EngineError as error:
            raise EmbeddingUnavailable(f"the embedding model {path} could not be loaded: {error}") from error

    @classmethod
    def _load(cls, path: str, max_tokens: int, gpu_layers: int, threads: int) -> Self:
        loaded = library()
        file = Path(path).expanduser()
        pooling(file, verify_model(file))
        model = load_weights(loaded, EngineSettings(path=file, gpu_layers=gpu_layers))
        try:
            tokens = min(max_tokens, model.card.trained_context)
            batch = _BATCH_TOKENS_ON_GPU if model.card.gpu_layers else _BATCH_TOKENS
            context = PooledContext(loaded, model, tokens=max(tokens, batch), threads=threads)
        except EngineError:
            model.close()
            raise
        return cls(model, context, name=path, max_tokens=tokens, batch=batch)

    @property
    def name(self) -> str:
        """The path it was loaded by."""
        return self._name

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._context.dimensions

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text, in order. Raises EmbeddingUnavailable."""
        return await self._batcher.embed(texts)

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text, at most those that are read; those that mark its ends are not counted."""
        with self._model.used() as vocabulary:
            marks = len(vocabulary.tokenize("", special=False))
            most = self._max_tokens - marks
            return [min(most, len(vocabulary.tokenize(text, special=False)) - marks) for text in texts]

    async def close(self) -> None:
        """Finish what is being computed, refuse the rest, and free the memory."""
        await self._batcher.close()
        await asyncio.to_thread(self._free)

    def _free(self) -> None:
        self._context.close()
        self._model.close()

    def _compute(self, texts: list[str]) -> Vectors:
        with self._model.used() as vocabulary:
            end = vocabulary.tokenize("", special=False)[-1:]  # empty where none marks the end
            return self._context.vectors(
                [self._cut(vocabulary.tokenize(text, special=False), end) for text in texts]
            )

    def _cut(self, tokens: list[int], end: list[int]) -> list[int]:
        """What is read of a text, its mark at the end kept. One without any token is read as the model's first."""
        if len(tokens) > self._max_tokens:
            ended = tokens[-1:] == end
            tokens = tokens[: self._max_tokens - len(end) * ended] + end * ended
        return tokens or [0]
