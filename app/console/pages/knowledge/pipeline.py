"""Pipeline: how much is known of what, how good it is, how far it is from its targets, and what is missing."""

from collections.abc import Sequence
from urllib.parse import urlencode

from nicegui import ui

from app.console import lists
from app.console.bits import card, chip, folded, heading, text
from app.console.notices import empty
from app.console.pages.knowledge.common import offered, tier_chip
from app.console.registry import page
from app.console.visit import Visit
from app.knowledge_inventory import CollectionCount, Inventory
from knowledge import KnowledgeProgress, ProgressPart
from knowledge.refinery import Coverage, Gap, GapReport

_STATUS = "GET /v1/knowledge/status"
_PROGRESS = "GET /v1/knowledge/progress"
_GAPS = "GET /v1/knowledge/gaps"
_DAYS = 14
_HEAD = ("Topic", "Where", "Pairs", "Good", "Missing", "Coverage")
_COVERAGE = {
    Coverage.MISSING: "bad",
    Coverage.THIN: "warn",
    Coverage.ACCEPTABLE: "accent",
    Coverage.FULL: "good",
}


@page("/knowledge/pipeline", title="Pipeline", needs=_STATUS)
async def pipeline(visit: Visit) -> None:
    """Status, progress and gaps, of one collection where it is asked for."""
    lists.sections("Knowledge", "/knowledge/pipeline", offered(visit))
    known = visit.freya.known
    wanted = visit.query.get("collection") or None
    await lists.placed(visit, known.inventory, lambda found: _status(found, wanted), needs=_STATUS)
    await lists.placed(
        visit,
        lambda: known.progress(known.targets, collection=wanted, days=_DAYS),
        _progress,
        needs=_PROGRESS,
    )
    await lists.placed(
        visit,
        lambda: known.gaps(known.targets, collection=wanted, category=None),
        _gaps,
        needs=_GAPS,
    )


def _status(found: Inventory, wanted: str | None) -> None:
    heading("Collections")
    if not found.collections:
        empty("Nothing is known yet", "Import a file of questions and answers.", icon="menu_book")
    with ui.element("div").classes("fr-grid"):
        for collection in found.collections:
            _collection(found, collection, here=collection.name == wanted)
    with (
        folded(f"The {len(found.sources)} sources"),
        lists.table("Sources", ("Source", "Collection", "State", "Taken", "Not taken")),
    ):
        for source in found.sources:
            with lists.row():
                with lists.cell("Source", first=True):
                    ui.link(source.name, f"/knowledge/sources/{source.id}")
                for head, value in (("Collection", source.collection), ("State", source.status.value)):
                    with lists.cell(head):
                        ui.label(value)
                for head, number in (("Taken", source.read), ("Not taken", source.rejected)):
                    with lists.cell(head, number=True):
                        ui.label(f"{number:,}")


def _collection(found: Inventory, collection: CollectionCount, *, here: bool) -> None:
    with card():
        with ui.element("div").classes("fr-row"):
            heading(collection.name, level=3)
            if here:
                ui.link("Show all collections", "/knowledge/pipeline")
            else:
                query = urlencode({"collection": collection.name})
                ui.link("Only this one", f"/knowledge/pipeline?{query}")
        text(f"{collection.stored:,} pairs stored")
        for index, held in (collection.indexed or {}).items():
            said = f"{held:,} of {collection.indexable:,} in the {index} index"
            text(said, classes="fr-small fr-muted")
            if collection.indexable:
                lists.bar(held / collection.indexable, said, kind="good")
        if collection.indexed is None:
            text("How much of it is indexed cannot be told now.", classes="fr-muted")
        with ui.element("div").classes("fr-row"):
            for tier in found.tiers:
                if tier.collection == collection.name and tier.pairs:
                    with ui.element("div").classes("fr-row fr-tight"):
                        tier_chip(tier.tier)
                        ui.label(f"{tier.pairs:,}").classes("fr-small fr-muted")


def _progress(found: KnowledgeProgress) -> None:
    targets = found.targets
    heading("Progress against targets")
    text(
        f"A topic is fully covered by {targets.full:,} pairs, acceptably by {targets.acceptable:,}; "
        f"{targets.least_success:.0%} of them should be good.",
        classes="fr-muted",
    )
    _parts("By collection", found.collections)
    for title, parts in (("By category", found.categories), ("By research session", found.sessions)):
        if parts:
            with folded(title):
                _parts(title, parts)
    if found.unrefined:
        text(f"{found.unrefined:,} pairs wait for refinement: what they are worth is not known yet.")
    if found.unplaced:
        text(f"{found.unplaced:,} pairs are on topics that are nowhere in the catalogue.", classes="fr-muted")
    if found.days:
        with folded("What imports brought, by day"):
            lists.rows(
                "Imports by day",
                ("Day", "Sources", "Taken", "Not taken", "Duplicates", "Kept", "Good"),
                [
                    (
                        day.day.isoformat(),
                        *(
                            f"{n:,}"
                            for n in (day.sources, day.read, day.rejected, day.duplicates, day.kept, day.good)
                        ),
                    )
                    for day in found.days
                ],
            )


def _parts(title: str, parts: Sequence[ProgressPart]) -> None:
    with ui.element("div").classes("fr-list"), ui.element("div").props(f'role=group aria-label="{title}"'):
        for part in parts:
            with ui.element("div").classes("fr-item"):
                with ui.element("div").classes("fr-row"):
                    ui.label(part.name).classes("fr-strong")
                    if part.collection != part.name:
                        chip(part.collection)
                    ui.label(
                        f"{part.done} of {part.topics} topics done, {part.missing} without a pair"
                    ).classes("fr-small fr-muted")
                said = f"{part.counted:,} of {part.target:,} pairs, {part.good:,} good"
                lists.bar(part.counted / part.target if part.target else 0.0, said, kind="accent")
                ui.label(said).classes("fr-small fr-muted")


def _gaps(found: GapReport) -> None:
    heading("Gaps")
    with ui.element("div").classes("fr-row"):
        for coverage, number in found.coverage.items():
            chip(f"{number:,} {coverage.value}", kind=_COVERAGE.get(coverage, ""))
    if not found.topics:
        text("The catalogue has no topic here.", classes="fr-muted")
    with folded(f"The {len(found.topics):,} topics, worst covered first", opened=True):
        _grown(found.topics)
    if found.unplaced:
        with folded(f"{len(found.unplaced):,} topics of sources that are nowhere in the catalogue"):
            lists.rows(
                "Topics without a place",
                ("Topic", "Collection", "Pairs"),
                [(each.topic, each.collection, f"{each.pairs:,}") for each in found.unplaced[:200]],
            )


def _grown(topics: Sequence[Gap]) -> None:
    """A list at hand, shown part by part."""
    with lists.table("Gaps", _HEAD) as body:
        pass
    shown = 0

    def more() -> None:
        nonlocal shown
        with body:
            for gap in topics[shown : shown + lists.PART]:
                _gap(gap)
        shown += lists.PART
        button.set_visibility(shown < len(topics))

    button = ui.button("Show more", on_click=more).props("outline").classes("fr-more")
    more()


def _gap(gap: Gap) -> None:
    with lists.row():
        with lists.cell("Topic", first=True):
            ui.label(gap.name)
        with lists.cell("Where"):
            ui.label(
                gap.collection if gap.category == gap.collection else f"{gap.collection}, {gap.category}"
            )
        for head, number in (("Pairs", gap.pairs), ("Good", gap.good), ("Missing", gap.missing)):
            with lists.cell(head, number=True):
                ui.label(f"{number:,}")
        with lists.cell("Coverage"), ui.element("div").classes("fr-row fr-tight"):
            chip(gap.coverage.value, kind=_COVERAGE.get(gap.coverage, ""))
            if gap.weak:
                chip("few are good", kind="warn")
