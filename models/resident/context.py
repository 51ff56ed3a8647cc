"""One llama.cpp context: its batches, logits, KV cache and adapters."""

import ctypes
from collections.abc import Sequence
from types import ModuleType
from typing import Any  # a structure of the C library

import numpy as np
from numpy.typing import NDArray

from models.errors import EngineUnavailable
from models.resident.batch import Batch, Chunk
from models.resident.library import Library
from models.resident.parking import Saved
from models.resident.settings import EngineSettings, default_threads

ABORTED = 2
NO_ROOM = 1


def context_parameters(api: ModuleType, settings: EngineSettings) -> Any:
    """The parameters of a context for `settings.sequences()` sequences, and one to pass things on by, in one pool of cells."""
    parameters = api.llama_context_default_params()
    parameters.n_ctx = settings.cells()
    parameters.n_seq_max = settings.sequences() + 1
    # llama.cpp aborts the process where a batch has no place for all sequences.
    parameters.n_batch = parameters.n_ubatch = max(settings.batch_tokens, settings.sequences() + 1)
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
        self.cells = settings.cells()
        self._batch = Batch(api, int(parameters.n_batch))
        self._passing = settings.sequences()
        """The sequence that holds for a moment what is saved or loaded: llama.cpp does neither with a part of one."""
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

    def decode(self, chunks: Sequence[Chunk]) -> int:
        """Compute a step; llama.cpp's status: 0 is success. Without success nothing is to be read."""
        self._abort[0] = b"\0"
        status: int = self._api.llama_decode(self._pointer, self._batch.of(chunks))
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

    def save(self, sequence: int, start: int, end: int) -> Saved | None:
        """The keys and values of these positions, copied; None where llama.cpp gives less than it announced."""
        self._copy(self._memory, sequence, self._passing, start, end)
        size = self._api.llama_state_seq_get_size(self._pointer, self._passing)
        saved = np.empty(size, dtype=np.uint8)
        written = self._api.llama_state_seq_get_data(self._pointer, self._bytes(saved), size, self._passing)
        self._remove(self._memory, self._passing, 0, -1)
        return saved if written == size else None

    def load(self, sequence: int, saved: Saved, start: int, end: int) -> bool:
        """Put saved positions behind those the sequence has; False where llama.cpp could not, which it says in its log."""
        read = self._api.llama_state_seq_set_data(
            self._pointer, self._bytes(saved), saved.size, self._passing
        )
        if read:
            self._copy(self._memory, self._passing, sequence, start, end)
        self._remove(self._memory, self._passing, 0, -1)
        return bool(read)

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

    def _bytes(self, saved: Saved) -> Any:
        return ctypes.cast(saved.ctypes.data, ctypes.POINTER(ctypes.c_uint8))

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
