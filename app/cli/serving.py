"""`freya serve`: the service until it is told to stop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import structlog
import typer
import uvicorn
import uvloop
from fastapi import FastAPI

from app.cli.output import fail, note
from app.embedded import InstanceLock
from app.http import create_app
from app.logs import configure_logs
from app.service import Freya
from app.settings import HttpSettings, Settings, load_settings
from app.wiring import Progress, Running, open_freya

_log = structlog.get_logger(__name__)
_DRAIN_S = 5.0
_GRACE_S = 10


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", show_default="8700")] = None,
) -> None:
    """Start the service. Ctrl-C ends it, and with it the servers that it started."""
    settings = load_settings()
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    if given:
        http = HttpSettings.model_validate({**settings.http.model_dump(), **given})
        settings = settings.model_copy(update={"http": http})
    configure_logs(settings.log)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_service(settings, progress=note))


async def run_service(settings: Settings, *, progress: Progress) -> None:
    """Hold the data folder's lock, open the service, and answer requests until a signal."""
    listening = _listen(settings.http)
    host, port = listening.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    async with InstanceLock(settings.data) as lock:

        @asynccontextmanager
        async def opened() -> AsyncIterator[Running]:
            async with open_freya(settings, progress=progress) as running:
                await lock.announce(address)
                yield running
                progress("stopping: open runs are closed")

        app = create_app(settings, opened)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="on",
            ws="websockets-sansio",
            ws_max_size=settings.http.longest_body,
            timeout_graceful_shutdown=_GRACE_S,
            server_header=False,
        )
        server = _Server(config, app)
        ready = asyncio.create_task(_tell_when_ready(server, address, progress))
        await server.serve(sockets=[listening])
        ready.cancel()
        if not server.started:
            fail("the service did not start; the lines above say why")


class _Server(uvicorn.Server):
    """Lets open turns end before it closes their connections, so that each client learns how its turn ended."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the turns, then the connections, then the service."""
        freya: Freya = self._app.state.freya
        await freya.drain(_DRAIN_S)
        await super().shutdown(sockets)


async def _tell_when_ready(server: uvicorn.Server, address: str, progress: Progress) -> None:
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.02)
    progress(f'ready at {address} (interface at {address}/docs; try: freya ask "What is the RSI indicator?")')
    _log.info("ready", address=address)


def _listen(http: HttpSettings) -> socket.socket:
    """The listening socket, bound before anything is started, so that a port in use is told at once."""
    family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((http.host, http.port))
    except OSError as error:
        listening.close()
        fail(
            f"cannot listen on {http.host}:{http.port}: {error.strerror}. "
            "Another program may use the port: choose one with --port or FREYA_HTTP__PORT (0 takes any free one)."
        )
    listening.setblocking(False)
    return listening
