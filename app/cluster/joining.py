"""A process's place among the processes of the service, and what it does there."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.health import Dependency
from app.runs.executors import ByWorkers
from app.runs.worker import alive

if TYPE_CHECKING:
    from celery import Celery

    from app.cluster.consuming import Carry
    from app.settings import RunSettings

_log = structlog.get_logger(__name__)
_BEYOND_S = 60.0


class Place(StrEnum):
    """What a process does."""

    WHOLE = "whole"
    """It takes requests and carries them out."""
    DOOR = "door"
    """It takes requests, which workers carry out."""
    WORKER = "worker"
    """It carries out what doors took, and what is due."""


@dataclass(frozen=True)
class Scheduled:
    """Background work by name: how often it is due, in seconds, and what has it done, which returns at once."""

    every_s: Mapping[str, float]
    do: Callable[[str], None]


class Cluster:
    """The other processes, as this one speaks to them."""

    def __init__(self, app: "Celery", redis: Redis, settings: "RunSettings") -> None:
        from app.cluster.broker import Dispatcher

        self._redis = redis
        self._settings = settings
        self._app = app
        self._dispatcher: Dispatcher = Dispatcher(app, redis)
        self._sending: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, redis: Redis, redis_url: str, settings: "RunSettings") -> Self:
        """The cluster over this Redis; nobody is spoken to yet."""
        from app.cluster.broker import open_celery

        return cls(
            await open_celery(redis_url, unacknowledged_s=settings.timeout_s + _BEYOND_S), redis, settings
        )

    @property
    def executor(self) -> ByWorkers:
        """Has runs carried out by workers."""
        return ByWorkers(self._dispatcher.run, self._dispatcher.waiting, most=self._settings.most_waiting)

    def due(self, name: str) -> None:
        """Have a worker do what the schedule has under the name, now; where it cannot be told the schedule's time comes."""
        task = asyncio.create_task(self._send(name), name=f"telling that {name} is due")
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, name: str) -> None:
        try:
            await self._dispatcher.tick(name)
        except RedisError as error:
            _log.warning("workers could not be told that work is due", work=name, error=str(error))

    @asynccontextmanager
    async def consuming(
        self, name: str, carry: "Carry", scheduled: Scheduled, *, concurrency: int
    ) -> AsyncIterator[None]:
        """Inside, this process is a worker: it carries out as many runs at once, and what is due."""
        from app.cluster.consuming import Consumer

        consumer = Consumer(
            self._app,
            self._redis,
            name=name,
            concurrency=concurrency,
            carry=carry,
            tick=scheduled.do,
            schedule=scheduled.every_s,
        )
        async with consumer:
            yield

    async def workers(self) -> Dependency:
        """How many workers live, and how many runs wait for one."""
        living, waiting = len(await alive(self._redis)), await self._dispatcher.waiting()
        detail = f"{living} alive, {waiting} waiting" if living else "none is alive: start `freya worker`"
        return Dependency(name="workers", ok=living > 0, detail=detail)
