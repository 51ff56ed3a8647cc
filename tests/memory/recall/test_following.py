"""An index held in memory says what the database says, whatever commits when."""

import pytest

from memory import Database, Owner, new_id
from memory.recall import IndexCache, UserIndex, embed_due
from memory.recall.horizon import OVERLAP, Horizon, Snapshot
from models import EmbeddingUnavailable
from tests.memory.recall.conftest import NOW, Say, WordEmbedder


def cache(database: Database, most_bytes: int = 1 << 30) -> IndexCache:
    return IndexCache(database, model="words", dimensions=WordEmbedder.dimensions, most_bytes=most_bytes)


async def texts(indexes: IndexCache, owner: Owner) -> list[str]:
    def held(index: UserIndex) -> list[str]:
        return sorted(each.text for number, each in enumerate(index.sources) if index.alive.values[number])

    return await (await indexes.current(owner)).search(held)


async def test_what_is_said_later_is_taken_in(say: Say, database: Database, owner: Owner) -> None:
    indexes = cache(database)
    thread = await say(owner, "One.")
    assert await texts(indexes, owner) == ["One."]
    await say(owner, "Two.", thread=thread)
    assert await texts(indexes, owner) == ["One.", "Two."]


async def test_earlier_revision_that_commits_later_is_not_missed(
    say: Say, database: Database, owner: Owner
) -> None:
    indexes = cache(database)
    thread = await say(owner, "First.")
    async with database.of(owner) as slow:
        await slow.execute(
            "INSERT INTO messages (id, thread_id, tenant_id, user_id, role, content)"
            " VALUES (%s, %s, %s, %s, 'user', 'Slow.') RETURNING revision",
            (new_id("msg"), thread, owner.tenant_id, owner.user_id),
        )
        await (await slow.execute("SELECT 1")).fetchone()
        await say(owner, "Fast.", thread=thread)
        assert await texts(indexes, owner) == ["Fast.", "First."]
    assert await texts(indexes, owner) == ["Fast.", "First.", "Slow."]


async def test_deleted_thread_is_forgotten_once_its_deletion_is_noted(
    say: Say, database: Database, owner: Owner
) -> None:
    indexes = cache(database)
    kept, gone = await say(owner, "Kept."), await say(owner, "Gone.")
    assert await texts(indexes, owner) == ["Gone.", "Kept."]
    async with database.of(owner) as connection:
        await connection.execute("DELETE FROM threads WHERE id = %s", (gone,))
        await connection.execute(
            "INSERT INTO memory_progress (tenant_id, user_id, deleted) VALUES (%s, %s, nextval('memory_revision'))"
            " ON CONFLICT (tenant_id, user_id) DO UPDATE SET deleted = excluded.deleted",
            (owner.tenant_id, owner.user_id),
        )
    assert kept
    assert await texts(indexes, owner) == ["Kept."]


async def test_changed_record_takes_the_place_of_what_it_was(
    know: Say, database: Database, owner: Owner
) -> None:
    indexes = cache(database)
    record = await know(owner, "Likes tea.", tier="medium", kind="decision")
    assert await texts(indexes, owner) == ["Likes tea."]
    async with database.of(owner) as connection:
        await connection.execute(
            "UPDATE memory_records SET text = 'Likes cocoa.', revision = nextval('memory_revision') WHERE id = %s",
            (record,),
        )
    assert await texts(indexes, owner) == ["Likes cocoa."]


async def test_vectors_that_come_later_are_taken_in(
    say: Say, database: Database, owner: Owner, embedder: WordEmbedder
) -> None:
    indexes = cache(database)
    await say(
        owner,
        "I live by the sea where it is always windy. It is loud at night when the ships come in from far away, too.",
        " ",
    )

    def embedded(index: UserIndex) -> list[bool]:
        return [bool(row >= 0) for row in index.row.values]

    assert await (await indexes.current(owner)).search(embedded) == [False, False]
    while await embed_due(database, embedder, 10):
        pass
    assert await (await indexes.current(owner)).search(embedded) == [True, True]
    assert await (await indexes.current(owner)).search(lambda index: len(index.vectors)) == 2


async def test_embedding_takes_each_message_once_and_leaves_nothing_when_it_fails(
    say: Say, database: Database, owner: Owner, embedder: WordEmbedder
) -> None:
    while await embed_due(database, embedder, 500):
        pass
    await say(owner, "One thing.", "Another thing.", "")
    embedder.down = True
    with pytest.raises(EmbeddingUnavailable):
        await embed_due(database, embedder)
    embedder.down = False
    assert await embed_due(database, embedder, 2) == 2
    assert await embed_due(database, embedder, 2) == 1
    assert await embed_due(database, embedder, 2) == 0


async def test_indexes_used_last_are_kept_within_the_limit(say: Say, database: Database) -> None:
    indexes = cache(database, most_bytes=1)
    owners = [Owner(new_id("user")) for _ in range(3)]
    for each in owners:
        await say(each, "Hello there.")
        await texts(indexes, each)
    assert indexes.owners() == owners[-1:]


async def test_neighbours_follow_the_order_of_the_thread_not_of_arrival(
    say: Say, database: Database, owner: Owner
) -> None:
    thread = await say(owner, "A.")
    late = new_id("msg")
    await say(owner, "C.", thread=thread)
    indexes = cache(database)
    await texts(indexes, owner)
    async with database.of(owner) as connection:
        await connection.execute(
            "INSERT INTO messages (id, thread_id, tenant_id, user_id, role, content, created_at)"
            " VALUES (%s, %s, %s, %s, 'user', 'B.', %s)",
            (late, thread, owner.tenant_id, owner.user_id, NOW),
        )

    def line(index: UserIndex) -> str:
        number = next(each for each, source in enumerate(index.sources) if source.text == "A.")
        said = ""
        while number >= 0:
            said += index.sources[number].text
            number = int(index.after.values[number])
        return said

    assert await (await indexes.current(owner)).search(line) == "A.B.C."


def test_horizon_moves_only_past_what_has_ended() -> None:
    horizon = Horizon()
    horizon.read(Snapshot(revision=10, oldest=5, next=8, at=0), [8, 10])
    assert horizon.safe == 0
    assert horizon.recent == {8, 10}
    horizon.read(Snapshot(revision=12, oldest=7, next=9, at=10), [12])
    assert horizon.safe == 0
    horizon.read(Snapshot(revision=12, oldest=9, next=9, at=20), [9])
    assert horizon.safe == 12
    assert horizon.recent == set()


def test_horizon_looks_back_no_further_than_the_overlap() -> None:
    horizon = Horizon()
    horizon.read(Snapshot(revision=OVERLAP + 5, oldest=1, next=3, at=0), [3, OVERLAP])
    assert horizon.safe == 5
    assert horizon.recent == {OVERLAP}
