"""`freya memory`: see, search, correct, pin and forget what is remembered of a user."""

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any  # Any: JSON

import typer

from app.cli.options import AsJson, Key, Project, Since, Until, User, examples
from app.cli.output import emit, emit_json, emit_one, emit_page, note
from app.cli.remembering_history import artifacts, audit, erase, export, import_, interactions, status
from app.cli.remembering_privacy import redact, reveal
from app.cli.remembering_projects import projects

if TYPE_CHECKING:
    from pydantic import JsonValue

memory = typer.Typer(
    help="See, search, correct and erase what is remembered of you; take a history in, and all of it out.",
    no_args_is_help=True,
)
Records = Annotated[bool, typer.Option("--records", help="Of a conversation: what it taught, too.")]
RecordId = Annotated[str, typer.Argument(metavar="ID", help="A record (rec_...).")]


class Tier(StrEnum):
    """The tiers that hold records, as memory has them, which takes seconds to load."""

    MEDIUM = "medium"
    LONG = "long"


class RecallTier(StrEnum):
    """Those that recall looks into."""

    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


class Kind(StrEnum):
    """The kinds of records, likewise."""

    DECISION = "decision"
    PROGRESS = "progress"
    ARTIFACT = "artifact"
    FACT = "fact"
    PREFERENCE = "preference"
    EXPERTISE = "expertise"
    PATTERN = "pattern"
    PRACTICE = "practice"
    PERFORMANCE = "performance"


class State(StrEnum):
    """Whether a record still holds, likewise."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"
    CONTESTED = "contested"


@memory.command(
    epilog=examples(
        'freya memory recall "how large is my kitchen counter?"',
        'freya memory recall --budget 256 --json "what did we decide last Tuesday?"',
    )
)
def recall(
    *,
    question: Annotated[str, typer.Argument(help="What to recall something for.")],
    budget: Annotated[int, typer.Option(min=16, max=8000, help="The most tokens.")] = 1000,
    thread: Annotated[
        str | None, typer.Option(help="As a turn that continues this thread (thr_...) would be given it.")
    ] = None,
    tier: Annotated[
        list[RecallTier] | None, typer.Option(help="Only of this tier; may be given several times.")
    ] = None,
    project: Project = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """What a turn with this question would be given of all that is remembered, best first."""
    from app.cli.interruption import run
    from app.cli.remembering_lines import recalled_lines
    from app.cli.remembering_service import Caller, Query, given, read

    def show(found: dict[str, Any]) -> None:
        for each in found["degraded"]:
            note(f"the {each['tier']} tier did not answer ({each['reason']}): what it holds is missing")
        if as_json:
            emit_json(found)
        elif found["items"]:
            emit("\n".join(recalled_lines(found)))
        else:
            note("nothing relevant is remembered")

    wanted: Query = {"q": question, "budget": budget, "tiers": [each.value for each in tier or ()]}
    wanted |= given(thread_id=thread, project_id=project, since=since, until=until)
    run(partial(read, Caller(key, user), "/recall", wanted, show))


@memory.command(
    "list",
    epilog=examples(
        "freya memory list --kind preference",
        "freya memory list --query '\"risk\" -crypto'",
        "freya memory list --state contested --since 2026-03-01",
    ),
)
def list_(
    *,
    tier: Annotated[Tier | None, typer.Option(help="Only of this tier.")] = None,
    kind: Annotated[
        list[Kind] | None, typer.Option(help="Only of this kind; may be given several times.")
    ] = None,
    query: Annotated[
        str | None, typer.Option(help='Words, "a phrase", or, -not, as for a web search.')
    ] = None,
    state: Annotated[State | None, typer.Option(help="Only in this state.")] = None,
    project: Project = None,
    agent: Annotated[str | None, typer.Option(help="Only of this agent.")] = None,
    faded: Annotated[
        bool | None, typer.Option("--faded/--awake", help="Only what has faded, or only what has not.")
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 50,
    as_json: AsJson = False,  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Facts, preferences, decisions and the like that are remembered, newest first."""
    from app.cli.interruption import run
    from app.cli.remembering_lines import record_table
    from app.cli.remembering_service import Caller, Query, given, read

    def show(page: dict[str, Any]) -> None:
        emit_page(page, record_table, limit=limit, nothing="nothing like that is remembered", as_json=as_json)

    wanted: Query = {"limit": limit, "kind": [each.value for each in kind or ()]}
    wanted |= given(
        tier=tier, q=query, state=state, project_id=project, agent=agent, since=since, until=until
    )
    if faded is not None:
        wanted["faded"] = str(faded).lower()
    run(partial(read, Caller(key, user), "", wanted, show))


@memory.command(epilog=examples("freya memory show rec_..."))
def show(
    record: RecordId,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """A record with the messages it comes from, and all versions of what it says."""
    from app.cli import remembering_service as service
    from app.cli.interruption import run
    from app.cli.remembering_lines import record_lines

    def told(found: dict[str, Any]) -> None:
        if as_json:
            emit_json(found)
        else:
            emit("\n".join(record_lines(found)))

    run(partial(service.record, service.Caller(key, user), record, told))


@memory.command(epilog=examples('freya memory correct rec_... "Lives in Oslo."'))
def correct(
    record: RecordId,
    text: Annotated[str, typer.Argument(help="What it is to say.")],
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Correct what a record says: a new version takes its place, and the earlier one is kept as such."""
    _change(record, {"text": text}, key, user, as_json=as_json)


@memory.command(epilog=examples("freya memory pin rec_..."))
def pin(
    record: RecordId,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Keep a record from fading and expiring."""
    _change(record, {"pinned": True}, key, user, as_json=as_json)


@memory.command(epilog=examples("freya memory unpin rec_..."))
def unpin(
    record: RecordId,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Let a record fade like others."""
    _change(record, {"pinned": False}, key, user, as_json=as_json)


@memory.command(
    epilog=examples(
        "freya memory forget rec_...", "freya memory forget msg_...", "freya memory forget --records thr_..."
    )
)
def forget(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="A record (rec_...), a message (msg_...) or a conversation (thr_...)."
        ),
    ],
    records: Records = False,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Forget a record with its earlier versions, a message with its turn and what came from it, or a conversation.

    What was learned from a conversation stays, and says that its sources were deleted; with --records it goes too where
    nothing else says it.
    """
    from app.cli import remembering_service as service
    from app.cli.interruption import run
    from app.cli.remembering_lines import forgotten_lines

    if records and not service.is_thread(name):
        raise typer.BadParameter("it goes with a conversation (thr_...)", param_hint="--records")

    def told(found: dict[str, Any]) -> None:
        if as_json:
            emit_json(found)
        else:
            emit("\n".join(forgotten_lines(found)))

    run(partial(service.forget, service.Caller(key, user), name, told, records=records))


def _change(
    record: str, body: "dict[str, JsonValue]", key: str | None, user: str | None, *, as_json: bool
) -> None:
    from app.cli import remembering_service as service
    from app.cli.interruption import run
    from app.cli.remembering_lines import record_table

    told = partial(emit_one, lines=record_table, as_json=as_json)
    run(partial(service.change, service.Caller(key, user), record, body, told))


memory.command(
    "import", epilog=examples("freya memory import history.jsonl", "freya memory import --any-user all.jsonl")
)(import_)
memory.command(epilog=examples("freya memory export mine.json", "freya memory export | jq .counts"))(export)
memory.add_typer(projects, name="projects")
memory.command(epilog=examples("freya memory artifacts", "freya memory artifacts --project prj_..."))(
    artifacts
)
memory.command(
    epilog=examples("freya memory interactions log.jsonl", "freya memory interactions --all training.parquet")
)(interactions)
memory.command(
    epilog=examples("freya memory redact letter.txt", "freya memory redact --reversible - < letter.txt")
)(redact)
memory.command(epilog=examples("freya memory reveal answer.txt"))(reveal)
memory.command(epilog=examples("freya memory erase", "freya memory erase --yes"))(erase)
memory.command(epilog=examples("freya memory status", "freya memory status --user ana --json"))(status)
memory.command(epilog=examples("freya memory audit --limit 20", "freya memory audit --verify"))(audit)
