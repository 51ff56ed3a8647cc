"""MCP over streamable HTTP at `/mcp`, with the keys and users of the other doors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.context import ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.mcp.server import mcp_server
from app.service import Freya
from memory import Owner

PATH: Final = "/mcp"
_MOST_SESSIONS: Final = 1000


class McpDoor:
    """The ASGI application of the route."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; a session is its user's, and nobody else's."""
        manager: StreamableHTTPSessionManager = scope["app"].state.mcp
        owner: Owner = scope["state"]["owner"]
        token = AccessToken(token="", client_id=str(owner), scopes=[])
        await manager.handle_request({**scope, "user": AuthenticatedUser(token)}, receive, send)


route = Route(PATH, endpoint=McpDoor(), name="mcp", methods=["GET", "POST", "DELETE"])


@asynccontextmanager
async def open_door(freya: Freya, *, longest_body: int) -> AsyncIterator[StreamableHTTPSessionManager]:
    """The sessions of the door, which end with the context.

    They live in a task of their own: what holds them must be left by the task that entered it.
    """
    manager = StreamableHTTPSessionManager(
        mcp_server(freya, _owner), max_request_body_size=longest_body, max_sessions=_MOST_SESSIONS
    )
    opened, closing = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with manager.run():
            opened.set()
            await closing.wait()

    holding = asyncio.create_task(hold(), name="mcp")
    try:
        await opened.wait()
        yield manager
    finally:
        closing.set()
        await holding


def _owner(context: ServerRequestContext[object]) -> Owner:
    owner: Owner = cast("Request", context.request).state.owner
    return owner
