"""The service behind its HTTP door, in this process: for good, or as long as one command needs it."""

import asyncio
import logging
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext

import uvicorn

from app.access.book import OWN
from app.backends import Progress
from app.cli.listening import address_of, listen
from app.cli.stores import has_database
from app.embedded import InstanceLock
from app.http import create_app
from app.service import Freya
from app.settings import Settings, SettingsInvalid, needs_keys
from app.wiring import Running, open_freya

_TURNS_S = 8
_REQUESTS_S = 2
_BACKLOG = 2048


class Server(uvicorn.Server):
    """uvicorn, without hands on the signals: they are the command's.

    Turns end before their connections do, so that every client is told how its turn ended.
    """

    def __init__(self, config: uvicorn.Config, freya: Freya) -> None:
        super().__init__(config)
        self._freya = freya
        self._breaking_off: asyncio.Task[None] | None = None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the turns that are going on, and then the connections."""
        await self._freya.drain(_TURNS_S)
        await super().shutdown(sockets)

    def break_off(self) -> None:
        """Let what is still going on go on no longer."""
        self._breaking_off = asyncio.create_task(self._freya.drain(0))
        for task in self.server_state.tasks:
            task.cancel()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class Service:
    """A service that answers."""

    def __init__(self, server: Server, address: str, key: str | None, serving: "asyncio.Task[None]") -> None:
        self.address = address
        self.key = key
        """A key of this process alone, where keys are needed."""
        self.serving = serving
        """Ends when the service has stopped answering."""
        self._server = server

    @property
    def started(self) -> bool:
        """Whether it ever answered."""
        return self._server.started

    def stop(self) -> bool:
        """Take no more requests and let open ones end within ten seconds; the second time, break them off.

        Gives whether it is the second time.
        """
        again, self._server.should_exit = self._server.should_exit, True
        if again:
            self._server.break_off()
        return again


@asynccontextmanager
async def open_service(
    settings: Settings, *, progress: Progress, works: bool = False
) -> AsyncIterator[Service]:
    """Hold the data folder's lock, start what is needed, and answer until the end of the context.

    A process that `works` for others takes no requests: it tells of its health only.
    Raises SettingsInvalid where other machines can reach it and there is no key, CommandFailed when the address cannot be
    listened on, and what `open_freya` raises.
    """
    if not (settings.http.is_loopback or settings.http.key_hashes or await has_database(settings)):
        raise SettingsInvalid(needs_keys(settings.http))
    async with AsyncExitStack() as stack:
        lock = await stack.enter_async_context(InstanceLock(settings.data))
        listening = stack.enter_context(listen(settings.http))
        running = await stack.enter_async_context(open_freya(settings, progress=progress, works=works))
        listening.listen(_BACKLOG)
        server = Server(_config(settings, running, works=works), running.freya)
        stack.enter_context(_without_stacks(logging.getLogger("uvicorn.error")))
        serving = asyncio.create_task(server.serve(sockets=[listening]), name="http")
        key = secrets.token_urlsafe(32)
        running.keys.book.trust(key, OWN)
        needed = settings.http.key_hashes or running.keys.book.has_keys
        service = Service(server, address_of(listening), key if needed else None, serving)
        stack.push_async_callback(_end, service)
        await lock.announce(service.address)
        yield service


@asynccontextmanager
async def open_momentary_service(settings: Settings, *, progress: Progress) -> AsyncIterator[Service]:
    """The same on a free loopback port. Other commands may use it; keys are asked for where the settings ask."""
    http = settings.http.model_copy(update={"host": "127.0.0.1", "port": 0, "console": False})
    runs = settings.runs.model_copy(update={"executor": "process"})  # it needs no workers beside it
    own = settings.model_copy(update={"http": http, "runs": runs})
    async with open_service(own, progress=progress) as service:
        yield service


def _config(settings: Settings, running: Running, *, works: bool) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(settings, lambda: nullcontext(running), doors=not works),
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="on",
        ws="websockets-sansio",
        ws_max_size=settings.http.longest_body,
        timeout_graceful_shutdown=_REQUESTS_S,
        server_header=False,
    )


@contextmanager
def _without_stacks(logger: logging.Logger) -> Iterator[None]:
    """Keep out the stacks of what is no defect of ours.

    That requests which were still open at the end are cancelled is said in a line; that a client sent what is not UTF-8 is
    said to it when its socket is closed, and is a warning without a stack here.
    """

    def is_news(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, UnicodeDecodeError):
            record.exc_info, record.levelno, record.levelname = None, logging.WARNING, "WARNING"
        return not isinstance(error, asyncio.CancelledError)

    logger.addFilter(is_news)
    try:
        yield
    finally:
        logger.removeFilter(is_news)


async def _end(service: Service) -> None:
    if not service.serving.done():
        service.stop()
        await service.serving
