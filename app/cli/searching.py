"""Searches of what is known, by the service."""

from collections.abc import Callable
from typing import Any  # JSON

from app.cli.finding import open_client
from app.cli.interruption import Interruption
from app.settings import Settings


async def find(
    settings: Settings,
    wanted: dict[str, str | int | list[str]],
    key: str | None,
    show: Callable[[list[dict[str, Any]]], None],
    _: Interruption,
) -> None:
    """Show the pairs that the service finds, best first, before what was started for it is stopped.

    `wanted` are the parameters of `GET /v1/knowledge/search`.
    """
    async with open_client(settings, key=key) as client:
        page: Any = await client.get("/v1/knowledge/search", **wanted)
        show(page["items"])
