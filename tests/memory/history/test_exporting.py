import json
from typing import Any

import pytest

from memory import Database, Owner
from memory.history import HistoryExporter
from tests.memory.history.planting import plant

pytestmark = pytest.mark.usefixtures("checkpoints")


async def _document(exporter: HistoryExporter, owner: Owner) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(b"".join([piece async for piece in exporter.document(owner)]))
    return document


async def test_the_document_has_everything_of_the_user_and_nothing_of_another(
    database: Database, pool, redis, short, vectors, owner, other
) -> None:
    planted = await plant(pool, redis, short, vectors, owner, 'teal "wren"')
    await plant(pool, redis, short, vectors, other, "amber otter")

    document = await _document(HistoryExporter(database), owner)

    assert (document["format"], document["version"], document["user"]) == (
        "freya-memory-export",
        1,
        owner.user_id,
    )
    assert "amber otter" not in json.dumps(document)
    assert other.user_id not in json.dumps(document)
    assert [one["id"] for one in document["records"]] == [planted.record, f"{planted.record}b"]
    assert document["records"][1]["supersedes"] == planted.record
    assert document["messages"][0]["content"] == 'teal "wren"'
    assert document["messages"][0]["thread_id"] == document["threads"][0]["id"] == planted.thread
    assert document["entities"][0]["records"] == [planted.record]
    assert document["entities"][0]["relations"][0]["predicate"] == 'teal "wren"'
    assert [one["user"] for one in document["projects"][0]["members"]] == [f"{owner.user_id}friend"]
    assert document["memberships"] == [
        {
            "id": planted.shared,
            "owner": f"{owner.user_id}friend",
            "added_at": document["memberships"][0]["added_at"],
        }
    ]
    assert document["counts"] == {
        name: len(value) for name, value in document.items() if isinstance(value, list)
    }
    assert all(document["counts"].values()), document["counts"]


async def test_a_user_of_whom_nothing_is_kept_gets_empty_lists(database, owner) -> None:
    document = await _document(HistoryExporter(database), owner)

    assert document["messages"] == []
    assert not any(document["counts"].values())


async def test_the_document_comes_in_pieces_and_leaves_nothing_out(database, pool, owner) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO interactions (run_id, thread_id, user_id, outcome, record)"
            " SELECT 'run_' || n, 'thr', %s, 'answered', '{}' FROM generate_series(1, 1200) n",
            (owner.user_id,),
        )

    pieces = [piece async for piece in HistoryExporter(database).document(owner)]

    document = json.loads(b"".join(pieces))
    assert [one["run_id"] for one in document["interactions"]] == [f"run_{n}" for n in range(1, 1201)]
    assert max(len(piece) for piece in pieces) < len(b"".join(pieces)) * 0.5


async def test_encrypted_texts_are_opened_for_their_owner(
    database, pool, redis, short, vectors, owner
) -> None:
    await plant(pool, redis, short, vectors, owner, "teal")

    async def opens(whose: Owner, text: str) -> str:
        return f"{whose.user_id} reads {text}"

    document = await _document(HistoryExporter(database, opens=opens), owner)

    for section, field in (("messages", "content"), ("artifacts", "content"), ("records", "text")):
        assert document[section][0][field] == f"{owner.user_id} reads teal"
