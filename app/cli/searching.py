"""Searches of what is known, by the service."""

import time
from collections.abc import Awaitable, Callable
from typing import Any  # JSON

from pydantic import JsonValue

from app.cli.client import ServiceRefused
from app.cli.finding import open_client
from app.cli.interruption import Interruption
from app.cli.waiting import SlowNotes
from app.settings import Settings

_PATIENCE_S = 120.0


async def find(
    settings: Settings,
    wanted: dict[str, str | int | list[str]],
    key: str | None,
    show: Callable[[list[dict[str, Any]]], None],
    _: Interruption,
) -> None:
    """Show the pairs that the service finds, best first, before what was started for it is stopped.

    `wanted` are the parameters of `GET /v1/knowledge/search`. A service that is still loading its index is waited for.
    """
    async with open_client(settings, key=key) as client:
        found = await _loaded(lambda: client.get("/v1/knowledge/search", **wanted))
        show([hit for hit in found if isinstance(hit, dict)] if isinstance(found, list) else [])


async def _loaded(search: Callable[[], Awaitable[JsonValue]]) -> JsonValue:
    """What a search gives once the index is loaded; the service itself holds each try for some seconds."""
    deadline = time.monotonic() + _PATIENCE_S
    async with SlowNotes("waiting for the service to load its index"):
        while True:
            try:
                return await search()
            except ServiceRefused as refused:
                if refused.code != "knowledge_loading" or time.monotonic() > deadline:
                    raise
