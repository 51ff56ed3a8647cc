"""A chat model that plays a script: replies and tool calls in order, hanging or failing where the script says so."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import ConfigDict, PrivateAttr

from models.chat import Role

NAME = "scripted"
_WORD = re.compile(r"\S+\s*")


@dataclass(kw_only=True)
class Step:
    """One reply. `to` is text that must stand in the messages; a script of several agents is played by it."""

    text: str = ""
    calls: Sequence[tuple[str, dict[str, Any]]] = ()
    broken_call: tuple[str, str] | None = None
    """A tool and arguments that are not JSON."""
    to: str = ""
    reason: str = "stop"
    error: Exception | None = None
    hangs: bool = False
    meets: asyncio.Barrier | None = None
    """The reply waits until as many others as the barrier wants are asked for."""


@dataclass
class Asked:
    """What the model was asked: the messages and the names of the tools it might call."""

    messages: list[BaseMessage]
    tools: list[str]

    @property
    def text(self) -> str:
        return "\n".join(message.text for message in self.messages)


@dataclass
class Script:
    """The steps that are left, and what was asked so far."""

    steps: list[Step]
    asked: list[Asked] = field(default_factory=list)
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, asked: Asked) -> Step:
        self.asked.append(asked)
        for number, step in enumerate(self.steps):
            if step.to in asked.text:
                return self.steps.pop(number)
        raise AssertionError(f"the script has no reply to: {asked.messages[-1].text[:300]}")

    def finish(self) -> None:
        """Fail when not every step was played."""
        left = [step.text or step.calls or step.error or step.reason for step in self.steps]
        assert not left, f"the script was not played to its end: {left}"


class ScriptedChatModel(BaseChatModel):
    """Plays its script."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    _script: Script = PrivateAttr()

    def __init__(self, script: Script) -> None:
        super().__init__()
        self._script = script

    @property
    def _llm_type(self) -> str:
        return NAME

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        return self.bind(tools=[_name(tool) for tool in tools], tool_choice=tool_choice, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise NotImplementedError

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        whole: AIMessageChunk | None = None
        async for chunk in self._astream(messages, stop, run_manager, **kwargs):
            assert isinstance(chunk.message, AIMessageChunk)
            whole = chunk.message if whole is None else whole + chunk.message
        assert whole is not None
        message = AIMessage(
            whole.text,
            tool_calls=whole.tool_calls,
            response_metadata=whole.response_metadata,
            usage_metadata=whole.usage_metadata,
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002  # LangChain's signature
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        step = self._script.take(Asked(messages, kwargs.get("tools", [])))
        if step.meets:
            await step.meets.wait()
        for piece in _WORD.findall(step.text):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
            if run_manager:
                await run_manager.on_llm_new_token(piece, chunk=chunk)
            yield chunk
        if step.hangs:
            self._script.hanging.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self._script.cancelled.set()
                raise
        if step.error:
            raise step.error
        yield ChatGenerationChunk(message=_last(step))


class ScriptedChat:
    """The scripted model in every role."""

    def __init__(self, script: Script) -> None:
        self._model = ScriptedChatModel(script)
        self.roles: list[Role] = []

    def of(self, role: Role) -> BaseChatModel:
        self.roles.append(role)
        return self._model


def _last(step: Step) -> AIMessageChunk:
    calls = [(name, json.dumps(arguments)) for name, arguments in step.calls]
    calls += [step.broken_call] if step.broken_call else []
    return AIMessageChunk(
        content="",
        tool_call_chunks=[
            tool_call_chunk(name=name, args=arguments, id=f"call_{index}", index=index)
            for index, (name, arguments) in enumerate(calls)
        ],
        response_metadata={
            "model_name": NAME,
            "finish_reason": "tool_calls" if calls else step.reason,
        },
        usage_metadata=UsageMetadata(input_tokens=10, output_tokens=5, total_tokens=15),
        chunk_position="last",
    )


def _name(tool: Any) -> str:
    return str(tool["function"]["name"]) if isinstance(tool, dict) else str(tool.name)
