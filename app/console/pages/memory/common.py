"""What the pages of memory share: their sections, and how an item is shown."""

from nicegui import ui

from app.console.bits import chip, text, when
from app.console.lists import shortened
from memory import Kind, Recalled, Record, RecordState, Tier

SECTIONS = (
    ("/memory", "What is remembered"),
    ("/memory/recall", "Recall"),
    ("/memory/projects", "Projects"),
    ("/memory/privacy", "Privacy"),
)
LIST = "GET /v1/memory"
READ = "GET /v1/memory/{record_id}"
CHANGE = "PATCH /v1/memory/{record_id}"
FORGET = "DELETE /v1/memory/{record_id}"
LONGEST = 4000
KINDS = tuple(kind for kind in Kind if kind is not Kind.MESSAGE)
"""Those of records."""
TIERS: dict[Tier, str] = {
    Tier.MEDIUM: "for weeks",
    Tier.LONG: "for good",
}
STATES: dict[RecordState, tuple[str, str]] = {
    RecordState.ACTIVE: ("holds", "good"),
    RecordState.SUPERSEDED: ("superseded", ""),
    RecordState.CONTESTED: ("contested", "warn"),
}


def summary(record: Record) -> None:
    """A record's kind, tier, state and figures, in a line."""
    with ui.element("div").classes("fr-row fr-small fr-muted"):
        chip(record.kind.value, kind="accent")
        chip(TIERS.get(record.tier, record.tier.value))
        if record.state is not RecordState.ACTIVE:
            said, kind = STATES[record.state]
            chip(said, kind=kind)
        if record.pinned:
            chip("pinned", kind="good")
        if record.faded:
            chip("faded")
        ui.label(f"{record.confidence:.0%} sure")
        ui.label("said once" if record.evidence == 1 else f"said {record.evidence} times")
        when(record.said_at)


def recalled(item: Recalled) -> None:
    """An item that came back, and why."""
    with ui.element("div").classes("fr-item"):
        if item.kind is Kind.MESSAGE:
            text(item.text)
        else:
            ui.link(shortened(item.text), f"/memory/records/{item.id}")
        with ui.element("div").classes("fr-row fr-small fr-muted"):
            chip(
                item.kind.value if item.kind is not Kind.MESSAGE else f"message of {item.role or 'a turn'}",
                kind="accent",
            )
            chip(TIERS.get(item.tier, "this conversation"))
            if item.by:
                chip(f"of {item.by}")
            ui.label(f"{item.relevance:.0%} relevant")
            ui.label(f"{item.tokens} tokens")
            when(item.said_at)
            if item.thread_id and item.by is None:
                ui.link("Thread", f"/threads/{item.thread_id}")
        if item.reasons:
            text(f"Because: {'; '.join(item.reasons)}", classes="fr-small fr-muted")
