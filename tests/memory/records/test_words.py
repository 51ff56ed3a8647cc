"""Records searched by their words: through an index, and each user's own."""

import psycopg
import pytest
from psycopg.rows import dict_row

from memory import Database, Owner
from memory.records import RecordStore
from memory.records.store import _LIST

RECORDS = """
    INSERT INTO memory_records (id, tenant_id, user_id, tier, kind, text, said_at)
    SELECT 'rec_bulk' || lpad(n::text, 6, '0'), %(tenant)s, CASE WHEN n %% 2 = 0 THEN %(user)s ELSE 'another' END, 'long',
        'fact', 'Fact ' || n || ' tells of thing' || n %% 997 || ' in words of the usual length of a record.', now()
    FROM generate_series(1, 20000) AS n
"""
BODY = "SELECT prosrc FROM pg_proc WHERE proname = 'freya_records_saying'"


@pytest.fixture
async def many(database_url: str, owner: Owner):
    """Thousands of records of the owner and of another, and statistics of them."""
    async with await psycopg.AsyncConnection.connect(database_url, row_factory=dict_row) as connection:
        await connection.execute(RECORDS, {"tenant": owner.tenant_id, "user": owner.user_id})
        await connection.execute("ANALYZE memory_records")
    yield
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await connection.execute("DELETE FROM memory_records WHERE id LIKE 'rec_bulk%%'")


async def plan(connection, statement: str, given) -> str:
    cursor = await connection.execute(f"EXPLAIN (COSTS OFF) {statement}", given)
    return "\n".join(row["QUERY PLAN"] for row in await cursor.fetchall())


@pytest.mark.usefixtures("many")
async def test_words_are_looked_up_in_an_index_and_in_no_text(database: Database, database_url: str, owner):
    given = dict.fromkeys(("tier", "kinds", "state", "project", "agent", "faded", "since", "until", "before"))
    given |= {"tenant": owner.tenant_id, "user": owner.user_id, "shared": [], "limit": 50, "query": "thing7"}
    async with database.of(owner) as connection:
        assert "tsvector" not in await plan(connection, _LIST, given)
    async with await psycopg.AsyncConnection.connect(database_url, row_factory=dict_row) as connection:
        await connection.execute(
            "SELECT set_config('freya.tenant', %s, true), set_config('freya.user', %s, true)",
            (owner.tenant_id, owner.user_id),
        )
        body = (await (await connection.execute(BODY)).fetchall())[0]["prosrc"]
        shown = await plan(connection, body.replace("'simple', query", "'simple', 'thing7'"), None)
    assert "Bitmap Index Scan on memory_records_words" in shown
    assert "Seq Scan on memory_records" not in shown


@pytest.mark.usefixtures("many")
async def test_words_find_ones_own_records_alone(store: RecordStore, owner):
    found = await store.list(owner, query="thing7 -1004", limit=100)
    assert [record.text.split()[1] for record in found] == sorted(
        (str(n) for n in range(2, 20_001, 2) if n % 997 == 7 and n != 1004), key=int, reverse=True
    )
    assert not await store.list(Owner(f"{owner.user_id}x", owner.tenant_id), query="thing7")
    assert [record.text for record in await store.list(owner, query='"fact 4 tells"')] == [
        "Fact 4 tells of thing4 in words of the usual length of a record."
    ]
