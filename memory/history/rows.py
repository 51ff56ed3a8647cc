"""A user's rows in PostgreSQL, all of them: found, removed, and looked for again."""

from collections.abc import Sequence
from typing import Final

from psycopg import sql

from memory.database import Connection, Database
from memory.history.planted import forms
from memory.locks import begin_erasing
from memory.owner import Owner
from memory.privacy.audit import write_note
from memory.records.deletions import note_deletion, note_for_members

ERASED: Final = "erase"
"""The action under which an erasure stands in the audit trail; `freya_erase_audit` leaves those."""

_TABLES: Final = (
    "memory_passages",
    "memory_relations",
    "memory_mentions",
    "memory_entities",
    "memory_ratings",
    "memory_records",
    "memory_forgotten",
    "artifacts",
    "messages",
    "approvals",
    "parked_runs",
    "attachments",
    "runs",
    "threads",
    "project_members",
    "projects",
    "interactions",
    "feedback",
    "memory_imports",
    "memory_vault",
    "memory_keys",
)
"""What refers to other rows first, so that each is counted where it stands and no cascade is left to do."""

_OF_OWNER: Final = "tenant_id = %(tenant)s AND user_id = %(user)s"
_MEMBERS: Final = "tenant_id = %(tenant)s AND (user_id = %(user)s OR owner_id = %(user)s)"
_RUNS: Final = """
    SELECT id FROM runs WHERE tenant_id = %(tenant)s AND user_id = %(user)s
    UNION SELECT run_id FROM interactions WHERE tenant_id = %(tenant)s AND user_id = %(user)s
    UNION SELECT run_id FROM messages WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND run_id IS NOT NULL
"""
_PROJECTS: Final = """
    SELECT project_id AS id FROM project_members
    WHERE tenant_id = %(tenant)s AND (user_id = %(user)s OR owner_id = %(user)s)
    UNION SELECT project_id FROM memory_records
    WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND project_id IS NOT NULL
"""
_ERASE_AUDIT: Final = "SELECT freya_erase_audit(%(tenant)s, %(user)s) AS rows"
_HAS_TEXT: Final = (
    "EXISTS (SELECT FROM unnest(%(forms)s::text[]) AS form WHERE position(form in {column}::text) > 0)"
)
_HAS_BYTES: Final = (
    "EXISTS (SELECT FROM unnest(%(forms)s::bytea[]) AS form WHERE position(form in {column}) > 0)"
)
_COLUMNS: Final = """
    SELECT relation.relname AS name, attribute.attname AS column, type.typname AS type
    FROM pg_class AS relation
    JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
    JOIN pg_attribute AS attribute ON attribute.attrelid = relation.oid
    JOIN pg_type AS type ON type.oid = attribute.atttypid
    WHERE schema.nspname = current_schema() AND relation.relkind IN ('r', 'p') AND NOT relation.relispartition
        AND attribute.attnum > 0 AND NOT attribute.attisdropped
        AND type.typname IN ('text', 'varchar', 'bpchar', 'name', 'json', 'jsonb', '_text', '_varchar', 'bytea')
    ORDER BY relation.relname, attribute.attnum
"""


class Rows:
    """The tables as a store to be erased from. An outage raises MemoryUnavailable."""

    name = "postgresql"

    def __init__(self, database: Database) -> None:
        self._database = database

    async def runs(self, owner: Owner) -> set[str]:
        """The ids of all runs that left something: also those whose threads are deleted, by the log."""
        async with self._database.of(owner) as connection:
            cursor = await connection.execute(_RUNS, _values(owner))
            return {row["id"] for row in await cursor.fetchall()}

    async def erase(self, owner: Owner, *, actor: str) -> dict[str, int]:
        """Remove the user's rows in one transaction; how many by table.

        The audit trail loses what it has of him but for the counts of his erasures, to which this one is added.
        The transaction sees everybody, since members of shared projects are told; each statement names the user.
        """
        async with self._database.of_all() as connection:
            await begin_erasing(connection, owner)
            # A session keeps the plans of foreign keys as long as it lives: made when a table was small, they read all of
            # it for every row that goes.
            await connection.execute("DISCARD PLANS")
            projects = await (await connection.execute(_PROJECTS, _values(owner))).fetchall()
            await note_for_members(connection, [row["id"] for row in projects])
            removed = {}
            for table in _TABLES:
                where = sql.SQL(_MEMBERS if table == "project_members" else _OF_OWNER)
                removed[table] = await _delete(connection, table, where, _values(owner))
            cursor = await connection.execute(_ERASE_AUDIT, _values(owner))
            removed["memory_audit"] = (await cursor.fetchall())[0]["rows"]
            if any(removed.values()):
                await write_note(connection, owner, actor, ERASED, counts=_some(removed))
                await note_deletion(connection, owner)
        return _some(removed)

    async def left(self, owner: Owner, runs: Sequence[str]) -> dict[str, int]:  # noqa: ARG002  # every row has its user
        """Rows of the user by table, seen past the policies that limit a user's own view."""
        found = {}
        async with self._database.of_all() as connection:
            for table in _TABLES:
                where = sql.SQL(_MEMBERS if table == "project_members" else _OF_OWNER)
                found[table] = await _count(connection, table, where, _values(owner))
            where = sql.SQL(_OF_OWNER + " AND action <> %(erased)s")
            found["memory_audit"] = await _count(
                connection, "memory_audit", where, {**_values(owner), "erased": ERASED}
            )
        return _some(found)

    async def holding(self, planted: Sequence[str]) -> dict[str, int]:
        """Rows of any table of the schema whose texts, JSON or bytes have one of these texts, by table and column."""
        wanted = forms(planted)
        found = {}
        async with self._database.of_all() as connection:
            columns = await (await connection.execute(_COLUMNS)).fetchall()
            for column in columns:
                raw = column["type"] == "bytea"
                where = sql.SQL(_HAS_BYTES if raw else _HAS_TEXT)
                found[f"{column['name']}.{column['column']}"] = await _count(
                    connection,
                    column["name"],
                    where.format(column=sql.Identifier(column["column"])),
                    {"forms": [form.encode() for form in wanted] if raw else wanted},
                )
        return _some(found)


def _values(owner: Owner) -> dict[str, object]:
    return {"tenant": owner.tenant_id, "user": owner.user_id}


def _some(counts: dict[str, int]) -> dict[str, int]:
    return {what: count for what, count in counts.items() if count}


async def _delete(
    connection: Connection, table: str, where: sql.Composable, values: dict[str, object]
) -> int:
    statement = (
        "WITH gone AS (DELETE FROM {table} WHERE {where} RETURNING 1) SELECT count(*) AS rows FROM gone"
    )
    return await _number(connection, statement, table, where, values)


async def _count(connection: Connection, table: str, where: sql.Composable, values: dict[str, object]) -> int:
    return await _number(
        connection, "SELECT count(*) AS rows FROM {table} WHERE {where}", table, where, values
    )


async def _number(
    connection: Connection, statement: str, table: str, where: sql.Composable, values: dict[str, object]
) -> int:
    composed = sql.SQL(statement).format(table=sql.Identifier(table), where=where)
    row = await (await connection.execute(composed, values)).fetchone()
    return int(row["rows"]) if row else 0
