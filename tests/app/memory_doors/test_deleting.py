"""A conversation is deleted: what it taught stays and says so, or goes with it."""

import httpx
import pytest

from memory import DeletedThread, Owner, UnknownThread
from tests.app.memory_doors.users import kept, take_in
from tests.app.remembering import Remembering, line, lines


@pytest.fixture
async def told(opened: Remembering, mine: httpx.AsyncClient, owner: Owner) -> dict[str, list[str]]:
    """Two conversations: by their threads the ids of their messages."""
    said = [line(owner.user_id, f"The counter number {number} is violet.", number) for number in range(2)]
    await take_in(mine, lines(*said))
    await take_in(mine, lines(line(owner.user_id, "The heron is grey.", 5, thread="another")))
    found = {}
    for thread in await opened.threads.page(owner, limit=9, before=None):
        messages = await opened.threads.messages(owner, thread.id, limit=9, after=None)
        found[thread.id] = [one.id for one in messages]
    return found


def _by_length(told: dict[str, list[str]]) -> tuple[str, list[str], list[str]]:
    """The thread with two messages, those, and that of the other."""
    thread = next(name for name, messages in told.items() if len(messages) == 2)
    return thread, told[thread], next(messages for messages in told.values() if len(messages) == 1)


async def test_records_of_a_deleted_conversation_say_that_their_sources_are_gone(opened, mine, owner, told):
    thread, gone, left = _by_length(told)
    alone, also = [
        *await kept(opened, owner, "Has a violet counter.", sources=tuple(gone[:1])),
        *await kept(opened, owner, "Likes herons.", sources=(gone[1], *left)),
    ]
    assert (await mine.get(f"/v1/memory/{alone}")).json()["deleted_sources"] == []

    deleted = await opened.threads.delete(owner, thread)

    assert deleted == DeletedThread(messages=2, runs=(), records=(), kept=(alone, also))
    listed = {one["id"]: one["deleted_sources"] for one in (await mine.get("/v1/memory")).json()["items"]}
    assert listed == {alone: gone[:1], also: gone[1:]}
    pinned = (await mine.patch(f"/v1/memory/{alone}", json={"pinned": True})).json()
    assert pinned["deleted_sources"] == gone[:1]
    exported = (await mine.get("/v1/memory/export")).json()["records"]
    assert {one["id"]: one["deleted_sources"] for one in exported} == listed
    recalled = (await mine.get("/v1/memory/recall", params={"q": "violet counter"})).json()["items"]
    (item,) = (one for one in recalled if one["id"] == alone)
    assert item["deleted_sources"] == gone[:1]
    assert "what it comes from was deleted" in item["reasons"]


async def test_what_a_conversation_alone_taught_goes_with_it_where_that_is_asked_for(
    opened, mine, owner, told
):
    thread, gone, left = _by_length(told)
    alone, also, other = [
        *await kept(opened, owner, "Has a violet counter.", sources=tuple(gone[:1])),
        *await kept(opened, owner, "Likes herons.", sources=(gone[1], *left)),
        *await kept(opened, owner, "Lives in Oslo.", sources=tuple(left)),
    ]

    deleted = await opened.threads.delete(owner, thread, withdraw=opened.records.withdraw)

    assert deleted == DeletedThread(messages=2, runs=(), records=(alone,), kept=(also,))
    stay = {one["id"]: one["sources"] for one in (await mine.get("/v1/memory")).json()["items"]}
    assert stay == {also: left, other: left}
    noted = (await mine.get("/v1/memory/audit", params={"limit": 2})).json()["items"][1]
    assert (noted["action"], noted["counts"]) == ("delete thread", {"messages": 2, "records": 1})


async def test_nobody_deletes_anothers_conversation_or_what_it_taught(opened, mine, other, owner, told):
    thread, gone, _ = _by_length(told)
    (record,) = await kept(opened, owner, "Has a violet counter.", sources=tuple(gone))

    with pytest.raises(UnknownThread):
        await opened.threads.delete(other, thread, withdraw=opened.records.withdraw)

    assert (await mine.get(f"/v1/memory/{record}")).json()["deleted_sources"] == []
