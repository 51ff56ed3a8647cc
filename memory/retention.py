"""What is past its time is deleted: of the interaction log, the feedback, the vault and the audit trail."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString  # Any: the connection's rows may be of any form

import psycopg

from memory.database import Database
from memory.interactions.partitions import drop_months
from memory.retention_settings import KeptDays

Connect = Callable[[], AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]]
"""Opens a connection of the tables' owner, which may drop partitions."""

_BATCH: Final = 2000
_INTERACTIONS: Final = """
    WITH gone AS (DELETE FROM interactions WHERE (id, created_at) IN (
        SELECT id, created_at FROM interactions WHERE created_at < %s ORDER BY created_at LIMIT %s)
    RETURNING 1) SELECT count(*) AS rows FROM gone
"""
_FEEDBACK: Final = """
    WITH gone AS (DELETE FROM feedback WHERE id IN (SELECT id FROM feedback WHERE created_at < %s ORDER BY created_at LIMIT %s)
    RETURNING 1) SELECT count(*) AS rows FROM gone
"""
_VAULT: Final = """
    WITH gone AS (DELETE FROM memory_vault WHERE (tenant_id, user_id, token) IN (
        SELECT tenant_id, user_id, token FROM memory_vault WHERE used_at < %s ORDER BY used_at LIMIT %s)
    RETURNING 1) SELECT count(*) AS rows FROM gone
"""
_AUDIT: Final = "SELECT freya_expire_audit(%s, %s) AS rows"


@dataclass(frozen=True, kw_only=True)
class Retired:
    """How many rows were past their time, and deleted."""

    interactions: int = 0
    """Of the log, those of dropped months among them."""
    months: int = 0
    """Months of the log that were dropped whole."""
    feedback: int = 0
    vault: int = 0
    audit: int = 0

    @property
    def rows(self) -> int:
        """All of them together."""
        return self.interactions + self.feedback + self.vault + self.audit


class Retention:
    """Deletes what is past its time, a bounded batch a transaction. An outage raises MemoryUnavailable; do it again then."""

    def __init__(
        self, database: Database, connect: Connect, kept: KeptDays | None = None, *, batch: int = _BATCH
    ) -> None:
        self._database = database
        self._connect = connect
        self._kept = kept or KeptDays()
        self._batch = batch

    async def carry_out(self, now: datetime) -> Retired:
        """Delete what is older than the settings keep it; of the log, months that are past it whole go as tables."""
        kept = self._kept
        months: dict[str, int] = {}
        if kept.interactions:
            async with self._connect() as connection:
                months = await drop_months(connection, now - timedelta(days=kept.interactions))
        rest = await self._delete(_INTERACTIONS, kept.interactions, now)
        return Retired(
            interactions=sum(months.values()) + rest,
            months=len(months),
            feedback=await self._delete(_FEEDBACK, kept.feedback, now),
            vault=await self._delete(_VAULT, kept.vault, now),
            audit=await self._delete(_AUDIT, kept.audit, now),
        )

    async def _delete(self, statement: LiteralString, days: int, now: datetime) -> int:
        """Delete rows older than so many days, batch by batch; with 0 days none."""
        deleted = 0
        while days:
            async with self._database.of_all() as connection:
                cursor = await connection.execute(statement, (now - timedelta(days=days), self._batch))
                rows = int((await cursor.fetchall())[0]["rows"])
            deleted += rows
            if rows < self._batch:
                break
        return deleted
