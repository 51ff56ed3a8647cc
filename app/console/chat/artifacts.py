"""What tools made: cards to view and download, and charts in their place."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final  # Any: JSON as it is

from nicegui import ui

from app.console.bits import card, folded, heading, json_view
from app.console.chat.charts import options_of, rows_of
from app.console.content import markdown
from app.console.visit import Visit
from graphs import ArtifactReference

CHART: Final = "application/vnd.vegalite.v6+json"
_MOST_ROWS: Final = 500
_MOST_SHOWN: Final = 200_000
_ICONS: Final = {
    "text/csv": "table_view",
    "text/markdown": "article",
    CHART: "insert_chart",
    "text/html": "code",
}


def artifact_card(visit: Visit, found: ArtifactReference) -> None:
    """A card of what it is, with what can be done with it. A chart is drawn."""
    with card(classes="fr-artifact") as box:
        with ui.element("div").classes("fr-row"):
            ui.icon(_ICONS.get(found.media_type, "description")).classes("fr-artifact-icon")
            with ui.element("div").classes("fr-artifact-name"):
                ui.label(found.name).classes("fr-strong")
                ui.label(f"{_kind(found.media_type)} · {_size(found.bytes)}").classes("fr-muted fr-small")
            if found.media_type != CHART:
                view = ui.button("View", icon="visibility").props('flat dense aria-label="View"')
                view.on_click(lambda: _view(visit, found))
            ui.button("Download", icon="download").props(
                f'flat dense aria-label="Download" href="/v1/artifacts/{found.id}" download'
            )
        if found.media_type == CHART:
            place = ui.element("div").classes("fr-chart-place")

            async def draw() -> None:
                stored = await visit.ask(lambda: visit.freya.artifact(visit.owner, found.id))
                if stored is not None and not place.is_deleted:
                    with place:
                        chart(stored.content)

            ui.timer(0, draw, once=True)
    box.props("aria-label=Artifact")


def chart(content: str) -> None:
    """A chart, and its rows for whom a picture says nothing."""
    try:
        spec = json.loads(content)
    except ValueError:
        spec = None
    options = options_of(spec)
    if options is not None:
        drawn = ui.echart(options, renderer="svg").classes("fr-chart").props("role=img")
        drawn._props["aria-label"] = f"Chart: {options['title']['text']}"  # noqa: SLF001  # quotes in it
    rows = rows_of(spec)
    if rows:
        names = list(dict.fromkeys(name for row in rows for name in row))
        with folded("Rows of the chart", opened=options is None):
            table(names, [[_cell(row.get(name)) for name in names] for row in rows])
    elif options is None:
        json_view(spec)


def table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table that scrolls within itself; of a long one the beginning."""
    box = (
        ui.element("div").classes("fr-scroll fr-table-box").props('tabindex=0 role=region aria-label="Table"')
    )
    with box, ui.element("table").classes("fr-table"):
        with ui.element("thead"), ui.element("tr"):
            for name in names:
                with ui.element("th").props("scope=col"):
                    ui.label(name)
        lines = "".join(
            f"<tr>{''.join(f'<td>{_escaped(cell)}</td>' for cell in row)}</tr>" for row in rows[:_MOST_ROWS]
        )
        ui.html(lines, sanitize=False, tag="tbody")
    if len(rows) > _MOST_ROWS:
        ui.label(f"The first {_MOST_ROWS} of {len(rows)} rows; the download has all.").classes(
            "fr-muted fr-small"
        )


async def _view(visit: Visit, found: ArtifactReference) -> None:
    stored = await visit.ask(
        lambda: visit.freya.artifact(visit.owner, found.id), needs="GET /v1/artifacts/{artifact_id}"
    )
    if stored is None:
        return
    with visit.client, ui.dialog() as dialog, ui.card().classes("fr-dialog fr-viewer"):
        with ui.element("div").classes("fr-row"):
            heading(found.name)
            ui.element("div").classes("fr-space")
            ui.button(icon="close", on_click=dialog.close).props(
                'flat round dense aria-label="Close"'
            ).classes("fr-quiet")
        with ui.element("div").classes("fr-viewer-body").props('tabindex=0 role=region aria-label="Content"'):
            show(stored.media_type, stored.content)
    dialog.on("hide", dialog.delete)
    dialog.open()


def show(media_type: str, content: str) -> None:
    """The content, as its kind is read best. HTML is shown as its source, and does nothing."""
    if len(content) > _MOST_SHOWN:
        ui.label(f"The first {_MOST_SHOWN:,} of {len(content):,} characters; the download has all.").classes(
            "fr-muted"
        )
        content, media_type = content[:_MOST_SHOWN], "text/plain" if "json" in media_type else media_type
    if media_type == CHART:
        chart(content)
    elif media_type == "text/markdown":
        markdown(content)
    elif media_type == "text/csv":
        read = list(csv.reader(io.StringIO(content)))
        table(read[0], read[1:]) if read else ui.label("It is empty.")
    elif "json" in media_type and (value := _json(content)) is not None:
        json_view(value)
    else:
        with ui.element("pre").classes("fr-code fr-source"):
            ui.html(_escaped(content), sanitize=False, tag="code")


def _json(content: str) -> Any:  # JSON as it is
    try:
        return json.loads(content)
    except ValueError:
        return None


def _cell(value: Any) -> str:  # a value of JSON
    return f"{value:.6g}" if isinstance(value, float) else "" if value is None else str(value)


def _kind(media_type: str) -> str:
    known: Mapping[str, str] = {
        CHART: "Chart",
        "text/csv": "Table (CSV)",
        "text/markdown": "Document",
        "text/html": "HTML, shown as source",
        "application/json": "JSON",
        "text/calendar": "Calendar",
    }
    return known.get(media_type, media_type)


def _size(number: int) -> str:
    return f"{number} bytes" if number < 1024 else f"{number / 1024:.1f} KB"  # noqa: PLR2004


def _escaped(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
