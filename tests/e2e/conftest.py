"""One real service for all end-to-end tests, on a folder that was filled once."""

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext

from tests.e2e.browsing import Window, chromium, profile, tab
from tests.e2e.completing import Stage, staged
from tests.e2e.consoles import Console, consoled
from tests.e2e.running import Command, running
from tests.e2e.seeding import fresh_data

pytest.register_assert_rewrite(*(f"tests.e2e.console_{part}" for part in ("chat", "keys", "pages")))
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


@pytest.fixture(scope="session")
async def console() -> AsyncIterator[Console]:
    """A service for all tests of its console."""
    async with consoled() as console:
        yield console


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests that need one."""
    async with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
async def visits(browser: Browser, console: Console) -> AsyncIterator[BrowserContext]:
    """A profile in which the console's scripts are known after the first visit."""
    async with profile(browser, console.url) as context:
        yield context


@pytest.fixture
async def visitor(visits: BrowserContext) -> AsyncIterator[Window]:
    """A page of the console, which is unharmed at the end."""
    shown = await tab(visits)
    yield shown
    await shown.is_unharmed()
    await shown.page.close()
