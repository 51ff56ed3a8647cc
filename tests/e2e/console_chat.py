"""The chat in a browser, on a service whose models write when a test lets them."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import websockets
from playwright.async_api import Browser, expect

from tests.e2e.browsing import NARROW, Window, tab, window
from tests.e2e.consoles import AB, NPV, Console
from tests.fakes.openai_endpoint import Step

SLOWLY = "Hello! Please greet me slowly."
HOSTILE = """\
Inert <script>window.hurt = 1</script> <img src=x onerror="window.hurt = 2"> <svg onload="window.hurt = 3"></svg>

<iframe srcdoc="<script>parent.hurt = 4</script>"></iframe> <a href="javascript:window.hurt = 5">raw</a>

[link](javascript:window.hurt=6) [tab](java\tscript:window.hurt=7) [data](data:text/html,<script>alert(8)</script>)
![beacon](http://beacon.invalid/pixel.png) ![x](x"onerror="window.hurt=9) <javascript:window.hurt=10>

[outward](https://example.invalid/page) `<b onclick=window.hurt=11>` [r]

[r]: javascript:window.hurt=12 "title"
<style>body { background: url(http://beacon.invalid/style.png) }</style> <form action="http://beacon.invalid/"><button>send</button></form>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.hurt=13&gt;">
{{constructor.constructor('window.hurt=14')()}} ${window.hurt=15} <meta http-equiv="refresh" content="0;url=http://beacon.invalid">
"""


async def test_journey_from_a_question_to_the_thread_found_again(visitor: Window):
    page = visitor.page
    await visitor.open("/")
    await visitor.ask(AB)
    await visitor.answered()
    assert "/threads/thr_" in page.url
    turn = page.locator(".fr-turn").last
    await expect(turn.locator(".fr-work")).to_contain_text("tool call")
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
    await expect(page.get_by_text("Your feedback is kept")).to_be_visible()

    await visitor.ask("What is the RSI indicator?")
    await expect(page.locator(".fr-turn")).to_have_count(2)
    await visitor.answered()
    cited = page.locator(".fr-turn").last.locator("a.fr-cite").first
    await cited.focus()
    await cited.press("Enter")
    panel = page.locator(".fr-sources")
    await expect(panel).to_contain_text("Relevance")
    await expect(panel.locator(".fr-md")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(panel).not_to_be_in_viewport()

    where = page.url
    await visitor.open("/")
    await page.get_by_label("Search threads").fill("Conversions")
    await page.locator(".fr-thread-link", has_text="Conversions").first.click()
    await page.wait_for_url(where)
    await expect(page.locator(".fr-turn")).to_have_count(2)


async def answering_slowly(console: Console, shown: Window) -> None:
    """A question whose answer has begun and does not end before it may."""
    await shown.open("/")
    await shown.ask(SLOWLY)
    await console.slow.begun()
    await expect(shown.page.locator(".fr-answer").last).to_have_text("One")


async def test_reload_in_mid_answer_and_a_second_tab_lose_and_double_nothing(
    console: Console, browser: Browser
):
    console.slow.may_end.clear()
    async with window(browser, console.url) as shown:
        await answering_slowly(console, shown)
        await shown.open(shown.page.url)
        other = await tab(shown.page.context)
        await other.open(shown.page.url)
        for one in (shown, other):
            await expect(one.page.locator(".fr-answer").last).to_have_text("One")
            await expect(one.page.locator("#fr-stop")).to_be_visible()
        await shown.page.context.set_offline(True)  # the sockets break off in the middle, and come back
        console.slow.may_end.set()
        await shown.page.context.set_offline(False)
        for one in (shown, other):
            await one.answered()
            await expect(one.page.locator(".fr-answer").last).to_have_text("One word.")
            await expect(one.page.locator(".fr-turn")).to_have_count(1)
        await shown.ask(AB)
        await expect(other.page.locator(".fr-turn")).to_have_count(2)
        await other.answered()
        await other.is_unharmed()


async def test_stop_then_retry_then_edit_by_keyboard_alone_keep_the_files(
    console: Console, visitor: Window, tmp_path: Path
):
    console.slow.may_end.clear()
    file = tmp_path / "notes.md"
    file.write_text("B has the shorter form.")
    page = visitor.page
    await visitor.open("/")
    await page.locator("a[href], button, input, textarea").first.focus()
    assert await page.evaluate("document.activeElement.textContent") == "Skip to the content"
    await visitor.attach(file)
    await page.locator("#fr-composer").focus()
    await page.keyboard.type(SLOWLY)
    await page.keyboard.press("Enter")
    await console.slow.begun()
    await expect(page.locator(".fr-answer").last).to_have_text("One")
    await page.keyboard.press("Escape")
    turn = page.locator(".fr-turn").last
    await expect(turn.locator(".fr-more > .fr-chip")).to_have_text("Stopped")
    await expect(turn.locator(".fr-answer")).to_have_text("One")
    await turn.get_by_role("button", name="Try again").focus()
    await page.keyboard.press("Enter")
    await console.slow.begun()
    console.slow.may_end.set()
    await expect(page.locator(".fr-turn")).to_have_count(2)
    await visitor.answered("One word.")
    assert [await names_of(console, run) for run in await console.runs_of(visitor.thread)] == [
        ["notes.md"]
    ] * 2
    before = visitor.thread
    await page.locator("#fr-composer").focus()
    await page.keyboard.press("ArrowUp")
    await page.locator(".fr-editing textarea").fill(AB)
    await page.get_by_role("button", name="Ask this instead").focus()
    await page.keyboard.press("Enter")
    await visitor.leaves(before)
    await visitor.answered()
    await expect(page.locator(".fr-ask-bubble").last).to_contain_text("Conversions")
    await expect(page.locator(".fr-ask-bubble").last).to_contain_text("1 file attached")
    assert await names_of(console, (await console.runs_of(visitor.thread))[0]) == ["notes.md"]


async def test_files_go_with_their_message_and_who_was_chosen_answers(
    console: Console, visitor: Window, tmp_path: Path
):
    page = visitor.page
    notes, aside = tmp_path / "notes.md", tmp_path / "aside.txt"
    notes.write_text("# Landing pages\n\nB has the shorter form.")
    aside.write_text("Nothing of it matters.")
    await visitor.open("/")
    await visitor.attach(notes, aside)
    await page.get_by_role("button", name="Take aside.txt away").click()
    await expect(page.locator(".fr-file")).to_contain_text(["notes.md"])
    await visitor.press("Freya decides")
    await page.get_by_role("checkbox", name="Marketer").click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Marketer", exact=True)).to_be_visible()
    await visitor.ask(AB)
    await visitor.answered()
    bubble = page.locator(".fr-ask-bubble")
    await expect(bubble).to_contain_text("1 file attached")
    await expect(page.locator(".fr-file")).to_have_count(0)
    first = visitor.thread
    assert [
        (run["request"]["agents"], await names_of(console, run)) for run in await console.runs_of(first)
    ] == [(["sofia"], ["notes.md"])]
    await visitor.press("Answer again")
    await visitor.leaves(first)
    await visitor.answered()
    await expect(bubble).to_contain_text("1 file attached")
    assert [await names_of(console, run) for run in await console.runs_of(visitor.thread)] == [["notes.md"]]


async def names_of(console: Console, run: dict[str, Any]) -> list[str]:
    """The names of the files that a run was asked with."""
    listed = (await console.client.get(f"/v1/threads/{run['thread_id']}/attachments")).json()["items"]
    names = {file["id"]: file["name"] for file in listed}
    return [names[one] for one in run["request"]["attachments"]]


async def test_a_thread_is_renamed_and_deleted(console: Console, visitor: Window):
    page = visitor.page
    thread = (await console.asked(AB))["thread_id"]
    await visitor.open(f"/threads/{thread}")
    row = page.locator(".fr-thread.fr-here")
    await row.get_by_role("button", name="More on Conversions").click()
    await expect(page.get_by_role("menuitem")).to_have_count(2)
    await visitor.is_accessible()
    await page.get_by_role("menuitem", name="Rename").click()
    await page.get_by_label("Title").fill("  ")
    await visitor.press("Rename", within=".q-dialog")
    await expect(page.get_by_text("A thread has a title.")).to_be_visible()
    await page.get_by_label("Title").fill("Which <b>page</b>?")
    await page.get_by_label("Title").press("Enter")
    await expect(row).to_contain_text("Which <b>page</b>?")
    assert (await console.client.get(f"/v1/threads/{thread}")).json()["title"] == "Which <b>page</b>?"
    await row.get_by_role("button", name="More on Which").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await visitor.press("Delete", within=".q-dialog")
    await page.wait_for_url(f"{console.url}/")
    await expect(page.locator(".fr-thread-link", has_text="Which <b>page</b>?")).to_have_count(0)
    assert (await console.client.get(f"/v1/threads/{thread}")).status_code == 404


async def test_approvals_are_edited_rejected_and_answered_elsewhere(visitor: Window):
    page = visitor.page
    await visitor.open("/")
    await visitor.ask(NPV)
    card = page.locator(".fr-approval").last
    await expect(card).to_contain_text("npv_irr")
    await expect(card.locator(".fr-until")).to_contain_text("left")
    await visitor.is_accessible()
    arguments = card.get_by_label("Arguments, as JSON")
    given: dict[str, Any] = json.loads(await arguments.input_value())
    await arguments.fill("{no JSON")
    await card.get_by_role("button", name="Allow").click()
    await expect(page.get_by_text("The arguments are not JSON")).to_be_visible()
    rate = next(name for name in given if "rate" in name)
    await arguments.fill(json.dumps({**given, rate: 0.1 if given[rate] < 1 else 10}))
    await card.get_by_role("button", name="Allow").click()
    await expect(card).to_contain_text("Allowed with changes")
    await visitor.answered("10")

    await visitor.ask(NPV)
    await expect(page.locator(".fr-approval")).to_have_count(2)
    card = page.locator(".fr-approval").last
    await card.get_by_label("Why not").fill("Not today")
    await card.get_by_role("button", name="Reject").click()
    await expect(card).to_contain_text("Not today")
    await visitor.answered()


async def test_hostile_text_of_models_and_users_is_inert(console: Console, visitor: Window):
    page = visitor.page
    await visitor.open("/")
    console.scripted.steps[:] = [Step(pieces=tuple(HOSTILE[at : at + 9] for at in range(0, len(HOSTILE), 9)))]
    await visitor.ask(f"What is the RSI indicator? {HOSTILE[:300]}")
    await visitor.answered()
    await expect(page.locator(".fr-answer").last).to_contain_text("Inert")
    await page.reload()
    await page.wait_for_function("window.did_handshake")
    await visitor.answered()
    console.scripted.steps.clear()
    assert await page.evaluate("window.hurt") is None
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


@pytest.mark.parametrize(
    "look", [{}, {"color_scheme": "dark", "viewport": NARROW}], ids=["light", "dark-narrow"]
)
async def test_chat_is_accessible_and_fits(console: Console, browser: Browser, look: dict[str, Any]):
    thread = (await console.asked(AB))["thread_id"]
    await console.asked("What is the RSI indicator?", thread)
    async with window(browser, console.url, **look) as shown:
        for path in ("/", f"/threads/{thread}", "/threads/thr_nothing"):
            await shown.open(path)
            await expect(shown.page.locator(".fr-welcome, .fr-turn, .fr-trouble").first).to_be_attached()
            await shown.is_accessible()
            await shown.fits()
        await shown.open("/")
        await shown.page.get_by_role("button", name="Colours").click()
        await shown.page.get_by_text("Light", exact=True).click()
        await shown.open("/")
        assert await shown.page.evaluate("document.documentElement.dataset.theme") == "light"
        background = "getComputedStyle(document.body).backgroundColor"
        assert await shown.page.evaluate(background) == "rgb(247, 246, 243)"


async def test_page_that_is_closed_leaves_no_reader_behind_and_its_run_goes_on(
    console: Console, browser: Browser
):
    console.slow.may_end.clear()
    async with window(browser, console.url) as shown:
        await answering_slowly(console, shown)
        thread = shown.page.url.rsplit("/", 1)[1]
    run = (await console.client.get(f"/v1/threads/{thread}/runs")).json()["items"][0]["id"]
    async with asyncio.timeout(60):
        while "freya_console_followed 0.0" not in (await console.client.get("/metrics")).text:
            await asyncio.sleep(0.2)
    console.slow.may_end.set()
    await console.until(run, "finished")


async def test_sockets_of_other_origins_are_refused(console: Console):
    url = console.url.replace("http", "ws") + "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    async with websockets.connect(url, origin=websockets.Origin(console.url)) as socket:
        assert str(await socket.recv()).startswith("0")
    for origin in ("http://evil.invalid", "http://127.0.0.1:1", "null"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(url, origin=websockets.Origin(origin))
        assert refused.value.response.status_code == 403
    polling = await console.client.get("/_nicegui_ws/socket.io/?EIO=4&transport=polling")
    assert polling.status_code == 404


async def test_with_keys_one_signs_in_and_what_was_revoked_is_out_within_seconds(
    console: Console, browser: Browser
):
    made = (await console.client.post("/v1/keys", json={"name": "admin", "scopes": ["admin"]})).json()
    admin = {"authorization": f"Bearer {made['key']}"}
    lesser = (
        await console.client.post("/v1/keys", json={"name": "ann", "user": "ann"}, headers=admin)
    ).json()
    try:
        async with window(browser, console.url) as shown:
            page = shown.page
            await page.goto("/threads/thr_x")
            await page.wait_for_url("**/sign-in?next=/threads/thr_x")
            await shown.is_accessible()
            await page.get_by_label("API key").fill("frk_wrong")
            await page.get_by_role("button", name="Sign in").click()
            await expect(page.get_by_role("alert")).to_contain_text("no such key")
            await page.goto("/sign-in?next=//evil.invalid")
            await page.get_by_label("API key").fill(lesser["key"])
            await page.get_by_role("button", name="Sign in").click()
            await page.wait_for_url(f"{console.url}/")
            await page.wait_for_function("window.did_handshake")
            [cookie] = [one for one in await page.context.cookies() if one["name"] == "freya-console"]
            assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
            assert lesser["key"] not in json.dumps(await page.context.storage_state())
            assert hashlib.sha256(lesser["key"].encode()).hexdigest() not in cookie["value"]
            await shown.ask(AB)
            await shown.answered()
            thread = page.url.rsplit("/", 1)[1]
            owned = await console.client.get(f"/v1/threads/{thread}", headers={**admin, "freya-user": "ann"})
            assert owned.status_code == 200
            other = await console.client.get(f"/v1/threads/{thread}", headers=admin)
            assert other.status_code == 404
            await console.client.post(f"/v1/keys/{lesser['api_key']['id']}/revoke", headers=admin)
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
        await console.client.post(f"/v1/keys/{made['api_key']['id']}/revoke", headers=admin)
