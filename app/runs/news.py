"""Word of what is new in the streams of runs: one connection for all who wait in this process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

_log = structlog.get_logger(__name__)
CHANNEL: Final = "freya:runs:news"
"""Whoever writes to a run's stream says the key of it here."""
_CONFIRMED_S = 2.0
_IDLE_S = 5.0


class Notice:
    """Set whenever something new was written to a stream."""

    def __init__(self) -> None:
        self._new = asyncio.Event()

    def clear(self) -> None:
        """Forget what was new so far; called before the stream is read."""
        self._new.clear()

    def set(self) -> None:
        """Something is new."""
        self._new.set()

    async def wait(self, seconds: float, stopped: asyncio.Event | None) -> None:
        """Until something is new, the waiting is stopped, or the time is over."""
        waiting = [asyncio.ensure_future(self._new.wait())]
        if stopped is not None:
            waiting.append(asyncio.ensure_future(stopped.wait()))
        try:
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()


class News:
    """Listens while somebody waits. An outage raises redis-py's errors."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._notices: dict[bytes, set[Notice]] = {}
        self._listening: asyncio.Task[None] | None = None
        self._beginning = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def of(self, key: str) -> AsyncIterator[Notice]:
        """A notice of the stream of that key; what is written from now on sets it."""
        notice, name = Notice(), key.encode()
        self._notices.setdefault(name, set()).add(notice)
        try:
            await self.listen()
            yield notice
        finally:
            self._notices[name].discard(notice)
            if not self._notices[name]:
                del self._notices[name]

    async def listen(self) -> None:
        """Have the server tell what is new, where it does not yet."""
        async with self._beginning:
            if self._listening is not None and not self._listening.done():
                return
            subscribed = self._redis.pubsub()
            try:
                await _confirmed(subscribed)
            except BaseException:
                await subscribed.aclose()  # type: ignore[no-untyped-call]  # redis-py's own
                raise
            self._listening = asyncio.create_task(self._listen(subscribed), name="news of runs")

    async def _listen(self, subscribed: PubSub) -> None:
        try:
            while True:
                message = await subscribed.get_message(ignore_subscribe_messages=True, timeout=_IDLE_S)
                if message is not None:
                    for notice in self._notices.get(message["data"], ()):
                        notice.set()
                elif not self._notices:
                    return
        except (RedisError, OSError) as error:
            _log.debug("the news of runs ended", error=str(error))
        finally:
            self._listening = None
            for notice in [one for those in self._notices.values() for one in those]:
                notice.set()  # they read anew, and are told what is wrong
            with contextlib.suppress(RedisError, OSError):
                await subscribed.aclose()  # type: ignore[no-untyped-call]  # redis-py's own


async def _confirmed(subscribed: PubSub) -> None:
    """Subscribe; only what is written after the server said so is sure to be told."""
    await subscribed.subscribe(CHANNEL)
    if await subscribed.get_message(timeout=_CONFIRMED_S) is None:
        raise RedisConnectionError("the server does not confirm a subscription")
