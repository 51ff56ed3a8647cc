"""The stores, opened: PostgreSQL and Redis, embedded or by URL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from app.database import Pool, migrate, open_pool
from app.embedded import EmbeddedServers
from app.settings import Settings
from app.tasks import end
from memory import Database

Progress = Callable[[str], None]
"""Told, in a line, what was opened."""


@dataclass(frozen=True, kw_only=True)
class Backends:
    """The stores, open: what commands need that are not the service."""

    settings: Settings
    pool: Pool
    database: Database
    """The same pool, for rows that belong to users."""
    postgres_url: str
    redis_url: str
    redis: Redis
    readers: Redis
    servers: tuple[str, ...]
    """Which PostgreSQL and Redis are in use, in words."""


@asynccontextmanager
async def open_backends(settings: Settings, *, progress: Progress) -> AsyncIterator[Backends]:
    """PostgreSQL and Redis, embedded or by URL, with the schema up to date."""
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(
            EmbeddedServers(
                settings.data,
                postgres_url=settings.postgres_url.get_secret_value() if settings.postgres_url else None,
                redis_url=settings.redis_url.get_secret_value() if settings.redis_url else None,
            )
        )
        watching = asyncio.create_task(servers.keep_running(), name="embedded servers")
        stack.push_async_callback(end, [watching])
        described = tuple(str(server) for server in servers.descriptions)
        for line in described:
            progress(line)
        schema = await migrate(servers.postgres_url)
        progress(f"database schema at revision {schema.current}")
        pool = await open_pool(
            servers.postgres_url, min_size=2, max_size=settings.postgres_connections, restricted=True
        )
        stack.push_async_callback(pool.close)
        redis = _redis(servers.redis_url, waits=False)
        stack.push_async_callback(redis.aclose)
        readers = _redis(servers.redis_url, waits=True)
        stack.push_async_callback(readers.aclose)
        yield Backends(
            settings=settings,
            pool=pool,
            database=Database(pool),
            postgres_url=servers.postgres_url,
            redis_url=servers.redis_url,
            redis=redis,
            readers=readers,
            servers=described,
        )


def _redis(url: str, *, waits: bool) -> Redis:
    """A client that answers in bytes; one that `waits` is for blocking reads and has no read timeout."""
    return Redis.from_url(
        url,
        decode_responses=False,
        max_connections=512,
        socket_connect_timeout=2.0,
        socket_timeout=None if waits else 5.0,
        # A server that hangs is not asked again: three times the timeout would be waited for one command.
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 2, supported_errors=(RedisConnectionError,)),
        health_check_interval=0 if waits else 30,
        driver_info=None,  # redis-py would read its own version from disk, in the event loop, at every connection
    )
