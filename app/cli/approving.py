"""Asking the person at the terminal whether a tool may be called, and `freya runs`, which answers from elsewhere."""

import json
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any  # Any: JSON

import typer
from pydantic import JsonValue

from app.cli.options import AsJson, Key, User, examples
from app.cli.output import CommandFailed, emit, emit_json, emit_page, note
from app.cli.served import served
from app.cli.tables import columns, shortened

if TYPE_CHECKING:
    from app.cli.client import Event

_CHOICE = "allow it? [y]es, [e]dit, or [n]o and why > "
runs = typer.Typer(help="Look at runs, and answer what they ask.", no_args_is_help=True)
_ASKED = 60


class Status(StrEnum):
    """How a run can stand."""

    RUNNING = "running"
    WAITING = "waiting"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run (run_...).")]
ApprovalId = Annotated[str, typer.Argument(metavar="APPROVAL", help="What it waits for (apr_...).")]


def left_open(event: "Event") -> str:
    """How an approval is answered later."""
    return (
        f"the run waits for a person: `freya runs approve {event['run_id']} {event['approval_id']}` allows "
        f"{event['tool']}, `freya runs reject` does not"
    )


async def ask_person(event: "Event") -> dict[str, JsonValue]:
    """What the person at the terminal answers: the body of a resume. Raises CommandFailed where he leaves it open."""
    from prompt_toolkit import PromptSession

    arguments = json.dumps(event["arguments"], ensure_ascii=False)
    note(f"{event['agent']} wants to call {event['tool']} {arguments}\n{event['why']}")
    session: PromptSession[str] = PromptSession()

    async def prompted(text: str, default: str = "") -> str:
        try:
            said = await session.prompt_async(
                text, default=default, handle_sigint=False, set_exception_handler=False
            )
        except (EOFError, KeyboardInterrupt) as error:
            raise CommandFailed(left_open(event)) from error
        return said.strip()

    while True:
        word, _, rest = (await prompted(_CHOICE)).partition(" ")
        match word.lower().rstrip(","):
            case "y" | "yes":
                return _answer(event, "approve")
            case "n" | "no":
                return _answer(event, "reject", reason=rest.strip())
            case "e" | "edit":
                try:
                    changed = _arguments(await prompted("arguments > ", arguments))
                except CommandFailed as error:
                    note(str(error))
                else:
                    return _answer(event, "edit", arguments=changed)
            case _:
                note("y, e, or n with the reason")


def _answer(event: "Event", decision: str, **more: JsonValue) -> dict[str, JsonValue]:
    return {"approval_id": event["approval_id"], "decision": decision, **more}


def _arguments(text: str) -> dict[str, JsonValue]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise CommandFailed(f"the arguments are not JSON: {error}") from error
    if not isinstance(value, dict):
        raise CommandFailed("the arguments are no JSON object")
    return value


@runs.command(
    "list", epilog=examples("freya runs list", "freya runs list --status waiting --status running --json")
)
def list_(
    status: Annotated[
        list[Status] | None,
        typer.Option(help="Only in this status; may be given several times.", show_default="any"),
    ] = None,
    thread: Annotated[str | None, typer.Option(help="Only of this conversation (thr_...).")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 50,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Runs of all conversations, newest first."""
    query: dict[str, str | int | list[str]] = {"limit": limit}
    if status:
        query["status"] = [*status]
    if thread is not None:
        query["thread_id"] = thread

    def told(page: dict[str, Any]) -> None:
        emit_page(page, _rows, limit=limit, nothing="there are no such runs", as_json=as_json)

    served(key, user, lambda client: client.get("/v1/runs", **query), told)


@runs.command(epilog=examples("freya runs show run_...", "freya runs show run_... --json | jq .approvals"))
def show(
    run: RunId,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """How a run stands, and what it waits for."""
    served(key, user, lambda client: client.get(f"/v1/runs/{run}"), _shown(as_json=as_json))


@runs.command(
    epilog=examples(
        "freya runs approve run_... apr_...",
        """freya runs approve run_... apr_... --arguments '{"to": "Ada"}'""",
    )
)
def approve(
    run: RunId,
    approval: ApprovalId,
    arguments: Annotated[
        str | None, typer.Option(help="Call it with these instead, a JSON object.", show_default="its own")
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Allow a call that a run waits with; the run goes on."""
    body: dict[str, JsonValue] = {"approval_id": approval, "decision": "approve"}
    if arguments is not None:
        body |= {"decision": "edit", "arguments": _arguments(arguments)}
    served(key, user, lambda client: client.post(f"/v1/runs/{run}/resume", body), _shown(as_json=as_json))


@runs.command(epilog=examples('freya runs reject run_... apr_... --reason "Not before Monday."'))
def reject(
    run: RunId,
    approval: ApprovalId,
    reason: Annotated[str, typer.Option(help="Why not; the model reads it.")] = "",
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Do not allow a call that a run waits with; the run goes on without it."""
    body: dict[str, JsonValue] = {"approval_id": approval, "decision": "reject", "reason": reason}
    served(key, user, lambda client: client.post(f"/v1/runs/{run}/resume", body), _shown(as_json=as_json))


@runs.command(epilog=examples("freya runs cancel run_..."))
def cancel(
    run: RunId,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """End a run that goes on or waits."""
    served(key, user, lambda client: client.post(f"/v1/runs/{run}/cancel"), _shown(as_json=as_json))


def _shown(*, as_json: bool) -> Callable[[dict[str, Any]], None]:
    return emit_json if as_json else _tell


def _rows(found: list[dict[str, Any]]) -> list[str]:
    return columns(
        ("run", "status", "begun", "thread", "asked"),
        [
            (
                one["id"],
                one["status"],
                one["created_at"][:16].replace("T", " "),
                one["thread_id"],
                shortened(one["request"]["message"], _ASKED),
            )
            for one in found
        ],
    )


def _tell(view: dict[str, Any]) -> None:
    emit(f"{view['id']} is {view['status']}, in thread {view['thread_id']}")
    for one in view["approvals"]:
        arguments = json.dumps(one["arguments"], ensure_ascii=False)
        emit(
            f"{one['id']}: {one['agent']} wants to call {one['tool']} {arguments}, until {one['expires_at']}"
        )
        emit(f"  {one['why']}")
    if view["result"]:
        emit(view["result"]["answer"])
    if view["problem"]:
        emit(f"{view['problem']['title']}: {view['problem']['detail']}")
