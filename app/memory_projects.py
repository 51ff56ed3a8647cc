"""Projects and their members, behind all doors."""

from memory import Member, Owner, Project, ProjectStore
from memory.privacy import AuditTrail


class ProjectService:
    """Every method is for one owner, and notes in his audit trail what it changed. Raises errors that `app.errors.as_problem` knows."""

    def __init__(self, projects: ProjectStore, audit: AuditTrail) -> None:
        self._projects = projects
        self._audit = audit

    async def create(self, owner: Owner, name: str, description: str) -> Project:
        """A new project of this owner."""
        made = await self._projects.create(owner, name, description)
        await self._note(owner, "create project", made.id)
        return made

    async def page(
        self, owner: Owner, *, limit: int, before: str | None = None, archived: bool = False
    ) -> list[Project]:
        """The projects that the owner made or is a member of, newest first."""
        return await self._projects.page(owner, limit=limit, before=before, archived=archived)

    async def get(self, owner: Owner, project_id: str) -> Project:
        """The project. Raises UnknownProject."""
        return await self._projects.get(owner, project_id)

    async def change(
        self,
        owner: Owner,
        project_id: str,
        *,
        name: str | None,
        description: str | None,
        archived: bool | None,
    ) -> Project:
        """The project, changed; None leaves a field as it is. Raises UnknownProject."""
        found = await self._projects.update(owner, project_id, name=name, description=description)
        if archived is not None:
            found = await self._projects.archive(owner, project_id, archived=archived)
        changed = {
            "rename project": name is not None,
            "describe project": description is not None,
            "restore project" if archived is False else "archive project": archived is not None,
        }
        for action in (action for action, done in changed.items() if done):
            await self._note(owner, action, project_id)
        return found

    async def delete(self, owner: Owner, project_id: str) -> None:
        """Delete it; what was remembered in it stays with the users it is of. Raises UnknownProject."""
        await self._projects.delete(owner, project_id)
        await self._note(owner, "delete project", project_id)

    async def members(self, owner: Owner, project_id: str) -> list[Member]:
        """Who sees the project; a member who does not own it sees himself only. Raises UnknownProject."""
        return await self._projects.members(owner, project_id)

    async def add_member(self, owner: Owner, project_id: str, user_id: str) -> Member:
        """Let a user see the project. Raises UnknownProject, OwnerInvalid."""
        member = await self._projects.add_member(owner, project_id, user_id)
        await self._note(owner, "add member", project_id)
        return member

    async def remove_member(self, owner: Owner, project_id: str, user_id: str) -> None:
        """Let a user see the project no longer: the owner any other, a member himself. Raises UnknownProject."""
        if user_id == owner.user_id:
            await self._projects.leave(owner, project_id)
        else:
            await self._projects.remove_member(owner, project_id, user_id)
        await self._note(owner, "remove member", project_id)

    async def _note(self, owner: Owner, action: str, project_id: str) -> None:
        await self._audit.note(owner, owner.user_id, action, project_id)
