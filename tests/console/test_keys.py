"""API keys on their page, and what pages offer to a key that may less."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.console.browsing import Visitor, press, visiting
from tests.e2e.browsing import needs_chromium
from tests.e2e.running import Command

pytestmark = [pytest.mark.e2e, pytest.mark.slow, needs_chromium]


@dataclass
class Keys:
    """The keys that were made, as their makers saw them once."""

    admin: str
    reader: str


def with_key(key: str) -> dict[str, str]:
    """The headers of a program that sends a key."""
    return {"authorization": f"Bearer {key}"}


@asynccontextmanager
async def signed_in(browser: Browser, url: str, key: str) -> AsyncIterator[Visitor]:
    """A visitor who signed in with a key."""
    async with visiting(browser, url) as visitor:
        await visitor.page.goto("/sign-in?next=/health")
        await visitor.page.locator("[name=key]").fill(key)
        await visitor.page.locator("[name=key]").press("Enter")
        await visitor.page.wait_for_url("**/health")
        yield visitor


@pytest.fixture(scope="module")
async def keys(browser: Browser, service: Command) -> Keys:
    """The first key is made where none is needed yet, the second by the first."""
    async with visiting(browser, service.url) as visitor:
        page = await visitor.open("/health/keys")
        await expect(page.get_by_text("No key is needed yet")).to_be_visible()
        await press(page, "New key")
        await press(page, "Make the key", within=".q-dialog")
        await expect(page.get_by_text("Say what the key is for.")).to_be_visible()
        await page.get_by_label("What it is for").fill("The owner")
        await page.get_by_role("checkbox", name="admin:").click()
        await press(page, "Make the key", within=".q-dialog")
        await expect(page.get_by_text("Choose at least one thing that it may do.")).to_be_visible()
        await page.get_by_role("checkbox", name="admin:").click()
        await page.get_by_label("Only user (optional)").fill("not a name!")
        await press(page, "Make the key", within=".q-dialog")
        await expect(page.get_by_text("a letter or digit first.")).to_be_visible()
        await page.get_by_label("Only user (optional)").fill("")
        await press(page, "Make the key", within=".q-dialog")
        admin = await page.locator(".fr-secret").inner_text()
        await press(page, "I have it")
        await expect(page.locator(".fr-secret")).to_have_count(0)
    async with signed_in(browser, service.url, admin) as visitor:
        page = await visitor.open("/health/keys")
        await expect(page.get_by_text("yours", exact=True)).to_be_visible()
        assert admin not in await page.content()
        await press(page, "New key")
        await page.get_by_label("What it is for").fill("A reader")
        for scope in ("chat", "write"):
            await page.get_by_role("checkbox", name=f"{scope}:").click()
        await press(page, "Make the key", within=".q-dialog")
        reader = await page.locator(".fr-secret").inner_text()
    return Keys(admin, reader)


async def status_of(http: httpx.AsyncClient, key: str) -> int:
    return (await http.get("/v1/memory", headers=with_key(key))).status_code


async def test_a_key_may_what_its_scopes_say_and_pages_offer_no_more(
    browser: Browser, service: Command, http: httpx.AsyncClient, keys: Keys
):
    assert (await http.get("/v1/memory")).status_code == 401
    assert await status_of(http, keys.reader) == 200
    async with signed_in(browser, service.url, keys.reader) as visitor:
        page = await visitor.open("/agents")
        await page.get_by_text("tools, with examples").first.click()
        await expect(page.locator(".fr-ask")).to_have_count(0)
        await visitor.open("/knowledge/jobs")
        await expect(page.get_by_text("Order work")).to_have_count(0)
        await expect(page.get_by_role("link", name="Import", exact=True)).to_have_count(0)
        await visitor.open("/memory/privacy")
        await expect(page.get_by_role("button", name="Erase everything")).to_have_count(0)
        for path in ("/health/keys", "/knowledge/import"):
            await visitor.window.open(path)
            await expect(page.get_by_role("alert")).to_contain_text("does not open this page")
            await expect(page.get_by_role("heading", level=1)).to_be_visible()


async def test_who_signed_in_imports_a_file(browser: Browser, service: Command, keys: Keys, tmp_path: Path):
    file = tmp_path / "bees.json"
    file.write_text(
        '[{"question": "What is a swarm?", "answer": "A swarm is a queen that leaves with half of her bees."}]'
    )
    async with signed_in(browser, service.url, keys.admin) as visitor:
        page = await visitor.open("/knowledge/import")
        await page.get_by_label("File").set_input_files(file)
        await press(page, "Import")
        await expect(page.get_by_text("1 pair accepted, 0 rejected")).to_be_visible()


async def test_a_key_is_rotated_and_revoked(
    browser: Browser, service: Command, http: httpx.AsyncClient, keys: Keys
):
    async with signed_in(browser, service.url, keys.admin) as visitor:
        page = await visitor.open("/health/keys")
        await page.get_by_role("button", name="Rotate A reader").click()
        await press(page, "Rotate", within=".q-dialog")
        fresh = await page.locator(".fr-secret").inner_text()
        assert [await status_of(http, key) for key in (keys.reader, fresh)] == [200, 200]
        await expect(page.get_by_text("gives way to another")).to_be_visible()
        await page.get_by_role("button", name="Revoke A reader").first.click()
        await press(page, "Revoke the key", within=".q-dialog")
        await expect(page.get_by_text("revoked", exact=True)).to_be_visible()
    assert await status_of(http, fresh) == 401
    actions = [
        entry["action"]
        for entry in (await http.get("/v1/memory/audit", headers=with_key(keys.admin))).json()["items"]
    ]
    assert {"create key", "rotate key", "revoke key"} <= set(actions)
