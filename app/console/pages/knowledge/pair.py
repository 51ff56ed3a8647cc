"""One pair: question and answer whole, where it comes from, and what it is worth."""

from collections.abc import Sequence

from nicegui import ui
from pydantic import JsonValue

from app.console import lists
from app.console.bits import card, chip, facts, folded, heading, json_view, when
from app.console.content import markdown
from app.console.pages.agents import ask_link
from app.console.pages.knowledge.common import offered, tier_chip
from app.console.registry import page
from app.console.visit import Visit
from knowledge import LinkedPair, PairDetail

_PAIR = "GET /v1/knowledge/pairs/{pair_id}"


@page("/knowledge/pairs/{pair_id}", title="Pair", needs=_PAIR)
async def pair(visit: Visit, pair_id: str) -> None:
    """A pair with everything that is known of it."""
    lists.sections("Knowledge", "", offered(visit))
    await lists.placed(
        visit, lambda: visit.freya.known.pair(pair_id), lambda found: _shown(visit, found), needs=_PAIR
    )


def _shown(visit: Visit, found: PairDetail) -> None:
    with card():
        heading(found.question)
        with ui.element("div").classes("fr-row"):
            chip(found.collection, kind="accent")
            chip(found.slug or found.topic)
            tier_chip(found.tier, found.quality)
            if found.kept_id:
                chip("gave way to a better pair", kind="warn")
        markdown(found.answer)
        if visit.may("POST /v1/chat"):
            with ui.element("div").classes("fr-row"):
                ui.link("Ask this in the chat", ask_link(found.question))
    with card():
        heading("Where it comes from")
        place = f"session {found.session}, pair {found.ordinal}"
        facts(
            [
                ("Source", f"{found.source} ({found.source_kind})"),
                ("Place", f"{place}: {found.session_name}" if found.session_name else place),
                ("Topic there", found.topic),
                *([("Category", found.category)] if found.category else []),
                *([("Difficulty", found.difficulty)] if found.difficulty else []),
                *([("Tags", ", ".join(found.tags))] if found.tags else []),
                *([("Speaks of", found.dated.isoformat())] if found.dated else []),
                ("Id", found.id),
            ]
        )
        with ui.element("div").classes("fr-row fr-small fr-muted"):
            ui.label("Stored")
            when(found.created_at)
        if found.attributes:
            with folded("What else the source says of it"):
                attributes: JsonValue = dict(found.attributes)
                json_view(attributes)
    if found.parts:
        _quality(found)
    _linked(
        "The pair that was kept instead" if found.kept_id else "Pairs that gave way to it", found.duplicates
    )
    _linked("Pairs that ask the same and stay beside it", found.variants)


def _quality(found: PairDetail) -> None:
    with card():
        heading("What its quality is made of")
        lists.rows(
            "Quality",
            ("Measure", "Of 100", "Because"),
            [(part.measure.replace("_", " "), f"{part.score:.0f}", part.because) for part in found.parts],
        )
        claims = [claim for part in found.parts for claim in part.claims]
        if claims:
            heading("What was computed again", level=3)
            lists.rows(
                "Claims",
                ("Stated", "Computed", "Verdict"),
                [(each.statement, str(each.computed), "right" if each.holds else "wrong") for each in claims],
            )


def _linked(title: str, pairs: Sequence[LinkedPair]) -> None:
    if not pairs:
        return
    heading(title)
    with ui.element("div").classes("fr-list"):
        for each in pairs:
            linked(each)


def linked(each: LinkedPair) -> None:
    """Another pair that asks the same, and how alike the two are."""
    with ui.element("div").classes("fr-item"):
        ui.link(each.question, f"/knowledge/pairs/{each.id}").classes("fr-text")
        with ui.element("div").classes("fr-row fr-small fr-muted"):
            ui.label(f"questions {each.question_similarity:.0%} alike")
            ui.label(f"answers {each.answer_similarity:.0%} alike")
            if each.overlap is not None:
                ui.label(f"{each.overlap:.0%} word for word")
            ui.label(f"from {each.source}")
