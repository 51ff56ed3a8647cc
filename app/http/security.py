"""Who may speak to the service, and for which user: API keys where there are some, else only this machine."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote, urlsplit

import structlog
from fastapi import Depends
from redis.exceptions import RedisError
from starlette.requests import HTTPConnection, cookie_parser
from starlette.responses import RedirectResponse
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access import ApiKey, Caller, KeyBook, digest_of
from app.access.keys import of_settings
from app.access.sessions import COOKIE, SignIns
from app.errors import as_problem
from app.http.replies import send_problem
from app.http.scopes import BY_COOKIE, CONSOLE_PAGES, CONSOLE_SOCKET, OPEN, need_of, route_of
from app.problems import Problem, problem
from app.settings import HttpSettings
from memory import LOCAL, MemoryUnavailable, Owner, OwnerInvalid

_log = structlog.get_logger(__name__)
USER_HEADER = "freya-user"
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_EVENTS = b"text/event-stream"
_POLICY_VIOLATION = 1008
_FOREIGN = "Pages of other origins may not speak to this service."


class AccessControl:
    """ASGI middleware that refuses strangers with 401 or 403, on WebSockets before they are accepted.

    Where there are keys, every request but the health checks needs one as `Authorization: Bearer KEY` (a browser's
    WebSocket, which cannot send headers, as the subprotocol `freya.key.KEY`), with a scope that opens the route; a key
    that is revoked closes its open streams. Without keys the service listens on loopback only; then the Host and Origin
    headers must name this machine, so that a web page that the owner happens to visit cannot read private data through a
    rebound name or a foreign origin.

    A browser that signed in to the console has a cookie in place of its key, for the routes of `BY_COOKIE` and from pages of
    this service alone; a page of the console sends a stranger to the sign-in.

    A request acts for one user, whom every route gets as `Acting`: the one its key is bound to, else the one it names in
    the header `Freya-User` (a browser's WebSocket as the subprotocol `freya.user.NAME`), else `local`.
    """

    def __init__(self, app: ASGIApp, settings: HttpSettings) -> None:
        self._app = app
        self._of_settings = of_settings(settings.key_hashes, settings.key_users)
        self._needs_key = bool(self._of_settings) or not settings.is_loopback
        self._origins = frozenset(settings.origins)
        self._names = _LOCAL_NAMES | {name.lower() for name in settings.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer with the problem."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        book: KeyBook = scope["app"].state.keys.book
        found = await self._admitted(scope, headers, book)
        if isinstance(found, Caller):
            found.enter()
            scope.setdefault("state", {}).update(
                owner=found.owner, bound=found.binding.is_bound, caller=found
            )
            await _as_long_as_good(self._app, scope, receive, send, found, book)
        elif scope["type"] != "http":
            await _refuse_socket(receive, send)
        elif found.code == "unauthorized" and _wants_page(scope, headers):
            asked = quote(scope["path"], safe="/")
            await RedirectResponse(f"/sign-in?next={asked}", 303)(scope, receive, send)
        else:
            await send_problem(send, found)

    async def _admitted(self, scope: Scope, headers: Mapping[str, str], book: KeyBook) -> Caller | Problem:
        """For whom the request acts, or why it is refused."""
        by_socket = scope["type"] == "websocket"
        route = route_of("WS" if by_socket else scope["method"], scope["path"])
        if route == CONSOLE_SOCKET and not is_own(headers, self._origins):
            return problem("forbidden", _FOREIGN)
        if self._needs_key or book.has_keys:
            if route in OPEN:
                return Caller(LOCAL)
            try:
                if not _key(headers) and route in BY_COOKIE and (token := token_of(headers)):
                    return await self._by_cookie(scope, headers, book, token, route)
                return await self._by_key(scope, headers, book, route)
            except (MemoryUnavailable, RedisError) as error:
                return as_problem(error) or problem("unauthorized", "The key cannot be looked up.")
        if refusal := self._stranger(headers):
            return refusal
        owner = owner_of(None, _user(headers))
        return owner if isinstance(owner, Problem) else Caller(owner, None, by_socket)

    async def _by_key(
        self, scope: Scope, headers: Mapping[str, str], book: KeyBook, route: str | None
    ) -> Caller | Problem:
        key = await self._known(_key(headers), book)
        if key is None:
            return problem("unauthorized", "Send your API key as `Authorization: Bearer KEY`.")
        if not key.may(need_of(route)) and (route is not None or _exists(scope)):
            return _lacking(key, route)
        owner = owner_of(key, _user(headers))
        if isinstance(owner, Problem):
            return owner
        book.used(key, owner)
        return Caller(owner, key, scope["type"] == "websocket")

    async def _by_cookie(
        self, scope: Scope, headers: Mapping[str, str], book: KeyBook, token: str, route: str
    ) -> Caller | Problem:
        by_socket = scope["type"] == "websocket"
        reads = by_socket or scope["method"] in {"GET", "HEAD"}
        if not is_own(headers, self._origins) or not (reads or "origin" in headers):
            return problem("forbidden", _FOREIGN)
        sign_ins: SignIns = scope["app"].state.sign_ins
        found = await sign_ins.find(token)
        key = good_key(book, self._of_settings, found.key_id) if found else None
        if found is None or key is None:
            return problem("unauthorized", "You are not signed in, or your key is good no longer.")
        if not key.may(need_of(route)):
            return _lacking(key, route)
        book.used(key, found.owner)
        return Caller(found.owner, key, by_socket)

    async def _known(self, key: str, book: KeyBook) -> ApiKey | None:
        if not key:
            return None
        return self._of_settings.get(digest_of(key)) or await book.find(key)

    def _stranger(self, headers: Mapping[str, str]) -> Problem | None:
        host = _name(f"//{headers.get('host', '')}")
        if host not in self._names:
            detail = f"This service answers to {', '.join(sorted(self._names))}; set FREYA_HTTP__HOSTS for other names."
            return problem("forbidden", detail)
        origin = headers.get("origin")
        if origin and origin not in self._origins and _name(origin) not in self._names:
            return problem("forbidden", _FOREIGN)
        return None


async def acting(connection: HTTPConnection) -> Owner:
    """The user for whom a request acts."""
    owner: Owner = connection.state.owner
    return owner


Acting = Annotated[Owner, Depends(acting)]


async def bound(connection: HTTPConnection) -> bool:
    """Whether the request's key acts for that user only."""
    found: bool = connection.state.bound
    return found


def owner_of(key: ApiKey | None, named: str | None) -> Owner | Problem:
    """For whom a key acts where this user is named, or none; or why it does not."""
    bound = key.binding if key else None
    tenant = bound.tenant if bound and bound.tenant and bound.user is None else LOCAL.tenant_id
    try:
        wanted = _owner(named, tenant) if named is not None else None
    except OwnerInvalid as error:
        return problem("invalid_user", f"{error}.")
    if bound is not None and wanted is not None and not bound.admits(wanted):
        return problem("forbidden", f"This key acts for {bound} only; leave the user out, or name another.")
    return wanted or (bound and bound.owner) or Owner(LOCAL.user_id, tenant)


def _owner(named: str, tenant: str) -> Owner:
    """`user`, or `tenant/user`. Raises OwnerInvalid."""
    given, slash, user = named.rpartition("/")
    return Owner(user, given if slash else tenant)


def _user(headers: Mapping[str, str]) -> str | None:
    if USER_HEADER in headers:
        return headers[USER_HEADER].strip()
    return _offered(headers, "freya.user.")


def _key(headers: Mapping[str, str]) -> str:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return key.strip()
    return _offered(headers, "freya.key.") or ""


def _offered(headers: Mapping[str, str], prefix: str) -> str | None:
    """What stands behind the prefix in the subprotocols that a WebSocket offers."""
    offered = (name.strip() for name in headers.get("sec-websocket-protocol", "").split(","))
    return next((name.removeprefix(prefix) for name in offered if name.startswith(prefix)), None)


def good_key(book: KeyBook, of_settings: Mapping[bytes, ApiKey], key_id: str) -> ApiKey | None:
    """The key of an id, of the settings or the database, as long as it is good."""
    found = next((one for one in of_settings.values() if one.id == key_id), None) or book.named(key_id)
    return found if found is not None and found.is_good(datetime.now(UTC)) else None


def token_of(headers: Mapping[str, str]) -> str:
    """That of the console's cookie; empty without one."""
    return cookie_parser(headers.get("cookie", "")).get(COOKIE, "")


def is_own(headers: Mapping[str, str], origins: frozenset[str]) -> bool:
    """Whether the page that sends a request is one of this service or of an origin that the settings name.

    Programs that are no browsers, and a browser that is sent to an address, name no origin.
    """
    origin = headers.get("origin")
    if origin is None or origin in origins:
        return True
    try:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""
    except ValueError:
        return False


def _lacking(key: ApiKey, route: str | None) -> Problem:
    _log.warning("a key lacks the scope", key_id=key.id, route=route or "unlisted")
    needed = " or ".join(f"`{one}`" for one in sorted(need_of(route)))
    return problem("forbidden", f"This needs a key with the scope {needed}.")


def _wants_page(scope: Scope, headers: Mapping[str, str]) -> bool:
    page = scope["method"] == "GET" and route_of("GET", scope["path"]) in CONSOLE_PAGES
    return page and "text/html" in headers.get("accept", "")


def _name(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


async def _refuse_socket(receive: Receive, send: Send) -> None:
    message: Message = await receive()
    if message["type"] == "websocket.connect":
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": "not allowed"})


def _exists(scope: Scope) -> bool:
    """Whether a route that nobody listed takes the request: what there is not is not found, whoever asks."""
    return any(route.matches(scope)[0] is Match.FULL for route in scope["app"].routes)


async def _as_long_as_good(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, caller: Caller, book: KeyBook
) -> None:
    """Let the request through; a WebSocket or a stream of events ends when its key is good no longer."""
    task, cut, begun = asyncio.current_task(), False, False

    def gone() -> None:
        nonlocal cut
        if task is not None and (begun or scope["type"] == "websocket"):
            cut = True
            task.cancel()

    async def noted(message: Message) -> None:
        nonlocal begun
        if message["type"] == "http.response.start":
            begun = any(
                name == b"content-type" and value.startswith(_EVENTS) for name, value in message["headers"]
            )
        await send(message)

    with book.watching(caller.key, gone):
        try:
            await app(scope, receive, noted)
        except asyncio.CancelledError:
            if task is None or not cut:
                raise
            task.uncancel()
    if cut and scope["type"] == "http":
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    elif cut:
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": "the key was revoked"})
