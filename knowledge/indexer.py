"""Brings the indexes up to the store: they follow it, batch by batch, and are built anew where they differ."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from knowledge.errors import KnowledgeUnavailable
from knowledge.fields import AsksFirst, PairIndex
from knowledge.store import KnowledgeStore

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class IndexProgress:
    """How far one index is."""

    index: str
    """Its name, or `questions` while it takes in those alone."""
    revision: int
    """The revision it has reached."""
    latest: int
    """The store's revision when this run began."""
    applied: int
    """Pairs brought in or taken out in this run."""


@dataclass(frozen=True, kw_only=True)
class IndexState:
    """What one index holds beside what the store holds."""

    index: str
    revision: int
    latest: int
    pairs: dict[str, int]
    """Pairs by collection."""
    wanted: dict[str, int]
    """What `pairs` is when it has seen every change: those stored, without duplicates and what else it leaves out."""

    @property
    def current(self) -> bool:
        """Whether it has seen every change."""
        return self.revision >= self.latest


class FollowsStore(Protocol):
    """What keeps indexes up to the store."""

    async def catch_up(self, progress: Callable[[IndexProgress], None] | None = None) -> int:
        """Bring every index up to the store; gives how many pairs that were. Raises KnowledgeUnavailable."""
        ...

    async def state(self) -> list[IndexState]:
        """What each index holds. Raises KnowledgeUnavailable."""
        ...


class Indexer:
    """Brings each index up to the store's latest revision; each keeps its own place, so a run resumes."""

    def __init__(self, store: KnowledgeStore, indexes: Sequence[PairIndex], *, low_tier: bool = True) -> None:
        """Without `low_tier` pairs that refinement found to be of low quality are left out."""
        self._store = store
        self._indexes = tuple(indexes)
        self._low_tier = low_tier
        self._turn = asyncio.Lock()
        self._verified: set[str] = set()

    async def catch_up(self, progress: Callable[[IndexProgress], None] | None = None) -> int:
        """Bring every index up to the store; gives how many pairs were brought in or taken out.

        May be called at any time and again: calls take turns, and one that finds nothing new is cheap. It may
        be cancelled; what was applied stays. An index is compared with the store, by counts, when it was
        changed and once after the start, when it is in memory, and built anew where they differ. When an index or the store does not
        answer the others are still served, and then KnowledgeUnavailable is raised: call again later.
        """
        async with self._turn:
            store = str(await self._store.identity())
            applied = 0
            down: list[KnowledgeUnavailable] = []
            for index in self._indexes:
                try:
                    applied += await self._follow(index, store, progress)
                except KnowledgeUnavailable as error:
                    self._verified.discard(index.name)
                    down.append(error)
            if down:
                raise KnowledgeUnavailable(" ".join(str(error) for error in down)) from down[0]
            return applied

    async def state(self) -> list[IndexState]:
        """What each index holds. Raises KnowledgeUnavailable when one does not answer."""
        store = str(await self._store.identity())
        latest = await self._store.revision()
        wanted = await self._store.indexable(low_tier=self._low_tier)
        return [
            IndexState(
                index=index.name,
                revision=await index.reached(store),
                latest=latest,
                pairs=await index.counts(),
                wanted=wanted,
            )
            for index in self._indexes
        ]

    async def _follow(
        self, index: PairIndex, store: str, progress: Callable[[IndexProgress], None] | None
    ) -> int:
        applied = await self._advance(index, store, progress)
        if not applied and (index.name in self._verified or index.is_loading):
            return 0
        if not await self._agrees(index):
            _log.warning("knowledge.index_rebuilt", index=index.name)
            await index.clear()
            applied += await self._advance(index, store, progress)
            if not await self._agrees(index):
                raise KnowledgeUnavailable(
                    f"The {index.name} index still differs from the store after it was built anew. "
                    "Look whether another process writes to it, and call again."
                )
        self._verified.add(index.name)
        return applied

    async def _advance(
        self, index: PairIndex, store: str, progress: Callable[[IndexProgress], None] | None
    ) -> int:
        reached, latest = await index.reached(store), await self._store.revision()
        asked = await index.asked(store) if isinstance(index, AsksFirst) else reached
        if max(reached, asked) > latest:  # the database was restored to an earlier state
            reached = asked = 0
        if reached == asked == 0 and latest > 0:
            await index.clear()
        if isinstance(index, AsksFirst):
            await self._ask(index, store, asked, latest, progress)
        applied = 0
        while reached < latest:
            changed = await self._store.changes(reached, index.batch_size, low_tier=self._low_tier)
            if not changed:
                break
            await index.apply(changed, store=store)
            reached = changed[-1].revision
            applied += len(changed)
            if progress is not None:
                progress(IndexProgress(index=index.name, revision=reached, latest=latest, applied=applied))
        return applied

    async def _ask(
        self,
        index: AsksFirst,
        store: str,
        asked: int,
        latest: int,
        progress: Callable[[IndexProgress], None] | None,
    ) -> None:
        """Take in the questions first, where there are more pairs than are brought in at once."""
        applied = 0
        while asked < latest:
            changed = await self._store.changes(asked, index.batch_size, low_tier=self._low_tier)
            if not changed or (not applied and len(changed) < index.batch_size):
                break
            await index.ask(changed, store=store)
            asked = changed[-1].revision
            applied += len(changed)
            if progress is not None:
                progress(IndexProgress(index="questions", revision=asked, latest=latest, applied=applied))

    async def _agrees(self, index: PairIndex) -> bool:
        """Whether the counts are those of the store; a store that is just being written to is not compared."""
        before = await self._store.revision()
        held, stored = await index.counts(), await self._store.indexable(low_tier=self._low_tier)
        return held == stored or await self._store.revision() != before or not await self._seen(index, before)

    async def _seen(self, index: PairIndex, revision: int) -> bool:
        return await index.reached(str(await self._store.identity())) >= revision
