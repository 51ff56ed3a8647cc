import asyncio
import base64
import time

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from app.database import Pool
from app.memory_vectors import ChromaVectors
from memory import Database, KeyMissing, MemoryUnavailable, Owner, ShortTermTier, ThreadStore
from memory.history import ErasedStore, Eraser, RedisKeys, Rows, VectorRows
from memory.locks import kept_from_erasing
from memory.privacy import AuditTrail, DataKeys, PrivacySettings, Sealer
from tests.memory.history.planting import Planted, owned_tables, plant, snapshot

_KEPT = {"memory_audit", "memory_audit_chains", "memory_progress"}


async def _nothing_runs(_: Owner) -> int:
    return 0


@pytest.fixture
def eraser(database: Database, redis: Redis, short: ShortTermTier, vectors: ChromaVectors) -> Eraser:
    return Eraser(Rows(database), [RedisKeys(redis, short), VectorRows(vectors)], stop_runs=_nothing_runs)


async def test_everything_of_the_user_goes_and_nothing_of_another(
    eraser, pool, redis, short, vectors, owner, other
) -> None:
    text, his = 'violet "heron" 42 ü', "amber otter 43"
    planted = await plant(pool, redis, short, vectors, owner, text)
    kept = await plant(pool, redis, short, vectors, other, his)
    runs = [kept.run, f"{kept.run}gone"]
    before = await snapshot(pool, redis, other, runs)
    assert {table for table, rows in before.items() if not rows} == {"memory_progress"}

    receipt = await eraser.erase(owner, actor=owner.user_id, planted=[text])

    assert receipt.verified, receipt.left
    assert receipt.left == {}
    assert receipt.removed["redis"] == {
        "short_term": len(await _short_keys(short, other)),
        "streams": 2,
        "work": 2,
    }
    assert receipt.removed["vectors"] == {"records": 1}
    rows = receipt.removed["postgresql"]
    assert rows["memory_records"] == rows["interactions"] == rows["project_members"] == 2
    assert {*rows} >= {*await owned_tables(pool)} - {"memory_audit_chains", "memory_progress"}
    assert receipt.total == sum(sum(counts.values()) for counts in receipt.removed.values())
    assert await snapshot(pool, redis, other, runs) == before
    assert await vectors.ids(other) == [kept.record]
    mine = await snapshot(pool, redis, owner, [planted.run, f"{planted.run}gone"])
    assert {table for table, found in mine.items() if found} == _KEPT
    assert text not in str(mine)


async def test_what_is_planted_elsewhere_is_found_in_every_form(
    eraser, pool, redis, short, vectors, owner, other
) -> None:
    text = 'cobalt "lynx" \\ ü'
    await plant(pool, redis, short, vectors, other, text)
    await redis.hset("h", "field", text)
    await redis.sadd("s", text)
    await redis.zadd("z", {text: 1})
    await redis.set(text, "in the key")

    receipt = await eraser.erase(owner, actor="test", planted=[text])

    assert not receipt.verified
    found = receipt.left["postgresql"]
    assert (
        found["text in messages.content"]
        == found["text in runs.request"]
        == found["text in memory_keys.sealed"]
        == 1
    )
    assert found["text in memory_records.sources"] == 1
    assert found["text in interactions.record"] == 2
    kinds = ("list", "stream", "hash", "set", "zset", "string")
    assert {*receipt.left["redis"]} == {f"text in {kind}" for kind in kinds}


async def test_an_erasure_is_noted_with_its_counts_alone(
    eraser, database, pool, redis, short, vectors, owner
) -> None:
    await plant(pool, redis, short, vectors, owner, "teal")
    receipt = await eraser.erase(owner, actor="an operator")
    again = await eraser.erase(owner, actor="an operator")

    assert again.verified
    assert again.total == 0
    chain = await AuditTrail(database).verify(owner)
    assert (chain.intact, chain.entries, chain.removed) == (True, 1, 1)
    async with database.of(owner) as connection:
        cursor = await connection.execute("SELECT actor, action, subject, counts FROM memory_audit")
        assert await cursor.fetchall() == [
            {
                "actor": "an operator",
                "action": "erase",
                "subject": None,
                "counts": receipt.removed["postgresql"],
            }
        ]


async def test_members_of_shared_projects_are_told_that_rows_are_gone(
    eraser, database, pool, redis, short, vectors, owner
) -> None:
    await plant(pool, redis, short, vectors, owner, "teal")

    await eraser.erase(owner, actor="test")

    for whose in (owner, Owner(f"{owner.user_id}friend")):
        async with database.of(whose) as connection:
            cursor = await connection.execute("SELECT deleted FROM memory_progress")
            (row,) = await cursor.fetchall()
        assert row["deleted"] > 0, whose


@pytest.mark.parametrize("broken", ["redis", "vectors", "postgresql"])
async def test_an_erasure_that_was_broken_off_is_completed_by_the_next(
    broken, database, pool, redis, short, vectors, owner
) -> None:
    planted: Planted = await plant(pool, redis, short, vectors, owner, "teal")
    stores: list[ErasedStore] = [RedisKeys(redis, short), VectorRows(vectors)]
    rows = Rows(database)
    by_name = {rows.name: rows, **{one.name: one for one in stores}}

    async def away(*_: object, **__: object) -> dict[str, int]:
        raise MemoryUnavailable(f"{broken} does not answer")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(by_name[broken], "erase", away)
        with pytest.raises(MemoryUnavailable, match=broken):
            await Eraser(rows, stores, stop_runs=_nothing_runs).erase(owner, actor="test")

    receipt = await Eraser(rows, stores, stop_runs=_nothing_runs).erase(owner, actor="test", planted=["teal"])

    assert receipt.verified, receipt.left
    assert receipt.removed["postgresql"]["messages"] == 1
    assert await redis.exists(f"freya:run:{planted.run}:events", f"freya:run:{planted.run}:work") == 0


async def test_what_is_written_meanwhile_goes_in_another_pass(
    database, pool, redis, short, vectors, owner
) -> None:
    passes = 0

    class Late(RedisKeys):
        async def left(self, whose: Owner, runs):
            nonlocal passes
            passes += 1
            if passes == 1:
                await plant(pool, redis, short, vectors, whose, "late")
            return await super().left(whose, runs)

    await plant(pool, redis, short, vectors, owner, "early")
    receipt = await Eraser(
        Rows(database), [Late(redis, short), VectorRows(vectors)], stop_runs=_nothing_runs
    ).erase(owner, actor="test", planted=["early", "late"])

    assert passes == 2
    assert receipt.verified, receipt.left
    assert receipt.removed["postgresql"]["messages"] == 2


async def test_runs_are_stopped_before_anything_goes(database, redis, short, vectors, pool, owner) -> None:
    planted = await plant(pool, redis, short, vectors, owner, "teal")
    seen: list[int] = []

    async def stop(whose: Owner) -> int:
        assert whose == owner
        seen.append(await redis.exists(f"freya:run:{planted.run}:events"))
        return 0

    await Eraser(Rows(database), [RedisKeys(redis, short)], stop_runs=stop).erase(owner, actor="test")

    assert seen == [1]


async def test_nothing_is_verified_while_another_process_may_write_on(database, redis, short, owner) -> None:
    async def stop(_: Owner) -> int:
        return 2

    eraser = Eraser(Rows(database), [RedisKeys(redis, short)], stop_runs=stop)
    receipt = await eraser.erase(owner, actor="test")

    assert not receipt.verified
    assert receipt.left == {"processes": {"that may still carry out runs": 2}}


@pytest.mark.uncounted
async def test_ten_thousand_turns_go_no_slower_than_they_came(eraser, pool, owner) -> None:
    began = time.monotonic()
    await _many(pool, owner, 10_000)
    made = time.monotonic()

    receipt = await eraser.erase(owner, actor="test")

    # Seconds for both; a plan that reads a whole table for every row that goes takes minutes.
    assert time.monotonic() - made < 5 * (made - began)
    assert receipt.verified, receipt.left
    rows = receipt.removed["postgresql"]
    assert (rows["messages"], rows["runs"], rows["memory_records"]) == (20_000, 10_000, 5_000)


async def _many(pool: Pool, owner: Owner, turns: int) -> None:
    """Turns with their runs, passages, artifacts, and half as many records, each superseding another."""
    statements = (
        "INSERT INTO threads (id, tenant_id, user_id, title) SELECT 't' || n || %(user)s, 'local', %(user)s, 't' FROM generate_series(0, %(turns)s / 50) n",
        "INSERT INTO runs (id, thread_id, tenant_id, user_id, status, worker, request) SELECT 'r' || n || %(user)s, 't' || n / 50 || %(user)s, 'local', %(user)s, 'finished', 'w', '{}' FROM generate_series(1, %(turns)s) n",
        "INSERT INTO messages (id, thread_id, tenant_id, user_id, run_id, role, content) SELECT role || n || %(user)s, 't' || n / 50 || %(user)s, 'local', %(user)s, 'r' || n || %(user)s, role, repeat('said ', 40) FROM generate_series(1, %(turns)s) n, unnest(ARRAY['user', 'assistant']) role",
        "ANALYZE messages",
        "INSERT INTO memory_passages (message_id, ordinal, tenant_id, user_id, begins, ends, model, vector) SELECT id, 0, 'local', %(user)s, 0, 9, 'm', array_fill(0.1, ARRAY[384])::vector FROM messages WHERE user_id = %(user)s",
        "INSERT INTO artifacts (id, run_id, tenant_id, user_id, agent, name, media_type, content) SELECT 'a' || n || %(user)s, 'r' || n || %(user)s, 'local', %(user)s, 'a', 'n', 'text/plain', 'x' FROM generate_series(1, %(turns)s, 10) n",
        "INSERT INTO memory_records (id, tenant_id, user_id, tier, kind, text, said_at, supersedes) SELECT 'm' || n || %(user)s, 'local', %(user)s, 'long', 'fact', 'x', now(), CASE WHEN n > 1 THEN 'm' || n - 1 || %(user)s END FROM generate_series(1, %(turns)s / 2) n",
        "INSERT INTO interactions (run_id, thread_id, tenant_id, user_id, outcome, record) SELECT id, thread_id, 'local', %(user)s, 'answered', '{}' FROM runs WHERE user_id = %(user)s",
    )
    async with pool.connection() as connection:
        for statement in statements:
            await connection.execute(statement, {"user": owner.user_id, "turns": turns})


async def _short_keys(short: ShortTermTier, owner: Owner) -> list[str]:
    return await short.keys(owner)


async def test_a_key_that_was_erased_is_held_no_longer(database, redis, short, owner) -> None:
    settings = PrivacySettings(keys=[SecretStr(base64.b64encode(bytes(32)).decode())])
    keys = DataKeys(database, settings)
    sealer = Sealer(keys)
    sealed = await sealer.seal(owner, "teal")
    eraser = Eraser(
        Rows(database), [RedisKeys(redis, short)], stop_runs=_nothing_runs, forget_key=keys.forget
    )

    receipt = await eraser.erase(owner, actor="test")

    assert receipt.removed["postgresql"] == {"memory_keys": 1}
    with pytest.raises(KeyMissing):
        await sealer.open(owner, sealed)


async def test_a_deleted_thread_takes_its_messages_runs_and_artifacts_along(
    database, pool, redis, short, vectors, owner
) -> None:
    planted = await plant(pool, redis, short, vectors, owner, "umber crane 7")
    before = await snapshot(pool, redis, owner, [planted.run])
    assert before["messages"]
    assert before["runs"]
    assert before["artifacts"]

    await ThreadStore(database).delete(owner, planted.thread)

    after = await snapshot(pool, redis, owner, [planted.run])
    assert after["messages"] == after["runs"] == after["artifacts"] == []


async def test_erasing_waits_for_who_works_on_the_user_in_two_transactions(
    eraser, database, pool, redis, short, vectors, owner
) -> None:
    planted = await plant(pool, redis, short, vectors, owner, "ochre stork 8")
    async with asyncio.timeout(60):
        async with database.of_all() as outer:
            assert await kept_from_erasing(outer, owner)
            await outer.execute("SELECT id FROM messages WHERE id = %s FOR KEY SHARE", (planted.message,))
            erasing = asyncio.create_task(eraser.erase(owner, actor="test"))
            while True:
                cursor = await outer.execute("SELECT count(*) AS n FROM pg_locks WHERE NOT granted")
                if (await cursor.fetchall())[0]["n"]:
                    break
            async with database.of(owner) as inner:
                await inner.execute("UPDATE memory_records SET evidence = 2 WHERE id = %s", (planted.record,))
            async with database.of_all() as another:
                assert not await kept_from_erasing(another, owner)
        receipt = await erasing
    assert receipt.verified, receipt.left
