"""The MCP server over the service: what each request of a client does."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Final, TypeVar

import mcp_types as types
import structlog
from mcp import MCPError
from mcp.server import Server
from pydantic import ValidationError

from app.errors import as_problem
from app.mcp import prompts, resources
from app.mcp.asking import ask, asking_tools, is_asking
from app.mcp.computing import LOOKUPS, compute, computing_tools, look_up
from app.mcp.doors import Context, Paged, server_of
from app.service import Freya
from memory import Owner

_log = structlog.get_logger(__name__)
_INSTRUCTIONS: Final = """\
Freya has specialists who answer with cited knowledge and computed results. Use `ask` where you do not know who is for \
a request, `ask_NAME` for one specialist, and the tools named after a specialist to compute something yourself."""
OwnerOf = Callable[[Context], Owner]
Result = TypeVar("Result")

_VERSION: Final = version("freya-agents")  # read from disk, and so not in the event loop


def mcp_server(freya: Freya, owner_of: OwnerOf) -> Server[object]:
    """The server. `owner_of` tells for whom a request acts."""
    return server_of(
        _Door(freya, owner_of), "freya", version=_VERSION, title="Freya", instructions=_INSTRUCTIONS
    )


class _Door:
    def __init__(self, freya: Freya, owner_of: OwnerOf) -> None:
        self._freya = freya
        self._owner_of = owner_of

    async def list_tools(self, _context: Context, _params: Paged) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[*asking_tools(self._freya), *computing_tools(self._freya)])

    async def call_tool(
        self, context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        """What is wrong with a call is told in its result, so that a model can mend it."""
        try:
            return await self._called(context, params)
        except ValidationError as error:
            wrong = "; ".join(
                f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors()
            )
            return _failed(f"The arguments do not fit: {wrong}.")
        except Exception as error:
            found = as_problem(error)
            if found is None:
                raise
            return _failed(f"{found.title}: {found.detail}")

    async def _called(
        self, context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        owner, name, arguments = self._owner_of(context), params.name, params.arguments or {}
        if is_asking(name):
            return await ask(context, self._freya, owner, params)
        if name in LOOKUPS:
            return await look_up(self._freya, owner, name, arguments)
        return await compute(self._freya, name, arguments)

    async def list_resources(self, context: Context, params: Paged) -> types.ListResourcesResult:
        cursor = params.cursor if params else None
        with _told():
            return await resources.listed(self._freya, self._owner_of(context), cursor)

    async def list_templates(self, _context: Context, _params: Paged) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=resources.templates())

    async def read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        with _told():
            return await resources.read(self._freya, self._owner_of(context), params.uri)

    async def list_prompts(self, _context: Context, _params: Paged) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=prompts.listed(self._freya))

    async def get_prompt(
        self, _context: Context, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        with _told():
            return prompts.got(self._freya, params.name, params.arguments or {})


class _told:  # noqa: N801  # reads as the statement it is
    """What goes wrong inside is told as MCP has it."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Raise the error that the client is to see."""
        if isinstance(error, resources.UnknownResource | prompts.UnknownPrompt):
            raise MCPError(types.INVALID_PARAMS, f"{error}.") from error
        found = as_problem(error) if isinstance(error, Exception) else None
        if found is not None:
            code = types.INVALID_PARAMS if found.status < 500 else types.INTERNAL_ERROR  # noqa: PLR2004  # whose fault
            raise MCPError(code, f"{found.title}: {found.detail}") from error


def _failed(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=text)], is_error=True)
