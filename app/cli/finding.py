"""The service that a command speaks to: the one that runs on the data folder, or one started for the moment."""

import asyncio
import importlib
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from app.cli.client import Client
from app.cli.output import CommandFailed
from app.cli.waiting import SlowNotes
from app.embedded import DataFolderBusy, Instance, running_instance
from app.settings import LogSettings, Settings

_POLL_S = 0.1
_PATIENCE_S = 120.0
_LONGEST_COMMAND = 80


@asynccontextmanager
async def open_client(
    settings: Settings, *, key: str | None = None, user: str | None = None, server: str | None = None
) -> AsyncIterator[Client]:
    """A client of the service on the data folder, for one of its users. Where none runs, one is started and stopped at the end.

    With `server`, an address such as http://host:8000, it is the client of the service there, and nothing is started. Raises
    CommandFailed when that is no address, or another process holds the folder and serves nothing.
    """
    async with AsyncExitStack() as stack:
        client = (
            Client(_address(server), key, user)
            if server
            else await _find_or_start(settings, key, user, stack)
        )
        stack.push_async_callback(client.close)
        yield client


def _address(server: str) -> str:
    """The address without what follows it. Raises CommandFailed for anything but http:// or https:// and a host."""
    try:
        url = httpx.URL(server)
    except httpx.InvalidURL as error:
        raise CommandFailed(f"{server!r} is no address: {error}") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise CommandFailed(f"{server!r} is no address; give one such as http://127.0.0.1:8000")
    return server.rstrip("/")


async def wait_for_address(settings: Settings, instance: Instance) -> Instance | None:
    """The instance once it serves, None once it has ended. Raises CommandFailed when that takes two minutes."""
    holder = await asyncio.to_thread(described, instance)
    deadline = time.monotonic() + _PATIENCE_S
    found: Instance | None = instance
    async with SlowNotes(f"waiting for {holder}, which uses the data folder {settings.data}"):
        while found is not None and found.address is None:
            if time.monotonic() > deadline:
                raise CommandFailed(
                    f"{holder} uses the data folder {settings.data} and serves nothing yet. "
                    "Wait until it has ended, or see what it says."
                )
            await asyncio.sleep(_POLL_S)
            found = await running_instance(settings.data)
    return found


def described(instance: Instance) -> str:
    """The process that holds the data folder, with its command line where that can be read. Reads files."""
    from app.embedded.processes import command_of

    if instance.pid is None:
        return "another process"
    command = command_of(instance.pid)
    return f"process {instance.pid}" + (f" ({command[:_LONGEST_COMMAND]})" if command else "")


async def _find_or_start(
    settings: Settings, key: str | None, user: str | None, stack: AsyncExitStack
) -> Client:
    while True:
        instance = await running_instance(settings.data)
        if instance is not None and instance.address is None:
            instance = await wait_for_address(settings, instance)
        if instance is not None and instance.address is not None:
            return Client(instance.address, key, user)
        try:
            return await _start(settings, key, user, stack)
        except DataFolderBusy:  # another command was quicker
            continue


async def _start(settings: Settings, key: str | None, user: str | None, stack: AsyncExitStack) -> Client:
    headline = (
        f"no service runs on {settings.data}; starting one for this command (`freya serve` keeps one running)"
    )
    async with SlowNotes(headline) as slow:
        # In a thread: loading it takes seconds, in which the loop would tell nothing.
        server = await asyncio.to_thread(importlib.import_module, "app.cli.server")
        logs = await asyncio.to_thread(importlib.import_module, "app.logs")
        logs.configure_logs(LogSettings(level="warning", format=settings.log.format))
        service = await stack.enter_async_context(server.open_momentary_service(settings, progress=slow.tell))
    return Client(service.address, service.key or key, user)
