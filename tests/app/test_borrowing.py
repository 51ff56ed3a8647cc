"""Tools of MCP servers that others run, over both transports, and what becomes of them when their server does not answer."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import ToolCall
from langchain_core.tools import BaseTool
from pydantic import SecretStr, ValidationError

from agents import NO_RESOURCES, Charter, discover, writes
from app.agents_service import LiveCharters
from app.health import Check, Health
from app.mcp.borrowing import Borrowing
from app.mcp.settings import McpServerSettings, McpSettings
from app.settings import SettingsInvalid
from graphs import FinishedCall, ToolBench
from models.chat import describe_tool

LIBRARY = Path(__file__).parents[1] / "fakes" / "mcp_library.py"
TOOLS = ["find_book", "discard_book", "wait_for_book"]


@dataclass
class Shelf:
    """What was lent, and when it changed."""

    lent: Mapping[str, Sequence[BaseTool]] = field(default_factory=dict)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    checks: Mapping[str, Check] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def lend(self, tools: Mapping[str, Sequence[BaseTool]]) -> None:
        self.lent = tools
        self.changed.set()

    def called(self, server: str, tool: str, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.calls.append((server, tool, outcome))

    async def until_lent(self) -> dict[str, BaseTool]:
        async with asyncio.timeout(30):
            await self.changed.wait()
        return {tool.name: tool for tool in self.lent["technical"]}


@asynccontextmanager
async def borrowed(**servers: dict[str, Any]) -> AsyncIterator[Shelf]:
    shelf = Shelf()
    settings = {
        name: McpServerSettings.model_validate({"agents": ["technical"], "tools": TOOLS, **given})
        for name, given in servers.items()
    }
    borrowing = Borrowing(
        McpSettings(servers=settings), shelf.lend, known=["technical"], observe=shelf.called
    )
    shelf.checks = borrowing.checks
    async with borrowing:
        yield shelf


@asynccontextmanager
async def library_over_http(port: int) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(LIBRARY), str(port), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(30):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    break
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def called(tool: BaseTool, **arguments: object) -> FinishedCall:
    call = ToolCall(name=tool.name, args=arguments, id="c", type="tool_call")
    return await ToolBench("technical", {tool.name: tool}).alone(call, NO_RESOURCES)


ON_STREAMS = {"command": [sys.executable, str(LIBRARY)]}


async def test_allowed_tools_of_a_server_on_its_streams_are_lent_and_others_are_not():
    async with borrowed(library=ON_STREAMS) as shelf:
        tools = await shelf.until_lent()
        assert set(tools) == {"library_find_book", "library_discard_book", "library_wait_for_book"}
        assert writes(tools["library_discard_book"])
        assert not writes(tools["library_find_book"])
        described = describe_tool(tools["library_find_book"])["function"]
        assert described["description"] == "Where a book stands in the library."
        assert described["parameters"]["required"] == ["title"]
        done = await called(tools["library_find_book"], title="Dune")
        assert done.message.status == "success"
        assert done.message.text.startswith("From the MCP server library:\nDune stands on shelf 42.")
        refused = await called(tools["library_find_book"], title="burnt")
    assert refused.message.status == "error"
    assert "that book was burnt" in refused.message.text
    assert shelf.calls == [("library", "find_book", "answered"), ("library", "find_book", "refused")]


async def test_tools_of_a_server_over_http_are_lent_and_say_when_it_is_gone(free_port: int):
    async with library_over_http(free_port) as url, borrowed(library={"url": url}) as shelf:
        tools = await shelf.until_lent()
        done = await called(tools["library_find_book"], title="Dune")
        assert "shelf 42" in done.message.text
    async with borrowed() as nothing:
        assert not nothing.lent
    gone = await called(tools["library_find_book"], title="Dune")
    assert gone.message.status == "error"
    assert "go on without it" in gone.message.text


async def test_server_that_comes_later_is_found(free_port: int):
    async with borrowed(library={"url": f"http://127.0.0.1:{free_port}/mcp"}) as shelf:
        assert not shelf.lent
        async with library_over_http(free_port):
            assert "library_find_book" in await shelf.until_lent()


async def test_call_that_takes_too_long_is_given_up():
    async with borrowed(library={**ON_STREAMS, "timeout_s": 10}) as shelf:
        tools = await shelf.until_lent()
        late = await called(tools["library_wait_for_book"], title="Dune")
    assert late.message.status == "error"
    assert "did not answer within 10 s" in late.message.text
    assert shelf.calls == [("library", "wait_for_book", "late")]


async def test_dead_server_keeps_no_other_from_being_lent():
    dead = {"command": ["/nonexistent/server"]}
    async with borrowed(dead=dead, library=ON_STREAMS) as shelf:
        assert "library_find_book" in await shelf.until_lent()
        report = await Health(shelf.checks).report()
    away, answers = report.dependencies
    assert report.ready
    assert (away.name, away.detail, away.ok) == ("MCP server dead", "does not answer", True)
    assert away.warning is not None
    assert away.warning.startswith("does not answer (")
    assert (answers.name, answers.detail, answers.warning) == ("MCP server library", "answers, 3 tools", None)


async def test_specialists_have_what_is_lent_beside_their_own():
    live = LiveCharters(await asyncio.to_thread(discover))
    own: Charter = live["technical"]
    async with borrowed(library=ON_STREAMS) as shelf:
        await shelf.until_lent()
    live.lend(shelf.lent)
    assert [tool.name for tool in live["technical"].tools] == [
        *(tool.name for tool in own.tools),
        *(tool.name for tool in shelf.lent["technical"]),
    ]
    live.lend({})
    assert live["technical"] is own


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"command": ["x"], "url": "http://x"},
        {"url": "ftp://x"},
        {"command": ["x"], "writes": ["another"]},
        {"command": ["x"], "tools": []},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(given: dict[str, Any]):
    with pytest.raises(ValidationError):
        McpServerSettings.model_validate({"agents": ["technical"], "tools": ["find_book"], **given})


def test_tools_for_nobody_are_refused():
    given = McpServerSettings(command=["x"], agents=["nobody"], tools=["find_book"])
    with pytest.raises(SettingsInvalid, match="library is for nobody, and there are technical"):
        Borrowing(McpSettings(servers={"library": given}), Shelf().lend, known=["technical"])


def test_headers_are_secret():
    settings = McpServerSettings.model_validate(
        {"url": "http://x", "headers": {"authorization": "Bearer k"}, "agents": ["a"], "tools": ["b"]}
    )
    assert settings.headers["authorization"] == SecretStr("Bearer k")
    assert "Bearer k" not in repr(settings)
