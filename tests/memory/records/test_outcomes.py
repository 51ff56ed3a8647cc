"""What the interaction log tells of how work goes, and what is kept for good because it proved itself."""

from datetime import UTC, datetime

import pytest

from memory import Kind, Owner, Scope, Tier, ToolUse, new_id
from memory.consolidation import OutcomeRecorder
from memory.interactions import Interaction, InteractionStore, log_interaction


@pytest.fixture
def recorder(database, store) -> OutcomeRecorder:
    return OutcomeRecorder(database, store)


async def log(database, owner: Owner, *, outcome: str = "answered", failed: bool = False) -> str:
    run = new_id("run")
    use = ToolUse(agent="davina", name="budget", arguments={}, result="30", failed=failed)
    entry = Interaction(
        run_id=run,
        request="Plan it",
        answer="So.",
        outcome=outcome,
        agent="davina",
        agents=("davina", "davina/forecaster"),
        tool_uses=(use,),
        latency_ms=1,
        at=datetime.now(UTC),
    )
    scope = Scope(thread_id=new_id("thr"), tenant_id=owner.tenant_id, user_id=owner.user_id)
    async with database.of(owner) as connection:
        await log_interaction(connection, scope, entry)
    return run


async def kept(store, owner: Owner, kind: Kind):
    return list(await store.list(owner, kinds=[kind]))


async def test_performance_of_an_agent_is_one_record_that_grows_in_place(database, store, owner, recorder):
    await log(database, owner)
    await recorder.record_due()
    (first,) = await kept(store, owner, Kind.PERFORMANCE)
    assert first.text == "davina completed 1 of 1 runs, 0 of 1 tool calls failed."
    run = await log(database, owner, outcome="declined", failed=True)
    await InteractionStore(database).rate(owner, run, rating=2)
    await recorder.record_due()
    (second,) = await kept(store, owner, Kind.PERFORMANCE)
    assert second.id == first.id
    assert second.text == (
        "davina completed 1 of 2 runs, 1 of 2 tool calls failed, rated 2.0 of 5 in the mean of 1."
    )
    assert second.details == {
        "runs": 2, "completed": 1, "calls": 2, "failed": 1, "rating": 2.0, "ratings": 1
    }  # fmt: skip
    assert not await recorder.record_due()


async def test_what_is_asked_three_times_is_a_pattern(database, store, owner, recorder):
    for outcome in ("answered", "declined"):
        await log(database, owner, outcome=outcome)
    await recorder.record_due()
    assert not await kept(store, owner, Kind.PATTERN)
    await log(database, owner)
    await recorder.record_due()
    (pattern,) = await kept(store, owner, Kind.PATTERN)
    assert pattern.details == {"uses": 3, "successes": 2}


async def test_tool_that_was_rated_well_twice_is_a_practice_with_its_evidence(
    database, store, owner, recorder
):
    runs = [await log(database, owner) for _ in range(2)]
    await InteractionStore(database).rate(owner, runs[0], rating=5)
    await recorder.record_due()
    assert not await kept(store, owner, Kind.PRACTICE)
    await InteractionStore(database).rate(owner, runs[1], rating=4)
    await recorder.record_due()
    (practice,) = await kept(store, owner, Kind.PRACTICE)
    assert practice.details == {"rating": 4.5, "ratings": 2, "evidence": sorted(runs, reverse=True)}


async def test_figures_that_were_forgotten_or_corrected_are_left_so(database, store, owner, recorder):
    for _ in range(3):
        await log(database, owner)
    await recorder.record_due()
    (performance,) = await kept(store, owner, Kind.PERFORMANCE)
    (pattern,) = await kept(store, owner, Kind.PATTERN)
    await store.forget(owner, performance.id)
    await store.correct(owner, pattern.id, text="Likes budgets.")
    await log(database, owner)
    await recorder.record_due()
    assert not await kept(store, owner, Kind.PERFORMANCE)
    texts = [one.text for one in await kept(store, owner, Kind.PATTERN) if one.state == "active"]
    assert texts == ["Likes budgets."]


async def test_decision_that_was_said_three_times_is_kept_for_good(store, owner, says):
    for number in range(3):
        draft = says("Decided to use PostgreSQL.", kind=Kind.DECISION, sources=(f"msg_{number}",))
        (done,) = await store.remember(owner, [draft])
        if number < 2:
            await store.promote()
            assert (await store.get(owner, done.record.id)).tier is Tier.MEDIUM
    assert await store.promote() >= 1
    assert (await store.get(owner, done.record.id)).tier is Tier.LONG
    await store.heal_behind()
    assert (await store.heal(owner)).put == 0
    (again,) = await store.remember(
        owner, [says("Decided to use PostgreSQL.", kind=Kind.DECISION, sources=("msg_9",))]
    )
    assert (again.record.id, again.record.evidence) == (done.record.id, 4)


@pytest.fixture
async def promoted(store, owner, says) -> tuple[str, str]:
    """The ids of a decision that was kept for good, and of the one that it took the place of."""
    ids = []
    for day, text in enumerate(("The database is MySQL.", "The database is PostgreSQL.")):
        draft = says(text, day, kind=Kind.DECISION, slot="database", value=text.split()[-1])
        ids.append((await store.remember(owner, [draft]))[0].record.id)
    await store.used(owner, ids[1:], cited=ids[1:])
    await store.used(owner, ids[1:], cited=ids[1:])
    await store.used(owner, ids[1:], cited=ids[1:])
    await store.promote()
    assert [(await store.get(owner, name)).tier for name in ids] == [Tier.MEDIUM, Tier.LONG]
    return ids[1], ids[0]


async def test_what_is_kept_for_good_is_forgotten_with_the_versions_before(store, owner, promoted):
    assert [one.id for one in await store.history(owner, promoted[0])] == [*promoted]
    assert [one.id for one in await store.history(owner, promoted[1])] == [*promoted]
    assert set(await store.forget(owner, promoted[0])) == {*promoted}
    assert not await kept(store, owner, Kind.DECISION)


async def test_a_new_version_of_what_is_kept_for_good_is_kept_for_good(store, owner, says, promoted):
    corrected = await store.correct(owner, promoted[0], text="The database is SQLite.", value="SQLite.")
    draft = says("The database is DuckDB.", 400, kind=Kind.DECISION, slot="database", value="DuckDB.")
    (newer,) = await store.remember(owner, [draft])
    history = await store.history(owner, newer.record.id)
    assert [one.id for one in history] == [newer.record.id, corrected.id, *promoted]
    assert [one.tier for one in history] == [Tier.LONG, Tier.LONG, Tier.LONG, Tier.MEDIUM]
    assert (await store.heal(owner)).put == 0
