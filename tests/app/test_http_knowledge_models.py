"""A version of the index by another embedding model, from its build to its end, in the running service."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.wiring import Running
from tests.app.test_http import problem_of
from tests.app.test_http_knowledge import found, until_ended
from tests.fakes.tiny_sentence_transformer import DIMENSIONS, save_tiny_model

pytestmark = pytest.mark.slow
_QUESTION = "What is the RSI?"


@pytest.fixture(scope="module")
async def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return await asyncio.to_thread(save_tiny_model, tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
async def live(client: httpx.AsyncClient, running: Running) -> AsyncIterator[int]:
    """The version that is live before the tests, and after them, when the others and its evaluation are gone."""
    number = (await versions(client, "live"))[0]
    yield number
    if await versions(client, "live") != [number]:
        await client.post(f"/v1/knowledge/versions/{number}/activate")
    await carried_out(client, "prune", keep=1)
    await running.freya.known._store.write("UPDATE knowledge_versions SET evaluation = NULL", {})


@pytest.fixture(scope="module")
async def built(client: httpx.AsyncClient, tiny: Path, live: int) -> dict[str, Any]:
    """A version of all pairs by the tiny model, in long passages: to it most letters are tokens."""
    job = await carried_out(client, "index", model=str(tiny), note="tiny", passages={"tokens": 512})
    assert job["state"] == "finished", job["error"]
    assert await knowledge(client) == f"version {live}"
    result: dict[str, Any] = job["result"]
    return result


async def versions(client: httpx.AsyncClient, state: str) -> list[int]:
    listed = (await client.get("/v1/knowledge/versions")).json()["items"]
    return [one["number"] for one in listed if one["state"] == state]


async def carried_out(client: httpx.AsyncClient, kind: str, **arguments: Any) -> dict[str, Any]:
    ordered = await client.post("/v1/knowledge/jobs", json={"kind": kind, "arguments": arguments})
    assert ordered.status_code == 202, ordered.text
    return await until_ended(client, ordered.headers["location"])


async def embedded_with(client: httpx.AsyncClient, model: Path) -> float:
    """How many texts that model was asked for."""
    lines = (await client.get("/metrics")).text.splitlines()
    mine = [line for line in lines if line.startswith("freya_embedding_texts_total") and str(model) in line]
    return sum(float(line.rsplit(" ", 1)[1]) for line in mine)


async def knowledge(client: httpx.AsyncClient) -> str:
    dependencies = (await client.get("/readyz")).json()["dependencies"]
    return next(str(one["detail"]) for one in dependencies if one["name"] == "knowledge")


@pytest.mark.uncounted
async def test_another_model_is_built_beside_compared_activated_and_taken_back(
    client: httpx.AsyncClient, tiny: Path, live: int, built: dict[str, Any]
):
    assert (built["state"], built["recipe"]["model"]) == ("ready", str(tiny))
    assert (built["recipe"]["dimensions"], built["recipe"]["passages"]["tokens"]) == (DIMENSIONS, 512)

    asked = {"version": built["number"], "compare": live, "size": 30, "collections": ["technical"]}
    job = await carried_out(client, "evaluate", **asked)
    assert job["state"] == "finished", job["error"]
    compared = job["result"]["comparison"]["tasks"]["answers"]
    assert compared["shared"] == 30
    assert compared["methods"]["dense"]["mrr"]["high"] < 0

    route = f"/v1/knowledge/versions/{built['number']}/activate"
    below = problem_of(await client.post(route), 409, "version_unproven")["detail"]
    assert f"Version {built['number']} of the index is below version {live}, which is live: " in below
    refused = await carried_out(client, "activate", number=built["number"])
    assert (refused["state"], refused["error"]) == ("failed", below)

    before = await embedded_with(client, tiny)
    job = await carried_out(client, "activate", number=built["number"], anyway=True)
    assert job["result"]["objection"] in below
    assert await knowledge(client) == f"version {built['number']}, with {tiny}"
    after = await embedded_with(client, tiny)
    assert await found(client, "Which trend does the RSI confirm in a quiet market?")
    assert await embedded_with(client, tiny) > after >= before

    back = await client.post("/v1/knowledge/versions/rollback")
    assert back.json()["number"] == live
    assert await knowledge(client) == f"version {live}"
    after = await embedded_with(client, tiny)
    assert await found(client, "Which trend does the RSI confirm in a calm market?")
    assert await embedded_with(client, tiny) == after


@pytest.mark.uncounted
async def test_no_search_fails_while_the_model_changes(
    client: httpx.AsyncClient, live: int, built: dict[str, Any]
):
    number = built["number"]
    switched = asyncio.Event()

    async def search() -> int:
        times = 0
        while not switched.is_set():
            assert await found(client, _QUESTION)
            times += 1
        return times

    searching = asyncio.create_task(search())
    for _ in range(2):
        assert (await client.post(f"/v1/knowledge/versions/{number}/activate?anyway=true")).is_success
        assert (await client.post("/v1/knowledge/versions/rollback")).json()["number"] == live
    switched.set()
    assert await searching > 2


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("/no/such/folder", "there is no folder /no/such/folder"),
        ("{folder}", "neither modules.json nor config.json"),
        ("{broken}", "could not be loaded on cpu"),
    ],
)
async def test_model_that_cannot_be_used_is_told_and_no_version_made(
    client: httpx.AsyncClient, tmp_path: Path, model: str, said: str
):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{}", encoding="utf-8")
    before = (await client.get("/v1/knowledge/versions")).json()
    job = await carried_out(client, "index", model=model.format(folder=tmp_path, broken=broken))
    assert job["state"] == "failed"
    assert said in job["error"]
    assert "start the job again" not in job["error"]
    assert (await client.get("/v1/knowledge/versions")).json() == before
