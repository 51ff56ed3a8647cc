"""A real service whose specialists have a language model that a test scripts."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import openai

from tests.e2e.running import Command, running
from tests.e2e.seeding import fresh_data
from tests.fakes.openai_endpoint import OpenAIEndpoint, Step, openai_endpoint

LIBRARY = Path(__file__).parents[1] / "fakes" / "mcp_library.py"
_SERVERS = {
    "library": {
        "command": [sys.executable, str(LIBRARY)],
        "agents": ["technical"],
        "tools": ["find_book", "discard_book"],
    },
    "dead": {"url": "http://127.0.0.1:9/mcp", "agents": ["davina"], "tools": ["anything"]},
}


def door_of(url: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{url}/openai/v1", api_key="none", max_retries=0, timeout=60)


@dataclass
class Stage:
    """A service with a language model for its specialists, which a test scripts."""

    command: Command
    door: openai.AsyncOpenAI
    client: httpx.AsyncClient
    model: OpenAIEndpoint

    def plays(self, *steps: Step) -> None:
        """Let the model answer the next requests so."""
        self.model.steps[:] = steps
        self.model.requests.clear()

    async def newest_run(self) -> dict[str, Any]:
        """The run that was begun last."""
        thread = (await self.client.get("/v1/threads", params={"limit": 1})).json()["items"][0]["id"]
        run: dict[str, Any] = (await self.client.get(f"/v1/threads/{thread}/runs")).json()["items"][0]
        return run

    async def until_asked(self) -> None:
        """Wait until the model is asked."""
        async with asyncio.timeout(60):
            while not self.model.requests:
                await asyncio.sleep(0.02)

    async def assert_cancelled_soon(self) -> None:
        """The newest run is stopped long before the model would have ended."""
        began = time.monotonic()
        async with asyncio.timeout(60):
            while (await self.newest_run())["status"] == "running":
                await asyncio.sleep(0.02)
        assert time.monotonic() - began < 15
        assert (await self.newest_run())["status"] == "cancelled"


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Such a service, running."""
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(fresh_data("freya-completions-"))
        model = await stack.enter_async_context(openai_endpoint())
        variables = {
            "FREYA_MODELS__ENDPOINTS": json.dumps({"scripted": {"url": model.url, "model": "scripted"}}),
            "FREYA_MODELS__ROLES": json.dumps({"reasoning": ["scripted"]}),
            "FREYA_MCP__SERVERS": json.dumps(_SERVERS),
        }
        command = await stack.enter_async_context(running(data, **variables))
        client = httpx.AsyncClient(base_url=command.url, timeout=30)
        await stack.enter_async_context(client)
        door = await stack.enter_async_context(door_of(command.url))
        yield Stage(command, door, client, model)
