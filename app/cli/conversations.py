"""`freya threads`: conversations listed, shown, renamed, searched, forked and deleted."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any  # Any: JSON

import typer
from pydantic import JsonValue

from app.cli.options import AsJson, Key, User, examples
from app.cli.output import emit, emit_json, emit_one, emit_page, note
from app.cli.served import served

if TYPE_CHECKING:
    from app.cli.client import Client

_THREADS = "/v1/threads"
threads = typer.Typer(help="List, show, rename, search, fork and delete conversations.", no_args_is_help=True)
ThreadId = Annotated[str, typer.Argument(metavar="THREAD", help="A conversation (thr_...).")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="How many at most.")]


@threads.command("list", epilog=examples("freya threads list", "freya threads list --limit 10 --json"))
def list_(
    limit: Limit = 50,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Conversations, newest first."""

    def show(page: dict[str, Any]) -> None:
        emit_page(page, _lines, limit=limit, nothing="there are no conversations", as_json=as_json)

    served(key, user, lambda client: client.get(_THREADS, limit=limit), show)


@threads.command(epilog=examples("freya threads search beehives", """freya threads search '"net present value" -stocks'"""))  # fmt: skip
def search(
    words: Annotated[
        list[str], typer.Argument(help='Words, of which the beginning does; "a phrase", `or`, `-not`.')
    ],
    limit: Limit = 50,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Conversations whose titles or messages say it, newest first."""

    def show(page: dict[str, Any]) -> None:
        emit_page(page, _lines, limit=limit, nothing="no conversation says that", as_json=as_json)

    served(key, user, lambda client: client.get(_THREADS, q=" ".join(words), limit=limit), show)


@threads.command(epilog=examples("freya threads show thr_...", "freya threads show thr_... --json"))
def show(
    thread: ThreadId,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """What was said in a conversation, with the ids of its messages."""

    async def asked(client: "Client") -> dict[str, Any]:
        found: Any = await client.get(f"{_THREADS}/{thread}")
        return {**found, "messages": await client.items(f"{_THREADS}/{thread}/messages")}

    def told(found: dict[str, Any]) -> None:
        if as_json:
            emit_json(found)
            return
        emit("\n".join(_lines([found])))
        for message in found["messages"]:
            emit(f"\n{message['speaker'] or message['role']} ({message['id']})\n{message['content']}")

    served(key, user, asked, told)


@threads.command(epilog=examples('freya threads rename thr_... "The beehive shop"'))
def rename(
    thread: ThreadId,
    title: Annotated[str, typer.Argument(help="What it is called from now on.")],
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Give a conversation a title, which stays."""
    body: dict[str, JsonValue] = {"title": title}
    served(
        key,
        user,
        lambda client: client.patch(f"{_THREADS}/{thread}", body),
        partial(emit_one, lines=_lines, as_json=as_json),
    )


@threads.command(
    epilog=examples(
        "freya threads fork thr_... msg_...",
        'freya threads fork thr_... msg_... --ask "And at 10 % instead?"',
    )
)
def fork(
    thread: ThreadId,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="The last message it has (msg_...).")],
    title: Annotated[str | None, typer.Option(help="What it is called.", show_default="as the first")] = None,
    ask: Annotated[str | None, typer.Option(help="Ask this in that message's place.")] = None,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Begin a conversation as another one did, up to a message; the other one stays as it is."""
    given = {"message_id": message, "title": title, "message": ask}
    body: dict[str, JsonValue] = {name: value for name, value in given.items() if value is not None}

    async def asked(client: "Client") -> dict[str, Any]:
        made: Any = await client.post(f"{_THREADS}/{thread}/fork", body)
        if made["run_id"]:
            async for event in client.run(made["run_id"], after=0):
                made["result"] = event.get("result")
                if event["type"] == "approval.required":
                    note(f"the run waits for a person: `freya runs show {made['run_id']}`")
                    break
        return dict(made)

    def told(made: dict[str, Any]) -> None:
        if as_json:
            emit_json(made)
            return
        emit("\n".join(_lines([made["thread"]])))
        if made.get("result"):
            emit(made["result"]["answer"])

    served(key, user, asked, told)


@threads.command(epilog=examples("freya threads delete thr_...", "freya threads delete thr_... --records"))
def delete(
    thread: ThreadId,
    records: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--records", help="Forget what it taught as well, where nothing else says it.")
    ] = False,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """Delete a conversation with its messages, runs and artifacts."""
    path = f"{_THREADS}/{thread}?records={str(records).lower()}"

    def told(gone: dict[str, Any]) -> None:
        if as_json:
            emit_json(gone)
            return
        emit(
            f"deleted, with {gone['messages']} messages, {len(gone['runs'])} runs and {len(gone['records'])} records"
        )

    served(key, user, lambda client: client.delete(path), told)


def _lines(found: Sequence[dict[str, Any]]) -> list[str]:
    """A line a thread; one more with the place that says what was looked for."""
    lines = []
    for one in found:
        lines.append(f"{one['id']}  {one['updated_at'][:16].replace('T', ' ')}  {one['title']}")
        if one.get("excerpt"):
            lines.append(f"    {one['excerpt']}")
    return lines
