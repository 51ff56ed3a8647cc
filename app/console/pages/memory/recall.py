"""Recall: what a turn with a message would be given of all that is remembered."""

from urllib.parse import urlencode

from nicegui import ui

from app.console import lists
from app.console.acting import checked
from app.console.bits import chip, heading, text
from app.console.notices import empty
from app.console.pages.memory.common import SECTIONS, recalled
from app.console.registry import page
from app.console.visit import Visit
from memory import RecallFilter, Recollection, Tier

_RECALL = "GET /v1/memory/recall"
_LEAST, _USUAL, _MOST = 16, 1000, 8000
_LONGEST = 2000


@page("/memory/recall", title="Recall", needs=_RECALL)
async def recall(visit: Visit) -> None:
    """A message to try, and what comes back for it."""
    lists.sections("Memory", "/memory/recall", SECTIONS)
    text(
        "What would a turn recall for this message? Nothing is asked and nothing is learned here.",
        classes="fr-muted",
    )
    asked = visit.query.get("q", "").strip()[:_LONGEST]
    budget = _budget(visit.query.get("budget", ""))
    thread = visit.query.get("thread", "").strip()[:64]

    def go() -> None:
        words = checked(message, longest=_LONGEST, otherwise="Write a message to try.")
        if words is None:
            return
        wanted = {"q": words, "budget": str(_budget(str(most.value))), "thread": (within.value or "").strip()}
        ui.navigate.to(
            "/memory/recall?" + urlencode({name: value for name, value in wanted.items() if value})
        )

    with ui.element("search").classes("fr-filters"):
        message = (
            ui.input(label="Message", value=asked).props(f"maxlength={_LONGEST}").classes("fr-wide-field")
        )
        message.on("keydown.enter", go)
        most = ui.number(label="Most tokens", value=budget, min=_LEAST, max=_MOST, precision=0)
        within = ui.input(label="In thread (optional)", placeholder="thr_…", value=thread).props(
            "stack-label"
        )
        ui.button("Recall", on_click=go)
    if asked:
        wanted = RecallFilter(tiers=frozenset(Tier))
        work = visit.freya.memory.recall
        await lists.placed(
            visit,
            lambda: work(visit.owner, asked, budget=budget, wanted=wanted, thread_id=thread or None),
            _found,
            needs=_RECALL,
        )


def _budget(given: str) -> int:
    try:
        return min(_MOST, max(_LEAST, int(float(given))))
    except (ValueError, OverflowError):
        return _USUAL


def _found(found: Recollection) -> None:
    heading(f"{len(found.items)} came back" if found.items else "Nothing came back")
    with ui.element("div").classes("fr-row fr-muted fr-small"):
        ui.label(f"{found.tokens:,} of {found.budget:,} tokens")
        if found.beside:
            ui.label(f"{found.beside:,} beside, of the thread itself")
        ui.label(f"{found.took_ms:.0f} ms")
        for one in found.degraded:
            chip(f"{one.tier.value} memory did not answer: {one.reason}", kind="warn")
    if not found.items:
        empty("Nothing that is remembered has to do with it", icon="psychology")
    with ui.element("div").classes("fr-list"):
        for item in found.items:
            recalled(item)
