"""How a tool is described to a chat model: the OpenAI form, with the hints that its arguments carry."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any  # OpenAI tool descriptions are JSON of any shape

from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_core.utils.json_schema import dereference_refs
from pydantic import BaseModel

_HINTS = "x-"


def describe_tool(tool: dict[str, Any] | type | BaseTool | Any) -> dict[str, Any]:  # what LangChain binds
    """The OpenAI description of a tool, its arguments' constraints and `x-` hints included.

    LangChain's own conversion copies an argument's type and description only.
    """
    described = convert_to_openai_tool(tool)
    model = tool.args_schema if isinstance(tool, BaseTool) else tool
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return described
    shown = described["function"]["parameters"].get("properties", {})
    schema = _schema(model)
    properties = {name: prop for name, prop in schema["properties"].items() if name in shown}
    parameters = {
        "type": "object",
        "properties": properties,
        "required": [name for name in schema["required"] if name in properties],
    }
    return {**described, "function": {**described["function"], "parameters": parameters}}


def without_hints(tools: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:  # OpenAI tool descriptions
    """The same descriptions as an endpoint expects them: standard JSON Schema keys only."""
    return [_plain(tool) for tool in tools]


@lru_cache(maxsize=512)
def _schema(model: type[BaseModel]) -> dict[str, Any]:  # JSON Schema
    """The properties of an argument model, references resolved, and which of them are required."""
    schema = dereference_refs(model.model_json_schema())
    properties = {name: _untitled(prop) for name, prop in schema.get("properties", {}).items()}
    return {"properties": properties, "required": schema.get("required", [])}


def _plain(value: Any) -> Any:  # JSON
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if not str(key).startswith(_HINTS)}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _untitled(value: Any) -> Any:  # JSON
    """Without the titles that pydantic makes of names, which say nothing more; a field named title stays."""
    if isinstance(value, list):
        return [_untitled(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {k: _untitled(v) for k, v in value.items() if not (k == "title" and isinstance(v, str))}
