"""Search: the pairs that have to do with a question, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from nicegui import ui

from app.console import lists
from app.console.acting import checked
from app.console.bits import chip, heading
from app.console.content import markdown
from app.console.notices import empty
from app.console.pages.knowledge.common import offered, tier_chip
from app.console.registry import page
from app.console.visit import Visit
from app.knowledge_service import FoundPair
from knowledge import CataloguedTopic

_SEARCH = "GET /v1/knowledge/search"
_LONGEST = 2000
_LIMITS = (5, 10, 20, 50)
_ALL = ""


@dataclass(frozen=True)
class _Asked:
    """What the address of the page asks for."""

    words: str
    collection: str
    topics: tuple[str, ...]
    limit: int

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "_Asked":
        limit = query.get("limit", "")
        return cls(
            words=query.get("q", "").strip()[:_LONGEST],
            collection=query.get("collection", ""),
            topics=tuple(slug for slug in query.get("topics", "").split(",") if slug)[:50],
            limit=int(limit) if limit.isdigit() and int(limit) in _LIMITS else _LIMITS[1],
        )


@page("/knowledge", title="Knowledge", icon="menu_book", place=20, needs=_SEARCH)
async def search(visit: Visit) -> None:
    """A question, and the pairs that answer it."""
    lists.sections("Knowledge", "/knowledge", offered(visit))
    asked = _Asked.of(visit.query)
    await lists.placed(visit, lambda: _choices(visit), lambda found: _form(asked, *found), needs=_SEARCH)
    if not asked.words:
        empty(
            "Search what is known", "Specialists ground their answers on these pairs.", icon="manage_search"
        )
        return

    async def work() -> list[FoundPair]:
        return await visit.freya.known.search(
            asked.words,
            collections=[asked.collection] if asked.collection else [],
            topics=asked.topics,
            limit=asked.limit,
        )

    await lists.placed(visit, work, _found, needs=_SEARCH)


async def _choices(visit: Visit) -> tuple[list[str], list[CataloguedTopic]]:
    known = visit.freya.known
    stored = (await known.status()).stored
    topics = await known.catalogue.topics(collection=None, category=None, session=None, own=False)
    return list(stored), topics


def _form(asked: _Asked, collections: Sequence[str], topics: Sequence[CataloguedTopic]) -> None:
    def go() -> None:
        words = checked(field, longest=_LONGEST, otherwise="Write what to look for.")
        if words is None:
            return
        wanted = {
            "q": words,
            "collection": collection.value,
            "topics": ",".join(topic.value),
            "limit": str(limit.value),
        }
        ui.navigate.to("/knowledge?" + urlencode({name: value for name, value in wanted.items() if value}))

    names = {each.known.topic.slug: f"{each.known.topic.name} ({each.counted.collection})" for each in topics}
    with ui.element("search").classes("fr-filters"):
        field = (
            ui.input(label="What to look for", value=asked.words)
            .props(f"maxlength={_LONGEST}")
            .classes("fr-wide-field")
        )
        field.on("keydown.enter", go)
        collection = ui.select(
            {_ALL: "All collections", **{name: name for name in collections}},
            label="Collection",
            value=asked.collection if asked.collection in collections else _ALL,
        )
        topic = (
            ui.select(
                names,
                label="Topics (any)",
                multiple=True,
                with_input=True,
                value=[slug for slug in asked.topics if slug in names],
            )
            .props("use-chips")
            .classes("fr-field-topics")
        )
        limit = ui.select({each: f"{each} at most" for each in _LIMITS}, label="How many", value=asked.limit)
        ui.button("Search", on_click=go).props("icon=search")


def _found(found: list[FoundPair]) -> None:
    if not found:
        empty(
            "Nothing that is known has to do with it", "Try other words, or fewer filters.", icon="search_off"
        )
        return
    heading("1 pair" if len(found) == 1 else f"{len(found)} pairs, best first")
    with ui.element("ol").classes("fr-list fr-plain"):
        for each in found:
            with ui.element("li").classes("fr-item"):
                _pair(each)


def _pair(found: FoundPair) -> None:
    hit = found.hit
    ui.link(hit.question, f"/knowledge/pairs/{hit.pair_id}").classes("fr-text fr-strong")
    markdown(hit.passage or hit.answer).classes("fr-quote")
    with ui.element("div").classes("fr-row fr-small fr-muted"):
        chip(hit.collection, kind="accent")
        chip(hit.slug or hit.topic)
        tier_chip(found.tier, hit.quality)
        ui.label(f"score {hit.score:.2f}")
        ui.label(f"{hit.relevance:.0%} relevant")
        ui.label(f"from {hit.source}")
