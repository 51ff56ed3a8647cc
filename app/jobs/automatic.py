"""Refining without being asked: once an import has come to rest, a job is queued for what it brought."""

import asyncio
import contextlib
from typing import Self

import structlog

from app.jobs.orders import job_id
from app.jobs.runner import JobRunner
from app.tasks import end
from knowledge import JobStore, KnowledgeStore, KnowledgeUnavailable
from knowledge.refinery import RefineryStore

_log = structlog.get_logger(__name__)
REFINING_S = 10.0
"""How often it is looked whether pairs are to be refined, in seconds."""
_REST_S = 60.0
_AGAIN_S = 3600.0


class AutomaticRefining:
    """An async context manager: inside, pairs that nobody refined for a minute after the last import are refined."""

    def __init__(
        self,
        store: KnowledgeStore,
        jobs: JobStore,
        runner: JobRunner,
        *,
        rest_s: float = _REST_S,
        look_s: float | None = REFINING_S,
    ) -> None:
        """`rest_s` is how long nothing must have been imported. It looks every `look_s`; with None only when `due`."""
        self._store = store
        self._refinery = RefineryStore(store)
        self._jobs = jobs
        self._runner = runner
        self._rest_s = rest_s
        self._look_s = look_s
        self._due = asyncio.Event()
        self._clean = -1
        self._loop: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.create_task(self._look_for_good(), name="automatic refining")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._loop is not None:
            await end([self._loop])

    def due(self) -> None:
        """Look now."""
        self._due.set()

    async def look(self) -> bool:
        """Queue a job if one is due; gives whether it did. Raises KnowledgeUnavailable."""
        revision = await self._store.revision()
        if revision == self._clean:
            return False
        if not await self._jobs.due("refine", rest_s=self._rest_s, again_s=_AGAIN_S):
            return False
        if not await self._refinery.count_due():
            self._clean = revision
            return False
        job = await self._jobs.create(job_id(), "refine", {})
        _log.info("pairs that were imported are refined", job=job.id)
        self._runner.look()
        return True

    async def _look_for_good(self) -> None:
        while True:
            self._due.clear()
            try:
                await self.look()
            except KnowledgeUnavailable as error:
                _log.warning("whether pairs are to be refined cannot be told now", error=str(error))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._look_s):
                    await self._due.wait()
