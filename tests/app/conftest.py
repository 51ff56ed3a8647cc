"""What the tests of the application share."""

import asyncio
import contextlib
import functools
import io
import json
import logging
import shutil
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import structlog
import typer.testing
from blockbuster import BlockBuster
from fastapi import FastAPI
from typer.main import get_command

from app.http import create_app
from app.logs import configure_logs
from app.settings import HttpSettings, LogSettings, Settings
from app.wiring import Running, open_freya
from tests.e2e.seeding import seeded_data


@pytest.fixture(autouse=True, scope="session")
def _commands_are_made_once() -> Iterator[None]:
    """Typer's runner makes all of them anew for each that it calls, which takes longer than most commands do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", functools.cache(get_command))
        yield


class Logged:
    """The log lines that a test made."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        """All of it."""
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, object]]:
        """Each line as the JSON object it is."""
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def logged(blocking_guard: BlockBuster) -> Iterator[Logged]:
    """The logs of the service, as JSON, in place of the standard streams."""
    for function in blocking_guard.functions.values():
        # A traceback shows source lines: it is read from disk when a defect is logged, which is no common event.
        function.can_block_in("linecache.py", "checkcache")
        function.can_block_in("linecache.py", "updatecache")
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    made = Logged()
    configure_logs(LogSettings(format="json", level="debug"), stream=made.stream)
    yield made
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(scope="session")
async def running() -> AsyncIterator[Running]:
    """The whole service, open in this process on a data folder of its own."""
    data = await seeded_data("freya-app-")
    settings = Settings(data=data, http=HttpSettings(heartbeat_s=5, busy_wait_s=5, longest_body=65_536))
    async with open_freya(settings) as opened:
        yield opened
    await asyncio.to_thread(shutil.rmtree, data)


@pytest.fixture(scope="session")
async def app(running: Running) -> AsyncIterator[FastAPI]:
    """The application with its doors, over the running service."""
    made = create_app(running.settings, lambda: contextlib.nullcontext(running))
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture(scope="session")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the application."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as made:
        yield made
