"""What is known, counted: the same for the console and for HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass

from knowledge import Importer, KnowledgeStore, StoredSource, TopicCount, VersionState, stored_versions
from knowledge.refinery import RefineryStore, TierCount

IndexedCounts = Mapping[str, Mapping[str, int]]
"""Pairs by collection and index."""


@dataclass(frozen=True, kw_only=True)
class CollectionCount:
    """How much of a collection is stored, and how much of it each index holds; None where that cannot be told."""

    name: str
    stored: int
    indexable: int
    """Without duplicates, which no index holds."""
    indexed: Mapping[str, int] | None


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """What is known, where it comes from, and what it is worth."""

    collections: list[CollectionCount]
    version: int | None
    """The version of the index that is searched."""
    tiers: list[TierCount]
    sources: list[StoredSource]
    topics: list[TopicCount]


async def take_inventory(store: KnowledgeStore, indexed: IndexedCounts | None) -> Inventory:
    """What the store holds, beside what is indexed of it (None: it cannot be told). Raises KnowledgeUnavailable."""
    status = await Importer(store).status()
    indexable = await store.indexable()
    versions = await stored_versions(store)
    return Inventory(
        collections=[
            CollectionCount(
                name=name,
                stored=stored,
                indexable=indexable.get(name, 0),
                indexed=None if indexed is None else indexed.get(name, {}),
            )
            for name, stored in status.stored.items()
        ],
        version=next((each.number for each in versions if each.state is VersionState.LIVE), None),
        tiers=await RefineryStore(store).tiers(),
        sources=status.sources,
        topics=status.topics,
    )
