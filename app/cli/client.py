"""The service over HTTP: its answers, its events, and its errors in words."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress

import httpx
from pydantic import JsonValue

from app.cli.output import CommandFailed

Event = dict[str, JsonValue]
LAST_EVENTS = frozenset({"run.finished", "run.failed", "run.cancelled"})
_PATIENCE = httpx.Timeout(10.0, read=90.0)  # a stream has a heartbeat every 15 seconds
_HISTORY = httpx.Timeout(
    10.0, read=600.0, write=300.0
)  # the service stores while it reads, and looks after it erased
_UNAUTHORIZED = 401


class ServiceRefused(CommandFailed):
    """The service answered with a problem; the message is what it says."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class ConnectionLost(CommandFailed):
    """The service does not answer, or stopped answering."""


class Client:
    """A client of one service, for one of its users. Methods raise ServiceRefused and ConnectionLost."""

    def __init__(self, address: str, key: str | None = None, user: str | None = None) -> None:
        self.address = address
        self.key = key
        headers = {"authorization": f"Bearer {key}"} if key else {}
        if user:
            headers["freya-user"] = user
        self._http = httpx.AsyncClient(base_url=address, headers=headers, timeout=_PATIENCE)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def post(self, path: str, body: dict[str, JsonValue] | None = None) -> JsonValue:
        """Send a body and give the JSON answer."""
        try:
            return self._answer(await self._http.post(path, json=body))
        except httpx.HTTPError as error:
            raise self._lost(error) from error

    async def get(self, path: str, **query: str | int | list[str]) -> JsonValue:
        """The JSON answer."""
        try:
            return self._answer(await self._http.get(path, params=query))
        except httpx.HTTPError as error:
            raise self._lost(error) from error

    async def items(self, path: str, **query: str | int | list[str]) -> list[dict[str, JsonValue]]:
        """Everything in a list, page after page."""
        found: list[dict[str, JsonValue]] = []
        page = await self.get(path, **query)
        while isinstance(page, dict):
            items = page.get("items")
            found += [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
            cursor = page.get("next")
            if not isinstance(cursor, str):
                break
            page = await self.get(path, **query, cursor=cursor)
        return found

    async def patch(self, path: str, body: dict[str, JsonValue]) -> JsonValue:
        """Send a change and give the JSON answer."""
        try:
            return self._answer(await self._http.patch(path, json=body))
        except httpx.HTTPError as error:
            raise self._lost(error) from error

    async def delete(self, path: str) -> JsonValue:
        """Delete what is there and give the JSON answer; None where there is none."""
        try:
            return self._answer(await self._http.delete(path))
        except httpx.HTTPError as error:
            raise self._lost(error) from error

    async def erase(self, confirm: str) -> JsonValue:
        """Erase all of the user; the receipt."""
        try:
            return self._answer(
                await self._http.post("/v1/memory/erase", json={"confirm": confirm}, timeout=_HISTORY)
            )
        except httpx.HTTPError as error:
            raise self._lost(error) from error

    async def upload(self, path: str, content: AsyncIterator[bytes], **query: str) -> JsonValue:
        """Send JSON lines as they come and give the JSON answer."""
        headers = {"content-type": "application/x-ndjson"}
        try:
            return self._answer(
                await self._http.post(path, params=query, content=content, headers=headers, timeout=_HISTORY)
            )
        except httpx.HTTPError as error:
            raise self._lost(error) from error

    async def attach(self, thread_id: str, name: str, content: bytes) -> JsonValue:
        """Attach a file to a thread; gives it as it is listed."""
        query = {"thread_id": thread_id, "name": name}
        headers = {"content-type": "application/octet-stream"}
        try:
            return self._answer(
                await self._http.post(
                    "/v1/attachments", params=query, content=content, headers=headers, timeout=_HISTORY
                )
            )
        except httpx.HTTPError as error:
            raise self._lost(error) from error

    async def download(self, path: str, **query: str) -> AsyncGenerator[bytes]:
        """The content of the answer in pieces, as they come."""
        try:
            async with self._http.stream("GET", path, params=query) as response:
                if not response.is_success:
                    await response.aread()
                    self._answer(response)
                async for piece in response.aiter_bytes():
                    yield piece
        except httpx.HTTPError as error:
            raise self._lost(error) from error

    async def turn(
        self, body: dict[str, JsonValue], *, idempotency_key: str | None = None
    ) -> AsyncIterator[Event]:
        """Ask, and give the events of the run as they come. Repeated with its key, the same run is followed."""
        headers = {"idempotency-key": idempotency_key} if idempotency_key else {}
        async for event in self._events("POST", "/v1/chat/stream", body=body, headers=headers):
            yield event

    async def run(self, run_id: str, *, after: int) -> AsyncIterator[Event]:
        """The events of a run after the one with that number."""
        async for event in self._events("GET", f"/v1/runs/{run_id}/events?after={after}"):
            yield event

    async def cancel(self, run_id: str) -> None:
        """Cancel a run; one that has ended meanwhile is no error."""
        with suppress(ServiceRefused):
            await self.post(f"/v1/runs/{run_id}/cancel")

    async def resume(self, run_id: str, answer: dict[str, JsonValue]) -> None:
        """Answer an approval."""
        await self.post(f"/v1/runs/{run_id}/resume", answer)

    async def _events(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, JsonValue] | None = None,
        headers: dict[str, str] | None = None,
    ) -> AsyncIterator[Event]:
        ended = False
        try:
            async with self._http.stream(method, path, json=body, headers=headers) as response:
                if response.status_code != httpx.codes.OK:
                    await response.aread()
                    self._answer(response)
                async for line in response.aiter_lines():
                    if line.startswith("data: "):
                        event = json.loads(line.removeprefix("data: "))
                        ended = event["type"] in LAST_EVENTS
                        yield event
        except httpx.HTTPError as error:
            raise self._lost(error) from error
        if not ended:
            raise ConnectionLost(f"The service at {self.address} closed the connection before the end.")

    def _lost(self, error: httpx.HTTPError) -> ConnectionLost:
        why = f" ({error})" if str(error) else f" ({type(error).__name__})"
        return ConnectionLost(
            f"The service at {self.address} does not answer{why}. See `freya doctor`, or its log."
        )

    def _answer(self, response: httpx.Response) -> JsonValue:
        if response.status_code == httpx.codes.NO_CONTENT:
            return None
        if response.is_success:
            answer: JsonValue = response.json()
            return answer
        if response.status_code == _UNAUTHORIZED:
            state = "does not know this API key" if self.key else "wants an API key"
            raise ServiceRefused(
                f"The service at {self.address} {state}: pass one with --key or in FREYA_API_KEY. "
                "`freya keys create` makes one on the service's machine."
            )
        message, code = f"The service at {self.address} answered {response.status_code}.", ""
        with suppress(ValueError, KeyError, TypeError):
            found = response.json()
            message, code = f"{found['title']}: {found['detail']}", str(found.get("code", ""))
        raise ServiceRefused(message, code)
