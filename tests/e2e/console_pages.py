"""The pages beside the chat, in a browser on a service with real data: what a person does there, and what he sees of errors."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from redis.asyncio import Redis

from app.embedded.folder import REDIS_SOCKET
from tests.e2e.browsing import NARROW, Window, window
from tests.e2e.consoles import AB, NPV, Console

HOSTILE = (
    '<img src=x onerror="window.hurt=1"> <script>window.hurt=1</script> [here](javascript:window.hurt=1)'
)
"""A text that would run scripts where it is not inert."""
USED = "freya:used:user:local/local:requests"
BEES = (
    "Agent for a beekeeping cooperative: beekeepers register hives, record inspections, and sell honey jars"
)
PAIRS = [
    {"question": f"What is {HOSTILE}?", "answer": f"Nothing that runs: {HOSTILE} is text, and stays text in every page that shows it."},
    {"question": "What is a nectar flow?", "answer": "A nectar flow is the time in which flowers give more nectar than the bees use."},
    {"question": "What is missing here?"},
    "no pair at all",
]  # fmt: skip


async def test_every_specialist_is_shown_and_an_example_opens_a_chat_with_it(visitor: Window):
    page = visitor.page
    await visitor.open("/agents")
    for title in ("Business analyst", "AI-agent architect", "Marketer", "Crypto technical analyst"):
        await expect(page.get_by_role("heading", name=title)).to_be_visible()
    await page.get_by_text("tools, with examples").first.click()
    example = page.locator(".fr-try:visible").first
    said = await example.inner_text()
    await example.press("Enter")
    await page.wait_for_url("**/?message=*")
    assert said.splitlines()[-1].split()[0] in page.url


async def test_an_agent_is_designed_tested_rolled_back_and_disabled(visitor: Window, console: Console):
    page = visitor.page
    await visitor.open("/agents/designed")
    await expect(page.get_by_text("No agent was designed here yet")).to_be_visible()
    await visitor.press("Design and deploy")
    await expect(page.get_by_text("Say in a sentence or two what it is for.")).to_be_visible()
    await page.get_by_label("What the agent is for").fill("Something that nobody can make an agent of")
    await page.get_by_label("Name (optional)").fill("Not A Name")
    await visitor.press("Design and deploy")
    await expect(page.get_by_text("Small letters, digits and _, a letter first.", exact=True)).to_be_visible()
    await page.get_by_label("Name (optional)").fill("davina")
    await page.get_by_label("What the agent is for").fill(BEES)
    await visitor.press("Design and deploy")
    await expect(page.get_by_role("alert")).to_contain_text("belongs to a specialist of the service")
    await page.get_by_label("Name (optional)").fill("bees")
    await visitor.press("Design and deploy")
    await expect(page.get_by_text("bees works, as version 1")).to_be_visible()
    await console.client.post(
        "/v1/agents/designed", json={"request": f"{BEES}, and weigh hives", "name": "bees"}
    )

    await visitor.open("/agents/designed/bees")
    await visitor.press("Run its cases")
    await expect(page.get_by_text(" passed, 0 failed")).to_be_visible()
    await visitor.press("Put version 1 to work")
    await visitor.press("Put to work", within=".q-dialog")
    await expect(page.get_by_role("button", name="Put version 2 to work")).to_be_visible()
    await visitor.press("Disable")
    await visitor.press("Disable", within=".q-dialog")
    await expect(page.get_by_text("It answers nobody.")).to_be_visible()
    (agent,) = (await console.client.get("/v1/agents/designed")).json()["items"]
    assert (agent["state"], agent["version"], agent["versions"]) == ("disabled", 1, 2)
    audit = (await console.client.get("/v1/memory/audit")).json()["items"]
    done = [entry["action"] for entry in audit]
    assert {"POST /v1/agents/designed", "POST /v1/agents/designed/{name}/disable"} <= set(done)
    await visitor.open("/agents/designed/nobody")
    await expect(page.get_by_role("alert")).to_contain_text("There is no designed agent 'nobody'.")


async def test_knowledge_is_searched_and_a_pair_opened_with_its_source(visitor: Window):
    page = visitor.page
    await visitor.open("/knowledge")
    await visitor.press("Search")
    await expect(page.get_by_text("Write what to look for.")).to_be_visible()
    field = page.get_by_label("What to look for")
    await field.fill("What is the RSI indicator?")
    await field.press("Enter")
    await page.wait_for_url("**/knowledge?q=*")
    found = page.get_by_role("listitem").filter(has_text="relevant").first
    await expect(found).to_contain_text("score")
    await expect(found).to_contain_text("from starter")
    await found.get_by_role("link").first.click()
    await page.wait_for_url("**/knowledge/pairs/pair_*")
    await expect(page.get_by_role("heading", name="Where it comes from")).to_be_visible()
    await visitor.open("/knowledge?q=RSI&collection=davina&topics=market-size")
    await expect(page.get_by_text("1 pair").or_(page.get_by_text("Nothing that is known"))).to_be_visible()
    await visitor.open("/knowledge/pairs/pair_none")
    await expect(page.get_by_role("alert")).to_contain_text("No such pair")


async def test_a_file_is_imported_and_its_report_says_what_was_rejected_and_why(
    visitor: Window, tmp_path: Path
):
    page = visitor.page
    file = tmp_path / "bees.json"
    file.write_text(json.dumps(PAIRS))
    await visitor.open("/knowledge/import")
    await visitor.press("Import")
    await expect(page.get_by_role("alert")).to_contain_text("Choose a file first.")
    await page.get_by_label("File").set_input_files(file)
    await visitor.press("Import")
    await expect(page.get_by_text("2 pairs accepted, 2 rejected")).to_be_visible()
    await expect(page.locator("tr", has_text="not taken")).to_have_count(2)
    await page.get_by_role("link", name="The source").click()
    await page.wait_for_url("**/knowledge/sources/*")
    await expect(page.locator("tr", has_text="not taken")).to_have_count(2)
    await visitor.open("/knowledge?q=What+is+a+nectar+flow")
    await expect(page.get_by_text("A nectar flow is the time")).to_be_visible()
    await visitor.open("/knowledge?q=img+src+onerror+script+window+hurt")
    await expect(page.get_by_text("Nothing that runs").first).to_be_visible()
    await page.get_by_role("link", name="What is <img").first.click()
    await page.wait_for_url("**/knowledge/pairs/pair_*")
    await expect(page.get_by_role("heading", name="<script>")).to_be_visible()


async def test_jobs_are_ordered_watched_and_cancelled(visitor: Window, console: Console):
    page = visitor.page
    await visitor.open("/knowledge/jobs")
    await visitor.press("Refine")
    await visitor.press("Order it", within=".q-dialog")
    row = page.locator(".fr-item", has_text="Refine").first
    await expect(row).to_contain_text("finished")
    await visitor.press("Evaluate the live index")
    await visitor.press("Order it", within=".q-dialog")
    evaluation = page.locator(".fr-item", has_text="Evaluate").first
    await evaluation.get_by_role("button", name="Cancel the job").click()
    await visitor.press("Cancel the job", within=".q-dialog")
    await expect(evaluation).to_contain_text("cancelled")
    jobs = (await console.client.get("/v1/knowledge/jobs")).json()["items"]
    assert [(job["kind"], job["state"]) for job in jobs[:2]] == [
        ("evaluate", "cancelled"),
        ("refine", "finished"),
    ]


async def test_pipeline_versions_and_duplicates_say_how_it_stands(visitor: Window, console: Console):
    page = visitor.page
    stored = {
        each["name"]: each["stored"] for each in (await console.client.get("/v1/knowledge")).json()["items"]
    }
    await visitor.open("/knowledge/pipeline")
    for name, count in stored.items():
        card = page.locator(".fr-card", has=page.get_by_role("heading", name=name, exact=True))
        await expect(card).to_contain_text(f"{count:,} pairs stored")
    gaps = page.get_by_role("row")
    await gaps.first.wait_for()
    before = await gaps.count()
    await visitor.press("Show more")
    await expect(gaps).to_have_count(before + 25)
    await page.locator(".fr-card", has_text="davina").get_by_role("link", name="Only this one").click()
    await page.wait_for_url("**/knowledge/pipeline?collection=davina")
    await expect(page.get_by_role("cell", name="davina", exact=False).first).to_be_visible()
    await visitor.open("/knowledge/versions")
    card = page.locator(".fr-card", has_text="Version 1")
    await expect(card).to_contain_text("live")
    await expect(card).to_contain_text("384 dimensions")
    await visitor.open("/knowledge/duplicates?kind=variants")
    await expect(page.get_by_text("None were found").or_(page.locator(".fr-item").first)).to_be_visible()


async def test_what_is_remembered_is_found_corrected_pinned_and_forgotten(visitor: Window, console: Console):
    page = visitor.page
    await console.asked("I prefer short answers. What is the RSI indicator?")
    await _until_remembered(console, "short answers")
    await visitor.open("/memory")
    await page.get_by_role("link", name="Wants short answers.").click()
    await page.wait_for_url("**/memory/records/*")
    await expect(page.get_by_text("I prefer short answers. What is the RSI indicator?")).to_be_visible()
    await visitor.press("Pin")
    await expect(page.get_by_text("pinned", exact=True)).to_be_visible()
    await visitor.press("Correct")
    field = page.get_by_label("What is right")
    await field.fill("  ")
    await visitor.press("Save", within=".q-dialog")
    await expect(page.get_by_text("Say what is right.")).to_be_visible()
    await field.fill(f"Wants long answers {HOSTILE}.")
    old = page.url
    await visitor.press("Save", within=".q-dialog")
    await page.wait_for_url(lambda url: url != old)
    await expect(page.get_by_role("heading", name="Earlier and later versions")).to_be_visible()
    await expect(page.get_by_text("Wants long answers <img").first).to_be_visible()
    await visitor.open("/memory?q=long+answers")
    await page.get_by_role("link", name="Wants long answers").click()
    await visitor.press("Forget")
    await visitor.press("Forget it", within=".q-dialog")
    await page.wait_for_url("**/memory")
    assert "long answers" not in (await console.client.get("/v1/memory")).text
    await visitor.open("/memory?q=long+answers")
    await expect(page.get_by_text("Nothing like that is remembered")).to_be_visible()


async def test_recall_is_tried_with_reasons(visitor: Window, console: Console):
    page = visitor.page
    await console.asked("I am an experienced beekeeper from Graz. What is the MACD indicator?")
    question = "What do I know of being a beekeeper?"
    async with asyncio.timeout(60):
        while (
            "beekeeper from Graz"
            not in (await console.client.get("/v1/memory/recall", params={"q": question})).text
        ):
            await asyncio.sleep(0.2)
    await visitor.open("/memory/recall")
    await visitor.press("Recall")
    await expect(page.get_by_text("Write a message to try.")).to_be_visible()
    field = page.get_by_label("Message")
    await field.fill(question)
    await field.press("Enter")
    await page.wait_for_url("**/memory/recall?q=*")
    await expect(page.locator(".fr-item", has_text="beekeeper").first).to_contain_text("Because:")
    await visitor.open("/memory/recall?q=bees&thread=thr_none")
    await expect(page.get_by_role("alert")).to_contain_text("No such thread")


async def test_a_project_is_made_shared_and_deleted(visitor: Window, console: Console):
    page = visitor.page
    await visitor.open("/memory/projects")
    await visitor.press("New project")
    await visitor.press("Save", within=".q-dialog")
    await expect(page.get_by_text("A project has a name.")).to_be_visible()
    await page.get_by_label("Name").fill(f"Shop {HOSTILE}")
    await visitor.press("Save", within=".q-dialog")
    await page.wait_for_url("**/memory/projects/prj_*")
    await expect(page.get_by_role("heading", name="Shop <img")).to_be_visible()
    await page.get_by_label("User to let see it").fill("no such name!")
    await visitor.press("Add")
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_label("User to let see it").fill("ben")
    await visitor.press("Add")
    await page.get_by_role("button", name="Remove ben").click()
    await expect(page.get_by_role("button", name="Remove ben")).to_have_count(0)
    await visitor.press("Delete")
    await visitor.press("Delete the project", within=".q-dialog")
    await page.wait_for_url("**/memory/projects")
    assert (await console.client.get("/v1/projects")).json()["items"] == []


async def test_runs_wait_first_are_filtered_inspected_and_cancelled(visitor: Window, console: Console):
    page = visitor.page
    waits = await console.asked(NPV)
    hostile = await console.asked(f"{AB} {HOSTILE}")
    await visitor.open("/runs")
    first = page.locator(".fr-item").first
    await expect(first).to_contain_text("waits for a person")
    await expect(first).to_contain_text("davina wants to call npv_irr")
    await visitor.open(f"/runs?thread={hostile['thread_id']}")
    await expect(page.locator(".fr-item")).to_have_count(1)
    await page.locator(".fr-item").get_by_role("link", name="Conversions").click()
    await page.wait_for_url(f"**/runs/{hostile['id']}")
    tool = page.locator(".fr-node-tool")
    await expect(tool.first).to_be_visible()
    assert await page.locator(".fr-when > div").count() >= 2
    await tool.get_by_text("Output").first.click()
    await expect(tool.locator("details[open]").first).to_be_visible()
    await visitor.open(f"/runs/{waits['id']}")
    await visitor.press("Cancel the run")
    await visitor.press("Cancel the run", within=".q-dialog")
    await expect(page.get_by_text("cancelled", exact=True)).to_be_visible()
    assert (await console.client.get(f"/v1/runs/{waits['id']}")).json()["status"] == "cancelled"
    await visitor.open("/runs?status=waiting")
    await expect(page.get_by_text("No run is like that")).to_be_visible()
    await visitor.open("/runs/run_none")
    await expect(page.get_by_role("alert")).to_contain_text("There is no run 'run_none'.")


async def test_health_tells_of_every_dependency_and_nothing_secret(visitor: Window, console: Console):
    page = visitor.page
    await visitor.open("/health")
    await expect(page.get_by_role("heading", name="Ready", exact=True)).to_be_visible()
    for name in ("PostgreSQL", "Redis", "Chroma", "Knowledge", "Embeddings", "Storage", "Versions"):
        await expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    assert str(console.command.data) not in await page.content()


PATHS = [
    "/agents", "/agents/designed", "/agents/designed/bees", "/knowledge?q=What+is+the+RSI", "/knowledge/pipeline",
    "/knowledge/import", "/knowledge/jobs", "/knowledge/versions", "/knowledge/duplicates", "/memory",
    "/memory/recall?q=beekeeper", "/memory/projects", "/memory/privacy", "/runs", "/health", "/health/keys",
]  # fmt: skip


@pytest.mark.parametrize(
    "look",
    [
        pytest.param({}, id="light"),
        pytest.param({"color_scheme": "dark", "viewport": NARROW}, id="dark-narrow"),
    ],
)
async def test_pages_are_accessible_and_fit(browser: Browser, look: dict[str, Any], console: Console):
    run = (await console.client.get("/v1/runs", params={"status": "finished"})).json()["items"][0]["id"]
    async with window(browser, console.url, **look) as visitor:
        for path in (*PATHS, f"/runs/{run}"):
            await visitor.open(path)
            await visitor.fits()
            await visitor.is_accessible()


async def test_pages_ask_nothing_any_more_once_they_are_closed(browser: Browser, console: Console):
    socket = str(console.command.data / "run" / REDIS_SOCKET)
    async with Redis(unix_socket_path=socket, decode_responses=True) as redis:

        async def asks() -> bool:
            """Whether anything was asked within longer than any page waits between its questions."""
            before = await redis.hgetall(USED)
            await asyncio.sleep(6)
            now = await redis.hgetall(USED)  # by part of the limit's window; older parts are forgotten
            return any(int(count) > int(before.get(part, 0)) for part, count in now.items())

        async with window(browser, console.url) as visitor, asyncio.timeout(60):
            for path in ("/knowledge/jobs", "/health", "/runs"):
                await visitor.open(path)
            while not await asks():
                pass
        async with asyncio.timeout(60):
            while await asks():
                pass


async def test_everything_is_taken_away_the_trail_verified_and_all_erased(visitor: Window, console: Console):
    page = visitor.page
    await visitor.open("/memory/privacy")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download everything").click()
    path = await (await download.value).path()
    document = json.loads(await asyncio.to_thread(path.read_text))
    assert document["user"] == "local"
    await visitor.press("Verify the trail")
    await expect(page.get_by_text("intact", exact=True)).to_be_visible()
    await visitor.press("Erase everything")
    await page.get_by_label("Name").fill("local")
    await visitor.press("Erase everything", within=".q-dialog")
    await expect(page.get_by_text("Type local/local exactly.")).to_be_visible()
    await page.get_by_label("Name").fill("local/local")
    await visitor.press("Erase everything", within=".q-dialog")
    await expect(page.get_by_text("searched again, nothing left")).to_be_visible()
    assert (await console.client.get("/v1/threads")).json()["items"] == []


async def _until_remembered(console: Console, words: str) -> None:
    async with asyncio.timeout(60):
        while words not in (await console.client.get("/v1/memory")).text:
            await asyncio.sleep(0.2)
