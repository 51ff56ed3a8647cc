"""The stores that commands read by themselves, whether a service runs or not."""

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from app.cli.output import CommandFailed
from app.cli.waiting import SlowNotes
from app.settings import Settings
from knowledge import KnowledgeStore

if TYPE_CHECKING:
    from app.backends import Backends
    from app.knowledge_wiring import KnowledgeParts
    from models.embeddings import CachedEmbedder


async def open_stores(settings: Settings, stack: AsyncExitStack) -> "Backends":
    """The database and Redis until the stack ends, told of when that takes longer."""
    async with SlowNotes("starting the database") as slow:
        # In a thread: loading it takes seconds, in which the loop would tell nothing.
        opening = await asyncio.to_thread(importlib.import_module, "app.backends")
        backends: Backends = await stack.enter_async_context(
            opening.open_backends(settings, progress=slow.tell)
        )
    return backends


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[KnowledgeStore]:
    """What is known, to be read. Raises CommandFailed for a data folder without a database: it is not made one."""
    if not await has_database(settings):
        raise CommandFailed(
            f"nothing is known yet: {settings.data.absolute()} holds no database. "
            "Start the service, or import something with `freya knowledge import`."
        )
    async with AsyncExitStack() as stack:
        yield KnowledgeStore((await open_stores(settings, stack)).pool)


async def has_database(settings: Settings) -> bool:
    """Whether there is a database: one by URL, or one in the data folder."""
    return settings.postgres_url is not None or await exists(settings, "postgres")


async def exists(settings: Settings, name: str) -> bool:
    """Whether the data folder holds something of that name."""
    return await asyncio.to_thread((settings.data.expanduser() / name).exists)


@asynccontextmanager
async def open_parts(
    settings: Settings, backends: "Backends"
) -> AsyncIterator[tuple["KnowledgeParts", "CachedEmbedder"]]:
    """The store with its indexes and the embedding model. Only for whoever holds the data folder's lock."""
    from app.knowledge_wiring import join_knowledge
    from models.embeddings import open_embedder

    async with SlowNotes("loading the embedding model (the first time it is laid out, about a minute)"):
        embedder = await open_embedder(settings.models.embedding, settings.data, backends.redis)
    try:
        parts = join_knowledge(backends, embedder)
        try:
            yield parts, embedder
        finally:
            await parts.close()
    finally:
        await embedder.close()
