"""all-MiniLM-L6-v2 in ONNX Runtime, without torch."""

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
    from onnxruntime import InferenceSession, SessionOptions
    from tokenizers import Tokenizer

DIMENSIONS = 384
MAX_TOKENS = 256

_ERRORS_ONLY = 3
_BATCH_TOKENS = 512  # beyond it the intermediate results leave the cache and a batch gains nothing


class OnnxEmbedder:
    """The default embedder: 384 dimensions, the first 256 tokens of a text. Made by `load`."""

    def __init__(self, tokenizer: "Tokenizer", session: "InferenceSession") -> None:
        self._tokenizer = tokenizer
        self._session = session
        self._batcher = Batcher(self._compute, name=DEFAULT_MODEL, dimensions=DIMENSIONS)

    @classmethod
    async def load(cls, data: Path, *, threads: int | None = None, spin_us: int = 10) -> Self:
        """Load it from the data folder, after laying its files out there if need be.

        `threads` compute a batch, by default two, or one on a machine with a single core; they busy-wait for
        `spin_us` microseconds before they sleep. Raises WeightsInvalid when the files are missing and cannot be
        written, or are not the published ones, and EmbeddingUnavailable when ONNX Runtime cannot load them.
        """
        return await asyncio.to_thread(cls._load, data, threads or min(2, os.cpu_count() or 1), spin_us)

    @classmethod
    def _load(cls, data: Path, threads: int, spin_us: int) -> Self:
        import onnxruntime

        folder = data / "models" / DEFAULT_MODEL
        ensure_layout(folder)
        options = session_options(threads=threads, spin_us=spin_us)
        try:
            session = onnxruntime.InferenceSession(
                str(folder / GRAPH), options, providers=["CPUExecutionProvider"]
            )
            return cls(open_tokenizer(folder / TOKENIZER), session)
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
        for rows in _batches([len(ids) for ids in tokens]):
            ids = np.zeros((len(rows), len(tokens[rows[0]])), dtype=np.int32)
            mask = np.zeros_like(ids)
            for position, row in enumerate(rows):
                ids[position, : len(tokens[row])] = tokens[row]
                mask[position, : len(tokens[row])] = 1
            vectors[rows] = self._session.run(None, {"ids": ids, "mask": mask})[0]
        return vectors


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    """Rows of similar length, longest first, so that little of a batch is padding."""
    rows: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if rows and lengths[rows[0]] * (len(rows) + 1) > _BATCH_TOKENS:
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows


def open_tokenizer(path: Path) -> "Tokenizer":
    """The model's tokenizer, which cuts a text after 256 tokens and leaves padding to the batch."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def session_options(*, threads: int, spin_us: int) -> "SessionOptions":
    """How ONNX Runtime is to run in a service that shares its cores; benchmarks/bench_embeddings.py has the figures."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = (
        True  # it keeps the largest batch's memory, some 20 MB as batches are bounded
    )
    options.enable_mem_pattern = False  # plans memory for each new shape, and there are many
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if spin_us else "0")
    if spin_us:
        options.add_session_config_entry("session.intra_op.spin_duration_us", str(spin_us))
    return options
