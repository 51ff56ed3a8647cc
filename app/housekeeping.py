"""What the service does beside answering: indexes follow the store."""

import asyncio
import time
from collections.abc import Callable
from typing import Self

import structlog

from app.settings import Settings
from app.tasks import end
from knowledge import FollowsStore, IndexProgress, KnowledgeUnavailable

_log = structlog.get_logger(__name__)
_REPORT_EVERY_S = 2.0


class Housekeeping:
    """Background work; an async context manager that ends it."""

    def __init__(self, indexer: FollowsStore, settings: Settings) -> None:
        self._indexer = indexer
        self._settings = settings
        self._tasks: list[asyncio.Task[None]] = []
        self._reached: dict[str, float] = {}

    @property
    def indexed(self) -> float | None:
        """The share of the store's changes that the slowest index has seen, while they are being brought in."""
        return min(self._reached.values(), default=None)

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._follow_store(), name="indexing")]
        return self

    async def __aexit__(self, *_: object) -> None:
        await end(self._tasks)

    async def index_now(self, progress: Callable[[str], None]) -> None:
        """Bring the indexes up to the store as long as that is quick; the rest follows in the background."""
        told = 0.0

        def tell(state: IndexProgress) -> None:
            nonlocal told
            self._note(state)
            if time.monotonic() - told > _REPORT_EVERY_S:
                told = time.monotonic()
                progress(
                    f"indexing {state.index}: {state.applied} pairs, revision {state.revision} of {state.latest}"
                )

        try:
            async with asyncio.timeout(self._settings.knowledge.start_indexing_s):
                await self._indexer.catch_up(tell)
            self._reached.clear()
        except TimeoutError:
            progress("indexing goes on in the background; answers grow better meanwhile")
        except KnowledgeUnavailable as error:
            _log.warning("an index does not answer; it will be tried again", error=str(error))

    def _note(self, state: IndexProgress) -> None:
        self._reached[state.index] = state.revision / state.latest if state.latest else 1.0

    async def _follow_store(self) -> None:
        while True:
            await asyncio.sleep(self._settings.knowledge.catch_up_seconds)
            try:
                changed = await self._indexer.catch_up(self._note)
            except Exception as error:  # noqa: BLE001  # the edge of a background loop; it is tried again
                _log.warning("an index does not answer; it will be tried again", error=str(error))
            else:
                self._reached.clear()
                if changed:
                    _log.info("indexes follow the store", pairs=changed)
