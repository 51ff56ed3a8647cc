"""Duplicates: pairs that were kept, with those that gave way to them, and variants that stay side by side."""

from urllib.parse import urlencode

from nicegui import ui

from app.console import lists
from app.console.bits import chip, folded, text
from app.console.notices import empty
from app.console.pages.knowledge.common import collections_of, offered, tier_chip
from app.console.pages.knowledge.pair import linked
from app.console.registry import page
from app.console.visit import Visit
from knowledge import Alike, AlikePairs

_LIST = "GET /v1/knowledge/duplicates"
_ALL = ""
_WAYS: dict[Alike, str] = {"duplicates": "gave way", "variants": "stay as variants"}


@page("/knowledge/duplicates", title="Duplicates", needs=_LIST)
async def duplicates(visit: Visit) -> None:
    """Pairs and what is like them."""
    lists.sections("Knowledge", "/knowledge/duplicates", offered(visit))
    kind: Alike = "variants" if visit.query.get("kind") == "variants" else "duplicates"
    wanted = visit.query.get("collection", "")
    await lists.placed(
        visit, lambda: collections_of(visit), lambda found: _filters(kind, wanted, list(found)), needs=_LIST
    )

    async def fetch(cursor: str | None) -> lists.Part[AlikePairs]:
        found = await visit.freya.known.alike(
            kind, collections=[wanted] if wanted else [], topics=[], limit=lists.PART + 1, after=cursor
        )
        return lists.part(found, lambda each: each.pair.id)

    await lists.listed(
        visit,
        fetch,
        _row,
        needs=_LIST,
        nothing=lambda: empty(
            "None were found", "They are looked for when what was imported is refined.", icon="difference"
        ),
    )


def _filters(kind: Alike, wanted: str, collections: list[str]) -> None:
    def go() -> None:
        query = {"kind": kinds.value, "collection": collection.value}
        ui.navigate.to(
            "/knowledge/duplicates?" + urlencode({name: value for name, value in query.items() if value})
        )

    with ui.element("div").classes("fr-filters"):
        kinds = ui.select(dict(_WAYS), label="Pairs that", value=kind, on_change=go)
        collection = ui.select(
            {_ALL: "All collections", **{name: name for name in collections}},
            label="Collection",
            value=wanted if wanted in collections else _ALL,
            on_change=go,
        )


def _row(found: AlikePairs) -> None:
    pair = found.pair
    with ui.element("div").classes("fr-item"):
        ui.link(pair.question, f"/knowledge/pairs/{pair.id}").classes("fr-text fr-strong")
        with ui.element("div").classes("fr-row fr-small fr-muted"):
            chip(pair.collection, kind="accent")
            chip(pair.slug or pair.topic)
            tier_chip(pair.tier, pair.quality)
            ui.label(f"from {pair.source}")
        with folded("1 pair like it" if found.count == 1 else f"{found.count:,} pairs like it"):
            for each in found.alike:
                linked(each)
            if found.count > len(found.alike):
                text(f"And {found.count - len(found.alike):,} more.", classes="fr-muted")
