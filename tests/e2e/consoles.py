"""A service whose console is tested, with two models that write when a test lets them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.e2e.model import SlowModel
from tests.e2e.running import Command, running
from tests.e2e.seeding import fresh_data
from tests.fakes.openai_endpoint import OpenAIEndpoint, Step, openai_endpoint

AB = "Conversions 120 of 2400 against 156 of 2380, is B better?"
NPV = "NPV of -1000, 400, 400, 400 at 8 %"
"""Needs a person."""


@dataclass
class Console:
    """The service, a client of it, and its two models: a slow one, and one that refuses what it has no script for."""

    command: Command
    client: httpx.AsyncClient
    slow: SlowModel
    scripted: OpenAIEndpoint

    @property
    def url(self) -> str:
        """Where the console is."""
        return self.command.url

    async def asked(self, message: str, thread: str | None = None) -> dict[str, Any]:
        """A turn by another program: its run, ended or waiting for a person."""
        response = await self.client.post("/v1/chat", json={"message": message, "thread_id": thread})
        assert response.status_code in {200, 202}, response.text
        found = response.json()
        return await self.run(found.get("run_id", found.get("id")))

    async def run(self, run_id: str) -> dict[str, Any]:
        """A run as it stands."""
        found: dict[str, Any] = (await self.client.get(f"/v1/runs/{run_id}")).json()
        return found

    async def runs_of(self, thread: str) -> list[dict[str, Any]]:
        """The runs of a thread, newest first."""
        found: list[dict[str, Any]] = (await self.client.get(f"/v1/threads/{thread}/runs")).json()["items"]
        return found

    async def until(self, run: str, status: str) -> None:
        """Wait until a run stands so."""
        async with asyncio.timeout(60):
            while (await self.run(run))["status"] != status:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def consoled() -> AsyncIterator[Console]:
    """`freya serve` on a folder of its own; a tool of Davina's needs a person, and no test meets a limit."""
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
                FREYA_LIMITS__REQUESTS_A_MINUTE="100000",
            )
        )
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=command.url, timeout=120))
        yield Console(command, client, slow, scripted)
