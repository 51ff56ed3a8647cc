"""Problems as OpenAI's clients know them: the same errors as at the other doors, in another dress."""

from typing import Final

import orjson
from pydantic import BaseModel
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.replies import PROBLEM_TYPE
from app.problems import Problem

PREFIX: Final = "/openai/v1"
_TYPES: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    429: "rate_limit_error",
}
_CODES: Final = {"unauthorized": "invalid_api_key", "unknown_model": "model_not_found"}
_UNKNOWN: Final = "Extra inputs are not permitted"
_SERVER: Final = 500
_UNFIT: Final = 422


class CompletionError(BaseModel):
    """What went wrong."""

    message: str
    type: str
    param: str | None = None
    code: str


class CompletionErrorBody(BaseModel):
    """The body of an error response of this door."""

    error: CompletionError


class CompletionErrors:
    """ASGI middleware, the outermost: problems below the door's prefix are sent in OpenAI's format and with its status."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, and translate its problem if it has one."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def translated(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_problem(message):
                held.append(message)
            elif not held:
                await send(message)
            else:
                held.append(message)
                if not message.get("more_body", False):
                    await _send_error(held, send)

        await self._app(scope, receive, translated)


def error_of(problem: Problem) -> tuple[int, CompletionErrorBody]:
    """The status and body that OpenAI's clients make the fitting exception of."""
    status = 400 if problem.status == _UNFIT else problem.status
    kind = _TYPES.get(status, "server_error" if status >= _SERVER else "invalid_request_error")
    message, param, code = problem.detail, None, _CODES.get(problem.code, problem.code)
    if problem.errors:
        first = problem.errors[0]
        param = first.field.removeprefix("body.")
        if first.message == _UNKNOWN:
            message, code = f"Unknown parameter: '{param}'.", "unknown_parameter"
    return status, CompletionErrorBody(
        error=CompletionError(message=message, type=kind, param=param, code=code)
    )


def _is_problem(start: Message) -> bool:
    return MutableHeaders(raw=list(start["headers"])).get("content-type", "").startswith(PROBLEM_TYPE)


async def _send_error(held: list[Message], send: Send) -> None:
    start, *parts = held
    raw = orjson.loads(b"".join(part.get("body", b"") for part in parts))
    status, error = error_of(Problem.model_validate(raw))
    body = error.model_dump_json().encode()
    headers = MutableHeaders(raw=list(start["headers"]))
    headers["content-type"] = "application/json"
    headers["content-length"] = str(len(body))
    await send({**start, "status": status, "headers": headers.raw})
    await send({"type": "http.response.body", "body": body})
