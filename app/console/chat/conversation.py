"""A thread on a page: its turns, what goes on in them, and what comes next."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nicegui import background_tasks, ui
from pydantic import ValidationError

from app.console.chat.composer import Composer
from app.console.chat.following import Following, kept
from app.console.chat.sources import Sources
from app.console.chat.threads import Threads
from app.console.chat.turn import Actions, Turn
from app.console.lists import again
from app.console.notices import empty
from app.console.visit import Visit
from app.problems import ProblemError, problem, unfit
from app.runs import ChatRequest, RunView
from app.runs.records import GOING_ON
from memory import Message

_SHOWN: Final = 20
_READ: Final = 200
_LOOK_S: Final = 15.0
"""Only what other processes begin waits for so long to be seen."""
_EXAMPLES: Final = (
    "What does an RSI above 70 say, and when is it wrong?",
    "Conversions 120 of 2400 against 156 of 2380: is B better?",
    "How large is the market for a meal-kit delivery in Austria?",
)


@dataclass
class _Said:
    """A turn as it is stored."""

    run_id: str | None
    asked: Message | None
    answers: list[Message]


class Conversation:
    """The chat of one page."""

    def __init__(self, visit: Visit, thread_id: str | None, threads: Threads | None) -> None:
        self._visit = visit
        self._thread_id = thread_id
        self._threads = threads
        self._titles = {agent.name: agent.title for agent in visit.freya.specialists.all()}
        self._following = Following(visit)
        self._sources = Sources(visit)
        self._actions = Actions(edit=self._edit, retry=self._retry, replay=self._replay)
        self._turns: list[Turn] = []
        self._earlier: list[_Said] = []
        self._changing = asyncio.Lock()
        """Held while turns are added, so that none is twice."""
        with ui.element("div").classes("fr-chat"):
            with (
                ui.element("div")
                .classes("fr-turns")
                .props('role=log aria-label="Conversation" aria-live=off tabindex=-1') as scroll
            ):
                self._before = ui.element("div").classes("fr-before")
                self._place = ui.element("div").classes("fr-turn-list")
                self._welcome = ui.element("div").classes("fr-welcome")
            scroll.classes("fr-scroller")
            with ui.element("div").classes("fr-composer-place"):
                self._composer = Composer(
                    visit, self._titles, ask=self._ask, stop=self._stop, thread=self._needed_thread
                )
        if thread_id is None:
            self._greet()
        again(visit, _LOOK_S, self._look_around)
        visit.client.on_delete(visit.freya.begun.listen(self._heard))

    async def open(self) -> None:
        """Show what was said, and follow what goes on. Raises ProblemError."""
        if self._thread_id is None:
            return
        async with self._changing:
            self._earlier = _turns_of(await self._messages(self._thread_id))
            await self._show_earlier()
        if not self._turns:
            self._greet()
        ui.run_javascript("freyaBottom(true)")

    async def _messages(self, thread_id: str) -> list[Message]:
        found: list[Message] = []
        while True:
            after = found[-1].id if found else None
            read = await self._visit.asked(
                lambda after=after: self._visit.freya.messages(
                    self._visit.owner, thread_id, limit=_READ, after=after
                )  # type: ignore[misc]  # mypy knows no default of a lambda
            )
            found += read
            if len(read) < _READ:
                return found

    async def _show_earlier(self) -> None:
        """The latest turns of those that are not shown, above those that are."""
        shown, self._earlier = self._earlier[-_SHOWN:], self._earlier[:-_SHOWN]
        runs = await self._runs([one.run_id for one in shown if one.run_id])
        made = []
        for at, one in enumerate(shown):
            with self._place:
                turn = self._turn(one.asked.content if one.asked else "", one.asked.id if one.asked else None)
            turn.box.move(self._place, target_index=at)
            self._fill(turn, one, runs.get(one.run_id or ""))
            made.append(turn)
        self._turns = made + self._turns
        self._before.clear()
        if self._earlier:
            with self._before:
                ui.button(f"{len(self._earlier)} earlier turns", on_click=self._show_earlier).props(
                    "flat dense"
                ).classes("fr-quiet")

    async def _runs(self, wanted: Sequence[str]) -> dict[str, RunView]:
        """The runs of these ids; those of a thread that this was forked from, where they are still there."""

        async def read() -> dict[str, RunView]:
            found: dict[str, RunView] = {}
            for run_id in wanted:
                try:
                    found[run_id] = await self._visit.freya.run(self._visit.owner, run_id)
                except ProblemError as error:
                    if error.problem.code != "unknown_run":
                        raise
            return found

        return await self._visit.asked(read)

    def _turn(self, asked: str, message_id: str | None) -> Turn:
        return Turn(
            self._visit, self._sources, self._actions, self._titles, asked=asked, message_id=message_id
        )

    def _fill(self, turn: Turn, stored: _Said, run: RunView | None) -> None:
        if run is not None:
            turn.attach(run.request.attachments)
        if run is None:
            for answer in stored.answers:
                turn.say(answer.content)
            turn.ended = True
        elif run.status in GOING_ON:
            self._follow(turn, run.id)
        elif run.result is not None:
            turn.finish(run.result)
        else:
            turn.begin(run.id)
            if run.status == "cancelled":
                turn.cancel()
            else:
                turn.fail(run.problem or problem("internal_error", "The run left no record."))

    def _follow(self, turn: Turn, run_id: str) -> None:
        turn.begin(run_id)
        self._composer.busy(True)

        def ended() -> None:
            self._composer.busy(bool(self._following.runs - {run_id}))
            ui.run_javascript("freyaDone()")

        self._following.follow(run_id, turn.show, seen=lambda: turn.seen, ended=ended)

    async def _ask(self, text: str, agents: list[str], files: list[str]) -> bool:
        async def begin() -> tuple[str, str]:
            try:
                request = ChatRequest(
                    message=text, thread_id=self._thread_id, agents=agents, attachments=files
                )
            except ValidationError as error:
                raise ProblemError(unfit(error.errors(), whole="message")) from error
            return await self._visit.freya.start(self._visit.owner, request)

        async with self._changing:
            begun = await self._visit.ask(begin, needs="POST /v1/chat")
            if begun is None:
                return False
            run_id, self._thread_id = begun
            self._welcome.clear()
            with self._place:
                turn = self._turn(text, None)
            turn.attach(files)
            self._turns.append(turn)
            self._follow(turn, run_id)
        ui.navigate.history.replace(f"/threads/{self._thread_id}")
        ui.run_javascript("freyaBottom(true)")
        if self._threads is not None:
            await self._threads.refresh(here=self._thread_id)
        return True

    async def _stop(self) -> None:
        for turn in [one for one in self._turns if one.run_id in self._following.runs]:
            await self._visit.ask(
                lambda turn=turn: self._visit.freya.cancel(self._visit.owner, turn.run_id),  # type: ignore[misc]  # mypy knows no default of a lambda
                needs="POST /v1/runs/{run_id}/cancel",
            )

    async def _needed_thread(self) -> str | None:
        """The thread that files are attached to: this one, or a new one."""
        if self._thread_id is None:
            made = await self._visit.ask(
                lambda: self._visit.freya.create_thread(
                    self._visit.owner, None, project_id=None, metadata={}
                ),
                needs="POST /v1/threads",
            )
            if made is None:
                return None
            self._thread_id = made.id
            ui.navigate.history.replace(f"/threads/{made.id}")
        return self._thread_id

    async def _edit(self, turn: Turn, text: str) -> None:
        """Ask a text in place of the turn's, in a thread of its own, so that what was said stays."""
        if turn.message_id is None:
            await self._learn_ids()
        thread_id, message_id = self._thread_id, turn.message_id
        if thread_id is None or message_id is None:
            return
        forked = await self._visit.ask(
            lambda: self._visit.freya.fork_thread(
                self._visit.owner, thread_id, message_id, title=None, message=text
            ),
            needs="POST /v1/threads/{thread_id}/fork",
        )
        if forked is not None:
            ui.navigate.to(f"/threads/{forked.thread.id}")

    async def _retry(self, turn: Turn) -> None:
        """Without an answer it is asked again here; with one in a thread of its own."""
        if turn.answered:
            await self._edit(turn, turn.asked)
        else:
            await self._ask(turn.asked, self._composer.agents, turn.files)

    async def _learn_ids(self) -> None:
        """The ids of messages that were sent from this page."""
        if self._thread_id is None:
            return
        ids = {one.run_id: one.id for one in await self._messages(self._thread_id) if one.role == "user"}
        for turn in self._turns:
            turn.message_id = turn.message_id or ids.get(turn.run_id)

    async def _replay(self, turn: Turn) -> None:
        events = await self._visit.ask(lambda: kept(self._visit, turn.run_id))
        work = turn.replayed()
        for event in events or []:
            work.show(event)
        work.settle(told=bool(events and len(events) > 1))

    def _heard(self, thread_id: str) -> None:
        """A turn began in this process: this page's, or one that it does not show yet."""
        if thread_id == self._thread_id:
            background_tasks.create(self._look(), name=f"console looks at {thread_id}")

    async def _look_around(self) -> None:
        if not self._following.runs:
            await self._look()

    async def _look(self) -> None:
        """Show the turns that another page or program began in the thread meanwhile."""
        thread_id = self._thread_id
        if thread_id is None:
            return
        async with self._changing:
            try:
                newest = await self._visit.asked(
                    lambda: self._visit.freya.runs(self._visit.owner, thread_id, limit=5, before=None)
                )
            except ProblemError:
                return  # it is looked again in a moment; what is wrong is told to whoever asks
            if self._visit.client.is_deleted:
                return
            known = {turn.run_id for turn in self._turns} | {one.run_id for one in self._earlier}
            for run in reversed(newest):
                if run.id not in known:
                    self._welcome.clear()
                    with self._place:
                        turn = self._turn(run.request.message, None)
                        self._fill(turn, _Said(run.id, None, []), run)
                    self._turns.append(turn)

    def _greet(self) -> None:
        self._welcome.clear()
        with (
            self._welcome,
            empty(
                "What can Freya do for you?",
                "She asks her specialists, who cite what they know and compute what can be computed.",
                icon="forum",
            ),
        ):
            if self._visit.may("POST /v1/chat"):
                with ui.element("div").classes("fr-examples"):
                    for example in _EXAMPLES:
                        ui.button(
                            example, on_click=lambda _, example=example: self._ask(example, [], [])
                        ).props("outline").classes("fr-example")


def _turns_of(messages: Sequence[Message]) -> list[_Said]:
    """Messages by turn: a question with what answered it."""
    turns: list[_Said] = []
    for message in messages:
        if message.role == "user":
            turns.append(_Said(message.run_id, message, []))
        elif turns and turns[-1].run_id == message.run_id:
            turns[-1].answers.append(message)
        else:
            turns.append(_Said(message.run_id, None, [message]))
    return turns
