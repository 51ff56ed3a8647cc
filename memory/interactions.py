"""The log of interactions: append-only, one record a run whatever its outcome; what learning reads later."""

from datetime import datetime

from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict, JsonValue

from memory.interfaces import Scope, ToolUse
from memory.threads import Connection


class RoutedTask(BaseModel):
    """What a specialist was asked, and how sure the router was (probability, 0 to 1)."""

    model_config = ConfigDict(frozen=True)

    agent: str
    request: str
    confidence: float


class Interaction(BaseModel):
    """Everything about a run that learning needs."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    request: str
    answer: str | None
    outcome: str
    """`answered`, `declined`, `needs_input`, `failed` or `cancelled`."""
    error: str | None = None
    tasks: tuple[RoutedTask, ...] = ()
    tool_uses: tuple[ToolUse, ...] = ()
    reasoning: tuple[JsonValue, ...] = ()
    """How each specialist weighed its task: the score, its reasons and the choice."""
    model: str | None = None
    latency_ms: float
    at: datetime


async def log_interaction(connection: Connection, scope: Scope, interaction: Interaction) -> None:
    """Append the record, within the caller's transaction."""
    await connection.execute(
        "INSERT INTO interactions (run_id, thread_id, tenant_id, user_id, outcome, record) VALUES (%s, %s, %s, %s, %s, %s)",
        (
            interaction.run_id,
            scope.thread_id,
            scope.tenant_id,
            scope.user_id,
            interaction.outcome,
            Jsonb(interaction.model_dump(mode="json")),
        ),
    )
