"""all-MiniLM-L6-v2 in OpenVINO, without torch."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from models.embeddings.batching import Batcher
from models.embeddings.settings import DEFAULT_MODEL
from models.embeddings.weights import GRAPH, TOKENIZER, ensure_layout
from models.errors import EmbeddingUnavailable
from models.interfaces import Vectors

if TYPE_CHECKING:
    from openvino import CompiledModel
    from tokenizers import Tokenizer

DIMENSIONS = 384
MAX_TOKENS = 256

_BATCH_TOKENS = 512  # beyond it the intermediate results leave the cache and a batch gains nothing
_BATCH_TEXTS = 64
_WIDTHS = (*range(8, 64, 8), *range(64, 128, 16), *range(128, MAX_TOKENS + 1, 32))


class OpenVinoEmbedder:
    """The default embedder: 384 dimensions, the first 256 tokens of a text. Made by `load`."""

    def __init__(self, tokenizer: "Tokenizer", model: "CompiledModel") -> None:
        self._tokenizer = tokenizer
        self._request = model.create_infer_request()
        self._batcher = Batcher(
            self._compute, name=DEFAULT_MODEL, dimensions=DIMENSIONS, text_tokens=MAX_TOKENS
        )

    @classmethod
    async def load(cls, data: Path, *, threads: int | None = None) -> Self:
        """Load it from the data folder, after laying its files out there if need be.

        `threads` compute a batch, by default two, or one on a machine with a single core. Raises WeightsInvalid
        when the files are missing and cannot be written, or are not the published ones, and EmbeddingUnavailable
        when OpenVINO cannot load them.
        """
        folder = data / "models" / DEFAULT_MODEL
        await ensure_layout(folder)
        return await asyncio.to_thread(cls._load, folder, threads or min(2, os.cpu_count() or 1))

    @classmethod
    def _load(cls, folder: Path, threads: int) -> Self:
        try:
            return cls(open_tokenizer(folder / TOKENIZER), compiled(folder / GRAPH, threads=threads))
        except Exception as error:
            raise EmbeddingUnavailable(f"{folder} could not be loaded: {error}") from error

    @property
    def name(self) -> str:
        """`all-MiniLM-L6-v2`."""
        return DEFAULT_MODEL

    @property
    def dimensions(self) -> int:
        """384."""
        return DIMENSIONS

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text, in order. Raises EmbeddingUnavailable."""
        return await self._batcher.embed(texts)

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text, at most 256; those that mark its ends are not counted."""
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    async def close(self) -> None:
        """Finish what is being computed and refuse the rest."""
        await self._batcher.close()

    def _compute(self, texts: list[str]) -> Vectors:
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(texts)]
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        for rows, width in _batches([len(ids) for ids in tokens]):
            ids = np.zeros((len(rows), width), dtype=np.int32)
            mask = np.zeros_like(ids)
            for position, row in enumerate(rows):
                ids[position, : len(tokens[row])] = tokens[row]
                mask[position, : len(tokens[row])] = 1
            vectors[rows] = self._request.infer({"ids": ids, "mask": mask}, share_inputs=True)[0]
        return vectors


def _batches(lengths: list[int]) -> Iterator[tuple[list[int], int]]:
    """Rows of similar length, longest first, so that little of a batch is padding, and the width to pad them to.

    OpenVINO prepares, and keeps, code for each shape that it meets: widths are a few, and rows powers of two, which
    makes 60 shapes in all.
    """
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    while order:
        width = next(width for width in _WIDTHS if width >= lengths[order[0]])
        fitting = min(len(order), _BATCH_TEXTS, _BATCH_TOKENS // width)
        count = 1 << (fitting.bit_length() - 1)
        yield order[:count], width
        order = order[count:]


def open_tokenizer(path: Path) -> "Tokenizer":
    """The model's tokenizer, which cuts a text after 256 tokens and leaves padding to the batch."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def compiled(graph: Path, *, threads: int, **other: str | int | bool) -> "CompiledModel":
    """The graph made ready for a service that shares its cores; benchmarks/bench_embeddings.py has the figures.

    It computes in the precision that is the processor's fastest: bfloat16 where it has instructions for that, whose
    vectors agree with float32 to a cosine above 0.9999, else float32. `other` are properties of OpenVINO's CPU
    plugin, which come before what is set here.
    """
    from models.embeddings.runtime import openvino

    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
    return openvino.Core().compile_model(graph, "CPU", settings | other)
