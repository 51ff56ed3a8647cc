"""The edge of HTTP: every error that a route raises becomes a problem, here and nowhere else."""

from collections.abc import Sequence
from typing import Any  # pydantic's error details

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import as_problem, internal
from app.http.limits import BodyTooLarge
from app.http.replies import problem_response, send_problem
from app.problems import problem, unfit

_log = structlog.get_logger(__name__)
_BY_STATUS = {400: "invalid_json", 404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}
_NO_OBJECT = frozenset({"model_attributes_type", "dict_type"})
_DETAILS = {
    400: "The body cannot be read as JSON: send valid JSON in UTF-8.",
    404: "There is nothing here. The routes are described at /docs.",
    405: "The route does not take this method. The routes are described at /docs.",
}

_UNREADABLE: dict[type, str] = {
    RecursionError: "The body cannot be read: it is nested too deeply.",
    UnicodeDecodeError: "The body cannot be read: it is not UTF-8.",
    ValueError: "The body cannot be read: a number in it has too many digits.",
}
"""What keeps JSON from being read though its grammar is right, by the error of Python's parser."""


class Edge:
    """ASGI middleware, the innermost: answers errors with problems, and logs those that are defects of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through; an error after the answer has begun only ends the connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            found = as_problem(error)
            if found is None:
                _log.exception("a request failed", path=scope["path"])
            elif found.status >= 500 and found.run_id is None:  # noqa: PLR2004  # a run has told of its own
                _log.warning("a request failed", path=scope["path"], code=found.code, error=str(error))
            if begun:
                raise
            await send_problem(send, found or internal())


async def invalid_request(request: Request, error: Exception) -> Response:
    """A body that is not JSON, or does not fit its schema; which fields, without repeating their values."""
    found: Sequence[Any] = error.errors() if isinstance(error, RequestValidationError) else []
    broken = next((item for item in found if item["type"] == "json_invalid"), None)
    if broken:
        reason = broken.get("ctx", {}).get("error", "it cannot be parsed")
        return problem_response(problem("invalid_json", f"The body is not valid JSON: {reason}."))
    if any(item["type"] in _NO_OBJECT and isinstance(item["input"], bytes) for item in found):
        sent = request.headers.get("content-type") or "none"
        found = [
            {
                "loc": ("header", "content-type"),
                "msg": f"must be application/json, so that the body is read as JSON, not {sent}",
            }
        ]
    return problem_response(unfit(found, whole="body"))


async def http_error(_request: Request, error: Exception) -> Response:
    """What the framework itself refuses: a body it cannot read, an unknown route, a wrong method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = _BY_STATUS.get(status, "bad_request")
    detail = (
        error.detail
        if isinstance(error, BodyTooLarge)
        else _UNREADABLE.get(type(error.__cause__)) or _DETAILS.get(status, "It cannot be answered.")
    )
    response = problem_response(problem(code, detail))
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response
