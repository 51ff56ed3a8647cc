"""What a client that keeps its conversations itself brings to a turn: what was said, tools of its own, its wishes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal  # Any: options as chat models take them

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage, convert_to_messages
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from memory import Turn


class ClientCall(BaseModel):
    """A call of a tool that the client brought, which the client is to carry out."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    arguments: str = Field(description="As JSON text, as the model wrote it.")


class Said(BaseModel):
    """One message of a conversation that the client keeps."""

    model_config = ConfigDict(frozen=True)

    role: Literal["user", "assistant", "tool"]
    text: str
    calls: tuple[ClientCall, ...] = ()
    """Calls of the client's tools that an assistant's message asked for."""
    call_id: str = ""
    """The call whose result a tool's message is."""


class Wishes(BaseModel):
    """How the model is to write; what is None is left to its settings."""

    model_config = ConfigDict(frozen=True)

    max_tokens: Annotated[int | None, Field(ge=1)] = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    presence_penalty: Annotated[float | None, Field(ge=-2, le=2)] = None
    frequency_penalty: Annotated[float | None, Field(ge=-2, le=2)] = None
    seed: int | None = None
    stop: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """As chat models take them, to `bind`."""
        said = self.model_dump(exclude_none=True, exclude={"stop"})
        return {**said, "stop": list(self.stop)} if self.stop else said


class Brought(BaseModel):
    """All of it. Nothing of it is recorded: the client sends it again with its next turn."""

    model_config = ConfigDict(frozen=True)

    instructions: str = ""
    before: tuple[Said, ...] = ()
    """What was said before the message."""
    after: tuple[Said, ...] = ()
    """Calls of the client's tools for the message, with their results."""
    tools: tuple[dict[str, JsonValue], ...] = ()
    """As OpenAI describes functions."""
    tool_choice: str | dict[str, JsonValue] | None = None
    parallel_tool_calls: bool | None = None
    response_format: dict[str, JsonValue] | None = None
    wishes: Wishes = Wishes()

    @property
    def needs_model(self) -> bool:
        """Whether only a language model can do as the client wishes."""
        return self.response_format is not None or self.tool_choice not in {None, "auto", "none"}

    @property
    def asks_model(self) -> bool:
        """Whether a language model, where there is one, answers in place of the specialists."""
        return self.needs_model or bool(self.tools) or bool(self.after)

    def turns(self) -> list[Turn]:
        """The conversation before the message, oldest first; what tools of the client gave is not part of it."""
        turns: list[Turn] = []
        request, answers = "", list[str]()
        for said in (*self.before, Said(role="user", text="")):
            if said.role == "user" and (request or answers):
                turns.append(_turn(request, answers))
                request, answers = said.text, []
            elif said.role == "user":
                request = said.text
            elif said.role == "assistant" and said.text:
                answers.append(said.text)
        return turns

    def bound(self) -> dict[str, Any]:
        """What the model is asked with, beside the messages."""
        asked: dict[str, Any] = {
            "response_format": self.response_format,
            "parallel_tool_calls": self.parallel_tool_calls if self.tools else None,
        }
        if self.tools and self.tool_choice != "none":
            asked |= {"tools": list(self.tools), "tool_choice": self.tool_choice}
        return {**self.wishes.options, **{name: value for name, value in asked.items() if value is not None}}


NOTHING = Brought()


def as_messages(said: Sequence[Said]) -> list[AnyMessage]:
    """The messages as chat models take them."""
    return [_message(each) for each in said]


def _message(said: Said) -> AnyMessage:
    match said.role:
        case "user":
            return HumanMessage(said.text)
        case "tool":
            return ToolMessage(said.text, tool_call_id=said.call_id)
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in said.calls
    ]
    [message] = convert_to_messages([{"role": "assistant", "content": said.text, "tool_calls": calls}])
    return message if isinstance(message, AIMessage) else AIMessage(said.text)


def _turn(request: str, answers: Sequence[str]) -> Turn:
    return Turn(run_id="", request=request, answer="\n\n".join(answers), at=datetime.now(UTC))
