"""One real service for all end-to-end tests, on a folder that was filled once."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.e2e.completing import Stage, staged
from tests.e2e.running import Command, running
from tests.e2e.seeding import fresh_data

NEEDS_A_PERSON = "budget_split"


@pytest.fixture(scope="session")
async def service() -> AsyncIterator[Command]:
    """`freya serve`, ready, which asks a person before it calls one of its tools; it must end cleanly."""
    asks = {"FREYA_GRAPHS__APPROVALS__TOOLS": f'["{NEEDS_A_PERSON}"]'}
    async with fresh_data("freya-e2e-") as data, running(data, **asks) as command:
        yield command
        assert await command.stop() == 0


@pytest.fixture
async def client(service: Command) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the service."""
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
async def stage() -> AsyncIterator[Stage]:
    """A service with a language model for its specialists, which a test scripts."""
    async with staged() as stage:
        yield stage
