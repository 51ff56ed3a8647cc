"""Turns as events: server-sent, and over the WebSocket."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import websockets

from tests.e2e.running import Command

pytestmark = pytest.mark.e2e


async def events(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in response.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


async def streamed(client: httpx.AsyncClient, message: str) -> list[dict[str, Any]]:
    async with client.stream("POST", "/v1/chat/stream", json={"message": message}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        return [event async for event in events(response)]


async def test_a_streamed_turn_tells_its_story_in_order_without_gaps(client):
    told = await streamed(client, "NPV of -1000, 400, 400, 400 at 8 %")
    kinds = [event["type"] for event in told]
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    story = [
        "run.started",
        "route",
        "agent.started",
        "tool.started",
        "tool.finished",
        "token",
        "agent.finished",
    ]
    positions = [kinds.index(kind) for kind in story]
    assert positions == sorted(positions)
    assert kinds[-1] == "run.finished"
    assert len({event["run_id"] for event in told}) == 1
    written = "".join(event["text"] for event in told if event["type"] == "token")
    assert written == told[-1]["result"]["answer"]


async def test_a_resumed_stream_misses_nothing_and_repeats_nothing(client):
    told = await streamed(client, "What is the MACD indicator?")
    run_id, half = told[0]["run_id"], len(told) // 2
    headers = {"Last-Event-ID": str(half)}
    async with client.stream("GET", f"/v1/runs/{run_id}/events", headers=headers) as response:
        rest = [event async for event in events(response)]
    assert rest == told[half:]


async def test_a_client_that_leaves_in_the_middle_does_not_stop_the_run(client):
    async with client.stream(
        "POST", "/v1/chat/stream", json={"message": "What is the OBV indicator?"}
    ) as response:
        first = await anext(events(response))
    async with asyncio.timeout(60):
        while (run := (await client.get(f"/v1/runs/{first['run_id']}")).json())["status"] == "running":
            await asyncio.sleep(0.02)
    assert run["status"] == "finished"
    assert run["result"]["citations"]


async def test_one_socket_carries_several_turns_and_survives_nonsense(service: Command):
    url = service.url.replace("http", "ws") + "/v1/ws"
    async with websockets.connect(url) as socket:
        await socket.send("this is no JSON")
        assert json.loads(await socket.recv())["problem"]["code"] == "invalid_json"
        await socket.send(b"\xff\xfe")
        assert json.loads(await socket.recv())["problem"]["code"] == "bad_request"
        await socket.send(json.dumps({"type": "dance", "id": "x"}))
        refused = json.loads(await socket.recv())
        assert (refused["id"], refused["problem"]["code"]) == ("x", "invalid_request")
        await socket.send(json.dumps({"type": "ping", "id": "p"}))
        assert json.loads(await socket.recv()) == {"type": "pong", "id": "p"}
        thread = None
        for message in ("What is the CCI indicator?", "Where were we?"):
            frame = {"type": "message", "id": "m", "message": message} | (
                {"thread_id": thread} if thread else {}
            )
            await socket.send(json.dumps(frame))
            accepted = json.loads(await socket.recv())
            assert (accepted["type"], accepted["id"]) == ("accepted", "m")
            thread = accepted["thread_id"]
            told = [json.loads(await socket.recv())]
            while told[-1]["type"] != "run.finished":
                told.append(json.loads(await socket.recv()))
            assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
        await socket.send(
            json.dumps({"type": "subscribe", "run_id": told[0]["run_id"], "after": len(told) - 1})
        )
        assert json.loads(await socket.recv()) == told[-1]
        await socket.send(
            json.dumps(
                {
                    "type": "resume",
                    "id": "r",
                    "run_id": told[0]["run_id"],
                    "approval_id": "apr_0",
                    "decision": "approve",
                }
            )
        )
        assert json.loads(await socket.recv())["problem"]["code"] == "unknown_approval"
