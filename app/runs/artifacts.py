"""Artifacts of runs in PostgreSQL, with their versions."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.problems import ProblemError, problem
from app.runs.records import ArtifactView
from graphs import MadeArtifact
from memory import Connection, Database, Owner, Scope
from memory.privacy import Sealer

_KEEP = """
    INSERT INTO artifacts (id, run_id, tenant_id, user_id, project_id, agent, name, media_type, content, version)
    SELECT %(id)s, %(run)s, %(tenant)s, %(user)s, %(project)s, %(agent)s, %(name)s, %(media_type)s, %(content)s,
        1 + coalesce(max(earlier.version), 0)
    FROM artifacts AS earlier LEFT JOIN runs ON runs.id = earlier.run_id
    WHERE earlier.tenant_id = %(tenant)s AND earlier.name = %(name)s
        AND CASE WHEN %(project)s::text IS NULL THEN runs.thread_id = %(thread)s ELSE earlier.project_id = %(project)s END
    ON CONFLICT DO NOTHING
"""
"""A name counts its versions within the project, whose members see each other's artifacts and not their runs, or else within
the thread."""


@dataclass(frozen=True, kw_only=True)
class StoredArtifact:
    """An artifact as it can be downloaded."""

    id: str
    run_id: str
    name: str
    media_type: str
    content: str


class ArtifactStore:
    """Reads artifacts, each method those that one user may see. An outage raises MemoryUnavailable."""

    def __init__(self, database: Database, sealer: Sealer | None) -> None:
        self._database = database
        self._sealer = sealer

    async def one(self, owner: Owner, artifact_id: str) -> StoredArtifact:
        """An artifact with its content. Raises a ProblemError for an unknown one."""
        rows = await self._database.rows(
            owner,
            "SELECT id, run_id, name, media_type, content, tenant_id, user_id FROM artifacts WHERE id = %s",
            (artifact_id,),
        )
        if not rows:
            raise ProblemError(problem("unknown_artifact", f"There is no artifact {artifact_id!r}."))
        found = dict(rows[0])
        maker = Owner(found.pop("user_id"), found.pop("tenant_id"))  # who may be another member of a project
        if self._sealer:
            found["content"] = await self._sealer.open(maker, found["content"])
        return StoredArtifact(**found)

    async def page(
        self, owner: Owner, *, project_id: str | None, limit: int, before: str | None
    ) -> list[ArtifactView]:
        """Artifacts, newest first, those before the one with the id `before`: the owner's own, or all of a project."""
        rows = await self._database.rows(
            owner,
            "SELECT id, run_id, name, version, media_type, agent, project_id, created_at,"
            " CASE WHEN user_id <> %s THEN user_id END AS by FROM artifacts"
            " WHERE CASE WHEN %s::text IS NULL THEN tenant_id = %s AND user_id = %s ELSE project_id = %s END"
            " AND (%s::text IS NULL OR id < %s) ORDER BY id DESC LIMIT %s",
            (
                owner.user_id,
                project_id,
                owner.tenant_id,
                owner.user_id,
                project_id,
                before,
                before,
                limit,
            ),
        )
        return [ArtifactView.model_validate(row) for row in rows]


async def keep(
    connection: Connection, run_id: str, scope: Scope, artifacts: Sequence[tuple[MadeArtifact, str]]
) -> None:
    """Write what a run made, each with its content as it is to be stored, in the transaction that closes the run."""
    if artifacts and scope.project_id:  # several of its threads may keep versions of one name at once
        await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            (f"artifacts of {scope.tenant_id}/{scope.project_id}",),
        )
    for made, content in artifacts:
        await connection.execute(
            _KEEP,
            {
                "id": made.id,
                "run": run_id,
                "tenant": scope.tenant_id,
                "user": scope.user_id,
                "thread": scope.thread_id,
                "project": scope.project_id,
                "agent": made.agent,
                "name": made.artifact.name,
                "media_type": made.artifact.media_type,
                "content": content,
            },
        )
