"""What is kept of runs that were given something which is to be forgotten."""

import contextlib

from psycopg.types.json import Jsonb
from redis.exceptions import RedisError

from app.runs.eventlog import EventLog
from memory import (
    Connection,
    KeyMissing,
    MemoryUnavailable,
    Owner,
    Scope,
    ShortTermTier,
    opened_json,
    sealed_json,
)
from memory.history import Copies
from memory.privacy import Sealer

_RESULTS = "SELECT id, result FROM runs WHERE id = ANY(%s) AND result IS NOT NULL"


class RunCopies:
    """Takes what is forgotten out of results, events, and the conversation at hand."""

    def __init__(self, short: ShortTermTier, events: EventLog, sealer: Sealer | None = None) -> None:
        self._short = short
        self._events = events
        self._sealer = sealer

    async def drop(self, connection: Connection, owner: Owner, copies: Copies) -> None:
        """Within the transaction that forgets, and as its last step: Redis knows no transactions.

        Raises MemoryUnavailable while Redis is away.
        """
        cursor = await connection.execute(_RESULTS, (list(copies.given),))
        for row in await cursor.fetchall():
            # What cannot be read any more tells nobody anything.
            with contextlib.suppress(KeyMissing):
                result = await opened_json(self._sealer, owner, row["result"])
                left = [item for item in result.get("recalled", []) if item["id"] not in copies.ids]
                if len(left) < len(result.get("recalled", [])):
                    kept = await sealed_json(self._sealer, owner, {**result, "recalled": left})
                    await connection.execute(
                        "UPDATE runs SET result = %s WHERE id = %s", (Jsonb(kept), row["id"])
                    )
        try:
            await self._events.forget([*copies.gone, *copies.given])
        except RedisError as error:
            raise MemoryUnavailable(f"the events of runs cannot be deleted: {error}") from error
        await self.drop_at_hand(owner, copies.thread_id)

    async def drop_at_hand(self, owner: Owner, thread_id: str) -> None:
        """Drop the conversation at hand: the next turn reads it anew from the database."""
        scope = Scope(thread_id=thread_id, tenant_id=owner.tenant_id, user_id=owner.user_id)
        await self._short.forget(scope)
