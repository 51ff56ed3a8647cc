"""Runs: what waits for a person, what goes on, and what has been."""

from urllib.parse import urlencode

from nicegui import ui

from app.console import lists
from app.console.bits import chip, duration, heading, when
from app.console.lists import shortened
from app.console.notices import empty
from app.console.registry import page
from app.console.visit import Visit
from app.runs import RunView
from app.runs.records import Status

LIST = "GET /v1/runs"
STATUSES: dict[Status, tuple[str, str]] = {
    "waiting": ("waits for a person", "warn"),
    "running": ("running", "accent"),
    "finished": ("finished", "good"),
    "failed": ("failed", "bad"),
    "cancelled": ("cancelled", ""),
}
"""By status how it is said, and what colour it has."""
_ANY = "any"
_LOOKED_AT_S = 5.0
_MOST_GOING = 50


@page("/runs", title="Runs", icon="account_tree", place=40, needs=LIST)
async def runs(visit: Visit) -> None:
    """The visitor's runs of all threads."""
    status, thread = _asked_for(visit)
    if status is None and thread is None:
        going = lists.Watched(visit, lambda: _going(visit), _show_going, every_s=_LOOKED_AT_S, needs=LIST)
        await going.look()
    _filters(status, thread)

    async def fetch(cursor: str | None) -> lists.Part[RunView]:
        return lists.part(
            await visit.freya.find_runs(
                visit.owner,
                statuses=[status] if status else (),
                thread_id=thread,
                limit=lists.PART + 1,
                before=cursor,
            )
        )

    await lists.listed(
        visit, fetch, _row, needs=LIST, nothing=lambda: _nothing(filtered=bool(status or thread))
    )


def _asked_for(visit: Visit) -> tuple[Status | None, str | None]:
    wanted = visit.query.get("status", "")
    status = next((name for name in STATUSES if name == wanted), None)
    return status, visit.query.get("thread", "").strip()[:64] or None


async def _going(visit: Visit) -> list[RunView]:
    """What waits comes first."""
    found = await visit.freya.find_runs(visit.owner, statuses=("waiting", "running"), limit=_MOST_GOING)
    return sorted(found, key=lambda run: run.status != "waiting")


def _show_going(found: list[RunView]) -> None:
    if not found:
        return
    waiting = sum(run.status == "waiting" for run in found)
    counts = ((waiting, "waiting for you"), (len(found) - waiting, "running"))
    heading(", ".join(f"{number} {said}" for number, said in counts if number))
    with ui.element("div").classes("fr-list"):
        for run in found:
            _row(run, approvals=True)


def _filters(status: Status | None, thread: str | None) -> None:
    heading("All runs" if status is None and thread is None else "Found")

    def go(**given: str | None) -> None:
        wanted = {"status": status, "thread": thread, **given}
        query = urlencode({name: value for name, value in wanted.items() if value})
        ui.navigate.to("/runs" + (f"?{query}" if query else ""))

    with ui.element("div").classes("fr-filters"):
        options: dict[str, str] = {_ANY: "Any status"}
        options.update({name: said for name, (said, _) in STATUSES.items()})
        ui.select(
            options,
            label="Status",
            value=status or _ANY,
            on_change=lambda event: go(status=None if event.value == _ANY else event.value),
        )
        field = ui.input(label="Thread", placeholder="thr_…", value=thread or "").props(
            "clearable stack-label"
        )
        field.on("keydown.enter", lambda: go(thread=(field.value or "").strip()))
        field.on("clear", lambda: go(thread=None))
        ui.button("Show", on_click=lambda: go(thread=(field.value or "").strip())).props("outline")


def _nothing(*, filtered: bool) -> None:
    if filtered:
        empty("No run is like that", "Choose another status or thread.", icon="filter_alt_off")
    else:
        empty(
            "Nothing was asked yet", "Each message that is answered in a chat is a run.", icon="account_tree"
        )


def _row(run: RunView, *, approvals: bool = False) -> None:
    said, kind = STATUSES[run.status]
    with ui.element("div").classes("fr-item"):
        with ui.element("div").classes("fr-row"):
            ui.link(shortened(run.request.message) or "(an empty message)", f"/runs/{run.id}").classes(
                "fr-strong"
            )
        with ui.element("div").classes("fr-row fr-small fr-muted"):
            chip(said, kind=kind)
            if run.result is not None:
                chip(run.result.outcome.replace("_", " "))
                ui.label(", ".join(run.result.agents) or "Freya herself")
            when(run.created_at)
            if run.finished_at is not None:
                ui.label(duration((run.finished_at - run.created_at).total_seconds() * 1000))
            if run.problem is not None:
                ui.label(run.problem.title)
            ui.link("Thread", f"/threads/{run.thread_id}")
        for approval in run.approvals if approvals else ():
            with ui.element("div").classes("fr-row"):
                ui.icon("front_hand").props("aria-hidden=true")
                ui.label(f"{approval.agent} wants to call {approval.tool}: {approval.why}")
                ui.link("Answer it in the chat", f"/threads/{run.thread_id}")
