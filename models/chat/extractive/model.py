"""The extractive chat model: no weights, no invention; it calls tools and quotes what it was given, or declines."""

import re
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any  # LangChain's own signatures

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    ToolCall,
    ToolMessage,
    UsageMetadata,
)
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict

from models.chat.extractive.arguments import read_arguments
from models.chat.extractive.choice import Candidate, ToolSpec, choose_tools
from models.chat.extractive.compose import compose
from models.chat.extractive.schema import mapping
from models.chat.prompt import Note, Prompt, read_prompt
from models.errors import ModelsError
from models.interfaces import Embedder

NAME = "extractive"
_CHUNK = re.compile(r"\S+\s*(?:\S+\s*){0,5}")
_WORDS_AND_MARKS = re.compile(r"\w+|[^\w\s]")
_FOLLOW_UP = re.compile(
    r"^(?:and|or|but|now|then|also|so|ok(?:ay)?|what about|how about|what if|instead|same|make (?:it|that)|use|with|for|at|try)\b",
    re.IGNORECASE,
)
_LONGEST_FOLLOW_UP = 10
_BARE_ANSWER = 4
_ASKS_WHY = re.compile(
    r"\b(?:explain|mean(?:s|ing)?|why|what is|what are|how (?:do|does|to|should)|should i)\b", re.IGNORECASE
)
_DECLINED = (
    "I found nothing in what I know that answers this, so I will not guess. "
    "Asking about one specific topic, or adding the figures to compute with, often helps."
)


@dataclass(frozen=True, slots=True)
class _Turn:
    """The messages of a call, taken apart."""

    prompt: Prompt
    results: tuple[ToolMessage, ...]
    earlier_request: str
    earlier_call: ToolCall | None


class ExtractiveChatModel(BaseChatModel):
    """Answers out of the tool results and passages in the prompt, or calls a bound tool, or declines.

    `response_metadata["finish_reason"]` is `tool_calls`, `stop`, `needs_input` (an argument was asked for) or
    `declined` (nothing to ground an answer on). Usage counts words and punctuation marks.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    embedder: Embedder

    @property
    def _llm_type(self) -> str:
        return NAME

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | BaseTool | Any],  # LangChain's signature
        *,
        tool_choice: str | None = None,
        **kwargs: Any,  # LangChain's signature
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Tools the model may call; `tool_choice` is `auto`, `any`, `none` or a tool's name."""
        return self.bind(
            tools=[convert_to_openai_tool(tool) for tool in tools], tool_choice=tool_choice, **kwargs
        )

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # LangChain's signature
    ) -> ChatResult:
        raise ModelsError("the extractive model is asynchronous only: use ainvoke or astream")

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # LangChain's signature
    ) -> ChatResult:
        message = _stopped(await self._respond(messages, **kwargs), stop)
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # LangChain's signature
    ) -> AsyncIterator[ChatGenerationChunk]:
        message = _stopped(await self._respond(messages, **kwargs), stop)
        pieces = _CHUNK.findall(message.text)
        for piece in pieces:
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
            if run_manager:
                await run_manager.on_llm_new_token(piece, chunk=chunk)
            yield chunk
        last = AIMessageChunk(
            content="",
            tool_calls=message.tool_calls,
            response_metadata=message.response_metadata,
            usage_metadata=message.usage_metadata,
            chunk_position="last",
        )
        yield ChatGenerationChunk(message=last)

    async def _respond(
        self,
        messages: Sequence[BaseMessage],
        tools: Sequence[dict[str, Any]] = (),  # OpenAI tool descriptions
        tool_choice: str | dict[str, Any] | None = None,  # as OpenAI has it
        **_: object,
    ) -> AIMessage:
        turn = _read_turn(messages)
        wanting: Candidate | None = None
        if turn.prompt.draft:
            return _message(messages, turn.prompt.draft)
        if tools and not turn.results and tool_choice != "none":
            specs, forced = _specs(tools, tool_choice)
            calls, wanting = await self._calls(turn, specs, forced=forced)
            if calls:
                return _message(messages, "", calls=calls, reason="tool_calls")
        text = _answer(turn)
        if text and wanting is None:
            return _message(messages, text)
        if wanting is not None:
            return _message(messages, _question(wanting), reason="needs_input")
        return _message(messages, _DECLINED, reason="declined")

    async def _calls(
        self, turn: _Turn, specs: list[ToolSpec], *, forced: bool
    ) -> tuple[list[ToolCall], Candidate | None]:
        request = turn.prompt.request
        short = len(request.split()) <= _LONGEST_FOLLOW_UP
        if turn.earlier_call and short and _FOLLOW_UP.match(request.strip()):
            call = _changed(turn.earlier_call, specs, request)
            if call:
                return [call], None
        chosen, wanting = await choose_tools(request, specs, self.embedder, forced=forced)
        bare = len(request.split()) <= _BARE_ANSWER or (short and _FOLLOW_UP.match(request.strip()))
        if not chosen and bare and turn.earlier_request:
            both = f"{turn.earlier_request.rstrip('?.! ')} {request}"
            chosen, wanting = await choose_tools(both, specs, self.embedder, forced=forced)
            chosen = [candidate for candidate in chosen if candidate.reading.literal]
        return [_call(c.tool.name, c.reading.values) for c in chosen], wanting


def _read_turn(messages: Sequence[BaseMessage]) -> _Turn:
    at = max((n for n, message in enumerate(messages) if isinstance(message, HumanMessage)), default=-1)
    if at < 0:
        raise ModelsError("a chat model needs at least one human message")
    before = messages[:at]
    return _Turn(
        prompt=read_prompt(messages[at].text),
        results=tuple(m for m in messages[at + 1 :] if isinstance(m, ToolMessage)),
        earlier_request=next((m.text for m in reversed(before) if isinstance(m, HumanMessage)), ""),
        earlier_call=next(
            (m.tool_calls[-1] for m in reversed(before) if isinstance(m, AIMessage) and m.tool_calls), None
        ),
    )


def _specs(
    tools: Sequence[dict[str, Any]], tool_choice: str | dict[str, Any] | None
) -> tuple[list[ToolSpec], bool]:
    """The tools that may be called, and whether one must be."""
    functions = [tool["function"] for tool in tools]
    specs = [ToolSpec(f["name"], f.get("description", ""), f.get("parameters", {})) for f in functions]
    wanted = tool_choice["function"]["name"] if isinstance(tool_choice, dict) else tool_choice
    if wanted in {None, "auto"}:
        return specs, False
    if wanted in {"any", "required"}:
        return specs, True
    named = [spec for spec in specs if spec.name == wanted]
    if not named:
        raise ModelsError(f"tool_choice names {wanted!r}, which is not among the bound tools")
    return named, True


def _changed(call: ToolCall, specs: Sequence[ToolSpec], request: str) -> ToolCall | None:
    """The earlier call with what the follow-up changes; None where it changes nothing."""
    spec = next((spec for spec in specs if spec.name == call["name"]), None)
    if spec is None:
        return None
    properties = mapping(mapping(dict(spec.schema)).get("properties"))
    reading = read_arguments({**spec.schema, "required": list(properties)}, request)
    values = {
        name: value
        for name, value in reading.values.items()
        if mapping(properties[name]).get("x-unit") != "request"
    }
    if not values or all(call["args"].get(name) == value for name, value in values.items()):
        return None
    return _call(call["name"], {**call["args"], **values})


def _call(name: str, arguments: dict[str, Any]) -> ToolCall:
    return ToolCall(name=name, args=arguments, id=f"call_{uuid.uuid4().hex[:16]}", type="tool_call")


def _answer(turn: _Turn) -> str:
    prompt = turn.prompt
    if not turn.results:
        notes = _joined(prompt.notes)
        return notes or compose(prompt.request, prompt.passages, emphasis=prompt.focus or "")
    parts = [
        message.text if message.status == "success" else f"`{message.name}` could not do it: {message.text}"
        for message in turn.results
    ]
    if _ASKS_WHY.search(prompt.request) and any(m.status == "success" for m in turn.results):
        background = compose(prompt.request, prompt.passages)
        parts += [background] if background else []
    return "\n\n".join(parts)


def _joined(notes: Sequence[Note]) -> str:
    """What sub-agents wrote, each under its name; a line that an earlier one wrote already is left out."""
    said: set[str] = set()
    sections = []
    for note in notes:
        lines = [line for line in note.text.splitlines() if not line.strip() or line.strip() not in said]
        said.update(line.strip() for line in lines)
        body = "\n".join(lines).strip()
        if body:
            sections.append(f"### {note.author}\n{body}")
    return "\n\n".join(sections)


def _question(wanting: Candidate) -> str:
    properties = mapping(dict(wanting.tool.schema).get("properties"))
    asked = [
        f"- **{name.replace('_', ' ')}**: {mapping(properties.get(name)).get('description', 'not described')}"
        for name in wanting.reading.missing
    ]
    example = wanting.tool.examples[0]
    return (
        f"I can compute this with `{wanting.tool.name}`, but your message does not say:\n"
        + "\n".join(asked)
        + f"\n\nFor example: “{example}”"
    )


def _message(
    messages: Sequence[BaseMessage], text: str, *, calls: Sequence[ToolCall] = (), reason: str = "stop"
) -> AIMessage:
    read = sum(len(_WORDS_AND_MARKS.findall(message.text)) for message in messages)
    wrote = len(_WORDS_AND_MARKS.findall(text))
    return AIMessage(
        content=text,
        tool_calls=list(calls),
        response_metadata={"model_name": NAME, "finish_reason": reason},
        usage_metadata=UsageMetadata(input_tokens=read, output_tokens=wrote, total_tokens=read + wrote),
    )


def _stopped(message: AIMessage, stop: Sequence[str] | None) -> AIMessage:
    """The message cut before the first stop text."""
    ends = [at for text in stop or () if (at := message.text.find(text)) >= 0]
    return message.model_copy(update={"content": message.text[: min(ends)]}) if ends else message
