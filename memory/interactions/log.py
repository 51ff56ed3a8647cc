"""Appending to the log, redacted."""

import asyncio
from collections.abc import Callable
from typing import Final

from psycopg.types.json import Jsonb
from pydantic import JsonValue

from memory.database import Connection
from memory.interactions.records import Interaction
from memory.interfaces import Scope
from memory.privacy.redaction import redacted_json

Record = dict[str, JsonValue]
Redact = Callable[[JsonValue], JsonValue]
"""Gives a JSON value of the same shape whose texts name nobody."""

_SAID: Final = frozenset({"request", "answer", "error", "tasks", "tool_uses", "reasoning"})
"""Where people's words can be; ids, names of models, times and figures stay as they are."""


class InteractionLog:
    """Writes interactions. What people said is redacted before it is stored; the log is never changed afterwards."""

    def __init__(self, redact: Redact = redacted_json) -> None:
        self._redact = redact

    async def redacted(self, interaction: Interaction) -> Record:
        """What is stored of it: redacting takes a while, for which no transaction should be open."""
        return await asyncio.to_thread(redacted_parts, interaction, self._redact)

    async def append(
        self, connection: Connection, scope: Scope, interaction: Interaction, record: Record | None = None
    ) -> None:
        """Append the record, made here where it is not at hand, within the caller's transaction."""
        record = record or await self.redacted(interaction)
        await connection.execute(
            "INSERT INTO interactions (run_id, thread_id, tenant_id, user_id, outcome, record)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (
                interaction.run_id,
                scope.thread_id,
                scope.tenant_id,
                scope.user_id,
                interaction.outcome,
                Jsonb(record),
            ),
        )


def redacted_parts(interaction: Interaction, redact: Redact) -> Record:
    """The interaction as JSON, with everything that people may have said in it redacted; computes for a while."""
    record = interaction.model_dump(mode="json")
    return {name: redact(value) if name in _SAID else value for name, value in record.items()}


async def redacted_record(interaction: Interaction, redact: Redact = redacted_json) -> Record:
    """What is stored of an interaction, redacted of all kinds of personal data, or by `redact`."""
    return await InteractionLog(redact).redacted(interaction)


async def log_interaction(
    connection: Connection, scope: Scope, interaction: Interaction, record: Record | None = None
) -> None:
    """Append the record, as `redacted_record` gives it, within the caller's transaction."""
    await InteractionLog().append(connection, scope, interaction, record)
