"""What was forgotten stays away while only the messages say it that said it then."""

import pytest

from memory import Database, Kind, Owner
from memory.privacy import DataKeys, PrivacySettings, Sealer
from memory.records import RecordStore
from memory.records.forgotten import marks
from tests.memory.privacy.conftest import key
from tests.memory.records.test_command import HOME


async def texts(store: RecordStore, owner: Owner) -> list[str]:
    return [one.text for one in await store.list(owner)]


@pytest.mark.parametrize("again", ["Likes tea.", "likes  tea!"])
async def test_forgotten_statement_does_not_return_from_its_message(store, owner, says, again):
    (done,) = await store.remember(owner, [says("Likes tea.", sources=("msg_1",), origin_key="a")])
    await store.forget(owner, done.record.id)
    kept = await store.remember(
        owner, [says(again, sources=("msg_1",), origin_key="b"), says("Plays chess.", sources=("msg_1",))]
    )
    assert [one.record.text for one in kept] == ["Plays chess."]
    assert await texts(store, owner) == ["Plays chess."]


async def test_forgotten_value_of_a_slot_does_not_return_in_other_words(store, owner, says):
    home = {"slot": HOME, "value": "Oslo", "sources": ("msg_1",)}
    (done,) = await store.remember(owner, [says("Lives in Oslo.", **home)])
    await store.forget(owner, done.record.id)
    assert await store.remember(owner, [says("Has a home in Oslo.", **home)]) == []
    (other,) = await store.remember(owner, [says("Lives in Rome.", **{**home, "value": "Rome"})])
    assert other.record.text == "Lives in Rome."


async def test_said_anew_in_another_message_it_is_remembered_again_by_that_alone(store, owner, says):
    (done,) = await store.remember(owner, [says("Likes tea.", 1, sources=("msg_1",))])
    await store.forget(owner, done.record.id)
    (new,) = await store.remember(owner, [says("Likes tea.", 2, sources=("msg_1", "msg_2"))])
    assert (new.record.sources, new.record.evidence) == (("msg_2",), 1)
    assert await store.remember(owner, [says("Likes tea.", 3, sources=("msg_1",))]) == []
    assert (await store.get(owner, new.record.id)).evidence == 1


async def test_all_messages_and_versions_of_what_was_forgotten_are_noted(store, owner, says):
    home = {"slot": HOME, "kind": Kind.FACT}
    said = [
        says("Lives in Oslo.", 1, value="Oslo", sources=("msg_1",), **home),
        says("Lives in Oslo.", 2, value="Oslo", sources=("msg_2",), **home),
        says("Lives in Rome.", 3, value="Rome", sources=("msg_3",), **home),
    ]
    done = await store.remember(owner, said)
    new = await store.correct(owner, done[-1].record.id, value="Bonn")
    assert len(await store.forget(owner, new.id)) == 3
    assert await store.remember(owner, said) == []
    assert await texts(store, owner) == []


async def test_what_another_forgot_is_ones_own_to_keep(store, owner, other, says):
    (done,) = await store.remember(owner, [says("Likes tea.", sources=("msg_1",))])
    await store.forget(owner, done.record.id)
    for whose in (other, Owner(owner.user_id, "elsewhere")):
        assert len(await store.remember(whose, [says("Likes tea.", sources=("msg_1",))])) == 1


async def test_mark_holds_nothing_of_what_was_forgotten(store, database: Database, owner, says):
    (done,) = await store.remember(owner, [says("Likes oolong tea.", sources=("msg_1",))])
    await store.forget(owner, done.record.id)
    async with database.of(owner) as connection:
        (row,) = await (await connection.execute("SELECT * FROM memory_forgotten")).fetchall()
    assert {name: row[name] for name in ("tenant_id", "user_id", "mark")} == {
        "tenant_id": owner.tenant_id,
        "user_id": owner.user_id,
        "mark": marks(owner, done.record)["msg_1"],
    }
    assert "oolong" not in str(row)
    assert "msg_1" not in str(row)


async def test_encrypted_record_is_forgotten_for_good_too(database, vectors, embedder, owner, says):
    sealer = Sealer(DataKeys(database, PrivacySettings(keys=(key(1),))))
    store = RecordStore(database, vectors, embedder, sealer)
    (done,) = await store.remember(owner, [says("Likes tea.", sources=("msg_1",))])
    await store.forget(owner, done.record.id)
    assert await store.remember(owner, [says("Likes tea.", sources=("msg_1",))]) == []
    (mark,) = marks(owner, done.record).values()
    async with database.of(owner) as connection:
        cursor = await connection.execute("SELECT mark FROM memory_forgotten")
        (row,) = await cursor.fetchall()
    assert mark not in row["mark"]  # or who guesses what was said could prove it
    assert await sealer.open(owner, row["mark"]) == mark
