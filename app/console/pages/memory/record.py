"""One thing that is remembered: where it comes from, how it came to be, and what can be done about it."""

from nicegui import ui

from app.console import lists
from app.console.acting import change, checked
from app.console.bits import card, chip, confirm, decide, dialog, facts, heading, text, when
from app.console.notices import said
from app.console.pages.memory.common import CHANGE, FORGET, LONGEST, READ, SECTIONS, STATES, TIERS, summary
from app.console.registry import page
from app.console.visit import Visit
from memory import Message, Record


@page("/memory/records/{record_id}", title="Remembered", needs=READ)
async def record(visit: Visit, record_id: str) -> None:
    """A record with its sources and versions."""
    lists.sections("Memory", "", SECTIONS)
    await lists.drawn(
        visit,
        lambda: _found(visit, record_id),
        lambda found, show: _shown(visit, *found, show),
        needs=READ,
    )


async def _found(visit: Visit, record_id: str) -> tuple[Record, list[Message], list[Record]]:
    memory = visit.freya.memory
    return (
        await memory.record(visit.owner, record_id),
        await memory.sources(visit.owner, record_id),
        await memory.history(visit.owner, record_id),
    )


def _shown(
    visit: Visit, found: Record, sources: list[Message], versions: list[Record], show: lists.Redraw
) -> None:
    with card():
        text(found.text, classes="fr-h2")
        summary(found)
        facts(
            [
                ("Kept", TIERS.get(found.tier, found.tier.value)),
                ("State", STATES[found.state][0]),
                ("Recalled", f"{found.recalled} times, {found.cited} of them repeated in the answer"),
                ("Rated", f"{found.rating:+.2f} (from -1 to 1)" if found.rating else "not yet"),
                *([("Agent", found.agent)] if found.agent else []),
                *([("Project", found.project_id)] if found.project_id else []),
                *([("Contradicts", found.contests)] if found.contests else []),
            ]
        )
        _actions(visit, found, show)
    heading("Where it comes from")
    if not sources:
        gone = bool(found.deleted_sources)
        text(
            "The messages that said it were deleted since."
            if gone
            else "No message of yours: it was made by a run or imported.",
            classes="fr-muted",
        )
    with ui.element("div").classes("fr-list"):
        for message in sources:
            _source(message)
    if len(versions) > 1:
        heading("Earlier and later versions")
        with ui.element("div").classes("fr-list"):
            for version in versions:
                with ui.element("div").classes("fr-item"):
                    text(version.text)
                    with ui.element("div").classes("fr-row fr-small fr-muted"):
                        chip(f"version {version.version}")
                        if version.id == found.id:
                            chip("this one", kind="accent")
                        when(version.created_at)


def _source(message: Message) -> None:
    with ui.element("div").classes("fr-item"):
        text(message.content, classes="fr-quote")
        with ui.element("div").classes("fr-row fr-small fr-muted"):
            ui.label(message.speaker or ("You" if message.role == "user" else "Freya"))
            when(message.created_at)
            ui.link("Open the thread", f"/threads/{message.thread_id}")


def _actions(visit: Visit, found: Record, show: lists.Redraw) -> None:
    memory, owner = visit.freya.memory, visit.owner

    async def pin() -> None:
        if await change(visit, lambda: memory.pin(owner, found.id, pinned=not found.pinned), route=CHANGE):
            said("It may fade again." if found.pinned else "It will not fade.")
            await show()

    def forget() -> None:
        async def act() -> None:
            gone = await change(visit, lambda: memory.forget(owner, found.id), route=FORGET)
            if gone is not None:
                ui.navigate.to("/memory")

        confirm(
            "Forget this?",
            f"“{found.text}” is deleted with its earlier versions, in every store. It cannot be taken back.",
            yes="Forget it",
            act=act,
        )

    with ui.element("div").classes("fr-actions"):
        if visit.may(CHANGE):
            ui.button("Unpin" if found.pinned else "Pin", on_click=pin).props("outline icon=push_pin")
            ui.button("Correct", on_click=lambda: _correct(visit, found)).props("outline icon=edit")
        if visit.may(FORGET):
            ui.button("Forget", on_click=forget).props("outline icon=delete_outline")


def _correct(visit: Visit, found: Record) -> None:
    with dialog("Correct what is remembered") as asking:
        text(
            "Write it as one statement that can be read by itself. The earlier version stays in its history.",
            classes="fr-muted",
        )
        field = ui.textarea(label="What is right", value=found.text).props(
            f"autogrow autofocus maxlength={LONGEST}"
        )

        async def save() -> None:
            wanted = checked(field, longest=LONGEST, otherwise="Say what is right.")
            if wanted is None:
                return
            work = visit.freya.memory.correct
            new = await change(visit, lambda: work(visit.owner, found.id, wanted), route=CHANGE)
            if new is not None:
                asking.close()
                ui.navigate.to(f"/memory/records/{new.id}")

        decide(asking, "Save", save)
