"""What an OpenAI client asks for, and the turn that it means."""

from typing import Annotated, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)

from app.problems import ProblemError, problem, unfit
from app.runs import ChatRequest, storable
from graphs import Brought, ClientCall, Said, Wishes

OWNER: Final = "freya"
_TEXTS: Final = frozenset({"text", "refusal"})
_INSTRUCTING: Final = frozenset({"system", "developer"})


class ContentPart(BaseModel):
    """A part of a message: text. Images, sound and files are refused."""

    model_config = ConfigDict(extra="allow")

    type: str
    text: str | None = None
    refusal: str | None = None

    @model_validator(mode="after")
    def _is_text(self) -> Self:
        if self.type not in _TEXTS:
            raise ValueError(f"a part of the type {self.type!r} is not read here: send text parts only")
        if self.text is None and self.refusal is None:
            raise ValueError("a text part needs its text")
        return self


class FunctionCall(BaseModel):
    """The function that was called."""

    model_config = ConfigDict(extra="allow")

    name: str
    arguments: str


class ToolCallSent(BaseModel):
    """A call of one of the client's tools."""

    model_config = ConfigDict(extra="allow")

    id: str
    type: Literal["function"] = "function"
    function: FunctionCall


class CompletionMessage(BaseModel):
    """A message of the conversation, which comes whole with each request."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[ContentPart] | None = None
    tool_calls: list[ToolCallSent] | None = None
    tool_call_id: str | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.role == "tool" and not self.tool_call_id:
            raise ValueError("a tool's message needs the tool_call_id that it answers")
        if self.content is None and not self.tool_calls:
            raise ValueError("a message needs content")
        return self

    @property
    def text(self) -> str:
        """Its text parts as one."""
        if isinstance(self.content, list):
            return "\n".join(part.text or part.refusal or "" for part in self.content)
        return self.content or ""

    @property
    def said(self) -> Said:
        """The message as the conversation has it; not one of instructions."""
        calls = tuple(
            ClientCall(id=call.id, name=call.function.name, arguments=call.function.arguments)
            for call in self.tool_calls or ()
        )
        role: Literal["user", "assistant", "tool"]
        match self.role:
            case "assistant" | "tool" as known:
                role = known
            case _:
                role = "user"
        return Said(role=role, text=self.text, calls=calls, call_id=self.tool_call_id or "")


class FunctionTool(BaseModel):
    """A tool that the client carries out itself."""

    model_config = ConfigDict(extra="allow")

    type: Literal["function"]
    function: dict[str, JsonValue]

    @field_validator("function")
    @classmethod
    def _has_a_name(cls, function: dict[str, JsonValue]) -> dict[str, JsonValue]:
        name = function.get("name")
        if not isinstance(name, str) or not name:
            raise ValueError("a function needs a name")
        return function


class NamedFunction(BaseModel):
    """The name of a function."""

    name: str


class NamedTool(BaseModel):
    """The one tool that is to be called."""

    type: Literal["function"]
    function: NamedFunction


class StreamOptions(BaseModel):
    """What a stream tells beside the answer."""

    model_config = ConfigDict(extra="allow")

    include_usage: bool = False


class ResponseFormat(BaseModel):
    """The form of the answer: text, any JSON object, or JSON of a schema."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: dict[str, JsonValue] | None = None

    @model_validator(mode="after")
    def _has_its_schema(self) -> Self:
        if self.type == "json_schema" and not isinstance((self.json_schema or {}).get("schema"), dict):
            raise ValueError("json_schema needs the schema under `schema`")
        return self


class CompletionRequest(BaseModel):
    """A chat completion to make.

    Parameters that OpenAI does not know are refused, and those of its own that ask for what is not done here; hints
    without an effect are passed over.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"model": "freya", "messages": [{"role": "user", "content": "What is the RSI indicator?"}]}
            ]
        },
    )

    model: Annotated[str, Field(max_length=128)]
    messages: Annotated[list[CompletionMessage], Field(min_length=1, max_length=2048)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int | None, Field(ge=1)] = None
    max_completion_tokens: Annotated[int | None, Field(ge=1)] = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    presence_penalty: Annotated[float | None, Field(ge=-2, le=2)] = None
    frequency_penalty: Annotated[float | None, Field(ge=-2, le=2)] = None
    seed: Annotated[int | None, Field(ge=-(2**63), lt=2**63)] = None
    stop: str | Annotated[list[str], Field(max_length=4)] | None = None
    tools: Annotated[list[FunctionTool] | None, Field(max_length=128)] = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    metadata: dict[str, str] | None = None
    n: Annotated[Literal[1] | None, Field(description="One answer is given to a request.")] = None
    logprobs: Annotated[Literal[False] | None, Field(description="Probabilities are not given.")] = None
    modalities: Annotated[list[Literal["text"]] | None, Field(description="Answers are text.")] = None
    user: Annotated[str | None, Field(description="Without effect, as the following ones.")] = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    store: bool | None = None
    service_tier: str | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    logit_bias: dict[str, float] | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not any(message.role == "user" for message in self.messages):
            raise ValueError("messages need one of the user, which is what is answered")
        if self.messages[-1].role not in {"user", "tool"}:
            raise ValueError("messages must end with one of the user, or with the result of a tool")
        if self.tool_choice not in {None, "none", "auto"} and not self.tools:
            raise ValueError("tool_choice asks for a call, and there are no tools")
        return self

    @property
    def with_usage(self) -> bool:
        """Whether a stream ends with the usage."""
        return bool(self.stream_options and self.stream_options.include_usage)

    @property
    def answered_calls(self) -> list[str]:
        """The ids of the calls whose results came since the user's last message."""
        *_, after = self._parts()
        return [message.tool_call_id or "" for message in after if message.role == "tool"]

    def turn(self, agents: list[str]) -> tuple[ChatRequest, Brought]:
        """The turn that it means: the user's last message, and all the rest as what the client brought. Raises ProblemError."""
        before, asked, after = self._parts()
        try:
            request = ChatRequest(message=asked.text, agents=agents, metadata=dict(self.metadata or {}))
        except ValidationError as error:
            raise ProblemError(unfit(error.errors(), whole="messages")) from error
        return request, Brought(
            instructions="\n\n".join(m.text for m in self.messages if m.role in _INSTRUCTING),
            before=tuple(message.said for message in before),
            after=tuple(message.said for message in after),
            tools=tuple(tool.model_dump(exclude_unset=True) for tool in self.tools or ()),
            tool_choice=self._choice(),
            parallel_tool_calls=self.parallel_tool_calls,
            response_format=self._format(),
            wishes=self._wishes(),
        )

    def _parts(self) -> tuple[list[CompletionMessage], CompletionMessage, list[CompletionMessage]]:
        """What was said before the user's last message, that message, and what came after it."""
        spoken = [message for message in self.messages if message.role not in _INSTRUCTING]
        last = max(place for place, message in enumerate(spoken) if message.role == "user")
        return spoken[:last], spoken[last], spoken[last + 1 :]

    def _choice(self) -> str | dict[str, JsonValue] | None:
        if isinstance(self.tool_choice, NamedTool):
            return self.tool_choice.model_dump()
        return self.tool_choice

    def _format(self) -> dict[str, JsonValue] | None:
        if self.response_format is None or self.response_format.type == "text":
            return None
        return self.response_format.model_dump(exclude_none=True)

    def _wishes(self) -> Wishes:
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return Wishes(
            max_tokens=self.max_completion_tokens or self.max_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            presence_penalty=self.presence_penalty,
            frequency_penalty=self.frequency_penalty,
            seed=self.seed,
            stop=tuple(text for text in stop if text),
        )


def agents_of(model: str, known: list[str]) -> list[str]:
    """The specialists that a model's name means; none for Freya, who decides herself. Raises ProblemError."""
    owner, _, name = model.partition("/")
    if owner == OWNER and (not name or name in known) and not model.endswith("/"):
        return [name] if name else []
    there = ", ".join([OWNER, *(f"{OWNER}/{each}" for each in known)])
    raise ProblemError(problem("unknown_model", f"There is no model {storable(model)!r}; there are {there}."))
