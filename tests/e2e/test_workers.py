"""Doors and workers as processes of their own: what one takes in another carries out, and a killed one is no loss."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.embedded import EmbeddedServers
from tests.e2e.running import running
from tests.e2e.seeding import fresh_data

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
_QUESTION = (
    "Size the market for a salon booking app: 200,000 salons paying 600 a year, serviceable 25 %, obtainable 4 %, "
    "then break-even for it with fixed costs of 90,000 and variable cost of 150"
)
_LAST = ("run.finished", "run.failed", "run.cancelled")


@pytest.fixture
async def folders() -> AsyncIterator[tuple[Path, Path]]:
    async with fresh_data("freya-door-") as door, fresh_data("freya-worker-") as worker:
        yield door, worker


async def _events(client: httpx.AsyncClient, run_id: str, seen: list[dict[str, Any]]) -> None:
    after = seen[-1]["seq"] if seen else 0
    async with client.stream("GET", f"/v1/runs/{run_id}/events?after={after}", timeout=120) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                event = json.loads(line.removeprefix("data: "))
                if event["seq"]:
                    seen.append(event)
                if event["type"] in _LAST:
                    return


async def test_a_killed_worker_goes_on_with_what_the_door_took_in(folders: tuple[Path, Path]) -> None:
    at_door, at_worker = folders
    async with EmbeddedServers(at_door, postgres_url=None, redis_url=None) as servers:
        shared = {
            "FREYA_RUNS__EXECUTOR": "celery",
            "FREYA_POSTGRES_URL": servers.postgres_url,
            "FREYA_REDIS_URL": servers.redis_url,
        }
        async with (
            running(at_door, 240, ("serve",), **shared) as door,
            httpx.AsyncClient(base_url=door.url, timeout=120) as client,
        ):
            report = (await client.get("/readyz")).json()
            workers = next(one for one in report["dependencies"] if one["name"] == "workers")
            assert not workers["ok"]
            assert "freya worker" in workers["detail"]
            async with running(at_worker, 240, ("worker",), **shared) as worker:
                async with httpx.AsyncClient(base_url=worker.url) as health:
                    assert (await health.get("/readyz")).is_success
                    assert (await health.get("/v1/agents")).status_code == 404
                assert (await client.get("/readyz")).is_success
                whole = (await client.post("/v1/chat", json={"message": _QUESTION})).json()
                assert whole["outcome"] == "answered"
                async with client.stream("POST", "/v1/chat/stream", json={"message": _QUESTION}) as stream:
                    first = await anext(_data(stream))
                run_id, seen = first["run_id"], [first]
                worker.process.kill()
                await worker.process.wait()
            following = asyncio.create_task(_events(client, run_id, seen))
            async with running(at_worker, 240, ("worker",), **shared):
                async with asyncio.timeout(120):
                    await following
            assert [event["seq"] for event in seen] == list(range(1, len(seen) + 1))
            assert seen[-1]["type"] == "run.finished"
            run = (await client.get(f"/v1/runs/{run_id}")).json()
            assert run["result"]["answer"] == whole["answer"]
            assert len(run["result"]["tool_calls"]) == len(whole["tool_calls"])


async def _data(stream: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in stream.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))
