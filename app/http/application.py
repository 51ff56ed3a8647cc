"""The ASGI application: routes, middleware, and every error as a problem."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Any  # the arguments of a middleware

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from app.access.limits import OpenStreams
from app.http.agents import router as designed
from app.http.asynchronous import router as asynchronous
from app.http.attachments import ATTACH_PATH
from app.http.attachments import router as attachments
from app.http.catalogue import router as catalogue
from app.http.chat import router as chat
from app.http.completions import CompletionErrors
from app.http.completions import router as completions
from app.http.console import ConsoleRoute
from app.http.conversations import router as conversations
from app.http.description import describe
from app.http.edge import Edge, http_error, invalid_request
from app.http.hardening import Audited, Hardened
from app.http.inspection import router as inspection
from app.http.keys import router as keys
from app.http.knowledge import UPLOAD_PATH
from app.http.knowledge import router as knowledge
from app.http.knowledge_pairs import router as knowledge_pairs
from app.http.limits import BodyLimit, Limited, Measured, Traced
from app.http.mcp import open_door
from app.http.mcp import route as mcp_route
from app.http.memory import router as memory
from app.http.memory_history import IMPORT_PATH
from app.http.memory_history import router as memory_history
from app.http.operations import router as operations
from app.http.parameters import known_parameters
from app.http.projects import router as projects
from app.http.security import AccessControl
from app.http.sockets import router as sockets
from app.settings import Settings
from app.wiring import Running

_DESCRIPTION = """\
A self-hosted service of cooperating AI agents: a request is routed to specialists, who answer with cited knowledge and \
computed results. Errors are `application/problem+json` (RFC 9457). Ids are prefixed, times are RFC 3339 in UTC."""
_DOORS = (
    chat,
    designed,  # before the agents, whose names would match its paths
    conversations,
    attachments,
    knowledge,
    knowledge_pairs,
    catalogue,
    memory_history,  # before the records, whose ids would match its paths
    memory,
    projects,
    inspection,
    keys,
)
_CROSS_ORIGIN: dict[str, Any] = {
    "allow_methods": ["GET", "POST", "PUT", "PATCH", "DELETE"],
    "allow_headers": ["authorization", "content-type", "freya-user", "idempotency-key", "last-event-id"],
    "expose_headers": ["content-disposition", "location", "ratelimit", "ratelimit-policy", "retry-after"],
    "max_age": 600,
}
Opened = Callable[[], AbstractAsyncContextManager[Running]]


def create_app(settings: Settings, opened: Opened, *, doors: bool = True) -> FastAPI:
    """The application. `opened` opens the service when the application starts and closes it when it ends.

    Without `doors` it takes no requests and tells of its health only.
    """
    streams = OpenStreams(settings.limits)
    console = ConsoleRoute(settings.http) if doors and settings.http.console else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            opened() as running,
            open_door(running.freya, longest_body=settings.http.longest_body) as sessions,
            AsyncExitStack() as stack,
        ):
            app.state.freya = running.freya
            app.state.metrics = running.metrics
            app.state.keys = running.keys
            app.state.limiter = running.limiter
            app.state.sign_ins = running.sign_ins
            app.state.tracing = running.tracing
            app.state.mcp = sessions
            if console is not None:
                await stack.enter_async_context(console.opened(running))
            running.metrics.watch_streams(lambda: streams.count)
            yield

    app = FastAPIOffline(  # with the scripts of /docs, which FastAPI itself takes from a CDN
        title="Freya",
        version=version("freya-agents"),
        description=_DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
    )
    if console is not None:
        app.router.routes.append(console)
    app.include_router(operations)  # whose probes add parameters of their own, as OpenAI's clients may
    if doors:
        for router in _DOORS:
            app.include_router(router, dependencies=[Depends(known_parameters)])
        for router in (sockets, completions, asynchronous):
            app.include_router(router)
        app.router.routes.append(mcp_route)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # FastAPI's own way to extend the document
    app.add_exception_handler(RequestValidationError, invalid_request)
    app.add_exception_handler(HTTPException, http_error)
    app.add_middleware(Edge)
    bodies = {
        IMPORT_PATH: settings.memory.history.longest_import,
        UPLOAD_PATH: settings.knowledge.longest_import,
        ATTACH_PATH: settings.attachments.longest,
    }
    app.add_middleware(BodyLimit, longest=settings.http.longest_body, streams=bodies)
    app.add_middleware(Audited)
    app.add_middleware(Limited, streams=streams)
    app.add_middleware(AccessControl, settings=settings.http)
    app.add_middleware(CompletionErrors)
    app.add_middleware(Measured)
    app.add_middleware(Traced)
    app.add_middleware(Hardened)
    if settings.http.origins:
        app.add_middleware(CORSMiddleware, allow_origins=settings.http.origins, **_CROSS_ORIGIN)
    return app
