"""Projects and their members over HTTP."""

from typing import Annotated, Literal, Self

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.http.chat import ERRORS, Storable
from app.http.memory import Service
from app.http.paging import Cursor, Limit, Page, Place
from app.http.security import Acting
from memory import Member, Project

router = APIRouter(prefix="/v1/projects", tags=["projects"], responses=ERRORS)
ProjectId = Annotated[str, Path(max_length=64), Storable]
UserId = Annotated[str, Path(max_length=64), Storable]
Name = Annotated[str, Field(min_length=1, max_length=200), Storable]
Description = Annotated[str, Field(max_length=4000), Storable]


class ProjectPage(Page[Project]):
    """Some projects."""


class MemberPage(Page[Member]):
    """Some of those who see a project."""


class NewProject(BaseModel):
    """A project to begin."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    description: Description = ""


class ProjectChange(BaseModel):
    """What a project is to be; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    description: Description | None = None
    state: Literal["active", "archived"] | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.name is None and self.description is None and self.state is None:
            raise ValueError("nothing is changed: give a name, a description or a state")
        return self


class NewMember(BaseModel):
    """A user who is to see a project."""

    model_config = ConfigDict(extra="forbid")

    user_id: Annotated[str, Field(min_length=1, max_length=64), Storable]


@router.post("", operation_id="createProject", status_code=201)
async def create_project(body: NewProject, memory: Service, owner: Acting) -> Project:
    """Begin a project, whose owner and first member is the acting user."""
    return await memory.projects.create(owner, body.name, body.description)


@router.get("", operation_id="listProjects")
async def list_projects(
    memory: Service,
    owner: Acting,
    archived: Annotated[bool, Query(description="Those that were put away as well.")] = False,  # noqa: FBT002  # a parameter of the route
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ProjectPage:
    """The projects that the user made or is a member of, newest first."""
    items = await memory.projects.page(owner, limit=limit + 1, before=cursor, archived=archived)
    return ProjectPage.of(items, limit)


@router.get("/{project_id}", operation_id="getProject")
async def get_project(project_id: ProjectId, memory: Service, owner: Acting) -> Project:
    """One project."""
    return await memory.projects.get(owner, project_id)


@router.patch("/{project_id}", operation_id="changeProject")
async def change_project(
    project_id: ProjectId, body: ProjectChange, memory: Service, owner: Acting
) -> Project:
    """Change its name or description, put it away or take it out again; its owner may."""
    archived = None if body.state is None else body.state == "archived"
    return await memory.projects.change(
        owner, project_id, name=body.name, description=body.description, archived=archived
    )


@router.delete("/{project_id}", operation_id="deleteProject", status_code=204)
async def delete_project(project_id: ProjectId, memory: Service, owner: Acting) -> None:
    """Delete it; what was remembered in it stays with the users it is of, and nobody else sees it any more."""
    await memory.projects.delete(owner, project_id)


@router.get("/{project_id}/members", operation_id="listMembers")
async def list_members(
    project_id: ProjectId, memory: Service, owner: Acting, limit: Limit = 50, cursor: Place = None
) -> MemberPage:
    """Who sees its decisions, progress and artifacts; a member who does not own it sees himself only."""
    members = await memory.projects.members(owner, project_id)
    return MemberPage.within(members, limit, cursor, lambda member: member.user_id)


@router.post("/{project_id}/members", operation_id="addMember", status_code=201)
async def add_member(project_id: ProjectId, body: NewMember, memory: Service, owner: Acting) -> Member:
    """Let a user of the same tenant see it; its owner may."""
    return await memory.projects.add_member(owner, project_id, body.user_id)


@router.delete("/{project_id}/members/{user_id}", operation_id="removeMember", status_code=204)
async def remove_member(project_id: ProjectId, user_id: UserId, memory: Service, owner: Acting) -> None:
    """Let a user see it no longer: its owner any other, a member himself."""
    await memory.projects.remove_member(owner, project_id, user_id)
