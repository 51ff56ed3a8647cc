"""MCP over standard input and output, in front of a service that is reached over HTTP."""

from collections.abc import Mapping
from typing import Final

import httpx2
import mcp_types as types
from mcp import Client, stdio_server
from mcp.client import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from mcp.server import Server

from app.mcp.approving import asks_by_result, can_ask
from app.mcp.doors import Context, Paged, server_of

_READ_S: Final = 600.0
_TIMEOUT_S: Final = 30.0


async def forward(url: str, headers: Mapping[str, str]) -> None:
    """Serve a client on this process's standard streams until it closes them.

    `url` is that of the service's `/mcp`. Each request is sent on, with its progress and its cancelling.
    Raises the errors of MCP's client where the service cannot be reached.
    """
    timeout = httpx2.Timeout(_TIMEOUT_S, read=_READ_S)
    async with (
        httpx2.AsyncClient(headers=dict(headers), timeout=timeout) as http,
        Client(
            streamable_http_client(url, http_client=http), elicitation_callback=_asked_elsewhere
        ) as client,
        stdio_server() as (reading, writing),
    ):
        server = forwarding_server(client)
        await server.run(reading, writing, server.create_initialization_options())


def forwarding_server(client: Client) -> Server[object]:
    """A server that asks the one behind the client."""
    info = client.server_info
    return server_of(
        _Forwarding(client),
        info.name if info else "freya",
        version=info.version if info else "",
        title=info.title if info else None,
        instructions=client.instructions,
    )


class _Forwarding:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def list_tools(self, _context: Context, params: Paged) -> types.ListToolsResult:
        return await self._client.list_tools(cursor=_cursor(params))

    async def call_tool(
        self, context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        """What the service asks the user is asked of the client's, as it can be asked; of nobody, where it cannot."""
        responses, state = params.input_responses, params.request_state
        while True:
            result = await self._client.session.call_tool(
                params.name,
                params.arguments,
                progress_callback=context.session.report_progress,
                input_responses=responses,
                request_state=state,
                allow_input_required=True,
            )
            if isinstance(result, types.CallToolResult) or (can_ask(context) and asks_by_result(context)):
                return result
            responses, state = await _responses(context, result), result.request_state

    async def list_resources(self, _context: Context, params: Paged) -> types.ListResourcesResult:
        return await self._client.list_resources(cursor=_cursor(params))

    async def list_templates(self, _context: Context, params: Paged) -> types.ListResourceTemplatesResult:
        return await self._client.list_resource_templates(cursor=_cursor(params))

    async def read_resource(
        self, _context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        return await self._client.read_resource(params.uri)

    async def list_prompts(self, _context: Context, params: Paged) -> types.ListPromptsResult:
        return await self._client.list_prompts(cursor=_cursor(params))

    async def get_prompt(
        self, _context: Context, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        return await self._client.get_prompt(params.name, params.arguments)


def _cursor(params: Paged) -> str | None:
    return params.cursor if params else None


async def _responses(context: Context, result: types.InputRequiredResult) -> types.InputResponses:
    responses: types.InputResponses = {}
    for name, request in (result.input_requests or {}).items():
        asked = request.params
        if can_ask(context) and isinstance(asked, types.ElicitRequestFormParams):
            responses[name] = await context.session.elicit_form(
                asked.message, asked.requested_schema, context.request_id
            )
        else:
            responses[name] = types.ElicitResult(action="cancel")
    return responses


async def _asked_elsewhere(
    context: ClientRequestContext, params: types.ElicitRequestParams
) -> types.ElicitResult:
    """Stands for the client's user, so that the service asks; `_Forwarding.call_tool` does what it asks for."""
    del context, params
    return types.ElicitResult(action="cancel")
