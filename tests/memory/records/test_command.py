"""The user in command of what is remembered about him."""

from datetime import UTC, datetime, timedelta

import pytest

from memory import Database, Kind, MemoryUnavailable, Owner, RecordState, Tier, UnknownRecord
from memory.privacy import DataKeys, PrivacySettings, Sealer
from memory.projects import ProjectStore
from memory.records import RecordStore
from tests.memory.privacy.conftest import key

HOME = "fact:home"


async def test_a_correction_is_a_certain_version_by_the_user(store, vectors, owner, says):
    (old,) = await store.remember(owner, [says("Lives in Oslo.", 1, slot=HOME, value="Oslo")])
    await store.pin(owner, old.record.id)
    new = await store.correct(owner, old.record.id, value="Rome")
    assert (new.text, new.details["value"], new.details["corrected"]) == ("Lives in Rome.", "Rome", True)
    assert (new.confidence, new.version, new.supersedes, new.pinned) == (1.0, 2, old.record.id, True)
    assert new.sources == old.record.sources
    assert (await store.get(owner, old.record.id)).state is RecordState.SUPERSEDED
    assert await vectors.ids(owner) == [new.id]


async def test_corrected_decision_keeps_what_its_text_still_says(store, owner, says):
    why = {
        "what": "Postgres",
        "why": "they need joins",
        "alternatives": ["MongoDB"],
        "state": "made",
        "when": "last week",
    }
    told = says("Decided on Postgres instead of MongoDB, because they need joins.", 1, kind=Kind.DECISION)
    (old,) = await store.remember(owner, [told.model_copy(update={"details": why})])
    new = await store.correct(owner, old.record.id, text="Decided on MySQL, because they need joins.")
    assert new.details == {"why": "they need joins", "state": "made", "when": "last week", "corrected": True}


async def test_corrected_record_is_still_about_what_its_text_names(store, owner, says):
    told = says("Rex lives in Oslo.", 1).model_copy(update={"entities": ("Rex", "Oslo")})
    (old,) = await store.remember(owner, [told])
    new = await store.correct(owner, old.record.id, text="Rex lives in Rome.")
    assert new.id in (await store.related(owner, ["Rex"], depth=0))["Rex"]
    assert new.id not in [
        each for ids in (await store.related(owner, ["Oslo"], depth=0)).values() for each in ids
    ]


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Rex lives in Rome.", {("rex", "lives in", "rome"), ("the user", "dog", "rex")}),
        ("Rex lives in Oslo now.", {("rex", "lives in", "oslo"), ("the user", "dog", "rex")}),
        ("Bo lives in Oslo.", {("bo", "lives in", "oslo"), ("the user", "dog", "bo")}),
        ("Rex sleeps.", {("the user", "dog", "rex")}),
        ("All is well.", set()),
    ],
)
async def test_corrected_record_keeps_the_relations_that_it_still_states(
    store, database: Database, owner, says, text, stated
):
    told = says("Rex lives in Oslo.", 1).model_copy(
        update={"relations": (("Rex", "lives in", "Oslo"), ("the user", "dog", "Rex"))}
    )
    (old,) = await store.remember(owner, [told])
    new = await store.correct(owner, old.record.id, text=text)
    async with database.of(owner) as connection:
        cursor = await connection.execute(
            "SELECT subject.folded AS subject, predicate, object.folded AS object FROM memory_relations"
            " JOIN memory_entities subject ON subject.id = subject_id JOIN memory_entities object ON object.id = object_id"
            " WHERE record_id = %s",
            (new.id,),
        )
        assert {tuple(row.values()) for row in await cursor.fetchall()} == stated


async def test_what_was_said_before_a_correction_does_not_undo_it(store, owner, says):
    (old,) = await store.remember(owner, [says("Lives in Oslo.", 1, slot=HOME, value="Oslo")])
    new = await store.correct(owner, old.record.id, text="Lives in Rome.", value="Rome")
    (late,) = await store.remember(owner, [says("Lives in Bonn.", 9, slot=HOME, value="Bonn")])
    assert late.record.state is RecordState.SUPERSEDED
    assert [one.text for one in await store.list(owner, state=RecordState.ACTIVE)] == [new.text]


async def test_a_correction_settles_a_contradiction(store, owner, says):
    done = await store.remember(
        owner,
        [
            says("Lives in Oslo.", 1, slot=HOME, value="Oslo"),
            says("Lives in Rome.", 1, slot=HOME, value="Rome"),
        ],
    )
    new = await store.correct(owner, done[0].record.id)
    assert (new.text, new.state) == ("Lives in Oslo.", RecordState.ACTIVE)
    assert len(await store.list(owner, state=RecordState.CONTESTED)) == 0


@pytest.mark.parametrize(
    ("change", "text", "details"),
    [
        ({"text": "Owns a cat."}, "Owns a cat.", {"corrected": True}),
        ({"value": "cat"}, "Pet: cat.", {"corrected": True, "value": "cat"}),
        ({"details": {"why": "moved"}}, "Has a dog.", {"corrected": True, "why": "moved", "value": "hound"}),
    ],
)
async def test_text_value_and_details_can_be_corrected(store, owner, says, change, text, details):
    (old,) = await store.remember(owner, [says("Has a dog.", slot="fact:pet", value="hound")])
    new = await store.correct(owner, old.record.id, **change)
    assert (new.text, new.details) == (text, details)


async def test_history_gives_all_versions_newest_first(store, owner, says):
    (first,) = await store.remember(owner, [says("Likes tea.", 1)])
    second = await store.correct(owner, first.record.id, text="Likes green tea.")
    third = await store.correct(owner, second.id, text="Likes black tea.")
    for name in (first.record.id, third.id):
        versions = await store.history(owner, name)
        assert [one.id for one in versions] == [third.id, second.id, first.record.id]


async def test_forgetting_takes_earlier_versions_vector_and_mentions_along(
    store, database: Database, vectors, owner, says
):
    await store.remember(owner, [says("Lives in Oslo.", 1, slot=HOME, value="Oslo", entities=("Oslo",))])
    (new,) = await store.remember(owner, [says("Lives in Rome.", 2, slot=HOME, value="Rome")])
    (kept,) = await store.remember(owner, [says("Likes tea.", entities=("tea",))])
    assert len(await store.forget(owner, new.record.id)) == 2
    assert await vectors.ids(owner) == [kept.record.id]
    async with database.of(owner) as connection:
        cursor = await connection.execute("SELECT folded FROM memory_entities")
        assert await cursor.fetchall() == [{"folded": "tea"}]
        cursor = await connection.execute("SELECT deleted FROM memory_progress")
        noted = await cursor.fetchall()
    assert noted[0]["deleted"] > 0
    with pytest.raises(UnknownRecord):
        await store.get(owner, new.record.id)


async def test_an_earlier_version_is_forgotten_alone(store, owner, says):
    for day, town in enumerate(("Oslo", "Rome", "Bonn")):
        await store.remember(owner, [says(f"Lives in {town}.", day, slot=HOME, value=town)])
    newest = (await store.list(owner, state=RecordState.ACTIVE))[0]
    versions = await store.history(owner, newest.id)
    assert await store.forget(owner, versions[1].id) == [versions[1].id, versions[2].id]
    assert [one.id for one in await store.history(owner, newest.id)] == [newest.id]


async def test_what_was_contested_holds_again_when_the_rival_is_forgotten(store, owner, says):
    done = await store.remember(owner, [says("Likes tables.", 1), says("Does not like tables.", 1)])
    await store.forget(owner, done[1].record.id)
    left = await store.get(owner, done[0].record.id)
    assert (left.state, left.contests) == (RecordState.ACTIVE, None)


async def test_nothing_is_forgotten_while_its_vector_cannot_be(store, vectors, owner, says):
    (done,) = await store.remember(owner, [says("Likes tea.")])
    vectors.down = True
    with pytest.raises(MemoryUnavailable):
        await store.forget(owner, done.record.id)
    vectors.down = False
    assert (await store.get(owner, done.record.id)).text == "Likes tea."
    await store.forget(owner, done.record.id)
    assert await vectors.ids(owner) == []


async def test_another_users_record_is_out_of_every_reach(store, owner, other, says):
    (done,) = await store.remember(owner, [says("Likes tea.")])
    name = done.record.id
    for attempt in (
        store.get(other, name),
        store.history(other, name),
        store.correct(other, name, text="Hates tea."),
        store.pin(other, name),
        store.unpin(other, name),
        store.forget(other, name),
    ):
        with pytest.raises(UnknownRecord):
            await attempt
    await store.used(other, [name], [name])
    await store.rate(other, [name], -1, run_id="run_1")
    assert await store.get(owner, name) == done.record
    assert list(await store.list(other, query="tea")) == []


async def test_the_same_name_in_another_tenant_is_another_user(store, owner, says):
    (done,) = await store.remember(owner, [says("Likes tea.")])
    with pytest.raises(UnknownRecord):
        await store.get(Owner(owner.user_id, "elsewhere"), done.record.id)


async def test_lists_are_filtered_searched_and_paged(store, owner, says):
    texts = ["Likes green tea.", "Likes black tea.", "Plays chess."]
    done = await store.remember(owner, [says(text, kind=Kind.PREFERENCE) for text in texts])
    await store.remember(owner, [says("Uses Rust for tea.", kind=Kind.DECISION)])
    found = await store.list(owner, query='tea -"black tea"')
    assert [one.text for one in found] == ["Uses Rust for tea.", "Likes green tea."]
    assert [one.text for one in await store.list(owner, tier=Tier.LONG, query="tea")] == texts[1::-1]
    assert [one.text for one in await store.list(owner, kinds={Kind.DECISION})] == ["Uses Rust for tea."]
    page = await store.list(owner, limit=2)
    rest = await store.list(owner, limit=2, before=page[-1].id)
    assert [one.id for one in rest] == [done[1].record.id, done[0].record.id]
    assert len(await store.list(owner, state=RecordState.SUPERSEDED)) == 0


@pytest.fixture
def sealed(database, vectors, embedder) -> RecordStore:
    """The same store with a key."""
    sealer = Sealer(DataKeys(database, PrivacySettings(keys=(key(1),))))
    return RecordStore(database, vectors, embedder, sealer)


async def test_with_a_key_names_are_found_and_stand_in_no_table(sealed, database, owner, other, says):
    told = says(
        "Mara works at Acme Corp.", 1, entities=("Mara",), relations=(("Mara", "works at", "Acme Corp"),)
    )
    (record,) = await sealed.remember(owner, [told])
    (again,) = await sealed.remember(owner, [says("MARA likes tea.", 2, entities=("mara",))])
    assert await sealed.related(owner, ["MARA"], depth=0) == {"MARA": [again.record.id, record.record.id]}
    assert (await sealed.related(owner, ["acme corp", "Mara"]))["acme corp"][0] == record.record.id
    await sealed.remember(other, [told])
    async with database.of_all() as connection:
        whose = ([owner.user_id, other.user_id],)
        cursor = await connection.execute(
            "SELECT e::text AS row, folded FROM memory_entities AS e WHERE user_id = ANY(%s)", whose
        )
        rows = await cursor.fetchall()
        cursor = await connection.execute(
            "SELECT r::text AS row FROM memory_relations AS r WHERE user_id = ANY(%s)", whose
        )
        relations = await cursor.fetchall()
    assert len({row["folded"] for row in rows}) == 4  # two of each user, and none alike
    assert not any(word in str((rows, relations)).casefold() for word in ("mara", "acme", "works"))


async def test_names_from_before_there_was_a_key_are_the_same_names(store, sealed, database, owner, says):
    (before,) = await store.remember(
        owner, [says("Lives in Oslo.", 1, slot=HOME, value="Oslo", entities=("Oslo", "Rex"))]
    )
    assert await sealed.related(owner, ["oslo"], depth=0) == {"oslo": [before.record.id]}
    (after,) = await sealed.remember(
        owner, [says("Lives in Oslo, Norway.", 2, slot=HOME, value="Norway", entities=("Oslo",))]
    )
    assert (after.record.supersedes, after.record.slot) == (before.record.id, HOME)
    assert [one.id for one in await sealed.history(owner, before.record.id)] == [
        after.record.id,
        before.record.id,
    ]
    assert (await sealed.related(owner, ["Oslo", "Rex"], depth=0)) == {"Oslo": [after.record.id]}
    async with database.of(owner) as connection:
        cursor = await connection.execute("SELECT count(*) AS names FROM memory_entities")
        assert (await cursor.fetchall())[0]["names"] == 2
    assert len(await sealed.forget(owner, after.record.id)) == 2


async def test_with_a_sealer_no_text_stands_in_the_table(sealed, database, owner, says):
    store = sealed
    await store.remember(owner, [says("Lives in Oslo.", 1, slot=HOME, value="Oslo"), says("Likes tea.", 1)])
    done = await store.remember(
        owner, [says("Lives in Rome.", 2, slot=HOME, value="Rome"), says("Likes tea!", 2)]
    )
    assert [one.outcome for one in done] == ["superseded", "confirmed"]
    async with database.of(owner) as connection:
        cursor = await connection.execute("SELECT record::text FROM memory_records AS record")
        raw = str(await cursor.fetchall())
    assert "Oslo" not in raw
    assert "Likes" not in raw
    assert HOME not in raw
    assert [one.text for one in await store.list(owner, query="rome")] == ["Lives in Rome."]
    corrected = await store.correct(owner, done[0].record.id, value="Bonn")
    assert corrected.details["value"] == "Bonn"
    assert (await store.heal(owner)).put == 0


async def test_entities_lead_to_records_of_what_they_are_related_to(store, owner, other, says):
    done = await store.remember(
        owner,
        [
            says("His sister is Mara.", entities=("Mara",)),
            says("Mara works at Acme Corp.", relations=(("Mara", "works at", "Acme  Corp"),)),
            says("Acme Corp makes anvils.", entities=("ACME corp",)),
        ],
    )
    await store.remember(other, [says("Mara likes tea.", entities=("Mara",))])
    names = [one.record.id for one in done]
    assert await store.related(owner, ["mara", "nobody"]) == {"mara": [names[1], names[0], names[2]]}
    assert await store.related(owner, ["Mara"], depth=0) == {"Mara": [names[1], names[0]]}


async def test_what_holds_no_longer_relates_nothing(store, owner, says):
    slot = "fact:employer"
    await store.remember(
        owner,
        [
            says("Works at Acme.", 1, slot=slot, value="Acme", relations=(("Ann", "works at", "Acme"),)),
            says("Works at Bolt.", 2, slot=slot, value="Bolt", relations=(("Ann", "works at", "Bolt"),)),
            says("Acme makes anvils.", entities=("Acme",)),
        ],
    )
    (ids,) = (await store.related(owner, ["Ann"])).values()
    assert [(await store.get(owner, name)).text for name in ids] == ["Works at Bolt."]


async def test_a_correction_is_said_now(store, owner, says):
    (old,) = await store.remember(owner, [says("Likes tea.", 1)])
    said_at = (await store.correct(owner, old.record.id, text="Likes mate.")).said_at
    assert abs(datetime.now(UTC) - said_at) < timedelta(minutes=1)


async def test_what_is_forgotten_of_a_project_is_noted_for_all_who_saw_it(
    store, database, owner, other, says
):
    projects = ProjectStore(database)
    project = await projects.create(owner, "Kitchen")
    await projects.add_member(owner, project.id, other.user_id)
    (done,) = await store.remember(owner, [says("Uses oak.", kind=Kind.DECISION, project_id=project.id)])
    assert [one.id for one in await store.list(other, project=project.id)] == [done.record.id]
    assert list(await store.list(other)) == []
    with pytest.raises(UnknownRecord):
        await store.correct(other, done.record.id, text="Uses pine.")

    async def noted() -> int:
        async with database.of(other) as connection:
            cursor = await connection.execute("SELECT deleted FROM memory_progress")
            return int((await cursor.fetchall())[0]["deleted"])

    before = await noted()
    await store.forget(owner, done.record.id)
    assert await noted() > before
    assert list(await store.list(other, project=project.id)) == []
