"""The live version of the moment: what the service searches and keeps up to the store."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import structlog

from knowledge.errors import KnowledgeUnavailable
from knowledge.fields import Field
from knowledge.indexer import IndexProgress, IndexState
from knowledge.interfaces import Hit
from knowledge.resident import Vector
from knowledge.shelf import IndexVersion, OpenVersion, Shelf
from knowledge.versions import Versions

_log = structlog.get_logger(__name__)
_AGAIN_S = 60.0
"""After which it is tried again to open a version that could not be: loading a model takes seconds in vain."""


@dataclass(frozen=True)
class _Away:
    """The live version, which this process could not open."""

    version: IndexVersion
    error: KnowledgeUnavailable
    until: float


class LiveIndexes:
    """Searches the live version and keeps it up to the store; goes over when another version becomes the live one.

    What is searched is read into memory in the background once it is open, and searches wait for that. Each version
    is searched with the embedding model that it was made with. Where the live one cannot be opened, as its model is
    not to be had, the version in use stays, or at the start the one that was live last and can be opened is
    searched in its stead; `trouble` says so, and it is tried again each minute.

    The first call makes version 1 where there is none. It is a Retriever, and what housekeeping keeps up.
    """

    def __init__(self, versions: Versions, shelf: Shelf) -> None:
        self._versions = versions
        self._shelf = shelf
        self._current: OpenVersion | None = None
        self._turn = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()
        self._loading: asyncio.Task[None] | None = None
        self._away: _Away | None = None

    async def search(
        self,
        query: str,
        *,
        collections: Sequence[str] = (),
        topics: Sequence[str] = (),
        min_quality: float | None = None,
        since: date | None = None,
        limit: int = 5,
        floor: float | None = None,
    ) -> list[Hit]:
        """What HybridRetriever.search finds in the live version."""
        current = self._current or await self._opened()
        with current.used():
            return await current.retriever.search(
                query,
                collections=collections,
                topics=topics,
                min_quality=min_quality,
                since=since,
                limit=limit,
                floor=floor,
            )

    @property
    def is_loading(self) -> bool:
        """Whether the live version is being read into memory, which searches wait for."""
        return self._current is not None and self._current.dense.is_loading

    @property
    def version(self) -> IndexVersion | None:
        """The version that is searched, as it was when it was opened; None while none is open."""
        return None if self._current is None else self._current.version

    @property
    def trouble(self) -> str | None:
        """That the live version is not searched here, in words without a reason, which the log has; None: it is."""
        if self._away is None:
            return None
        told = f"version {self._away.version.number} is live and cannot be opened; the log says why"
        return told if self.version is None else f"{told}; version {self.version.number} is searched instead"

    async def activate(
        self, number: int, progress: Callable[[IndexProgress], None] | None = None, *, anyway: bool = False
    ) -> IndexVersion:
        """What Versions.activate does; this process has gone over when it returns."""
        return await self._versions.activate(number, progress, anyway=anyway, then=self._go_over)

    async def rollback(self, progress: Callable[[IndexProgress], None] | None = None) -> IndexVersion:
        """What Versions.rollback does; this process has gone over when it returns."""
        return await self._versions.rollback(progress, then=self._go_over)

    async def catch_up(self, progress: Callable[[IndexProgress], None] | None = None) -> int:
        """Go over to the live version and bring it up to the store, as Indexer.catch_up does."""
        await self.follow()
        current = self._current or await self._opened()
        with current.used():
            changed = await current.indexer.catch_up(progress)
        self._load()
        return changed

    async def follow(self) -> None:
        """Go over to the version that is the live one now, if it is another.

        It is opened, brought up to the store and read into memory beside the one in use, which stays in use until
        then and for ever when that fails; its searches end before it is closed.
        """
        async with self._turn:
            if self._current is None:
                await self._open_first()
                return
            live = await self._versions.live()
            if live is None or live.number == self._current.version.number:
                self._away = None
                return
            if self._is_away(live):
                return
            try:
                fresh = await self._shelf.open(live)
                try:
                    await fresh.indexer.catch_up()
                    await fresh.dense.load()
                except BaseException:
                    await fresh.close()
                    raise
            except KnowledgeUnavailable as error:
                self._miss(live, error)
                return
            self._let_go(self._current)
            self._current, self._away = fresh, None
            _log.info("knowledge.version_followed", version=live.number)

    async def state(self) -> list[IndexState]:
        """What each index of the live version holds. Raises KnowledgeUnavailable."""
        current = self._current or await self._opened()
        with current.used():
            return await current.indexer.state()

    async def counts(self) -> dict[str, int]:
        """How many pairs of each collection can be found by meaning. Raises KnowledgeUnavailable."""
        current = self._current or await self._opened()
        with current.used():
            return await current.dense.counts()

    async def vectors(
        self, pairs: Mapping[Field, Mapping[str, Sequence[str]]]
    ) -> dict[Field, dict[str, Vector]]:
        """What DenseIndex.vectors gives of the live version."""
        current = self._current or await self._opened()
        with current.used():
            return await current.dense.vectors(pairs)

    async def nearest(
        self, vectors: Sequence[Vector], field: Field, *, collection: str, limit: int
    ) -> list[dict[str, float]]:
        """What DenseIndex.nearest gives of the live version."""
        current = self._current or await self._opened()
        with current.used():
            return await current.dense.nearest(vectors, field, collection=collection, limit=limit)

    async def close(self) -> None:
        """Let go of all that is open, once it is not in use."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.wait([self._loading])
        if self._current is not None:
            self._let_go(self._current)
            self._current = None
        if self._closing:
            await asyncio.wait(self._closing)

    async def _opened(self) -> OpenVersion:
        async with self._turn:
            return self._current or await self._open_first()

    async def _open_first(self) -> OpenVersion:
        live, fresh = await self._versions.live_or_first(self._shelf.recipe)
        self._current = await self._open_or_stand_in(live)
        if fresh:
            await self._shelf.remove_previous(self._current)
        self._load()
        return self._current

    async def _open_or_stand_in(self, live: IndexVersion) -> OpenVersion:
        """The live version, or else the one that was live last and can be opened."""
        if self._away is not None and self._is_away(live):
            raise KnowledgeUnavailable(str(self._away.error)) from self._away.error
        try:
            opened = await self._shelf.open(live)
        except KnowledgeUnavailable as error:
            self._miss(live, error)
            for version in await self._versions.live_before():
                try:
                    opened = await self._shelf.open(version)
                except KnowledgeUnavailable as other:
                    _log.warning("knowledge.version_away", version=version.number, error=str(other))
                else:
                    _log.warning(
                        "knowledge.version_stands_in", version=version.number, instead_of=live.number
                    )
                    return opened
            raise
        self._away = None
        return opened

    def _is_away(self, live: IndexVersion) -> bool:
        """Whether it could not be opened a moment ago."""
        away = self._away
        return away is not None and away.version.number == live.number and time.monotonic() < away.until

    def _miss(self, live: IndexVersion, error: KnowledgeUnavailable) -> None:
        self._away = _Away(live, error, time.monotonic() + _AGAIN_S)
        _log.warning("knowledge.version_away", version=live.number, error=str(error))

    async def _go_over(self) -> None:
        """Follow at once, though it may have failed a moment ago."""
        self._away = None
        await self.follow()

    def _load(self) -> None:
        """Begin to read into memory what was not yet, unless that goes on."""
        if self._current is not None and (self._loading is None or self._loading.done()):
            self._loading = asyncio.create_task(self._loaded(self._current), name="load the live version")

    async def _loaded(self, opened: OpenVersion) -> None:
        try:
            with opened.used():
                await opened.dense.load()
        except KnowledgeUnavailable as error:
            _log.warning("knowledge.not_loaded", version=opened.version.number, error=str(error))

    def _let_go(self, opened: OpenVersion) -> None:
        closing = asyncio.create_task(opened.close(), name=f"close version {opened.version.number}")
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
