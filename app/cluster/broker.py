"""Messages to workers: which run to carry out, and what is due by schedule. They lie in our Redis."""

import asyncio
from typing import Final
from urllib.parse import parse_qs, urlsplit

from celery import Celery
from kombu.exceptions import OperationalError
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisGone

RUN: Final = "freya.run"
TICK: Final = "freya.tick"
_QUEUE: Final = "runs"
_PREFIX: Final = "freya:celery:"
_ONCE_MORE: Final = {"max_retries": 1, "interval_start": 0.1}


async def open_celery(redis_url: str, *, unacknowledged_s: float) -> Celery:
    """Celery over this Redis; nothing is connected yet, but what it looks up on disk it has.

    A message counts as done when its run has ended. One that was not within `unacknowledged_s` goes to another worker,
    which finds that its run is carried out.
    """
    return await asyncio.to_thread(_made, redis_url, unacknowledged_s)


def _made(redis_url: str, unacknowledged_s: float) -> Celery:
    app = Celery("freya", broker=broker_url(redis_url), set_as_current=False)
    app.conf.update(
        task_default_queue=_QUEUE,
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "visibility_timeout": int(unacknowledged_s),
            "global_keyprefix": _PREFIX,
            "socket_connect_timeout": 2.0,
            "socket_timeout": 5.0,
        },
    )
    app.finalize()
    return app


def broker_url(redis_url: str) -> str:
    """The same server as Celery names it."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={database}"


class Dispatcher:
    """Sends messages. An outage raises redis-py's ConnectionError."""

    def __init__(self, app: Celery, redis: Redis) -> None:
        self._app = app
        self._redis = redis

    async def run(self, run_id: str) -> None:
        """Have a worker carry out the run."""
        await self._send(RUN, run_id)

    async def tick(self, name: str) -> None:
        """Have a worker do now what the schedule has under the name."""
        await self._send(TICK, name)

    async def waiting(self) -> int:
        """How many messages no worker has taken."""
        return int(await self._redis.llen(f"{_PREFIX}{_QUEUE}"))

    async def _send(self, task: str, argument: str) -> None:
        def send() -> None:
            self._app.send_task(task, args=(argument,), retry=True, retry_policy=_ONCE_MORE)

        try:
            await asyncio.to_thread(send)
        except OperationalError as error:
            raise RedisGone(str(error)) from error
