"""Privacy: everything as a file, the trail of what was done with it, how long it is kept, and its erasure."""

from nicegui import ui

from app.console import lists
from app.console.acting import change
from app.console.bits import card, chip, decide, dialog, facts, folded, heading, text, when
from app.console.notices import empty
from app.console.pages.memory.common import SECTIONS
from app.console.registry import page
from app.console.visit import Visit
from memory.history import ErasureReceipt
from memory.privacy import AuditChain, AuditEntry

_AUDIT = "GET /v1/memory/audit"
_EXPORT = "GET /v1/memory/export"
_ERASE = "POST /v1/memory/erase"


@page("/memory/privacy", title="Privacy", needs=_AUDIT)
async def privacy(visit: Visit) -> None:
    """What the visitor can take away, look over and erase."""
    lists.sections("Memory", "/memory/privacy", SECTIONS)
    if visit.may(_EXPORT):
        _export()
    _retention(visit)
    await _audit(visit)
    if visit.may(_ERASE):
        _erase(visit)


def _export() -> None:
    with card():
        heading("Take it with you")
        text(
            "All that is kept of you as one JSON document: threads, messages, records, projects, feedback and the log.",
            classes="fr-muted",
        )
        with (
            ui.element("div").classes("fr-row"),
            ui.link(target="/v1/memory/export").classes("fr-link-button") as link,
        ):
            link.props("download")
            ui.icon("download").props("aria-hidden=true")
            ui.label("Download everything")


def _retention(visit: Visit) -> None:
    kept = visit.running.settings.memory.kept_days
    consolidation = (
        "What is remembered for weeks fades when it is not used; what is for good stays until you forget it."
    )
    with card():
        heading("How long it is kept")
        text(consolidation, classes="fr-muted")
        facts(
            [
                (name, f"{days:,} days" if days else "for good")
                for name, days in (
                    ("Interaction log", kept.interactions),
                    ("Feedback", kept.feedback),
                    ("Redacted values", kept.vault),
                    ("Audit trail", kept.audit),
                )
            ]
        )


async def _audit(visit: Visit) -> None:
    with card():
        heading("What was done with it")
        text(
            "Each entry holds the hash of the one before it, so that none can be changed or taken out unnoticed.",
            classes="fr-muted",
        )
        state = ui.element("div").props('aria-live="polite"')

        async def verify() -> None:
            button.props("loading")
            found = await visit.ask(lambda: visit.freya.memory.privacy.verify(visit.owner), needs=_AUDIT)
            button.props(remove="loading")
            if found is not None:
                state.clear()
                with state:
                    _chain(found)

        with ui.element("div").classes("fr-row"):
            button = ui.button("Verify the trail", on_click=verify).props("outline icon=verified_user")

        async def fetch(cursor: str | None) -> lists.Part[AuditEntry]:
            found = await visit.freya.memory.privacy.audit(
                visit.owner, limit=lists.PART + 1, before=int(cursor) if cursor else None
            )
            return lists.part(found, lambda entry: str(entry.id))

        with folded("The entries"):
            await lists.listed(
                visit,
                fetch,
                _entry,
                needs=_AUDIT,
                nothing=lambda: empty("Nothing was done yet", icon="history"),
            )


def _chain(chain: AuditChain) -> None:
    with ui.element("div").classes("fr-col"):
        with ui.element("div").classes("fr-row"):
            chip("intact" if chain.intact else "broken", kind="good" if chain.intact else "bad")
            ui.label(f"{chain.entries:,} entries, {chain.removed:,} removed by erasing or age")
        if not chain.intact:
            where = f"at entry {chain.broken_at}" if chain.broken_at else "entries at the end are missing"
            text(f"The trail does not hold together: {where}.")
        facts([("Last hash", chain.head)])


def _entry(entry: AuditEntry) -> None:
    with ui.element("div").classes("fr-item fr-row fr-small"):
        ui.label(entry.action).classes("fr-strong")
        if entry.subject:
            ui.label(entry.subject).classes("fr-mono")
        if entry.counts:
            ui.label(", ".join(f"{number:,} {name}" for name, number in entry.counts.items())).classes(
                "fr-muted"
            )
        ui.label(f"by {entry.actor}").classes("fr-muted")
        when(entry.at)


def _erase(visit: Visit) -> None:
    with card(classes="fr-danger-zone"):
        heading("Erase everything")
        text(
            f"All that is kept of {visit.owner}, in every store: threads, messages, files, what was learned, projects. Runs that "
            "go on are stopped. It cannot be taken back; the stores are searched again afterwards.",
        )
        receipt = ui.element("div").props('aria-live="polite"')
        with ui.element("div").classes("fr-actions"):
            ui.button("Erase everything", on_click=lambda: _confirm(visit, receipt)).classes("fr-danger")


def _confirm(visit: Visit, receipt: ui.element) -> None:
    name = str(visit.owner)
    with dialog("Erase everything?") as asking:
        text("It cannot be taken back. Type the name of whom you erase to go on:")
        ui.label(name).classes("fr-mono fr-strong")
        field = ui.input(label="Name").props("autofocus autocomplete=off")

        async def erase() -> None:
            typed = (field.value or "").strip()
            if typed != name:
                field.error = f"Type {name} exactly."
                return
            button.props("loading")
            done = await change(
                visit, lambda: visit.freya.memory.erase(visit.owner, confirmed=typed), route=_ERASE
            )
            asking.close()
            if done is not None:
                receipt.clear()
                with receipt:
                    _receipt(done)

        button = decide(asking, "Erase everything", erase, danger=True)


def _receipt(done: ErasureReceipt) -> None:
    with ui.element("div").classes("fr-good-news fr-col"):
        heading("The receipt", level=3)
        with ui.element("div").classes("fr-row"):
            chip(
                "searched again, nothing left" if done.verified else "something is left",
                kind="good" if done.verified else "bad",
            )
            ui.label(f"{done.total:,} things of {done.tenant}/{done.user} erased in {done.took_ms:.0f} ms")
            when(done.at)
        removed = [
            (store, name, f"{number:,}")
            for store, counts in done.removed.items()
            for name, number in counts.items()
            if number
        ]
        if removed:
            lists.rows("What was erased", ("Store", "What", "How many"), removed)
        for store, counts in done.left.items():
            text(f"Left in {store}: {', '.join(f'{number} {name}' for name, number in counts.items())}")
        text(f"Kept: {'; '.join(done.kept)}.", classes="fr-small fr-muted")
