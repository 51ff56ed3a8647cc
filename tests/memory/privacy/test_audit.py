import asyncio

import psycopg
import pytest

from memory.database import Database
from memory.identifiers import new_id
from memory.owner import Owner
from memory.privacy import AuditTrail, write_note


@pytest.fixture
def owner() -> Owner:
    return Owner(new_id("usr"))


async def test_notes_come_back_newest_first_by_pages(database: Database, owner: Owner) -> None:
    trail = AuditTrail(database)
    for number in range(3):
        await trail.note(owner, "ada", "forget", subject=f"rec_{number}", counts={"records": number})
    newest = await trail.page(owner, limit=2)
    rest = await trail.page(owner, limit=2, before=newest[-1].id)

    assert [(entry.subject, entry.counts) for entry in newest] == [
        ("rec_2", {"records": 2}),
        ("rec_1", {"records": 1}),
    ]
    assert [entry.subject for entry in rest] == ["rec_0"]
    assert (rest[0].actor, rest[0].action) == ("ada", "forget")


async def test_the_trail_of_one_user_is_not_seen_by_another(database: Database, owner: Owner) -> None:
    trail, other = AuditTrail(database), Owner(new_id("usr"))
    await trail.note(owner, "ada", "export")

    assert await trail.page(other) == []
    assert [(entry.subject, entry.counts) for entry in await trail.page(owner)] == [(None, {})]


async def test_a_note_goes_with_the_transaction_it_is_of(database: Database, owner: Owner) -> None:
    async def erase_in_vain() -> None:
        async with database.of(owner) as connection:
            await write_note(connection, owner, "ada", "erase")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await erase_in_vain()

    assert await AuditTrail(database).page(owner) == []


async def test_an_untouched_trail_is_intact_and_its_head_is_the_last_hash(
    database: Database, owner: Owner
) -> None:
    trail = AuditTrail(database)
    assert (await trail.verify(owner)).intact
    for number in range(5):
        await trail.note(owner, "ada", 'read "ü"', subject=f"rec_{number}", counts={"records": number})

    found = await trail.verify(owner)

    assert (found.intact, found.entries, found.removed, found.broken_at) == (True, 5, 0, None)
    assert found.head == (await trail.page(owner, limit=1))[0].hash
    assert not (await trail.verify(Owner(new_id("usr")))).head


async def test_notes_of_one_moment_are_one_chain(database: Database, owner: Owner) -> None:
    trail = AuditTrail(database)
    await asyncio.gather(*(trail.note(owner, "ada", "read", subject=f"rec_{each}") for each in range(20)))

    assert (await trail.verify(owner)).intact


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE memory_audit SET actor = 'nobody'",
        "DELETE FROM memory_audit",
        "TRUNCATE memory_audit",
        "UPDATE memory_audit_chains SET head = ''",
        "DELETE FROM memory_audit_chains",
        "SELECT freya_chain_anew('local', 'ada')",
        "SELECT freya_expire_audit(now() - interval '29 days', 1000)",
    ],
)
@pytest.mark.parametrize("trick", ["SELECT 1", "SELECT set_config('freya.removing_audit', 'on', true)"])
async def test_the_service_can_neither_change_nor_delete_a_note(database, owner, statement, trick) -> None:
    await AuditTrail(database).note(owner, "ada", "read")

    async def tamper() -> None:
        async with database.of_all() as connection:
            await connection.execute(trick)
            await connection.execute(statement)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await tamper()


async def test_a_users_transaction_removes_nothing(database, owner) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="in the background"):
        async with database.of(owner) as connection:
            await connection.execute("SELECT freya_erase_audit('local', 'ada')")


async def test_the_owner_of_the_tables_changes_no_note_by_mistake(database, pool, owner) -> None:
    await AuditTrail(database).note(owner, "ada", "read")
    for statement in ("DELETE FROM memory_audit", "UPDATE memory_audit SET actor = 'x'"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed"):
            async with pool.connection() as connection:
                await connection.execute(statement)


@pytest.mark.parametrize(
    ("tampering", "broken"),
    [
        ("UPDATE memory_audit SET actor = 'nobody' WHERE subject = 'rec_1' AND user_id = %s", "rec_1"),
        (
            "UPDATE memory_audit SET at = at - interval '1 ms' WHERE subject = 'rec_1' AND user_id = %s",
            "rec_1",
        ),
        ("DELETE FROM memory_audit WHERE subject = 'rec_0' AND user_id = %s", "rec_1"),
        ("DELETE FROM memory_audit WHERE subject = 'rec_3' AND user_id = %s", None),
    ],
)
async def test_tampering_past_the_guards_is_seen(database, pool, owner, tampering, broken) -> None:
    trail = AuditTrail(database)
    for number in range(4):
        await trail.note(owner, "ada", "read", subject=f"rec_{number}")
    async with pool.connection() as connection, connection.transaction():
        await connection.execute("SELECT set_config('freya.removing_audit', 'on', true)")
        await connection.execute(tampering, (owner.user_id,))

    found = await trail.verify(owner)

    assert not found.intact
    by_subject = {entry.subject: entry.id for entry in await trail.page(owner)}
    assert found.broken_at == (by_subject[broken] if broken else None)


async def test_a_trail_from_which_the_old_was_removed_is_intact(database, pool, owner) -> None:
    trail = AuditTrail(database)
    async with pool.connection() as connection:
        for days in (90, 80, 70, 20):
            await connection.execute(
                "INSERT INTO memory_audit (tenant_id, user_id, actor, action, at)"
                " VALUES ('local', %s, 'ada', 'read', now() - make_interval(days => %s))",
                (owner.user_id, days),
            )
    counts = []
    for most in (2, 2, 2):
        async with database.of_all() as connection:
            cursor = await connection.execute(
                "SELECT freya_expire_audit(now() - interval '60 days', %s) AS rows", (most,)
            )
            counts.append((await cursor.fetchall())[0]["rows"])
    await trail.note(owner, "ada", "export")

    found = await trail.verify(owner)

    assert counts == [2, 1, 0]
    assert (found.intact, found.entries, found.removed) == (True, 2, 3)
