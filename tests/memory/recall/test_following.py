"""An index held in memory says what the database says, whatever commits when."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest

from app.database import open_pool
from memory import Connection, Database, KeyMissing, Kind, Owner, Tier, new_id
from memory.recall import IndexCache, Passage, Source, Standing, UserIndex, embed_due
from memory.recall.horizon import OVERLAP, Horizon, Snapshot
from models import EmbeddingUnavailable
from tests.memory.recall.conftest import NOW, Say, WordEmbedder


class Lost:
    """Opens all but what says that its key is lost."""

    async def open(self, owner: Owner, text: str) -> str:
        if "lost" in text:
            raise KeyMissing(f"a key of {owner} is lost in this test")
        return text


class Counted(Database):
    """Counts the reading transactions of users."""

    count = 0

    @contextlib.asynccontextmanager
    async def in_one_go(self, owner: Owner) -> AsyncIterator[Connection]:
        self.count += 1
        async with super().in_one_go(owner) as connection:
            yield connection


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


def test_horizon_waits_for_who_drew_a_revision_before_he_had_a_number() -> None:
    horizon = Horizon()
    for at, safe in ((0.0, 0), (1.0, 0), (3.0, 10)):
        horizon.read(Snapshot(revision=10, oldest=8, next=8, at=at), [9])
        assert horizon.safe == safe


async def test_message_that_cannot_be_read_does_not_stop_the_embedding_of_others(
    say: Say, database: Database, owner: Owner, embedder: WordEmbedder
) -> None:
    await say(owner, "The key of this is lost.", "This is still to be read.")
    while await embed_due(database, embedder, 1, Lost()):
        pass
    async with database.of(owner) as connection:
        cursor = await connection.execute(
            "SELECT content, embedded, (SELECT count(*) FROM memory_passages WHERE message_id = messages.id) AS passages"
            " FROM messages ORDER BY id"
        )
        rows = [tuple(row.values()) for row in await cursor.fetchall()]
    assert rows == [("The key of this is lost.", True, 0), ("This is still to be read.", True, 1)]


async def test_what_cannot_be_read_is_left_out_and_the_rest_is_followed(
    say: Say, know: Say, database: Database, owner: Owner
) -> None:
    indexes = IndexCache(
        database, model="words", dimensions=WordEmbedder.dimensions, most_bytes=1 << 30, opener=Lost()
    )
    await know(owner, "What is lost is not known.")
    thread = await say(owner, "First.", "The key of this is lost.")
    assert await texts(indexes, owner) == ["First."]
    await say(owner, "Second.", thread=thread)
    assert await texts(indexes, owner) == ["First.", "Second."]


async def test_long_messages_are_embedded_a_few_at_a_time(
    say: Say, database: Database, owner: Owner, embedder: WordEmbedder
) -> None:
    while await embed_due(database, embedder, 500):
        pass
    await say(owner, *["This is one sentence of a very long message, and it is not short.\n" * 200] * 3)
    assert [await embed_due(database, embedder) for _ in range(3)] == [2, 1, 0]


async def test_those_who_ask_at_once_share_one_reading(say: Say, database_url: str, owner: Owner) -> None:
    pool = await open_pool(database_url, restricted=True)
    counted = Counted(pool)
    indexes = cache(counted)
    await asyncio.gather(*(indexes.current(owner) for _ in range(64)))
    assert counted.count == 1
    await say(owner, "One.")
    assert await texts(indexes, owner) == ["One."]
    await pool.close()


def test_use_of_a_record_does_not_wear_the_index_out(owner: Owner) -> None:
    index = UserIndex(owner, 2)
    record = Source(
        owner=owner,
        id="mem_1",
        tier=Tier.LONG,
        kind=Kind.FACT,
        text="Likes tea.",
        said_at=0,
        passages=(Passage(0, 10),),
        standing=Standing(),
    )
    for recalled in range(300):
        index.add(replace(record, standing=Standing(recalled=recalled)))
    index.add(replace(record, standing=Standing(recalled=300)), np.ones((1, 2), np.float32))
    assert [source.standing for source in index.sources] == [Standing(recalled=300)]
    assert index.row.values.tolist() == [0]
    assert not index.worn
