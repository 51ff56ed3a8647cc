"""Short-term memory in Redis: turns and their summary, cut, sealed, forgotten and erased."""

import asyncio
import base64
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from memory import (
    KeyMissing,
    MemorySettings,
    MemoryUnavailable,
    Owner,
    Scope,
    ShortTermTier,
    UnknownThread,
    new_id,
)
from memory.recall import RecallSettings
from memory.short import ExtractiveSummariser, StateChange, owner_prefix, thread_keys


class Reversed:
    """Seals by a form that nobody reads at sight, for one user only."""

    async def seal(self, owner, text):
        return f"{owner}:{base64.b64encode(text.encode()).decode()}"

    async def open(self, owner, text):
        whose, _, body = text.partition(":")
        if whose != str(owner):
            raise KeyMissing(whose)
        return base64.b64decode(body).decode()


class Slow:
    """A summariser that waits for another process to sum up first."""

    def __init__(self, other):
        self.other = other
        self.calls = 0

    async def summarise(self, previous, turns):
        self.calls += 1
        if self.calls == 1:
            await self.other()
        return await ExtractiveSummariser().summarise(previous, turns)


async def begin(tier, scope):
    """Tell the tier that the thread is new, as the conversation does."""
    await tier.restore(scope, [], (await tier.held(scope)).mark)


async def say(tier, scope, ask, count):
    said = [await ask(scope, f"We decided on number {n}.") for n in range(count)]
    for one in said:
        await tier.remember(scope, one)
    return said


async def test_a_thread_expires_after_its_idle_time(redis: Redis, scope, ask):
    short = ShortTermTier(redis, MemorySettings(short_ttl_s=60))
    await short.remember(scope, await ask(scope, "hello"))
    (key,) = await redis.keys("*")
    assert 0 < await redis.ttl(key) <= 60
    await redis.expire(key, 5)
    await short.remember(scope, await ask(scope, "again"))
    assert await redis.ttl(key) > 5


async def test_of_a_thread_it_does_not_know_it_keeps_the_newest_turns_only(redis: Redis, scope, ask):
    short = ShortTermTier(redis, MemorySettings(short_turns=2))
    said = await say(short, scope, ask, 3)
    held = await short.held(scope)
    assert (list(held.turns), held.whole, held.summary) == (said[1:], False, None)


async def test_with_the_first_turn_of_a_thread_it_knows_the_whole_of_it(short, scope, ask):
    said = [await ask(scope, f"question {n}") for n in range(2)]
    await short.remember(scope, said[0], first=True)
    await short.remember(scope, said[1])
    held = await short.held(scope)
    assert held.whole
    assert list(held.turns) == said


async def test_a_turn_that_is_first_by_mistake_hides_nothing(short, scope, ask):
    said = [await ask(scope, f"question {n}") for n in range(2)]
    await short.remember(scope, said[0])  # of a thread that it does not know
    await short.remember(scope, said[1], first=True)
    held = await short.held(scope)
    assert list(held.turns) == said
    assert not held.whole


async def test_of_a_thread_it_knows_it_sums_up_the_oldest_turns(redis: Redis, scope, ask):
    short = ShortTermTier(redis, MemorySettings(short_turns=4))
    await begin(short, scope)
    said = await say(short, scope, ask, 9)
    held = await short.held(scope)
    assert held.whole
    assert held.summary == await short.summary(scope)
    assert held.summary
    assert list(held.turns) == said[held.summary.covers :]
    assert [line for line in held.summary.text.splitlines() if line.startswith("User")] == [
        f"User: We decided on number {n}." for n in range(held.summary.covers)
    ]


async def test_a_turn_that_is_summed_up_is_not_taken_again(redis: Redis, scope, ask):
    short = ShortTermTier(redis, MemorySettings(short_turns=2))
    await begin(short, scope)
    said = await say(short, scope, ask, 5)
    before = await short.held(scope)
    for one in said:
        await short.remember(scope, one)
    assert await short.held(scope) == before
    assert all(before.knows(one.run_id) for one in said)
    assert not before.knows("run_other")


async def test_turns_at_once_are_each_kept_or_summed_up_once(redis: Redis, scope, ask):
    patient = MemorySettings(short_turns=4, recall=RecallSettings(timeout_s=20))
    tiers = [ShortTermTier(redis, patient) for _ in range(2)]
    await begin(tiers[0], scope)
    said = [await ask(scope, f"We decided on number {n}.") for n in range(30)]
    await asyncio.gather(*(tiers[n % 2].remember(scope, one) for n, one in enumerate(said)))
    held = await tiers[0].held(scope)
    assert held.summary
    assert held.whole
    assert held.summary.covers + len(held.turns) == 30
    assert {*held.folded, *(one.run_id for one in held.turns)} == {one.run_id for one in said}


async def test_who_sums_up_late_leaves_what_another_wrote(redis: Redis, scope, ask):
    quick = ShortTermTier(redis, MemorySettings(short_turns=2))

    async def meanwhile():
        await quick.remember(scope, await ask(scope, "We decided in between."))

    summariser = Slow(meanwhile)
    slow = ShortTermTier(redis, MemorySettings(short_turns=2), summariser=summariser)
    await begin(slow, scope)
    said = await say(slow, scope, ask, 3)
    held = await quick.held(scope)
    assert held.summary
    assert summariser.calls == 1
    assert held.summary.covers + len(held.turns) == len(said) + 1
    assert held.summary.text.count("number 0") == 1


async def test_a_list_that_redis_evicted_is_not_taken_for_the_whole_thread(redis: Redis, short, scope, ask):
    await begin(short, scope)
    await say(short, scope, ask, 2)
    await redis.delete(thread_keys(scope).turns)
    assert not (await short.held(scope)).whole
    await say(short, scope, ask, 2)
    assert not (await short.held(scope)).whole


async def test_a_thread_that_changed_since_it_was_read_is_not_replaced(short, scope, ask):
    mark = (await short.held(scope)).mark
    said = await say(short, scope, ask, 1)
    await short.restore(scope, [], mark)
    assert await short.recall(scope, limit=5) == said
    await short.restore(scope, [], replace((await short.held(scope)).mark, last="run_other"))
    assert await short.recall(scope, limit=5) == said


async def test_what_another_version_wrote_is_passed_over(short, redis: Redis, scope, ask):
    await begin(short, scope)
    said = await say(short, scope, ask, 1)
    await redis.rpush(thread_keys(scope).turns, b'{"of": "the future"}')
    held = await short.held(scope)
    assert (list(held.turns), held.whole) == (said, False)


async def test_nothing_is_readable_in_redis_where_it_is_sealed(redis: Redis, scope, ask):
    short = ShortTermTier(redis, MemorySettings(short_turns=2), sealing=Reversed())
    await begin(short, scope)
    said = await say(short, scope, ask, 4)
    await short.update(scope, "davina", StateChange(task="decided", variables={"x": "decided"}))
    held = await short.held(scope)
    assert held.whole
    assert list(held.turns) == said[-len(held.turns) :]
    assert held.summary
    assert "decided on number 0" in held.summary.text
    assert (await short.state(scope, "davina")).variables == {"x": "decided"}
    keys = thread_keys(scope)
    stored = [
        *await redis.lrange(keys.turns, 0, -1),
        *(await redis.hgetall(keys.summary)).values(),
        *(await redis.hgetall(keys.state)).values(),
    ]
    assert len(stored) > 8
    assert not [value for value in stored if b"decided" in value]


async def test_what_cannot_be_unsealed_is_not_taken_for_the_whole_thread(redis: Redis, scope, ask):
    short = ShortTermTier(redis, MemorySettings(short_turns=2), sealing=Reversed())
    await begin(short, scope)
    await say(short, scope, ask, 4)
    keys = thread_keys(scope)
    await redis.hset(keys.summary, "text", "other/user:none")
    assert not (await short.held(scope)).whole
    await redis.lset(keys.turns, 0, "run_x\nother/user:none")
    assert not (await short.held(scope)).whole


async def test_a_forgotten_thread_is_gone(short, redis: Redis, scope, ask):
    await begin(short, scope)
    await say(short, scope, ask, 1)
    await short.update(scope, "davina", StateChange(task="t"))
    assert len(await redis.keys("*")) == 3
    await short.forget(scope)
    assert await redis.keys("*") == []


async def test_erasing_a_user_leaves_nothing_of_him_and_all_of_others(short, redis: Redis):
    mine = [Scope(thread_id=new_id("thr"), user_id="ann") for _ in range(5)]
    others = [
        Scope(thread_id="t", user_id=user, tenant_id=tenant)
        for user, tenant in (("ann.b", "local"), ("an", "local"), ("ann", "elsewhere"), ("ANN", "local"))
    ]
    for scope in (*mine, *others):
        await short.update(scope, "davina", StateChange(task="t"))
        await begin(short, scope)
    await redis.set("freya:run:ann:events", "not ours")
    assert await short.keys(Owner("ann")) == sorted(
        key for scope in mine for key in thread_keys(scope) if not key.endswith(":turns")
    )
    assert await short.erase(Owner("ann")) == 10
    assert await short.keys(Owner("ann")) == []
    assert await short.erase(Owner("ann")) == 0
    assert [len(await short.keys(scope.owner)) for scope in others] == [2] * 4
    assert await redis.exists("freya:run:ann:events")


async def test_a_thousand_keys_of_a_user_are_erased_and_counted(short, redis: Redis):
    async with redis.pipeline() as pipe:
        for n in range(2500):
            pipe.set(f"{owner_prefix(Owner('ann'))}{n}:turns", "x")
        await pipe.execute()
    assert len(await short.keys(Owner("ann"))) == 2500
    assert await short.erase(Owner("ann")) == 2500
    assert await redis.dbsize() == 0


@pytest.mark.parametrize("thread", ["", "a:b", "*", "a\nb", "../x", "ö", "a b", "x" * 129, "?", "[a]"])
def test_no_thread_has_an_id_that_could_pass_for_part_of_a_key(thread):
    with pytest.raises(UnknownThread, match="no id of a thread"):
        thread_keys(Scope(thread_id=thread))


def test_every_key_begins_with_its_user():
    keys = thread_keys(Scope(thread_id="thr_1", user_id="ann", tenant_id="acme"))
    assert all(key.startswith("freya:acme:ann:") for key in keys)
    assert len(set(keys)) == 3


async def test_an_outage_is_named(short_that_is_down, scope, ask):
    tier = short_that_is_down
    for call in (
        tier.recall(scope, limit=1),
        tier.remember(scope, await ask(scope, "x")),
        tier.summary(scope),
        tier.state(scope, "davina"),
        tier.update(scope, "davina", StateChange(task="t")),
        tier.forget(scope),
        tier.keys(scope.owner),
        tier.erase(scope.owner),
    ):
        with pytest.raises(MemoryUnavailable, match="short-term memory does not answer"):
            await call
