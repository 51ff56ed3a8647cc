"""An OpenAI-compatible chat endpoint on loopback that behaves as a test scripts it, well or badly."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Step:
    """What the endpoint does with one request."""

    text: str = ""
    pieces: tuple[str, ...] = ()
    """A stream's chunks, in place of the words of the text."""
    cut: int = 0
    """Characters that a stream's chunk has of a call's arguments; 0 for all in one."""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    status: int = 200
    body: str | None = None
    """Sent as it is instead of a completion."""
    hang: bool = False
    """Answer nothing until the client goes away."""
    break_after: int | None = None
    """Close the connection after so many chunks with text."""


@dataclass
class OpenAIEndpoint:
    """Plays its steps in order; remembers the requests and their headers."""

    steps: list[Step]
    answer: Callable[[dict[str, Any]], Step] | None = None
    """What it does with a request, by its body, when no step is left."""
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection with one step."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")[1:]
            headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines if line)}
            body = json.loads(await reader.readexactly(int(headers["content-length"])))
            self.requests.append(body)
            self.headers.append(headers)
            step = self.answer(body) if self.answer and not self.steps else self.steps.pop(0)
            if step.hang:
                await reader.read()
            elif body.get("stream") and step.status == 200 and step.body is None:
                await self._stream(writer, step)
            else:
                await self._send(writer, step)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            writer.close()

    async def _send(self, writer: asyncio.StreamWriter, step: Step) -> None:
        message = {"role": "assistant", "content": step.text, "tool_calls": _calls(step) or None}
        whole = _envelope(
            "chat.completion",
            [{"index": 0, "message": message, "finish_reason": "tool_calls" if step.calls else "stop"}],
        )
        payload = (step.body if step.body is not None else json.dumps(whole)).encode()
        writer.write(
            f"HTTP/1.1 {step.status} X\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(payload)}\r\nConnection: close\r\n\r\n".encode()
            + payload
        )
        await writer.drain()

    async def _stream(self, writer: asyncio.StreamWriter, step: Step) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
        await self._event(writer, {"role": "assistant", "content": ""})
        for number, word in enumerate(step.pieces or [f"{word} " for word in step.text.split()]):
            if step.break_after == number:
                return
            await self._event(writer, {"content": word})
        if step.break_after is not None:
            return
        if step.calls:
            for number, call in enumerate(_calls(step)):
                for piece in _cut(call, step.cut):
                    await self._event(writer, {"tool_calls": [{"index": number, **piece}]})
        await self._event(writer, {}, finish="tool_calls" if step.calls else "stop")
        await self._chunk(writer, b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _event(
        self, writer: asyncio.StreamWriter, delta: dict[str, Any], finish: str | None = None
    ) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        event = json.dumps(_envelope("chat.completion.chunk", [choice]))
        await self._chunk(writer, f"data: {event}\n\n".encode())

    async def _chunk(self, writer: asyncio.StreamWriter, payload: bytes) -> None:
        writer.write(f"{len(payload):x}\r\n".encode() + payload + b"\r\n")
        await writer.drain()


@asynccontextmanager
async def openai_endpoint(
    *steps: Step, answer: Callable[[dict[str, Any]], Step] | None = None
) -> AsyncIterator[OpenAIEndpoint]:
    """The endpoint, serving on a free port of loopback; its `url` ends in /v1."""
    endpoint = OpenAIEndpoint(list(steps), answer)
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    endpoint.url = f"http://127.0.0.1:{port}/v1"
    try:
        yield endpoint
    finally:
        server.close()
        await server.wait_closed()


def _calls(step: Step) -> list[dict[str, Any]]:
    return [
        {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
        for n, (name, given) in enumerate(step.calls)
    ]


def _cut(call: dict[str, Any], size: int) -> list[dict[str, Any]]:
    function = call["function"]
    whole = function["arguments"]
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)] if size else [whole]
    first = {**call, "function": {**function, "arguments": pieces[0]}}
    return [first, *({"function": {"arguments": piece}} for piece in pieces[1:])]


def _envelope(kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    return {
        "id": "c1",
        "object": kind,
        "created": 0,
        "model": "fake-model",
        "choices": choices,
        "usage": usage if kind == "chat.completion" else None,
    }
