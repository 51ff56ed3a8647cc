"""The content security policy of the console's pages.

NiceGUI writes its start into the page as scripts, and builds Vue templates and handlers from text in the browser, so that
scripts need `'unsafe-eval'`. What they do not need is any script that stands in the text of a page: those of the page's own
get a nonce, and every other one, and every handler in an attribute, is refused. Styles stand in attributes everywhere in
Quasar (`'unsafe-inline'`). All else comes from here, pictures also from what the page makes itself (`data:`, `blob:`).
"""

import re
import secrets
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-eval' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; object-src 'none'"
)
_SCRIPT: Final = re.compile(rb"<script(?=[\s>])")
"""NiceGUI escapes what elements hold, so that a page has the scripts of its template alone."""


def with_nonces(app: ASGIApp) -> ASGIApp:
    """The application, its pages with the policy."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        start: Message | None = None
        body = bytearray()

        async def marked(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                if _is_page(message):
                    start = message
                else:
                    await send(message)
            elif start is None:
                await send(message)
            else:
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    await _send_page(send, start, bytes(body))

        await app(scope, receive, marked)

    return answered


def _is_page(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/html")
        for name, value in message["headers"]
    )


async def _send_page(send: Send, start: Message, body: bytes) -> None:
    nonce = secrets.token_urlsafe(18)
    body = _SCRIPT.sub(f'<script nonce="{nonce}"'.encode(), body)
    headers = MutableHeaders(scope=start)
    headers["content-length"] = str(len(body))
    headers["content-security-policy"] = _POLICY.format(nonce=nonce)
    await send(start)
    await send({"type": "http.response.body", "body": body})
