"""How much is remembered of a user, and how much of it still waits for work in the background."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from memory import Database, Kind, Owner, Tier

_HIS: Final = "tenant_id = %(tenant)s AND user_id = %(user)s"
_CONVERSATIONS: Final = f"""
    SELECT (SELECT count(*) FROM threads WHERE {_HIS}) AS threads, count(*) AS messages,
        count(*) FILTER (WHERE NOT embedded) AS to_embed, count(*) FILTER (WHERE NOT consolidated) AS to_consolidate,
        (SELECT count(*) FROM projects WHERE {_HIS}) AS projects
    FROM messages WHERE {_HIS}
"""  # noqa: S608  # a condition of this module
_RECORDS: Final = f"""
    SELECT tier, kind, count(*) FILTER (WHERE state = 'active') AS active,
        count(*) FILTER (WHERE state = 'superseded') AS superseded,
        count(*) FILTER (WHERE state = 'contested') AS contested,
        count(*) FILTER (WHERE faded) AS faded, count(*) FILTER (WHERE pinned) AS pinned
    FROM memory_records WHERE {_HIS} GROUP BY tier, kind ORDER BY tier DESC, kind
"""  # noqa: S608  # a condition of this module


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class RecordCount(_Part):
    """How many records of a kind there are, by their state."""

    tier: Tier
    kind: Kind
    active: int
    superseded: int = Field(description="Earlier versions.")
    contested: int = Field(description="Something else is remembered that says otherwise.")
    faded: int = Field(description="Of all of them, those unused for so long that others are recalled first.")
    pinned: int = Field(description="Of all of them, those that never fade.")


class MemoryStatus(_Part):
    """How much is remembered of a user."""

    tenant: str
    user: str
    threads: int
    messages: int
    projects: int = Field(description="Those that the user made.")
    records: list[RecordCount]
    to_embed: int = Field(description="Messages that are found by their words only, until they are embedded.")
    to_consolidate: int = Field(description="Messages out of which nothing was learned yet.")


async def count_memory(database: Database, owner: Owner) -> MemoryStatus:
    """What is remembered of this owner. Raises MemoryUnavailable."""
    whose = {"tenant": owner.tenant_id, "user": owner.user_id}
    async with database.of(owner) as connection:
        counts = await (await connection.execute(_CONVERSATIONS, whose)).fetchall()
        records = await (await connection.execute(_RECORDS, whose)).fetchall()
    return MemoryStatus.model_validate(
        {"tenant": owner.tenant_id, "user": owner.user_id, **counts[0], "records": records}
    )
