"""Small things that pages share: headings, times, buttons that copy, labels and folded details."""

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from nicegui import ui
from pydantic import JsonValue

_STEPS = ((86_400 * 2, 86_400, "days"), (7200, 3600, "hours"), (120, 60, "minutes"), (2, 1, "seconds"))


def heading(text: str, *, level: int = 2, classes: str = "") -> ui.element:
    """A heading; the page's own is of level 1, and the frame has it."""
    made = ui.element(f"h{level}").classes(f"fr-h{level} {classes}")
    with made:
        ui.html(_escaped(text), sanitize=False, tag="span")
    return made


def text(value: str, *, classes: str = "") -> ui.label:
    """Plain text, whatever it holds; line breaks stay."""
    return ui.label(value).classes(f"fr-text {classes}")


def when(moment: datetime | None, *, otherwise: str = "never") -> ui.element:
    """A time as people say it, with the exact one behind it."""
    if moment is None:
        return ui.label(otherwise).classes("fr-muted")
    with ui.element("time").props(f'datetime="{moment.isoformat()}"') as made:
        made._props["title"] = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")  # noqa: SLF001  # quotes in it
        ui.html(_escaped(ago(moment)), sanitize=False, tag="span")
    return made


def ago(moment: datetime, *, now: datetime | None = None) -> str:
    """A time before or after now, in words."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    for least, unit, name in _STEPS:
        if abs(seconds) >= least:
            number = round(abs(seconds) / unit)
            return f"{number} {name} ago" if seconds > 0 else f"in {number} {name}"
    return "just now"


def duration(milliseconds: float) -> str:
    """A time that something took."""
    if milliseconds < 1000:  # noqa: PLR2004  # a second
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"  # noqa: PLR2004


def copy_button(value: str, *, label: str = "Copy") -> ui.button:
    """A button that puts a text on the clipboard, and says so."""
    script = f"() => freyaCopy({json.dumps(value)}, {json.dumps(label)})"  # in the page's own script
    made = ui.button(icon="content_copy").props(f'flat round dense aria-label="{label}"').classes("fr-quiet")
    return made.on("click", js_handler=script).tooltip(label)


def chip(value: str, *, kind: str = "") -> ui.label:
    """A short word of state; `kind` is good, warn, bad or empty."""
    return ui.label(value).classes(f"fr-chip fr-chip-{kind or 'plain'}")


@contextmanager
def card(*, classes: str = "") -> Iterator[ui.element]:
    """A surface for what belongs together."""
    with ui.element("section").classes(f"fr-card {classes}") as made:
        yield made


@contextmanager
def folded(title: str, *, opened: bool = False, classes: str = "") -> Iterator[ui.element]:
    """Details that open by click or key; the browser's own, without a word to the service."""
    with ui.element("details").classes(f"fr-folded {classes}") as made:
        if opened:
            made.props("open")
        with ui.element("summary"):
            ui.html(_escaped(title), sanitize=False, tag="span")
        yield made


def json_view(value: JsonValue, *, classes: str = "") -> ui.element:
    """JSON as it is, indented; it scrolls within itself."""
    shown = json.dumps(value, indent=2, ensure_ascii=False)
    with ui.element("pre").classes(f"fr-code {classes}").props("tabindex=0") as made:
        ui.html(_escaped(shown), sanitize=False, tag="code")
    return made


def facts(rows: list[tuple[str, str]]) -> ui.element:
    """Names and values, as a description list."""
    with ui.element("dl").classes("fr-facts") as made:
        for name, value in rows:
            ui.html(_escaped(name), sanitize=False, tag="dt")
            ui.html(_escaped(value), sanitize=False, tag="dd")
    return made


@contextmanager
def dialog(title: str) -> Iterator[ui.dialog]:
    """A dialog, which opens at the end of the block that fills it, and is gone once it is closed."""
    with ui.context.client, ui.dialog() as made, ui.card().classes("fr-dialog"):
        heading(title)
        yield made
    made.on("hide", made.delete)
    made.open()


def decide(
    asking: ui.dialog,
    yes: str,
    act: Callable[[], Awaitable[None]],
    *,
    no: str = "Cancel",
    danger: bool = False,
) -> ui.button:
    """The end of a dialog: a button that closes it, and one that acts, which this gives."""
    with ui.element("div").classes("fr-actions"):
        ui.button(no, on_click=asking.close).props("flat autofocus" if danger else "flat")
        return ui.button(yes, on_click=act).classes("fr-danger" if danger else "")


def confirm(
    title: str, text_: str, *, yes: str, act: Callable[[], Awaitable[None]], danger: bool = True
) -> None:
    """Ask before something that cannot be taken back."""
    client = ui.context.client
    with dialog(title) as asking:
        text(text_, classes="fr-muted")

        async def go() -> None:
            asking.close()
            with client:  # the dialog is gone before a long act is done
                await act()

        decide(asking, yes, go, danger=danger)


def _escaped(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
