"""One llama.cpp context: its batches, logits, KV cache and adapters."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any  # a structure of the C library

import numpy as np
from numpy.typing import NDArray

from models.errors import EngineUnavailable
from models.resident.library import Library
from models.resident.settings import EngineSettings, default_threads

ABORTED = 2
NO_ROOM = 1


@dataclass(frozen=True, slots=True)
class Chunk:
    """Tokens of one sequence to compute in a step."""

    sequence: int
    start: int
    """The position of its first token."""
    tokens: Sequence[int]
    output: bool
    """Whether what follows the last of them is asked for."""


def context_parameters(api: ModuleType, settings: EngineSettings) -> Any:
    """The parameters of a context for `settings.sequences()` sequences in one pool of cells."""
    parameters = api.llama_context_default_params()
    parameters.n_ctx = settings.cells()
    parameters.n_seq_max = settings.sequences()
    # llama.cpp aborts the process where a batch has no place for all sequences.
    parameters.n_batch = parameters.n_ubatch = max(settings.batch_tokens, settings.sequences())
    parameters.kv_unified = True  # prefixes are shared without copying, batches are never split
    parameters.n_threads = parameters.n_threads_batch = settings.threads or default_threads()
    if settings.flash_attention is not None:
        parameters.flash_attn_type = int(settings.flash_attention)
    return parameters


class DecodeContext:
    """A context that decodes chunks of many sequences in one step. Belongs to one thread, but for `abort`."""

    def __init__(self, library: Library, model: int, settings: EngineSettings, vocabulary: int) -> None:
        api = library.api
        self._api = api
        self._vocabulary = vocabulary
        parameters = context_parameters(api, settings)
        self._capacity, self.cells = int(parameters.n_batch), settings.cells()
        self._pointer = api.llama_init_from_model(model, parameters)
        if not self._pointer:
            raise EngineUnavailable(
                f"no context of {self.cells} tokens could be made for {settings.path}: {library.complaint()}; "
                "lower cache_tokens or context_tokens"
            )
        self._memory = api.llama_get_memory(self._pointer)
        self._copy = library.quick("llama_memory_seq_cp")
        self._remove = library.quick("llama_memory_seq_rm")
        self._logits = library.quick("llama_get_logits")
        self._abort = ctypes.create_string_buffer(2)
        self._adapters: list[tuple[object, float]] = []
        self._watch_abort()
        self._make_batch()

    def decode(self, chunks: Sequence[Chunk]) -> int:
        """Compute a step; llama.cpp's status: 0 is success. Without success nothing is to be read."""
        filled = 0
        for chunk in chunks:
            size = len(chunk.tokens)
            rows = slice(filled, filled + size)
            self._tokens[rows] = chunk.tokens
            self._positions[rows] = np.arange(chunk.start, chunk.start + size, dtype=np.int32)
            self._sequences[rows] = chunk.sequence
            self._outputs[rows] = 0
            filled += size
            self._outputs[filled - 1] = chunk.output
        self._batch.n_tokens = filled
        self._abort[0] = b"\0"
        status: int = self._api.llama_decode(self._pointer, self._batch)
        if status == 0:
            self._api.llama_synchronize(self._pointer)
        return status

    def logits(self, rows: int) -> NDArray[np.float32]:
        """Of the last step: shape (rows, vocabulary), a row for each chunk with output. Valid until the next step."""
        first = self._logits(self._pointer)
        return np.ctypeslib.as_array(first, shape=(rows, self._vocabulary))

    def abort(self) -> None:
        """End the step that is being computed, from any thread; where there is none, nothing happens."""
        self._abort[0] = b"\1"

    def copy(self, source: int, target: int, length: int) -> None:
        """Let one sequence share the first positions of another."""
        self._copy(self._memory, source, target, 0, length)

    def trim(self, sequence: int, length: int) -> bool:
        """Forget positions from `length` on; False where the model cannot forget a part."""
        return bool(self._remove(self._memory, sequence, length, -1))

    def use_adapters(self, adapters: Sequence[tuple[object, float]]) -> None:
        """Compute the next steps with these adapters, by pointer and scale, and no others."""
        if adapters == self._adapters:
            return
        count = len(adapters)
        pointers = (self._api.llama_adapter_lora_p_ctypes * count)(*(pointer for pointer, _ in adapters))
        scales = (ctypes.c_float * count)(*(scale for _, scale in adapters))
        self._api.llama_set_adapters_lora(self._pointer, pointers, count, scales)
        self._adapters = list(adapters)

    def close(self) -> None:
        """Free the context. May be called twice."""
        if self._pointer:
            self._api.llama_free(self._pointer)
        self._pointer = None

    def _make_batch(self) -> None:
        size = self._capacity
        self._tokens = np.zeros(size, dtype=np.int32)
        self._positions = np.zeros(size, dtype=np.int32)
        self._sequences = np.zeros(size, dtype=np.int32)
        self._outputs = np.zeros(size, dtype=np.int8)
        self._counts = np.ones(size, dtype=np.int32)
        addresses = self._sequences.ctypes.data + self._sequences.itemsize * np.arange(size, dtype=np.uintp)
        self._addresses = addresses.astype(np.uintp)
        batch = self._api.llama_batch()
        for name, numbers in (
            ("token", self._tokens),
            ("pos", self._positions),
            ("n_seq_id", self._counts),
            ("seq_id", self._addresses),
            ("logits", self._outputs),
        ):
            kind = dict(self._api.llama_batch._fields_)[name]  # how ctypes names it
            setattr(batch, name, ctypes.cast(numbers.ctypes.data, kind))
        self._batch = batch

    def _watch_abort(self) -> None:
        """Have llama.cpp read the abort flag between operations.

        The callback runs thousands of times a second and must not take the interpreter's lock. `strlen` of the
        flag, a string of no or one character, is a C function that says whether it is set.
        """
        try:
            read = ctypes.CDLL(None).strlen
        except (TypeError, OSError, AttributeError):  # Windows: a step runs to its end there
            return
        callback = ctypes.cast(read, self._api.ggml_abort_callback)
        self._callback = (read, callback)
        self._api.llama_set_abort_callback(self._pointer, callback, ctypes.cast(self._abort, ctypes.c_void_p))
