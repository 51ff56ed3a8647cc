"""Projects: work that several users share, each seeing its decisions, progress and artifacts."""

from datetime import datetime
from typing import Final, Literal, LiteralString

from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from memory.database import Connection, Database
from memory.errors import UnknownProject
from memory.identifiers import new_id
from memory.owner import Owner
from memory.privacy.sealing import Sealer
from memory.records.deletions import note_deletion

_MEMBERS: Final[LiteralString] = """
    SELECT user_id, user_id = owner_id AS is_owner, added_at FROM project_members WHERE project_id = %s
"""
_DETACHED = ("memory_records", "threads", "artifacts")


class Project(BaseModel):
    """Work that is done together."""

    model_config = ConfigDict(frozen=True)

    id: str
    owner_id: str
    """The user who made it, and who alone changes it."""
    name: str = Field(min_length=1, max_length=200)
    description: str = Field(max_length=4000)
    state: Literal["active", "archived"]
    created_at: datetime
    updated_at: datetime


class Member(BaseModel):
    """A user who sees a project."""

    model_config = ConfigDict(frozen=True)

    user_id: str
    is_owner: bool
    added_at: datetime


class ProjectStore:
    """Reads and writes projects. An outage raises MemoryUnavailable.

    Members are users of the owner's tenant. Row-level security decides what each sees and changes; a project that
    one may not see, or not change, is an UnknownProject. With a sealer that has a key names and descriptions are stored
    encrypted with the key of the project's owner, and opened for members.
    """

    def __init__(self, database: Database, sealer: Sealer | None = None) -> None:
        self._database = database
        self._sealer = sealer

    async def create(self, owner: Owner, name: str, description: str = "") -> Project:
        """A new project with its owner as the first member."""
        name, description = await self._sealed(owner, name), await self._sealed(owner, description)
        async with self._database.of(owner) as connection:
            cursor = await connection.execute(
                "INSERT INTO projects (id, tenant_id, user_id, name, description) VALUES (%s, %s, %s, %s, %s)"
                " RETURNING *",
                (new_id("prj"), owner.tenant_id, owner.user_id, name, description),
            )
            row = (await cursor.fetchall())[0]
            # By his own membership the owner sees what the others decide.
            await _add(connection, owner, row["id"], owner.user_id)
        return await self._project(row)

    async def get(self, owner: Owner, project_id: str) -> Project:
        """The project, of this owner or one that he is a member of. Raises UnknownProject."""
        async with self._database.of(owner) as connection:
            row = await _seen(connection, project_id)
        return await self._project(row)

    async def page(
        self, owner: Owner, *, limit: int = 50, before: str | None = None, archived: bool = False
    ) -> list[Project]:
        """Projects that the owner sees, newest first, those made before the one with the id `before`."""
        async with self._database.of(owner) as connection:
            cursor = await connection.execute(
                "SELECT * FROM projects WHERE (%s OR state = 'active') AND (%s::text IS NULL OR id < %s)"
                " ORDER BY id DESC LIMIT %s",
                (archived, before, before, limit),
            )
            rows = await cursor.fetchall()
        return [await self._project(row) for row in rows]

    async def update(
        self, owner: Owner, project_id: str, *, name: str | None = None, description: str | None = None
    ) -> Project:
        """Change its name or description; None leaves it as it is. Raises UnknownProject."""
        return await self._change(
            owner,
            project_id,
            "UPDATE projects SET name = coalesce(%s, name), description = coalesce(%s, description), updated_at = now()"
            " WHERE id = %s AND tenant_id = %s AND user_id = %s RETURNING *",
            tuple(
                [None if text is None else await self._sealed(owner, text) for text in (name, description)]
            ),
        )

    async def archive(self, owner: Owner, project_id: str, *, archived: bool = True) -> Project:
        """Put it away, or take it out again. Raises UnknownProject."""
        return await self._change(
            owner,
            project_id,
            "UPDATE projects SET state = %s, updated_at = now() WHERE id = %s AND tenant_id = %s AND user_id = %s"
            " RETURNING *",
            ("archived" if archived else "active",),
        )

    async def delete(self, owner: Owner, project_id: str) -> None:
        """Delete it; what was remembered in it stays with the user it is of, and with nobody else.

        Raises UnknownProject.
        """
        async with self._database.of(owner) as connection:
            cursor = await connection.execute(
                "SELECT user_id FROM project_members WHERE project_id = %s AND owner_id = %s",
                (project_id, owner.user_id),
            )
            users = [row["user_id"] for row in await cursor.fetchall()]
            cursor = await connection.execute(
                "DELETE FROM projects WHERE id = %s AND tenant_id = %s AND user_id = %s RETURNING id",
                (project_id, owner.tenant_id, owner.user_id),
            )
            if not await cursor.fetchall():
                raise _unknown(project_id)
        # Rows of the members too: a project of the same id, made by hand, must not bring them together again.
        async with self._database.of_all() as connection:
            for table in _DETACHED:
                revision = ", revision = nextval('memory_revision')" if table == "memory_records" else ""
                await connection.execute(
                    f"UPDATE {table} SET project_id = NULL{revision} WHERE project_id = %s AND tenant_id = %s",  # noqa: S608  # names of this module
                    (project_id, owner.tenant_id),
                )
            for user in sorted(users):
                await note_deletion(connection, Owner(user, owner.tenant_id))

    async def add_member(self, owner: Owner, project_id: str, user_id: str) -> Member:
        """Let a user of the same tenant see it; adding one twice changes nothing.

        Raises UnknownProject, and OwnerInvalid for what is no name of a user.
        """
        member = Owner(user_id, owner.tenant_id)
        async with self._database.of(owner) as connection:
            await _owned(connection, owner, project_id)
            await _add(connection, owner, project_id, member.user_id)
            cursor = await connection.execute(f"{_MEMBERS} AND user_id = %s", (project_id, member.user_id))
            added = Member.model_validate((await cursor.fetchall())[0])
        await self._changed_for(member)
        return added

    async def remove_member(self, owner: Owner, project_id: str, user_id: str) -> None:
        """Let a user see it no longer; one who is no member is left alone. The owner stays. Raises UnknownProject."""
        member = Owner(user_id, owner.tenant_id)
        async with self._database.of(owner) as connection:
            await _owned(connection, owner, project_id)
            await connection.execute(
                "DELETE FROM project_members WHERE project_id = %s AND user_id = %s AND user_id <> owner_id",
                (project_id, member.user_id),
            )
        await self._changed_for(member)

    async def leave(self, owner: Owner, project_id: str) -> None:
        """Be a member no longer. Raises UnknownProject, also for the project's owner, who archives or deletes it."""
        async with self._database.of(owner) as connection:
            cursor = await connection.execute(
                "DELETE FROM project_members WHERE project_id = %s AND tenant_id = %s AND user_id = %s"
                " AND user_id <> owner_id RETURNING project_id",
                (project_id, owner.tenant_id, owner.user_id),
            )
            if not await cursor.fetchall():
                raise UnknownProject(
                    f"{owner.user_id!r} is no member of a project {project_id!r}; its owner cannot leave it, but archive"
                    " or delete it"
                )
        await self._changed_for(owner)

    async def members(self, owner: Owner, project_id: str) -> list[Member]:
        """Its members in the order of their joining; one who does not own it sees himself only.

        Raises UnknownProject.
        """
        async with self._database.of(owner) as connection:
            await _seen(connection, project_id)
            cursor = await connection.execute(f"{_MEMBERS} ORDER BY added_at, user_id", (project_id,))
            return [Member.model_validate(row) for row in await cursor.fetchall()]

    async def _change(
        self, owner: Owner, project_id: str, statement: str, values: tuple[str | None, ...]
    ) -> Project:
        async with self._database.of(owner) as connection:
            cursor = await connection.execute(
                statement, (*values, project_id, owner.tenant_id, owner.user_id)
            )
            rows = await cursor.fetchall()
        if not rows:
            raise _unknown(project_id)
        return await self._project(rows[0])

    async def _project(self, row: DictRow) -> Project:
        """The project of a row, opened with the key of whoever made it; call it where no connection is held."""
        opened = {**row, "owner_id": row["user_id"]}
        if self._sealer is not None:
            maker = Owner(row["user_id"], row["tenant_id"])
            for name in ("name", "description"):
                opened[name] = await self._sealer.open(maker, row[name])
        return Project.model_validate(opened)

    async def _sealed(self, owner: Owner, text: str) -> str:
        """The text as it is stored; nothing stays nothing."""
        return await self._sealer.seal(owner, text) if self._sealer and text else text

    async def _changed_for(self, member: Owner) -> None:
        """What this user sees has changed with his membership."""
        async with self._database.of(member) as connection:
            await note_deletion(connection, member)


async def _add(connection: Connection, owner: Owner, project_id: str, user_id: str) -> None:
    await connection.execute(
        "INSERT INTO project_members (project_id, tenant_id, owner_id, user_id) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (project_id, owner.tenant_id, owner.user_id, user_id),
    )


async def _seen(connection: Connection, project_id: str) -> DictRow:
    cursor = await connection.execute("SELECT * FROM projects WHERE id = %s", (project_id,))
    rows = await cursor.fetchall()
    if not rows:
        raise _unknown(project_id)
    return rows[0]


async def _owned(connection: Connection, owner: Owner, project_id: str) -> None:
    if (await _seen(connection, project_id))["user_id"] != owner.user_id:
        raise _unknown(project_id)


def _unknown(project_id: str) -> UnknownProject:
    return UnknownProject(f"there is no project {project_id!r} that this user may see, or change, like this")
