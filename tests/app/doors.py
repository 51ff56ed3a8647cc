"""Clients of the application that need no network: one for WebSockets, in the loop that the application runs in."""

import asyncio
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from starlette.types import ASGIApp, Message

_LOCAL = {"host": "localhost"}


class SocketRefused(Exception):
    """The service closed the socket before accepting it."""


class SocketClient:
    """A WebSocket; an async context manager that leaves like a client that closes its window."""

    def __init__(self, app: ASGIApp, *, path: str = "/v1/ws", headers: Mapping[str, str] = _LOCAL) -> None:
        self._app = app
        self._scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "subprotocols": [],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._from_app: asyncio.Queue[Message] = asyncio.Queue()
        self._serving: asyncio.Task[None] | None = None
        self.reading = asyncio.Event()
        """Cleared, the client reads nothing, and what is sent to it waits."""
        self.reading.set()
        self.accepted: Message = {}

    async def __aenter__(self) -> Self:
        self._serving = asyncio.create_task(self._serve())
        self._to_app.put_nowait({"type": "websocket.connect"})
        answer = await self._next()
        if answer["type"] != "websocket.accept":
            await self._serving
            raise SocketRefused(str(answer))
        self.accepted = answer
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1001})
        assert self._serving is not None
        async with asyncio.timeout(60):
            await self._serving

    async def _serve(self) -> None:
        async def send(message: Message) -> None:
            await self.reading.wait()
            self._from_app.put_nowait(message)

        await self._app(self._scope, self._to_app.get, send)

    async def _next(self) -> Message:
        async with asyncio.timeout(60):
            return await self._from_app.get()

    async def closed(self) -> Message:
        """The message with which the service closes."""
        while (message := await self._next())["type"] != "websocket.close":
            pass
        return message

    def send_raw(self, **content: str | bytes) -> None:
        """Send a frame as it is: `text` or `bytes`."""
        self._to_app.put_nowait({"type": "websocket.receive", **content})

    def send(self, **frame: Any) -> None:
        """Send a frame as JSON."""
        self.send_raw(text=json.dumps(frame))

    async def receive(self) -> dict[str, Any]:
        """The next frame."""
        message = await self._next()
        assert message["type"] == "websocket.send", message
        frame: dict[str, Any] = json.loads(message["text"])
        return frame

    async def until(self, *types: str) -> list[dict[str, Any]]:
        """Frames up to the first of these types."""
        frames = [await self.receive()]
        while frames[-1]["type"] not in types:
            frames.append(await self.receive())
        return frames
