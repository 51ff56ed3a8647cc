"""One turn: what was asked, who works on it, the answer, and what can be done with it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any  # events as JSON

from nicegui import events, ui

from app.console.bits import copy_button, duration, folded, text
from app.console.chat.approvals import ApprovalCard
from app.console.chat.artifacts import artifact_card
from app.console.chat.feedback import Rating
from app.console.chat.sources import Sources
from app.console.chat.streaming import Written
from app.console.chat.work import Work
from app.console.content import markdown
from app.console.notices import trouble
from app.console.visit import Visit
from app.problems import Problem
from app.runs import ChatResult

Event = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Actions:
    """What a turn has its page do."""

    edit: Callable[["Turn", str], Awaitable[None]]
    """Ask a text in place of the turn's."""
    retry: Callable[["Turn"], Awaitable[None]]
    replay: Callable[["Turn"], Awaitable[None]]
    """Show again how the turn was answered."""


class Turn:
    """A turn as it is shown. It takes the events of its run one by one."""

    def __init__(
        self,
        visit: Visit,
        sources: Sources,
        actions: Actions,
        titles: Mapping[str, str],
        *,
        asked: str,
        message_id: str | None,
    ) -> None:
        self.asked = asked
        self.message_id = message_id
        self.files: list[str] = []
        """The ids of those that the message was asked with."""
        self.run_id = ""
        self.seen = 0
        """The number of the last event that was shown."""
        self.ended = False
        self.answered = False
        self._visit = visit
        self._sources = sources
        self._actions = actions
        self._titles = titles
        self._work: Work | None = None
        self._written: dict[str, Written] = {}
        self._approvals: dict[str, ApprovalCard] = {}
        self._result: ChatResult | None = None
        with ui.element("article").classes("fr-turn") as self.box:
            self._question()
            with ui.element("div").classes("fr-reply") as self._reply:
                self._work_place = ui.element("div")
                self._answer = ui.element("div").classes("fr-answer")
                self._more = ui.element("div").classes("fr-more")
                self._foot = ui.element("div").classes("fr-foot")
        self.box.on("cite", self._cite, args=["detail"])

    def show(self, event: Event) -> None:
        """Show what an event brings; one that was shown before brings nothing."""
        number = int(event.get("seq") or 0)
        if (number and number <= self.seen) or self.box.is_deleted:
            return
        self.seen = max(self.seen, number)
        match event["type"]:
            case "token":
                self._write(event)
            case "approval.required":
                self._approve(event)
            case "approval.answered":
                if found := self._approvals.get(event["approval_id"]):
                    found.answered(event)
                self._panel().wait(False)
            case "run.finished":
                self.finish(ChatResult.model_validate(event["result"]))
            case "run.failed":
                self.fail(
                    Problem.model_validate(
                        {"type": "", "title": "", "status": 500, "code": "", "detail": "", **event["problem"]}
                    )
                )
            case "run.cancelled":
                self.cancel()
            case "heartbeat" | "citation" | "artifact" | "run.started":
                pass
            case _:
                self._panel().show(event)

    def attach(self, files: Sequence[str]) -> None:
        """The message was asked with these files, of their ids."""
        self.files = [*files]
        self._bubble.clear()
        with self._bubble:
            self._said()

    def begin(self, run_id: str) -> None:
        """The turn is worked on by this run."""
        self.run_id = run_id
        self._reply.props("aria-busy=true")
        self._panel()

    def finish(self, result: ChatResult) -> None:
        """The answer as it stands at the end."""
        self._over(result.run_id)
        self.answered = True
        self._result = result
        with self._answer:
            markdown(result.answer, cited=[one.number for one in result.citations])
        with self._more:
            self._notes(result)
            self._list_sources(result)
            for artifact in result.artifacts:
                artifact_card(self._visit, artifact)
        said = " · ".join(
            part
            for part in (
                duration(result.timings.get("total", 0)) if result.timings.get("total") else "",
                result.model,
            )
            if part
        )
        self._fold(said)
        with self._foot:
            copy_button(result.answer, label="Copy the answer")
            Rating(self._visit, result.run_id)
            self._retry_button("Answer again")

    def fail(self, found: Problem) -> None:
        """The run ended with a problem."""
        self._over(self.run_id)
        self._keep_written()
        with self._more:
            trouble(found)
        self._fold("no answer")
        with self._foot:
            self._retry_button("Try again", label=True)

    def cancel(self) -> None:
        """The run was stopped; what was written stays."""
        self._over(self.run_id)
        self._keep_written()
        with self._more:
            ui.label("Stopped").classes("fr-chip fr-chip-warn")
        self._fold("stopped")
        with self._foot:
            self._retry_button("Try again", label=True)

    def say(self, content: str) -> None:
        """An answer of which nothing is known but what it says."""
        self.ended = True
        with self._answer:
            markdown(content)
        with self._foot:
            copy_button(content, label="Copy the answer")

    def replayed(self) -> Work:
        """A panel for events of a run that has ended."""
        self._work_place.clear()
        with self._work_place:
            return Work(self._titles)

    def _question(self) -> None:
        with ui.element("div").classes("fr-ask"):
            with ui.element("div").classes("fr-ask-bubble") as self._bubble:
                self._said()
            with ui.element("div").classes("fr-ask-tools") as self._ask_tools:
                copy_button(self.asked, label="Copy the message")
                if self.asked and self._visit.may("POST /v1/threads/{thread_id}/fork"):
                    ui.button(icon="edit", on_click=self._edit).props(
                        'flat round dense aria-label="Edit the message"'
                    ).classes("fr-quiet fr-edit").tooltip("Edit, and ask again in a new thread")

    def _said(self) -> None:
        """The message and what came with it."""
        ui.label("You asked").classes("fr-hidden")
        text(self.asked)
        if self.files:
            number = len(self.files)
            ui.label(f"{number} file{'s' if number > 1 else ''} attached").classes("fr-muted fr-small")

    def _edit(self) -> None:
        self._bubble.clear()
        self._ask_tools.visible = False
        with self._bubble.classes(add="fr-editing"):
            changed = ui.textarea("Your message", value=self.asked).props(
                "autogrow maxlength=200000 autofocus"
            )

            def back() -> None:
                self._bubble.clear()
                self._bubble.classes(remove="fr-editing")
                self._ask_tools.visible = True
                with self._bubble:
                    self._said()

            async def ask() -> None:
                if changed.value.strip():
                    await self._actions.edit(self, changed.value)

            with ui.element("div").classes("fr-actions"):
                ui.button("Cancel", on_click=back).props("flat")
                ui.button("Ask this instead", on_click=ask)

    def _panel(self) -> Work:
        if self._work is None:
            with self._work_place:
                self._work = Work(self._titles)
        return self._work

    def _write(self, event: Event) -> None:
        name = event.get("agent") or ""
        if name not in self._written:
            with self._answer:
                if name:
                    ui.label(self._titles.get(name, name)).classes("fr-writes")
                self._written[name] = Written()
        if event.get("anew"):
            self._written[name].anew()
        self._written[name].add(str(event["text"]))

    def _approve(self, event: Event) -> None:
        if event["approval_id"] in self._approvals:
            return
        agent = self._titles.get(event.get("agent") or "", "Freya")
        with self._more:
            self._approvals[event["approval_id"]] = ApprovalCard(self._visit, self.run_id, event, agent=agent)
        self._panel().wait(True)
        ui.run_javascript("freyaShow('.fr-approval:last-of-type')")

    def _over(self, run_id: str) -> None:
        self.ended = True
        self.run_id = run_id
        self._reply.props("aria-busy=false")
        for written in self._written.values():
            written.drop()
        for approval in self._approvals.values():
            approval.ended()
        self._answer.clear()

    def _keep_written(self) -> None:
        with self._answer:
            for name, written in self._written.items():
                if len(self._written) > 1:
                    ui.label(self._titles.get(name, name)).classes("fr-writes")
                markdown(written.text)

    def _fold(self, said: str) -> None:
        if self._work is not None:
            self._work.end(said)
            return
        with (
            self._work_place,
            folded(
                f"How it was answered · {said}" if said else "How it was answered", classes="fr-work"
            ) as box,
        ):
            place = ui.label("Looking it up …").classes("fr-muted fr-small")

        async def replay() -> None:
            if not place.is_deleted:
                await self._actions.replay(self)

        box.on("toggle", replay, args=[])

    def _notes(self, result: ChatResult) -> None:
        lines = [("Assumed", result.assumptions), ("It would change with", result.would_change)]
        if any(items for _, items in lines):
            with folded("What it rests on"):
                for name, items in lines:
                    if items:
                        ui.label(name).classes("fr-small fr-strong")
                        with ui.element("ul").classes("fr-notes"):
                            for item in items:
                                with ui.element("li"):
                                    text(item, classes="fr-small")
        for missing in result.degraded:
            ui.label(f"Memory was missing: {missing.tier} ({missing.reason})").classes("fr-chip fr-chip-warn")
        for fallback in result.fallbacks:
            ui.label(fallback).classes("fr-chip fr-chip-warn")
        if result.untraced:
            ui.label(f"Without a source: {', '.join(result.untraced)}").classes("fr-chip fr-chip-warn")
        if result.cut:
            ui.label("Cut by a limit on tokens").classes("fr-chip fr-chip-warn")

    def _list_sources(self, result: ChatResult) -> None:
        if not result.citations and not result.recalled:
            return
        with ui.element("div").classes("fr-source-list").props('role=group aria-label="Sources"'):
            for one in result.citations:
                with ui.element("button").classes("fr-source").props("type=button") as made:
                    ui.label(str(one.number)).classes("fr-source-number")
                    ui.label(one.title).classes("fr-source-title")
                made.on("click", lambda _, one=one: self._sources.cited(one))
            for item in result.recalled:
                with ui.element("button").classes("fr-source").props("type=button") as made:
                    ui.icon("history").classes("fr-source-number")
                    ui.label(item.text).classes("fr-source-title")
                made.on("click", lambda _, item=item: self._sources.recalled(item))

    def _retry_button(self, said: str, *, label: bool = False) -> None:
        if not self._visit.may("POST /v1/chat"):
            return

        async def retry() -> None:
            await self._actions.retry(self)

        made = ui.button(said if label else "", icon="refresh", on_click=retry)
        made.props("outline dense" if label else f'flat round dense aria-label="{said}"')
        made.classes("fr-retry" if label else "fr-retry fr-quiet")
        if not label:
            made.tooltip(said)

    async def _cite(self, event: events.GenericEventArguments) -> None:
        number = event.args.get("detail") if isinstance(event.args, dict) else event.args
        for one in self._result.citations if self._result else ():
            if str(one.number) == str(number):
                await self._sources.cited(one)
                return
