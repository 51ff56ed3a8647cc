"""The application with memory on real stores and no agents, for tests of its doors."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast  # the rest of the service is not there

import orjson
import uvicorn
from fastapi import FastAPI
from redis.asyncio import Redis

from app.access import KeyBook, KeyService, KeyStore
from app.access.limits import Limiter
from app.access.sessions import SignIns
from app.database import open_pool
from app.embedded import InstanceLock
from app.http import create_app
from app.memory_service import MemoryService
from app.memory_vectors import ChromaVectors
from app.metrics import Metrics
from app.overview import Overview
from app.runs import EventLog, RunCopies, RunStore
from app.settings import HttpSettings, Settings
from app.wiring import Running
from knowledge import Chroma
from memory import Database, Draft, MemorySettings, Owner, ShortTermTier, ThreadStore, TieredConversation
from memory.history import (
    Eraser,
    HistoryExporter,
    HistoryImporter,
    MessageForgetter,
    RedisKeys,
    Rows,
    VectorRows,
)
from memory.interactions import InteractionStore
from memory.privacy import AuditTrail, DataKeys, PrivacySettings, Vault
from memory.projects import ProjectStore
from memory.recall import MemoryRecaller, RecallSettings, embed_due
from memory.records import RecordStore
from tests.memory.privacy.conftest import key
from tests.memory.records.conftest import WordEmbedder


@dataclass(frozen=True, kw_only=True)
class Remembering:
    """The application, and the parts that tests put something into."""

    app: FastAPI
    database: Database
    threads: ThreadStore
    records: RecordStore
    runs: RunStore
    arrived: list[None]
    """One for each import that ended."""


def line(user: str, text: str, minute: int = 0, *, role: str = "user", thread: str = "t1") -> dict[str, str]:
    """A line of a history of 2 March 2026."""
    at = f"2026-03-02T09:{minute:02}:00Z"
    return {"user": user, "thread": thread, "role": role, "text": text, "time": at}


def lines(*said: dict[str, str]) -> bytes:
    """A history."""
    return b"\n".join(orjson.dumps(one) for one in said)


def draft(text: str, **more: Any) -> Draft:
    """A statement of 1 March 2026."""
    given = {
        "text": text,
        "kind": "fact",
        "said_at": datetime(2026, 3, 1, tzinfo=UTC),
        "sources": [f"msg_{text}"],
        **more,
    }
    return Draft.model_validate(given)


@asynccontextmanager
async def remembering(
    database_url: str, redis_url: str, folder: Path, http: HttpSettings | None = None
) -> AsyncIterator[Remembering]:
    """The application, open; without a worker that embeds and consolidates in the background."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(database_url, min_size=1, max_size=4, restricted=True)
        stack.push_async_callback(pool.close)
        redis = await stack.enter_async_context(Redis.from_url(redis_url, driver_info=None))
        chroma = Chroma(folder)
        stack.push_async_callback(chroma.close)
        database, embedder = Database(pool), WordEmbedder()
        vectors = ChromaVectors(chroma, embedder)
        records, runs = RecordStore(database, vectors, embedder), RunStore(database)
        recall = RecallSettings(timeout_s=30)
        recaller = MemoryRecaller(database, embedder, count=_tokens, settings=recall, long=vectors)
        stack.push_async_callback(recaller.close)
        arrived: list[None] = []
        short = ShortTermTier(redis, MemorySettings())
        threads = ThreadStore(database)
        events = EventLog(redis, redis, ttl_s=600)
        memory = MemoryService(
            database=database,
            threads=threads,
            conversation=TieredConversation(short, threads, MemorySettings()),
            recaller=recaller,
            records=records,
            projects=ProjectStore(database),
            importer=HistoryImporter(database),
            exporter=HistoryExporter(database),
            eraser=Eraser(
                Rows(database), [RedisKeys(redis, short), VectorRows(vectors)], stop_runs=_nothing_runs
            ),
            forgetter=MessageForgetter(database, records, copies=RunCopies(short, events)),
            interactions=InteractionStore(database),
            audit=AuditTrail(database),
            runs=runs,
            vault=Vault(database, DataKeys(database, PrivacySettings(keys=(key(1),)))),
            count=_tokens,
            arrived=lambda: arrived.append(None),
        )
        keys, audit = KeyStore(pool), AuditTrail(database)
        book = await stack.enter_async_context(KeyBook(keys, audit))
        settings = Settings(data=folder, http=http or HttpSettings(longest_body=65_536))
        running = Running(
            freya=cast("Any", SimpleNamespace(memory=memory)),
            metrics=Metrics(),
            settings=settings,
            servers=(),
            keys=KeyService(keys, audit, book),
            limiter=Limiter(redis, settings.limits),
            sign_ins=SignIns(redis),
            overview=Overview(pool, redis, folder, residents=tuple, active=int),
        )
        app = await asyncio.to_thread(create_app, settings, lambda: nullcontext(running))
        await stack.enter_async_context(app.router.lifespan_context(app))
        yield Remembering(
            app=app, database=database, threads=threads, records=records, runs=runs, arrived=arrived
        )


@contextmanager
def serving_memory(data: Path, database_url: str, redis_url: str, *drafts: Draft) -> Iterator[None]:
    """The application on a free port, announced on the data folder; the drafts are remembered of `ana`.

    What is imported is embedded at once.
    """
    ready, end = threading.Event(), threading.Event()

    async def serve() -> None:
        async with (
            remembering(database_url, redis_url, data / "chroma") as opened,
            InstanceLock(data) as lock,
        ):
            await opened.records.remember(Owner("ana"), drafts)
            server = uvicorn.Server(
                uvicorn.Config(opened.app, port=0, log_config=None, lifespan="off", access_log=False)
            )
            tasks = [asyncio.create_task(server.serve()), asyncio.create_task(_embed(opened, end))]
            while not server.started:
                await asyncio.sleep(0)
            await lock.announce(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}")
            ready.set()
            await asyncio.to_thread(end.wait)
            server.should_exit = server.force_exit = True
            await asyncio.wait(tasks)

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    try:
        if not ready.wait(20):
            raise TimeoutError("the service did not start")
        yield
    finally:
        end.set()
        thread.join(10)


async def _embed(opened: Remembering, end: threading.Event) -> None:
    embedder = WordEmbedder()
    while not end.is_set():
        await embed_due(opened.database, embedder)
        await asyncio.sleep(0.05)


async def _nothing_runs(_: Owner) -> int:
    return 0


def _tokens(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]
