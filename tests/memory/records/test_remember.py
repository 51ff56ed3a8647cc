"""What becomes of statements beside what is known."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from memory import Connection, Database, Kind, MemoryUnavailable, Owner, RecordState, Tier, WriteUncertain
from memory.projects import ProjectStore
from memory.records import Healed, Outcome, repeated

HOME = "fact:home"


def outcomes(done):
    return [one.outcome for one in done]


async def test_a_new_statement_is_added_with_where_it_comes_from(store, owner, says):
    (done,) = await store.remember(
        owner, [says("Lives in Oslo.", 3, slot=HOME, value="Oslo", sources=("msg_a",), agent="davina")]
    )
    assert done.outcome is Outcome.ADDED
    record = await store.get(owner, done.record.id)
    assert record == done.record
    assert (record.tier, record.kind, record.state) == (Tier.LONG, Kind.FACT, RecordState.ACTIVE)
    assert (record.sources, record.agent, record.version, record.evidence) == (("msg_a",), "davina", 1, 1)
    assert record.details["value"] == "Oslo"


async def test_nothing_to_remember_remembers_nothing(store, owner):
    assert list(await store.remember(owner, [])) == []
    assert list(await store.list(owner)) == []


async def test_one_origin_is_kept_once_however_often_it_comes(store, owner, says):
    draft = says("Likes tea.", origin_key="msg_1:likes", sources=("msg_1",))
    first = await store.remember(owner, [draft, draft])
    again = await store.remember(owner, [draft])
    assert outcomes(first) == [Outcome.ADDED, Outcome.CONFIRMED]
    assert again[0].record == first[0].record
    assert len(await store.list(owner)) == 1


async def test_an_equal_value_confirms_and_joins_its_sources(store, owner, says):
    await store.remember(owner, [says("Lives in Oslo.", 1, slot=HOME, value="Oslo", sources=("msg_1",))])
    (done,) = await store.remember(
        owner, [says("Home is OSLO.", 2, slot=HOME, value="  OSLO ", sources=("msg_2",))]
    )
    assert done.outcome is Outcome.CONFIRMED
    assert (done.record.evidence, done.record.sources) == (2, ("msg_1", "msg_2"))
    assert done.record.confidence == pytest.approx(1 - 0.5 * 0.75)


async def test_the_same_message_is_no_more_evidence_the_second_time(store, owner, says):
    await store.remember(owner, [says("Likes tea.", 1, sources=("msg_1",), origin_key="one")])
    later = says("likes TEA", 2, sources=("msg_2",), origin_key="two")
    first = await store.remember(owner, [later])
    again = await store.remember(owner, [later])
    assert first[0].record.evidence == again[0].record.evidence == 2


async def test_the_same_words_without_a_slot_are_the_same_statement(store, owner, says):
    done = await store.remember(
        owner,
        [says("Likes tea, and coffee.", 1), says("likes coffee and tea", 2), says("Likes tea and cake.", 3)],
    )
    assert outcomes(done) == [Outcome.ADDED, Outcome.CONFIRMED, Outcome.ADDED]


async def test_another_order_of_words_is_kept_apart_while_the_model_is_away(store, owner, says, embedder):
    embedder.down = True
    done = await store.remember(owner, [says("Tea before coffee.", 1), says("Coffee before tea.", 2)])
    assert outcomes(done) == [Outcome.ADDED, Outcome.ADDED]


async def test_a_newer_value_supersedes_and_names_what_it_replaced(store, owner, says):
    (old,) = await store.remember(owner, [says("Lives in Oslo.", 1, slot=HOME, value="Oslo")])
    (new,) = await store.remember(owner, [says("Lives in Rome.", 2, slot=HOME, value="Rome")])
    assert new.outcome is Outcome.SUPERSEDED
    assert (new.record.version, new.record.supersedes) == (2, old.record.id)
    assert (await store.get(owner, old.record.id)).state is RecordState.SUPERSEDED
    (active,) = await store.list(owner, state=RecordState.ACTIVE)
    assert active.id == new.record.id


async def test_an_older_statement_that_comes_late_becomes_an_earlier_version(store, owner, says):
    await store.remember(owner, [says("Lives in Oslo.", 1, slot=HOME, value="Oslo")])
    await store.remember(owner, [says("Lives in Rome.", 9, slot=HOME, value="Rome")])
    (late,) = await store.remember(owner, [says("Lives in Bonn.", 5, slot=HOME, value="Bonn")])
    (first,) = await store.remember(owner, [says("Lives in Kyiv.", 0, slot=HOME, value="Kyiv")])
    assert (late.outcome, late.record.state) == (Outcome.SUPERSEDED, RecordState.SUPERSEDED)
    versions = await store.history(owner, first.record.id)
    assert [(one.details["value"], one.version) for one in versions] == [
        ("Rome", 4),
        ("Bonn", 3),
        ("Oslo", 2),
        ("Kyiv", 1),
    ]
    assert [one.supersedes for one in versions] == [versions[1].id, versions[2].id, versions[3].id, None]
    assert [one.state for one in versions].count(RecordState.ACTIVE) == 1


async def test_a_late_repetition_of_an_earlier_version_confirms_that(store, owner, says):
    await store.remember(owner, [says("Lives in Oslo.", 1, slot=HOME, value="Oslo")])
    await store.remember(owner, [says("Lives in Rome.", 9, slot=HOME, value="Rome")])
    (late,) = await store.remember(owner, [says("Lives in Oslo!", 2, slot=HOME, value="Oslo")])
    assert (late.outcome, late.record.state) == (Outcome.CONFIRMED, RecordState.SUPERSEDED)
    assert late.record.evidence == 2


async def test_a_return_to_an_earlier_value_is_a_new_version(store, owner, says):
    for day, town in enumerate(("Oslo", "Rome", "Oslo")):
        await store.remember(owner, [says(f"Lives in {town}.", day, slot=HOME, value=town)])
    (active,) = await store.list(owner, state=RecordState.ACTIVE)
    assert (active.details["value"], active.version) == ("Oslo", 3)


@pytest.mark.parametrize(
    ("text", "day", "confidence"),
    [("Lives in Rome.", 1, 0.8), ("Lives in Rome.", 5, 0.2), ("Does not live in Oslo.", 5, 0.8)],
    ids=["at the same time", "by an uncertain source", "as its contrary"],
)
async def test_what_cannot_be_told_to_be_newer_makes_both_contested(
    store, owner, says, text, day, confidence
):
    (old,) = await store.remember(owner, [says("Lives in Oslo.", 1, slot=HOME, value="Oslo")])
    value = "Rome" if "Rome" in text else "Oslo"
    (new,) = await store.remember(owner, [says(text, day, slot=HOME, value=value, confidence=confidence)])
    assert (new.outcome, new.record.contests) == (Outcome.CONTESTED, old.record.id)
    rival = await store.get(owner, old.record.id)
    assert (rival.state, new.record.state, rival.contests) == (
        RecordState.CONTESTED,
        RecordState.CONTESTED,
        new.record.id,
    )


async def test_the_contrary_of_a_statement_without_a_slot_contests_it(store, owner, says):
    done = await store.remember(owner, [says("Likes tables.", 1), says("Does not like tables.", 2)])
    assert outcomes(done) == [Outcome.ADDED, Outcome.CONTESTED]
    assert done[0].record.state is RecordState.CONTESTED


async def test_that_something_is_over_is_a_change_and_no_contradiction(store, owner, says):
    slot = "fact:editor"
    (old,) = await store.remember(owner, [says("Uses Vim.", 1, slot=slot, value="Vim")])
    (new,) = await store.remember(owner, [says("No longer uses Vim.", 2, slot=slot, value="Vim")])
    assert (new.outcome, new.record.supersedes) == (Outcome.SUPERSEDED, old.record.id)


async def test_a_later_clear_statement_settles_a_contradiction(store, owner, says):
    await store.remember(
        owner,
        [
            says("Lives in Oslo.", 1, slot=HOME, value="Oslo"),
            says("Lives in Rome.", 1, slot=HOME, value="Rome"),
        ],
    )
    (new,) = await store.remember(owner, [says("Lives in Rome now.", 4, slot=HOME, value="Rome")])
    assert new.record.state is RecordState.ACTIVE
    assert {one.state for one in (await store.history(owner, new.record.id))[1:]} == {RecordState.SUPERSEDED}


async def test_counts_of_a_pattern_add_up_when_it_is_seen_again(store, owner, says):
    slot = "pattern:breakout"
    for day in (1, 2):
        await store.remember(
            owner,
            [
                says(
                    "Breakouts hold.",
                    day,
                    kind=Kind.PATTERN,
                    slot=slot,
                    details={"successes": 2, "uses": 3, "day": day},
                )
            ],
        )
    (record,) = await store.list(owner)
    assert record.details == {"successes": 4, "uses": 6, "day": 2}


async def test_drafts_of_one_user_at_once_end_in_one_chain(store, owner, says):
    towns = [f"Town{number}" for number in range(12)]
    await asyncio.gather(
        *(
            store.remember(owner, [says(f"Lives in {town}.", day, slot=HOME, value=town)])
            for day, town in enumerate(towns)
        )
    )
    (active,) = await store.list(owner, state=RecordState.ACTIVE)
    assert active.details["value"] == towns[-1]
    versions = await store.history(owner, active.id)
    assert [one.version for one in versions] == list(range(12, 0, -1))
    assert [one.said_at for one in versions] == sorted((one.said_at for one in versions), reverse=True)


async def test_one_origin_at_once_by_several_is_kept_once(store, owner, says):
    draft = says("Likes tea.", origin_key="same")
    done = await asyncio.gather(*(store.remember(owner, [draft]) for _ in range(8)))
    assert sorted(one[0].outcome for one in done) == ["added", *["confirmed"] * 7]


async def test_users_do_not_touch_each_others_slots(store, owner, other, says):
    await store.remember(owner, [says("Lives in Oslo.", 1, slot=HOME, value="Oslo", origin_key="k")])
    (done,) = await store.remember(
        other, [says("Lives in Rome.", 2, slot=HOME, value="Rome", origin_key="k")]
    )
    assert done.outcome is Outcome.ADDED
    assert [one.details["value"] for one in await store.list(owner)] == ["Oslo"]


async def test_a_decision_of_one_project_does_not_supersede_anothers(store, database, owner, says):
    projects = [await ProjectStore(database).create(owner, name) for name in ("One", "Two")]
    for day, project in enumerate(projects):
        (done,) = await store.remember(
            owner,
            [
                says(
                    f"Uses database {day}.",
                    day,
                    kind=Kind.DECISION,
                    slot="decision:database",
                    project_id=project.id,
                )
            ],
        )
        assert (done.outcome, done.record.project_id) == (Outcome.ADDED, project.id)


async def test_a_project_that_is_not_seen_is_left_out(store, database, owner, other, says):
    theirs = await ProjectStore(database).create(other, "Theirs")
    (done,) = await store.remember(owner, [says("Mine.", kind=Kind.DECISION, project_id=theirs.id)])
    assert done.record.project_id is None


async def test_long_records_have_vectors_beside_and_medium_ones_in_their_row(
    store, database, vectors, owner, says
):
    done = await store.remember(owner, [says("Likes tea."), says("Uses Rust.", kind=Kind.DECISION)])
    assert await vectors.ids(owner) == [done[0].record.id]
    async with database.of(owner) as connection:
        cursor = await connection.execute("SELECT id, model, vector::text FROM memory_records ORDER BY id")
        rows = await cursor.fetchall()
    assert [(row["model"], row["vector"] is None) for row in rows] == [(None, True), ("words", False)]


async def test_what_the_vectors_missed_is_healed(store, vectors, embedder, owner, says):
    vectors.down = True
    embedder.down = True
    done = await store.remember(
        owner,
        [
            says("Lives in Oslo.", 1, slot=HOME, value="Oslo"),
            says("Lives in Rome.", 2, slot=HOME, value="Rome"),
            says("Uses Rust.", kind=Kind.DECISION),
        ],
    )
    vectors.down = False
    with pytest.raises(MemoryUnavailable, match="model"):
        await store.heal(owner)
    embedder.down = False
    stray = await embedder.embed(["stray"])
    await vectors.put(owner, ["rec_stray"], stray)
    healed = await store.heal(owner)
    assert (healed.put, healed.removed) == (2, 1)
    assert await vectors.ids(owner) == [done[1].record.id]
    again = await store.heal(owner)
    assert (again.put, again.removed) == (0, 0)


async def test_what_an_outage_kept_back_is_healed_once_it_is_over(
    store, vectors, embedder, owner, other, says
):
    await store.remember(other, [says("Likes tea.")])
    vectors.down = True
    (first,) = await store.remember(owner, [says("Lives in Oslo.", 1, slot=HOME, value="Oslo")])
    with pytest.raises(MemoryUnavailable, match="vectors"):
        await store.heal_behind()
    vectors.down = False
    embedder.down = True
    (unmeant,) = await store.remember(owner, [says("Likes coffee.")])
    embedder.down = False
    assert (await store.heal_behind()).put == 2
    assert sorted(await vectors.ids(owner)) == sorted([first.record.id, unmeant.record.id])
    assert await store.heal_behind() == await store.heal_behind() == Healed()


async def test_record_whose_commit_nobody_heard_of_gets_its_vector(
    store, database, vectors, owner, says, monkeypatch
):
    @asynccontextmanager
    async def deaf(user: Owner) -> AsyncIterator[Connection]:
        async with Database.of(database, user) as connection:
            yield connection
        raise WriteUncertain("the server closed the connection unexpectedly")

    with monkeypatch.context() as patched:
        patched.setattr(database, "of", deaf)
        with pytest.raises(WriteUncertain):
            await store.remember(owner, [says("Lives in Oslo.", slot=HOME, value="Oslo")])
    (kept,) = await store.list(owner)
    assert await vectors.ids(owner) == []
    assert (await store.heal_behind()).put == 1
    assert await vectors.ids(owner) == [kept.id]


async def test_all_who_have_records_are_healed(store, vectors, owner, other, says):
    vectors.down = True
    for user in (owner, other):
        await store.remember(user, [says("Likes tea.")])
    vectors.down = False
    assert (await store.heal_all()).put >= 2
    assert len(await vectors.ids(owner)) == len(await vectors.ids(other)) == 1


async def test_a_superseded_record_leaves_no_vector(store, vectors, owner, says):
    for day, town in enumerate(("Oslo", "Rome")):
        (done,) = await store.remember(owner, [says(f"Lives in {town}.", day, slot=HOME, value=town)])
    assert await vectors.ids(owner) == [done.record.id]


async def test_every_change_gives_a_new_revision(store, database: Database, owner, says):
    async def revisions() -> dict[str, int]:
        async with database.of(owner) as connection:
            cursor = await connection.execute("SELECT id, revision FROM memory_records")
            return {row["id"]: row["revision"] for row in await cursor.fetchall()}

    (done,) = await store.remember(owner, [says("Lives in Oslo.", 1, slot=HOME, value="Oslo")])
    name = done.record.id
    seen = [(await revisions())[name]]
    for change in (
        store.used(owner, [name]),
        store.rate(owner, [name], 1, run_id="run_1"),
        store.pin(owner, name),
        store.remember(owner, [says("Lives in Oslo!", 2, slot=HOME, value="Oslo")]),
        store.remember(owner, [says("Lives in Bonn.", 3, slot=HOME, value="Bonn")]),
    ):
        await change
        seen.append((await revisions())[name])
    assert seen == sorted(set(seen))


@pytest.mark.parametrize(
    ("statement", "answer", "again"),
    [
        ("Lives in Oslo.", "You live in Oslo, on the fjord.", True),
        ("Lives in Oslo.", "You live in Bergen.", False),
        ("Name is Tom.", "Your name is not known to me.", False),
        ("Is 41 years old.", "You are 42 years old.", False),
        ("Likes sailing boats.", "Sailing boats it is.", True),
        ("Is it.", "It is.", False),
    ],
)
def test_an_answer_cites_a_record_whose_words_it_repeats(statement, answer, again):
    assert repeated([statement], answer) == [again]
