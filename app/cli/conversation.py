"""Turns of conversation over the client: one that is answered whole, and many that are shown as they are written."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from pydantic import JsonValue

from app.cli.approving import ask_person, left_open
from app.cli.attaching import attach
from app.cli.client import Client, ConnectionLost, Event, ServiceRefused
from app.cli.finding import open_client
from app.cli.interruption import Interruption
from app.cli.lines import open_lines
from app.cli.output import CommandFailed, complain, note
from app.cli.transcript import Transcript, failure, footnotes
from app.embedded import running_instance
from app.settings import Settings

__all__ = ["Request", "answer", "converse", "footnotes"]

_CANCEL_S = 3.0
_LOOK_S = 0.5
_HELP = "/new begins a thread, /agents lists the specialists, /quit (or Ctrl-D) ends"


@dataclass(frozen=True)
class Request:
    """What is asked, in which thread, of whom, and about which files."""

    message: str
    thread: str | None
    agents: tuple[str, ...]
    files: tuple[Path, ...] = ()
    attachments: tuple[str, ...] = ()
    """The files' ids, once they are attached."""

    def body(self) -> dict[str, JsonValue]:
        """The body of `POST /v1/chat/stream`."""
        body: dict[str, JsonValue] = {"message": self.message, "agents": list(self.agents)}
        if self.attachments:
            body["attachments"] = list(self.attachments)
        return body if self.thread is None else {**body, "thread_id": self.thread}


async def answer(
    settings: Settings,
    request: Request,
    key: str | None,
    show: Callable[[dict[str, JsonValue]], None],
    _: Interruption,
    *,
    user: str | None = None,
) -> None:
    """One turn; its result, as `POST /v1/chat` has it, is shown before what was started for it is stopped.

    Being interrupted cancels the run. What it asks for is asked at the terminal. Raises CommandFailed when it failed or was cancelled by somebody else.
    """
    async with open_client(settings, key=key, user=user) as client:
        if request.files:
            thread, attachments = await attach(client, request.thread, request.files)
            request = replace(request, thread=thread, attachments=attachments)
        last = await _last_event(client, request, person=sys.stdin.isatty() and sys.stderr.isatty())
        result = last.get("result")
        if not isinstance(result, dict):
            raise CommandFailed(failure(last))
        show(result)


async def _last_event(client: Client, request: Request, *, person: bool) -> Event:
    last: Event = {}
    try:
        async for event in client.turn(request.body()):
            last = event
            if event["type"] == "approval.required":
                if not person:
                    raise CommandFailed(left_open(event))
                await client.resume(str(event["run_id"]), await ask_person(event))
    except asyncio.CancelledError:
        if last:
            with suppress(CommandFailed, TimeoutError):
                async with asyncio.timeout(_CANCEL_S):
                    await client.cancel(str(last["run_id"]))
        raise
    return last


async def converse(
    settings: Settings,
    begin: Request,
    key: str | None,
    interruption: Interruption,
    *,
    user: str | None = None,
) -> None:
    """Ask line by line until the lines end."""
    async with open_client(settings, key=key, user=user) as client:
        lines, typed = open_lines(settings)
        if typed:
            note(f"Ask anything; {_HELP}.")
        talk = _Conversation(client, settings, begin, (key, user), interruption, patient=typed)
        try:
            await _take_lines(talk, lines, typed=typed)
        finally:
            await talk.close()


async def _take_lines(talk: "_Conversation", lines: AsyncIterator[str], *, typed: bool) -> None:
    async for line in lines:
        try:
            match line.strip():
                case "":
                    continue
                case "/quit" | "/exit":
                    return
                case "/new":
                    talk.begin_thread()
                case "/agents":
                    await talk.list_agents()
                case text if text.startswith("/"):
                    note(f"commands: {_HELP}")
                case text:
                    await talk.turn(text)
        except CommandFailed as error:
            if not typed:
                raise
            complain(str(error))


class _Conversation:
    """One conversation; `patient` waits for a service that went away."""

    def __init__(
        self,
        client: Client,
        settings: Settings,
        begin: Request,
        credentials: tuple[str | None, str | None],
        interruption: Interruption,
        *,
        patient: bool,
    ) -> None:
        self._client = self._first = client
        self._settings = settings
        self._key, self._user = credentials
        self._thread, self._agents = begin.thread, begin.agents
        self._interruption = interruption
        self._patient = patient
        self._cancelling: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[dict[str, JsonValue]] | None = None
        self._left = self._waiting = False

    async def close(self) -> None:
        """Close what was opened when connecting anew."""
        if self._client is not self._first:
            await self._client.close()

    def begin_thread(self) -> None:
        """The next question begins a thread."""
        self._thread = None
        note("a new thread begins")

    async def list_agents(self) -> None:
        """Tell who the specialists are."""
        for one in await self._client.items("/v1/agents"):
            note(f"{one['name']}: {one['description']}")

    async def turn(self, text: str) -> None:
        """Ask, and show the answer as it is written. The first Ctrl-C cancels the run, the second leaves it."""
        transcript = Transcript()
        following = asyncio.create_task(self._follow(text, transcript))
        with self._interruption.calls(self._stopper(following, transcript), (signal.SIGINT,)):
            try:
                await following
            except asyncio.CancelledError:
                if self._interruption.number is not None:
                    raise
                transcript.end_line()
                note("left; the service may still be at it")
                self._left = True
            finally:
                self._thread = transcript.thread or self._thread

    def _stopper(self, following: "asyncio.Task[None]", transcript: Transcript) -> Callable[[], bool]:
        def stop() -> bool:
            if self._cancelling is None and transcript.run and not self._waiting:
                self._cancelling = asyncio.create_task(self._cancel(transcript.run))
                if self._asking:
                    self._asking.cancel()
            else:
                following.cancel()
            return True

        self._cancelling = None
        return stop

    async def _cancel(self, run: str) -> None:
        try:
            await self._client.cancel(run)
        except CommandFailed as error:
            complain(str(error))

    async def _follow(self, text: str, transcript: Transcript) -> None:
        body = Request(text, self._thread, self._agents).body()
        if self._left:  # the run that was left must not keep this one out
            body["on_busy"], self._left = "replace", False
        attempt = f"chat-{uuid4()}"
        events = self._client.turn(body, idempotency_key=attempt)
        while True:
            try:
                async for event in events:
                    transcript.show(event)
                    if event["type"] == "approval.required":
                        await self._decide(event, transcript)
            except ConnectionLost as error:
                if not self._patient:
                    raise
                transcript.end_line()
                self._waiting = True
                try:
                    await self._connect_again(error)
                finally:
                    self._waiting = False
                if transcript.run:
                    events = self._client.run(transcript.run, after=transcript.seen)
                else:
                    events = self._client.turn(body, idempotency_key=attempt)
            else:
                return

    async def _decide(self, event: Event, transcript: Transcript) -> None:
        """Have the person answer. A connection that is lost meanwhile has the event told, and him asked, again."""
        transcript.end_line()
        if not self._patient:
            raise CommandFailed(left_open(event))
        seen, transcript.seen = transcript.seen, transcript.seen - 1
        while (answer := await self._asked(event)) is not None:
            try:
                await self._client.resume(transcript.run, answer)
            except ServiceRefused as error:
                complain(str(error))
                if error.code == "invalid_request":
                    continue
            break
        transcript.seen = seen

    async def _asked(self, event: Event) -> dict[str, JsonValue] | None:
        """What the person answers; None where he cancels the run instead."""
        self._asking = asyncio.create_task(ask_person(event))
        try:
            return await self._asking
        except asyncio.CancelledError:
            if self._cancelling is None:
                self._asking.cancel()
                raise
            return None
        finally:
            self._asking = None

    async def _connect_again(self, lost: ConnectionLost) -> None:
        note(f"{lost}\nwaiting for it to come back; Ctrl-C gives up")
        while True:
            instance = await running_instance(self._settings.data)
            if instance and instance.address:
                client = Client(instance.address, self._key, self._user)
                try:
                    await client.get("/healthz")
                except (ConnectionLost, ServiceRefused):
                    await client.close()
                else:
                    await self.close()
                    self._client = client
                    note(f"connected again, to {client.address}")
                    return
            await asyncio.sleep(_LOOK_S)
