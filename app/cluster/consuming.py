"""The worker's side: Celery takes messages in threads of its own, and what they ask for is done in the service's loop."""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Self  # Any: Celery, which has no types

import structlog
from celery import Celery
from celery.app.trace import setup_worker_optimizations
from celery.beat import EmbeddedService, Scheduler
from celery.exceptions import Reject
from celery.worker import WorkController, state
from kombu.asynchronous import set_event_loop
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.cluster.broker import RUN, TICK
from app.tasks import end

_log = structlog.get_logger(__name__)
_START_S: Final = 30.0
_STOP_S: Final = 10.0
_NO_ROOM_S: Final = 0.25
_LEVELS: Final = {"celery": logging.WARNING, "kombu": logging.WARNING, "celery.app.trace": logging.ERROR}
"""The last one warns, with a stack, of each message that goes back."""
_LEADER: Final = "freya:celery:leader"
_LEAD_S: Final = 15
_LOOK_S: Final = 5.0
_RENEW: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2]) and 1 or 0 end
return redis.call('EXPIRE', KEYS[1], ARGV[2])
"""
_LEAVE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"

Carry = Callable[[str], Awaitable[bool]]
"""Carries a run out to its end; gives False where this process cannot take it now."""
Tick = Callable[[str], None]
"""Has done what the schedule has under the name; returns at once."""


class Consumer:
    """An async context manager: inside, this process does what messages ask for, and one of all such keeps the schedule."""

    def __init__(
        self,
        app: Celery,
        redis: Redis,
        *,
        name: str,
        concurrency: int,
        carry: Carry,
        tick: Tick,
        schedule: Mapping[str, float],
    ) -> None:
        """`concurrency` runs are carried out at once; `schedule` gives the seconds between two times, by name."""
        self._app = app
        self._name = name
        self._concurrency = concurrency
        self._carry = carry
        self._tick = tick
        self._leading = Leading(app, redis, name, schedule)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._consume, name="celery", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        """Raises TimeoutError when the broker cannot be reached."""
        self._loop = asyncio.get_running_loop()
        for logger, level in _LEVELS.items():
            logging.getLogger(logger).setLevel(level)
        self._register()
        state.should_stop = None
        set_event_loop(None)  # Celery's own: that of a consumer before is closed
        self._thread.start()
        if not await asyncio.to_thread(self._ready.wait, _START_S) or not self._thread.is_alive():
            self.stop()
            raise TimeoutError("messages of runs cannot be read")
        await self._leading.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Take no further messages; those that are being worked on go back where their runs did not end."""
        self.stop()
        await self._leading.__aexit__()
        await asyncio.to_thread(self._thread.join, _STOP_S)
        if self._thread.is_alive():
            _log.warning("Celery does not stop")

    def stop(self) -> None:
        """Take no further messages."""
        state.should_stop = 0

    def _register(self) -> None:
        # Celery tells a task's arguments by its signature, and would take a method's self for one of them.
        def run(run_id: str) -> None:
            self._run(run_id)

        def due(name: str) -> None:
            self._due(name)

        self._app.task(run, name=RUN, shared=False)
        self._app.task(due, name=TICK, acks_late=False, shared=False)

    def _consume(self) -> None:
        try:
            setup_worker_optimizations(self._app, self._name)  # it tells threads whose tasks they carry out
            self._controller().start()
        finally:
            self._ready.set()

    def _controller(self) -> WorkController:
        return WorkController(
            app=self._app,
            hostname=f"{self._name}@freya",
            pool="threads",
            concurrency=self._concurrency,
            loglevel=logging.WARNING,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            ready_callback=lambda _: self._ready.set(),
        )

    def _run(self, run_id: str) -> None:
        if not self._within(self._carry(run_id)):
            time.sleep(_NO_ROOM_S)
            raise Reject("this worker has no room", requeue=True)

    def _due(self, name: str) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._tick, name)

    def _within(self, work: Any) -> bool:
        if self._loop is None:
            raise RuntimeError("enter the Consumer first")
        return bool(asyncio.run_coroutine_threadsafe(work, self._loop).result())


class Leading:
    """An async context manager: inside, this process keeps the schedule while no other one does.

    Who does holds a key in Redis that lives for seconds. For a moment two may: what is due is safe to do twice.
    """

    def __init__(self, app: Celery, redis: Redis, name: str, schedule: Mapping[str, float]) -> None:
        self._app = app
        self._name = name
        self._redis = redis
        self._renew = redis.register_script(_RENEW)
        self._leave = redis.register_script(_LEAVE)
        self._looking: asyncio.Task[None] | None = None
        self._beat: Any = None
        app.conf.beat_schedule = {
            due: {"task": TICK, "schedule": every_s, "args": (due,), "options": {"expires": every_s}}
            for due, every_s in schedule.items()
        }

    async def __aenter__(self) -> Self:
        self._looking = asyncio.create_task(self._look(), name="the schedule's leader")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._looking:
            await end([self._looking])
        await self._keep(held=False)
        try:
            await self._leave(keys=[_LEADER], args=[self._name])
        except RedisError as error:
            _log.info("the schedule is left by its time", error=str(error))

    @property
    def leads(self) -> bool:
        """Whether this process keeps the schedule."""
        return self._beat is not None

    async def _look(self) -> None:
        while True:
            try:
                held = bool(await self._renew(keys=[_LEADER], args=[self._name, _LEAD_S]))
            except RedisError as error:
                _log.warning("who keeps the schedule cannot be told", error=str(error))
                held = False
            await self._keep(held=held)
            await asyncio.sleep(_LOOK_S)

    async def _keep(self, *, held: bool) -> None:
        if held and self._beat is None:
            self._beat = EmbeddedService(self._app, thread=True, max_interval=1, scheduler_cls=Scheduler)
            self._beat.start()
            _log.info("this worker keeps the schedule")
        elif not held and self._beat is not None:
            beat, self._beat = self._beat, None
            await asyncio.to_thread(beat.stop)
