import asyncio
import json
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from memory import Database, Owner
from memory.history import HistoryExporter
from memory.privacy import DataKeys, PrivacySettings, Sealer, Vault
from memory.privacy.stored import sealed_json
from tests.memory.history.planting import plant
from tests.memory.privacy.conftest import key


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

    keys = DataKeys(database, PrivacySettings(keys=(key(1),)))
    sealer, vault = Sealer(keys), Vault(database, keys)
    async with database.of(owner) as connection:
        await connection.execute("DELETE FROM memory_keys")
        await connection.execute("DELETE FROM memory_vault")
    token = (await vault.redact(owner, "ada@example.org")).text
    columns = {"messages": "content speaker", "projects": "name description", "threads": "title", "artifacts": "content",
        "memory_records": "text slot", "memory_entities": "name", "memory_relations": "predicate", "memory_imports": "name error"}  # fmt: skip
    async with database.of(owner) as connection:
        for table, names in columns.items():
            for name in names.split():
                stored = await sealer.seal_name(owner, f"{table} {name}")
                await connection.execute(
                    sql.SQL("UPDATE {} SET {} = %s WHERE user_id = %s").format(
                        sql.Identifier(table), sql.Identifier(name)
                    ),
                    (stored, owner.user_id),
                )
        await connection.execute(
            "UPDATE threads SET metadata = %s", (Jsonb(await sealed_json(sealer, owner, {"a": 1})),)
        )

    document = await _document(HistoryExporter(database, sealer, vault=vault), owner)

    for table, names in columns.items():
        for name in names.split():
            rows = (
                document[table.removeprefix("memory_")]
                if table != "memory_relations"
                else document["entities"][0]["relations"]
            )
            assert rows[0][name] == f"{table} {name}"
    assert document["threads"][0]["metadata"] == {"a": 1}
    assert document["threads"][0]["title"] == "threads title"
    assert [(one["id"], one["value"]) for one in document["vault"]] == [(token, "ada@example.org")]


async def test_what_is_written_meanwhile_is_in_no_list(database, pool, redis, short, vectors, owner) -> None:
    planted = await plant(pool, redis, short, vectors, owner, "teal")
    async with pool.connection() as writing, pool.connection() as watching, asyncio.timeout(60):
        async with writing.transaction():
            await writing.execute("LOCK TABLE memory_audit IN ACCESS EXCLUSIVE MODE")
            exporting = asyncio.create_task(_document(HistoryExporter(database), owner))
            waits = "SELECT count(*) AS waiting FROM pg_locks WHERE NOT granted AND relation = 'memory_audit'::regclass"
            while not (await (await watching.execute(waits)).fetchall())[0]["waiting"]:
                await asyncio.sleep(0)
            # All lists but the last are read by now.
            whose = (owner.tenant_id, owner.user_id)
            await writing.execute(
                "INSERT INTO messages (id, thread_id, tenant_id, user_id, role, content)"
                " VALUES ('msg_late', %s, %s, %s, 'user', 'late')",
                (planted.thread, *whose),
            )
            await writing.execute(
                "INSERT INTO memory_audit (tenant_id, user_id, actor, action) VALUES (%s, %s, 'late', 'late')",
                whose,
            )
        document = await exporting

    assert "late" not in json.dumps(document)
    again = await _document(HistoryExporter(database), owner)
    assert [len(again[name]) - len(document[name]) for name in ("messages", "audit", "records")] == [1, 1, 0]


async def test_export_that_is_left_unread_holds_no_connection(
    database, pool, redis, short, vectors, owner
) -> None:
    await plant(pool, redis, short, vectors, owner, "teal")
    reading = HistoryExporter(database).document(owner)
    await anext(reading)
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT count(*) AS open FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        )
        assert (await cursor.fetchall())[0]["open"] == 0
    await reading.aclose()
