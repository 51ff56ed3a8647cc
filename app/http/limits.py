"""Bounds on what a request may bring, and on how many there may be; counts of what was answered."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access.caller import Caller, caller
from app.access.limits import Limiter, OpenStreams
from app.http.replies import send_problem
from app.http.scopes import OPEN, STREAMS, route_of
from app.metrics import Metrics
from app.problems import ProblemError, problem
from app.tracing import Tracing

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_TRACED = frozenset({"http", "websocket"})
_TRY_AGAIN_LATER = 1013


class BodyTooLarge(HTTPException):
    """The body went beyond the limit while it was read."""

    def __init__(self, longest: int) -> None:
        super().__init__(413, f"A body may have {longest} bytes at most. Send less, or split it.")


class BodyLimit:
    """ASGI middleware that answers 413 to a body beyond the limit, declared or not, and 415 to one that is compressed.

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
        headers = dict(scope["headers"])
        encoding = headers.get(b"content-encoding", b"").decode("latin-1").strip().lower()
        if encoding not in {"", "identity"}:
            await send_problem(
                send, problem("unsupported_encoding", "Send the body as it is, without compressing it.")
            )
            return
        declared = headers.get(b"content-length", b"0")
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


class Limited:
    """ASGI middleware that answers 429 to a caller who asks for too much, and says on answers how much is left.

    A WebSocket that is one too many is accepted and closed with 1013 at once, as a browser is told nothing of a refusal.
    """

    def __init__(self, app: ASGIApp, streams: OpenStreams) -> None:
        self._app = app
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the request, and hold its place as long as it streams."""
        by = caller()
        if by is None or scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        route = route_of("WS" if scope["type"] == "websocket" else scope["method"], scope["path"])
        limiter: Limiter = scope["app"].state.limiter

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_standing(by)]
            await send(message)

        with ExitStack() as held:
            try:
                if route not in OPEN:
                    await limiter.request(by)
                if route in STREAMS:
                    held.enter_context(self._streams.one_more(by))
            except ProblemError as error:
                if scope["type"] == "http":
                    await send_problem(told, error.problem)
                else:
                    await _turn_away(receive, send, error.problem.detail)
                return
            await self._app(scope, receive, told)


def _standing(by: Caller) -> Iterator[tuple[bytes, bytes]]:
    """The fields of draft-ietf-httpapi-ratelimit-headers-11, for the limits that were checked."""
    if by.standing:
        policies = ", ".join(f'"{name}";q={one.quota};w={one.window_s}' for name, one in by.standing.items())
        limits = ", ".join(f'"{name}";r={one.remaining};t={one.reset_s}' for name, one in by.standing.items())
        yield b"ratelimit-policy", policies.encode()
        yield b"ratelimit", limits.encode()


async def _turn_away(receive: Receive, send: Send, reason: str) -> None:
    if (await receive())["type"] == "websocket.connect":
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER, "reason": reason[:120]})


class Traced:
    """ASGI middleware that makes a span of each request, where traces are made."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Trace one request, and below it the run that it begins."""
        tracing: Tracing | None = scope["app"].state.tracing if scope["type"] in _TRACED else None
        if tracing is None:
            await self._app(scope, receive, send)
            return
        method = "WS" if scope["type"] == "websocket" else scope["method"]
        listed = route_of(method, scope["path"])
        route = listed.split(" ", 1)[1] if listed else "unmatched"
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        with tracing.request(method if listed or method in _METHODS else "other", route, headers) as answered:

            async def told(message: Message) -> None:
                if message["type"] == "http.response.start":
                    answered(message["status"])
                await send(message)

            await self._app(scope, receive, told)


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
                listed = (route_of(scope["method"], scope["path"]) or " unmatched").split(" ", 1)[1]
                route = getattr(scope.get("route"), "path", listed)
                method = scope["method"] if scope["method"] in _METHODS else "other"
                metrics.requests.labels(method, route, str(message["status"])).inc()
                metrics.request_seconds.labels(route).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, measured)
