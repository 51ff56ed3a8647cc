"""Versions by another embedding model in real processes: a build that is killed, and a start without the model."""

import asyncio
import json
import shutil
from pathlib import Path

import httpx
import pytest

from tests.app.cli_data import data, seed, surroundings
from tests.app.test_knowledge_jobs_killed import Rows, done, freya, in_process, many, rows, stocked, taught
from tests.e2e.running import running
from tests.fakes.tiny_sentence_transformer import save_tiny_model

__all__ = ["data", "many", "rows", "seed", "stocked", "surroundings", "taught"]

pytestmark = [pytest.mark.slow, pytest.mark.e2e]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return save_tiny_model(tmp_path)


@pytest.fixture
def activated(stocked: Path, tiny: Path) -> Path:
    """A data folder whose live version is by the tiny model."""
    in_process(stocked, "index", "build", "--model", tiny)
    in_process(stocked, "index", "activate", "2", "--yes")
    return stocked


async def test_killed_build_by_another_model_is_gone_on_with(stocked: Path, rows: Rows, tiny: Path):
    killed = await freya(stocked, "index", "build", "--model", str(tiny))
    await rows.until("SELECT EXISTS (SELECT FROM knowledge_versions WHERE state = 'building')")
    killed.kill()
    await killed.communicate()
    assert await rows.one("SELECT state FROM knowledge_versions WHERE number = 2") == "building"
    again = json.loads(await done(stocked, "index", "build", "--model", str(tiny), "--json"))
    assert (again["result"]["number"], again["result"]["pairs"]) == (2, 1000)
    assert await rows.one("SELECT max(number) FROM knowledge_versions") == 2


async def test_service_that_starts_without_the_model_of_the_live_version_searches_the_one_before(
    activated: Path, rows: Rows, tiny: Path
):
    await asyncio.to_thread(shutil.rmtree, tiny)
    async with running(activated) as service, httpx.AsyncClient(base_url=service.url, timeout=60) as client:
        ready = await client.get("/readyz")
        told = next(one for one in ready.json()["dependencies"] if one["name"] == "knowledge")
        found = await client.get("/v1/knowledge/search", params={"q": "What is rule 7?"})
    assert ready.status_code == 200
    assert (told["ok"], told["detail"]) == (True, "version 1")
    assert told["warning"].startswith("version 2 is live and cannot be opened")
    assert found.json()["items"][0]["question"] == "What is rule 7?"
    assert await rows.one("SELECT number FROM knowledge_versions WHERE state = 'live'") == 2
    log = "".join(service.log)
    assert "knowledge.version_stands_in" in log
    assert f"there is no folder {tiny}" in log
