"""Embedding models that several parts use at the same time, each loaded once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from models.embeddings.cache import CachedEmbedder
from models.embeddings.gguf_embedder import is_gguf

Load: TypeAlias = Callable[[str], Awaitable[CachedEmbedder]]
"""Loads a model by its name or folder. Raises EmbeddingUnavailable or WeightsInvalid."""


@dataclass(eq=False)
class _Lent:
    """A model that is in use, or is being loaded."""

    loading: "asyncio.Future[CachedEmbedder]" = field(default_factory=asyncio.Future)
    users: int = 0


class SharedEmbedders:
    """Lends models by name: a model is loaded for its first user and closed after its last one.

    The service's own is lent too, and stays its owner's to close.
    """

    def __init__(self, own: CachedEmbedder, load: Load) -> None:
        self._own = own
        self._load = load
        self._lent: dict[str, _Lent] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def lent(self, name: str) -> AsyncIterator[CachedEmbedder]:
        """The model, loaded, for as long. Who gives up while it loads leaves that to others who wait for it.

        Raises EmbeddingUnavailable or WeightsInvalid.
        """
        if name == self._own.name:
            yield self._own
            return
        lent = self._lent.get(name)
        if lent is None:
            lent = self._lent[name] = _Lent()
            task = asyncio.create_task(self._loaded(name, lent), name=f"load {name}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        lent.users += 1
        try:
            yield await asyncio.shield(lent.loading)
        finally:
            lent.users -= 1
            await self._let_go(name, lent)

    async def close(self) -> None:
        """Wait until what nobody waits for any more has been loaded and closed; models in use are left alone."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _loaded(self, name: str, lent: _Lent) -> None:
        try:
            embedder = await self._load(name)
        except Exception as error:  # noqa: BLE001  # whoever waits for the model raises it
            self._lent.pop(name, None)
            lent.loading.set_exception(error)
            lent.loading.exception()  # there may be nobody left to raise it
            return
        lent.loading.set_result(embedder)
        await self._let_go(name, lent)

    async def _let_go(self, name: str, lent: _Lent) -> None:
        """Close a model that nobody uses, unless it is still being loaded or was closed."""
        if not lent.users and lent.loading.done() and self._lent.get(name) is lent:
            del self._lent[name]
            await lent.loading.result().close()


def whole_name(model: str) -> str:
    """The full path of a model's folder or GGUF file, so that it means the same wherever a process runs; other names as they are.

    Blocking: it looks whether there is such a folder.
    """
    path = Path(model).expanduser()
    return str(path.resolve()) if path.is_dir() or is_gguf(model) else model
