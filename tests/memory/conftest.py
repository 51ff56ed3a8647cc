"""Both tiers on real stores, and a way to say something in a thread."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from app.database import open_pool
from memory import (
    Database,
    MemorySettings,
    Scope,
    ShortTermTier,
    ThreadStore,
    ToolUse,
    Turn,
    new_id,
    open_turn,
)
from memory.recall import RecallSettings

Say = Callable[..., Awaitable[Turn]]
_START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    """The module's database as the service has it: its connections are subject to row-level security."""
    pool = await open_pool(database_url, min_size=1, max_size=4, restricted=True)
    yield Database(pool)
    await pool.close()


@pytest.fixture
def short(redis: Redis) -> ShortTermTier:
    return ShortTermTier(redis, MemorySettings(short_turns=50))


@pytest.fixture
async def short_that_is_down() -> AsyncIterator[ShortTermTier]:
    """A short tier whose Redis cannot be reached."""
    async with Redis(unix_socket_path="/nowhere/redis.sock", retry=Retry(NoBackoff(), 0)) as nobody:
        yield ShortTermTier(nobody, MemorySettings())


@pytest.fixture
async def short_that_hangs(tmp_path: Path) -> AsyncIterator[ShortTermTier]:
    """A short tier whose Redis takes every connection and answers nothing."""
    socket = tmp_path / "redis.sock"
    silent = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    server = await asyncio.start_unix_server(serve, socket)
    settings = MemorySettings(recall=RecallSettings(timeout_s=0.05))
    async with Redis(unix_socket_path=str(socket), retry=Retry(NoBackoff(), 0)) as mute:
        yield ShortTermTier(mute, settings)
    silent.set()
    server.close()
    await server.wait_closed()


@pytest.fixture
def threads(database: Database) -> ThreadStore:
    return ThreadStore(database)


@pytest.fixture
def scope() -> Scope:
    return Scope(thread_id=new_id("thr"))


@pytest.fixture
def ask(database: Database) -> Say:
    """Writes a user's message as a run does at its begin, and gives the turn that would answer it."""
    begun: set[str] = set()

    async def say(scope: Scope, request: str, answer: str = "So it is.") -> Turn:
        run_id = new_id("run")
        async with database.of(scope.owner) as connection:
            await open_turn(
                connection,
                scope,
                run_id=run_id,
                request=request,
                metadata={"by": "test"},
                new=scope.thread_id not in begun,
            )
        begun.add(scope.thread_id)
        use = ToolUse(agent="davina", name="npv_irr", arguments={"rate_percent": 8}, result="30.84")
        at = _START + timedelta(seconds=len(request) + int(run_id[-1] in "0123"))
        return Turn(
            run_id=run_id, request=request, answer=answer, agents=("davina",), tool_uses=(use,), at=at
        )

    return say
