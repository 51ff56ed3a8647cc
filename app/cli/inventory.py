"""What is known: how much of it is stored and indexed, and where it comes from."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any  # JSON

from app.backends import Backends
from app.cli.client import Client, ServiceRefused
from app.cli.interruption import Interruption
from app.cli.output import note
from app.cli.stores import exists, has_database, open_parts, open_stores
from app.cli.tables import columns, shortened
from app.embedded import DataFolderBusy, InstanceLock, running_instance
from app.knowledge_inventory import CollectionCount, IndexedCounts, Inventory, take_inventory
from app.settings import Settings
from knowledge import KnowledgeStore
from knowledge.readers import how_read
from knowledge.refinery import Tier, TierCount

_SHAPE = 90


async def take_stock(settings: Settings, key: str | None, _: Interruption) -> Inventory:
    """What is stored and indexed. A data folder without a database is not made one."""
    if not await has_database(settings):
        note(f"nothing is known yet: {settings.data.absolute()} holds no database")
        return Inventory(collections=[], version=None, tiers=[], sources=[], topics=[])
    async with AsyncExitStack() as stack:
        backends = await open_stores(settings, stack)
        return await take_inventory(KnowledgeStore(backends.pool), await _indexed(settings, backends, key))


def status_lines(found: Inventory, *, topics: bool) -> list[str]:
    """The inventory in columns."""
    if not found.collections:
        return ["no pairs are stored"]
    indexes = sorted({name for one in found.collections for name in one.indexed or {}})
    lines = columns(
        ["COLLECTION", "PAIRS", "DISTINCT", *(f"IN {name.upper()}" for name in indexes)],
        [
            [one.name, str(one.stored), str(one.indexable), *_index_cells(one, indexes)]
            for one in found.collections
        ],
    )
    if found.version is not None:
        lines += ["", f"version {found.version} of the index is live"]
    lines += ["", *tier_lines(found.tiers)]
    sources = [
        [
            one.name,
            str(one.read),
            str(one.rejected),
            str(one.mismatched),
            one.collection,
            one.status.value,
            shortened(how_read(one.kind, one.shape), _SHAPE),
        ]
        for one in found.sources
    ]
    head = ["SOURCE", "PAIRS", "REJECTED", "MISMATCHED", "COLLECTION", "STATUS", "READ AS"]
    lines += ["", *columns(head, sources)]
    if topics:
        counted = [
            [
                one.topic,
                str(one.pairs),
                one.collection,
                one.slug or "-",
                "-" if one.confidence is None else f"{one.confidence:.2f}",
            ]
            for one in found.topics
        ]
        lines += ["", *columns(["TOPIC", "PAIRS", "COLLECTION", "IN THE CATALOGUE", "CONFIDENCE"], counted)]
    return lines


def tier_lines(tiers: Sequence[TierCount]) -> list[str]:
    """What the pairs of each collection are worth, in columns."""
    names = [*(tier.value for tier in Tier), None]
    rows = []
    for collection in dict.fromkeys(each.collection for each in tiers):
        own = {each.tier: each for each in tiers if each.collection == collection}
        rated = [each for each in own.values() if each.quality is not None]
        pairs = sum(each.pairs for each in rated)
        mean = sum((each.quality or 0.0) * each.pairs for each in rated) / pairs if pairs else None
        rows.append(
            [
                collection,
                *(str(own[name].pairs if name in own else 0) for name in names),
                "-" if mean is None else f"{mean:.1f}",
                str(sum(each.duplicates for each in own.values())),
            ]
        )
    head = ["COLLECTION", *(tier.value.upper() for tier in Tier), "UNREFINED", "QUALITY", "DUPLICATES"]
    return columns(head, rows)


def _index_cells(one: CollectionCount, indexes: list[str]) -> list[str]:
    indexed = one.indexed
    return ["?" if indexed is None else str(indexed.get(name, 0)) for name in indexes]


async def _indexed(settings: Settings, backends: Backends, key: str | None) -> IndexedCounts | None:
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


async def _indexed_by_service(address: str, key: str | None) -> IndexedCounts | None:
    client = Client(address, key)
    try:
        rows: list[Any] = list(await client.items("/v1/knowledge"))  # JSON
    except ServiceRefused as error:
        note(f"how much is indexed cannot be told: {error}")
        return None
    finally:
        await client.close()
    return {row["name"]: row["indexed"] for row in rows}


async def _indexed_here(settings: Settings, backends: Backends) -> IndexedCounts:
    if settings.knowledge.chroma_url is None and not await exists(settings, "chroma"):
        return {}  # nothing was ever indexed, and the embedding model need not be laid out to learn that
    counts: dict[str, dict[str, int]] = {}
    async with open_parts(settings, backends) as (parts, _):
        for state in await parts.live.state():
            for collection, pairs in state.pairs.items():
                counts.setdefault(collection, {})[state.index] = pairs
    return counts
