"""Runs that take their time: cancelled, waited for, cut off by outages, and ended by a stop."""

import asyncio
import hashlib
import json
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from app.embedded import EmbeddedServers
from tests.e2e.model import KEY as MODEL_KEY
from tests.e2e.model import SlowModel
from tests.e2e.running import Command, running, until_ready
from tests.e2e.seeding import fresh_data
from tests.e2e.test_bad_days import assert_lives, assert_problem
from tests.e2e.test_streams import events

pytestmark = pytest.mark.e2e
API_KEY = "frk_key_of_the_long_runs"
PASSWORD = "password-of-the-database"  # noqa: S105  # looked for in the logs
SLOWLY = {"message": "Hello! Please greet me slowly."}
BOUND_S = 60


@dataclass
class Stage:
    """A service whose orchestrator's model writes when it is let, with servers that are not its own children."""

    command: Command
    client: httpx.AsyncClient
    model: SlowModel
    servers: Path
    stack: AsyncExitStack

    async def restart_servers(self) -> None:
        """Start those that were killed."""
        await self.stack.enter_async_context(EmbeddedServers(self.servers, postgres_url=None, redis_url=None))

    async def begin(self, **more: Any) -> "asyncio.Task[httpx.Response]":
        """A turn that the model has begun to answer."""
        self.model.may_end.clear()
        asked = asyncio.create_task(self.client.post("/v1/chat", json={**SLOWLY, **more}))
        await self.model.begun()
        return asked


@pytest.fixture(scope="module")
async def stage() -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(fresh_data("freya-long-"))
        model = await stack.enter_async_context(SlowModel.serving())
        stores = await stack.enter_async_context(EmbeddedServers(data, postgres_url=None, redis_url=None))
        endpoint = {"url": model.url, "model": "slow", "api_key": MODEL_KEY}
        variables = {
            "FREYA_POSTGRES_URL": stores.postgres_url.replace("freya@", f"freya:{PASSWORD}@"),
            "FREYA_REDIS_URL": stores.redis_url,
            "FREYA_HTTP__KEY_HASHES": json.dumps([hashlib.sha256(API_KEY.encode()).hexdigest()]),
            "FREYA_HTTP__HEARTBEAT_S": "1",
            "FREYA_MODELS__ENDPOINTS": json.dumps({"slow": endpoint}),
            "FREYA_MODELS__ROLES": json.dumps({"agentic": ["slow"]}),
        }
        command = await stack.enter_async_context(running(data, **variables))
        client = httpx.AsyncClient(
            base_url=command.url, timeout=30, headers={"authorization": f"Bearer {API_KEY}"}
        )
        await stack.enter_async_context(client)
        yield Stage(command, client, model, data, stack)


async def test_with_keys_only_their_holders_are_heard(stage: Stage):
    async with httpx.AsyncClient(base_url=stage.command.url) as stranger:
        refused = await stranger.post("/v1/chat", json={"message": "hello"})
        assert_problem(refused, 401, "unauthorized")
        wrong = await stranger.get("/v1/threads", headers={"authorization": "Bearer wrong"})
        assert_problem(wrong, 401, "unauthorized")
        assert (await stranger.get("/healthz")).status_code == 200
    await assert_lives(stage.client)


async def test_long_run_is_cancelled_over_http_and_its_thread_goes_on(stage: Stage):
    thread = (await stage.client.post("/v1/threads", json={})).json()["id"]
    asked = await stage.begin(thread_id=thread)
    (run,) = (await stage.client.get(f"/v1/threads/{thread}/runs")).json()["items"]
    assert_problem(
        await stage.client.post("/v1/chat", json={**SLOWLY, "thread_id": thread}), 409, "thread_busy"
    )
    cancelled = (await stage.client.post(f"/v1/runs/{run['id']}/cancel")).json()
    assert cancelled["status"] == "cancelled"
    assert_problem(await asked, 409, "cancelled")
    again = await stage.client.post("/v1/chat", json={"message": "Hello!", "thread_id": thread})
    assert again.json()["outcome"] == "answered"


async def test_queued_message_waits_and_a_cancelling_one_takes_over(stage: Stage):
    thread = (await stage.client.post("/v1/threads", json={})).json()["id"]
    first = await stage.begin(thread_id=thread)
    body = {"message": "Hello!", "thread_id": thread}
    queued = asyncio.create_task(stage.client.post("/v1/chat", json={**body, "on_busy": "queue"}))
    assert not first.done()
    stage.model.may_end.set()
    assert (await first).json()["answer"] == "One word."
    assert (await queued).json()["outcome"] == "answered"
    second = await stage.begin(thread_id=thread)
    assert (await stage.client.post("/v1/chat", json={**body, "on_busy": "replace"})).status_code == 200
    assert_problem(await second, 409, "cancelled")


async def test_reader_of_a_long_run_hears_heartbeats_and_may_come_back(stage: Stage):
    stage.model.may_end.clear()
    async with stage.client.stream("POST", "/v1/chat/stream", json=SLOWLY) as response:
        seen = []
        async for event in events(response):
            seen.append(event)
            if event["type"] == "heartbeat":
                break
    await stage.model.begun()
    numbered = [event for event in seen if event["seq"]]
    assert numbered[-1]["text"] == "One"
    stage.model.may_end.set()
    url = f"/v1/runs/{seen[0]['run_id']}/events"
    async with stage.client.stream(
        "GET", url, headers={"last-event-id": str(numbered[-1]["seq"])}
    ) as response:
        rest = [event async for event in events(response) if event["seq"]]
    assert rest[0]["seq"] == numbered[-1]["seq"] + 1
    assert rest[-1]["result"]["answer"] == "One word."


async def test_database_killed_under_a_run_fails_it_in_time_and_frees_its_thread(stage: Stage):
    thread = (await stage.client.post("/v1/threads", json={})).json()["id"]
    asked = await stage.begin(thread_id=thread)
    await kill(pid_in(stage.servers / "postgres" / "postmaster.pid"))
    stage.model.may_end.set()
    async with asyncio.timeout(BOUND_S):
        assert_problem(await asked, 503, "memory_unavailable")
    async with asyncio.timeout(BOUND_S):
        refused = await stage.client.post("/v1/chat", json={"message": "Hello!"})
    assert_problem(refused, 503, "memory_unavailable")
    report = await stage.client.get("/readyz")
    assert "postgres" in [one["name"] for one in report.json()["dependencies"] if not one["ok"]]
    assert (await stage.client.get("/healthz")).status_code == 200
    await stage.restart_servers()
    await until_ready(stage.client, ready=True)
    await assert_lives(stage.client)
    body = {"message": "Hello!", "thread_id": thread, "on_busy": "queue"}
    assert (await stage.client.post("/v1/chat", json=body)).status_code == 200


async def test_redis_killed_under_a_run_is_survived_by_the_service_and_its_readers(stage: Stage):
    stage.model.may_end.clear()
    pid = pid_in(stage.servers / "redis" / "redis.pid")
    async with stage.client.stream("POST", "/v1/chat/stream", json=SLOWLY) as response:
        following = events(response)
        started = await anext(following)
        await stage.model.begun()
        await kill(pid)
        async with asyncio.timeout(BOUND_S):
            rest = [event async for event in following]
    assert "run.finished" not in [event["type"] for event in rest]
    refused = await stage.client.post("/v1/chat", json={"message": "Hello!"})
    assert_problem(refused, 503, "events_unavailable")
    await until_ready(stage.client, ready=False)
    assert (await stage.client.get("/healthz")).status_code == 200
    await stage.restart_servers()
    await until_ready(stage.client, ready=True)
    await assert_lives(stage.client)
    stage.model.may_end.set()
    url = f"/v1/runs/{started['run_id']}/events"
    async with asyncio.timeout(BOUND_S), stage.client.stream("GET", url) as response:
        told = [event["type"] async for event in events(response)]
    assert told[-1] in {"run.failed", "run.finished"}


async def test_stop_with_an_open_stream_ends_it_and_leaves_the_run_to_be_gone_on_with(stage: Stage):
    stage.model.may_end.clear()
    async with stage.client.stream("POST", "/v1/chat/stream", json=SLOWLY) as response:
        following = events(response)
        await anext(following)
        await stage.model.begun()
        began = time.monotonic()
        stage.command.process.send_signal(signal.SIGTERM)
        told = [event async for event in following]
    assert not {"run.failed", "run.finished"} & {event["type"] for event in told}
    async with asyncio.timeout(60):
        assert await stage.command.process.wait() == 0
    assert time.monotonic() - began < BOUND_S


async def test_log_of_all_that_holds_no_secret_and_names_its_runs(stage: Stage):
    text = "".join(stage.command.log)
    for secret in (API_KEY, MODEL_KEY, PASSWORD):
        assert secret not in text
    failed = [
        json.loads(line) for line in stage.command.log if line.startswith("{") and "the run failed" in line
    ]
    assert {line["code"] for line in failed} >= {"memory_unavailable", "events_unavailable"}
    assert all(line["run_id"].startswith("run_") for line in failed)


def pid_in(file: Path) -> int:
    return int(file.read_text().split()[0])


async def kill(pid: int) -> None:
    """Kill a server of ours, as a crash would, and wait until it and what it forked are gone."""
    server = psutil.Process(pid)
    family = [server, *server.children(recursive=True)]
    server.kill()
    async with asyncio.timeout(60):
        while any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family):
            await asyncio.sleep(0.05)
