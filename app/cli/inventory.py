"""What is known: how much of it is stored and indexed, and where it comes from."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any, TypedDict  # Any: JSON

from app.cli.client import Client, ServiceRefused
from app.cli.importing import open_stores
from app.cli.interruption import Interruption
from app.cli.output import note
from app.embedded import DataFolderBusy, InstanceLock, running_instance
from app.settings import Settings
from app.wiring import Backends
from knowledge import Importer, KnowledgeStore, StoredSource, TopicCount

_Counts = dict[str, dict[str, int]]


class CollectionCount(TypedDict):
    """How much of a collection is stored, and how much of it each index holds; None where that cannot be told."""

    name: str
    stored: int
    indexed: dict[str, int] | None


class Inventory(TypedDict):
    """What is known, and where it comes from."""

    collections: list[CollectionCount]
    sources: list[StoredSource]
    topics: list[TopicCount]


async def take_stock(settings: Settings, key: str | None, _: Interruption) -> Inventory:
    """What is stored and indexed. A data folder without a database is not made one."""
    if settings.postgres_url is None and not await _exists(settings, "postgres"):
        note(f"nothing is known yet: {settings.data.absolute()} holds no database")
        return Inventory(collections=[], sources=[], topics=[])
    async with AsyncExitStack() as stack:
        backends = await open_stores(settings, stack)
        status = await Importer(KnowledgeStore(backends.pool)).status()
        indexed = await _indexed(settings, backends, key)
    collections = [
        CollectionCount(name=name, stored=stored, indexed=None if indexed is None else indexed.get(name, {}))
        for name, stored in status.stored.items()
    ]
    return Inventory(collections=collections, sources=status.sources, topics=status.topics)


def status_lines(found: Inventory, *, topics: bool) -> list[str]:
    """The inventory in columns."""
    if not found["collections"]:
        return ["no pairs are stored"]
    indexes = sorted({name for one in found["collections"] for name in one["indexed"] or {}})
    rows = [[one["name"], str(one["stored"]), *_index_cells(one, indexes)] for one in found["collections"]]
    lines = _columns([["COLLECTION", "PAIRS", *(f"IN {name.upper()}" for name in indexes)], *rows])
    sources = [[one.name, str(one.read), one.collection, one.status.value] for one in found["sources"]]
    lines += ["", *_columns([["SOURCE", "PAIRS", "COLLECTION", "STATUS"], *sources])]
    if topics:
        counted = [[one.topic, str(one.pairs), one.collection] for one in found["topics"]]
        lines += ["", *_columns([["TOPIC", "PAIRS", "COLLECTION"], *counted])]
    return lines


def _index_cells(one: CollectionCount, indexes: list[str]) -> list[str]:
    indexed = one["indexed"]
    return ["?" if indexed is None else str(indexed.get(name, 0)) for name in indexes]


def _columns(rows: list[list[str]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if cell.isdigit() else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


async def _exists(settings: Settings, name: str) -> bool:
    return await asyncio.to_thread((settings.data.expanduser() / name).exists)


async def _indexed(settings: Settings, backends: Backends, key: str | None) -> _Counts | None:
    """Pairs by collection and index: asked of the service, or looked up while none can start."""
    instance = await running_instance(settings.data)
    if instance is not None and instance.address is not None:
        return await _indexed_by_service(instance.address, key)
    try:
        async with InstanceLock(settings.data):
            return await _indexed_here(settings, backends)
    except DataFolderBusy:
        note("how much is indexed cannot be told while another process uses the data folder")
        return None


async def _indexed_by_service(address: str, key: str | None) -> _Counts | None:
    client = Client(address, key)
    try:
        found = await client.get("/v1/knowledge")
    except ServiceRefused as error:
        note(f"how much is indexed cannot be told: {error}")
        return None
    finally:
        await client.close()
    rows: list[Any] = found if isinstance(found, list) else []  # JSON
    return {row["name"]: row["indexed"] for row in rows}


async def _indexed_here(settings: Settings, backends: Backends) -> _Counts:
    from app.wiring import join_knowledge
    from models.embeddings import open_embedder

    if settings.knowledge.chroma_url is None and not await _exists(settings, "chroma"):
        return {}  # nothing was ever indexed, and the embedding model need not be laid out to learn that
    embedder = await open_embedder(settings.models.embedding, settings.data, backends.redis)
    parts = join_knowledge(backends, embedder)
    try:
        counts: _Counts = {}
        for state in await parts.indexer.state():
            for collection, pairs in state.pairs.items():
                counts.setdefault(collection, {})[state.index] = pairs
    finally:
        await parts.dense.close()
        await embedder.close()
    return counts
