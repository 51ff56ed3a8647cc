"""The one place where concrete parts are chosen and joined."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog
from threadpoolctl import threadpool_limits

from agents import Charter, Resources, discover
from app.access import KeyService
from app.access.limits import Limiter
from app.access.sessions import SignIns
from app.access_wiring import accounts, counting, open_keys
from app.agents_service import AgentsService, LiveCharters, LiveRouter, taking_up
from app.agents_store import AgentStore
from app.attachments.reading import Reader
from app.attachments.store import AttachmentStore
from app.backends import Backends, Progress, open_backends
from app.checkpoints import checkpoint_serializer
from app.cluster import Cluster, Place
from app.health import Check, Dependency, Health
from app.housekeeping import Housekeeping
from app.knowledge_wiring import (
    KnowledgeParts,
    Pipeline,
    carry_out_jobs,
    join_knowledge,
    join_pipeline,
    knowledge_state,
    searched_by_another_model,
)
from app.market import CcxtMarket, MarketNotInstalled, MarketSettings, open_market
from app.mcp.borrowing import Borrowing
from app.memory_wiring import MemoryParts, consolidating, join_memory
from app.metrics import Metrics
from app.overview import Overview
from app.preparing import preparing
from app.runs import RunManager, worker_name
from app.runs.carrying import Parts
from app.runs.saver import RunSaver
from app.runs.stamping import stamp_of
from app.sandbox import SubprocessSandbox
from app.schedule import JOBS, scheduled_work
from app.service import Freya
from app.settings import Settings, SettingsInvalid
from app.specialists import Specialists
from app.sql_probe import PostgresProbe
from app.tasks import end
from app.tracing import Tracing, open_tracing
from graphs import CalibratedRouter, build_freya
from knowledge import starter_questions
from memory.privacy import Redactor, open_names
from models.chat import ConfiguredChatModels, Hidden, Hide
from models.embeddings import CachedEmbedder, open_embedder
from models.residency import Residents

_log = structlog.get_logger(__name__)
_RULES = "rules"


@dataclass(frozen=True, kw_only=True)
class Running:
    """The service with what its doors need beside it."""

    freya: Freya
    metrics: Metrics
    settings: Settings
    servers: tuple[str, ...]
    keys: KeyService
    limiter: Limiter
    overview: Overview
    sign_ins: SignIns
    tracing: Tracing | None = None


@asynccontextmanager
async def open_freya(
    settings: Settings, *, progress: Progress = lambda _: None, works: bool = False
) -> AsyncIterator[Running]:
    """The service, ready to answer; leaving it ends its runs and stops what it started.

    It is the whole of it, or where workers carry out runs one of them (`works`) or a door.
    """
    place = _place(settings, works=works)
    began = time.monotonic()
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        # OpenBLAS's workers wait by spinning: they burned more than half of a turn's processor time for nothing.
        stack.enter_context(await asyncio.to_thread(threadpool_limits, limits=1, user_api="blas"))
        backends = await stack.enter_async_context(open_backends(settings, progress=progress))
        await stack.enter_async_context(preparing(settings.data / _RULES))
        tracing = await stack.enter_async_context(open_tracing(settings.tracing))
        keys = await stack.enter_async_context(open_keys(settings.http, backends.pool))
        limiter = Limiter(backends.redis, settings.limits, unchecked=metrics.unchecked.inc)
        await backends.redis.ping()  # a wrong URL is told now, and not once everything is indexed
        embedder = await open_embedder(
            settings.models.embedding, settings.data, backends.redis, observe=metrics.texts_embedded
        )
        stack.push_async_callback(embedder.close)
        progress(f"embedding model {embedder.name}")
        knowledge = join_knowledge(backends, embedder, observe=metrics.texts_embedded)
        stack.push_async_callback(knowledge.close)
        charters = await asyncio.to_thread(discover)
        if settings.knowledge.starter:
            await knowledge.importer.load_starter()
        housekeeping = Housekeeping(knowledge.live, settings)
        await housekeeping.index_now(progress)
        for line in searched_by_another_model(knowledge.live, embedder.name):
            progress(line)
        cluster = (
            None
            if place is Place.WHOLE
            else await Cluster.open(backends.redis, backends.redis_url, settings.runs)
        )
        pipeline = join_pipeline(
            backends,
            knowledge,
            embedder,
            scheduled=place is Place.WORKER,
            ordered=partial(cluster.due, JOBS) if cluster and place is Place.DOOR else None,
        )
        residents = Residents(settings.models.resident, memory_gb=settings.models.memory_gb)
        await stack.enter_async_context(residents)
        for line in _told(residents):
            progress(line)
        metrics.watch_residents(residents.states)
        names = await asyncio.to_thread(open_names, settings.memory.privacy)
        redactor = Redactor(names=names)
        chat = ConfiguredChatModels(
            settings.models,
            embedder,
            hide=_hiding(redactor),
            residents=residents,
            observe=metrics.model_asked,
        )
        memory = join_memory(
            backends,
            embedder,
            chat,
            redactor,
            stamp=await asyncio.to_thread(stamp_of, settings.models),
            stop_runs=lambda owner: manager.cancel_all(owner),  # noqa: PLW0108  # the manager is made of it
            scheduled=place is Place.WORKER,
        )
        market = await asyncio.to_thread(_exchange, settings.market)
        if market is not None:
            stack.push_async_callback(market.close)
            progress(f"prices from {market.name}")
        freya, manager, borrowing = await _join_service(
            backends,
            embedder,
            chat,
            knowledge,
            pipeline,
            memory,
            charters,
            metrics=metrics,
            limiter=limiter,
            keys=keys,
            tracing=tracing,
            indexed=lambda: housekeeping.indexed,
            resources=Resources(
                market=market,
                sql=PostgresProbe(backends.postgres_url),
                sandbox=SubprocessSandbox(),
            ),
            door=cluster if place is Place.DOOR else None,
        )
        watching = asyncio.create_task(freya.designs.watch(), name="designed agents")
        stack.push_async_callback(end, [watching])
        await stack.enter_async_context(borrowing)
        await stack.enter_async_context(housekeeping)
        await stack.enter_async_context(_at_work(backends, memory, manager, pipeline, place, cluster))
        metrics.watch_runs(active=lambda: manager.active, admitted=lambda: manager.admitted)
        progress(f"{len(charters)} specialists: {', '.join(charters)}")
        _log.info("service joined", seconds=round(time.monotonic() - began, 2))
        yield Running(
            freya=freya,
            metrics=metrics,
            settings=settings,
            servers=backends.servers,
            keys=keys,
            limiter=limiter,
            overview=Overview(
                backends.pool,
                backends.redis,
                settings.data,
                residents=residents.states,
                active=lambda: manager.active,
            ),
            sign_ins=SignIns(backends.redis),
            tracing=tracing,
        )


@asynccontextmanager
async def _at_work(
    backends: Backends,
    memory: MemoryParts,
    manager: RunManager,
    pipeline: Pipeline,
    place: Place,
    cluster: Cluster | None,
) -> AsyncIterator[None]:
    """Inside, runs and background work go on: here, or where a door tells workers of them, there."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(consolidating(memory, here=place is not Place.DOOR))
        await stack.enter_async_context(manager)
        if place is not Place.DOOR:
            await stack.enter_async_context(carry_out_jobs(backends, pipeline))
        if cluster and place is Place.WORKER:
            work = scheduled_work(memory.worker, pipeline)
            concurrency = backends.settings.http.most_runs
            await stack.enter_async_context(
                cluster.consuming(manager.name, manager.carry, work, concurrency=concurrency)
            )
        yield


async def _join_service(
    backends: Backends,
    embedder: CachedEmbedder,
    chat: ConfiguredChatModels,
    knowledge: KnowledgeParts,
    pipeline: Pipeline,
    memory: MemoryParts,
    charters: Mapping[str, Charter],
    *,
    metrics: Metrics,
    limiter: Limiter,
    keys: KeyService,
    tracing: Tracing | None,
    indexed: Callable[[], float | None],
    resources: Resources,
    door: Cluster | None,
) -> tuple[Freya, RunManager, Borrowing]:
    settings = backends.settings
    questions = await asyncio.to_thread(starter_questions)
    router = await CalibratedRouter.open(
        embedder,
        charters,
        chat,
        settings.graphs.router,
        data=settings.data,
        questions={
            name: [text for collection in charter.collections for text in questions.get(collection, ())]
            for name, charter in charters.items()
        },
    )
    live = LiveCharters(charters)
    store = AgentStore(backends.pool)
    routing = LiveRouter(router, live, embedder)
    designs = AgentsService(store, tuple(charters), changed=taking_up(live, routing))
    await designs.refresh()
    saver = RunSaver(checkpoint_serializer(settings.memory.privacy))
    attachments = AttachmentStore(backends.database, memory.sealer)
    borrowing = Borrowing(settings.mcp, live.lend, known=charters, observe=metrics.mcp_called)
    manager = RunManager(
        Parts(
            graph=build_freya(settings.graphs, saver),
            saver=saver,
            charters=live,
            retriever=knowledge.live,
            memory=memory.conversation,
            recaller=memory.recaller,
            notice=memory.notice,
            router=routing,
            chat=chat,
            settings=settings.graphs,
            indexed=indexed,
            resources=resources,
            callbacks=tracing.of_run if tracing else lambda _run_id: (),
            attached=lambda scope, wanted: attachments.texts(scope.owner, scope.thread_id, wanted),
        ),
        memory.runs,
        memory.events,
        backends.redis,
        most_runs=settings.http.most_runs,
        timeout_s=settings.runs.timeout_s,
        routed_within_s=settings.runs.routed_within_s,
        busy_wait_s=settings.http.busy_wait_s,
        observe=metrics.run_ended,
        answered=memory.answered,
        going=memory.worker.going,
        closed=counting(limiter, metrics),
        told=metrics.run_told,
        worker=await asyncio.to_thread(worker_name, settings.data),
        workers=door.executor if door else None,
        accounts=accounts(keys.book),
    )
    freya = Freya(
        specialists=Specialists(live, resources, settings.graphs.approvals),
        manager=manager,
        runs=memory.runs,
        events=memory.events,
        threads=memory.threads,
        finder=memory.finder,
        attachments=attachments,
        reader=Reader(settings.attachments),
        short_term=memory.short_term,
        known=pipeline.service,
        memory=memory.service,
        designs=designs,
        health=Health(
            {
                **_checks(backends, knowledge, embedder),
                **({"workers": door.workers} if door else {}),
                **borrowing.checks,
            }
        ),
        heartbeat_s=settings.http.heartbeat_s,
        may_begin=limiter.turn,
    )
    return freya, manager, borrowing


def _place(settings: Settings, *, works: bool) -> Place:
    if settings.runs.executor == "celery":
        return Place.WORKER if works else Place.DOOR
    if works:
        raise SettingsInvalid(
            "workers carry out runs only where FREYA_RUNS__EXECUTOR is celery: set it for `freya serve` and `freya worker` alike"
        )
    return Place.WHOLE


def _exchange(settings: MarketSettings) -> CcxtMarket | None:
    try:
        return open_market(settings)
    except MarketNotInstalled as error:
        raise SettingsInvalid(str(error)) from error


def _told(residents: Residents) -> Iterator[str]:
    """What became of the models that were to be loaded at the start."""
    for state in residents.states():
        if state.problem is not None:
            yield f"model {state.name} could not be loaded: {state.problem}"
        elif state.loaded:
            yield f"model {state.name}, {state.footprint}"


def _hiding(redactor: Redactor) -> Hide:
    """What endpoints that are to be redacted see instead of personal data."""

    async def hide(texts: Sequence[str]) -> Hidden:
        hidden, values = await asyncio.to_thread(redactor.hide, texts)
        return Hidden(hidden, values)

    return hide


def _checks(backends: Backends, knowledge: KnowledgeParts, embedder: CachedEmbedder) -> dict[str, Check]:
    async def postgres() -> str:
        async with backends.pool.connection(timeout=1.5) as connection:
            await connection.execute("SELECT 1")
        return backends.servers[0].split(", at ")[0]

    async def redis() -> str:
        await backends.redis.ping()
        return backends.servers[1].split(", at ")[0]

    async def chroma() -> str:
        where = "by URL" if backends.settings.knowledge.chroma_url else "embedded"
        if knowledge.live.is_loading:
            return f"{where}, being read into memory"
        if knowledge.live.version is None and knowledge.live.trouble:
            return f"{where}, not asked"
        return f"{where}, {sum((await knowledge.live.counts()).values())} pairs"

    async def embeddings() -> str:
        vectors = await embedder.embed(["ready?"])
        return f"{embedder.name}, {vectors.shape[1]} dimensions"

    async def known() -> Dependency:
        return await knowledge_state(knowledge.live, embedder.name)

    return {
        "postgres": postgres,
        "redis": redis,
        "chroma": chroma,
        "knowledge": known,
        "embeddings": embeddings,
    }
