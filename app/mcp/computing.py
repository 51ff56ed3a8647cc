"""The computing tools of the specialists, and two that look things up, as MCP tools."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import mcp_types as types
import orjson
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_jsonable_python

from app.service import Freya
from memory import Owner, RecallFilter

_READS: Final = types.ToolAnnotations(read_only_hint=True, open_world_hint=False)
_BUDGET: Final = 1000


class Search(BaseModel):
    """What to look for in knowledge."""

    model_config = ConfigDict(extra="forbid")

    query: Annotated[str, Field(min_length=1, max_length=2000)]
    collections: Annotated[list[str], Field(max_length=20, description="None given: all.")] = []
    limit: Annotated[int, Field(ge=1, le=50)] = 5


class Recall(BaseModel):
    """What to look for in what is remembered."""

    model_config = ConfigDict(extra="forbid")

    query: Annotated[str, Field(min_length=1, max_length=2000)]


@dataclass(frozen=True)
class Lookup:
    """A tool that looks something up for a user."""

    arguments: type[BaseModel]
    description: str
    find: Callable[[Freya, Owner, BaseModel], Awaitable[list[object]]]


async def _search(freya: Freya, _owner: Owner, asked: BaseModel) -> list[object]:
    search = Search.model_validate(asked.model_dump())
    found = await freya.known.search(search.query, collections=search.collections, limit=search.limit)
    return [each.hit for each in found]


async def _recall(freya: Freya, owner: Owner, asked: BaseModel) -> list[object]:
    query = Recall.model_validate(asked.model_dump()).query
    return list((await freya.memory.recall(owner, query, budget=_BUDGET, wanted=RecallFilter())).items)


LOOKUPS: Final[Mapping[str, Lookup]] = {
    "search_knowledge": Lookup(
        Search, "Question-answer pairs of the knowledge that are relevant to a query, best first.", _search
    ),
    "recall_memory": Lookup(
        Recall, "What is remembered of the user that has to do with a query, best first.", _recall
    ),
}


def computing_tools(freya: Freya) -> Iterator[types.Tool]:
    """All of them; a specialist's tool has his name before its own."""
    for name, lookup in LOOKUPS.items():
        yield types.Tool(
            name=name,
            description=lookup.description,
            input_schema=lookup.arguments.model_json_schema(),
            annotations=_READS,
        )
    for name, described in freya.specialists.computing():
        function = described["function"]
        yield types.Tool(
            name=name,
            description=function["description"],
            input_schema=function["parameters"],
            annotations=_READS,
        )


async def look_up(
    freya: Freya, owner: Owner, name: str, arguments: Mapping[str, object]
) -> types.CallToolResult:
    """Look something up."""
    lookup = LOOKUPS[name]
    found = to_jsonable_python(await lookup.find(freya, owner, lookup.arguments.model_validate(arguments)))
    text = orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()
    return types.CallToolResult(content=[types.TextContent(text=text)], structured_content={"items": found})


async def compute(freya: Freya, name: str, arguments: Mapping[str, object]) -> types.CallToolResult:
    """Have a specialist's tool compute: its text, what it made as resources, and its data."""
    done = await freya.specialists.compute(name, arguments)
    content: list[types.ContentBlock] = [types.TextContent(text=done.message.text)]
    content += [
        types.EmbeddedResource(
            resource=types.TextResourceContents(
                uri=f"freya://made/{made.artifact.name}",
                mime_type=made.artifact.media_type,
                text=made.artifact.content,
            )
        )
        for made in done.made
    ]
    data = done.computed.data if done.computed else None
    return types.CallToolResult(
        content=content, structured_content=data, is_error=done.message.status == "error"
    )
