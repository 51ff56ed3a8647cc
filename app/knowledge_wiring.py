"""The knowledge pipeline, joined: refinement and the jobs that carry it out."""

import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.health import Dependency
from app.jobs import JOBS_S, REFINING_S, AutomaticRefining, Evaluation, JobRunner, Uploads, Works
from app.knowledge_checks import accuracy_checks
from app.knowledge_service import KnowledgeService
from knowledge import (
    Catalogues,
    Importer,
    JobStore,
    KnowledgeStore,
    KnowledgeUnavailable,
    LiveIndexes,
    Shelf,
    Versions,
)
from knowledge.refinery import Refiner, RefineryStore
from models import CrossEncoderReranker, Embedder
from models.embeddings import CachedEmbedder, Observer, SharedEmbedders, open_embedder

if TYPE_CHECKING:
    from app.backends import Backends


@dataclass(frozen=True, kw_only=True)
class KnowledgeParts:
    """The knowledge package, joined."""

    store: KnowledgeStore
    versions: Versions
    live: LiveIndexes
    """What is searched, and what keeps the indexes up to the store."""
    importer: Importer
    embedders: SharedEmbedders
    """The service's embedding model, and those of versions that were made with another."""

    @property
    def retriever(self) -> LiveIndexes:
        """What is searched."""
        return self.live

    @property
    def indexer(self) -> LiveIndexes:
        """What keeps the indexes up to the store."""
        return self.live

    @property
    def dense(self) -> LiveIndexes:
        """What gives the vectors of pairs."""
        return self.live

    async def close(self) -> None:
        """Let go of the indexes and of the models that were loaded for them."""
        await self.live.close()
        await self.embedders.close()


def join_knowledge(
    backends: "Backends", embedder: CachedEmbedder, *, observe: Observer | None = None
) -> KnowledgeParts:
    """The knowledge store with the versions of its indexes, import and retrieval; nothing is opened yet."""
    store = KnowledgeStore(backends.pool)
    embedders = join_embedders(backends, embedder, observe)
    shelf = join_shelf(backends, store, embedder, embedders)
    versions = Versions(store, shelf)
    live = LiveIndexes(versions, shelf)
    importer = Importer(store, live)
    return KnowledgeParts(store=store, versions=versions, live=live, importer=importer, embedders=embedders)


def join_embedders(
    backends: "Backends", embedder: CachedEmbedder, observe: Observer | None = None
) -> SharedEmbedders:
    """The service's embedding model, and beside it those that versions of the index were made with."""
    settings = backends.settings.models.embedding

    async def load(name: str) -> CachedEmbedder:
        other = settings.model_copy(update={"model": name})
        return await open_embedder(other, backends.settings.data, backends.redis, observe=observe)

    return SharedEmbedders(embedder, load)


def join_shelf(
    backends: "Backends",
    store: KnowledgeStore,
    embedder: CachedEmbedder,
    embedders: SharedEmbedders,
    *,
    caches: bool = True,
) -> Shelf:
    """The indexes of all versions; without `caches` vectors are always computed, as a measurement wants it."""
    settings = backends.settings

    @asynccontextmanager
    async def lend(name: str) -> AsyncIterator[Embedder]:
        async with embedders.lent(name) as other:
            yield other if caches else other.inner

    reranker = settings.knowledge.retrieval.reranker
    return Shelf(
        store,
        embedder if caches else embedder.inner,
        data=settings.data,
        chroma_url=settings.knowledge.chroma_url,
        settings=settings.knowledge.retrieval,
        reranker=CrossEncoderReranker(reranker, device=settings.models.embedding.device)
        if reranker
        else None,
        lend=lend,
    )


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """The pipeline's parts: what is ordered, who carries it out, and what is read of it."""

    jobs: JobStore
    runner: JobRunner
    refining: AutomaticRefining
    service: KnowledgeService


def join_pipeline(
    backends: "Backends",
    knowledge: KnowledgeParts,
    embedder: CachedEmbedder,
    *,
    scheduled: bool = False,
    ordered: Callable[[], None] | None = None,
) -> Pipeline:
    """The pipeline over the knowledge package's parts; nothing is carried out yet.

    `scheduled`: it looks for jobs of others only when told to. `ordered` is told of a job that is ordered here, when
    not the runner is.
    """
    jobs = JobStore(backends.pool)
    refiner = Refiner(
        RefineryStore(knowledge.store),
        knowledge.live,
        knowledge.live,
        embedder,
        catalogue=Catalogues(knowledge.store).current,
        checks=accuracy_checks(),
    )
    measured = join_shelf(backends, knowledge.store, embedder, knowledge.embedders, caches=False)
    evaluation = Evaluation(
        knowledge.store, knowledge.versions, measured, floor=backends.settings.knowledge.retrieval.floor
    )
    uploads = Uploads(backends.settings.data)
    work = Works(
        store=knowledge.store,
        refiner=refiner,
        versions=knowledge.versions,
        live=knowledge.live,
        evaluation=evaluation,
        importer=knowledge.importer,
        uploads=uploads,
    )
    worker = f"{socket.gethostname()} {os.getpid()}"
    runner = JobRunner(jobs, work, worker=worker, look_s=None if scheduled else JOBS_S)
    service = KnowledgeService(
        knowledge.store,
        knowledge.importer,
        knowledge.live,
        knowledge.versions,
        jobs,
        uploads,
        targets=backends.settings.knowledge.targets,
        ordered=ordered or runner.look,
    )
    refining = AutomaticRefining(knowledge.store, jobs, runner, look_s=None if scheduled else REFINING_S)
    return Pipeline(jobs=jobs, runner=runner, refining=refining, service=service)


@asynccontextmanager
async def carry_out_jobs(backends: "Backends", pipeline: Pipeline) -> AsyncIterator[None]:
    """Inside, jobs are carried out, and what was imported is refined where the settings want that."""
    async with AsyncExitStack() as stack:
        await pipeline.service.tidy()
        await stack.enter_async_context(pipeline.runner)
        if backends.settings.knowledge.refine_after_import:
            await stack.enter_async_context(pipeline.refining)
        yield


def searched_by_another_model(live: LiveIndexes, model: str) -> Iterator[str]:
    """That the version in use was made with another embedding model than the settings name, and what to do."""
    version = live.version
    if version is not None and version.recipe.model != model:
        yield (
            f"knowledge is searched in version {version.number} of the index, with {version.recipe.model}; "
            f"`freya knowledge index build` makes one with {model}, which the settings name"
        )


async def knowledge_state(live: LiveIndexes, model: str) -> Dependency:
    """Which version is searched, and with what; that it is not the live one, where that is so."""
    if live.version is None and live.trouble is None:
        with suppress(KnowledgeUnavailable):
            await live.counts()  # opens it
    version, trouble = live.version, live.trouble
    if version is None:
        return Dependency(name="knowledge", ok=False, detail=trouble or "does not answer")
    other = "" if version.recipe.model == model else f", with {version.recipe.model}"
    return Dependency(name="knowledge", ok=True, detail=f"version {version.number}{other}", warning=trouble)
