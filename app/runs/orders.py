"""Stopping the runs of a user in all processes of the service: each is asked through Redis, and says when it is done."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Self

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.runs.worker import alive
from app.tasks import end
from memory import Owner, new_id

_log = structlog.get_logger(__name__)
_ANSWER_S = 10.0
"""How long others have for it; a run's record is closed within seconds of its end."""
_KEPT_S = 60
_BLOCK_S = 2.0
_AGAIN_S = 1.0

StopHere = Callable[[Owner, str | None], Awaitable[None]]
"""Stops the user's runs of this process, of one thread where it is named, and waits until they are closed."""


class _Order(BaseModel):
    model_config = ConfigDict(frozen=True)

    tenant: str
    user: str
    thread: str | None
    until: float
    """Seconds since the epoch, after which nobody waits for an answer."""
    reply: str


class Orders:
    """An async context manager: inside, this worker does what others ask of it. Lists in Redis outlive a lost connection."""

    def __init__(self, redis: Redis, worker: str, stop: StopHere) -> None:
        self._redis = redis
        self._worker = worker
        self._stop = stop
        self._listening: asyncio.Task[None] | None = None
        self._working: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._listening = asyncio.create_task(self._listen(), name="orders of other workers")
        return self

    async def __aexit__(self, *_: object) -> None:
        await end([*([self._listening] if self._listening else []), *self._working])

    async def stop_elsewhere(self, owner: Owner, thread_id: str | None) -> int:
        """Have all other workers that live stop the user's runs; how many did not say within the time that they have.

        While Redis is away nobody can be asked, and one is counted.
        """
        try:
            return await self._ask(owner, thread_id)
        except RedisError as error:
            _log.warning("other workers could not be asked to stop runs", error=str(error))
            return 1

    async def _ask(self, owner: Owner, thread_id: str | None) -> int:
        others = await alive(self._redis) - {self._worker}
        if not others:
            return 0
        until, reply = time.time() + _ANSWER_S, f"freya:order:{new_id('ord')}"
        order = _Order(
            tenant=owner.tenant_id, user=owner.user_id, thread=thread_id, until=until, reply=reply
        ).model_dump_json()
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in others:
                pipe.rpush(_key(name), order)
                pipe.expire(_key(name), _KEPT_S)
            await pipe.execute()
        while others and (left := until - time.time()) > 0:
            answer = await self._redis.blpop([reply], timeout=min(left, _BLOCK_S))
            if answer:
                others.discard(_text(answer[1]))
        if others:
            _log.warning("workers did not say that runs are stopped", workers=sorted(others))
        return len(others)

    async def _listen(self) -> None:
        while True:
            try:
                answer = await self._redis.blpop([_key(self._worker)], timeout=_BLOCK_S)
            except RedisError as error:
                _log.warning("orders cannot be heard", error=str(error))
                await asyncio.sleep(_AGAIN_S)
                continue
            if answer:
                working = asyncio.create_task(self._carry_out(_text(answer[1])), name="an order")
                self._working.add(working)
                working.add_done_callback(self._working.discard)

    async def _carry_out(self, raw: str) -> None:
        try:
            order = _Order.model_validate_json(raw)
        except ValidationError:
            _log.warning("an order of another version of the service is left")
            return
        if order.until < time.time():
            return
        await self._stop(Owner(order.user, order.tenant), order.thread)
        with contextlib.suppress(RedisError):  # it is not heard then, and the asker says so
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.rpush(order.reply, self._worker)
                pipe.expire(order.reply, _KEPT_S)
                await pipe.execute()


def _text(answer: bytes | str) -> str:
    return answer.decode() if isinstance(answer, bytes) else answer


def _key(worker: str) -> str:
    return f"freya:orders:{worker}"
