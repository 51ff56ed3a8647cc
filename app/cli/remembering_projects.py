"""`freya memory projects`: projects that several users share, and who sees them; and `freya rate`."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any  # Any: JSON
from urllib.parse import quote

import typer

from app.cli.options import AsJson, Key, User, examples
from app.cli.output import emit, emit_json, emit_page, note

if TYPE_CHECKING:
    from pydantic import JsonValue

    from app.cli.client import Client

_PROJECTS = "/v1/projects"
projects = typer.Typer(
    help="List, begin, change and delete projects, and say who sees them.", no_args_is_help=True
)
ProjectId = Annotated[str, typer.Argument(metavar="PROJECT", help="A project (prj_...).")]
UserId = Annotated[str, typer.Argument(metavar="MEMBER", help="A user of the same tenant.")]
Name = Annotated[str, typer.Argument(help="What it is called.")]


@projects.command(
    "list", epilog=examples("freya memory projects list", "freya memory projects list --archived")
)
def list_(
    archived: Annotated[bool, typer.Option("--archived", help="Those put away as well.")] = False,  # noqa: FBT002  # a flag
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 50,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """The projects that you made or are a member of, newest first."""
    from app.cli.remembering_lines import project_lines

    def show(page: dict[str, Any]) -> None:
        emit_page(page, project_lines, limit=limit, nothing="there are no projects", as_json=as_json)

    _ask(key, user, lambda client: client.get(_PROJECTS, limit=limit, archived=str(archived).lower()), show)


@projects.command(epilog=examples('freya memory projects create "Shop" --description "The new shop."'))
def create(
    name: Name,
    description: Annotated[str, typer.Option(help="What it is about.")] = "",
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Begin a project, which is yours and of which you are the first member."""
    body: dict[str, JsonValue] = {"name": name, "description": description}
    _ask(key, user, lambda client: client.post(_PROJECTS, body), partial(_project, as_json=as_json))


@projects.command(
    epilog=examples(
        'freya memory projects change prj_... --name "Shop 2"',
        "freya memory projects change prj_... --archive",
    )
)
def change(
    project: ProjectId,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    description: Annotated[str | None, typer.Option(help="A new description.")] = None,
    archive: Annotated[
        bool | None, typer.Option("--archive/--activate", help="Put it away, or take it out again.")
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Rename a project of yours, describe it anew, put it away or take it out again."""
    state = None if archive is None else ("archived" if archive else "active")
    body = {"name": name, "description": description, "state": state}
    sent: dict[str, JsonValue] = {field: value for field, value in body.items() if value is not None}
    if not sent:
        raise typer.BadParameter("nothing is changed: give --name, --description, --archive or --activate")
    _ask(key, user, lambda client: client.patch(_path(project), sent), partial(_project, as_json=as_json))


@projects.command(epilog=examples("freya memory projects delete prj_... --yes"))
def delete(
    project: ProjectId,
    yes: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--yes", help="Delete; without it only what there is is told.")
    ] = False,
    key: Key = None,
    user: User = None,
) -> None:
    """Delete a project of yours; what was remembered in it stays with the users it is of."""
    from app.cli.output import CommandFailed

    async def gone(client: "Client") -> Any:  # JSON
        found: Any = await client.get(_path(project))
        if not yes:
            raise CommandFailed(
                f"this deletes the project {found['name']!r}, which nobody sees any more then. It cannot be undone; run "
                "it with --yes, or put it away with `freya memory projects change --archive`."
            )
        return await client.delete(_path(project))

    _ask(key, user, gone, lambda _: emit(f"deleted  {project}"))


@projects.command(epilog=examples("freya memory projects members prj_..."))
def members(
    project: ProjectId,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Who sees a project; of one that is not yours, yourself only."""
    from app.cli.remembering_lines import member_lines

    def show(found: list[dict[str, Any]]) -> None:
        emit_json(found) if as_json else emit("\n".join(member_lines(found)))

    _ask(key, user, lambda client: client.items(f"{_path(project)}/members"), show)


@projects.command(epilog=examples("freya memory projects add prj_... ben"))
def add(
    project: ProjectId,
    member: UserId,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Let a user see the decisions, progress and artifacts of a project of yours."""

    def show(found: dict[str, Any]) -> None:
        emit_json(found) if as_json else emit(f"added  {found['user_id']}")

    _ask(key, user, lambda client: client.post(f"{_path(project)}/members", {"user_id": member}), show)


@projects.command(epilog=examples("freya memory projects remove prj_... ben"))
def remove(project: ProjectId, member: UserId, key: Key = None, user: User = None) -> None:
    """Let a user see a project of yours no longer; or leave one of another."""
    path = f"{_path(project)}/members/{quote(member, safe='')}"
    _ask(key, user, lambda client: client.delete(path), lambda _: emit(f"removed  {member}"))


def rate(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="A run (run_...); `freya ask --json` has it.")],
    rating: Annotated[int | None, typer.Argument(min=1, max=5, help="1, useless, to 5, just right.")] = None,
    comment: Annotated[str | None, typer.Option(help="What there is to say of it.")] = None,
    correction: Annotated[str | None, typer.Option(help="What the answer should have been.")] = None,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Say how good an answer was; what it recalled is recalled sooner or later from then on. The last rating counts."""
    said = {"rating": rating, "comment": comment, "correction": correction}
    body = {field: value for field, value in said.items() if value is not None}
    if not body:
        raise typer.BadParameter("say something: a rating from 1 to 5, --comment or --correction")

    def show(found: dict[str, Any]) -> None:
        if as_json:
            emit_json(found)
        else:
            note(f"noted for {run_id}")

    _ask(key, user, lambda client: client.post("/v1/feedback", {"run_id": run_id, **body}), show)


def _project(found: dict[str, Any], *, as_json: bool) -> None:
    from app.cli.remembering_lines import project_lines

    emit_json(found) if as_json else emit("\n".join(project_lines([found])))


def _path(project: str) -> str:
    return f"{_PROJECTS}/{quote(project, safe='')}"


def _ask(
    key: str | None, user: str | None, work: "Callable[[Client], Awaitable[Any]]", show: Callable[[Any], None]
) -> None:
    from app.cli.interruption import run
    from app.cli.remembering_service import Caller, ask

    run(partial(ask, Caller(key, user), work, show))
