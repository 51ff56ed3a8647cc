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
