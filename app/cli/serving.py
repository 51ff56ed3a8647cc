"""`freya serve`: the service until it is told to stop."""

import gc
import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import note

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Any  # a coroutine's send type

    from app.cli.interruption import Interruption
    from app.cli.server import Service
    from app.settings import Settings

    Work = Callable[[Settings, Callable[[str], None], Interruption], Coroutine[Any, Any, None]]


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free one.", show_default="8700"),
    ] = None,
) -> None:
    """Start the service. Ctrl-C ends it, and with it the servers that it started.

    PostgreSQL, Redis and Chroma run in the data folder unless URLs are set for them. Beyond loopback the service
    wants API keys: see `freya keys --help`.
    """
    launch({"host": host, "port": port}, _serve)


def launch(http: "Mapping[str, object]", work: "Work") -> None:
    """Do the work of a process that stays, with what of these settings of `http` is given, until a signal ends it."""
    from app.cli.interruption import run
    from app.logs import configure_logs
    from app.settings import load_settings, stray_settings

    settings = load_settings(http={name: value for name, value in http.items() if value is not None})
    configure_logs(settings.log)
    progress = progress_of(settings)
    for stray in stray_settings():
        progress(str(stray))
    import uvloop

    run(partial(work, settings, progress), loop_factory=uvloop.new_event_loop)


async def _serve(
    settings: "Settings", progress: "Callable[[str], None]", interruption: "Interruption"
) -> None:
    from app.cli.output import CommandFailed
    from app.cli.server import open_service

    service: Service | None = None

    def stop() -> bool:
        if service is None:
            return False
        progress(
            "stopping; open requests are broken off"
            if service.stop()
            else "stopping; open requests have ten seconds"
        )
        return True

    with interruption.calls(stop):
        async with open_service(settings, progress=progress) as service:
            spare_the_collector()
            progress(f"ready at {service.address} (described at {service.address}/docs)")
            if service.key is not None:
                progress("requests need an API key")
            await service.serving
            if not service.started:
                raise CommandFailed("the service did not start; the lines above say why")
    progress("stopped")


def spare_the_collector() -> None:
    """Leave what was made at the start, which stays, out of every collection to come.

    Without a collection before, which takes a third of a second and more, and finds a hundred objects.
    """
    gc.freeze()


def progress_of(settings: "Settings") -> "Callable[[str], None]":
    """Lines for people on a terminal, log entries elsewhere."""
    if sys.stderr.isatty() and settings.log.format != "json":
        return note
    import structlog

    log = structlog.get_logger("app")
    return log.info  # type: ignore[no-any-return]  # structlog leaves it open
