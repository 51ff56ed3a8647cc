"""The ASGI application: routes, middleware, and every error as a problem."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from app.http.agents import router as designed
from app.http.attachments import ATTACH_PATH
from app.http.attachments import router as attachments
from app.http.catalogue import router as catalogue
from app.http.chat import router as chat
from app.http.conversations import router as conversations
from app.http.description import describe
from app.http.edge import Edge, http_error, invalid_request
from app.http.knowledge import UPLOAD_PATH
from app.http.knowledge import router as knowledge
from app.http.knowledge_pairs import router as knowledge_pairs
from app.http.limits import BodyLimit, Measured
from app.http.memory import router as memory
from app.http.memory_history import IMPORT_PATH
from app.http.memory_history import router as memory_history
from app.http.operations import router as operations
from app.http.projects import router as projects
from app.http.security import AccessControl
from app.http.sockets import router as sockets
from app.settings import Settings
from app.wiring import Running

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

    app = FastAPIOffline(  # with the scripts of /docs, which FastAPI itself takes from a CDN
        title="Freya",
        version=version("freya-agents"),
        description=_DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
    )
    app.include_router(chat)
    app.include_router(designed)  # before the agents, whose names would match its paths
    app.include_router(conversations)
    app.include_router(attachments)
    app.include_router(knowledge)
    app.include_router(knowledge_pairs)
    app.include_router(catalogue)
    app.include_router(memory_history)  # before the records, whose ids would match its paths
    app.include_router(memory)
    app.include_router(projects)
    app.include_router(operations)
    app.include_router(sockets)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # FastAPI's own way to extend the document
    app.add_exception_handler(RequestValidationError, invalid_request)
    app.add_exception_handler(HTTPException, http_error)
    app.add_middleware(Edge)
    streams = {
        IMPORT_PATH: settings.memory.history.longest_import,
        UPLOAD_PATH: settings.knowledge.longest_import,
        ATTACH_PATH: settings.attachments.longest,
    }
    app.add_middleware(BodyLimit, longest=settings.http.longest_body, streams=streams)
    app.add_middleware(Measured)
    app.add_middleware(AccessControl, settings=settings.http)
    return app
