"""What can be read through MCP: the specialists, the knowledge, and what is remembered of the user."""

from typing import Final
from urllib.parse import quote, unquote

import mcp_types as types
from pydantic_core import to_json

from app.service import Freya
from memory import Owner, RecallFilter

_SCHEME: Final = "freya://"
_ARTIFACTS: Final = "artifacts/"
_JSON: Final = "application/json"
_PAGE: Final = 50
_BUDGET: Final = 1000
_LONGEST: Final = 80
_TEMPLATES: Final = (
    ("knowledge/pairs/{pair_id}", "pair", "A question-answer pair with its quality and its source."),
    ("knowledge/search/{query}", "search", "The pairs that are relevant to a query, best first."),
    ("memory/records/{record_id}", "record", "Something that is remembered of the user."),
    (
        "memory/recall/{query}",
        "recall",
        "What a turn with that message would be given of all that is remembered.",
    ),
    (f"{_ARTIFACTS}{{artifact_id}}", "artifact", "Something that a tool made, under its own media type."),
)


class UnknownResource(Exception):
    """There is nothing of that URI."""


def templates() -> list[types.ResourceTemplate]:
    """What can be read by naming it."""
    return [
        types.ResourceTemplate(
            uri_template=f"{_SCHEME}{path}",
            name=name,
            description=description,
            mime_type=None if name == "artifact" else _JSON,
        )
        for path, name, description in _TEMPLATES
    ]


async def listed(freya: Freya, owner: Owner, cursor: str | None) -> types.ListResourcesResult:
    """The specialists and the knowledge, then all records of the user, newest first, in parts."""
    fixed = [
        types.Resource(
            uri=f"{_SCHEME}agents", name="agents", description="The specialists.", mime_type=_JSON
        ),
        types.Resource(
            uri=f"{_SCHEME}knowledge",
            name="knowledge",
            description="What is known, counted.",
            mime_type=_JSON,
        ),
    ]
    records = await freya.memory.records(owner, limit=_PAGE + 1, before=cursor)
    shown = [
        types.Resource(
            uri=f"{_SCHEME}memory/records/{quote(record.id, safe='')}",
            name=record.id,
            title=record.text[:_LONGEST],
            description=f"Remembered: {record.kind.value}.",
            mime_type=_JSON,
        )
        for record in records[:_PAGE]
    ]
    return types.ListResourcesResult(
        resources=shown if cursor else [*fixed, *shown],
        next_cursor=records[_PAGE - 1].id if len(records) > _PAGE else None,
    )


async def read(freya: Freya, owner: Owner, uri: str) -> types.ReadResourceResult:
    """The content of a resource: JSON, and of an artifact its own. Raises UnknownResource, and the service's errors."""
    path = uri.removeprefix(_SCHEME)
    if path != uri and path.startswith(_ARTIFACTS):
        made = await freya.artifact(owner, unquote(path.removeprefix(_ARTIFACTS)))
        media_type, text = made.media_type, made.content
    else:
        media_type, text = _JSON, to_json(await _found(freya, owner, uri), indent=2).decode()
    content = types.TextResourceContents(uri=uri, mime_type=media_type, text=text)
    return types.ReadResourceResult(contents=[content])


async def _found(freya: Freya, owner: Owner, uri: str) -> object:
    path = uri.removeprefix(_SCHEME)
    match [unquote(part) for part in path.split("/")] if path != uri else []:
        case ["agents"]:
            return freya.specialists.all()
        case ["knowledge"]:
            return await freya.known.inventory()
        case ["knowledge", "pairs", pair]:
            return await freya.known.pair(pair)
        case ["knowledge", "search", query]:
            return [each.hit for each in await freya.known.search(query)]
        case ["memory", "records", record]:
            return await freya.memory.record(owner, record)
        case ["memory", "recall", query]:
            return await freya.memory.recall(owner, query, budget=_BUDGET, wanted=RecallFilter())
    raise UnknownResource(
        f"there is no resource {uri!r}; there are {_SCHEME}agents, {_SCHEME}knowledge and those of the templates"
    )
