"""Who may speak to the service, and for which user: API keys where they are set, else only this machine."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.replies import send_problem
from app.problems import Problem, problem
from app.settings import HttpSettings
from memory import LOCAL, Owner, OwnerInvalid

USER_HEADER = "freya-user"
_OPEN_PATHS = frozenset({"/healthz", "/readyz"})
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class AccessControl:
    """ASGI middleware that refuses strangers with 401 or 403, on WebSockets before they are accepted.

    With API keys set, every request but the health checks needs one as `Authorization: Bearer KEY` (a browser's
    WebSocket, which cannot send headers, as the subprotocol `freya.key.KEY`). Without keys the service listens on
    loopback only; then the Host and Origin headers must name this machine, so that a web page that the owner
    happens to visit cannot read private data through a rebound name or a foreign origin.

    A request acts for one user, whom every route gets as `Acting`: the one its key is bound to, else the one it names in
    the header `Freya-User` (a browser's WebSocket as the subprotocol `freya.user.NAME`), else `local`.
    """

    def __init__(self, app: ASGIApp, settings: HttpSettings) -> None:
        self._app = app
        self._owners = {
            bytes.fromhex(value): _owner(settings.key_users[value]) if value in settings.key_users else None
            for value in settings.key_hashes
        }
        self._names = _LOCAL_NAMES | {name.lower() for name in settings.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer with the problem."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        found = self._admitted(scope["path"], headers)
        if isinstance(found, Owner):
            scope.setdefault("state", {}).update(owner=found, bound=self._bound(headers))
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await send_problem(send, found)
        else:
            await _refuse_socket(receive, send)

    def _admitted(self, path: str, headers: Mapping[str, str]) -> Owner | Problem:
        """For whom the request acts, or why it is refused."""
        if path in _OPEN_PATHS and self._owners:
            return LOCAL
        bound = None
        if self._owners:
            key = self._known(_key(headers))
            if key is None:
                return problem("unauthorized", "Send your API key as `Authorization: Bearer KEY`.")
            bound = self._owners[key]
        elif refusal := self._stranger(headers):
            return refusal
        return _acting(bound, _user(headers))

    def _bound(self, headers: Mapping[str, str]) -> bool:
        known = self._known(_key(headers)) if self._owners else None
        return known is not None and self._owners[known] is not None

    def _stranger(self, headers: Mapping[str, str]) -> Problem | None:
        host = _name(f"//{headers.get('host', '')}")
        if host not in self._names:
            detail = f"This service answers to {', '.join(sorted(self._names))}; set FREYA_HTTP__HOSTS for other names."
            return problem("forbidden", detail)
        origin = headers.get("origin")
        if origin and _name(origin) not in self._names:
            return problem("forbidden", "Pages of other origins may not speak to this service.")
        return None

    def _known(self, key: str) -> bytes | None:
        digest = hashlib.sha256(key.encode()).digest()
        known = [
            one for one in self._owners if hmac.compare_digest(digest, one)
        ]  # all are compared: no timing to read
        return known[0] if known else None


async def acting(connection: HTTPConnection) -> Owner:
    """The user for whom a request acts."""
    owner: Owner = connection.state.owner
    return owner


Acting = Annotated[Owner, Depends(acting)]


async def bound(connection: HTTPConnection) -> bool:
    """Whether the request's key acts for that user only."""
    found: bool = connection.state.bound
    return found


def _acting(bound: Owner | None, named: str | None) -> Owner | Problem:
    try:
        wanted = _owner(named) if named is not None else None
    except OwnerInvalid as error:
        return problem("invalid_user", f"{error}.")
    if bound is not None and wanted is not None and wanted != bound:
        return problem("forbidden", f"This key acts for {bound} only; leave the user out.")
    return bound or wanted or LOCAL


def _owner(named: str) -> Owner:
    """`user`, or `tenant/user`. Raises OwnerInvalid."""
    tenant, slash, user = named.rpartition("/")
    return Owner(user, tenant) if slash else Owner(user)


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


def _name(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


async def _refuse_socket(receive: Receive, send: Send) -> None:
    message: Message = await receive()
    if message["type"] == "websocket.connect":
        await send({"type": "websocket.close", "code": 1008, "reason": "not allowed"})
