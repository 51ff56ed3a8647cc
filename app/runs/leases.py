"""Who carries runs out: those that nobody does are found, taken over, or closed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from pydantic import JsonValue, ValidationError

from app.problems import Problem, dumped
from app.runs.logged import Trace
from app.runs.parking import LEFT
from app.runs.records import GOING_ON, Abandoned, ChatRequest, Status
from memory import Database, Interaction, KeyMissing, Owner, Scope, log_interaction, opened_json
from memory.privacy import Sealer

QUEUED: Final = "queue"
"""The worker of a run that no worker has taken yet."""
_UNHEARD_S: Final = 60
"""A run that nobody took for so long may be one whose message was lost: any worker with room takes it then."""
_ABANDONED = f"""{LEFT} WHERE runs.status = 'running' AND NOT runs.worker = ANY(%s)
    AND (runs.worker <> '{QUEUED}' OR runs.created_at < now() - interval '{_UNHEARD_S} seconds') ORDER BY runs.id
"""
_QUEUED = f"{LEFT} WHERE runs.status = 'running' AND runs.worker = '{QUEUED}'"
_QUEUED_ONE = f"{_QUEUED} AND runs.id = %s"
_QUEUED_OF = f"{_QUEUED} AND runs.tenant_id = %s AND runs.user_id = %s ORDER BY runs.id"
_TAKE_OVER = """
    UPDATE runs SET worker = %s, lease = lease + 1
    WHERE id = %s AND status = 'running' AND worker = %s AND lease = %s RETURNING lease
"""


@dataclass(frozen=True)
class Leases:
    """The leases of runs, in the database. An outage raises MemoryUnavailable."""

    _database: Database
    _sealer: Sealer | None
    _logged: Callable[[Interaction], Awaitable[dict[str, JsonValue]]]

    async def abandoned(self, alive: Sequence[str]) -> list[Abandoned]:
        """The runs that are going on by their records, and whose workers are not alive; the oldest first."""
        return await self._found(_ABANDONED, (list(alive),))

    async def queued(self, run_id: str) -> Abandoned | None:
        """The run where it waits for a worker; None where one has it, or where it is closed or unknown."""
        found = await self._found(_QUEUED_ONE, (run_id,))
        return found[0] if found else None

    async def queued_of(self, owner: Owner, thread_id: str | None) -> list[Abandoned]:
        """The user's runs that wait for a worker, of one thread where it is named; the oldest first."""
        found = await self._found(_QUEUED_OF, (owner.tenant_id, owner.user_id))
        return [run for run in found if thread_id in {None, run.scope.thread_id}]

    async def _found(self, statement: str, values: tuple[object, ...]) -> list[Abandoned]:
        async with self._database.of_all() as connection:
            cursor = await connection.execute(statement, values)
            rows = await cursor.fetchall()
        return [await self.read(row) for row in rows]

    async def read(self, row: DictRow) -> Abandoned:
        """A row as `LEFT` selects it."""
        return Abandoned(
            run_id=row["id"],
            scope=Scope(
                thread_id=row["thread_id"],
                tenant_id=row["tenant_id"],
                user_id=row["user_id"],
                project_id=row["project_id"],
            ),
            worker=row["worker"],
            lease=row["lease"],
            resumed=row["resumed"],
            waits=row["status"] == "waiting",
            parked=row["parked"],
            waited_s=row["waited_s"],
            request=await self._asked(row),
            created_at=row["created_at"],
        )

    async def take_over(self, run: Abandoned, worker: str) -> int | None:
        """Make the run this worker's; gives the new lease, or None where another was first."""
        async with self._database.of_all() as connection:
            cursor = await connection.execute(_TAKE_OVER, (worker, run.run_id, run.worker, run.lease))
            rows = await cursor.fetchall()
        return int(rows[0]["lease"]) if rows else None

    async def close(self, run: Abandoned, status: Status, problem: Problem, trace: Trace) -> bool:
        """Close the run and log the interaction as its events tell it; whether it was still to be closed."""
        async with self._database.of_all() as connection:
            cursor = await connection.execute(
                "UPDATE runs SET status = %s, error = %s, finished_at = now()"
                " WHERE status = ANY(%s) AND id = %s AND worker = %s AND lease = %s RETURNING created_at, finished_at",
                (status, Jsonb(dumped(problem)), [*GOING_ON], run.run_id, run.worker, run.lease),
            )
            rows = await cursor.fetchall()
            for row in rows:
                interaction = trace.unanswered(
                    run.run_id,
                    run.request.message if run.request else "",
                    outcome=status,
                    error=problem.code,
                    latency_ms=((row["finished_at"] - row["created_at"]).total_seconds() - run.waited_s)
                    * 1000,
                    at=row["finished_at"],
                )
                record = await self._logged(interaction)
                await log_interaction(connection, run.scope, interaction, record)
                await connection.execute("DELETE FROM parked_runs WHERE run_id = %s", (run.run_id,))
        return bool(rows)

    async def _asked(self, row: DictRow) -> ChatRequest | None:
        """What a run was asked; nothing where it cannot be read any more, for the run must be closed all the same."""
        try:
            request = await opened_json(self._sealer, Owner(row["user_id"], row["tenant_id"]), row["request"])
            return ChatRequest.model_validate(request)
        except (KeyMissing, ValidationError):
            return None
