"""API keys on their page, and what pages offer to a key that may less."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.browsing import Window, window
from tests.e2e.consoles import Console


@dataclass
class Keys:
    """The keys that were made, as their makers saw them once."""

    admin: str
    reader: str


def with_key(key: str) -> dict[str, str]:
    """The headers of a program that sends a key."""
    return {"authorization": f"Bearer {key}"}


@asynccontextmanager
async def signed_in(browser: Browser, url: str, key: str) -> AsyncIterator[Window]:
    """A visitor who signed in with a key."""
    async with window(browser, url) as visitor:
        await visitor.page.goto("/sign-in?next=/health")
        await visitor.page.locator("[name=key]").fill(key)
        await visitor.page.locator("[name=key]").press("Enter")
        await visitor.page.wait_for_url("**/health")
        yield visitor


@pytest.fixture(scope="module")
async def keys(browser: Browser, console: Console) -> AsyncIterator[Keys]:
    """The first key is made where none is needed yet, the second by the first; at the end none is needed again."""
    async with window(browser, console.url) as visitor:
        page = visitor.page
        await visitor.open("/health/keys")
        await expect(page.get_by_text("No key is needed yet")).to_be_visible()
        await visitor.press("New key")
        await visitor.press("Make the key", within=".q-dialog")
        await expect(page.get_by_text("Say what the key is for.")).to_be_visible()
        await page.get_by_label("What it is for").fill("The owner")
        await page.get_by_role("checkbox", name="admin:").click()
        await visitor.press("Make the key", within=".q-dialog")
        await expect(page.get_by_text("Choose at least one thing that it may do.")).to_be_visible()
        await page.get_by_role("checkbox", name="admin:").click()
        await page.get_by_label("Only user (optional)").fill("not a name!")
        await visitor.press("Make the key", within=".q-dialog")
        await expect(page.get_by_text("a letter or digit first.")).to_be_visible()
        await page.get_by_label("Only user (optional)").fill("")
        await visitor.press("Make the key", within=".q-dialog")
        admin = await page.locator(".fr-secret").inner_text()
        await visitor.press("I have it")
        await expect(page.locator(".fr-secret")).to_have_count(0)
    async with signed_in(browser, console.url, admin) as visitor:
        page = visitor.page
        await visitor.open("/health/keys")
        await expect(page.get_by_text("yours", exact=True)).to_be_visible()
        assert admin not in await page.content()
        await visitor.press("New key")
        await page.get_by_label("What it is for").fill("A reader")
        for scope in ("chat", "write"):
            await page.get_by_role("checkbox", name=f"{scope}:").click()
        await visitor.press("Make the key", within=".q-dialog")
        reader = await page.locator(".fr-secret").inner_text()
    yield Keys(admin, reader)
    good = [key for key in await _listed(console, admin) if not key["revoked_at"]]
    for key in sorted(good, key=lambda key: "admin" in key["scopes"]):
        await console.client.post(f"/v1/keys/{key['id']}/revoke", headers=with_key(admin))


async def _listed(console: Console, admin: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await console.client.get("/v1/keys", headers=with_key(admin))).json()[
        "items"
    ]
    return found


async def status_of(console: Console, key: str) -> int:
    return (await console.client.get("/v1/memory", headers=with_key(key))).status_code


async def test_a_key_may_what_its_scopes_say_and_pages_offer_no_more(
    browser: Browser, console: Console, keys: Keys
):
    assert (await console.client.get("/v1/memory")).status_code == 401
    assert await status_of(console, keys.reader) == 200
    async with signed_in(browser, console.url, keys.reader) as visitor:
        page = visitor.page
        await visitor.open("/agents")
        await page.get_by_text("tools, with examples").first.click()
        await expect(page.locator(".fr-try")).to_have_count(0)
        await visitor.open("/knowledge/jobs")
        await expect(page.get_by_text("Order work")).to_have_count(0)
        await expect(page.get_by_role("link", name="Import", exact=True)).to_have_count(0)
        await visitor.open("/memory/privacy")
        await expect(page.get_by_role("button", name="Erase everything")).to_have_count(0)
        for path in ("/health/keys", "/knowledge/import"):
            await visitor.open(path)
            await expect(page.get_by_role("alert")).to_contain_text("does not open this page")
            await expect(page.get_by_role("heading", level=1)).to_be_visible()


async def test_who_signed_in_imports_a_file(browser: Browser, console: Console, keys: Keys, tmp_path: Path):
    file = tmp_path / "swarm.json"
    file.write_text(
        '[{"question": "What is a swarm?", "answer": "A swarm is a queen that leaves with half of her bees."}]'
    )
    async with signed_in(browser, console.url, keys.admin) as visitor:
        page = visitor.page
        await visitor.open("/knowledge/import")
        await page.get_by_label("File").set_input_files(file)
        await visitor.press("Import")
        await expect(page.get_by_text("1 pair accepted, 0 rejected")).to_be_visible()


async def test_a_key_is_rotated_and_revoked(browser: Browser, console: Console, keys: Keys):
    async with signed_in(browser, console.url, keys.admin) as visitor:
        page = visitor.page
        await visitor.open("/health/keys")
        await page.get_by_role("button", name="Rotate A reader").click()
        await visitor.press("Rotate", within=".q-dialog")
        fresh = await page.locator(".fr-secret").inner_text()
        assert [await status_of(console, key) for key in (keys.reader, fresh)] == [200, 200]
        await expect(page.get_by_text("gives way to another")).to_be_visible()
        await page.get_by_role("button", name="Revoke A reader").first.click()
        await visitor.press("Revoke the key", within=".q-dialog")
        await expect(page.get_by_text("revoked", exact=True).first).to_be_visible()
    assert await status_of(console, fresh) == 401
    trail = (await console.client.get("/v1/memory/audit", headers=with_key(keys.admin))).json()["items"]
    assert {"create key", "rotate key", "revoke key"} <= {entry["action"] for entry in trail}
