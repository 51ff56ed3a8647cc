"""The extractive chat model: no weights, no invention; it calls tools and quotes what it was given, or declines."""

import re
import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any  # LangChain's own signatures

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ToolCall,
    UsageMetadata,
)
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, PrivateAttr

from models.chat.asynchronous import AsynchronousChatModel
from models.chat.extractive.arguments import mentions_of, read_arguments
from models.chat.extractive.choice import Candidate, choose_tools, likely_tool
from models.chat.extractive.replies import DECLINED, NOT_LIVE, answer, asks_live, question
from models.chat.extractive.schema import Signature
from models.chat.extractive.toolset import Toolset, Toolsets, ToolSpec
from models.chat.extractive.turns import Turn, read_turn
from models.chat.extractive.words import content_stems
from models.errors import ModelsError
from models.interfaces import Embedder

NAME = "extractive"
_CHUNK = re.compile(r"\S+\s*(?:\S+\s*){0,5}")
_MOST_CHOICES = 5
_OF_ITS_OWN = 1
"""Content words beside the names of tools, from which more a request speaks of something else than the one before."""
_WORDS_AND_MARKS = re.compile(r"\w+|[^\w\s]")


class ExtractiveChatModel(AsynchronousChatModel):
    """Answers out of the tool results and passages in the prompt, or calls a bound tool, or declines.

    `response_metadata["finish_reason"]` is `tool_calls`, `stop`, `needs_input` (an argument was asked for, or no tool
    could work) or `declined` (nothing to ground an answer on). Usage counts words and punctuation marks.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    embedder: Embedder
    _toolsets: Toolsets = PrivateAttr()

    def model_post_init(self, context: object, /) -> None:
        """Prepare to remember the tools that will be bound."""
        super().model_post_init(context)
        self._toolsets = Toolsets(self.embedder)

    @property
    def _llm_type(self) -> str:
        return NAME

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
        turn = read_turn(messages)
        wanting: Candidate | None = None
        if turn.prompt.draft:
            return _message(messages, turn.prompt.draft)
        toolset: Toolset | None = None
        if tools and not turn.results and tool_choice != "none":
            functions, forced = _functions(tools, tool_choice)
            toolset = await self._toolsets.prepare(functions)
            calls, wanting = await self._calls(turn, toolset, forced=forced)
            if calls:
                return _message(messages, "", calls=calls, reason="tool_calls")
        if wanting is not None:
            return _message(messages, question(wanting), reason="needs_input")
        text = answer(turn)
        if text:
            return _message(messages, text, reason="needs_input" if turn.failed else "stop")
        if asks_live(turn):
            return _message(messages, NOT_LIVE, reason="declined")
        likely = await likely_tool(turn.request, toolset, self.embedder) if toolset else None
        if likely is not None:
            return _message(messages, question(likely), reason="needs_input")
        return _message(messages, DECLINED, reason="declined")

    async def _calls(
        self, turn: Turn, toolset: Toolset, *, forced: bool
    ) -> tuple[list[ToolCall], Candidate | None]:
        """The calls to make: what was asked for completed, the earlier call changed, or the request's own."""
        bare = bool(turn.begun) and turn.is_bare
        if turn.asked and turn.leaves_out:
            chosen, wanting = await choose_tools(
                turn.begun, toolset, self.embedder, forced=forced, strict=False
            )
            if chosen:
                return _as_calls(chosen), wanting
        if bare and turn.asked:
            chosen, wanting = await choose_tools(turn.completed, toolset, self.embedder, forced=forced)
            if chosen or wanting:
                return _as_calls(chosen), wanting
        if turn.follows_up or bare:
            changed = [_changed(call, toolset.tools, turn.request) for call in turn.earlier_calls]
            calls = [call for call in changed if call is not None]
            if calls:
                return calls, None
        chosen, wanting = await choose_tools(turn.request, toolset, self.embedder, forced=forced)
        if not chosen and (again := _again(turn, toolset, wanting, bare=bare)):
            return [again], None
        if not chosen and turn.begun and turn.brings_data and (bare or turn.follows_up):
            both, lacking = await choose_tools(turn.completed, toolset, self.embedder, forced=forced)
            chosen = [candidate for candidate in both if candidate.reading.literal]
            wanting = wanting or lacking
        return [_grounded(call, turn, toolset) for call in _as_calls(chosen)], wanting


def _again(turn: Turn, toolset: Toolset, wanting: Candidate | None, *, bare: bool) -> ToolCall | None:
    """What a follow-up asks for, with the rest of its arguments from before the last turn; None where that says nothing.

    The newest call that the request changes is made again, of the tool that would be called if it had more where there
    is one; a tool that was not called takes what it lacks from any earlier call.
    """
    if not (turn.follows_up or bare):
        return None
    older = [call for call in turn.older_calls if wanting is None or call["name"] == wanting.tool.name]
    changed = (_changed(call, toolset.tools, turn.request) for call in older)
    again = next((call for call in changed if call is not None), None)
    if again is not None or wanting is None:
        return again
    known = turn.values
    lacking = {name: known[name] for name in wanting.reading.missing if name in known}
    if len(lacking) < len(wanting.reading.missing):
        return None
    return _call(wanting.tool.name, {**lacking, **wanting.reading.values})


def _functions(
    tools: Sequence[dict[str, Any]], tool_choice: str | dict[str, Any] | None
) -> tuple[list[dict[str, Any]], bool]:
    """The functions that may be called, and whether one must be."""
    functions = [tool["function"] for tool in tools]
    wanted = tool_choice["function"]["name"] if isinstance(tool_choice, dict) else tool_choice
    if wanted in {None, "auto"}:
        return functions, False
    if wanted in {"any", "required"}:
        return functions, True
    named = [function for function in functions if function["name"] == wanted]
    if not named:
        raise ModelsError(f"tool_choice names {wanted!r}, which is not among the bound tools")
    return named, True


def _as_calls(chosen: Sequence[Candidate]) -> list[ToolCall]:
    """A call of each, or one with every choice that was named in a series with its own."""
    return [
        _call(candidate.tool.name, {**candidate.reading.values, **choice})
        for candidate in chosen
        for choice in candidate.reading.series[:_MOST_CHOICES] or ({},)
    ]


def _changed(call: ToolCall, tools: Sequence[ToolSpec], request: str) -> ToolCall | None:
    """The earlier call with what the follow-up changes; None where it changes nothing."""
    tool = next((tool for tool in tools if tool.name == call["name"]), None)
    if tool is None:
        return None
    asked = [argument for argument in tool.signature.arguments if not argument.is_request]
    values = read_arguments(Signature(tuple(asked)).all_required(), request).values
    if not values or all(call["args"].get(name) == value for name, value in values.items()):
        return None
    kept = {**call["args"]}
    for argument in tool.signature.arguments:
        if argument.is_request and not argument.required and argument.name in kept:
            # The old wording names the old value; only the data in it still hold.
            table = mentions_of(str(kept.pop(argument.name))).texts.table
            kept |= {argument.name: table[0]} if table else {}
    return _call(call["name"], {**kept, **values})


def _grounded(call: ToolCall, turn: Turn, toolset: Toolset) -> ToolCall:
    """The call; where its request only points back ("now the schema"), with the words that such a call had before."""
    if not turn.points_back or toolset.beside_names(content_stems(turn.request)) > _OF_ITS_OWN:
        return call
    whole = {
        (tool.name, argument.name)
        for tool in toolset.tools
        if tool.takes_text_only
        for argument in tool.signature.arguments
        if argument.is_request
    }
    said = [
        str(value)
        for earlier in turn.earlier_calls
        for name, value in earlier["args"].items()
        if (earlier["name"], name) in whole
    ]
    if not said:
        return call
    args = {
        name: f"{said[0].rstrip('?.!,:; ')}: {value}" if (call["name"], name) in whole else value
        for name, value in call["args"].items()
    }
    return _call(call["name"], args)


def _call(name: str, arguments: dict[str, Any]) -> ToolCall:
    return ToolCall(name=name, args=arguments, id=f"call_{uuid.uuid4().hex[:16]}", type="tool_call")


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
