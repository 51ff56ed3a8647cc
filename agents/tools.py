"""How a specialist's tools are made: a typed argument model in, a readable text and data out."""

from collections.abc import Callable
from typing import TypeVar

from langchain_core.tools import BaseTool, StructuredTool, ToolException
from pydantic import BaseModel, ConfigDict, JsonValue


class Artifact(BaseModel):
    """Something a tool made that a user can download."""

    model_config = ConfigDict(frozen=True)

    name: str
    """File name, unique within one tool call, e.g. `openapi.json`."""
    media_type: str
    """IANA media type, e.g. `application/sql`."""
    content: str


class ToolOutput(BaseModel):
    """What a tool call gives back.

    `text` is what a person reads, in Markdown: the result first, then how it was computed and what was
    assumed. `data` holds the same figures for programs.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    data: dict[str, JsonValue]
    artifacts: tuple[Artifact, ...] = ()


class ToolRefused(ToolException):
    """The arguments are well-typed but the tool cannot work with them; says what to change."""


Arguments = TypeVar("Arguments", bound=BaseModel)


def tool(
    name: str,
    description: str,
    arguments: type[Arguments],
    run: Callable[[Arguments], ToolOutput],
    *,
    examples: tuple[str, ...],
) -> BaseTool:
    """A LangChain tool around a pure function of its argument model.

    `description` says in one or two sentences what the tool does and returns. `examples` are requests in a
    user's words that call for it; they are part of what every model reads, and the extractive model
    chooses by them. The tool answers `(text, ToolOutput)`; ToolRefused becomes a tool message of status "error".
    """

    def call(**values: object) -> tuple[str, ToolOutput]:
        output = run(arguments.model_validate(values))
        return output.text, output

    listed = "\n".join(f"- {example}" for example in examples)
    return StructuredTool.from_function(
        func=call,
        name=name,
        description=f"{description}\nUse it for requests such as:\n{listed}",
        args_schema=arguments,
        response_format="content_and_artifact",
        handle_tool_error=True,
        handle_validation_error=True,
        metadata={"examples": list(examples)},
    )
