"""Jobs of the knowledge pipeline as rows: what is to be done, who does it, how far it is, and how it ended."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, LiteralString

import psycopg
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict, JsonValue

from knowledge.errors import KnowledgeError, KnowledgeUnavailable
from knowledge.store import Connection, Pool

KEPT: Final = 200
"""How many jobs are remembered, the newest ones."""
_STALE_S = 10.0
_ATTEMPTS = 3
_DIED = (
    f"The process that carried it out died {_ATTEMPTS} times; its log says why (out of memory, a full disk). "
    "What was done is kept: order the job again once that is mended."
)
_TURN = 0x6B6E_6F77_6A6F_6273

_MINE = "id = %(id)s AND worker = %(worker)s AND state = 'running'"
_BEAT: Final = f"""
    UPDATE knowledge_jobs SET heartbeat_at = now(), step = %(step)s, done = %(done)s, total = %(total)s
    WHERE {_MINE} RETURNING id
"""  # noqa: S608  # a constant of this module
_END: Final = f"""
    UPDATE knowledge_jobs SET state = %(state)s, result = %(result)s, error = %(error)s, finished_at = now()
    WHERE {_MINE} RETURNING id
"""  # noqa: S608
_HAND_BACK: Final = f"""
    UPDATE knowledge_jobs SET state = 'queued', worker = NULL, attempts = attempts - 1 WHERE {_MINE}
"""  # noqa: S608
_CREATE: Final = """
    INSERT INTO knowledge_jobs (id, kind, arguments) VALUES (%(id)s, %(kind)s, %(arguments)s)
    ON CONFLICT (id) DO NOTHING
"""
_FORGET: Final = """
    DELETE FROM knowledge_jobs
    WHERE state NOT IN ('queued', 'running')
        AND id IN (SELECT id FROM knowledge_jobs ORDER BY created_at DESC, id DESC OFFSET %(kept)s)
"""
_CANCEL: Final = """
    UPDATE knowledge_jobs SET state = 'cancelled', finished_at = now()
    WHERE id = %(id)s AND state IN ('queued', 'running') RETURNING *
"""
_AGAIN: Final = """
    UPDATE knowledge_jobs
    SET state = CASE WHEN attempts < %(attempts)s THEN 'queued' ELSE 'failed' END,
        error = CASE WHEN attempts < %(attempts)s THEN NULL ELSE %(error)s END,
        finished_at = CASE WHEN attempts < %(attempts)s THEN NULL ELSE now() END,
        worker = NULL
    WHERE state = 'running' AND heartbeat_at < now() - make_interval(secs => %(stale)s)
"""
_CLAIM: Final = """
    UPDATE knowledge_jobs
    SET state = 'running', worker = %(worker)s, attempts = attempts + 1, started_at = coalesce(started_at, now()), heartbeat_at = now()
    WHERE id = (
        SELECT id FROM knowledge_jobs WHERE state = 'queued' AND (%(id)s::text IS NULL OR id = %(id)s)
        ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING *
"""
_WAITING: Final = """
    SELECT EXISTS (
        SELECT FROM knowledge_jobs
        WHERE state = 'queued'
            OR (state = 'running' AND heartbeat_at < now() - make_interval(secs => %(stale)s))
    ) AS found
"""
_PAGE: Final = """
    SELECT job.* FROM knowledge_jobs AS job
    WHERE %(before)s::text IS NULL
        OR (job.created_at, job.id) < (SELECT created_at, id FROM knowledge_jobs WHERE id = %(before)s)
    ORDER BY job.created_at DESC, job.id DESC LIMIT %(limit)s
"""
_QUEUED: Final = """
    SELECT * FROM knowledge_jobs WHERE kind = %(kind)s AND arguments = %(arguments)s AND state = 'queued'
    ORDER BY created_at, id LIMIT 1
"""
_UNENDED: Final = "SELECT id FROM knowledge_jobs WHERE kind = %(kind)s AND state IN ('queued', 'running')"
_DUE: Final = """
    WITH pairs AS (SELECT max(updated_at) AS changed FROM knowledge_pairs), latest AS (
        SELECT created_at, finished_at FROM knowledge_jobs WHERE kind = %(kind)s
        ORDER BY created_at DESC, id DESC LIMIT 1
    )
    SELECT coalesce(changed < now() - make_interval(secs => %(rest)s), true) AND NOT EXISTS (
        SELECT FROM latest
        WHERE finished_at IS NULL
            OR (finished_at > now() - make_interval(secs => %(again)s) AND created_at >= changed)
    ) AS due FROM pairs
"""


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing follows."""
        return self not in {JobState.QUEUED, JobState.RUNNING}


class Job(BaseModel):
    """A job as it stands."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: str
    arguments: dict[str, JsonValue]
    state: JobState
    step: str | None
    """What it is doing."""
    done: int
    """How much of the step is done."""
    total: int | None
    result: dict[str, JsonValue] | None
    error: str | None
    """Why it failed, and what to do."""
    created_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime | None
    """When whoever carries it out last said so."""
    finished_at: datetime | None


class UnknownJob(KnowledgeError):
    """There is no job of that id; the oldest ones are forgotten."""


class TurnLost(KnowledgeUnavailable):
    """The connection that held the turn broke, so somebody else may carry out jobs now."""


class JobTurn:
    """The right to carry out jobs, which one process of a database has at a time.

    It is an advisory lock of a connection: it ends with the process however that ends. Everything is written over
    that connection, so a process that has lost its turn cannot write.
    """

    def __init__(self, connection: Connection, worker: str) -> None:
        self._connection = connection
        self._worker = worker

    async def claim(self, job: str | None = None) -> Job | None:
        """Begin the job that waits longest, or the one of that id; None where there is none to begin.

        A job whose process fell silent waits again, as only one has the turn and so that process has died; the third
        time it has failed. Raises TurnLost.
        """
        await self._rows(_AGAIN, {"stale": _STALE_S, "attempts": _ATTEMPTS, "error": _DIED})
        rows = await self._rows(_CLAIM, {"worker": self._worker, "id": job})
        return _job(rows[0]) if rows else None

    async def beat(self, job: str, *, step: str | None, done: int, total: int | None) -> bool:
        """Say that the job goes on, and how far it is; False when it was cancelled meanwhile. Raises TurnLost."""
        return bool(await self._write(_BEAT, job, {"step": step, "done": done, "total": total}))

    async def finish(self, job: str, result: Mapping[str, JsonValue]) -> None:
        """Note what came of the job. Raises TurnLost."""
        given = {"state": JobState.FINISHED, "result": Jsonb(dict(result)), "error": None}
        await self._write(_END, job, given)

    async def fail(self, job: str, error: str) -> None:
        """Note why the job came to nothing. Raises TurnLost."""
        await self._write(_END, job, {"state": JobState.FAILED, "result": None, "error": error})

    async def cancel(self, job: str) -> None:
        """Note that whoever carries it out was told to leave it. Raises TurnLost."""
        await self._write(_END, job, {"state": JobState.CANCELLED, "result": None, "error": None})

    async def hand_back(self, job: str) -> None:
        """Let it wait for the next process, which goes on with it. Raises TurnLost."""
        await self._rows(_HAND_BACK, {"id": job, "worker": self._worker})

    async def _write(self, statement: LiteralString, job: str, values: Mapping[str, object]) -> list[DictRow]:
        return await self._rows(statement, {"id": job, "worker": self._worker, **values})

    async def _rows(self, statement: LiteralString, values: Mapping[str, object]) -> list[DictRow]:
        try:
            cursor = await self._connection.execute(statement, values)
            return await cursor.fetchall() if cursor.description else []
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise TurnLost(f"The database went away during a job: {error}") from error


class JobStore:
    """Jobs in PostgreSQL. Every method raises KnowledgeUnavailable when it does not answer."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, job: str, kind: str, arguments: Mapping[str, JsonValue]) -> Job:
        """Queue a job under a fresh id; an id that is taken gives the job that has it. The oldest jobs are forgotten."""
        await self._rows(_CREATE, {"id": job, "kind": kind, "arguments": Jsonb(dict(arguments))})
        await self._rows(_FORGET, {"kept": KEPT})
        return await self.get(job)

    async def queued(self, kind: str, arguments: Mapping[str, JsonValue]) -> Job | None:
        """The job that waits to do just that, where there is one."""
        rows = await self._rows(_QUEUED, {"kind": kind, "arguments": Jsonb(dict(arguments))})
        return _job(rows[0]) if rows else None

    async def get(self, job: str) -> Job:
        """The job. Raises UnknownJob."""
        rows = await self._rows("SELECT * FROM knowledge_jobs WHERE id = %(id)s", {"id": job})
        if not rows:
            raise UnknownJob(f"there is no job {job!r}; the newest {KEPT} are kept")
        return _job(rows[0])

    async def page(self, *, limit: int, before: str | None = None) -> list[Job]:
        """Jobs, newest first, those made before the job of the id `before`."""
        return [_job(row) for row in await self._rows(_PAGE, {"limit": limit, "before": before})]

    async def due(self, kind: str, *, rest_s: float, again_s: float) -> bool:
        """Whether a job of a kind should follow an import: no pair has changed for `rest_s` seconds, none is under way.

        One that began after the last change and has ended, however it ended, is not repeated for `again_s` seconds.
        """
        rows = await self._rows(_DUE, {"kind": kind, "rest": rest_s, "again": again_s})
        return bool(rows[0]["due"])

    async def unended(self, kind: str) -> set[str]:
        """The jobs of a kind that wait or go on."""
        return {str(row["id"]) for row in await self._rows(_UNENDED, {"kind": kind})}

    async def cancel(self, job: str) -> Job | None:
        """Cancel a job that waits or goes on, which its process notices within seconds; None when it has ended."""
        rows = await self._rows(_CANCEL, {"id": job})
        return _job(rows[0]) if rows else None

    async def waiting(self) -> bool:
        """Whether there is a job to begin, or to go on with since its process fell silent."""
        return bool((await self._rows(_WAITING, {"stale": _STALE_S}))[0]["found"])

    @contextlib.asynccontextmanager
    async def turn(self, worker: str) -> AsyncIterator[JobTurn | None]:
        """The right to carry out jobs until the end of the context; None while another process has it."""
        async with self._connection() as connection:
            cursor = await connection.execute("SELECT pg_try_advisory_lock(%s) AS taken", (_TURN,))
            row = await cursor.fetchone()
            if row is None or not row["taken"]:
                yield None
                return
            try:
                yield JobTurn(connection, worker)
            finally:
                await _let_go(connection)

    async def _rows(self, statement: LiteralString, values: Mapping[str, object]) -> list[DictRow]:
        async with self._connection() as connection:
            cursor = await connection.execute(statement, values)
            return await cursor.fetchall() if cursor.description else []

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise KnowledgeUnavailable(f"The knowledge store does not answer: {error}") from error


async def _let_go(connection: Connection) -> None:
    """Give the lock back; a connection that cannot is closed, which gives it back as well."""
    try:
        await connection.execute("SELECT pg_advisory_unlock(%s)", (_TURN,))
    except BaseException:
        await connection.close()
        raise


def _job(row: DictRow) -> Job:
    return Job.model_validate({name: row[name] for name in Job.model_fields})
