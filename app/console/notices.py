"""What a page says when something is wrong, done, or not there."""

from nicegui import ui

from app.problems import Problem


def tell(found: Problem) -> None:
    """A problem as a notice: what is wrong, and what to do. It stays until it is closed."""
    again = (
        f" Try again in {found.retry_after_s} s."
        if found.retry_after_s and "again" not in found.detail
        else ""
    )
    ui.notify(
        found.title,
        caption=f"{found.detail}{again}",
        position="bottom",
        timeout=0,
        close_button="Close",
        icon="error_outline",
        classes="fr-notice fr-notice-bad",
        attrs={"role": "alert"},
    )


def said(text: str) -> None:
    """That something was done."""
    ui.notify(text, position="bottom", timeout=4000, classes="fr-notice", attrs={"role": "status"})


def trouble(found: Problem) -> ui.element:
    """A problem in the page's own place, where what was to be shown there cannot be."""
    with ui.element("div").classes("fr-trouble").props("role=alert") as box:
        ui.icon("error_outline").classes("fr-trouble-icon")
        with ui.element("div"):
            ui.label(found.title).classes("fr-strong")
            ui.label(found.detail).classes("fr-muted")
    return box


def empty(title: str, text: str = "", *, icon: str = "inbox") -> ui.element:
    """That there is nothing here, and what would bring something. Further elements may be put into it."""
    with ui.element("div").classes("fr-empty") as box:
        ui.icon(icon).classes("fr-empty-icon")
        ui.label(title).classes("fr-strong")
        if text:
            ui.label(text).classes("fr-muted")
    return box
