"""NiceGUI within the application: set up once a process, started with the first application that has a console."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from nicegui import app as nicegui
from nicegui import core, ui
from nicegui.client import templates
from nicegui.storage import Storage
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from app.console.chat.following import followed
from app.console.frame import framed
from app.console.nonces import with_nonces
from app.console.registry import Page, pages
from app.console.visit import Visit
from app.http.scopes import CONSOLE_PAGES, route_of
from app.problems import ProblemError, problem
from app.wiring import Running

_STATIC: Final = Path(__file__).parent / "static"
_RECONNECT_S: Final = 30.0
"""For which a page whose connection is gone is kept; it goes on where it was."""
_TAB_S: Final = 3600.0
_FILES: Final = "/console"


class _Process:
    """NiceGUI is one application for the whole process, so that what is started here is counted."""

    set_up = False
    opened = 0


@asynccontextmanager
async def open_console(running: Running) -> AsyncIterator[ASGIApp]:
    """The console of a service, until the end of the context."""
    if not _Process.set_up:
        icon, mark = await asyncio.to_thread(_read)
        _set_up(icon, mark)
        _Process.set_up = True
    _Process.opened += 1
    running.metrics.watch_console(followed)
    try:
        if _Process.opened > 1:
            yield _Console(running)
        else:
            async with nicegui.router.lifespan_context(nicegui):
                yield _Console(running)
    finally:
        _Process.opened -= 1


class _Console:
    """The ASGI application of one service's console."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._files = GZipMiddleware(StaticFiles(directory=_STATIC, check_dir=False), compresslevel=5)
        self._pages = GZipMiddleware(with_nonces(nicegui), compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a page, a file of ours or of NiceGUI, or hold the socket of a page."""
        scope["state"]["running"] = self._running
        if scope["path"].startswith(f"{_FILES}/"):
            await self._files({**scope, "root_path": _FILES}, receive, send)
        else:
            await self._pages(scope, receive, send)


def _read() -> tuple[str, int]:
    """The icon, and when the newest of our files was changed; and what is read from disk but once is read now."""
    templates.env.auto_reload = False  # else each page looks whether the template's file is another
    templates.get_template("index.html")
    pages()
    icon = (_STATIC / "icon.svg").read_text(encoding="utf-8")
    return icon, max(int(file.stat().st_mtime) for file in _STATIC.iterdir())


def _set_up(icon: str, mark: int) -> None:
    Storage.max_tab_storage_age = _TAB_S
    ui.run_with(
        FastAPI(),  # which is not used: the requests come from the route of the console
        title="Freya",
        favicon=icon,
        dark=None,
        language="en-US",
        reconnect_timeout=_RECONNECT_S,
        gzip_middleware_factory=None,
        tailwind=False,
        show_welcome_message=False,
        binding_refresh_interval=None,
    )
    nicegui.colors(primary="#0f6b66")
    nicegui.config.socket_io_js_transports = ["websocket"]
    core.sio.eio.transports = ["websocket"]
    ui.button.default_props("no-caps unelevated")
    ui.menu_item.default_props("role=menuitem")
    ui.input.default_props("outlined dense")
    ui.textarea.default_props("outlined dense")
    ui.number.default_props("outlined dense")
    ui.select.default_props("outlined dense")
    ui.add_head_html(
        f'<link rel="stylesheet" href="{_FILES}/theme.css?{mark}">'
        f'<link rel="stylesheet" href="{_FILES}/content.css?{mark}">'
        f'<link rel="stylesheet" href="{_FILES}/chat.css?{mark}">'
        f'<link rel="stylesheet" href="{_FILES}/pages.css?{mark}">'
        f'<script src="{_FILES}/console.js?{mark}"></script>'
        f'<script src="{_FILES}/chat.js?{mark}"></script>'
        f'<script src="{_FILES}/pages.js?{mark}"></script>'
        f'<script type="module" src="{_FILES}/links.js?{mark}"></script>',
        shared=True,
    )
    for page in pages():
        _listed(page)


def _listed(page: Page) -> None:
    """Have NiceGUI answer for a page."""
    shown = route_of("GET", page.path)
    if shown not in CONSOLE_PAGES:
        raise ValueError(f"{page.path} is none of the console's pages; list it in app/http/scopes.py")

    @ui.page(page.path, title=f"{page.title} · Freya", response_timeout=60)
    async def build(request: Request) -> None:
        running: Running = request.state.running
        visit = Visit(running, request.state.caller, request)
        async with framed(visit, page):
            if page.needs and not visit.may(page.needs):  # told where the page's own problems are
                refusal = "The key that you signed in with does not open this page."
                raise ProblemError(problem("forbidden", refusal))
            await page.build(visit, **request.path_params)
