"""A chat model behind an OpenAI-compatible endpoint that writes when a test lets it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from models.chat.prompt import read_prompt

KEY = "sk-e2e-key-of-the-model-endpoint"
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
_REFUSED = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"


class SlowModel:
    """Says a word to a request that holds `slowly`, then waits until it may end; anything else it refuses.

    The next model of the chain answers what it refuses, so that a service that knows it is the same otherwise.
    """

    def __init__(self) -> None:
        self.url = ""
        self.asked: asyncio.Queue[str] = asyncio.Queue()
        """The messages that it began to answer."""
        self.may_end = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def serving(cls) -> AsyncIterator[Self]:
        """A model that listens on a port of its own."""
        model = cls()
        server = await asyncio.start_server(model._serve, "127.0.0.1", 0)
        model.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        try:
            yield model
        finally:
            model.may_end.set()
            server.close()

    async def begun(self) -> None:
        """Wait until it has begun to answer one more message."""
        async with asyncio.timeout(60):
            await self.asked.get()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length")
            )
            body = await reader.readexactly(length)
            if _asks_slowly(json.loads(body)):
                await self._write(writer, body)
            else:
                writer.write(_REFUSED)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the service broke it off
        finally:
            writer.close()

    async def _write(self, writer: asyncio.StreamWriter, body: bytes) -> None:
        writer.write(_HEAD + _chunk("One"))
        await writer.drain()
        self.asked.put_nowait(body.decode())
        await self.may_end.wait()
        writer.write(_chunk(" word.") + _chunk(None) + b"data: [DONE]\n\n")


def _asks_slowly(body: dict[str, Any]) -> bool:
    """Whether the request itself says so, whatever was remembered beside it."""
    request = read_prompt(str(body["messages"][-1]["content"])).request
    return bool(body.get("stream")) and "slowly" in request


def _chunk(text: str | None) -> bytes:
    delta: dict[str, Any] = {"role": "assistant", "content": text} if text else {}
    choice = {"index": 0, "delta": delta, "finish_reason": None if text else "stop"}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "slow", "choices": [choice]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
