"""Projects: work that is done together, and who sees it."""

from nicegui import ui

from app.console import lists
from app.console.acting import change, checked, doing
from app.console.bits import card, chip, confirm, decide, dialog, heading, text, when
from app.console.notices import empty, said
from app.console.pages.memory.common import SECTIONS
from app.console.registry import page
from app.console.visit import Visit
from memory import Member, Project

_LIST = "GET /v1/projects"
_MAKE = "POST /v1/projects"
_ONE = "GET /v1/projects/{project_id}"
_CHANGE = "PATCH /v1/projects/{project_id}"
_DELETE = "DELETE /v1/projects/{project_id}"
_ADD = "POST /v1/projects/{project_id}/members"
_REMOVE = "DELETE /v1/projects/{project_id}/members/{user_id}"
_NAME, _DESCRIPTION, _USER = 200, 4000, 64


@page("/memory/projects", title="Projects", needs=_LIST)
async def projects(visit: Visit) -> None:
    """The visitor's projects, and those that he is a member of."""
    lists.sections("Memory", "/memory/projects", SECTIONS)
    if visit.may(_MAKE):
        with ui.element("div").classes("fr-actions"):
            ui.button("New project", on_click=lambda: _edit(visit, None)).props("icon=add")

    async def fetch(cursor: str | None) -> lists.Part[Project]:
        found = await visit.freya.memory.projects.page(
            visit.owner, limit=lists.PART + 1, before=cursor, archived=True
        )
        return lists.part(found)

    await lists.listed(
        visit,
        fetch,
        _row,
        needs=_LIST,
        nothing=lambda: empty(
            "There are no projects",
            "A project keeps decisions, progress and artifacts of its threads together, and lets others see them.",
            icon="folder_open",
        ),
    )


def _row(project: Project) -> None:
    with ui.element("div").classes("fr-item"):
        with ui.element("div").classes("fr-row"):
            ui.link(project.name, f"/memory/projects/{project.id}").classes("fr-strong")
            if project.state == "archived":
                chip("put away")
        if project.description:
            text(project.description, classes="fr-muted")
        with ui.element("div").classes("fr-row fr-small fr-muted"):
            ui.label(f"Of {project.owner_id}")
            when(project.updated_at)


def _edit(visit: Visit, project: Project | None) -> None:
    with dialog("New project" if project is None else "Change the project") as asking:
        name = ui.input(label="Name", value=project.name if project else "").props(
            f"autofocus maxlength={_NAME}"
        )
        description = ui.textarea(
            label="What it is about", value=project.description if project else ""
        ).props(f"autogrow maxlength={_DESCRIPTION}")

        async def save() -> None:
            named = checked(name, longest=_NAME, otherwise="A project has a name.")
            about = checked(description, longest=_DESCRIPTION, shortest=0)
            if named is None or about is None:
                return
            service = visit.freya.memory.projects
            if project is None:
                kept = await change(visit, lambda: service.create(visit.owner, named, about), route=_MAKE)
            else:
                kept = await change(
                    visit,
                    lambda: service.change(
                        visit.owner, project.id, name=named, description=about, archived=None
                    ),
                    route=_CHANGE,
                )
            if kept is not None:
                asking.close()
                ui.navigate.to(f"/memory/projects/{kept.id}")

        decide(asking, "Save", save)


@page("/memory/projects/{project_id}", title="Project", needs=_ONE)
async def project(visit: Visit, project_id: str) -> None:
    """One project with its members."""
    lists.sections("Memory", "", SECTIONS)
    await lists.drawn(
        visit,
        lambda: _found(visit, project_id),
        lambda found, show: _shown(visit, *found, show),
        needs=_ONE,
    )


async def _found(visit: Visit, project_id: str) -> tuple[Project, list[Member]]:
    service = visit.freya.memory.projects
    return await service.get(visit.owner, project_id), await service.members(visit.owner, project_id)


def _shown(visit: Visit, found: Project, members: list[Member], show: lists.Redraw) -> None:
    own = found.owner_id == visit.owner.user_id
    with card():
        with ui.element("div").classes("fr-row"):
            heading(found.name)
            if found.state == "archived":
                chip("put away")
        if found.description:
            text(found.description)
        with ui.element("div").classes("fr-row"):
            ui.label(found.id).classes("fr-mono")
            ui.link("What is remembered in it", f"/memory?project={found.id}")
        if own and visit.may(_CHANGE):
            _actions(visit, found, show)
    heading("Who sees it")
    if not own:
        text("Its owner sees who else does.", classes="fr-muted")
    with ui.element("div").classes("fr-list"):
        for member in members:
            _member(visit, found, member, show, own=own)
    if own and visit.may(_ADD):
        _add(visit, found, show)


def _actions(visit: Visit, found: Project, show: lists.Redraw) -> None:
    service = visit.freya.memory.projects

    async def put_away() -> None:
        archived = found.state == "active"
        work = service.change
        done = await change(
            visit,
            lambda: work(visit.owner, found.id, name=None, description=None, archived=archived),
            route=_CHANGE,
        )
        if done is not None:
            said("It is put away." if archived else "It is taken out again.")
            await show()

    def delete() -> None:
        async def act() -> None:
            if await change(visit, lambda: doing(service.delete(visit.owner, found.id)), route=_DELETE):
                ui.navigate.to("/memory/projects")

        confirm(
            f"Delete {found.name}?",
            "What was remembered in it stays with the users it is of, and nobody else sees it any more.",
            yes="Delete the project",
            act=act,
        )

    with ui.element("div").classes("fr-actions"):
        ui.button("Change", on_click=lambda: _edit(visit, found)).props("outline icon=edit")
        ui.button("Put away" if found.state == "active" else "Take out", on_click=put_away).props(
            "outline icon=inventory_2"
        )
        ui.button("Delete", on_click=delete).props("outline icon=delete_outline")


def _member(visit: Visit, found: Project, member: Member, show: lists.Redraw, *, own: bool) -> None:
    async def remove() -> None:
        work = visit.freya.memory.projects.remove_member
        done = await change(visit, lambda: doing(work(visit.owner, found.id, member.user_id)), route=_REMOVE)
        if done:
            said(f"{member.user_id} sees it no more.")
            await show()

    with ui.element("div").classes("fr-item fr-row"):
        ui.label(member.user_id).classes("fr-strong")
        chip("owner" if member.is_owner else "member")
        when(member.added_at)
        if not member.is_owner and (own or member.user_id == visit.owner.user_id) and visit.may(_REMOVE):
            button = ui.button("Remove", on_click=remove).props("flat dense")
            button._props["aria-label"] = f"Remove {member.user_id}"  # noqa: SLF001  # may hold quotes


def _add(visit: Visit, found: Project, show: lists.Redraw) -> None:
    with ui.element("div").classes("fr-filters"):
        field = ui.input(label="User to let see it").props(f"maxlength={_USER}")

        async def add() -> None:
            user = checked(field, longest=_USER, otherwise="Name a user of your tenant.")
            if user is None:
                return
            work = visit.freya.memory.projects.add_member
            if await change(visit, lambda: work(visit.owner, found.id, user), route=_ADD):
                said(f"{user} sees it now.")
                await show()

        field.on("keydown.enter", add)
        ui.button("Add", on_click=add).props("outline")
