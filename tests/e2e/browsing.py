"""A headless Chromium on the console of a real service, which notes all that its pages ask for."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright, expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium is installed: apt-get install chromium"
)
BOUND_MS = 60_000
NARROW = ViewportSize(width=390, height=844)
expect.set_options(timeout=BOUND_MS)


@dataclass
class Window:
    """A page of the console, and what went wrong on it."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    """That its requests and sockets went to."""
    errors: list[str] = field(default_factory=list)
    """Errors of its scripts, and what its policy refused."""

    async def open(self, path: str) -> None:
        """Go there, and wait until the page is built and connected."""
        await self.page.goto(path)
        await self.page.wait_for_function("window.did_handshake")
        await self.page.wait_for_selector("h1", state="attached")

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

    async def press(self, name: str, *, within: str = "body") -> None:
        """Press the first button of a name."""
        await self.page.locator(within).get_by_role("button", name=name, exact=True).first.click()

    async def attach(self, *files: Path) -> None:
        """Choose files for the message, and wait until they are sent."""
        async with self.page.expect_file_chooser() as asked:
            await self.press("Attach files")
        await (await asked.value).set_files(files)
        await expect(self.page.locator(".fr-file")).to_have_count(len(files))

    @property
    def thread(self) -> str:
        """The id of the thread that the page is open on."""
        return self.page.url.rsplit("/", 1)[1]

    async def leaves(self, thread: str) -> None:
        """Wait until the page is open on another thread."""
        await self.page.wait_for_url(lambda url: "/threads/" in url and not url.endswith(thread))
        await self.page.wait_for_function("window.did_handshake")

    async def fits(self) -> None:
        """The page does not scroll sideways."""
        over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await self.page.evaluate(over) <= 0, f"{self.page.url} is too wide"

    async def is_accessible(self) -> None:
        """The browser's checker finds nothing that is serious or worse."""
        found: dict[str, Any] = (await Axe().run(self.page, options={"resultTypes": ["violations"]})).response
        serious = [
            f"{one['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
            for one in found["violations"]
            if one["impact"] in {"serious", "critical"}
            for node in one["nodes"]
        ]
        assert serious == [], self.page.url

    async def is_unharmed(self) -> None:
        """No script of the page failed, none of a hostile text ran, and nobody else was asked for anything."""
        assert self.errors == []
        assert await self.page.evaluate("window.hurt") is None
        assert self.hosts <= {"127.0.0.1"}


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
async def profile(browser: Browser, url: str, **options: Any) -> AsyncIterator[BrowserContext]:
    """A profile of its own, which knows nothing yet. Nothing moves in it: each step of a movement is drawn by the processor."""
    usual = {"color_scheme": "light", "reduced_motion": "reduce"}
    context = await browser.new_context(base_url=url, **{**usual, **options})
    context.set_default_timeout(BOUND_MS)
    try:
        yield context
    finally:
        await context.close()


@asynccontextmanager
async def window(browser: Browser, url: str, **options: Any) -> AsyncIterator[Window]:
    """One page in a profile of its own, which is unharmed at the end."""
    async with profile(browser, url, **options) as context:
        shown = await tab(context)
        yield shown
        await shown.is_unharmed()


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
