"""Asking the service, and showing what it answers."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any  # Any: JSON

if TYPE_CHECKING:
    from app.cli.client import Client


def served(
    key: str | None,
    user: str | None,
    asked: Callable[["Client"], Awaitable[Any]],
    show: Callable[[dict[str, Any]], None],
) -> None:
    """Show what a client is answered to what it asks, before a service that was started for it is stopped."""
    from app.cli.finding import open_client
    from app.cli.interruption import Interruption, run
    from app.cli.options import quiet_settings

    async def work(_: Interruption) -> None:
        async with open_client(quiet_settings(), key=key, user=user) as client:
            show(await asked(client))

    run(work)
