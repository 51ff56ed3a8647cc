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

Redact = Callable[[JsonValue], JsonValue]
"""Gives a JSON value of the same shape whose texts name nobody."""

_SAID: Final = frozenset({"request", "answer", "error", "tasks", "tool_uses", "reasoning"})
"""Where people's words can be; ids, names of models, times and figures stay as they are."""


class InteractionLog:
    """Writes interactions. What people said is redacted before it is stored; the log is never changed afterwards."""

    def __init__(self, redact: Redact = redacted_json) -> None:
        self._redact = redact

    async def append(self, connection: Connection, scope: Scope, interaction: Interaction) -> None:
        """Append the record, within the caller's transaction."""
        record = await asyncio.to_thread(self._redacted, interaction)
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

    def _redacted(self, interaction: Interaction) -> dict[str, JsonValue]:
        record = interaction.model_dump(mode="json")
        return {name: self._redact(value) if name in _SAID else value for name, value in record.items()}


async def log_interaction(connection: Connection, scope: Scope, interaction: Interaction) -> None:
    """Append the record, redacted of all kinds of personal data, within the caller's transaction."""
    await InteractionLog().append(connection, scope, interaction)
