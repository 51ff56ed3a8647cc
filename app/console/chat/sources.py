"""The panel beside the chat, in which a cited passage opens."""

from nicegui import ui

from app.console.bits import facts, heading, text
from app.console.content import markdown
from app.console.visit import Visit
from app.problems import ProblemError
from app.runs.records import RecalledItem
from graphs import Citation

_PAIR = "GET /v1/knowledge/pairs/{pair_id}"


class Sources:
    """One panel for all turns of a page. It is made before anything else of the page, at the top of it."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._drawer = (
            ui.right_drawer(value=False, bordered=True)
            .props('width=430 breakpoint=1180 aria-label="Source"')
            .classes("fr-sources")
        )
        self._drawer.props("id=fr-sources")

    async def cited(self, found: Citation) -> None:
        """Show what a citation stands for: the whole pair where the key reads knowledge, else the quote."""
        self._begin(f"Source {found.number}", found.title)
        with self._drawer:
            if found.pair_id.startswith("att_"):
                facts([("File", found.source), ("Relevance", f"{found.relevance:.2f}")])
                self._quote(found.quote)
                attached = found.pair_id.partition("#")[0]
                ui.link("Download the file", f"/v1/attachments/{attached}")
                return
            if not self._visit.may(_PAIR):
                facts([("From", found.source)])
                self._quote(found.quote)
                return
        try:
            pair = await self._visit.asked(lambda: self._visit.freya.known.pair(found.pair_id))
        except ProblemError as error:
            with self._drawer:
                self._quote(found.quote)
                text(f"{error.problem.title}: {error.problem.detail}", classes="fr-muted fr-small")
            return
        with self._drawer:
            if pair.question != found.title:
                heading(pair.question, level=3)
            markdown(pair.answer)
            rows = [("From", pair.source), ("Collection", pair.collection), ("Topic", pair.topic)]
            if pair.quality is not None:
                rows.append(("Quality", f"{pair.quality:.0f} of 100"))
            if pair.dated is not None:
                rows.append(("Newest date in it", pair.dated.isoformat()))
            facts([*rows, ("Relevance", f"{found.relevance:.2f}"), ("Id", pair.id)])

    def recalled(self, item: RecalledItem) -> None:
        """Show something remembered that the turn was given."""
        self._begin("Remembered", f"{item.tier} memory, {item.kind}")
        with self._drawer:
            self._quote(item.text)
            facts([("Why it came back", "; ".join(item.reasons)), ("Of", item.by or "you"), ("Id", item.id)])
            ui.link("See and correct what is remembered", "/memory")

    def close(self) -> None:
        """Close the panel; what was focused before it is focused again."""
        self._drawer.hide()
        ui.run_javascript("freyaFocusBack()")

    def _begin(self, kind: str, title: str) -> None:
        self._drawer.clear()
        with self._drawer:
            with ui.element("div").classes("fr-row fr-sources-head"):
                ui.label(kind).classes("fr-chip fr-chip-accent")
                ui.element("div").classes("fr-space")
                ui.button(icon="close", on_click=self.close).props(
                    'flat round dense aria-label="Close the source"'
                ).classes("fr-quiet fr-sources-close")
            heading(title)
        self._drawer.show()
        ui.run_javascript("freyaFocus('.fr-sources-close')")

    def _quote(self, quote: str) -> None:
        with ui.element("blockquote").classes("fr-quote"):
            text(quote)
