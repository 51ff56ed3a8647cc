"""`freya worker`: carries out what `freya serve` takes in, on this machine or another."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.cli.interruption import Interruption
    from app.cli.server import Service
    from app.settings import Settings


def worker(
    host: Annotated[
        str | None, typer.Option(help="Address on which its health is told.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="Port for /healthz, /readyz and /metrics; 0 takes any free one."),
    ] = 0,
    runs: Annotated[
        int | None, typer.Option(min=1, help="Runs carried out at once.", show_default="64")
    ] = None,
) -> None:
    """Carry out the runs and the background work of a service. Ctrl-C ends it; its runs go to other workers.

    `freya serve` and its workers have FREYA_RUNS__EXECUTOR=celery, the same FREYA_POSTGRES_URL and FREYA_REDIS_URL, and
    each a data folder of its own. One of the workers keeps the schedule; when it is gone another one does.
    """
    from app.cli.serving import launch

    launch({"host": host, "port": port, "most_runs": runs}, _work)


async def _work(
    settings: "Settings", progress: "Callable[[str], None]", interruption: "Interruption"
) -> None:
    from app.cli.server import open_service
    from app.cli.serving import spare_the_collector

    service: Service | None = None

    def stop() -> bool:
        if service is None:
            return False
        again = service.stop()
        progress("stopping; runs are left" if again else "stopping; runs have eight seconds, others are left")
        return True

    with interruption.calls(stop):
        async with open_service(settings, progress=progress, works=True) as service:
            spare_the_collector()
            progress(f"ready at {service.address} (health and metrics); carries out runs")
            await service.serving
    progress("stopped")
