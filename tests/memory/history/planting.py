"""One of everything that can be kept of a user, each with a text that is found again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from psycopg import sql
from psycopg.types.json import Jsonb
from redis.asyncio import Redis

from app.database import Pool
from app.memory_vectors import ChromaVectors
from memory import Owner, Scope, ShortTermTier, Turn, new_id


@dataclass(frozen=True)
class Planted:
    """Where the texts are."""

    thread: str
    run: str
    message: str
    record: str
    project: str
    shared: str
    """A project of a friend that the user is a member of."""


async def plant(
    pool: Pool, redis: Redis, short: ShortTermTier, vectors: ChromaVectors, owner: Owner, text: str
) -> Planted:
    """Put the text in every table, in Redis and in the vectors, as this user's. The pool sees everybody."""
    made = Planted(*(new_id(prefix) for prefix in ("thr", "run", "msg", "mem", "prj", "prj")))
    said = Jsonb({"said": [text]})
    rows: list[tuple[str, dict[str, object]]] = [
        ("projects", {"id": made.project, "name": text, "description": text}),
        ("threads", {"id": made.thread, "title": text, "metadata": said, "project_id": made.project}),
        ("runs", {"id": made.run, "thread_id": made.thread, "status": "finished", "worker": "w", "request": said, "result": said}),
        ("approvals", {"id": new_id("apr"), "run_id": made.run, "asked": said, "decision": said, "requested_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-02T00:00:00Z"}),
        ("parked_runs", {"run_id": made.run, "events": said, "fields": [text], "contents": [text.encode()]}),
        ("attachments", {"id": new_id("att"), "thread_id": made.thread, "name": text, "media_type": "text/plain", "bytes": 1, "content": text.encode(), "sealed": False, "text": text, "details": said}),
        ("messages", {"id": made.message, "thread_id": made.thread, "run_id": made.run, "role": "user", "content": text, "details": said}),
        ("memory_passages", {"message_id": made.message, "ordinal": 0, "begins": 0, "ends": 1, "model": "m", "vector": "[1,0]"}),
        ("artifacts", {"id": new_id("art"), "run_id": made.run, "agent": "a", "name": text, "media_type": "text/plain", "content": text}),
        ("memory_records", {"id": made.record, "tier": "long", "kind": "fact", "slot": text, "text": text, "details": said, "sources": [text], "said_at": "2026-01-01T00:00:00Z", "project_id": made.project}),
        ("memory_records", {"id": f"{made.record}b", "tier": "long", "kind": "fact", "text": text, "supersedes": made.record, "contests": made.record, "said_at": "2026-01-02T00:00:00Z"}),
        ("memory_entities", {"id": f"{made.record}e", "name": text, "folded": text}),
        ("memory_mentions", {"entity_id": f"{made.record}e", "record_id": made.record}),
        ("memory_relations", {"subject_id": f"{made.record}e", "predicate": text, "object_id": f"{made.record}e", "record_id": made.record}),
        ("memory_ratings", {"record_id": made.record, "run_id": made.run, "rating": 1}),
        ("memory_forgotten", {"mark": text}),
        ("memory_imports", {"id": new_id("imp"), "name": text, "error": text}),
        ("memory_vault", {"token": text, "kind": "email", "sealed": text.encode()}),
        ("memory_keys", {"sealed": text.encode(), "sealed_with": "k"}),
        ("memory_audit", {"actor": owner.user_id, "action": "read", "subject": text}),
        ("interactions", {"run_id": made.run, "thread_id": made.thread, "outcome": "answered", "record": said}),
        ("interactions", {"run_id": f"{made.run}gone", "thread_id": "thr_gone", "outcome": "answered", "record": said}),
        ("feedback", {"run_id": made.run, "rating": 5, "comment": text}),
    ]  # fmt: skip
    for table, values in rows:
        await _insert(pool, table, {**values, "tenant_id": owner.tenant_id, "user_id": owner.user_id})
    friend = f"{owner.user_id}friend"
    await _insert(
        pool,
        "projects",
        {"id": made.shared, "tenant_id": owner.tenant_id, "user_id": friend, "name": "Shared"},
    )
    for project, whose, member in (
        (made.project, owner.user_id, friend),
        (made.shared, friend, owner.user_id),
    ):
        member_of = {
            "project_id": project,
            "tenant_id": owner.tenant_id,
            "owner_id": whose,
            "user_id": member,
        }
        await _insert(pool, "project_members", member_of)
    for run in (made.run, f"{made.run}gone"):
        await redis.xadd(f"freya:run:{run}:events", {"t": "token", "e": text})
        await redis.hset(f"freya:run:{run}:work", "value", text)
    scope = Scope(thread_id=made.thread, tenant_id=owner.tenant_id, user_id=owner.user_id)
    at = "2026-01-01T00:00:00Z"
    await short.remember(
        scope, Turn.model_validate({"run_id": made.run, "request": text, "answer": text, "at": at})
    )
    await vectors.put(owner, [made.record], np.eye(1, 2, dtype=np.float32))
    return made


async def snapshot(pool: Pool, redis: Redis, owner: Owner, runs: Sequence[str]) -> dict[str, object]:
    """Everything of the user as it is stored, to be compared byte by byte."""
    found: dict[str, object] = {}
    async with pool.connection() as connection:
        for table in await owned_tables(pool):
            whole = sql.SQL("SELECT t::text AS row FROM {} AS t WHERE user_id = %s ORDER BY 1").format(
                sql.Identifier(table)
            )
            cursor = await connection.execute(whole, (owner.user_id,))
            found[table] = [row["row"] for row in await cursor.fetchall()]
    keys = [key async for key in redis.scan_iter(f"freya:{owner.tenant_id}:{owner.user_id}:*")]
    for key in sorted(
        [*keys, *(f"freya:run:{run}:{what}".encode() for run in runs for what in ("events", "work"))]
    ):
        found[key.decode()] = await redis.dump(key)
    return found


async def owned_tables(pool: Pool) -> list[str]:
    """The tables whose rows are a user's, partitions aside."""
    async with pool.connection() as connection:
        cursor = await connection.execute("""
            SELECT relation.relname AS name FROM pg_class AS relation
            JOIN pg_attribute AS attribute ON attribute.attrelid = relation.oid AND attribute.attname = 'user_id'
            WHERE relation.relkind IN ('r', 'p') AND NOT relation.relispartition
                AND relation.relnamespace = 'public'::regnamespace
            ORDER BY 1
        """)
        return [row["name"] for row in await cursor.fetchall()]


async def _insert(pool: Pool, table: str, values: Mapping[str, object]) -> None:
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(sql.Identifier(name) for name in values),
        sql.SQL(", ").join(sql.Placeholder() for _ in values),
    )
    async with pool.connection() as connection:
        await connection.execute(statement, tuple(values.values()))
