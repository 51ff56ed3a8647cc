"""One vector a text: a llama.cpp context that pools what it computes of each."""

import math
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any  # a pointer of the C library

import numpy as np
from numpy.typing import NDArray

from models.errors import EngineUnavailable, GenerationFailed, ModelInvalid
from models.gguf import Header
from models.resident.batch import Batch, Chunk
from models.resident.library import Library
from models.resident.loading import LoadedModel

MOST_TEXTS = 64
"""Texts that are computed together."""


class Pooling(IntEnum):
    """Which of a text's token vectors make its own, by llama.cpp's numbers."""

    MEAN = 1
    FIRST = 2
    LAST = 3


def pooling(path: Path, header: Header) -> Pooling:
    """What the file says of it. Raises ModelInvalid where it says nothing, or something else: no embedding model does."""
    said = header.metadata.get(f"{header.architecture}.pooling_type")
    if isinstance(said, int) and said in set(Pooling):
        return Pooling(said)
    why = "names no pooling" if not said else f"has the pooling {said}, which gives no vector"
    raise ModelInvalid(
        f"{path} is no embedding model: its header ({header.architecture}) {why}; give a GGUF file that was made "
        "of one, of BGE, nomic-embed-text or Qwen3-Embedding say"
    )


class PooledContext:
    """A context for one vector a text. Belongs to one thread."""

    def __init__(self, library: Library, model: LoadedModel, *, tokens: int, threads: int) -> None:
        """`tokens` is the most of one batch, and so of one text. Raises EngineUnavailable where memory does not suffice."""
        api = library.api
        parameters = api.llama_context_default_params()
        parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = max(tokens, MOST_TEXTS)
        parameters.n_seq_max = MOST_TEXTS
        parameters.kv_unified = True
        parameters.embeddings = True
        parameters.n_threads = parameters.n_threads_batch = threads
        self._api = api
        self._tokens = tokens
        self._batch = Batch(api, int(parameters.n_batch))
        self._row = library.quick("llama_get_embeddings_seq")
        self.dimensions = int(api.llama_model_n_embd_out(model.pointer))
        self._pointer = api.llama_init_from_model(model.pointer, parameters)
        if not self._pointer:
            raise EngineUnavailable(
                f"no context of {tokens} tokens could be made for {model.card.path}: {library.complaint()}; "
                "lower max_tokens"
            )
        self._memory = api.llama_get_memory(self._pointer)
        decodes = self._memory and api.llama_model_has_decoder(model.pointer)
        self._compute = api.llama_decode if decodes else api.llama_encode

    def vectors(self, texts: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """A unit vector a text, shape (texts, dimensions), of tokens of which none has none or more than a batch.

        Raises GenerationFailed where llama.cpp computes none.
        """
        found = np.empty((len(texts), self.dimensions), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        while order:
            rows = self._fitting(order, texts)
            found[rows] = self._computed([texts[row] for row in rows])
            del order[: len(rows)]
        return found

    def close(self) -> None:
        """Free the context. May be called twice."""
        if self._pointer:
            self._api.llama_free(self._pointer)
        self._pointer = None

    def _fitting(self, order: Sequence[int], texts: Sequence[Sequence[int]]) -> list[int]:
        rows: list[int] = []
        tokens = 0
        for row in order[:MOST_TEXTS]:
            tokens += len(texts[row])
            if tokens > self._tokens:
                break
            rows.append(row)
        return rows

    def _computed(self, texts: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        if self._memory:
            self._api.llama_memory_clear(self._memory, False)
        chunks = [Chunk(number, 0, text, output=True) for number, text in enumerate(texts)]
        status = self._compute(self._pointer, self._batch.of(chunks, every=True))
        if status:
            raise GenerationFailed(f"llama.cpp could not compute {len(texts)} texts: status {status}")
        rows = [self._unit(self._row(self._pointer, number)) for number in range(len(texts))]
        return np.stack(rows)

    def _unit(self, row: Any) -> NDArray[np.float32]:
        if not row:
            raise GenerationFailed("llama.cpp gave no vector of a text")
        vector = np.ctypeslib.as_array(row, shape=(self.dimensions,)).astype(np.float64)
        length = math.sqrt(float(vector @ vector))
        if not 0 < length < math.inf:
            raise GenerationFailed(
                f"a vector of length {length} was computed: the model's weights are damaged"
            )
        return (vector / length).astype(np.float32)
