"""Answers that are not a route's own: problems, and server-sent events."""

from collections.abc import AsyncIterator

import orjson
import structlog
from fastapi import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from app.errors import as_problem
from app.problems import Problem, dumped
from app.runs import StoredEvent

_log = structlog.get_logger(__name__)
PROBLEM_TYPE = "application/problem+json"
_STREAM_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


def problem_response(problem: Problem) -> Response:
    """The problem as RFC 9457 has it; a 503 says when to come again."""
    headers = {"retry-after": "2"} if problem.status == 503 else {}  # noqa: PLR2004  # Service Unavailable
    if problem.retry_after_s is not None:
        headers["retry-after"] = str(problem.retry_after_s)
    if problem.status == 401:  # noqa: PLR2004  # Unauthorized
        headers["www-authenticate"] = "Bearer"
    return Response(orjson.dumps(dumped(problem)), problem.status, headers, PROBLEM_TYPE)


async def send_problem(send: Send, problem: Problem) -> None:
    """The same from a middleware."""
    response = problem_response(problem)
    await send(
        {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
    )
    await send({"type": "http.response.body", "body": response.body})


def event_stream(events: AsyncIterator[StoredEvent]) -> StreamingResponse:
    """Events as `text/event-stream`: the number as id, the type as event, the whole as data.

    FastAPI's own event response costs ten times as much an event.
    """
    return StreamingResponse(_lines(events), media_type="text/event-stream", headers=_STREAM_HEADERS)


async def _lines(events: AsyncIterator[StoredEvent]) -> AsyncIterator[bytes]:
    try:
        async for event in events:
            number = b"id: %d\n" % event.seq if event.seq else b""
            yield number + b"event: " + event.type.encode() + b"\ndata: " + event.json + b"\n\n"
    except Exception as error:
        found = as_problem(error)
        if found is None:
            raise
        # The run is not over: the client comes back with the last number it saw.
        _log.warning("a stream was cut", code=found.code, error=str(error))


def last_event_id(request: Request) -> int:
    """The number after `Last-Event-ID`; 0 where there is none or no number."""
    value = request.headers.get("last-event-id", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0  # noqa: PLR2004  # fits a stream id
