"""Pages of the console in a real browser, and what every one of them must be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.e2e.browsing import BOUND_MS, Window, window

WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
HOSTILE = (
    '<img src=x onerror="window.hurt=1"> <script>window.hurt=1</script> [here](javascript:window.hurt=1)'
)
"""A text that would run scripts where it is not inert."""
expect.set_options(timeout=BOUND_MS)


@dataclass
class Visitor:
    """Somebody at the console."""

    window: Window

    @property
    def page(self) -> Page:
        """What he sees."""
        return self.window.page

    async def open(self, path: str) -> Page:
        """Go to a page of the console, and wait until it is built and connected."""
        await self.window.open(path)
        await self.page.wait_for_selector("h1")
        return self.page

    async def fits(self) -> None:
        """The page does not scroll sideways."""
        over = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert over <= 0, f"{self.page.url} is {over} px too wide"

    async def is_accessible(self) -> None:
        """The browser's checker finds nothing serious or critical."""
        assert await self.window.serious() == [], self.page.url


@asynccontextmanager
async def visiting(browser: Browser, url: str, **options: Any) -> AsyncIterator[Visitor]:
    """A visitor in a profile of his own; no script failed at the end, and none of a hostile text ran."""
    async with window(browser, url, **{"viewport": WIDE, "color_scheme": "light", **options}) as opened:
        yield Visitor(opened)
        assert opened.errors == []
        assert await opened.page.evaluate("window.hurt") is None


async def press(page: Page, name: str, *, within: str = "body") -> None:
    """Press the first button of a name."""
    await page.locator(within).get_by_role("button", name=name, exact=True).first.click()
