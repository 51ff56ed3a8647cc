"""Definitions of designed agents in PostgreSQL: versions that never change, and which of them works."""

from datetime import datetime
from typing import Literal

from psycopg import AsyncConnection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel, Field

from agents.interfaces import Definition

Pool = AsyncConnectionPool[AsyncConnection[DictRow]]
State = Literal["live", "disabled"]


class StoredAgent(BaseModel):
    """A designed agent as it stands."""

    name: str
    title: str
    description: str
    state: State = Field(description="`live`: it is routed to; `disabled`: it is kept and answers nobody.")
    version: int = Field(description="The version that works.")
    versions: int = Field(description="How many there are.")
    changed_at: datetime


class AgentVersion(BaseModel):
    """One version of a designed agent."""

    name: str
    version: int
    active: bool
    passed: int = Field(description="How many of its own cases it passed when it was deployed.")
    skipped: int = Field(description="How many could not be judged without a language model.")
    request: str = Field(description="The description that it was designed from.")
    created_at: datetime


class AgentUnknown(Exception):
    """There is no designed agent of that name, or no such version of it."""


class AgentStore:
    """Keeps definitions. An outage raises psycopg's errors."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def put(self, definition: Definition, *, passed: int, skipped: int) -> int:
        """Keep a definition as the next version of its name and have it work; the version's number."""
        async with self._pool.connection() as connection, connection.transaction():
            # The lock on the row numbers versions one after the other, also where two are deployed at once.
            cursor = await connection.execute(
                """
                INSERT INTO agent_definitions (name, state, version) VALUES (%s, 'live', 1)
                ON CONFLICT (name) DO UPDATE SET state = 'live', changed_at = now()
                RETURNING (SELECT coalesce(max(version), 0) + 1 FROM agent_versions v WHERE v.name = agent_definitions.name) AS next
                """,
                (definition.name,),
            )
            row = await cursor.fetchone()
            version = int(row["next"]) if row else 1
            await connection.execute(
                "INSERT INTO agent_versions (name, version, definition, passed, skipped) VALUES (%s, %s, %s, %s, %s)",
                (definition.name, version, Jsonb(definition.model_dump(mode="json")), passed, skipped),
            )
            await connection.execute(
                "UPDATE agent_definitions SET version = %s WHERE name = %s", (version, definition.name)
            )
        return version

    async def all(self) -> list[StoredAgent]:
        """All designed agents by name."""
        rows = await self._rows(
            """
            SELECT d.name, d.state, d.version, d.changed_at, v.definition->>'title' AS title,
                v.definition->>'description' AS description,
                (SELECT count(*) FROM agent_versions o WHERE o.name = d.name) AS versions
            FROM agent_definitions d JOIN agent_versions v USING (name, version) ORDER BY d.name
            """
        )
        return [StoredAgent.model_validate(row) for row in rows]

    async def versions(self, name: str) -> list[AgentVersion]:
        """The versions of an agent, latest first. Raises AgentUnknown."""
        rows = await self._rows(
            """
            SELECT v.name, v.version, v.version = d.version AS active, v.passed, v.skipped,
                v.definition->>'request' AS request, v.created_at
            FROM agent_versions v JOIN agent_definitions d USING (name) WHERE v.name = %s ORDER BY v.version DESC
            """,
            name,
        )
        if not rows:
            raise AgentUnknown(f"There is no designed agent {name!r}.")
        return [AgentVersion.model_validate(row) for row in rows]

    async def definition(self, name: str, version: int) -> Definition:
        """What a version is. Raises AgentUnknown."""
        rows = await self._rows(
            "SELECT definition FROM agent_versions WHERE name = %s AND version = %s", name, version
        )
        if not rows:
            raise AgentUnknown(f"There is no version {version} of a designed agent {name!r}.")
        return Definition.model_validate(rows[0]["definition"])

    async def live(self) -> list[Definition]:
        """The definitions that work, by name."""
        rows = await self._rows(
            """
            SELECT v.definition FROM agent_definitions d JOIN agent_versions v USING (name, version)
            WHERE d.state = 'live' ORDER BY d.name
            """
        )
        return [Definition.model_validate(row["definition"]) for row in rows]

    async def mark(self) -> str:
        """Changes with every change; the same as long as nothing changed."""
        (row,) = await self._rows(
            "SELECT count(*) || ' ' || coalesce(max(changed_at)::text, '') AS mark FROM agent_definitions"
        )
        return str(row["mark"])

    async def choose(self, name: str, version: int) -> None:
        """Have a version work, and the agent be live. Raises AgentUnknown."""
        changed = await self._rows(
            """
            UPDATE agent_definitions d SET version = %s, state = 'live', changed_at = now()
            WHERE name = %s AND EXISTS (SELECT FROM agent_versions v WHERE v.name = d.name AND v.version = %s)
            RETURNING name
            """,
            version,
            name,
            version,
        )
        if not changed:
            raise AgentUnknown(f"There is no version {version} of a designed agent {name!r}.")

    async def disable(self, name: str) -> None:
        """Keep an agent without having it work. Raises AgentUnknown."""
        changed = await self._rows(
            "UPDATE agent_definitions SET state = 'disabled', changed_at = now() WHERE name = %s RETURNING name",
            name,
        )
        if not changed:
            raise AgentUnknown(f"There is no designed agent {name!r}.")

    async def _rows(self, query: str, *values: object) -> list[DictRow]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query.encode(), values)
            return await cursor.fetchall()
