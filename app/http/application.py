"""The ASGI application: routes, middleware, and every error as a problem."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.errors import as_problem, internal
from app.http.chat import router as chat
from app.http.conversations import router as conversations
from app.http.limits import BodyLimit, BodyTooLarge, Measured
from app.http.operations import router as operations
from app.http.replies import problem_response
from app.http.security import AccessControl
from app.http.sockets import router as sockets
from app.problems import ProblemField, problem
from app.settings import Settings
from app.wiring import Running

_log = structlog.get_logger(__name__)
_BY_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}
_DESCRIPTION = """\
A self-hosted service of cooperating AI agents: a request is routed to specialists, who answer with cited knowledge and \
computed results. Errors are `application/problem+json` (RFC 9457). Ids are prefixed, times are RFC 3339 in UTC."""
Opened = Callable[[], AbstractAsyncContextManager[Running]]


def create_app(settings: Settings, opened: Opened) -> FastAPI:
    """The application. `opened` opens the service when the application starts and closes it when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened() as running:
            app.state.freya = running.freya
            app.state.metrics = running.metrics
            yield

    app = FastAPI(
        title="Freya",
        version=version("freya-agents"),
        description=_DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
    )
    app.include_router(chat)
    app.include_router(conversations)
    app.include_router(operations)
    app.include_router(sockets)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)
    app.add_middleware(BodyLimit, longest=settings.http.longest_body)
    app.add_middleware(Measured)
    app.add_middleware(AccessControl, settings=settings.http)
    return app


async def _invalid(_request: Request, error: Exception) -> Response:
    """A body that is not JSON, or does not fit its schema; which fields, without repeating their values."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    broken = next((item for item in found if item["type"] == "json_invalid"), None)
    if broken:
        reason = broken.get("ctx", {}).get("error", "it cannot be parsed")
        return problem_response(problem("invalid_json", f"The body is not valid JSON: {reason}."))
    fields = [
        ProblemField(
            field=".".join(str(part) for part in item["loc"]),
            message=item["msg"].removeprefix("Value error, "),
        )
        for item in found
    ]
    detail = "; ".join(f"{one.field}: {one.message}" for one in fields)
    return problem_response(problem("invalid_request", detail, errors=fields))


async def _http(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else ""
    code = _BY_STATUS.get(status, "bad_request")
    return problem_response(problem(code, f"{detail}. The routes are described at /docs."))


async def _unexpected(request: Request, error: Exception) -> Response:
    """The edge: errors of the packages as their problems; anything else is logged and told as nothing."""
    if isinstance(error, BodyTooLarge):
        raise error
    found = as_problem(error)
    if found is None:
        _log.error("a request failed", path=request.url.path, exc_info=error)
        found = internal()
    return problem_response(found)
