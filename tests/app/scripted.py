"""A run manager on real stores whose graph does what a test tells it to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from redis.asyncio import Redis

from agents import NO_RESOURCES
from app.attachments.reading import Reader
from app.attachments.settings import AttachmentSettings
from app.attachments.store import AttachmentStore
from app.database import Pool
from app.health import Health
from app.runs import ChatRequest, EventLog, RunManager, RunStore
from app.runs.carrying import Parts
from app.runs.executors import ByWorkers
from app.runs.luggage import Accounts
from app.runs.saver import RunSaver
from app.service import Freya
from app.specialists import Specialists
from graphs import FreyaGraph, FreyaState, RunContext
from graphs.events import Token
from graphs.routing.interfaces import Route
from graphs.settings import ApprovalSettings, GraphSettings
from memory import (
    LOCAL,
    Database,
    MemorySettings,
    Owner,
    Recollection,
    ShortTermTier,
    ThreadFinder,
    ThreadStore,
)

Script = Callable[[RunContext, str], Awaitable[FreyaState]]


def state(answer: str = "Done.") -> FreyaState:
    """What a graph gives at its end."""
    return {
        "answer": answer,
        "outcome": "answered",
        "citations": [],
        "model": "scripted",
        "route": Route(kind="small_talk", reason="scripted"),
        "results": [],
        "recalled": Recollection(),
        "timings_ms": {"route": 1.0},
    }


async def answer_at_once(context: RunContext, message: str) -> FreyaState:
    """Repeat the message, a token a word."""
    for word in message.split():
        context.emit(Token(text=word))
    return state(message)


@dataclass
class ScriptedGraph:
    """Stands for the compiled graph: carries out the script."""

    script: Script = answer_at_once

    async def ainvoke(
        self, given: Mapping[str, Any] | None, _config: object, *, context: RunContext, durability: str
    ) -> FreyaState:
        assert durability == "async"
        return await self.script(context, given["message"] if given else "")


@dataclass(kw_only=True)
class Setup:
    """A manager with the parts that a test may look at or replace."""

    pool: Pool
    redis: Redis
    graph: ScriptedGraph = field(default_factory=ScriptedGraph)
    store: RunStore | None = None
    events: EventLog | None = None
    most_runs: int = 8
    timeout_s: float = 60.0
    busy_wait_s: float = 5.0
    heartbeat_s: float = 5.0
    worker: str | None = None
    workers: ByWorkers | None = None
    accounts: Accounts | None = None
    parts: Parts | None = None
    """Those of a real graph, instead of the script."""
    outcomes: list[str] = field(default_factory=list)

    @property
    def database(self) -> Database:
        """The pool, for rows that belong to users."""
        return Database(self.pool)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[RunManager]:
        """The manager, running."""
        self.store = self.store or RunStore(self.database)
        self.events = self.events or EventLog(self.redis, self.redis, ttl_s=600)
        parts = self.parts or Parts(
            graph=cast("FreyaGraph", self.graph),
            saver=RunSaver(JsonPlusSerializer()),
            charters={},
            retriever=cast("Any", None),
            memory=cast("Any", None),
            recaller=cast("Any", None),
            notice=lambda _: (),
            router=cast("Any", None),
            chat=cast("Any", None),
            settings=GraphSettings(),
        )
        manager = RunManager(
            parts,
            self.store,
            self.events,
            self.redis,
            most_runs=self.most_runs,
            timeout_s=self.timeout_s,
            busy_wait_s=self.busy_wait_s,
            observe=lambda outcome, _seconds: self.outcomes.append(outcome),
            worker=self.worker,
            workers=self.workers,
            accounts=self.accounts,
        )
        async with manager:
            yield manager

    def service(self, manager: RunManager) -> Freya:
        """The service object over the manager."""
        assert self.store is not None
        assert self.events is not None
        return Freya(
            specialists=Specialists({}, NO_RESOURCES, ApprovalSettings()),
            designs=cast("Any", None),
            manager=manager,
            runs=self.store,
            events=self.events,
            threads=ThreadStore(self.database),
            attachments=AttachmentStore(self.database),
            reader=Reader(AttachmentSettings()),
            finder=ThreadFinder(self.database, ThreadStore(self.database)),
            short_term=ShortTermTier(self.redis, MemorySettings()),
            known=cast("Any", None),
            memory=cast("Any", None),
            health=Health({}),
            heartbeat_s=self.heartbeat_s,
        )

    async def kept(self, run_id: str, owner: Owner = LOCAL) -> list[str]:
        """The types of the events that are kept of a run; their numbers have no gaps."""
        assert self.events is not None
        found = [event async for event in self.events.kept(owner, run_id, after=0)]
        assert [event.seq for event in found] == list(range(1, len(found) + 1))
        return [event.type for event in found]

    async def logged(self, run_id: str) -> list[tuple[str, str | None]]:
        """Outcome and error of each interaction that is logged for a run."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT outcome, record->>'error' AS error FROM interactions WHERE run_id = %s", (run_id,)
            )
            return [(row["outcome"], row["error"]) for row in await cursor.fetchall()]


def ask(message: str = "one two", **given: Any) -> ChatRequest:
    """A request."""
    return ChatRequest(message=message, **given)


class Gate:
    """A script that stands still in the middle until it is let through."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.through = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def __call__(self, context: RunContext, message: str) -> FreyaState:
        context.emit(Token(text=message))
        self.reached.set()
        try:
            await self.through.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return state(message)


async def within(awaitable: Any) -> Any:
    async with asyncio.timeout(120):
        return await awaitable
