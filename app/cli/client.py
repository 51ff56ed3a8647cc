"""Speaking to the service over HTTP: to the one that runs on this data folder, else to one started for the moment."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import uvicorn
from pydantic import JsonValue

from app.cli.output import fail, note
from app.embedded import InstanceLock, running_instance
from app.http import create_app
from app.settings import Settings
from app.wiring import open_freya

_PATIENCE = httpx.Timeout(10.0, read=310.0)
Event = dict[str, JsonValue]


class Client:
    """A client of the HTTP door."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def post(self, path: str, body: dict[str, JsonValue]) -> JsonValue:
        """The JSON answer; a problem ends the command with what it says."""
        return _answer(await self._http.post(path, json=body))

    async def get(self, path: str, **query: str | int | list[str]) -> JsonValue:
        """The JSON answer; a problem ends the command with what it says."""
        return _answer(await self._http.get(path, params=query))

    async def stream(self, path: str, body: dict[str, JsonValue]) -> AsyncIterator[Event]:
        """The events of a turn as they come."""
        async with self._http.stream("POST", path, json=body) as response:
            if response.status_code != httpx.codes.OK:
                await response.aread()
                _answer(response)
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))


@asynccontextmanager
async def open_client(settings: Settings, *, key: str | None = None) -> AsyncIterator[Client]:
    """A client of the service that runs on the data folder; where none runs, one is started until the end."""
    instance = await running_instance(settings.data)
    headers = {"authorization": f"Bearer {key}"} if key else {}
    if instance and instance.address:
        async with httpx.AsyncClient(base_url=instance.address, headers=headers, timeout=_PATIENCE) as http:
            yield Client(http)
        return
    if instance:
        fail(f"a service is starting on {settings.data} (process {instance.pid}). Try again in a moment.")
    note(f"no service runs on {settings.data}; starting one for this command")
    async with (
        _own_service(settings) as address,
        httpx.AsyncClient(base_url=address, timeout=_PATIENCE) as http,
    ):
        yield Client(http)


@asynccontextmanager
async def _own_service(settings: Settings) -> AsyncIterator[str]:
    """A service on a free loopback port, for as long as the command runs."""
    local = settings.model_copy(
        update={"http": settings.http.model_copy(update={"host": "127.0.0.1", "port": 0, "key_hashes": []})}
    )
    app = create_app(local, lambda: open_freya(local))
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # Ctrl-C is the command's
    async with InstanceLock(settings.data):
        serving = asyncio.create_task(server.serve())
        while not server.started and not serving.done():  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.02)
        if serving.done():
            await serving
            fail("the service did not start; the lines above say why")
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await serving


def _answer(response: httpx.Response) -> JsonValue:
    if response.is_success:
        answer: JsonValue = response.json()
        return answer
    message = f"the service answered {response.status_code}"
    with suppress(ValueError, KeyError, TypeError):
        problem = response.json()
        message = f"{problem['title']}: {problem['detail']}"
    return fail(message)
