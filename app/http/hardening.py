"""What browsers are told on every answer, and what administrators did, noted."""

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access import KeyService
from app.access.caller import caller
from app.http.scopes import need_of, route_of
from memory import MemoryUnavailable

_log = structlog.get_logger(__name__)
_NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_PAGE = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
_PAGES = ("/docs", "/static-offline-docs")
_OF_ADMINISTRATORS = frozenset({"admin", "knowledge"})
_FIRST_ERROR = 400


class Hardened:
    """ASGI middleware that has browsers guess no media type, frame no answer, send no referrer and keep no private data.

    An answer that says something of its own on one of these keeps it, as a page does that needs scripts.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add what is missing."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                is_page = scope["path"].startswith(_PAGES)
                headers.setdefault("content-security-policy", _PAGE if is_page else _NOTHING)
                if not is_page:
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, hardened)


class Audited:
    """ASGI middleware that notes in the audit trail who changed what belongs to all: what is known, and designed agents.

    Changes of keys are noted where they are made, as the command line makes them too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the request once it was granted."""
        by = caller()
        route = route_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if by is None or route is None or not is_of_administrators(route):
            await self._app(scope, receive, send)
            return
        status = _FIRST_ERROR

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._app(scope, receive, seen)
        if status < _FIRST_ERROR:
            keys: KeyService = scope["app"].state.keys
            try:
                await keys.note(by, route, scope["path"])
            except MemoryUnavailable as error:
                _log.warning("an act could not be noted", route=route, by=by.name, error=str(error))


def is_of_administrators(route: str) -> bool:
    """Whether a route changes what belongs to all, keys apart."""
    changes = not route.startswith("GET ") and "/v1/keys" not in route
    return changes and need_of(route) <= _OF_ADMINISTRATORS
