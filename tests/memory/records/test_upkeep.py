"""Usefulness is learned, and what is unused fades, awakens and expires."""

from datetime import UTC, datetime, timedelta

import pytest

from memory import Kind, UnknownRecord, new_id
from memory.records import RecordSettings, RecordStore, RetentionDays, confirmed, half_life_days, usefulness

SETTINGS = RecordSettings(fade_after_days=10, retention_days=RetentionDays(medium=30, long=400, threads=100))


@pytest.fixture
def store(database, vectors, embedder):
    return RecordStore(database, vectors, embedder, settings=SETTINGS)


def after(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def test_confidence_grows_with_every_repetition_and_never_reaches_certainty():
    grown = [0.5]
    for _ in range(20):
        grown.append(confirmed(grown[-1], 0.6))
    assert grown == sorted(grown)
    assert grown[1] == pytest.approx(0.65)
    assert grown[-1] == 0.99
    assert confirmed(1.0, 0.1) == 1.0


async def test_usefulness_follows_what_was_cited_and_how_it_was_rated(store, owner, says):
    done = await store.remember(owner, [says("Likes tea."), says("Plays chess.")])
    good, bad = (one.record.id for one in done)
    assert usefulness(done[0].record) == pytest.approx(0.5)
    for _ in range(4):
        await store.used(owner, [good, bad], [good])
    await store.rate(owner, [good], 1, run_id="run_1")
    await store.rate(owner, [good], 0, run_id="run_2")
    await store.rate(owner, [bad], -7, run_id="run_1")
    first, second = await store.get(owner, good), await store.get(owner, bad)
    assert (first.recalled, first.cited, first.rating) == (4, 4, pytest.approx(0.5))
    assert (second.recalled, second.cited, second.rating) == (4, 0, -1)
    assert usefulness(first) == pytest.approx(0.5 * 5 / 6 + 0.5 * 0.75)
    assert usefulness(second) == pytest.approx(0.5 * 1 / 6)


async def test_of_several_ratings_of_a_run_the_last_counts(store, owner, other, says):
    done = await store.remember(owner, [says("Likes tea."), says("Plays chess.")])
    (tea, chess), ratings = (one.record.id for one in done), []
    for run, rating in (
        ("run_1", -1),
        ("run_1", 1),
        ("run_1", 1),
        ("run_2", 0),
        ("run_1", 0.5),
        ("run_2", -0.5),
    ):
        await store.rate(owner, [tea], rating, run_id=run)
        await store.rate(other, [tea], -1, run_id=run)
        ratings.append((await store.get(owner, tea)).rating)
    assert ratings == pytest.approx([-1, 1, 1, 0.5, 0.25, 0])
    await store.rate(owner, [tea, chess], 1, run_id="run_2")
    assert (await store.get(owner, tea)).rating == pytest.approx(0.75)
    assert (await store.get(owner, chess)).rating == 1


async def test_records_fade_at_their_half_life_and_no_earlier(store, owner, says):
    drafts = [
        says("Finished the import.", kind=Kind.PROGRESS),
        says("Plays chess."),
        says("Likes tea.", 1, kind=Kind.PREFERENCE),
        says("Likes tea!", 2, kind=Kind.PREFERENCE),
    ]
    done = await store.remember(owner, drafts)
    ids = [one.record.id for one in done[:3]]
    await store.rate(owner, [ids[1]], 1, run_id="run_1")
    records = [await store.get(owner, name) for name in ids]
    days = [half_life_days(record, SETTINGS.fade_after_days) for record in records]
    assert days == pytest.approx([5, 18.75, 40])
    for name, half_life in zip(ids, days, strict=True):
        await store.fade(after(half_life - 0.1))
        assert not (await store.get(owner, name)).faded
        assert await store.fade(after(half_life + 0.1)) >= 1
        assert (await store.get(owner, name)).faded


async def test_a_pinned_record_never_fades_nor_expires(store, owner, says):
    (done,) = await store.remember(owner, [says("Uses Rust.", kind=Kind.DECISION)])
    await store.pin(owner, done.record.id)
    await store.fade(after(5000))
    await store.expire(after(5000))
    kept = await store.get(owner, done.record.id)
    assert (kept.pinned, kept.faded) == (True, False)
    await store.unpin(owner, done.record.id)
    await store.fade(after(5000))
    assert (await store.get(owner, done.record.id)).faded


async def test_a_faded_record_awakens_when_it_is_recalled_or_said_again(store, owner, says):
    done = await store.remember(owner, [says("Likes tea.", 1), says("Plays chess.", 1)])
    await store.fade(after(300))
    await store.used(owner, [done[0].record.id])
    await store.remember(owner, [says("Plays chess!", 2)])
    assert [one.faded for one in await store.list(owner)] == [False, False]


async def test_the_unused_expire_by_tier_with_their_vectors(store, database, vectors, owner, says):
    done = await store.remember(owner, [says("Uses Rust.", kind=Kind.DECISION), says("Likes tea.")])
    await store.expire(after(29))
    assert len(await store.list(owner)) == 2
    assert (await store.expire(after(31))).records >= 1
    with pytest.raises(UnknownRecord):
        await store.get(owner, done[0].record.id)
    await store.expire(after(401))
    assert list(await store.list(owner)) == []
    assert await vectors.ids(owner) == []
    async with database.of(owner) as connection:
        cursor = await connection.execute("SELECT deleted FROM memory_progress")
        assert (await cursor.fetchall())[0]["deleted"] > 0


async def test_old_threads_expire_where_a_retention_is_set(store, database, vectors, embedder, owner):
    thread = new_id("thr")
    async with database.of(owner) as connection:
        await connection.execute(
            "INSERT INTO threads (id, tenant_id, user_id, title, metadata, updated_at)"
            " VALUES (%s, %s, %s, 'Old', '{}', now() - interval '99 days')",
            (thread, owner.tenant_id, owner.user_id),
        )

    async def count() -> int:
        async with database.of(owner) as connection:
            cursor = await connection.execute("SELECT id FROM threads")
            return len(await cursor.fetchall())

    await RecordStore(database, vectors, embedder).expire(after(9000))
    await store.expire(after(0))
    assert await count() == 1
    assert (await store.expire(after(2))).threads == 1
    assert await count() == 0
