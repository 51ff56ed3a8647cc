"""A conversation with the graph: what a run works with, and the events it gave."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from langchain_core.callbacks import BaseCallbackHandler

from agents import Charter
from app.database import Pool
from graphs import NOTHING, Brought, FreyaState, GraphSettings, Route, RunContext, Task, build_freya
from graphs.events import RunEvent
from knowledge import Hit
from memory import (
    Degraded,
    Owner,
    Recalled,
    RecallFilter,
    Recollection,
    Scope,
    TieredConversation,
    new_id,
    open_turn,
)
from models.chat import ChatModels

RSI = Hit(
    pair_id="pair_rsi",
    collection="technical",
    topic="RSI",
    question="What is the RSI?",
    answer="The RSI is a momentum oscillator between 0 and 100, published by Wilder in 1978.",
    source="starter",
    score=1.0,
    similarity=0.9,
)
STAKING = Hit(
    pair_id="pair_staking",
    collection="fundamentals",
    topic="Staking",
    question="What is staking?",
    answer="Staking locks coins as a security deposit, and validators are paid for honest work.",
    source="starter",
    score=1.0,
    similarity=0.8,
)


class Shelf:
    """A retriever that gives what lies on it, or raises what it was told to, the first `failures` times."""

    def __init__(self, *hits: Hit) -> None:
        self.hits = hits
        self.error: Exception | None = None
        self.failures = 0
        self.queries: list[str] = []

    async def search(self, query: str, *, collections: Sequence[str] = (), limit: int = 5) -> list[Hit]:
        self.queries.append(query)
        if self.failures and self.error:
            self.failures -= 1
            raise self.error
        return [hit for hit in self.hits if not collections or hit.collection in collections][:limit]


class FixedRouter:
    """A router that always decides the same."""

    def __init__(self, decided: Route) -> None:
        self.decided = decided

    async def route(self, message: str, turns: Sequence[Any], wanted: Sequence[str] = ()) -> Route:  # noqa: ARG002  # the Protocol's signature
        return self.decided


def to(*agents: str, request: str = "", left_out: tuple[str, ...] = ()) -> FixedRouter:
    """A router that sends every message to these agents, each asked `request` or its own name."""
    tasks = tuple(Task(agent=name, request=request or f"ask {name}", confidence=0.9) for name in agents)
    return FixedRouter(Route(kind="tasks", tasks=tasks, left_out=left_out))


@dataclass
class Remembering:
    """A recaller that brings back what a test laid out, and keeps what it was asked."""

    items: tuple[Recalled, ...] = ()
    degraded: tuple[Degraded, ...] = ()
    asked: list[tuple[Owner, str, int, RecallFilter]] = field(default_factory=list)

    async def recall(
        self, owner: Owner, query: str, *, budget: int, wanted: RecallFilter, now: datetime | None = None
    ) -> Recollection:
        assert now is None
        self.asked.append((owner, query, budget, wanted))
        return Recollection(items=self.items, budget=budget, degraded=self.degraded)


@dataclass
class Conversation:
    """A thread, and everything a run on it works with."""

    pool: Pool
    memory: TieredConversation
    charters: Mapping[str, Charter]
    chat: ChatModels
    router: Any
    shelf: Shelf = field(default_factory=lambda: Shelf(RSI, STAKING))
    settings: GraphSettings = field(default_factory=GraphSettings)
    scope: Scope = field(default_factory=lambda: Scope(thread_id=new_id("thr")))
    events: list[RunEvent] = field(default_factory=list)
    checkpointer: Any = None
    recaller: Remembering = field(default_factory=Remembering)
    notice: Callable[[str], Sequence[str]] = lambda _: ()
    indexed: float | None = None
    brought: Brought = NOTHING
    run_id: str = ""
    callbacks: list[BaseCallbackHandler] = field(default_factory=list)

    async def say(self, message: str, *, wanted: Sequence[str] = ()) -> FreyaState:
        """Carry out a turn as the service does: the user's message is on record before it begins."""
        new = not self.run_id
        self.run_id = new_id("run")
        async with self.pool.connection() as connection, connection.transaction():
            recorded = message.encode("utf-8", "replace").decode()
            await open_turn(
                connection, self.scope, run_id=self.run_id, request=recorded, metadata={}, new=new
            )
        self.events.clear()
        context = RunContext(
            run_id=self.run_id,
            scope=self.scope,
            emit=self.events.append,
            charters=self.charters,
            retriever=self.shelf,
            memory=self.memory,
            recaller=self.recaller,
            notice=self.notice,
            router=self.router,
            chat=self.chat,
            settings=self.settings,
            indexed=lambda: self.indexed,
            brought=self.brought,
        )
        graph = build_freya(self.settings, self.checkpointer)
        state = await graph.ainvoke(
            {"message": message, "wanted": list(wanted)},
            {"configurable": {"thread_id": self.run_id}, "callbacks": self.callbacks},
            context=context,
        )
        return cast("FreyaState", state)

    def types(self, agent: str | None = None) -> list[str]:
        """The types of the events, those of one agent where it is named; runs of tokens as one."""
        found: list[str] = []
        for event in self.events:
            kind: str = event.type  # type: ignore[attr-defined]  # every event of the closed set has one
            if (agent is None or event.agent == agent) and not (kind == "token" and found[-1:] == ["token"]):
                found.append(kind)
        return found

    def of(self, kind: str) -> list[Any]:
        """The events of a type."""
        return [event for event in self.events if event.type == kind]  # type: ignore[attr-defined]  # as above
