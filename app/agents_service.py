"""Deploying what Rebecca designs: a description becomes a stored definition, is tested, and works as a specialist."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import psycopg
import structlog
from langchain_core.tools import BaseTool
from numpy.typing import NDArray
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, Field

from agents import Charter, ToolRefused, UnknownAgent
from agents.interfaces import Definition, Verdict, analyze, charter_of, define, examine
from app.agents_store import AgentStore, AgentVersion, StoredAgent
from graphs import Route, Router
from graphs.routing.interfaces import Task
from memory import Turn
from models import EmbeddingUnavailable

_log = structlog.get_logger(__name__)
_LOOKED_AT_S = 3.0
_NEAR = 0.6
_FEW_WORDS = 6
Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Gives unit vectors of texts. Raises EmbeddingUnavailable."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text."""
        ...


class Deployed(BaseModel):
    """What a deployment did."""

    name: str
    version: int
    cases: int
    passed: int
    skipped: list[Verdict] = Field(description="Cases that cannot be judged without a language model.")
    simulated: bool = Field(default=True, description="Whether its operations work on simulated records.")


class DeploymentRefused(Exception):
    """The description cannot become an agent, or the agent fails its own cases; says which."""


class LiveCharters(Mapping[str, Charter]):
    """The specialists of the folders and those that are deployed; a change is seen by the next run."""

    def __init__(self, base: Mapping[str, Charter]) -> None:
        self._own = base
        self.base = base
        self._all: Mapping[str, Charter] = dict(base)

    def lend(self, tools: Mapping[str, Sequence[BaseTool]]) -> None:
        """Give specialists of the folders these tools beside their own, in place of those lent before."""
        deployed = self.deployed
        self.base = {
            name: replace(charter, tools=(*charter.tools, *tools[name])) if tools.get(name) else charter
            for name, charter in self._own.items()
        }
        self.put(deployed)

    def put(self, deployed: Mapping[str, Charter]) -> None:
        """Have these be the deployed ones; a name of the folders stays theirs."""
        self._all = {**deployed, **self.base}

    @property
    def deployed(self) -> Mapping[str, Charter]:
        """Those that are deployed."""
        return {name: charter for name, charter in self._all.items() if name not in self.base}

    def __getitem__(self, name: str) -> Charter:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


class LiveRouter:
    """Routes to deployed agents by their own utterances, and leaves the rest to the router that learned the folders.

    A request goes to a deployed agent where the nearest of all utterances, those of the folders among them, is its
    own and near enough (cosine 0.6), where the client names it, or where it goes on with what it began.
    """

    def __init__(self, router: Router, charters: LiveCharters, embedder: Embedder) -> None:
        self._router = router
        self._charters = charters
        self._embedder = embedder
        self._texts: tuple[str, ...] = ()
        self._owners: tuple[str, ...] = ()
        self._vectors: Vectors | None = None

    async def learn(self) -> None:
        """Take up the utterances of the charters as they are now."""
        if not self._charters.deployed:
            self._texts, self._owners, self._vectors = (), (), None
            return
        pairs = [(text, name) for name, charter in self._charters.items() for text in charter.utterances]
        texts = tuple(text for text, _ in pairs)
        vectors = await self._embedder.embed(texts)
        self._texts, self._owners, self._vectors = texts, tuple(name for _, name in pairs), vectors

    async def route(self, message: str, turns: Sequence[Turn], wanted: Sequence[str] = ()) -> Route:
        """Who works on the message."""
        live = set(self._charters.deployed)
        if wanted:
            return await self._asked(message, turns, wanted, live)
        if live:
            name, near = await self._nearest(message)
            if name in live and near >= _NEAR:
                return _to(name, message, near, "its own utterances are nearest")
            last = turns[-1].agents if turns else ()
            if len(message.split()) <= _FEW_WORDS and near < _NEAR and any(each in live for each in last):
                going = next(each for each in last if each in live)
                return _to(going, message, _NEAR, "it goes on with what the agent began")
        return await self._router.route(message, turns, wanted)

    async def _asked(
        self, message: str, turns: Sequence[Turn], wanted: Sequence[str], live: set[str]
    ) -> Route:
        own = [name for name in dict.fromkeys(wanted) if name in live]
        others = [name for name in wanted if name not in live]
        unknown = [name for name in others if name not in self._charters.base]
        if unknown:
            known = ", ".join((*self._charters.base, *sorted(live)))
            raise UnknownAgent(f"there is no agent {', '.join(unknown)}; there are {known}")
        tasks = [Task(agent=name, request=message, confidence=1.0) for name in own]
        if others:
            tasks.extend((await self._router.route(message, turns, others)).tasks)
        return Route(kind="tasks", tasks=tuple(tasks), reason="the client named the agents")

    async def _nearest(self, message: str) -> tuple[str, float]:
        vectors, owners = self._vectors, self._owners
        if vectors is None:
            return "", 0.0
        (asked,) = await self._embedder.embed([message])
        near = vectors @ asked
        best = int(near.argmax())
        return owners[best], float(near[best])


class AgentsService:
    """Deploys, lists, rolls back and disables designed agents. Raises DeploymentRefused, AgentUnknown."""

    def __init__(
        self, store: AgentStore, taken: Sequence[str], *, changed: Callable[[Sequence[Definition]], "asyncio.Future[None] | None"] | None = None
    ) -> None:  # fmt: skip
        """`taken` are names that no designed agent may have; `changed` is told what works after each change."""
        self._store = store
        self._taken = frozenset(taken)
        self._changed = changed
        self._mark = ""

    async def deploy(self, request: str, name: str | None = None) -> Deployed:
        """Design an agent from a description, test it by its own cases, keep it and have it work."""
        try:
            definition, verdicts = await asyncio.to_thread(_designed, request, name)
        except ToolRefused as error:
            raise DeploymentRefused(str(error)) from error
        if definition.name in self._taken:
            raise DeploymentRefused(
                f"The name {definition.name!r} belongs to a specialist of the service; give another name."
            )
        failed = [item for item in verdicts if not item.passed and not item.skipped]
        if failed:
            told = "; ".join(f"{item.id} ({item.title}): {item.why}" for item in failed[:5])
            raise DeploymentRefused(f"The agent fails {len(failed)} of its {len(verdicts)} cases: {told}.")
        skipped = [item for item in verdicts if item.skipped]
        passed = len(verdicts) - len(skipped)
        version = await self._store.put(definition, passed=passed, skipped=len(skipped))
        await self.refresh()
        return Deployed(
            name=definition.name, version=version, cases=len(verdicts), passed=passed, skipped=skipped
        )

    async def all(self) -> list[StoredAgent]:
        """All designed agents."""
        return await self._store.all()

    async def versions(self, name: str) -> list[AgentVersion]:
        """The versions of one, latest first."""
        return await self._store.versions(name)

    async def cases(self, name: str, version: int) -> tuple[Verdict, ...]:
        """The cases of a version, each as it fares now. Raises AgentUnknown."""
        definition = await self._store.definition(name, version)
        return await asyncio.to_thread(examine, definition)

    async def rollback(self, name: str, version: int | None = None) -> StoredAgent:
        """Have a version work again: the one given, else the one before that which works. It is live afterwards."""
        versions = await self._store.versions(name)
        active = next((item.version for item in versions if item.active), 0)
        chosen = version or max((item.version for item in versions if item.version < active), default=None)
        if chosen is None:
            raise DeploymentRefused(f"{name} has no version before {active} to go back to.")
        await self._store.choose(name, chosen)
        await self.refresh()
        return await self._one(name)

    async def disable(self, name: str) -> StoredAgent:
        """Have an agent answer nobody; it is kept, and a rollback to any version has it work again."""
        await self._store.disable(name)
        await self.refresh()
        return await self._one(name)

    async def watch(self) -> None:
        """Take up, within seconds, what other processes change; until it is cancelled. An outage is waited out."""
        while True:
            await asyncio.sleep(_LOOKED_AT_S)
            try:
                if await self._store.mark() != self._mark:
                    await self.refresh()
            except (psycopg.Error, PoolTimeout, EmbeddingUnavailable) as error:
                _log.warning("designed agents could not be read", error=str(error))

    async def refresh(self) -> None:
        """Tell what works now; for the start, and after a change by another process."""
        self._mark = await self._store.mark()
        if self._changed is not None:
            waiting = self._changed(await self._store.live())
            if waiting is not None:
                await waiting

    async def _one(self, name: str) -> StoredAgent:
        return next(item for item in await self._store.all() if item.name == name)


def taking_up(
    charters: LiveCharters, router: LiveRouter
) -> Callable[[Sequence[Definition]], "asyncio.Future[None]"]:
    """What an `AgentsService` tells of its changes in the service itself."""

    async def take_up(definitions: Sequence[Definition]) -> None:
        made = await asyncio.to_thread(lambda: {item.name: charter_of(item) for item in definitions})
        charters.put(made)
        await router.learn()

    return lambda definitions: asyncio.ensure_future(take_up(definitions))


def _designed(request: str, name: str | None) -> tuple[Definition, tuple[Verdict, ...]]:
    definition = define(analyze(request), request, name)
    return definition, examine(definition)


def _to(name: str, message: str, confidence: float, reason: str) -> Route:
    task = Task(agent=name, request=message, confidence=min(confidence, 1.0))
    return Route(kind="tasks", tasks=(task,), reason=reason)
