"""LoRA adapters of a loaded model, by name."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from models.errors import AdapterInvalid, AdapterUnknown, ModelInvalid
from models.gguf import read_header
from models.resident.interfaces import AdapterUse
from models.resident.library import Library

AdapterKey: TypeAlias = tuple[tuple[int, float], ...]
"""Numbers of adapters and their scales. Requests with equal keys are computed together."""


@dataclass(eq=False)
class _Adapter:
    pointer: object
    users: int = 0
    removed: bool = False


class Adapters:
    """Loads, names and frees adapters. Belongs to the thread that decodes."""

    def __init__(self, library: Library, model: int) -> None:
        self._library = library
        self._model = model
        self._numbers = itertools.count(1)
        self._named: dict[str, int] = {}
        self._loaded: dict[int, _Adapter] = {}

    def load(self, name: str, path: Path) -> int | None:
        """Load one under a name; the number of the one it replaces, where that is free. Raises AdapterInvalid."""
        try:
            kind = read_header(path).metadata.get("general.type")
        except ModelInvalid as error:
            raise AdapterInvalid(str(error)) from error
        if kind != "adapter":
            raise AdapterInvalid(f"{path} is no adapter: its general.type is {kind!r}")
        self._library.complaint()
        pointer = self._library.api.llama_adapter_lora_init(self._model, str(path).encode())
        if not pointer:
            raise AdapterInvalid(f"{path} could not be loaded as an adapter: {self._library.complaint()}")
        replaced = self.remove(name) if name in self._named else None
        number = next(self._numbers)
        self._named[name] = number
        self._loaded[number] = _Adapter(pointer)
        return replaced

    def remove(self, name: str) -> int | None:
        """Forget a name; the adapter's number if nobody uses it any more. Raises AdapterUnknown."""
        if name not in self._named:
            raise AdapterUnknown(f"no adapter {name!r} is loaded; there are {sorted(self._named)}")
        number = self._named.pop(name)
        self._loaded[number].removed = True
        return number if not self._loaded[number].users else None

    def take(self, uses: Sequence[AdapterUse]) -> AdapterKey:
        """Note that a request uses these. Raises AdapterUnknown, and then notes nothing."""
        unknown = [use.name for use in uses if use.name not in self._named]
        if unknown:
            raise AdapterUnknown(f"no adapter {unknown[0]!r} is loaded; there are {sorted(self._named)}")
        key = tuple(sorted((self._named[use.name], use.scale) for use in uses))
        for number, _ in key:
            self._loaded[number].users += 1
        return key

    def give_back(self, key: AdapterKey) -> list[int]:
        """Note that a request has ended; the numbers of removed adapters that nobody uses any more."""
        for number, _ in key:
            self._loaded[number].users -= 1
        return [n for n, _ in key if self._loaded[n].removed and not self._loaded[n].users]

    def pointers(self, key: AdapterKey) -> list[tuple[object, float]]:
        """What the library calls them."""
        return [(self._loaded[number].pointer, scale) for number, scale in key]

    def free(self, number: int) -> None:
        """Give back the memory of an adapter that no context computes with."""
        self._library.api.llama_adapter_lora_free(self._loaded.pop(number).pointer)
