"""What stands behind an MCP server: its handlers, and the server that calls them."""

from typing import Any, Protocol  # Any: names and versions as Server takes them

import mcp_types as types
from mcp.server import Server
from mcp.server.context import ServerRequestContext

Context = ServerRequestContext[object]
Paged = types.PaginatedRequestParams | None


class Door(Protocol):
    """What each request of a client does. Raises MCPError for what the client is to be told."""

    async def list_tools(self, context: Context, params: Paged, /) -> types.ListToolsResult:
        """The tools."""

    async def call_tool(
        self, context: Context, params: types.CallToolRequestParams, /
    ) -> types.CallToolResult | types.InputRequiredResult:
        """Call one of them, or say what is asked of the user first."""

    async def list_resources(self, context: Context, params: Paged, /) -> types.ListResourcesResult:
        """What can be read."""

    async def list_templates(self, context: Context, params: Paged, /) -> types.ListResourceTemplatesResult:
        """What can be read by naming it."""

    async def read_resource(
        self, context: Context, params: types.ReadResourceRequestParams, /
    ) -> types.ReadResourceResult:
        """Read it."""

    async def list_prompts(self, context: Context, params: Paged, /) -> types.ListPromptsResult:
        """The prompts."""

    async def get_prompt(
        self, context: Context, params: types.GetPromptRequestParams, /
    ) -> types.GetPromptResult:
        """One of them, laid out."""


def server_of(door: Door, name: str, **described: Any) -> Server[object]:
    """The server; `described` are its version, title and instructions."""
    return Server(
        name,
        on_list_tools=door.list_tools,
        on_call_tool=door.call_tool,
        on_list_resources=door.list_resources,
        on_list_resource_templates=door.list_templates,
        on_read_resource=door.read_resource,
        on_list_prompts=door.list_prompts,
        on_get_prompt=door.get_prompt,
        **described,
    )
