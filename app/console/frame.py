"""What stands around every page: header, navigation, and the threads at its side."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nicegui import ui

from app.console.bits import heading
from app.console.chat.threads import Threads
from app.console.notices import trouble
from app.console.registry import Page, pages
from app.console.visit import Visit
from app.problems import ProblemError

_THEMES = (
    ("auto", "As the system", "brightness_auto"),
    ("light", "Light", "light_mode"),
    ("dark", "Dark", "dark_mode"),
)


@asynccontextmanager
async def framed(visit: Visit, page: Page) -> AsyncIterator[None]:
    """The frame around a page; what is wrong while the page is built is shown in its place."""
    drawer = (
        ui.left_drawer(value=False, bordered=True)
        .props("width=292 breakpoint=960 show-if-above")
        .classes("fr-drawer")
    )
    _header(visit, drawer)
    with drawer:
        _navigation(visit, page)
        visit.threads = Threads(visit, here=visit.path_params.get("thread_id"))
    ui.label().classes("fr-hidden").props("id=fr-said role=status")
    content = visit.client.content.classes("fr-content" + (" fr-wide" if page.wide else ""))
    ui.skip_link("Skip to the content", target=content)
    with content:
        heading(page.title, level=1, classes="fr-hidden" if page.wide else "")
        try:
            yield
        except ProblemError as error:
            visit.client.status_code = error.problem.status
            trouble(error.problem)


def _header(visit: Visit, drawer: ui.left_drawer) -> None:
    with ui.header().classes("fr-header"):
        ui.button(icon="menu", on_click=drawer.toggle).props('flat round dense aria-label="Menu"').classes(
            "fr-quiet"
        )
        with ui.link(target="/").classes("fr-brand").props('aria-label="Freya, new chat"'):
            ui.element("img").props('src=/console/icon.svg alt=""').classes("fr-mark")
            ui.html("Freya", sanitize=False, tag="span")
        ui.element("div").classes("fr-space")
        with (
            ui.button(icon="contrast")
            .props('flat round dense aria-label="Colours" aria-haspopup=menu')
            .classes("fr-quiet"),
            ui.menu().props("role=menu"),
        ):
            for name, label, icon in _THEMES:
                with ui.menu_item().on("click", js_handler=f"() => freyaTheme('{name}')"):
                    ui.icon(icon).classes("fr-menu-icon")
                    ui.label(label)
        _signed_in(visit)


def _signed_in(visit: Visit) -> None:
    if visit.caller.key is None:
        return
    with (
        ui.button(icon="account_circle")
        .props('flat round dense aria-label="Account" aria-haspopup=menu')
        .classes("fr-quiet"),
        ui.menu().props("role=menu"),
    ):
        with ui.element("div").classes("fr-account"):
            ui.label(str(visit.owner)).classes("fr-strong")
            ui.label(f"Key {visit.caller.key.name}").classes("fr-muted")
        ui.separator()
        ui.menu_item("Sign out").on("click", js_handler="() => freyaSignOut()")


def _navigation(visit: Visit, page: Page) -> None:
    with ui.element("nav").classes("fr-nav").props('aria-label="Pages"'):
        for one in pages():
            if not one.icon or (one.needs and not visit.may(one.needs)):
                continue
            here = (
                one.path == page.path
                or (one.path == "/" and page.path.startswith("/threads/"))
                or (one.path != "/" and page.path.startswith(f"{one.path}/"))
            )
            with ui.link(target=one.path).classes("fr-nav-link" + (" fr-here" if here else "")) as link:
                ui.icon(one.icon)
                ui.label(one.title)
            if here:
                link.props("aria-current=page")
