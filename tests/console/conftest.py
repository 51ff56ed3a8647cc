"""One service and one browser for the pages beside the chat, with something of everything in them."""

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser

from tests.console.browsing import Visitor, visiting
from tests.e2e.browsing import chromium
from tests.e2e.running import Command, running
from tests.e2e.seeding import fresh_data


@pytest.fixture(scope="module")
async def service() -> AsyncIterator[Command]:
    """`freya serve` on a folder of its own; a tool of Davina's needs a person, and requests are counted."""
    async with (
        fresh_data("freya-pages-") as data,
        running(
            data,
            FREYA_GRAPHS__APPROVALS__TOOLS='["npv_irr"]',
            FREYA_LIMITS__REQUESTS_A_MINUTE="100000",
        ) as command,
    ):
        yield command


@pytest.fixture(scope="module")
async def http(service: Command) -> AsyncIterator[httpx.AsyncClient]:
    """The interface of the same service."""
    async with httpx.AsyncClient(base_url=service.url, timeout=120) as client:
        yield client


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


@pytest.fixture
async def visitor(browser: Browser, service: Command) -> AsyncIterator[Visitor]:
    async with visiting(browser, service.url) as opened:
        yield opened


async def asked(http: httpx.AsyncClient, message: str) -> dict[str, str]:
    """A turn: its run, and its thread."""
    response = await http.post("/v1/chat", json={"message": message})
    assert response.status_code in {200, 202}, response.text
    found = response.json()
    return {"run": found.get("run_id", found.get("id")), "thread": found["thread_id"]}
