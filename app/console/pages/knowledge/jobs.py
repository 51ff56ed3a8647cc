"""Jobs: work on what is known, in the background, one at a time."""

from collections.abc import Mapping

from nicegui import ui
from pydantic import JsonValue

from app.console import lists
from app.console.acting import change
from app.console.bits import card, confirm, heading, text
from app.console.notices import empty, said, trouble
from app.console.pages.knowledge.common import JOBS, ORDER, offered
from app.console.pages.knowledge.job_rows import JobRow
from app.console.registry import page
from app.console.visit import Visit
from app.jobs import as_order
from app.problems import ProblemError
from knowledge import Job

_AT_WORK_S, _AT_REST_S = 2.0, 5.0
_ORDERS: tuple[tuple[str, str, str, Mapping[str, JsonValue], str], ...] = (
    ("Refine", "auto_fix_high", "refine", {}, "Places topics, measures quality, and links duplicates, of all that is not refined yet."),
    ("Evaluate the live index", "speed", "evaluate", {}, "Asks up to 500 cases of each task and keeps the figures with the version. It takes minutes."),
    ("Build a fresh index", "layers", "index", {}, "Builds a version beside the live one, which stays live until you switch. It takes minutes."),
)  # fmt: skip


@page("/knowledge/jobs", title="Jobs", needs=JOBS)
async def jobs(visit: Visit) -> None:
    """What is done, was done and waits, newest first; it keeps itself up to date."""
    lists.sections("Knowledge", "/knowledge/jobs", offered(visit))
    board = _Board(visit)
    if visit.may(ORDER):
        _orders(visit, board)
    await board.open()


class _Board:
    """The jobs in the page."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._rows: dict[str, JobRow] = {}
        self._timer: ui.timer | None = None

    async def open(self) -> None:
        """Show them, and from then on what becomes of them."""
        heading("Jobs")
        self._box = ui.element("div").classes("fr-list")
        await self.look()
        with ui.element("div").classes("fr-col"):
            await self._earlier()
        self._timer = lists.again(self._visit, self._pace(), self.look)

    def _pace(self) -> float:
        return _AT_REST_S if all(row.job.state.ended for row in self._rows.values()) else _AT_WORK_S

    async def look(self) -> None:
        """Ask how they stand now."""
        visit = self._visit
        try:
            found = await visit.asked(lambda: visit.freya.known.jobs(limit=lists.PART), needs=JOBS)
        except ProblemError as error:
            if not self._rows and not visit.client.is_deleted:
                self._box.clear()
                with self._box:
                    trouble(error.problem)
            return
        if visit.client.is_deleted:
            return
        if [job.id for job in found] != list(self._rows):
            self._box.clear()
            with self._box:
                self._rows = {job.id: JobRow(visit, job) for job in found}
                if not found:
                    empty(
                        "No job was ordered yet", "Imports and refinements stand here.", icon="work_history"
                    )
        for job in found:
            self._rows[job.id].update(job)
        if self._timer is not None:
            self._timer.interval = self._pace()

    async def _earlier(self) -> None:
        """Those before the first part, on demand."""
        last = next(reversed(self._rows), None)
        if len(self._rows) < lists.PART or last is None:
            return

        async def fetch(cursor: str | None) -> lists.Part[Job]:
            found = await self._visit.freya.known.jobs(limit=lists.PART + 1, before=cursor or last)
            return lists.part(found)

        await lists.listed(
            self._visit, fetch, lambda job: JobRow(self._visit, job), needs=JOBS, nothing=lambda: None
        )


def _orders(visit: Visit, board: _Board) -> None:
    with card():
        heading("Order work")
        text(
            "Jobs are carried out in the background, one after the other; this page need not stay open.",
            classes="fr-muted",
        )
        with ui.element("div").classes("fr-row"):
            for name, icon, kind, arguments, what in _ORDERS:
                ui.button(
                    name, on_click=lambda kind=kind, name=name, arguments=arguments, what=what: _order(
                        visit, board, name, kind, arguments, what
                    )
                ).props(f"outline icon={icon}")  # fmt: skip


def _order(
    visit: Visit, board: _Board, name: str, kind: str, arguments: Mapping[str, JsonValue], what: str
) -> None:
    async def act() -> None:
        order = as_order(kind, arguments)
        if await change(visit, lambda: visit.freya.known.order(order), route=ORDER):
            said("It is ordered.")
            await board.look()

    confirm(f"{name}?", what, yes="Order it", act=act, danger=False)
