"""Runs in PostgreSQL. The database keeps the runs of a thread serial."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NoReturn  # Any: JSON of the database

from psycopg.errors import ForeignKeyViolation, UniqueViolation
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from pydantic import JsonValue

from app.problems import Problem, ProblemError, dumped, problem
from app.runs.approvals import ApprovalStore
from app.runs.artifacts import ArtifactStore, keep
from app.runs.eventlog import RunTaken
from app.runs.leases import QUEUED, Leases
from app.runs.parking import ParkingLot
from app.runs.records import (
    GOING_ON,
    ChatRequest,
    ChatResult,
    RunView,
    Status,
)
from app.runs.stamping import Stamp
from graphs import MadeArtifact
from memory import (
    Connection,
    Database,
    Interaction,
    Owner,
    Scope,
    log_interaction,
    open_turn,
    opened_json,
    require_project,
    sealed,
    sealed_json,
    title_of,
    wish_to_forget,
)
from memory.interactions import Redact, redacted_record
from memory.privacy import Sealer, redacted_json
from memory.records import note_deletion

_ONE_AT_A_TIME = "runs_one_at_a_time"
_BEGIN = """
    INSERT INTO runs (id, thread_id, tenant_id, user_id, status, worker, lease, idempotency_key, request)
    VALUES (%s, %s, %s, %s, 'running', %s, %s, %s, %s)
"""
_OF_USER = """
    SELECT * FROM runs WHERE tenant_id = %(tenant)s AND user_id = %(user)s
        AND (%(statuses)s::text[] IS NULL OR status = ANY(%(statuses)s))
        AND (%(thread)s::text IS NULL OR thread_id = %(thread)s) AND (%(before)s::text IS NULL OR id < %(before)s)
    ORDER BY id DESC LIMIT %(limit)s
"""
_GIVE_UP_KEY = (
    "UPDATE runs SET idempotency_key = NULL WHERE id = %s AND idempotency_key = %s AND status = 'failed'"
)


class ThreadBusy(Exception):
    """An earlier run of the thread is still going on."""

    def __init__(self, run_id: str) -> None:
        super().__init__(run_id)
        self.run_id = run_id


class AlreadyBegun(Exception):
    """A run with this idempotency key exists."""

    def __init__(self, run: RunView) -> None:
        super().__init__(run.id)
        self.run = run


class RunStore:
    """Writes and reads runs, each method those of one user. An outage raises MemoryUnavailable."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer | None = None,
        *,
        redact: Redact = redacted_json,
        stamp: Stamp | None = None,
    ) -> None:
        """With a sealer that has a key what was asked and answered is stored encrypted.

        For the log `redact` takes personal data out, and `stamp` adds what is configured of the models.
        """
        self._database = database
        self._sealer = sealer
        self._redact = redact
        self._stamp = stamp or Stamp()
        self.approvals = ApprovalStore(database, sealer)
        self.artifacts = ArtifactStore(database, sealer)
        self.leases = Leases(database, sealer, self._logged)
        self.parking = ParkingLot(database, self.leases.read)

    async def begin(
        self,
        run_id: str,
        scope: Scope,
        request: ChatRequest,
        *,
        new_thread: bool,
        worker: str,
        idempotency_key: str | None,
    ) -> str | None:
        """Write the run, the user's message and a new thread at once; gives the thread's project.

        Raises ThreadBusy, AlreadyBegun, UnknownProject, or a ProblemError for an unknown thread.
        """
        asked = await self._sealed(scope.owner, request.model_dump(mode="json"))
        said = await sealed(self._sealer, scope.owner, request.message)
        title = await sealed(self._sealer, scope.owner, title_of(request.message))
        metadata = await self._sealed(scope.owner, request.metadata)
        try:
            async with self._database.of(scope.owner) as connection:
                await open_turn(
                    connection,
                    scope,
                    run_id=run_id,
                    request=said,
                    metadata=metadata,
                    new=new_thread,
                    title=title,
                    withheld=wish_to_forget(request.message) is not None,
                )
                await connection.execute(_BEGIN, _begun(run_id, scope, worker, idempotency_key, asked))
                if request.project_id is not None:  # after the key: what is repeated is not refused
                    await require_project(connection, request.project_id)
                cursor = await connection.execute(
                    "SELECT project_id FROM threads WHERE id = %s", (scope.thread_id,)
                )
                (thread,) = await cursor.fetchall()
                project: str | None = thread["project_id"]
                return project
        except UniqueViolation as error:
            await self._refused(error, scope, idempotency_key)
        except ForeignKeyViolation as error:
            raise ProblemError(_unknown_thread(scope.thread_id)) from error

    async def begin_again(
        self, failed: RunView, run_id: str, scope: Scope, *, worker: str, idempotency_key: str
    ) -> None:
        """Write a run in place of one that failed: it takes the key over, and the message, which is said once.

        An answer that came too late for the failed run to finish goes. Raises as `begin` does.
        """
        asked = await self._sealed(scope.owner, failed.request.model_dump(mode="json"))
        try:
            async with self._database.of(scope.owner) as connection:
                await connection.execute(_GIVE_UP_KEY, (failed.id, idempotency_key))
                await connection.execute(_BEGIN, _begun(run_id, scope, worker, idempotency_key, asked))
                cursor = await connection.execute(
                    "DELETE FROM messages WHERE thread_id = %s AND run_id = %s AND role = 'assistant' RETURNING id",
                    (scope.thread_id, failed.id),
                )
                if await cursor.fetchall():
                    await note_deletion(connection, scope.owner)
                await connection.execute(
                    "UPDATE messages SET run_id = %s WHERE thread_id = %s AND run_id = %s",
                    (run_id, scope.thread_id, failed.id),
                )
        except UniqueViolation as error:
            await self._refused(error, scope, idempotency_key)
        except ForeignKeyViolation as error:
            raise ProblemError(_unknown_thread(scope.thread_id)) from error

    async def finish(
        self,
        result: ChatResult,
        scope: Scope,
        *,
        artifacts: Sequence[MadeArtifact],
        interaction: Interaction,
        lease: int = 1,
    ) -> None:
        """Close the run with its result, keep its artifacts, and log the interaction.

        One that is closed is left as it is. Raises RunTaken where another worker holds it.
        """
        kept = await self._sealed(scope.owner, result.model_dump(mode="json"))
        made = [(each, await sealed(self._sealer, scope.owner, each.artifact.content)) for each in artifacts]
        record = await self._logged(interaction)
        async with self._database.of(scope.owner) as connection:
            if not await self._close(connection, result.run_id, "finished", lease=lease, result=kept):
                return
            await keep(connection, result.run_id, scope, made)
            await log_interaction(connection, scope, interaction, record)

    async def fail(
        self,
        run_id: str,
        scope: Scope,
        status: Status,
        problem: Problem,
        *,
        interaction: Interaction,
        lease: int = 1,
    ) -> None:
        """Close the run without a result, and log the interaction.

        One that is closed is left as it is. Raises RunTaken where another worker holds it.
        """
        record = await self._logged(interaction)
        async with self._database.of(scope.owner) as connection:
            if await self._close(connection, run_id, status, lease=lease, error=dumped(problem)):
                await log_interaction(connection, scope, interaction, record)

    async def _logged(self, interaction: Interaction) -> dict[str, JsonValue]:
        """The log's entry: redacted, and with what is configured of its models."""
        return await redacted_record(self._stamp(interaction), self._redact)

    async def get(self, owner: Owner, run_id: str) -> RunView:
        """The run. Raises a ProblemError for an unknown one."""
        rows = await self._database.rows(owner, "SELECT * FROM runs WHERE id = %s", (run_id,))
        if not rows:
            raise ProblemError(problem("unknown_run", f"There is no run {run_id!r}."))
        return (await self._views(owner, rows))[0]

    async def of_thread(
        self, owner: Owner, thread_id: str, *, limit: int, before: str | None
    ) -> list[RunView]:
        """The runs of a thread, newest first, those before the run with the id `before`."""
        rows = await self._database.rows(
            owner,
            "SELECT * FROM runs WHERE thread_id = %s AND (%s::text IS NULL OR id < %s) ORDER BY id DESC LIMIT %s",
            (thread_id, before, before, limit),
        )
        return await self._views(owner, rows)

    async def of_user(
        self,
        owner: Owner,
        *,
        statuses: Collection[Status] = (),
        thread_id: str | None = None,
        limit: int,
        before: str | None,
    ) -> list[RunView]:
        """The user's runs, newest first, those before the run with the id `before`: in one of the statuses, of a thread."""
        rows = await self._database.rows(
            owner,
            _OF_USER,
            {
                "tenant": owner.tenant_id,
                "user": owner.user_id,
                "statuses": list(statuses) or None,
                "thread": thread_id,
                "before": before,
                "limit": limit,
            },
        )
        return await self._views(owner, rows)

    async def _views(self, owner: Owner, rows: Sequence[DictRow]) -> list[RunView]:
        """The runs, with what they wait for."""
        going = [row["id"] for row in rows if row["status"] in GOING_ON]
        asked = await self.approvals.open_of(owner, going)
        views = [await self._view(owner, row) for row in rows]
        return [view.model_copy(update={"approvals": asked.get(view.id, [])}) for view in views]

    async def project_of(self, owner: Owner, thread_id: str) -> str | None:
        """The project that a thread belongs to; None for none, and for an unknown thread."""
        rows = await self._database.rows(owner, "SELECT project_id FROM threads WHERE id = %s", (thread_id,))
        return rows[0]["project_id"] if rows else None

    async def _refused(self, error: UniqueViolation, scope: Scope, idempotency_key: str | None) -> NoReturn:
        constraint = error.diag.constraint_name
        if idempotency_key is not None:  # first: a repeated request is no second message on a busy thread
            rows = await self._database.rows(
                scope.owner,
                "SELECT * FROM runs WHERE tenant_id = %s AND user_id = %s AND idempotency_key = %s",
                (scope.tenant_id, scope.user_id, idempotency_key),
            )
            if rows:
                raise AlreadyBegun(await self._view(scope.owner, rows[0])) from error
        if constraint == _ONE_AT_A_TIME:
            rows = await self._database.rows(
                scope.owner,
                "SELECT id FROM runs WHERE thread_id = %s AND status = ANY(%s)",
                (scope.thread_id, [*GOING_ON]),
            )
            raise ThreadBusy(rows[0]["id"] if rows else "") from error
        raise error

    async def _close(
        self,
        connection: Connection,
        run_id: str,
        status: Status,
        *,
        lease: int,
        result: Mapping[str, object] | None = None,
        error: Mapping[str, object] | None = None,
    ) -> bool:
        """Whether this closed it; not where it was closed before, or is gone with its thread."""
        cursor = await connection.execute(
            "UPDATE runs SET status = %s, result = %s, error = %s, finished_at = now()"
            " WHERE id = %s AND status = 'running' AND lease = %s RETURNING id",
            (status, Jsonb(result) if result else None, Jsonb(error) if error else None, run_id, lease),
        )
        if await cursor.fetchall():
            return True
        cursor = await connection.execute(
            "SELECT 1 FROM runs WHERE id = %s AND status = 'running' AND lease <> %s", (run_id, lease)
        )
        if await cursor.fetchall():
            raise RunTaken(run_id)
        return False

    async def _sealed(self, owner: Owner, value: dict[str, Any]) -> dict[str, Any]:
        stored: dict[str, Any] = await sealed_json(self._sealer, owner, value)
        return stored

    async def _opened(self, owner: Owner, value: dict[str, Any]) -> dict[str, Any]:
        opened: dict[str, Any] = await opened_json(self._sealer, owner, value)
        return opened

    async def _view(self, owner: Owner, row: DictRow) -> RunView:
        request = await self._opened(owner, row["request"])
        result = await self._opened(owner, row["result"]) if row["result"] else None
        return RunView(
            id=row["id"],
            thread_id=row["thread_id"],
            status=row["status"],
            request=ChatRequest.model_validate(request),
            result=ChatResult.model_validate(result) if result else None,
            problem=Problem.model_validate({"errors": [], **row["error"]}) if row["error"] else None,
            created_at=row["created_at"],
            finished_at=row["finished_at"],
        )


def _begun(
    run_id: str, scope: Scope, worker: str, idempotency_key: str | None, asked: Mapping[str, object]
) -> tuple[object, ...]:
    lease = 0 if worker == QUEUED else 1
    return (
        run_id, scope.thread_id, scope.tenant_id, scope.user_id, worker, lease, idempotency_key, Jsonb(asked)
    )  # fmt: skip


def _unknown_thread(thread_id: str) -> Problem:
    return problem("unknown_thread", f"There is no thread {thread_id!r}; leave thread_id out to begin one.")
