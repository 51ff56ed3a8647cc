"""Who may speak to the service: API keys where they are set, and else only pages and programs of this machine."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.replies import send_problem
from app.problems import Problem, problem
from app.settings import HttpSettings

_OPEN_PATHS = frozenset({"/healthz", "/readyz"})
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class AccessControl:
    """ASGI middleware that refuses strangers with 401 or 403, on WebSockets before they are accepted.

    With API keys set, every request but the health checks needs one as `Authorization: Bearer KEY` (a browser's
    WebSocket, which cannot send headers, as the subprotocol `freya.key.KEY`). Without keys the service listens on
    loopback only; then the Host and Origin headers must name this machine, so that a web page that the owner
    happens to visit cannot read private data through a rebound name or a foreign origin.
    """

    def __init__(self, app: ASGIApp, settings: HttpSettings) -> None:
        self._app = app
        self._hashes = tuple(bytes.fromhex(value) for value in settings.key_hashes)
        self._names = _LOCAL_NAMES | {name.lower() for name in settings.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer with the problem."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        refusal = self._refusal(scope["path"], headers)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await send_problem(send, refusal)
        else:
            await _refuse_socket(receive, send)

    def _refusal(self, path: str, headers: Mapping[str, str]) -> Problem | None:
        if self._hashes:
            if path in _OPEN_PATHS or self._knows(_key(headers)):
                return None
            return problem("unauthorized", "Send your API key as `Authorization: Bearer KEY`.")
        host = _name(f"//{headers.get('host', '')}")
        if host not in self._names:
            detail = f"This service answers to {', '.join(sorted(self._names))}; set FREYA_HTTP__HOSTS for other names."
            return problem("forbidden", detail)
        origin = headers.get("origin")
        if origin and _name(origin) not in self._names:
            return problem("forbidden", "Pages of other origins may not speak to this service.")
        return None

    def _knows(self, key: str) -> bool:
        digest = hashlib.sha256(key.encode()).digest()
        known = [
            hmac.compare_digest(digest, one) for one in self._hashes
        ]  # all are compared: no timing to read
        return any(known)


def _key(headers: Mapping[str, str]) -> str:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return key.strip()
    offered = headers.get("sec-websocket-protocol", "").split(",")
    return next((name.strip().removeprefix("freya.key.") for name in offered if "freya.key." in name), "")


def _name(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


async def _refuse_socket(receive: Receive, send: Send) -> None:
    message: Message = await receive()
    if message["type"] == "websocket.connect":
        await send({"type": "websocket.close", "code": 1008, "reason": "not allowed"})
