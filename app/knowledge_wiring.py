"""The knowledge pipeline, joined: refinement and the jobs that carry it out."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.jobs import AutomaticRefining, Evaluation, JobRunner, Uploads, Works
from app.knowledge_checks import accuracy_checks
from app.knowledge_service import KnowledgeService
from knowledge import Catalogues, JobStore, KnowledgeStore, Shelf
from knowledge.refinery import Refiner, RefineryStore
from models import CrossEncoderReranker, Embedder
from models.embeddings import CachedEmbedder, open_embedder

if TYPE_CHECKING:
    from app.wiring import Backends, KnowledgeParts


def join_shelf(
    backends: "Backends", store: KnowledgeStore, embedder: CachedEmbedder, *, caches: bool = True
) -> Shelf:
    """The indexes of all versions; without `caches` vectors are always computed, as a measurement wants it."""
    settings = backends.settings
    models = settings.models.embedding

    async def open_other(name: str) -> Embedder:
        other = await open_embedder(models.model_copy(update={"model": name}), settings.data, backends.redis)
        return other if caches else other.inner

    reranker = settings.knowledge.retrieval.reranker
    return Shelf(
        store,
        embedder if caches else embedder.inner,
        data=settings.data,
        chroma_url=settings.knowledge.chroma_url,
        settings=settings.knowledge.retrieval,
        reranker=CrossEncoderReranker(reranker, device=models.device) if reranker else None,
        open_embedder=open_other,
    )


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """The pipeline's parts: what is ordered, who carries it out, and what is read of it."""

    jobs: JobStore
    runner: JobRunner
    service: KnowledgeService


def join_pipeline(backends: "Backends", knowledge: "KnowledgeParts", embedder: CachedEmbedder) -> Pipeline:
    """The pipeline over the knowledge package's parts; nothing is carried out yet."""
    jobs = JobStore(backends.pool)
    refiner = Refiner(
        RefineryStore(knowledge.store),
        knowledge.live,
        knowledge.live,
        embedder,
        catalogue=Catalogues(knowledge.store).current,
        checks=accuracy_checks(),
    )
    measured = join_shelf(backends, knowledge.store, embedder, caches=False)
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
    runner = JobRunner(jobs, work, worker=f"{socket.gethostname()} {os.getpid()}")
    service = KnowledgeService(
        knowledge.store,
        knowledge.importer,
        knowledge.live,
        knowledge.versions,
        jobs,
        uploads,
        targets=backends.settings.knowledge.targets,
        ordered=runner.look,
    )
    return Pipeline(jobs=jobs, runner=runner, service=service)


@asynccontextmanager
async def carry_out_jobs(
    backends: "Backends", knowledge: "KnowledgeParts", pipeline: Pipeline
) -> AsyncIterator[None]:
    """Inside, jobs are carried out, and what was imported is refined where the settings want that."""
    async with AsyncExitStack() as stack:
        await pipeline.service.tidy()
        await stack.enter_async_context(pipeline.runner)
        if backends.settings.knowledge.refine_after_import:
            automatic = AutomaticRefining(knowledge.store, pipeline.jobs, pipeline.runner)
            await stack.enter_async_context(automatic)
        yield
