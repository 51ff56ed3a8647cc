"""What is known, behind all doors: found, read, counted, and worked on by jobs."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date

from app.catalogue_service import CatalogueService
from app.jobs import AnyOrder, ImportArguments, ImportOrder, Uploads, job_id
from app.knowledge_inventory import Inventory, take_inventory
from app.problems import ProblemError, problem
from knowledge import (
    Alike,
    AlikeList,
    AlikePairs,
    ExportFormat,
    Hit,
    Importer,
    IndexVersion,
    Job,
    JobStore,
    KnowledgeProgress,
    KnowledgeStatus,
    KnowledgeStore,
    ListedPair,
    LiveIndexes,
    PairDetail,
    PairDetails,
    PairList,
    PairPieces,
    PairSelection,
    SourceDetail,
    SourceDetails,
    StoredSource,
    Topics,
    Versions,
    measure_progress,
)
from knowledge.evaluation import Report, kept_report
from knowledge.refinery import GapReport, Targets


@dataclass(frozen=True, kw_only=True)
class FoundPair:
    """A pair that was found, and its tier."""

    hit: Hit
    tier: str | None


class KnowledgeService:
    """Raises ProblemError, or errors that `app.errors.as_problem` knows."""

    def __init__(
        self,
        store: KnowledgeStore,
        importer: Importer,
        live: LiveIndexes,
        versions: Versions,
        jobs: JobStore,
        uploads: Uploads,
        *,
        targets: Targets,
        ordered: Callable[[], None],
    ) -> None:
        """`targets` are those of topics where a client names no others; `ordered` is called when a job was queued."""
        self._store = store
        self._importer = importer
        self._live = live
        self._versions = versions
        self._jobs = jobs
        self._uploads = uploads
        self._ordered = ordered
        self.targets = targets
        self._details = PairDetails(store)
        self._pairs = PairList(store)
        self._alike = AlikeList(store)
        self._topics = Topics(store)
        self._sources = SourceDetails(store)
        self.catalogue = CatalogueService(store, jobs, ordered=ordered)
        """The catalogue of topics, and what users add to it."""

    async def search(
        self,
        query: str,
        *,
        collections: Sequence[str] = (),
        topics: Sequence[str] = (),
        min_quality: float | None = None,
        since: date | None = None,
        limit: int = 5,
    ) -> list[FoundPair]:
        """Pairs that are relevant to the query and as wanted, best first."""
        hits = await self._live.search(
            query,
            collections=collections,
            topics=topics,
            min_quality=min_quality,
            since=since,
            limit=limit,
        )
        tiers = await self._details.tiers([hit.pair_id for hit in hits]) if hits else {}
        return [FoundPair(hit=hit, tier=tiers.get(hit.pair_id)) for hit in hits]

    async def status(self) -> KnowledgeStatus:
        """What is stored, and how far it is indexed."""
        return await self._importer.status()

    async def inventory(self) -> Inventory:
        """What is stored and indexed, what it is worth, and where it comes from."""
        indexed: dict[str, dict[str, int]] = {}
        for state in await self._live.state():
            for collection, pairs in state.pairs.items():
                indexed.setdefault(collection, {})[state.index] = pairs
        return await take_inventory(self._store, indexed)

    async def pair(self, pair: str) -> PairDetail:
        """A pair with everything that is known of it."""
        return await self._details.pair(pair)

    async def pairs(self, wanted: PairSelection, *, limit: int, after: str | None = None) -> list[ListedPair]:
        """The first of the pairs that are wanted, or the first after one. Raises UnknownPair where there never was that one."""
        return await self._pairs.page(wanted, limit=limit, after=after)

    async def export(self, wanted: PairSelection, kind: ExportFormat) -> AsyncGenerator[bytes]:
        """The pairs that are wanted as a file, in pieces; between two of them nothing is held but the place.

        Raises FormatUnavailable, and KnowledgeUnavailable where even the first cannot be read.
        """
        pieces = await asyncio.to_thread(PairPieces, kind)
        batches = self._pairs.batches(wanted)
        return _written(pieces, await anext(batches, []), batches)

    async def alike(
        self,
        kind: Alike,
        *,
        collections: Sequence[str],
        topics: Sequence[str],
        limit: int,
        after: str | None = None,
    ) -> list[AlikePairs]:
        """Pairs with those that gave way to them, or with their variants. Raises UnknownPair as `pairs` does."""
        return await self._alike.page(
            kind, collections=tuple(collections), topics=tuple(topics), limit=limit, after=after
        )

    async def sources(self, collection: str | None = None) -> list[StoredSource]:
        """All sources, where asked for of a collection, by collection and name."""
        return [each for each in await self._store.sources() if collection in {None, each.collection}]

    async def source(self, source: str) -> SourceDetail:
        """A source with what could not be taken as it stands. Raises UnknownSource."""
        return await self._sources.one(source)

    async def gaps(self, targets: Targets, *, collection: str | None, category: str | None) -> GapReport:
        """What is missing from the catalogue's topics, of a collection and of a category if given."""
        return await self._topics.gaps(collection=collection, category=category, targets=targets)

    async def progress(self, targets: Targets, *, collection: str | None, days: int) -> KnowledgeProgress:
        """How far the catalogue, or a collection of it, is covered, and what the latest days with imports brought."""
        return await measure_progress(self._store, targets, collection=collection, days=days)

    async def versions(self) -> Sequence[IndexVersion]:
        """The versions of the index, oldest first."""
        return await self._versions.list()

    async def activate(self, number: int, *, anyway: bool) -> IndexVersion:
        """Make a version the live one, once it has caught up with the store. Raises VersionRefused, VersionUnproven."""
        await self.version(number)
        return await self._live.activate(number, anyway=anyway)

    async def evaluation(self, number: int) -> Report:
        """The report that is kept with a version. Raises NotEvaluated."""
        return kept_report(await self.version(number))

    async def rollback(self) -> IndexVersion:
        """Make the version live again that was so before. Raises VersionRefused."""
        return await self._live.rollback()

    async def version(self, number: int) -> IndexVersion:
        """The version of that number. Raises ProblemError."""
        known = {version.number: version for version in await self._versions.list()}
        if number not in known:
            there = ", ".join(map(str, known)) or "none"
            raise ProblemError(
                problem("unknown_version", f"There is no version {number}; there are {there}.")
            )
        return known[number]

    async def order(self, order: AnyOrder, *, idempotency_key: str | None = None) -> Job:
        """Queue a job; with an idempotency key that ordered the same before, that job."""
        return _same(await self._queue(job_id(idempotency_key), order), order)

    async def take_in(
        self,
        chunks: AsyncIterable[bytes],
        *,
        name: str,
        collection: str,
        encoding: str | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Keep a file in the data folder and queue its import; with a key that brought it before, that job."""
        job = job_id(idempotency_key)
        try:
            sha256 = await self._uploads.keep(chunks, job, name)
        except OSError as error:
            raise ProblemError(
                problem("upload_failed", f"The file cannot be kept: {error.strerror or error}.")
            ) from error
        arguments = ImportArguments(
            name=name, collection=collection, sha256=sha256, upload=job, encoding=encoding
        )
        order = ImportOrder(kind="import", arguments=arguments)
        found = await self._queue(job, order)
        if found.state.ended:
            await self._uploads.remove(job)  # the job came with its key before, and reads no more
        await self.tidy()
        return _same(found, order)

    async def tidy(self) -> None:
        """Remove uploads of an hour ago and more that no job waits for: it was cancelled, died, or was never queued."""
        await self._uploads.sweep(await self._jobs.unended("import"))

    async def _queue(self, job: str, order: AnyOrder) -> Job:
        found = await self._jobs.create(job, order.kind, order.arguments.model_dump(mode="json"))
        self._ordered()
        return found

    async def job(self, job: str) -> Job:
        """The job. Raises UnknownJob."""
        return await self._jobs.get(job)

    async def jobs(self, *, limit: int, before: str | None = None) -> list[Job]:
        """Jobs, newest first."""
        return await self._jobs.page(limit=limit, before=before)

    async def cancel(self, job: str) -> Job:
        """Cancel a job that waits or goes on; gives it as it stands then."""
        cancelled = await self._jobs.cancel(job)
        if cancelled is None:
            found = await self._jobs.get(job)
            raise ProblemError(
                problem("job_not_active", f"Job {job} is {found.state} and cannot be cancelled.")
            )
        if cancelled.kind == "import":
            await self._uploads.remove(job)
        return cancelled


async def _written(
    pieces: PairPieces, first: Sequence[ListedPair], batches: AsyncGenerator[list[ListedPair]]
) -> AsyncGenerator[bytes]:
    async with aclosing(batches):
        yield await asyncio.to_thread(pieces.piece, first)
        async for batch in batches:
            yield await asyncio.to_thread(pieces.piece, batch)
    yield await asyncio.to_thread(pieces.rest)


def _same(job: Job, order: AnyOrder) -> Job:
    """The job, where it is of that order; one of another came with the same idempotency key."""
    if (job.kind, job.arguments) != (order.kind, order.arguments.model_dump(mode="json")):
        raise ProblemError(
            problem("idempotency_conflict", "This key came with another job; send a fresh key.")
        )
    return job
