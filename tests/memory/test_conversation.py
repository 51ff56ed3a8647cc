"""The conversation over its tiers: what is carried along when one of them is empty, expired, cut or down."""

import asyncio
from datetime import UTC, datetime

import pytest

from memory import (
    Database,
    MemorySettings,
    MemoryUnavailable,
    ShortTermTier,
    ThreadStore,
    TieredConversation,
    ToolUse,
    Turn,
    count_tokens,
)
from memory.conversation import within_budget
from memory.short import StateInvalid, thread_keys


class Down:
    """A permanent tier whose store does not answer."""

    async def recall(self, scope, *, limit):  # noqa: ARG002  # the Protocol's signature
        raise MemoryUnavailable("down")

    async def remember(self, scope, turn):  # noqa: ARG002  # the Protocol's signature
        raise MemoryUnavailable("down")


class Counted(ThreadStore):
    """The permanent tier, which says how much was read of it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.limits: list[int] = []

    async def recall(self, scope, *, limit):
        self.limits.append(limit)
        return await super().recall(scope, limit=limit)


@pytest.fixture
def memory(short, threads):
    return TieredConversation(short, threads, MemorySettings())


def turn(number, text="word"):
    return Turn(run_id=f"run_{number}", request=text, answer=text, at=datetime.fromtimestamp(number, UTC))


async def converse(memory, scope, ask, count, request="My budget {} is {} euros."):
    said = [await ask(scope, request.format(n, 1000 + n)) for n in range(count)]
    for one in said:
        await memory.remember(scope, one)
    return said


async def test_what_was_remembered_is_recalled_in_order(memory, scope, ask):
    said = await converse(memory, scope, ask, 3)
    assert await memory.recall(scope) == said
    assert await memory.summary(scope) is None


async def test_a_thread_that_begins_with_its_first_turn_is_read_from_redis(database, short, scope, ask):
    permanent = Counted(database)
    memory = TieredConversation(short, permanent, MemorySettings())
    first, second = [await ask(scope, f"question {n}") for n in range(2)]
    await memory.remember(scope, first, first=True)
    await memory.remember(scope, second)
    assert await memory.recall(scope) == [first, second]
    assert permanent.limits == [3]


async def test_the_permanent_record_fills_in_for_redis_that_was_flushed(memory, scope, ask, redis):
    said = await converse(memory, scope, ask, 2)
    await redis.flushdb()
    assert await memory.recall(scope) == said


async def test_a_flush_between_two_turns_loses_neither(memory, scope, ask, redis):
    assert await memory.recall(scope) == []
    first = await converse(memory, scope, ask, 2)
    await redis.flushdb()
    second = await converse(memory, scope, ask, 1)
    assert await memory.recall(scope) == [*first, *second]


async def test_a_rebuilt_thread_is_read_from_redis_again(redis, database, short, scope, ask):
    permanent = Counted(database)
    memory = TieredConversation(short, permanent, MemorySettings())
    said = await converse(memory, scope, ask, 3)
    await redis.flushdb()
    for _ in range(3):
        assert await memory.recall(scope) == said
    assert permanent.limits == [3, 200, 3, 3]


async def test_a_new_thread_is_not_read_twice(database, short, scope, ask):
    permanent = Counted(database)
    memory = TieredConversation(short, permanent, MemorySettings())
    assert await memory.recall(scope) == []
    said = await converse(memory, scope, ask, 2)
    assert await memory.recall(scope) == said
    assert permanent.limits == [3, 3]


async def test_the_permanent_record_fills_in_for_redis_that_is_down(
    short_that_is_down, threads, scope, ask, caplog
):
    memory = TieredConversation(short_that_is_down, threads, MemorySettings())
    said = await converse(memory, scope, ask, 1)
    assert await memory.recall(scope) == said
    assert "reading the permanent record" in caplog.text
    assert "the turn is in the permanent record" in caplog.text


async def test_a_redis_that_hangs_is_waited_for_no_longer_than_recall_waits_and_said(
    short_that_hangs, threads, scope, ask
):
    memory = TieredConversation(short_that_hangs, threads, MemorySettings())
    async with asyncio.timeout(3):  # its client alone would wait for good
        said = await converse(memory, scope, ask, 1)
        carried = await memory.carried(scope)
    assert list(carried.turns) == said
    assert [(each.tier, each.reason) for each in carried.degraded] == [
        ("short", "short-term memory did not answer within 0.05 s")
    ]


async def test_turns_that_redis_missed_are_back_when_it_is(memory, short_that_is_down, threads, scope, ask):
    await memory.recall(scope)
    first = await converse(memory, scope, ask, 2)
    missed = await converse(
        TieredConversation(short_that_is_down, threads, MemorySettings()), scope, ask, 1, "While it was away"
    )
    assert await memory.recall(scope) == [*first, *missed]
    last = await converse(memory, scope, ask, 1, "Afterwards")
    assert await memory.recall(scope) == [*first, *missed, *last]


async def test_a_turn_that_redis_missed_is_back_though_the_next_one_reached_it(
    memory, short_that_is_down, threads, scope, ask
):
    await memory.recall(scope)
    first = await converse(memory, scope, ask, 2)
    away = TieredConversation(short_that_is_down, threads, MemorySettings())
    missed = await converse(away, scope, ask, 1, "While it was away")
    assert await away.recall(scope) == [*first, *missed]
    last = await converse(memory, scope, ask, 1, "It came back in the middle of this one")
    assert await memory.recall(scope) == [*first, *missed, *last]


async def test_a_turn_that_the_permanent_record_took_back_is_recalled_no_more(memory, short, scope, ask):
    await memory.recall(scope)
    said = await converse(memory, scope, ask, 2)
    await short.remember(scope, turn(9, "taken back"))
    assert await memory.recall(scope) == said
    again = await converse(memory, scope, ask, 1, "Said again {} {}")
    assert await memory.recall(scope) == [*said, *again]


async def test_a_redis_that_comes_back_with_what_it_had_before_costs_no_turn(memory, redis, scope, ask):
    await memory.recall(scope)
    said = await converse(memory, scope, ask, 2)
    written = {key: await redis.dump(key) for key in await redis.keys("*")}
    said += await converse(memory, scope, ask, 2, "Not on its disk")
    for key, value in written.items():
        await redis.restore(key, 60_000, value, replace=True)
    assert await memory.recall(scope) == said


async def test_redis_alone_serves_while_the_database_is_down(short, memory, scope, ask, caplog):
    said = await converse(memory, scope, ask, 2)
    assert await TieredConversation(short, Down(), MemorySettings()).recall(scope) == said
    assert "reading short-term memory" in caplog.text


async def test_a_thread_that_neither_tier_can_read_is_an_outage(short, short_that_is_down, scope):
    for tier in (short, short_that_is_down):
        with pytest.raises(MemoryUnavailable):
            await TieredConversation(tier, Down(), MemorySettings()).recall(scope)


async def test_without_the_permanent_record_nothing_is_kept(short, scope, ask):
    memory = TieredConversation(short, Down(), MemorySettings())
    with pytest.raises(MemoryUnavailable):
        await memory.remember(scope, await ask(scope, "hello"))
    assert await short.recall(scope, limit=5) == []


async def test_a_thread_that_was_deleted_is_not_recalled_from_redis(memory, threads, scope, ask):
    await memory.recall(scope)
    await converse(memory, scope, ask, 2)
    await threads.delete(scope.owner, scope.thread_id)
    assert await memory.recall(scope) == []


@pytest.mark.parametrize("lost", [False, True])
async def test_what_passes_the_token_limit_is_summed_up(redis, threads, scope, ask, lost):
    settings = MemorySettings(token_limit=200)
    memory = TieredConversation(ShortTermTier(redis, settings), threads, settings)
    await memory.recall(scope)
    said = await converse(memory, scope, ask, 20)
    if lost:
        await redis.flushdb()
    carried = await memory.carried(scope)
    summary = carried.summary
    assert summary
    assert 2 <= len(carried.turns) < 20
    assert list(carried.turns) == said[-len(carried.turns) :]
    assert summary.covers == 20 - len(carried.turns)
    assert summary.until == max(one.at for one in said[: summary.covers])
    assert f"User: My budget {summary.covers - 1} is {1000 + summary.covers - 1} euros." in summary.text
    assert (
        sum(count_tokens(one.request + one.answer) for one in carried.turns) + count_tokens(summary.text)
        <= 200
    )
    assert await memory.recall(scope) == list(carried.turns)
    assert await memory.summary(scope) == summary


async def test_a_summary_is_given_while_redis_is_down(short_that_is_down, threads, scope, ask):
    memory = TieredConversation(short_that_is_down, threads, MemorySettings())
    await converse(memory, scope, ask, 30)
    carried = await memory.carried(scope)
    assert carried.summary
    assert carried.summary.covers + len(carried.turns) == 30


async def test_two_that_rebuild_at_once_agree(memory, scope, ask, redis):
    said = await converse(memory, scope, ask, 5)
    await redis.flushdb()
    assert await asyncio.gather(*(memory.recall(scope) for _ in range(8))) == [said] * 8
    assert await memory.recall(scope) == said


async def test_turns_at_once_in_a_thread_that_was_lost_are_all_kept(memory, scope, ask, redis):
    said = [await ask(scope, f"number {n}") for n in range(12)]
    for n, one in enumerate(said):
        await asyncio.gather(
            memory.remember(scope, one), memory.recall(scope), *([redis.flushdb()] if n % 3 == 0 else [])
        )
    assert await memory.recall(scope) == said


async def test_a_turn_leaves_behind_what_its_agents_are_at(memory, scope, ask):
    said = await converse(memory, scope, ask, 2, "Question {}")
    state = await memory.state(scope, "davina")
    assert (state.task, state.run_id) == ("Question 1", said[-1].run_id)
    call = {"arguments": {"rate_percent": 8}, "result": "30.84", "run": said[-1].run_id}
    assert (state.tools, state.variables) == ({"npv_irr": call}, {"rate_percent": 8})
    assert (await memory.state(scope, "ben")).version == 0
    assert await memory.states(scope) == [state]


async def test_a_call_that_failed_and_a_value_that_is_none_are_not_what_an_agent_is_at(memory, scope, ask):
    first, second = [await ask(scope, f"Question {n}") for n in range(2)]
    uses = (
        ToolUse(agent="davina", name="npv_irr", arguments={"rate_percent": 9}, result="no", failed=True),
        ToolUse(
            agent="davina", name="other", arguments={"rows": [1, 2], "text": "x" * 200}, result="r" * 900
        ),
        ToolUse(agent="ben", name="npv_irr", arguments={"rate_percent": 7}, result="of another"),
    )
    await memory.remember(scope, first, first=True)
    await memory.remember(scope, second.model_copy(update={"tool_uses": uses}))
    state = await memory.state(scope, "davina")
    assert state.tools["npv_irr"]["arguments"] == {"rate_percent": 8}
    assert len(state.tools["other"]["result"]) == 400
    assert state.variables == {"rate_percent": 8}
    assert (state.task, state.version) == ("Question 1", 2)


async def test_a_working_state_that_redis_lost_is_resumed_from_the_permanent_record(
    redis, threads, scope, ask
):
    settings = MemorySettings(token_limit=200)
    memory = TieredConversation(ShortTermTier(redis, settings), threads, settings)
    first = await ask(scope, "Question")
    await memory.remember(scope, first, first=True)
    for n in range(30):
        said = await ask(scope, f"Something that others were asked {n}")
        await memory.remember(scope, said.model_copy(update={"agents": ("ben",), "tool_uses": ()}))
    carried = await memory.carried(scope)
    assert first not in carried.turns
    before = await memory.state(scope, "davina")
    assert (before.task, before.variables) == ("Question", {"rate_percent": 8})
    await redis.flushdb()
    after = await memory.state(scope, "davina")
    assert (after.task, after.run_id, after.tools) == (before.task, before.run_id, before.tools)
    assert await memory.state(scope, "davina", carried.turns) == after
    assert [state.agent for state in await memory.states(scope)] == ["ben", "davina"]


async def test_a_flush_between_two_turns_takes_nothing_from_a_working_state(memory, scope, ask, redis):
    first, second = [await ask(scope, f"Question {n}") for n in range(2)]
    await memory.remember(scope, first, first=True)
    await redis.flushdb()
    use = ToolUse(agent="davina", name="dcf", arguments={"growth": 2}, result="1")
    await memory.remember(scope, second.model_copy(update={"tool_uses": (use,)}))
    state = await memory.state(scope, "davina")
    assert (set(state.tools), state.variables) == ({"npv_irr", "dcf"}, {"rate_percent": 8, "growth": 2})


async def test_a_working_state_that_missed_a_turn_is_brought_up_to_it(
    memory, short_that_is_down, threads, scope, ask
):
    first, second = [await ask(scope, f"Question {n}") for n in range(2)]
    await memory.remember(scope, first, first=True)
    await TieredConversation(short_that_is_down, threads, MemorySettings()).remember(scope, second)
    assert (await memory.state(scope, "davina")).task == "Question 1"


async def test_turns_at_once_of_an_agent_all_leave_what_it_is_at(memory, scope, ask):
    said = [await ask(scope, f"Question {n}") for n in range(12)]
    await memory.remember(scope, said[0], first=True)
    turns = [
        turn.model_copy(
            update={"tool_uses": (ToolUse(agent="davina", name=f"t{n}", arguments={f"v{n}": n}, result=""),)}
        )
        for n, turn in enumerate(said)
    ]
    await asyncio.gather(*(memory.remember(scope, turn) for turn in turns[1:]))
    state = await memory.state(scope, "davina")
    assert set(state.tools) == {"npv_irr", *(f"t{n}" for n in range(1, 12))}
    assert state.variables == {"rate_percent": 8} | {f"v{n}": n for n in range(1, 12)}


async def test_a_working_state_is_at_hand_while_redis_is_down(short_that_is_down, threads, scope, ask):
    memory = TieredConversation(short_that_is_down, threads, MemorySettings())
    await converse(memory, scope, ask, 1, "Question {}")
    state = await memory.state(scope, "davina")
    assert (state.task, state.variables) == ("Question 0", {"rate_percent": 8})


async def test_a_turn_is_kept_whose_working_state_cannot_be(memory, scope, ask, caplog):
    said = await ask(scope, "hello")
    await memory.remember(scope, said.model_copy(update={"agents": ("no name",), "tool_uses": ()}))
    assert [one.request for one in await memory.recall(scope)] == ["hello"]
    assert "not kept" in caplog.text
    with pytest.raises(StateInvalid, match="no name of an agent"):
        await memory.state(scope, "no name")


async def test_nothing_of_a_thread_outlives_its_idle_time(memory, redis, scope, ask):
    await memory.recall(scope)
    await converse(memory, scope, ask, 1)
    await memory.state(scope, "davina")
    for key in thread_keys(scope):
        assert 0 < await redis.ttl(key) <= MemorySettings().short_ttl_s


def test_the_newest_turn_is_kept_however_long_it_is():
    assert within_budget([turn(1), turn(2, "word " * 500)], 10) == [turn(2, "word " * 500)]


def test_older_turns_end_where_the_budget_does():
    turns = [turn(n, "one two") for n in range(5)]
    assert within_budget(turns, 12) == turns[2:]
    assert within_budget([], 12) == []


def test_any_counter_may_count():
    turns = [turn(n, "one two") for n in range(5)]
    assert within_budget(turns, 28, len) == turns[3:]


def test_what_tools_gave_back_counts_too():
    use = ToolUse(agent="a", name="n", arguments={"x": 1}, result="word " * 20)
    long = turn(2).model_copy(update={"tool_uses": (use,)})
    assert within_budget([turn(1), long], 25) == [long]


def test_tokens_are_counted_by_words_marks_and_long_words():
    assert count_tokens("") == 0
    assert count_tokens("Hi, all!") == 4
    assert count_tokens("internationalisation") == 4
