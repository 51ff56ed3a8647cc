"""The threads at the side of the page: found, renamed, deleted, and begun."""

from nicegui import ui

from app.console.acting import checked
from app.console.bits import decide, dialog, heading, text
from app.console.notices import said
from app.console.visit import Visit
from app.problems import ProblemError
from memory import ListedThread

_PAGE = 30
_TITLE = 200


class Threads:
    """The list within the drawer. It is read when the page is opened, and again when something of it changed."""

    def __init__(self, visit: Visit, *, here: str | None) -> None:
        self._visit = visit
        self._here = here
        self._last: str | None = None
        if not visit.may("GET /v1/threads"):
            return
        with ui.element("section").classes("fr-threads").props('aria-label="Threads"'):
            with ui.element("div").classes("fr-threads-head"):
                heading("Threads", level=2)
                ui.link("New", "/").classes("fr-new").props('aria-label="New thread"')
            self._search = ui.input(placeholder="Search").props(
                'dense clearable type=search aria-label="Search threads" debounce=300'
            )
            self._search.on_value_change(self.refresh)
            self._list = ui.element("ul").classes("fr-thread-list")
            self._foot = ui.element("div")
        ui.timer(0, self.refresh, once=True)

    async def refresh(self, *, here: str | None = None) -> None:
        """Read the list anew, from its beginning."""
        if isinstance(here, str):
            self._here = here
        if not self._visit.may("GET /v1/threads") or self._list.is_deleted:
            return
        self._last = None
        found = await self._page()
        self._list.clear()
        self._show(found)

    async def _more(self) -> None:
        self._show(await self._page())

    async def _page(self) -> list[ListedThread]:
        query = (self._search.value or "").replace("\0", " ").strip()[:400] or None
        try:
            return await self._visit.asked(
                lambda: self._visit.freya.threads(
                    self._visit.owner, query=query, limit=_PAGE + 1, before=self._last
                )
            )
        except ProblemError as error:
            self._visit.tell(error.problem)
            return []

    def _show(self, found: list[ListedThread]) -> None:
        shown = found[:_PAGE]
        with self._list:
            for thread in shown:
                self._row(thread)
        self._foot.clear()
        with self._foot:
            if len(found) > _PAGE:
                self._last = shown[-1].id
                ui.button("Older threads", on_click=self._more).props("flat dense").classes("fr-quiet")
            elif not shown and self._last is None:
                text(
                    "None says that." if self._search.value else "None yet.",
                    classes="fr-muted fr-small fr-none",
                )

    def _row(self, thread: ListedThread) -> None:
        with ui.element("li").classes("fr-thread" + (" fr-here" if thread.id == self._here else "")) as row:
            with ui.link(target=f"/threads/{thread.id}").classes("fr-thread-link") as link:
                ui.label(thread.title).classes("fr-thread-title")
                if thread.excerpt:
                    ui.label(thread.excerpt).classes("fr-thread-excerpt")
            if thread.id == self._here:
                link.props("aria-current=page")
            with (
                ui.button(icon="more_horiz")
                .props("flat round dense size=sm aria-haspopup=menu")
                .classes("fr-quiet fr-thread-more") as more,
                ui.menu().props("role=menu"),
            ):
                if self._visit.may("PATCH /v1/threads/{thread_id}"):
                    ui.menu_item("Rename", on_click=lambda: self._rename(thread))
                if self._visit.may("DELETE /v1/threads/{thread_id}"):
                    ui.menu_item("Delete", on_click=lambda: self._delete(thread, row))
            more._props["aria-label"] = f"More on {thread.title}"  # noqa: SLF001  # quotes in it

    def _rename(self, thread: ListedThread) -> None:
        with dialog("Rename the thread") as asking:
            name = ui.input("Title", value=thread.title).props(f"maxlength={_TITLE} autofocus")

            async def rename() -> None:
                wanted = checked(name, longest=_TITLE, otherwise="A thread has a title.")
                if wanted is None:
                    return
                changed = await self._visit.ask(
                    lambda: self._visit.freya.change_thread(
                        self._visit.owner, thread.id, title=wanted, metadata=None
                    ),
                    needs="PATCH /v1/threads/{thread_id}",
                )
                if changed is not None:
                    asking.close()
                    await self.refresh()

            name.on("keydown.enter", rename)
            decide(asking, "Rename", rename)

    def _delete(self, thread: ListedThread, row: ui.element) -> None:
        with dialog("Delete the thread?") as asking:
            text(
                f"“{thread.title}” goes with its messages, runs, files and artifacts. It cannot be brought back.",
                classes="fr-muted",
            )
            records = ui.checkbox("Forget what it taught as well, where nothing else says it")

            async def delete() -> None:
                done = await self._visit.ask(
                    lambda: self._visit.freya.delete_thread(
                        self._visit.owner, thread.id, records=bool(records.value)
                    ),
                    needs="DELETE /v1/threads/{thread_id}",
                )
                if done is None:
                    return
                asking.close()
                if thread.id == self._here:
                    ui.navigate.to("/")
                    return
                row.delete()
                with self._visit.client:
                    said("The thread is deleted")

            decide(asking, "Delete", delete, danger=True)
