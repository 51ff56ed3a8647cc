"""Runs that wait for a person. What they are at lies in PostgreSQL, whatever Redis loses meanwhile, and no worker holds them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from app.runs.eventlog import KeptRun, RawEvent, RunTaken
from app.runs.records import Abandoned
from memory import Database, Owner, Scope

_PARK: Final = """
    UPDATE runs SET status = 'waiting', waiting_since = now() WHERE id = %s AND status = 'running' AND lease = %s RETURNING id
"""
_KEEP: Final = """
    INSERT INTO parked_runs (run_id, tenant_id, user_id, events, fields, contents) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (run_id) DO UPDATE
    SET events = excluded.events, fields = excluded.fields, contents = excluded.contents
"""
_USED: Final = "UPDATE approvals SET used = true WHERE run_id = %s AND NOT id = ANY(%s)"
LEFT: Final = """
    SELECT runs.id, runs.thread_id, runs.tenant_id, runs.user_id, threads.project_id, runs.worker, runs.lease, runs.request,
        runs.created_at, runs.status, runs.resumed,
        runs.waited_s + coalesce(extract(epoch FROM now() - runs.waiting_since), 0)::float8 AS waited_s,
        EXISTS (SELECT FROM parked_runs WHERE parked_runs.run_id = runs.id) AS parked
    FROM runs JOIN threads ON threads.id = runs.thread_id
"""
"""Runs that nobody carries out, as `Abandoned` has them."""

_DUE: Final = """
    AND EXISTS (SELECT FROM approvals WHERE approvals.run_id = runs.id AND NOT used
        AND (answered_at IS NOT NULL OR expires_at <= now()))
"""
_TAKE_UP: Final = """
    UPDATE runs SET status = 'running', worker = %s, lease = lease + 1, resumed = resumed + 1, waiting_since = NULL,
        waited_s = waited_s + coalesce(extract(epoch FROM now() - waiting_since), 0)
    WHERE id = %s AND status = 'waiting' AND lease = %s RETURNING lease
"""


@dataclass(frozen=True)
class ParkingLot:
    """Runs that wait. An outage raises MemoryUnavailable."""

    database: Database
    read: Callable[[DictRow], Awaitable[Abandoned]]

    async def park(
        self, run_id: str, scope: Scope, *, lease: int, waits_for: Sequence[str], kept: KeptRun
    ) -> None:
        """Have the run wait for these approvals, with all that it is gone on from. Raises RunTaken."""
        events = [[event.seq, event.type, event.origin, event.json] for event in kept.events]
        async with self.database.of(scope.owner) as connection:
            cursor = await connection.execute(_PARK, (run_id, lease))
            if not await cursor.fetchall():
                raise RunTaken(run_id)
            await connection.execute(
                _KEEP,
                (run_id, scope.tenant_id, scope.user_id, Jsonb(events), [*kept.work], [*kept.work.values()]),
            )
            await connection.execute(_USED, (run_id, list(waits_for)))

    async def due(self, run_id: str | None = None) -> list[Abandoned]:
        """Those with an answer that they have not heard, or with one whose time is over; the oldest first."""
        return await self._left(_DUE, run_id=run_id)

    async def of(
        self, owner: Owner, *, thread_id: str | None = None, run_id: str | None = None
    ) -> list[Abandoned]:
        """Those of a user: of one thread, or the one, where it is named."""
        return await self._left(
            " AND runs.tenant_id = %(tenant)s AND runs.user_id = %(user)s"
            " AND (%(thread)s::text IS NULL OR runs.thread_id = %(thread)s)",
            run_id=run_id,
            thread=thread_id,
            tenant=owner.tenant_id,
            user=owner.user_id,
        )

    async def take_up(self, run: Abandoned, worker: str) -> int | None:
        """Make the run this worker's; gives the new lease, or None where another was first, or it waits no more."""
        async with self.database.of_all() as connection:
            cursor = await connection.execute(_TAKE_UP, (worker, run.run_id, run.lease))
            rows = await cursor.fetchall()
        return int(rows[0]["lease"]) if rows else None

    async def kept(self, run_id: str) -> KeptRun | None:
        """What lies here of a run; None where nothing does."""
        async with self.database.of_all() as connection:
            cursor = await connection.execute(
                "SELECT events, fields, contents FROM parked_runs WHERE run_id = %s", (run_id,)
            )
            rows = await cursor.fetchall()
        if not rows:
            return None
        events = [RawEvent(seq, kind, origin, json) for seq, kind, origin, json in rows[0]["events"]]
        return KeptRun(events, dict(zip(rows[0]["fields"], map(bytes, rows[0]["contents"]), strict=True)))

    async def drop(self, run_id: str) -> None:
        """Forget it: it lies in Redis again."""
        async with self.database.of_all() as connection:
            await connection.execute("DELETE FROM parked_runs WHERE run_id = %s", (run_id,))

    async def _left(self, more: str, *, run_id: str | None, **values: str | None) -> list[Abandoned]:
        where = " WHERE runs.status = 'waiting' AND (%(run)s::text IS NULL OR runs.id = %(run)s)"
        statement = LEFT + where + more + " ORDER BY runs.id"
        async with self.database.of_all() as connection:
            cursor = await connection.execute(statement.encode(), {**values, "run": run_id})
            rows = await cursor.fetchall()
        return [await self.read(row) for row in rows]
