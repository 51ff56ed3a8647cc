"""The route of the web console: which requests are its own, and what answers them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.scopes import CONSOLE, CONSOLE_SIGN_IN, route_of
from app.http.signing_in import SignIn
from app.settings import HttpSettings

if TYPE_CHECKING:
    from app.wiring import Running


class ConsoleRoute(BaseRoute):
    """Takes the paths of `CONSOLE` alone, so that every other path is found, or not, as without a console.

    NiceGUI is loaded when the application starts, and not by commands that only describe it.
    """

    def __init__(self, settings: HttpSettings) -> None:
        self._sign_in = SignIn(settings)
        self._console: ASGIApp | None = None

    @asynccontextmanager
    async def opened(self, running: "Running") -> AsyncIterator[None]:
        """The console of this service, until the end of the context."""
        await asyncio.to_thread(import_module, "app.console")  # a second of reading files
        from app.console import open_console

        async with open_console(running) as self._console:
            yield
        self._console = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the request is for the console."""
        if scope["type"] not in {"http", "websocket"} or self._console is None:
            return Match.NONE, {}
        route = route_of("WS" if scope["type"] == "websocket" else scope["method"], scope["path"])
        return (Match.FULL, {"endpoint": self}) if route in CONSOLE else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the console answer."""
        if route_of(scope.get("method", "WS"), scope["path"]) in CONSOLE_SIGN_IN:
            await self._sign_in(scope, receive, send)
        elif self._console is not None:
            await self._console(scope, receive, send)
