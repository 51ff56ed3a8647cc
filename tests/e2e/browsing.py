"""A headless Chromium on the console of a real service, which notes all that its pages ask for."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium is installed: apt-get install chromium"
)
BOUND_MS = 60_000


@dataclass
class Window:
    """A page of the console, and what went wrong on it."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    """That its requests and sockets went to."""
    errors: list[str] = field(default_factory=list)
    """Errors of its scripts, and what its policy refused."""

    async def open(self, path: str) -> None:
        """Go there, and wait until the page is connected."""
        await self.page.goto(path)
        await self.page.wait_for_function("window.did_handshake")

    async def ask(self, text: str) -> None:
        """Write a message and send it by Enter."""
        await self.page.locator("#fr-composer").fill(text)
        await self.page.locator("#fr-composer").press("Enter")

    async def answered(self, text: str = "") -> None:
        """Wait until the newest turn is over, and says this."""
        last = self.page.locator(".fr-turn").last
        await last.locator(".fr-reply[aria-busy=false]").wait_for()
        if text:
            await last.get_by_text(text).first.wait_for()

    async def serious(self) -> list[str]:
        """What axe finds on the page that is serious or worse."""
        found: dict[str, Any] = (await Axe().run(self.page)).response
        return [
            f"{one['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
            for one in found["violations"]
            if one["impact"] in {"serious", "critical"}
            for node in one["nodes"]
        ]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def window(browser: Browser, url: str, **options: Any) -> AsyncIterator[Window]:
    """One page in a profile of its own."""
    context = await browser.new_context(base_url=url, **options)
    context.set_default_timeout(BOUND_MS)
    try:
        yield await tab(context)
    finally:
        await context.close()


async def tab(context: BrowserContext) -> Window:
    """One more page of a profile."""
    page = await context.new_page()
    made = Window(page)
    page.on("request", lambda request: made.hosts.add(urlsplit(request.url).hostname or ""))
    page.on("websocket", lambda socket: made.hosts.add(urlsplit(socket.url).hostname or ""))
    page.on("pageerror", lambda error: made.errors.append(str(error)))
    page.on("console", lambda said: made.errors.append(said.text) if _is_refusal(said.text) else None)
    return made


def _is_refusal(text: str) -> bool:
    return "Content Security Policy" in text or "Uncaught" in text
