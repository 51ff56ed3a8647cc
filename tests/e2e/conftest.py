"""One real service for all end-to-end tests, on a folder that was filled once."""

import asyncio
import shutil
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.e2e.running import Command, running
from tests.e2e.seeding import seeded_data


@pytest.fixture(scope="session")
async def service() -> AsyncIterator[Command]:
    """`freya serve`, ready; it must end cleanly."""
    data = await seeded_data("freya-e2e-")
    async with running(data) as command:
        yield command
        assert await command.stop() == 0
    await asyncio.to_thread(shutil.rmtree, data)


@pytest.fixture
async def client(service: Command) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the service."""
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as client:
        yield client
