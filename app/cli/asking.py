"""`freya ask` and `freya chat`: conversation on the terminal."""

import asyncio
import sys
from contextlib import suppress
from typing import Annotated

import httpx
import typer
from pydantic import JsonValue

from app.cli.client import Client, open_client
from app.cli.output import fail, note, print_answer, print_json
from app.logs import configure_logs
from app.settings import LogSettings, Settings, load_settings

Key = Annotated[
    str | None, typer.Option(help="API key, where the service wants one.", envvar="FREYA_API_KEY")
]
Agents = Annotated[
    list[str] | None, typer.Option("--agent", help="Ask this specialist; may be given several times.")
]
_HISTORY = "chat_history"


def ask(
    message: Annotated[str, typer.Argument(help="What to ask; `-` reads it from the input.")],
    thread: Annotated[str | None, typer.Option(help="Continue this thread.")] = None,
    agent: Agents = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole result as JSON.")] = False,  # noqa: FBT002  # a flag
    key: Key = None,
) -> None:
    """Ask one question and print the answer."""
    text = sys.stdin.read() if message == "-" else message
    settings = _quiet_settings()
    body: dict[str, JsonValue] = {"message": text, "agents": list(agent or [])}
    if thread:
        body["thread_id"] = thread
    result = asyncio.run(_ask(settings, body, key))
    if as_json:
        print_json(result)
    elif isinstance(result, dict):
        print_answer(str(result["answer"]))
        _print_footnotes(result)


def chat(
    thread: Annotated[str | None, typer.Option(help="Continue this thread.")] = None,
    agent: Agents = None,
    key: Key = None,
) -> None:
    """Converse: answers appear as they are written. /new begins a thread, /agents lists specialists, /quit ends."""
    settings = _quiet_settings()
    with suppress(KeyboardInterrupt):
        asyncio.run(_chat(settings, thread, list(agent or []), key))


def _quiet_settings() -> Settings:
    settings = load_settings()
    configure_logs(LogSettings(level="warning", format=settings.log.format))
    return settings


async def _ask(settings: Settings, body: dict[str, JsonValue], key: str | None) -> JsonValue:
    async with open_client(settings, key=key) as client:
        try:
            return await client.post("/v1/chat", body)
        except httpx.HTTPError as error:
            fail(f"the connection to the service broke: {error}")


def _print_footnotes(result: dict[str, JsonValue]) -> None:
    citations, artifacts = result.get("citations"), result.get("artifacts")
    lines = [
        f"[{one['number']}] {one['title']} ({one['source']})"
        for one in (citations if isinstance(citations, list) else [])
        if isinstance(one, dict)
    ]
    lines += [
        f"{one['name']}: GET /v1/artifacts/{one['id']}"
        for one in (artifacts if isinstance(artifacts, list) else [])
        if isinstance(one, dict)
    ]
    if lines:
        note("\n" + "\n".join(lines))
    note(f"thread {result['thread_id']} · model {result['model']}")


async def _chat(settings: Settings, thread: str | None, agents: list[str], key: str | None) -> None:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory

    async with open_client(settings, key=key) as client:
        session: PromptSession[str] = PromptSession(history=FileHistory(str(settings.data / _HISTORY)))
        note("Ask anything; /new begins a thread, /agents lists the specialists, /quit (or Ctrl-D) ends.")
        while True:
            try:
                line = (await session.prompt_async("you > ")).strip()
            except (EOFError, KeyboardInterrupt):
                return
            match line:
                case "":
                    continue
                case "/quit" | "/exit":
                    return
                case "/new":
                    thread = None
                    note("a new thread begins")
                case "/agents":
                    await _list_agents(client)
                case _ if line.startswith("/"):
                    note("commands: /new, /agents, /quit")
                case _:
                    thread = await _turn(client, line, thread, agents)


async def _list_agents(client: Client) -> None:
    for one in await client.get("/v1/agents") or []:  # type: ignore[union-attr]  # a list of objects
        note(f"{one['name']}: {one['description']}")  # type: ignore[index,call-overload]  # see above


async def _turn(client: Client, line: str, thread: str | None, agents: list[str]) -> str | None:
    """One turn, printed as it is written; gives the thread to go on with."""
    body: dict[str, JsonValue] = {"message": line, "agents": list(agents)}
    if thread:
        body["thread_id"] = thread
    speaker: JsonValue = ""
    try:
        async for event in client.stream("/v1/chat/stream", body):
            match event["type"]:
                case "run.started":
                    thread = str(event["thread_id"])
                case "token":
                    if event["agent"] != speaker:
                        speaker = event["agent"]
                        sys.stdout.write(f"\n{speaker or 'freya'} > ")
                    sys.stdout.write(str(event["text"]))
                    sys.stdout.flush()
                case "tool.started":
                    note(f"{event['agent']} calls {event['tool']}")
                case "run.finished" if isinstance(event["result"], dict):
                    sys.stdout.write("\n")
                    _print_footnotes(event["result"])
                case "run.failed" if isinstance(event["problem"], dict):
                    note(f"{event['problem']['title']}: {event['problem']['detail']}")
    except httpx.HTTPError as error:
        note(f"the connection to the service broke: {error}")
    return thread
