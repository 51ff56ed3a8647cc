"""Working states of agents: changed at once, each value by itself."""

import asyncio

import pytest
from pydantic import JsonValue, ValidationError

from memory import MemorySettings, Scope, ShortTermTier
from memory.interfaces import EPOCH
from memory.recall import RecallSettings
from memory.short import StateChange, StateConflict, StateInvalid, thread_keys


async def test_a_state_that_nobody_has_set_is_empty(short, scope):
    state = await short.state(scope, "davina")
    assert (state.agent, state.task, state.tools, state.variables) == ("davina", None, {}, {})
    assert (state.version, state.updated_at) == (0, EPOCH)


async def test_values_come_back_as_they_were(short, scope):
    values: dict[str, JsonValue] = {
        "a:b": [],
        "ω": {},
        "n": None,
        "big": 2**53 + 1,
        "f": 0.1,
        "s": 'x"\n',
        "t": {"x": [1, {"y": True}]},
    }
    written = await short.update(
        scope, "davina", StateChange(task="Ω", tools={"x": values}, variables=values)
    )
    assert written == await short.state(scope, "davina")
    assert (written.task, written.tools, written.variables, written.version) == (
        "Ω",
        {"x": values},
        values,
        1,
    )
    assert written.updated_at > EPOCH


async def test_what_is_not_named_stays_and_what_is_dropped_goes(short, scope):
    await short.update(scope, "davina", StateChange(task="t", variables={"a": 1, "b": 2}, tools={"x": 1}))
    kept = await short.update(scope, "davina", StateChange(variables={"c": 3}, drop_variables={"a", "none"}))
    assert (kept.task, kept.tools, kept.variables) == ("t", {"x": 1}, {"b": 2, "c": 3})
    bare = await short.update(scope, "davina", StateChange(task=None, drop_tools={"x"}))
    assert (bare.task, bare.tools, bare.variables, bare.version) == (None, {}, {"b": 2, "c": 3}, 3)


async def test_fifty_changes_at_once_of_different_variables_all_last(redis, scope):
    patient = MemorySettings(recall=RecallSettings(timeout_s=30))
    tiers = [ShortTermTier(redis, patient) for _ in range(5)]
    await asyncio.gather(
        *(tiers[n % 5].update(scope, "davina", StateChange(variables={f"v{n}": n})) for n in range(50))
    )
    state = await tiers[0].state(scope, "davina")
    assert state.variables == {f"v{n}": n for n in range(50)}
    assert state.version == 50


async def test_counts_at_once_lose_none(short, scope):
    async def count() -> None:
        while True:
            state = await short.state(scope, "davina")
            n = int(str(state.variables.get("n", 0)))
            try:
                await short.update(
                    scope, "davina", StateChange(variables={"n": n + 1}, version=state.version)
                )
            except StateConflict:
                continue
            return

    await asyncio.wait_for(asyncio.gather(*(count() for _ in range(20))), 60)
    assert (await short.state(scope, "davina")).variables == {"n": 20}


async def test_a_change_for_another_version_is_refused_whole(short, scope):
    await short.update(scope, "davina", StateChange(task="t"))
    with pytest.raises(StateConflict, match="at version 1, and no longer at 0"):
        await short.update(scope, "davina", StateChange(task="u", variables={"a": 1}, version=0))
    state = await short.state(scope, "davina")
    assert (state.task, state.variables, state.version) == ("t", {}, 1)


async def test_a_change_of_what_is_known_only_makes_nothing_of_nothing(short, scope):
    change = StateChange(task="t", run_id="run_1", only_known=True)
    assert (await short.update(scope, "davina", change)).version == 0
    assert (await short.state(scope, "davina")).task is None
    await short.update(scope, "davina", StateChange(task="s"))
    known = await short.update(scope, "davina", change)
    assert (known.task, known.run_id, known.version) == ("t", "run_1", 2)


async def test_agents_users_and_threads_have_states_of_their_own(short, scope):
    others = [Scope(thread_id="other"), Scope(thread_id=scope.thread_id, user_id="eve")]
    await short.update(scope, "ben", StateChange(variables={"a": "mine"}))
    for other, agent in ((scope, "be"), (scope, "ben-2"), *((other, "ben") for other in others)):
        assert (await short.state(other, agent)).version == 0
        assert (await short.update(other, agent, StateChange(task="t"))).variables == {}
    assert (await short.state(scope, "ben")).task is None


async def test_a_state_that_would_be_too_large_is_refused_whole(short, scope):
    await short.update(scope, "davina", StateChange(variables={"a": "x" * 40_000}))
    with pytest.raises(StateInvalid, match="may have 65536"):
        await short.update(scope, "davina", StateChange(task="t", variables={"b": "x" * 40_000}))
    state = await short.update(
        scope, "davina", StateChange(variables={"b": "x" * 40_000}, drop_variables={"a"})
    )
    assert (set(state.variables), state.task) == ({"b"}, None)
    await short.update(scope, "ben", StateChange(variables={"a": "x" * 40_000}))


@pytest.mark.parametrize("agent", ["", "a:b", "a b", "*", "x" * 65])
async def test_no_agent_has_a_name_that_could_pass_for_part_of_a_field(short, scope, agent):
    with pytest.raises(StateInvalid, match="no name of an agent"):
        await short.state(scope, agent)
    with pytest.raises(StateInvalid, match="no name of an agent"):
        await short.update(scope, agent, StateChange(task="t"))


async def test_what_is_not_text_is_refused(short, scope):
    with pytest.raises(StateInvalid, match="JSON"):
        await short.update(scope, "davina", StateChange(variables={"a": 2**70}))
    with pytest.raises(ValidationError):
        StateChange(variables={"": 1})


async def test_what_another_version_wrote_of_a_state_is_passed_over(short, redis, scope):
    await short.update(scope, "davina", StateChange(task="t"))
    key = thread_keys(scope).state
    await redis.hset(key, mapping={"davina:tool:x": "{", "davina:mood": '"good"', "other": "1"})
    state = await short.state(scope, "davina")
    assert (state.task, state.tools, state.variables) == ("t", {}, {})
