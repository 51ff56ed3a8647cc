"""Both tiers on real stores, and a way to say something in a thread."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from app.database import Pool
from memory import MemorySettings, Scope, ShortTermTier, ThreadStore, ToolUse, Turn, new_id, open_turn

Say = Callable[..., Awaitable[Turn]]
_START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def short(redis: Redis) -> ShortTermTier:
    return ShortTermTier(redis, MemorySettings(short_turns=50))


@pytest.fixture
def threads(pool: Pool) -> ThreadStore:
    return ThreadStore(pool)


@pytest.fixture
def scope() -> Scope:
    return Scope(thread_id=new_id("thr"))


@pytest.fixture
def ask(pool: Pool) -> Say:
    """Writes a user's message as a run does at its begin, and gives the turn that would answer it."""
    begun: set[str] = set()

    async def say(scope: Scope, request: str, answer: str = "So it is.") -> Turn:
        run_id = new_id("run")
        async with pool.connection() as connection, connection.transaction():
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
