"""A remote chat model that sees placeholders in place of personal data, whose answers have the data back."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final  # Any: LangChain's own signatures, and JSON

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, SystemMessage
from langchain_core.messages.tool import ToolCallChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from models.chat.asynchronous import AsynchronousChatModel

_EXPLAINED: Final = (
    "Some personal data was replaced by placeholders in square brackets, such as {example}. Where you speak of one, write it "
    "exactly as it stands."
)


@dataclass(frozen=True)
class Hidden:
    """Texts with placeholders, and by each placeholder what it stands for.

    A placeholder begins with `[` and ends with `]`, neither of which stands in it otherwise.
    """

    texts: Sequence[str]
    values: Mapping[str, str]


Hide = Callable[[Sequence[str]], Awaitable[Hidden]]
"""Replaces personal data in texts that belong together: one value has one placeholder in all of them."""


class RedactingChatModel(AsynchronousChatModel):
    """Asks another model, which never sees what `hide` takes out; what it says, and calls tools with, has it back.

    Callbacks hear of the whole answer only from this model: the other's would tell them the placeholders.

    A placeholder that the model alters stays as the model wrote it. Nothing is kept once the answer is there.
    """

    model: BaseChatModel
    hide: Hide

    @property
    def model_name(self) -> str:
        """The other model's name."""
        return str(getattr(self.model, "model_name", self.model._llm_type))  # noqa: SLF001  # its only name

    @property
    def _llm_type(self) -> str:
        return f"redacting {self.model._llm_type}"  # noqa: SLF001  # its only name

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # LangChain's signature
    ) -> ChatResult:
        sent, values = await self._hidden(messages)
        result = await self.model._agenerate(sent, stop, None, **kwargs)  # noqa: SLF001  # the provider hook
        restored = [
            ChatGeneration(message=_restored(each.message, values), generation_info=each.generation_info)
            for each in result.generations
        ]
        return ChatResult(generations=restored, llm_output=result.llm_output)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # LangChain's signature
    ) -> AsyncIterator[ChatGenerationChunk]:
        sent, values = await self._hidden(messages)
        restoring = _Restoring(values)
        async for chunk in self.model._astream(sent, stop, None, **kwargs):  # noqa: SLF001  # the provider hook
            yield restoring.take(chunk)
        for rest in restoring.rest():
            yield rest

    async def _hidden(self, messages: Sequence[BaseMessage]) -> tuple[list[BaseMessage], Mapping[str, str]]:
        texts: list[str] = []

        def collect(text: str) -> str:
            texts.append(text)
            return text

        for message in messages:
            _mapped(message, collect)
        hidden = await self.hide(texts)
        if not hidden.values:
            return list(messages), hidden.values
        by_text = dict(zip(texts, hidden.texts, strict=True))
        sent = [_mapped(message, by_text.__getitem__) for message in messages]
        return _explained(sent, next(iter(hidden.values))), hidden.values


@dataclass
class _Tail:
    """Text as it comes: what may be the beginning of a placeholder is held until it is told."""

    values: Mapping[str, str]
    held: str = ""

    def take(self, text: str) -> str:
        """What can be said now."""
        whole = self.held + text
        begin = whole.rfind("[")
        self.held = whole[begin:] if begin >= 0 else ""
        if not any(each.startswith(self.held) and each != self.held for each in self.values):
            self.held = ""
        return _replaced(whole[: len(whole) - len(self.held)], self.values)


@dataclass
class _Restoring:
    """Puts values back into the chunks of one answer."""

    values: Mapping[str, str]
    text: _Tail = field(init=False)
    arguments: dict[int | None, _Tail] = field(default_factory=dict)
    """By the number of the tool call."""

    def __post_init__(self) -> None:
        self.text = _Tail(self.values)

    def take(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        """The chunk with as much of what it says as can be said now."""
        message = chunk.message
        if not self.values or not isinstance(message, AIMessageChunk):
            return chunk
        changes = {
            "content": _content(message.content, self.text.take),
            "tool_call_chunks": [self._call(call) for call in message.tool_call_chunks],
        }
        return ChatGenerationChunk(message=_rebuilt(message, changes), generation_info=chunk.generation_info)

    def rest(self) -> list[ChatGenerationChunk]:
        """What was held, and began no placeholder after all."""
        calls = [
            ToolCallChunk(name=None, args=tail.held, id=None, index=index, type="tool_call_chunk")
            for index, tail in self.arguments.items()
            if tail.held
        ]
        if not self.text.held and not calls:
            return []
        return [ChatGenerationChunk(message=AIMessageChunk(content=self.text.held, tool_call_chunks=calls))]

    def _call(self, call: ToolCallChunk) -> ToolCallChunk:
        if not call["args"]:
            return call
        tail = self.arguments.setdefault(call["index"], _Tail(_in_json(self.values)))
        return {**call, "args": tail.take(call["args"])}


def _rebuilt(message: AIMessageChunk, changes: Mapping[str, Any]) -> AIMessageChunk:
    """A new chunk, so that LangChain reads the tool calls out of their pieces again."""
    kept = ("additional_kwargs", "response_metadata", "usage_metadata", "id", "name", "chunk_position")
    return AIMessageChunk(
        **{"content": message.content, **{name: getattr(message, name) for name in kept}, **changes}
    )


def _restored(message: BaseMessage, values: Mapping[str, str]) -> BaseMessage:
    if not values:
        return message
    found = _mapped(message, lambda text: _replaced(text, values))
    if isinstance(found, AIMessage) and found.invalid_tool_calls:
        escaped = _in_json(values)
        calls = [
            {**call, "args": _replaced(call["args"] or "", escaped)} for call in found.invalid_tool_calls
        ]
        found = found.model_copy(update={"invalid_tool_calls": calls})
    return found


def _mapped(message: BaseMessage, change: Callable[[str], str]) -> BaseMessage:
    """The message with each text of its content and of its tool calls' arguments changed.

    The provider's own copy of the calls beside them is left out.
    """
    changes: dict[str, Any] = {"content": _content(message.content, change)}
    if isinstance(message, AIMessage):
        changes["tool_calls"] = [{**call, "args": _json(call["args"], change)} for call in message.tool_calls]
        changes["additional_kwargs"] = {
            name: value for name, value in message.additional_kwargs.items() if name != "tool_calls"
        }
    return message.model_copy(update=changes)


def _content(content: str | list[Any], change: Callable[[str], str]) -> str | list[Any]:
    if isinstance(content, str):
        return change(content)
    return [
        change(block)
        if isinstance(block, str)
        else {**block, "text": change(block["text"])}
        if isinstance(block.get("text"), str)
        else block
        for block in content
    ]


def _json(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_json(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _json(item, change) for key, item in value.items()}
    return value


def _replaced(text: str, values: Mapping[str, str]) -> str:
    # What was put in is not looked at again: a value may look like a placeholder.
    position, pieces = 0, []
    while (begin := text.find("[", position)) >= 0:
        placeholder = next((each for each in values if text.startswith(each, begin)), None)
        pieces += [text[position:begin], values[placeholder] if placeholder else "["]
        position = begin + len(placeholder or "[")
    return "".join((*pieces, text[position:]))


def _in_json(values: Mapping[str, str]) -> dict[str, str]:
    return {placeholder: json.dumps(value, ensure_ascii=False)[1:-1] for placeholder, value in values.items()}


def _explained(messages: list[BaseMessage], example: str) -> list[BaseMessage]:
    """The messages, with what the placeholders are said in the system message."""
    said = _EXPLAINED.format(example=example)
    first = messages[0]
    if isinstance(first, SystemMessage) and isinstance(first.content, str):
        return [SystemMessage(f"{first.content}\n\n{said}"), *messages[1:]]
    return [SystemMessage(said), *messages]
