"""The conversation over its tiers: what is recalled when one of them is empty, expired, cut or down."""

from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from memory import (
    MemorySettings,
    MemoryUnavailable,
    ShortTermTier,
    TieredConversation,
    Turn,
    count_tokens,
)
from memory.conversation import within_budget


class Down:
    """A tier whose store does not answer."""

    async def recall(self, scope, *, limit):  # noqa: ARG002  # the Protocol's signature
        raise MemoryUnavailable("down")

    async def remember(self, scope, turn):  # noqa: ARG002  # the Protocol's signature
        raise MemoryUnavailable("down")


def turn(number, text="word"):
    return Turn(run_id=f"run_{number}", request=text, answer=text, at=datetime.fromtimestamp(number, UTC))


async def test_what_was_remembered_is_recalled_in_order(short, threads, scope, ask):
    memory = TieredConversation(short, threads, MemorySettings())
    said = [await ask(scope, "a" * n) for n in (1, 5, 9)]
    for one in said:
        await memory.remember(scope, one)
    assert await memory.recall(scope) == said


async def test_the_permanent_record_fills_in_for_redis_that_is_empty(short, threads, scope, ask, redis):
    memory = TieredConversation(short, threads, MemorySettings())
    said = await ask(scope, "hello")
    await memory.remember(scope, said)
    await redis.flushdb()
    assert await memory.recall(scope) == [said]


async def test_the_permanent_record_fills_in_for_redis_that_is_down(threads, scope, ask, caplog):
    memory = TieredConversation(Down(), threads, MemorySettings())
    said = await ask(scope, "hello")
    await memory.remember(scope, said)
    assert await memory.recall(scope) == [said]
    assert "reading the permanent record" in caplog.text
    assert "the turn is in the permanent record" in caplog.text


async def test_turns_that_redis_lost_are_merged_by_their_run(short, threads, scope, ask):
    memory = TieredConversation(short, threads, MemorySettings())
    first, second = [await ask(scope, "a" * n) for n in (1, 5)]
    await threads.remember(scope, first)
    await memory.remember(scope, second)
    assert await memory.recall(scope) == [first, second]


async def test_redis_alone_serves_a_thread_it_holds_enough_of(short, scope, ask):
    memory = TieredConversation(short, Down(), MemorySettings(short_turns=1))
    said = await ask(scope, "hello")
    await short.remember(scope, said)
    assert await memory.recall(scope) == [said]


async def test_without_the_permanent_record_nothing_is_kept(short, scope, ask):
    memory = TieredConversation(short, Down(), MemorySettings())
    with pytest.raises(MemoryUnavailable):
        await memory.remember(scope, await ask(scope, "hello"))
    assert await short.recall(scope, limit=5) == []


async def test_no_more_is_carried_along_than_the_token_limit(short, threads, scope, ask):
    memory = TieredConversation(short, threads, MemorySettings(token_limit=200))
    for n in range(1, 4):
        await memory.remember(scope, await ask(scope, "word " * n, "word " * 90))
    recalled = await memory.recall(scope)
    assert [len(one.request.split()) for one in recalled] == [2, 3]


def test_the_newest_turn_is_kept_however_long_it_is():
    assert within_budget([turn(1), turn(2, "word " * 500)], 10) == [turn(2, "word " * 500)]


def test_older_turns_end_where_the_budget_does():
    turns = [turn(n, "one two") for n in range(5)]
    assert within_budget(turns, 12) == turns[2:]
    assert within_budget([], 12) == []


def test_tokens_are_counted_by_words_marks_and_long_words():
    assert count_tokens("") == 0
    assert count_tokens("Hi, all!") == 4
    assert count_tokens("internationalisation") == 4


async def test_a_thread_expires_from_redis_after_its_idle_time(redis: Redis, scope, ask):
    short = ShortTermTier(redis, MemorySettings(short_ttl_s=60))
    await short.remember(scope, await ask(scope, "hello"))
    (key,) = await redis.keys("*")
    assert 0 < await redis.ttl(key) <= 60
    await redis.expire(key, 5)
    await short.remember(scope, await ask(scope, "again"))
    assert await redis.ttl(key) > 5


async def test_redis_keeps_the_newest_turns_only(redis: Redis, scope, ask):
    short = ShortTermTier(redis, MemorySettings(short_turns=2))
    said = [await ask(scope, "a" * n) for n in (1, 2, 3)]
    for one in said:
        await short.remember(scope, one)
    assert await short.recall(scope, limit=10) == said[1:]


async def test_what_another_version_wrote_is_passed_over(short, redis: Redis, scope, ask):
    said = await ask(scope, "hello")
    await short.remember(scope, said)
    (key,) = await redis.keys("*")
    await redis.rpush(key, b'{"of": "the future"}')
    assert await short.recall(scope, limit=10) == [said]


async def test_a_forgotten_thread_is_gone_from_redis(short, redis: Redis, scope, ask):
    await short.remember(scope, await ask(scope, "hello"))
    await short.forget(scope)
    assert await redis.keys("*") == []
