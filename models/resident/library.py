"""llama.cpp's functions, loaded once a process, and what it logs."""

import atexit
import ctypes
import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import Any  # the functions of a shared library have no types of their own

from models.errors import EngineUnavailable

logger = logging.getLogger(__name__)

_ERROR = 4
"""ggml's level of errors; these come to us with the call that fails, so all it says is logged for debugging only."""


class Library:
    """The bindings, and the same functions for calls of microseconds.

    `api` gives up the interpreter's lock around each call, as ctypes does: right for what takes long. `quick`
    keeps it: getting it back from a busy event loop would take up to five milliseconds.
    """

    def __init__(self) -> None:
        try:
            from llama_cpp import _utils, llama_cpp
        except ImportError as error:
            raise EngineUnavailable(
                "resident models need llama-cpp-python, which is not installed: pip install 'freya-agents[local]'"
            ) from error
        for opened in (_utils.outnull_file, _utils.errnull_file):
            atexit.register(opened.close)  # the bindings open them at their import, and leave them so
        self.api: ModuleType = llama_cpp
        self._said: deque[str] = deque(maxlen=4)
        self._listeners: list[list[str]] = []
        self._log = llama_cpp.llama_log_callback(self._heard)  # kept here: the library holds only its address
        self._quick = ctypes.PyDLL(llama_cpp._lib._name, handle=llama_cpp._lib._handle)  # noqa: SLF001  # the only way to it
        llama_cpp.llama_log_set(self._log, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()

    def quick(self, name: str) -> Callable[..., Any]:  # whatever the C function returns
        """The function of that name, called without giving up the interpreter's lock."""
        function = self._quick[name]
        known = getattr(self.api, name)
        function.argtypes, function.restype = known.argtypes, known.restype
        return function

    def complaint(self) -> str:
        """The errors the library logged last, for a message; forgets them."""
        said = " / ".join(self._said)
        self._said.clear()
        return said or "llama.cpp gave no reason"

    @contextmanager
    def heard(self) -> Iterator[list[str]]:
        """What the library logs meanwhile, of all that is done with it."""
        lines: list[str] = []
        self._listeners.append(lines)
        try:
            yield lines
        finally:
            self._listeners.remove(lines)

    def _heard(self, level: int, text: bytes, _: int) -> None:
        line = text.decode("utf-8", "replace").strip()
        if level == _ERROR:
            self._said.append(line)
        for lines in self._listeners:
            lines.append(line)
        if line:
            logger.debug("%s", line)


@lru_cache(maxsize=1)
def library() -> Library:
    """The library, loaded when first asked for. Raises EngineUnavailable where it is not installed."""
    return Library()
