"""Bounds on what a request may bring, and counts of what was answered."""

import time
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.replies import send_problem
from app.metrics import Metrics
from app.problems import problem


class BodyTooLarge(HTTPException):
    """The body went beyond the limit while it was read."""

    def __init__(self, longest: int) -> None:
        super().__init__(413, f"A body may have {longest} bytes at most. Send less, or split it.")


class BodyLimit:
    """ASGI middleware that answers 413 to a body beyond the limit, declared or not.

    `streams` are the paths of routes that read their bodies as streams, each with a limit of its own.
    """

    def __init__(self, app: ASGIApp, longest: int, streams: Mapping[str, int]) -> None:
        self._app = app
        self._longest = longest
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the body as it comes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        longest = self._streams.get(scope["path"], self._longest)
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > longest:
            refusal = BodyTooLarge(longest)
            await send_problem(send, problem("body_too_large", refusal.detail))
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > longest:
                raise BodyTooLarge(longest)
            return message

        await self._app(scope, counted, send)


class Measured:
    """ASGI middleware that counts responses and times them to their first byte, by route."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Measure one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        metrics: Metrics = scope["app"].state.metrics

        async def measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "unmatched")
                metrics.requests.labels(scope["method"], route, str(message["status"])).inc()
                metrics.request_seconds.labels(route).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, measured)
