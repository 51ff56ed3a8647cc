"""A source: how it was read, and what could not be taken from it."""

from nicegui import ui

from app.console import lists
from app.console.acting import change
from app.console.bits import card, chip, confirm, facts, heading, text, when
from app.console.pages.knowledge.common import ORDER, offered
from app.console.registry import page
from app.console.visit import Visit
from app.jobs import as_order
from knowledge import SourceDetail

_ONE = "GET /v1/knowledge/sources/{source_id}"
_KINDS = {"rejected": "bad", "mismatched": "warn"}


@page("/knowledge/sources/{source_id}", title="Source", needs=_ONE)
async def source(visit: Visit, source_id: str) -> None:
    """One source with every remark that was noted."""
    lists.sections("Knowledge", "", offered(visit))
    work = visit.freya.known.source
    await lists.placed(visit, lambda: work(source_id), lambda found: _shown(visit, found), needs=_ONE)


def _shown(visit: Visit, found: SourceDetail) -> None:
    with card():
        with ui.element("div").classes("fr-row"):
            heading(found.name)
            chip(found.collection, kind="accent")
            chip(found.status.value)
        facts(
            [
                ("Kind", f"{found.kind.value}{f', {found.shape}' if found.shape else ''}"),
                (
                    "Pairs taken",
                    f"{found.read:,}{f' of {found.declared:,} declared' if found.declared else ''}",
                ),
                ("Not taken", f"{found.rejected:,}"),
                ("Not as declared", f"{found.mismatched:,}"),
                *([("Why", found.reason)] if found.reason else []),
                *(
                    [("Searches that found something", f"{found.successful_searches} of {found.searches}")]
                    if found.searches
                    else []
                ),
                ("SHA-256", found.sha256),
            ]
        )
        with ui.element("div").classes("fr-row fr-small fr-muted"):
            ui.label("Read")
            when(found.started_at)
        if visit.may(ORDER):
            with ui.element("div").classes("fr-actions"):
                ui.button("Remove its pairs", on_click=lambda: _remove(visit, found)).props(
                    "outline icon=delete_outline"
                )
    heading("What could not be taken as it stands")
    if not found.remarks:
        text("Everything was taken.", classes="fr-muted")
        return
    remarks(
        ["rejected" if one.what == "rejected" else "mismatched", one.place, one.reason]
        for one in found.remarks
    )


def remarks(found: "lists.Lines") -> None:
    """What was noted of a source: what became of it, its place, and why."""
    with lists.table("Remarks", ("What", "Place", "Why")):
        for what, place, reason in found:
            with lists.row():
                with lists.cell("What"):
                    chip("not taken" if what == "rejected" else "not as declared", kind=_KINDS[what])
                with lists.cell("Place"):
                    ui.label(place).classes("fr-mono")
                with lists.cell("Why"):
                    text(reason)


def _remove(visit: Visit, found: SourceDetail) -> None:
    async def act() -> None:
        order = as_order("remove", {"source": found.id})
        if await change(visit, lambda: visit.freya.known.order(order), route=ORDER):
            ui.navigate.to("/knowledge/jobs")

    confirm(
        f"Remove the pairs of {found.name}?",
        f"Its {found.read:,} pairs are deleted from the store and from every version of the index. The file can be imported again.",
        yes="Remove them",
        act=act,
    )
