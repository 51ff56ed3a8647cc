"""Where a message is written: the text, files, who is to answer, and the buttons that ask and stop."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final  # Any: what the page's script sends

from nicegui import events, ui

from app.console.visit import Visit
from app.problems import Problem, ProblemError, problem
from app.runs.records import LONGEST_MESSAGE

_ATTACH: Final = "POST /v1/attachments"
_MOST_FILES: Final = 8
_MOST_AGENTS: Final = 8


class Composer:
    """The composer of a page. What is written stays in the browser until it is asked."""

    def __init__(
        self,
        visit: Visit,
        titles: Mapping[str, str],
        *,
        ask: Callable[[str, list[str], list[str]], Awaitable[bool]],
        stop: Callable[[], Awaitable[None]],
        thread: Callable[[], Awaitable[str | None]],
    ) -> None:
        """`ask` takes a text, agents and files and says whether it was taken; `thread` gives the thread that files belong to."""
        self._visit = visit
        self._ask = ask
        self._thread = thread
        self._titles = titles
        self._files: dict[str, str] = {}
        self._agents: dict[str, ui.checkbox] = {}
        may_attach = visit.may(_ATTACH)
        with ui.element("form").classes("fr-composer").props('aria-label="Message to Freya"') as self.box:
            self._chips = ui.element("div").classes("fr-row fr-files")
            self._input = ui.element("textarea").props(
                f'id=fr-composer rows=1 maxlength={LONGEST_MESSAGE} aria-label="Message" placeholder="Ask Freya" autofocus'
            )
            self._input.classes("fr-input")
            self._input.on("ask", self._take, args=["detail"])
            self._input.on("attach", self._begin_upload, args=[])
            self._input.on("attached", self._attached, args=["detail"])
            with ui.element("div").classes("fr-composer-bar"):
                if may_attach:
                    ui.button(icon="attach_file").props('flat round dense aria-label="Attach files"').classes(
                        "fr-quiet"
                    ).on("click", js_handler="() => freyaPick()").tooltip("Attach files")
                self._choose(titles)
                ui.element("div").classes("fr-space")
                ui.label("Enter sends, Shift+Enter begins a line").classes("fr-muted fr-small fr-hint")
                self._stop = (
                    ui.button("Stop", icon="stop", on_click=stop)
                    .props("outline id=fr-stop")
                    .classes("fr-stop")
                )
                self._stop.visible = False
                self._send = (
                    ui.button(icon="arrow_upward").props('round aria-label="Send"').classes("fr-send")
                )
                self._send.on("click", js_handler="() => freyaSend()")

    @property
    def agents(self) -> list[str]:
        """The specialists who were chosen; none where Freya is to decide."""
        return [name for name, box in self._agents.items() if box.value][:_MOST_AGENTS]

    def busy(self, busy: bool) -> None:  # noqa: FBT001  # its only argument
        """Whether a run of the thread is going on, which can be stopped."""
        self._stop.visible = busy
        self._send.visible = not busy

    def _choose(self, titles: Mapping[str, str]) -> None:
        with (
            ui.button("Freya decides", icon="groups")
            .props("flat dense aria-haspopup=dialog")
            .classes("fr-quiet") as self._who,
            ui.menu(),
            ui.element("div").classes("fr-choice").props('role=group aria-label="Who answers"'),
        ):
            ui.label("Who is to answer? Without a choice, Freya decides.").classes("fr-muted fr-small")
            for name, title in titles.items():
                self._agents[name] = ui.checkbox(
                    title, value=self._visit.query.get("agent") == name, on_change=self._chosen
                )
        self._chosen()

    def _chosen(self) -> None:
        names = [self._titles[name] for name in self.agents]
        self._who.set_text(", ".join(names) if names else "Freya decides")

    async def _take(self, event: events.GenericEventArguments) -> None:
        text = str(_detail(event) or "")
        taken = bool(text.strip()) and await self._ask(text, self.agents, list(self._files))
        if taken:
            self._files.clear()
            self._show_files()
        ui.run_javascript(f"freyaTaken({'true' if taken else 'false'})")

    async def _begin_upload(self) -> None:
        thread_id = await self._thread()
        if thread_id is not None:
            ui.run_javascript(f"freyaUpload('{thread_id}')")

    def _attached(self, event: events.GenericEventArguments) -> None:
        found = _detail(event)
        if not isinstance(found, dict):
            return
        if "problem" in found:
            self._visit.tell(_refused(found["problem"]))
            return
        if len(self._files) >= _MOST_FILES:
            self._visit.tell(problem("request_refused", f"A message may have {_MOST_FILES} files at most."))
            return
        self._files[str(found.get("id", ""))[:64]] = str(found.get("name", ""))[:255]
        self._show_files()

    def _show_files(self) -> None:
        self._chips.clear()
        with self._chips:
            for file_id, name in self._files.items():
                with ui.element("span").classes("fr-chip fr-file"):
                    ui.icon("attach_file")
                    ui.label(name)
                    made = ui.button(icon="close").props("flat round dense size=xs").classes("fr-quiet")
                    made._props["aria-label"] = f"Take {name} away"  # noqa: SLF001  # quotes in it
                    made.on_click(lambda _, file_id=file_id: self._take_away(file_id))

    async def _take_away(self, file_id: str) -> None:
        self._files.pop(file_id, None)
        self._show_files()
        try:
            await self._visit.asked(
                lambda: self._visit.freya.attachments.delete(self._visit.owner, file_id),
                needs="DELETE /v1/attachments/{attachment_id}",
            )
        except ProblemError:
            return  # it stays with its thread, and belongs to no message


def _detail(event: events.GenericEventArguments) -> Any:  # what the page's script sends
    return event.args.get("detail") if isinstance(event.args, dict) else event.args


def _refused(found: Any) -> Problem:  # what the page's script sends
    said = found if isinstance(found, dict) else {}
    return problem(
        "upload_failed", str(said.get("detail") or "The file could not be sent.")[:500]
    ).model_copy(update={"title": str(said.get("title") or "The file cannot be attached")[:120]})
