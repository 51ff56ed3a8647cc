"""Pages of the console in a real browser, and what every one of them must be."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from playwright.async_api import Browser, ConsoleMessage, Page, ViewportSize, async_playwright, expect

CHROMIUM = "/usr/bin/chromium"
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_MS = 60_000
WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
HOSTILE = (
    '<img src=x onerror="window.hurt=1"> <script>window.hurt=1</script> [here](javascript:window.hurt=1)'
)
"""A text that would run scripts where it is not inert."""
expect.set_options(timeout=PATIENCE_MS)


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """Chromium, as it is installed."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield browser
        await browser.close()


@dataclass
class Visitor:
    """A page of the console, and what the browser complained of meanwhile."""

    url: str
    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    async def open(self, path: str) -> Page:
        """Go to a page of the console, and wait until it is built and connected."""
        await self.page.goto(self.url + path)
        await self.page.wait_for_selector("h1")
        await self.page.wait_for_function("() => window.socket?.connected")
        return self.page

    async def fits(self) -> None:
        """The page does not scroll sideways."""
        over = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert over <= 0, f"{self.page.url} is {over} px too wide"

    async def is_accessible(self) -> None:
        """axe finds nothing serious or critical."""
        found = (await Axe().run(self.page)).response["violations"]
        bad = [_told(one) for one in found if one["impact"] in {"serious", "critical"}]
        assert bad == [], f"{self.page.url}: " + json.dumps(bad, indent=1)

    async def is_unhurt(self) -> None:
        """No hostile text did anything."""
        assert await self.page.evaluate("window.hurt") is None


def _told(violation: dict[str, Any]) -> dict[str, object]:
    nodes = violation["nodes"]
    return {"id": violation["id"], "nodes": len(nodes), "first": nodes[0]["html"][:300]}


@asynccontextmanager
async def visiting(browser: Browser, url: str, **context: Any) -> AsyncIterator[Visitor]:
    """A browser window of its own; at the end nothing was complained of and no script of others ran."""
    window = await browser.new_context(**{"viewport": WIDE, "color_scheme": "light", **context})
    visitor = Visitor(url, await window.new_page())
    yield visitor
    assert visitor.complaints == []
    await visitor.is_unhurt()
    await window.close()


async def press(page: Page, name: str, *, within: str = "body") -> None:
    """Press the first button of a name."""
    await page.locator(within).get_by_role("button", name=name, exact=True).first.click()
