"""The MCP door over HTTP and on standard streams, spoken to by the official client."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import psutil
import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from app.embedded import running_instance
from tests.e2e.completing import Stage
from tests.e2e.conftest import NEEDS_A_PERSON
from tests.e2e.running import Command
from tests.e2e.seeding import fresh_data
from tests.fakes.openai_endpoint import Step

pytestmark = pytest.mark.e2e
NPV = "NPV of -1000, 400, 400, 400 at 8 %"
ROOT = Path(__file__).parents[2]
MODES = ["auto", "legacy"]
_KEEPING = """
import os, pathlib, subprocess, sys
kept, status, *words = sys.argv[1:]
if child := os.fork():
    os.waitpid(child, 0)
    os._exit(0)
os.setsid()  # it is to end as its input does, and not by a signal of the client, which waits two seconds
with open(kept, "wb") as file:
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    for line in process.stdout:
        file.write(line)
        try:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            pass
pathlib.Path(status).write_text(str(process.wait()))
"""
"""Runs a command, keeps what it writes to its output, and its exit status."""


@contextlib.asynccontextmanager
async def speaking(
    service: Command, mode: str = "auto", *, asked: Any = None, **headers: str
) -> AsyncIterator[Any]:
    """The official client; `asked` is its way of asking its user, where it has one."""
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(
            streamable_http_client(f"{service.url}/mcp", http_client=http),
            mode=mode,
            elicitation_callback=asked,
        ) as client,
    ):
        yield client


@contextlib.asynccontextmanager
async def speaking_on_streams(
    service: Command, mode: str = "auto", *, asked: Any = None
) -> AsyncIterator[Any]:
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "app", "mcp", "--url", service.url],
        env={"PYTHONPATH": str(ROOT)},
    )
    async with Client(command, mode=mode, elicitation_callback=asked) as client:
        yield client


async def tools_of(client: Any) -> dict[str, Any]:
    return {tool.name: tool for tool in (await client.list_tools()).tools}


async def test_specialists_and_their_tools_are_tools_with_their_schemas(
    service: Command, client: httpx.AsyncClient
):
    async with speaking(service) as mcp:
        tools = await tools_of(mcp)
    agents = (await client.get("/v1/agents")).json()["items"]
    assert {"ask", *(f"ask_{agent['name']}" for agent in agents)} <= tools.keys()
    assert {"search_knowledge", "recall_memory"} <= tools.keys()
    computing = {f"{agent['name']}_{tool['name']}" for agent in agents for tool in agent["tools"]}
    assert computing - tools.keys() == {f"sofia_{NEEDS_A_PERSON}"}
    for name, tool in tools.items():
        assert len(name) <= 64, name
        assert tool.description, name
        assert tool.input_schema["type"] == "object", name
        assert "x-" not in json.dumps(list(tool.input_schema.get("properties", {}))), name


@pytest.mark.parametrize("mode", MODES)
async def test_specialist_answers_and_tells_how_far_it_is(service: Command, mode: str):
    told: list[str] = []

    async def progressed(_progress: float, _total: float | None, message: str | None) -> None:
        told.append(message or "")

    async with speaking(service, mode) as client:
        await client.list_tools()
        result = await client.call_tool("ask_davina", {"message": NPV}, progress_callback=progressed)
        assert not result.is_error
        assert "30.84" in result.content[0].text
        answer = result.structured_content
        assert (answer["outcome"], answer["agents"]) == ("answered", ["davina"])
        again = await client.call_tool("ask", {"message": "And at 10 %?", "thread_id": answer["thread_id"]})
    assert again.structured_content["thread_id"] == answer["thread_id"]
    assert "davina began" in told
    assert any(line.startswith("davina calls ") for line in told)
    assert told[-1] == "davina: answered"


async def test_tool_computes_without_a_run(service: Command, client: httpx.AsyncClient):
    before = (await client.get("/v1/threads", params={"limit": 1})).json()["items"]
    async with speaking(service) as mcp:
        await mcp.list_tools()
        done = await mcp.call_tool(
            "davina_npv_irr", {"cash_flows": [-1000, 400, 400, 400], "rate_percent": 8}
        )
        wrong = await mcp.call_tool("davina_npv_irr", {"cash_flows": "many"})
        nothing = await mcp.call_tool("davina_no_such_tool", {})
    assert not done.is_error, done.content[0].text
    assert "30.84" in done.content[0].text
    assert done.structured_content
    assert wrong.is_error
    assert "arguments do not fit" in wrong.content[0].text
    assert nothing.is_error
    assert "no tool" in nothing.content[0].text
    assert (await client.get("/v1/threads", params={"limit": 1})).json()["items"] == before


async def test_knowledge_is_searched_and_read(service: Command):
    async with speaking(service) as client:
        found = await client.call_tool("search_knowledge", {"query": "What is the RSI indicator?"})
        pair = found.structured_content["items"][0]
        read = await client.read_resource(f"freya://knowledge/pairs/{pair['pair_id']}")
        content = json.loads(read.contents[0].text)
        assert content["question"] == pair["question"]
        searched = await client.read_resource("freya://knowledge/search/What%20is%20the%20RSI%20indicator%3F")
        assert json.loads(searched.contents[0].text)[0]["pair_id"] == pair["pair_id"]
        agents = json.loads((await client.read_resource("freya://agents")).contents[0].text)
        assert {"davina", "technical"} <= {agent["name"] for agent in agents}
        with pytest.raises(MCPError, match="no resource"):
            await client.read_resource("freya://nothing")
        with pytest.raises(MCPError, match="No such pair"):
            await client.read_resource("freya://knowledge/pairs/pair_none")
        templates = (await client.list_resource_templates()).resource_templates
    assert {"pair", "search", "record", "recall", "artifact"} == {template.name for template in templates}


async def test_prompts_are_examples_and_playbooks(service: Command, client: httpx.AsyncClient):
    agents = {agent["name"] for agent in (await client.get("/v1/agents")).json()["items"]}
    async with speaking(service) as mcp:
        prompts = {prompt.name: prompt for prompt in (await mcp.list_prompts()).prompts}
        assert agents <= prompts.keys()
        got = await mcp.get_prompt("technical", {"request": "What does an RSI of 75 say?"})
        assert "What does an RSI of 75 say?" in got.messages[0].content.text
        books = [prompt for name, prompt in prompts.items() if name not in agents]
        assert len(books) > 3
        for book in books:
            given = {argument.name: "something" for argument in book.arguments or ()}
            laid_out = await mcp.get_prompt(book.name, given)
            assert "It has these parts:" in laid_out.messages[0].content.text
        with pytest.raises(MCPError, match="no prompt"):
            await mcp.get_prompt("nobody")
        with pytest.raises(MCPError, match="needs the argument"):
            await mcp.get_prompt("technical")


async def test_each_user_sees_his_own(service: Command):
    async with speaking(service, **{"freya-user": "mcp-anna"}) as client:
        told = await client.call_tool("ask", {"message": "Hello!"})
        thread = told.structured_content["thread_id"]
    async with speaking(service, **{"freya-user": "mcp-ben"}) as client:
        other = await client.call_tool("ask", {"message": "Hello!", "thread_id": thread})
        assert other.is_error
        assert "No such thread" in other.content[0].text


async def test_session_is_of_its_user_alone(service: Command):
    async with httpx2.AsyncClient(base_url=service.url) as http:
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "t", "version": "1"},
            },
        }
        accept = {"accept": "application/json, text/event-stream"}
        begun = await http.post("/mcp", json=body, headers={**accept, "freya-user": "mcp-anna"})
        session = {**accept, "mcp-session-id": begun.headers["mcp-session-id"]}
        ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
        own = await http.post("/mcp", json=ping, headers={**session, "freya-user": "mcp-anna"})
        other = await http.post("/mcp", json=ping, headers={**session, "freya-user": "mcp-ben"})
    assert (own.status_code, other.status_code) == (200, 404)


async def test_program_on_the_standard_streams_gets_the_same(service: Command):
    told: list[str] = []

    async def progressed(_progress: float, _total: float | None, message: str | None) -> None:
        told.append(message or "")

    async with asyncio.timeout(90), speaking(service) as over_http, speaking_on_streams(service) as mcp:
        assert await tools_of(mcp) == await tools_of(over_http)
        result = await mcp.call_tool("ask_davina", {"message": NPV}, progress_callback=progressed)
        assert "30.84" in result.content[0].text
        assert told[-1] == "davina: answered"
        assert (await mcp.list_prompts()).prompts == (await over_http.list_prompts()).prompts
        agents = await mcp.read_resource("freya://agents")
        assert json.loads(agents.contents[0].text)
        with pytest.raises(MCPError, match="no resource"):
            await mcp.read_resource("freya://nothing")


@pytest.mark.parametrize("mode", MODES)
async def test_cancelled_call_stops_its_run_within_a_second(stage: Stage, mode: str):
    stage.plays(Step(hang=True))
    async with speaking(stage.command, mode) as mcp:
        asking = asyncio.create_task(
            mcp.call_tool("ask_technical", {"message": "What is the RSI indicator?"})
        )
        await stage.until_asked()
        asking.cancel()
        await asyncio.wait([asking])
        await stage.assert_cancelled_soon()


async def test_specialist_works_with_the_tool_of_another_server_beside_a_dead_one(stage: Stage):
    async with asyncio.timeout(30):
        while "library_find_book" not in (await stage.client.get("/v1/agents/technical")).text:
            await asyncio.sleep(0.1)
    asked = {"message": "Where does the book Dune stand?", "agents": ["technical"]}
    stage.plays(
        Step(calls=(("library_find_book", {"title": "Dune"}),)), Step(text="Dune stands on shelf 42.")
    )
    answer = (await stage.client.post("/v1/chat", json=asked)).json()
    [use] = answer["tool_calls"]
    assert (use["name"], use["failed"]) == ("library_find_book", False)
    assert use["result"].startswith("From the MCP server library:")
    assert "shelf 42" in answer["answer"]
    stage.plays(Step(calls=(("library_discard_book", {"title": "Dune"}),)), Step(text="It was not done."))
    refused = (await stage.client.post("/v1/chat", json=asked)).json()
    [use] = refused["tool_calls"]
    assert use["failed"]
    assert "does not ask for it" in use["result"]
    async with speaking(stage.command) as mcp:
        assert not [name for name in await tools_of(mcp) if "library" in name]


async def test_command_that_starts_a_service_itself_ends_it_with_its_client(tmp_path: Path):
    kept, status = tmp_path / "stdout", tmp_path / "status"
    async with fresh_data("freya-mcp-") as data:
        command = StdioServerParameters(
            command=sys.executable,
            args=["-c", _KEEPING, str(kept), str(status), sys.executable, "-m", "app", "mcp"],
            env={"PYTHONPATH": str(ROOT), "FREYA_DATA": str(data)},
        )
        async with asyncio.timeout(240):
            async with Client(command) as spoken_to:
                client: Any = spoken_to
                assert client.server_info.name == "freya"
                assert "davina_npv_irr" in await tools_of(client)
                done = await client.call_tool(
                    "davina_npv_irr", {"cash_flows": [-1000, 400, 400, 400], "rate_percent": 8}
                )
                assert "30.84" in done.content[0].text
                assert await running_instance(data) is not None
            while not await asyncio.to_thread(status.exists):
                await asyncio.sleep(0.1)
        assert await asyncio.to_thread(status.read_text) == "0"
        assert await running_instance(data) is None
        left = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
        assert [line for line in left if str(data) in " ".join(line)] == []
    lines = (await asyncio.to_thread(kept.read_text)).splitlines()
    assert len(lines) >= 3
    assert {json.loads(line)["jsonrpc"] for line in lines} == {"2.0"}, "something else went to its output"
