"""The console in a real browser, on a real service whose models write when a test lets them."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import websockets
from playwright.async_api import Browser, expect

from tests.e2e.browsing import BOUND_MS, chromium, needs_chromium, tab, window
from tests.e2e.model import SlowModel
from tests.e2e.running import Command, running
from tests.e2e.seeding import fresh_data
from tests.fakes.openai_endpoint import OpenAIEndpoint, Step, openai_endpoint

pytestmark = [pytest.mark.e2e, needs_chromium]
SLOWLY = "Hello! Please greet me slowly."
NPV = "NPV of -1000, 400, 400, 400 at 8 %"
AB = "Conversions 120 of 2400 against 156 of 2380, is B better?"
HOSTILE = """\
Inert <script>window.struck = 1</script> <img src=x onerror="window.struck = 2"> <svg onload="window.struck = 3"></svg>

<iframe srcdoc="<script>parent.struck = 4</script>"></iframe> <a href="javascript:window.struck = 5">raw</a>

[link](javascript:window.struck=6) [tab](java\tscript:window.struck=7) [data](data:text/html,<script>alert(8)</script>)
![beacon](http://beacon.invalid/pixel.png) ![x](x"onerror="window.struck=9) <javascript:window.struck=10>

[outward](https://example.invalid/page) `<b onclick=window.struck=11>` [r]

[r]: javascript:window.struck=12 "title"
<style>body { background: url(http://beacon.invalid/style.png) }</style> <form action="http://beacon.invalid/"><button>send</button></form>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.struck=13&gt;">
{{constructor.constructor('window.struck=14')()}} ${window.struck=15} <meta http-equiv="refresh" content="0;url=http://beacon.invalid">
"""


@dataclass
class Stage:
    """The service, its two models, and a browser."""

    command: Command
    slow: SlowModel
    scripted: OpenAIEndpoint
    browser: Browser
    client: httpx.AsyncClient

    @property
    def url(self) -> str:
        return self.command.url

    async def until(self, run: str, status: str) -> None:
        async with asyncio.timeout(60):
            while (await self.client.get(f"/v1/runs/{run}")).json()["status"] != status:
                await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
async def stage() -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(fresh_data("freya-console-"))
        slow = await stack.enter_async_context(SlowModel.serving())
        scripted = await stack.enter_async_context(openai_endpoint())
        scripted.answer = lambda _: Step(status=503, body="{}")
        endpoints = {
            "slow": {"url": slow.url, "model": "slow"},
            "scripted": {"url": scripted.url, "model": "scripted"},
        }
        command = await stack.enter_async_context(
            running(
                data,
                FREYA_MODELS__ENDPOINTS=json.dumps(endpoints),
                FREYA_MODELS__ROLES=json.dumps({"agentic": ["slow"], "reasoning": ["scripted"]}),
                FREYA_GRAPHS__APPROVALS__TOOLS=json.dumps(["npv_irr"]),
                FREYA_HTTP__HEARTBEAT_S="1",
            )
        )
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=command.url, timeout=60))
        browser = await stack.enter_async_context(chromium())
        yield Stage(command, slow, scripted, browser, client)


async def test_journey_from_a_question_to_the_thread_found_again(stage: Stage):
    async with window(stage.browser, stage.url, accept_downloads=True) as shown:
        page = shown.page
        await shown.open("/")
        await shown.ask(AB)
        await shown.answered()
        assert "/threads/thr_" in page.url
        turn = page.locator(".fr-turn").last
        await expect(turn.locator(".fr-work")).to_contain_text("tool call", timeout=BOUND_MS)
        await turn.locator(".fr-work > summary").click()
        await turn.locator(".fr-call > summary").first.click()
        await expect(turn.locator(".fr-call").first).to_contain_text("2400")

        download = turn.get_by_role("link", name="Download").first
        async with page.expect_download() as begun:
            await download.click()
        path = await (await begun.value).path()
        assert path.stat().st_size > 0
        await expect(turn.locator(".fr-chart svg, .fr-artifact").first).to_be_visible()

        await turn.get_by_role("button", name="Good answer").click()
        await page.get_by_label("Comment").fill("Just right")
        await page.get_by_role("button", name="Send", exact=True).last.click()
        await expect(page.get_by_text("Your feedback is kept")).to_be_visible(timeout=BOUND_MS)

        await shown.ask("What is the RSI indicator?")
        await expect(page.locator(".fr-turn")).to_have_count(2, timeout=BOUND_MS)
        await shown.answered()
        cited = page.locator(".fr-turn").last.locator("a.fr-cite").first
        await cited.focus()
        await cited.press("Enter")
        panel = page.locator(".fr-sources")
        await expect(panel).to_contain_text("Relevance", timeout=BOUND_MS)
        await expect(panel.locator(".fr-md")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(panel).not_to_be_in_viewport()

        where = page.url
        await shown.open("/")
        await page.get_by_label("Search threads").fill("Conversions")
        await page.locator(".fr-thread-link", has_text="Conversions").first.click()
        await page.wait_for_url(where)
        await expect(page.locator(".fr-turn")).to_have_count(2, timeout=BOUND_MS)
        assert shown.errors == []
        assert shown.hosts == {"127.0.0.1"}


async def test_reload_in_mid_answer_and_a_second_tab_lose_and_double_nothing(stage: Stage):
    stage.slow.may_end.clear()
    async with window(stage.browser, stage.url) as shown:
        await shown.open("/")
        await shown.ask(SLOWLY)
        await stage.slow.begun()
        await expect(shown.page.locator(".fr-answer").last).to_have_text("One", timeout=BOUND_MS)
        await shown.open(shown.page.url)
        other = await tab(shown.page.context)
        await other.open(shown.page.url)
        for one in (shown, other):
            await expect(one.page.locator(".fr-answer").last).to_have_text("One", timeout=BOUND_MS)
            await expect(one.page.locator("#fr-stop")).to_be_visible()
        await shown.page.context.set_offline(True)  # the sockets break off in the middle, and come back
        stage.slow.may_end.set()
        await shown.page.context.set_offline(False)
        for one in (shown, other):
            await one.answered()
            await expect(one.page.locator(".fr-answer").last).to_have_text("One word.", timeout=BOUND_MS)
            await expect(one.page.locator(".fr-turn")).to_have_count(1)
        await shown.ask(AB)
        await expect(other.page.locator(".fr-turn")).to_have_count(2, timeout=BOUND_MS)
        await other.answered()
        assert shown.errors == other.errors == []


async def test_stop_then_retry_then_edit_by_keyboard_alone(stage: Stage):
    stage.slow.may_end.clear()
    async with window(stage.browser, stage.url) as shown:
        page = shown.page
        await shown.open("/")
        await page.locator("a[href], button, input, textarea").first.focus()
        assert await page.evaluate("document.activeElement.textContent") == "Skip to the content"
        await page.locator("#fr-composer").focus()
        await page.keyboard.type(SLOWLY)
        await page.keyboard.press("Enter")
        await stage.slow.begun()
        await expect(page.locator(".fr-answer").last).to_have_text("One", timeout=BOUND_MS)
        await page.keyboard.press("Escape")
        turn = page.locator(".fr-turn").last
        await expect(turn.locator(".fr-more > .fr-chip")).to_have_text("Stopped", timeout=BOUND_MS)
        await expect(turn.locator(".fr-answer")).to_have_text("One")
        await turn.get_by_role("button", name="Try again").focus()
        await page.keyboard.press("Enter")
        await stage.slow.begun()
        stage.slow.may_end.set()
        await expect(page.locator(".fr-turn")).to_have_count(2, timeout=BOUND_MS)
        await shown.answered("One word.")
        before = page.url
        await page.locator("#fr-composer").focus()
        await page.keyboard.press("ArrowUp")
        await page.locator(".fr-editing textarea").fill(AB)
        await page.get_by_role("button", name="Ask this instead").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url(lambda url: url != before and "/threads/" in url)
        await shown.answered()
        await expect(page.locator(".fr-ask-bubble").last).to_contain_text("Conversions")
        assert shown.errors == []


async def test_approvals_are_edited_rejected_and_answered_elsewhere(stage: Stage):
    async with window(stage.browser, stage.url) as shown:
        page = shown.page
        await shown.open("/")
        await shown.ask(NPV)
        card = page.locator(".fr-approval").last
        await expect(card).to_contain_text("npv_irr", timeout=BOUND_MS)
        await expect(card.locator(".fr-until")).to_contain_text("left")
        assert await shown.serious() == []
        arguments = card.get_by_label("Arguments, as JSON")
        given: dict[str, Any] = json.loads(await arguments.input_value())
        await arguments.fill("{no JSON")
        await card.get_by_role("button", name="Allow").click()
        await expect(page.get_by_text("The arguments are not JSON")).to_be_visible()
        rate = next(name for name in given if "rate" in name)
        await arguments.fill(json.dumps({**given, rate: 0.1 if given[rate] < 1 else 10}))
        await card.get_by_role("button", name="Allow").click()
        await expect(card).to_contain_text("Allowed with changes", timeout=BOUND_MS)
        await shown.answered("10")

        await shown.ask(NPV)
        await expect(page.locator(".fr-approval")).to_have_count(2, timeout=BOUND_MS)
        card = page.locator(".fr-approval").last
        await card.get_by_label("Why not").fill("Not today")
        await card.get_by_role("button", name="Reject").click()
        await expect(card).to_contain_text("Not today", timeout=BOUND_MS)
        await shown.answered()
        assert shown.errors == []


async def test_hostile_text_of_models_and_users_is_inert(stage: Stage):
    async with window(stage.browser, stage.url) as shown:
        page = shown.page
        await shown.open("/")
        stage.scripted.steps[:] = [
            Step(pieces=tuple(HOSTILE[at : at + 9] for at in range(0, len(HOSTILE), 9)))
        ]
        await shown.ask(f"What is the RSI indicator? {HOSTILE[:300]}")
        await shown.answered()
        await expect(page.locator(".fr-answer").last).to_contain_text("Inert", timeout=BOUND_MS)
        await page.reload()
        await page.wait_for_function("window.did_handshake")
        await shown.answered()
        stage.scripted.steps.clear()
        assert await page.evaluate("window.struck") is None
        reply = page.locator(".fr-turn").last
        assert (
            await reply.locator(
                "script, iframe, svg[onload], .fr-answer img, form, meta, math, .fr-answer style"
            ).count()
            == 0
        )
        for link in await reply.locator(".fr-answer a[href]").all():
            href = await link.get_attribute("href") or ""
            assert href.startswith(("http", "#cite-", "mailto:")), href
            if href.startswith("http"):
                assert "noopener" in (await link.get_attribute("rel") or "")
                assert await link.get_attribute("target") == "_blank"
        outward = await page.evaluate(
            "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes].filter(a => /^on/i.test(a.name)).map(a => a.name))"
        )
        assert outward == []
        assert shown.hosts == {"127.0.0.1"}
        assert shown.errors == []


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)], ids=["light", "dark", "narrow"]
)
async def test_axe_finds_nothing_serious(stage: Stage, scheme: str, width: int):
    thread = (await stage.client.post("/v1/chat", json={"message": AB})).json()["thread_id"]
    await stage.client.post("/v1/chat", json={"message": "What is the RSI indicator?", "thread_id": thread})
    async with window(
        stage.browser, stage.url, color_scheme=scheme, viewport={"width": width, "height": 800}
    ) as shown:
        for path in ("/", f"/threads/{thread}", "/threads/thr_nothing"):
            await shown.open(path)
            await expect(shown.page.locator(".fr-welcome, .fr-turn, .fr-trouble").first).to_be_attached()
            assert await shown.serious() == [], path
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert await shown.page.evaluate(overflow) <= 0, path
        await shown.open("/")
        await shown.page.get_by_role("button", name="Colours").click()
        await shown.page.get_by_text("Dark", exact=True).click()
        await shown.open("/")
        assert await shown.page.evaluate("document.documentElement.dataset.theme") == "dark"


async def test_page_that_is_closed_leaves_no_reader_behind_and_its_run_goes_on(stage: Stage):
    stage.slow.may_end.clear()
    async with window(stage.browser, stage.url) as shown:
        await shown.open("/")
        await shown.ask(SLOWLY)
        await stage.slow.begun()
        await expect(shown.page.locator(".fr-answer").last).to_have_text("One", timeout=BOUND_MS)
        thread = shown.page.url.rsplit("/", 1)[1]
    run = (await stage.client.get(f"/v1/threads/{thread}/runs")).json()["items"][0]["id"]
    async with asyncio.timeout(60):
        while "freya_console_followed 0.0" not in (await stage.client.get("/metrics")).text:
            await asyncio.sleep(0.2)
    stage.slow.may_end.set()
    await stage.until(run, "finished")


async def test_sockets_of_other_origins_are_refused(stage: Stage):
    url = stage.url.replace("http", "ws") + "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    async with websockets.connect(url, origin=websockets.Origin(stage.url)) as socket:
        assert str(await socket.recv()).startswith("0")
    for origin in ("http://evil.invalid", "http://127.0.0.1:1", "null"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(url, origin=websockets.Origin(origin))
        assert refused.value.response.status_code == 403
    polling = await stage.client.get("/_nicegui_ws/socket.io/?EIO=4&transport=polling")
    assert polling.status_code == 404


async def test_with_keys_one_signs_in_and_what_was_revoked_is_out_within_seconds(stage: Stage):
    made = (await stage.client.post("/v1/keys", json={"name": "admin", "scopes": ["admin"]})).json()
    admin = {"authorization": f"Bearer {made['key']}"}
    lesser = (await stage.client.post("/v1/keys", json={"name": "ann", "user": "ann"}, headers=admin)).json()
    try:
        async with window(stage.browser, stage.url) as shown:
            page = shown.page
            await page.goto("/threads/thr_x")
            await page.wait_for_url("**/sign-in?next=/threads/thr_x")
            assert await shown.serious() == []
            await page.get_by_label("API key").fill("frk_wrong")
            await page.get_by_role("button", name="Sign in").click()
            await expect(page.get_by_role("alert")).to_contain_text("no such key")
            await page.goto("/sign-in?next=//evil.invalid")
            await page.get_by_label("API key").fill(lesser["key"])
            await page.get_by_role("button", name="Sign in").click()
            await page.wait_for_url(f"{stage.url}/")
            await page.wait_for_function("window.did_handshake")
            [cookie] = [one for one in await page.context.cookies() if one["name"] == "freya-console"]
            assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
            assert lesser["key"] not in json.dumps(await page.context.storage_state())
            assert hashlib.sha256(lesser["key"].encode()).hexdigest() not in cookie["value"]
            await shown.ask(AB)
            await shown.answered()
            thread = page.url.rsplit("/", 1)[1]
            owned = await stage.client.get(f"/v1/threads/{thread}", headers={**admin, "freya-user": "ann"})
            assert owned.status_code == 200
            other = await stage.client.get(f"/v1/threads/{thread}", headers=admin)
            assert other.status_code == 404
            await stage.client.post(f"/v1/keys/{lesser['api_key']['id']}/revoke", headers=admin)
            await page.wait_for_url("**/sign-in?next=/threads/*")
            assert (await page.context.request.get(f"/threads/{thread}")).status == 401

            await page.get_by_label("API key").fill(made["key"])
            await page.get_by_label("User").fill("ann")
            await page.get_by_role("button", name="Sign in").click()
            await shown.answered()
            await page.get_by_role("button", name="Account").click()
            await page.get_by_text("Sign out").click()
            await page.wait_for_url("**/sign-in")
            assert (await page.context.request.get("/signed-in")).status == 401
    finally:
        await stage.client.post(f"/v1/keys/{made['api_key']['id']}/revoke", headers=admin)
