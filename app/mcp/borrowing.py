"""Tools of MCP servers that others run, lent to specialists as long as their server answers."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Final, Self  # Any: arguments as the server's schema has them

import anyio
import httpx2
import mcp_types as types
import structlog
from langchain_core.tools import BaseTool, StructuredTool
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from pydantic import JsonValue, TypeAdapter, ValidationError

from agents import ToolOutput, ToolRefused
from app.health import Dependency
from app.mcp.settings import McpServerSettings, McpSettings
from app.settings import SettingsInvalid
from app.tasks import end

_log = structlog.get_logger(__name__)
_LOOKED_AT_S: Final = 15.0
_SOONEST_S: Final = 1.0
_LATEST_S: Final = 60.0
_LONGEST: Final = 16_000
"""Characters of a result that a specialist reads."""
_LONGEST_NAME: Final = 64
_FAILURES: Final = (MCPError, OSError, TimeoutError, ValueError, ValidationError, httpx2.HTTPError, anyio.ClosedResourceError,
                    anyio.BrokenResourceError)  # fmt: skip
_DATA: Final[TypeAdapter[dict[str, JsonValue]]] = TypeAdapter(dict[str, JsonValue])
Lend = Callable[[Mapping[str, Sequence[BaseTool]]], None]
"""Takes the borrowed tools of each specialist, all of them at once."""
Observe = Callable[[str, str, str, float], None]
"""Hears of each call: server, tool, `answered`, `refused` (by the server), `away`, `late` or `failed`, and seconds."""


class Borrowing:
    """Keeps in touch with the servers; an async context manager. Nothing waits for a server that does not answer."""

    def __init__(
        self,
        settings: McpSettings,
        lend: Lend,
        *,
        known: Collection[str],
        observe: Observe = lambda _server, _tool, _outcome, _seconds: None,
    ) -> None:
        """`known` are the specialists there are. Raises SettingsInvalid for tools that are for another."""
        for name, each in settings.servers.items():
            unknown = [agent for agent in each.agents if agent not in known]
            if unknown:
                raise SettingsInvalid(
                    f"FREYA_MCP__SERVERS: {name} is for {', '.join(unknown)}, and there are {', '.join(known)}"
                )
        self._servers = [
            _Server(name, each, self._changed, observe) for name, each in settings.servers.items()
        ]
        self._lend = lend
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def checks(self) -> dict[str, Callable[[], Awaitable[Dependency]]]:
        """How each server stands. One that is away is a warning: the service works without it."""
        return {f"MCP server {server.name}": server.standing for server in self._servers}

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(server.keep(), name=f"mcp server {server.name}") for server in self._servers
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        await end(self._tasks)

    def _changed(self) -> None:
        lent: dict[str, list[BaseTool]] = {}
        for server in self._servers:
            for agent in server.settings.agents:
                lent.setdefault(agent, []).extend(server.tools)
        self._lend(lent)


class _Server:
    """One server, connected to again and again."""

    def __init__(
        self, name: str, settings: McpServerSettings, changed: Callable[[], None], observe: Observe
    ) -> None:
        self.name = name
        self.settings = settings
        self._observe = observe
        self._trouble = "it has not answered yet"
        """Why it is away, when it is."""
        self.tools: list[BaseTool] = []
        """Those that were found last; they stay while the server is away, and say so when they are called."""
        self._changed = changed
        self._client: Client | None = None
        self._lost = asyncio.Event()

    async def standing(self) -> Dependency:
        """Whether it answers, as the last look told."""
        name = f"MCP server {self.name}"
        if self._client is not None:
            return Dependency(name=name, ok=True, detail=f"answers, {len(self.tools)} tools")
        return Dependency(
            name=name, ok=True, detail="does not answer", warning=f"does not answer ({self._trouble})"
        )

    async def keep(self) -> None:
        """Connect, offer its tools, and connect again when it is lost, after a second at first and a minute at last."""
        wait_s = _SOONEST_S
        while True:
            try:
                await self._hold()
                wait_s = _SOONEST_S
            except* _FAILURES as errors:
                error = _first(errors)
                self._trouble = _said(error)
                _log.warning("an MCP server does not answer", server=self.name, error=_said(error))
            self._client = None
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _LATEST_S)

    async def _hold(self) -> None:
        """Stay connected until the server is lost."""
        self._lost.clear()
        async with (
            httpx2.AsyncClient(
                headers={name: value.get_secret_value() for name, value in self.settings.headers.items()},
                timeout=httpx2.Timeout(self.settings.timeout_s),
            ) as http,
            Client(self._way(http), read_timeout_seconds=self.settings.timeout_s) as client,
        ):
            self._client = client
            await self._offer(client)
            while not self._lost.is_set():
                try:
                    await asyncio.wait_for(self._lost.wait(), _LOOKED_AT_S)
                except TimeoutError:
                    await self._offer(client)

    def _way(self, http: httpx2.AsyncClient) -> Any:  # what Client takes: parameters or a transport
        if self.settings.url is not None:
            return streamable_http_client(self.settings.url, http_client=http)
        command, *arguments = self.settings.command or []
        environment = {name: value.get_secret_value() for name, value in self.settings.environment.items()}
        return StdioServerParameters(command=command, args=arguments, env=environment)

    async def _offer(self, client: Client) -> None:
        """Take up its tools, where they are others than before."""
        found = (await client.list_tools(cache_mode="bypass")).tools
        wanted = [tool for tool in found if tool.name in self.settings.tools]
        missing = [name for name in self.settings.tools if name not in {tool.name for tool in found}]
        made = [self._tool(tool) for tool in wanted]
        if [_mark(tool) for tool in made] != [_mark(tool) for tool in self.tools]:
            self.tools = made
            self._changed()
            _log.info(
                "tools of an MCP server",
                server=self.name,
                tools=[tool.name for tool in made],
                missing=missing,
            )

    def _tool(self, tool: types.Tool) -> BaseTool:
        destructive = bool(tool.annotations and tool.annotations.destructive_hint)
        writes = destructive or tool.name in self.settings.writes

        async def call(**values: object) -> tuple[str, ToolOutput]:
            output = await self._call(tool.name, values)
            return output.text, output

        return StructuredTool(
            name=_name(f"{self.name}_{tool.name}"),
            description=tool.description or tool.title or tool.name,
            args_schema={"type": "object", "properties": {}, **tool.input_schema},
            coroutine=call,
            func=None,
            response_format="content_and_artifact",
            handle_tool_error=True,
            metadata={
                "examples": [],
                "writes": writes,
                "approval": f"It changes something at the MCP server {self.name}." if writes else "",
                "borrowed": self.name,
            },
        )

    async def _call(self, tool: str, values: Mapping[str, object]) -> ToolOutput:
        """What the server answers, as data. Raises ToolRefused where it does not, or says that it failed."""
        began, outcome = time.perf_counter(), "failed"
        try:
            outcome, output = await self._asked(tool, values)
        finally:
            self._observe(self.name, tool, outcome, time.perf_counter() - began)
        if isinstance(output, str):
            raise ToolRefused(output)
        return output

    async def _asked(self, tool: str, values: Mapping[str, object]) -> tuple[str, ToolOutput | str]:
        """What became of the call, and what it gave, or why it gave nothing."""
        client = self._client
        if client is None:
            return "away", f"the MCP server {self.name} does not answer now; go on without it and say so"
        try:
            async with asyncio.timeout(self.settings.timeout_s):
                result = await client.call_tool(tool, dict(values))
        except TimeoutError:
            seconds = f"{self.settings.timeout_s:g} s"
            said = f"the MCP server {self.name} did not answer within {seconds}; go on without it and say so"
            return "late", said
        except _FAILURES as error:
            self._lost.set()
            _log.warning(
                "an MCP server did not carry out a call", server=self.name, tool=tool, error=_said(error)
            )
            said = f"the MCP server {self.name} did not carry out the call ({_said(error)}); go on without it and say so"
            return "failed", said
        text = _text(result)
        if result.is_error:
            return "refused", f"the MCP server {self.name} says: {text or 'it failed'}"
        try:
            data = _DATA.validate_python(result.structured_content or {})
        except ValidationError:
            data = {}
        told = f"From the MCP server {self.name}:\n{text or 'nothing'}"
        return "answered", ToolOutput(text=told, data=data)


def _text(result: types.CallToolResult) -> str:
    texts: list[str] = []
    for item in result.content:
        match item:
            case types.TextContent(text=text):
                texts.append(text)
            case types.EmbeddedResource(resource=types.TextResourceContents(text=text)):
                texts.append(text)
    whole = "\n".join(texts).strip()
    return whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}\n(the rest was left out)"


def _mark(tool: BaseTool) -> tuple[str, str, str, str]:
    return tool.name, tool.description, str(tool.args_schema), str(tool.metadata)


def _name(name: str) -> str:
    """The name as every model takes it."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:_LONGEST_NAME]


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _said(error: BaseException) -> str:
    return (str(error) or type(error).__name__).split("\n", 1)[0][:200]
