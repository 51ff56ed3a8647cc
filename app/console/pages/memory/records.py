"""What is remembered: listed, searched and filtered."""

from urllib.parse import urlencode

from nicegui import ui

from app.console import lists
from app.console.bits import text
from app.console.lists import shortened
from app.console.notices import empty
from app.console.pages.memory.common import KINDS, LIST, SECTIONS, STATES, TIERS, summary
from app.console.registry import page
from app.console.visit import Visit
from app.memory_status import MemoryStatus
from memory import Kind, Record, RecordState, Tier

_STATUS = "GET /v1/memory/status"
_LONGEST_QUERY = 2000
_ANY = ""


@page("/memory", title="Memory", icon="psychology", place=30, needs=LIST)
async def records(visit: Visit) -> None:
    """Facts, preferences, decisions and the like, newest first."""
    lists.sections("Memory", "/memory", SECTIONS)
    await lists.placed(visit, lambda: visit.freya.memory.status(visit.owner), _counts, needs=_STATUS)
    _filters(visit)
    words = visit.query.get("q", "").strip()[:_LONGEST_QUERY]
    kind, tier, state = _filtered(visit)

    async def fetch(cursor: str | None) -> lists.Part[Record]:
        return lists.part(
            await visit.freya.memory.records(
                visit.owner,
                kinds=[kind] if kind else (),
                tier=tier,
                state=state,
                project_id=visit.query.get("project") or None,
                query=words or None,
                limit=lists.PART + 1,
                before=cursor,
            )
        )

    asked = bool(words or kind or tier or state)
    await lists.listed(visit, fetch, _row, needs=LIST, nothing=lambda: _nothing(asked=asked))


def _counts(status: MemoryStatus) -> None:
    waiting = status.to_embed + status.to_consolidate
    with ui.element("div").classes("fr-figures"):
        _figure(sum(each.active for each in status.records), "thing remembered", "things remembered")
        _figure(status.messages, "message", "messages")
        _figure(status.threads, "thread", "threads")
        _figure(status.projects, "project", "projects")
    if waiting:
        text(
            f"{status.to_consolidate} messages wait to be learned from, {status.to_embed} to be found by their meaning.",
            classes="fr-muted fr-small",
        )


def _figure(number: int, one: str, many: str) -> None:
    with ui.element("div").classes("fr-figure"):
        ui.label(f"{number:,}").classes("fr-figure-number")
        ui.label(one if number == 1 else many).classes("fr-muted fr-small")


def _filtered(visit: Visit) -> tuple[Kind | None, Tier | None, RecordState | None]:
    query = visit.query
    return (
        next((each for each in KINDS if each.value == query.get("kind")), None),
        next((each for each in TIERS if each.value == query.get("tier")), None),
        next((each for each in STATES if each.value == query.get("state")), None),
    )


def _filters(visit: Visit) -> None:
    kind, tier, state = _filtered(visit)

    def go() -> None:
        wanted = {
            "q": (words.value or "").strip(),
            "kind": kinds.value,
            "tier": tiers.value,
            "state": states.value,
            "project": visit.query.get("project"),
        }
        query = urlencode({name: value for name, value in wanted.items() if value})
        ui.navigate.to("/memory" + (f"?{query}" if query else ""))

    with ui.element("search").classes("fr-filters"):
        words = ui.input(label="Search", value=visit.query.get("q", "")).props(
            f"clearable maxlength={_LONGEST_QUERY}"
        )
        words.on("keydown.enter", go)
        kinds = ui.select(
            {_ANY: "Any kind", **{each.value: each.value for each in KINDS}},
            label="Kind",
            value=kind.value if kind else _ANY,
            on_change=go,
        )
        tiers = ui.select(
            {_ANY: "However long", **{each.value: name for each, name in TIERS.items()}},
            label="Kept",
            value=tier.value if tier else _ANY,
            on_change=go,
        )
        states = ui.select(
            {_ANY: "Any state", **{each.value: name for each, (name, _) in STATES.items()}},
            label="State",
            value=state.value if state else _ANY,
            on_change=go,
        )
        ui.button("Search", on_click=go).props("outline")


def _nothing(*, asked: bool) -> None:
    if asked:
        empty("Nothing like that is remembered", "Try other words, or fewer filters.", icon="search_off")
    else:
        empty(
            "Nothing is remembered yet",
            "Say something about yourself or your work in a chat, such as that you prefer short answers.",
            icon="psychology",
        )


def _row(record: Record) -> None:
    with ui.element("div").classes("fr-item"):
        ui.link(shortened(record.text), f"/memory/records/{record.id}").classes("fr-strong")
        summary(record)
