"""Tokens of several sequences as llama.cpp takes them."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any  # a structure of the C library

import numpy as np


@dataclass(frozen=True, slots=True)
class Chunk:
    """Tokens of one sequence to compute in a step."""

    sequence: int
    start: int
    """The position of its first token."""
    tokens: Sequence[int]
    output: bool
    """Whether what follows the last of them is asked for."""


class Batch:
    """A `llama_batch` over memory of NumPy's, filled again for each step."""

    def __init__(self, api: ModuleType, size: int) -> None:
        """`size` is the most tokens it holds."""
        self._tokens = np.zeros(size, dtype=np.int32)
        self._positions = np.zeros(size, dtype=np.int32)
        self._sequences = np.zeros(size, dtype=np.int32)
        self._outputs = np.zeros(size, dtype=np.int8)
        self._counts = np.ones(size, dtype=np.int32)
        addresses = self._sequences.ctypes.data + self._sequences.itemsize * np.arange(size, dtype=np.uintp)
        self._addresses = addresses.astype(np.uintp)
        batch = api.llama_batch()
        for name, numbers in (
            ("token", self._tokens),
            ("pos", self._positions),
            ("n_seq_id", self._counts),
            ("seq_id", self._addresses),
            ("logits", self._outputs),
        ):
            kind = dict(api.llama_batch._fields_)[name]  # how ctypes names it
            setattr(batch, name, ctypes.cast(numbers.ctypes.data, kind))
        self._batch = batch

    def of(self, chunks: Sequence[Chunk], *, every: bool = False) -> Any:
        """The structure that holds these, until it is asked again. With `every`, each token has an output."""
        filled = 0
        for chunk in chunks:
            size = len(chunk.tokens)
            rows = slice(filled, filled + size)
            self._tokens[rows] = chunk.tokens
            self._positions[rows] = np.arange(chunk.start, chunk.start + size, dtype=np.int32)
            self._sequences[rows] = chunk.sequence
            self._outputs[rows] = every
            filled += size
            self._outputs[filled - 1] |= chunk.output
        self._batch.n_tokens = filled
        return self._batch
