"""What every tier of memory promises, run over each of them."""

from dataclasses import replace

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from app.database import open_pool
from memory import (
    Database,
    MemorySettings,
    MemoryTier,
    MemoryUnavailable,
    OwnerInvalid,
    Scope,
    ShortTermTier,
    ThreadStore,
    new_id,
)
from tests.memory.conftest import ask, database, scope

__all__ = ["ask", "database", "scope"]


@pytest.fixture(params=["short", "permanent"])
def tier(request: pytest.FixtureRequest, redis: Redis, database: Database) -> MemoryTier:
    if request.param == "short":
        return ShortTermTier(redis, MemorySettings(short_turns=50))
    return ThreadStore(database)


@pytest.fixture(params=["short", "permanent"])
async def tier_that_is_down(request: pytest.FixtureRequest, database_url: str) -> MemoryTier:
    if request.param == "short":
        nobody = Redis(unix_socket_path="/nowhere/redis.sock", retry=Retry(NoBackoff(), 0))
        return ShortTermTier(nobody, MemorySettings())
    pool = await open_pool(database_url, min_size=1, max_size=1)
    await pool.close()
    return ThreadStore(Database(pool))


async def test_an_unknown_thread_has_no_turns(tier, scope):
    assert await tier.recall(scope, limit=5) == []


async def test_turns_come_back_oldest_first_as_they_were(tier, scope, ask):
    said = [await ask(scope, "a" * n, f"answer {n}") for n in (1, 5, 9)]
    for turn in said:
        await tier.remember(scope, turn)
    assert await tier.recall(scope, limit=10) == said


async def test_the_newest_are_recalled_where_there_are_more(tier, scope, ask):
    said = [await ask(scope, "a" * n) for n in (1, 5, 9)]
    for turn in said:
        await tier.remember(scope, turn)
    assert await tier.recall(scope, limit=2) == said[1:]


async def test_remembering_a_turn_twice_changes_nothing(tier, scope, ask):
    first, second = [await ask(scope, "a" * n) for n in (1, 5)]
    for turn in (first, second, first, second):
        await tier.remember(scope, turn)
    await tier.remember(scope, first.model_copy(update={"at": second.at}))
    assert await tier.recall(scope, limit=10) == [first, second]
    assert await tier.recall(scope, limit=1) == [second]


async def test_any_text_comes_back_unchanged(tier, scope, ask):
    turn = await ask(scope, 'Ω "quoted" \\ 🦊\n\tдень', "| a | b |\n|---|---|\n`code`")
    await tier.remember(scope, turn)
    assert await tier.recall(scope, limit=1) == [turn]


async def test_threads_do_not_see_each_other(tier, scope, ask):
    other = Scope(thread_id=new_id("thr"))
    mine, theirs = await ask(scope, "mine"), await ask(other, "theirs")
    await tier.remember(scope, mine)
    await tier.remember(other, theirs)
    assert await tier.recall(scope, limit=5) == [mine]
    assert await tier.recall(other, limit=5) == [theirs]


@pytest.mark.parametrize("whose", [{"user_id": "eve"}, {"tenant_id": "elsewhere"}])
async def test_another_user_recalls_nothing_of_a_thread_whose_id_they_know(tier, scope, ask, whose):
    await tier.remember(scope, await ask(scope, "secret"))
    assert await tier.recall(replace(scope, **whose), limit=5) == []


@pytest.mark.parametrize("whose", [{"user_id": "a:b"}, {"tenant_id": "*"}, {"user_id": ""}])
async def test_a_name_that_no_user_can_have_reaches_nothing(tier, scope, ask, whose):
    said = await ask(scope, "secret")
    for call in (
        tier.recall(replace(scope, **whose), limit=5),
        tier.remember(replace(scope, **whose), said),
    ):
        with pytest.raises(OwnerInvalid):
            await call


async def test_an_outage_is_told_apart_from_nothing(tier_that_is_down, scope, ask):
    with pytest.raises(MemoryUnavailable):
        await tier_that_is_down.recall(scope, limit=1)
    with pytest.raises(MemoryUnavailable):
        await tier_that_is_down.remember(scope, await ask(scope, "hello"))
