"""Turns as events that come whole: a connection that breaks is made again, and goes on after the last event."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Final, Self  # Any: events are JSON objects
from uuid import uuid4

import httpx
import websockets
from websockets.asyncio.client import ClientConnection

Event = dict[str, Any]
LAST_EVENTS: Final = frozenset({"run.finished", "run.failed", "run.cancelled"})
_AGAIN: Final = frozenset({429, 502, 503, 504})
_OK: Final = 200
_SOONEST_S: Final = 0.25
_LATEST_S: Final = 15.0


class FreyaProblem(Exception):
    """The service refused; `problem` is what it said (RFC 9457)."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail", problem)))
        self.problem = problem


class FreyaLost(Exception):
    """The service did not answer for as long as it was waited for."""


class _Patience:
    """Waits between attempts: a quarter of a second at first, doubled each time, up to the patience after the last success."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._loop = asyncio.get_running_loop()
        self.succeeded()

    def succeeded(self) -> None:
        """Something came: begin anew."""
        self._wait_s = _SOONEST_S
        self._until = self._loop.time() + self._patience_s

    async def wait(self, error: object, at_least_s: float = 0.0) -> None:
        """Wait for the next attempt. Raises FreyaLost where there is none."""
        if self._loop.time() >= self._until:
            raise FreyaLost(f"the service did not answer for {self._patience_s:g} s ({error})")
        await asyncio.sleep(max(at_least_s, self._wait_s * random.uniform(0.5, 1.0)))  # noqa: S311  # spreads clients
        self._wait_s = min(self._wait_s * 2, _LATEST_S)


async def stream_turn(
    http: httpx.AsyncClient,
    turn: Mapping[str, Any],
    *,
    idempotency_key: str | None = None,
    patience_s: float = 120.0,
) -> AsyncIterator[Event]:
    """Ask, and give each event of the run once, heartbeats left out, whatever happens to the connection.

    `http` has the service as its base URL and the key as its header; `turn` is the body of POST /v1/chat/stream.
    Raises FreyaProblem, and FreyaLost after `patience_s` seconds without an answer.
    """
    key = idempotency_key or f"sdk-{uuid4()}"
    patience, run_id, after = _Patience(patience_s), "", 0
    while True:
        begin = (
            http.build_request("GET", f"/v1/runs/{run_id}/events", headers={"Last-Event-ID": str(after)})
            if run_id
            else http.build_request(
                "POST", "/v1/chat/stream", json=dict(turn), headers={"Idempotency-Key": key}
            )
        )
        error: object = "it closed the connection"
        pause_s = 0.0
        try:
            response = await http.send(begin, stream=True)
            try:
                if response.status_code in _AGAIN:
                    error, pause_s = f"status {response.status_code}", _seconds(response)
                else:
                    async for event in _events(response):
                        patience.succeeded()
                        run_id = str(event["run_id"])
                        if event["type"] == "heartbeat" or event["seq"] <= after:
                            continue
                        after = int(event["seq"])
                        yield event
                        if event["type"] in LAST_EVENTS:
                            return
            finally:
                await response.aclose()
        except httpx.TransportError as broken:
            error = broken
        await patience.wait(error, pause_s)


async def _events(response: httpx.Response) -> AsyncIterator[Event]:
    """The events of a stream; a block that was cut off is none. Raises FreyaProblem."""
    if response.status_code != _OK:
        raise FreyaProblem(json.loads(await response.aread()))
    data = ""
    async for line in response.aiter_lines():
        if line.startswith("data: "):
            data += line.removeprefix("data: ")
        elif not line and data:
            yield json.loads(data)
            data = ""


def _seconds(response: httpx.Response) -> float:
    value = response.headers.get("retry-after", "0")
    return float(value) if value.isdigit() else 0.0


class FreyaSocket:
    """A WebSocket for turns one after another; an async context manager that connects again where it must."""

    def __init__(
        self, url: str, *, key: str | None = None, user: str | None = None, patience_s: float = 120.0
    ) -> None:
        """`url` is the service's, such as http://127.0.0.1:8700."""
        self._url = f"{url.rstrip('/').replace('http', 'ws', 1)}/v1/ws"
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        if user:
            self._headers["Freya-User"] = user
        self._patience_s = patience_s
        self._connection: ClientConnection | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def turn(
        self, turn: Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> AsyncIterator[Event]:
        """Ask, and give each event of the run once, heartbeats left out. Raises FreyaProblem and FreyaLost."""
        key = idempotency_key or f"sdk-{uuid4()}"
        patience, run_id, after = _Patience(self._patience_s), "", 0
        begin = True
        while True:
            try:
                connection = await self._connected()
                if begin:
                    frame = (
                        {"type": "subscribe", "run_id": run_id, "after": after}
                        if run_id
                        else {"type": "message", "idempotency_key": key, **turn}
                    )
                    await connection.send(json.dumps(frame))
                    begin = False
                event = json.loads(await connection.recv())
            except (OSError, websockets.WebSocketException) as error:
                self._connection, begin = None, True
                await patience.wait(error)
                continue
            patience.succeeded()
            match event["type"]:
                case "error":
                    raise FreyaProblem(event["problem"])
                case "accepted":
                    run_id = str(event["run_id"])
                case _ if event.get("run_id") == run_id and event.get("seq", 0) > after:
                    after = int(event["seq"])
                    yield event
                    if event["type"] in LAST_EVENTS:
                        return

    async def cancel(self, run_id: str) -> None:
        """Cancel a run; its events say so."""
        await (await self._connected()).send(json.dumps({"type": "cancel", "run_id": run_id}))

    async def _connected(self) -> ClientConnection:
        if self._connection is None:
            await self._stack.aclose()
            self._stack = AsyncExitStack()
            self._connection = await self._stack.enter_async_context(
                websockets.connect(self._url, additional_headers=self._headers)
            )
        return self._connection
