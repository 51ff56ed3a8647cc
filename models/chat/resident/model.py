"""The chat model on a resident engine."""

import asyncio
import secrets
import string
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, Protocol, runtime_checkable  # Any: LangChain's own signatures, and JSON

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import agenerate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, InvalidToolCall, ToolCall
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import ConfigDict, ValidationError

from models.chat.asynchronous import AsynchronousChatModel
from models.chat.resident.asking import Asked, CallOptions
from models.chat.resident.calling import ReadCall
from models.chat.resident.prompting import ModelPrompt, write_prompt
from models.chat.resident.reading import AnswerReader, Piece
from models.chat.resident.structured import structured_output
from models.errors import ModelsError, RequestInvalid
from models.interfaces import estimated_tokens
from models.resident import Engine, Finish, StopReason, Token

_LONG = 8192
"""Characters of messages whose rendering is worth a thread."""
_REASONS = {StopReason.END: "stop", StopReason.STOP: "stop", StopReason.LENGTH: "length"}
_LETTERS = string.ascii_letters + string.digits


@runtime_checkable
class EngineSource(Protocol):
    """A model by name, loaded when it is first wanted."""

    @property
    def name(self) -> str:
        """The name under which it is declared."""
        ...

    @property
    def loaded(self) -> Engine | None:
        """The engine, if it is in memory now."""
        ...

    def lease(self) -> AbstractAsyncContextManager[Engine]:
        """The engine, which stays in memory as long. Raises EngineError or ModelInvalid where it cannot be had."""
        ...


class ResidentChatModel(AsynchronousChatModel):
    """Answers with a model in this process.

    `response_metadata` has `model_name`, `finish_reason` (`stop`, `length`, `tool_calls`), the `stop` text that was
    met, the `adapters` that took part, and `timings_s`; usage counts tokens, those found computed as `cache_read`. What a model thinks before
    it answers stands in `additional_kwargs["reasoning_content"]`. Raises the errors of the engine.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    source: EngineSource
    options: CallOptions = CallOptions()

    @property
    def model_name(self) -> str:
        """The name under which the model is declared."""
        return self.source.name

    @property
    def _llm_type(self) -> str:
        return "resident"

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        *,
        include_raw: bool = False,
        **kwargs: Any,  # LangChain's signature
    ) -> Runnable[LanguageModelInput, Any]:
        """A runnable that answers with the schema's own object, under a grammar that allows nothing else."""
        return structured_output(self, schema, include_raw=include_raw, **kwargs)

    def get_num_tokens(self, text: str) -> int:
        """Tokens of a text; estimated while the model is not in memory."""
        engine = self.source.loaded
        return len(engine.tokenize(text)) if engine is not None else estimated_tokens([text])[0]

    def token_counts(self, texts: Sequence[str]) -> list[int] | None:
        """The tokens of each text within a prompt; None while the model is not in memory. Computes."""
        engine = self.source.loaded
        if engine is None:
            return None
        try:
            begins = len(engine.tokenize(""))  # what a whole prompt begins with
            return [len(engine.tokenize(text)) - begins for text in texts]
        except ModelsError:
            return None  # it was let go of meanwhile

    def get_num_tokens_from_messages(
        self,
        messages: list[BaseMessage],
        tools: Sequence[Any] | None = None,
        **kwargs: Any,  # LangChain's signature
    ) -> int:
        """Tokens of the prompt that these messages become; estimated while the model is not in memory."""
        engine = self.source.loaded
        if engine is None:
            return sum(estimated_tokens([message.text for message in messages]))
        described = self.bind_tools(tools).kwargs["tools"] if tools else []  # type: ignore[attr-defined]  # a binding
        return len(engine.tokenize(write_prompt(engine.card, messages, described).text))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # LangChain's signature
    ) -> ChatResult:
        return await agenerate_from_stream(self._astream(messages, stop, run_manager, **kwargs))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # LangChain's signature
    ) -> AsyncIterator[ChatGenerationChunk]:
        options = self._with(kwargs, run_manager)
        async with self.source.lease() as engine:
            asked = Asked(options)
            prompt = await _prompted(engine, messages, asked)
            request = asked.request(prompt, tuple(stop or ()))
            reader = AnswerReader(prompt.form if asked.may_call else None, thinking=prompt.thinking)
            probabilities: list[dict[str, Any]] = []
            async with aclosing(engine.generate(request)) as events:
                async for event in events:
                    if isinstance(event, Token) and event.logprob is not None:
                        probabilities.append(_probability(event))
                    for piece in reader.push(event.text):
                        yield await _told(_chunk(piece), run_manager)
                    if isinstance(event, Finish):
                        for chunk in self._ending(event, reader, probabilities, options.adapters):
                            yield await _told(chunk, run_manager)

    def _with(
        self, given: Mapping[str, Any], run_manager: AsyncCallbackManagerForLLMRun | None
    ) -> CallOptions:
        thread = (run_manager.metadata if run_manager else {}).get("thread_id", "")
        said = {name: value for name, value in given.items() if value is not None}
        try:
            return CallOptions.model_validate(
                {**self.options.model_dump(exclude_unset=True), "owner": str(thread), **said}
            )
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise RequestInvalid(f"the options of the call cannot be used: {wrong}") from error

    def _ending(
        self,
        finish: Finish,
        reader: AnswerReader,
        probabilities: Sequence[Mapping[str, Any]],
        adapters: Sequence[str],
    ) -> list[ChatGenerationChunk]:
        pieces, calls = reader.end()
        whole = [_tool_call(call) for call in calls if call.name and call.arguments is not None]
        broken = [_broken_call(call) for call in calls if not call.name or call.arguments is None]
        usage, timings = finish.usage, finish.timings
        metadata: dict[str, Any] = {
            "model_name": self.model_name,
            "finish_reason": "tool_calls" if whole and not broken else _REASONS[finish.reason],
            "timings_s": {
                "queued": round(timings.queued_s, 4),
                "first_token": round(timings.first_token_s, 4),
                "total": round(timings.total_s, 4),
            },
        }
        if finish.stop is not None:
            metadata["stop"] = finish.stop
        if adapters:
            metadata["adapters"] = list(adapters)
        if probabilities:
            metadata["logprobs"] = {"content": list(probabilities)}
        last = AIMessageChunk(
            content="",
            tool_calls=whole,
            invalid_tool_calls=broken,
            response_metadata=metadata,
            usage_metadata=UsageMetadata(
                input_tokens=usage.prompt_tokens,
                output_tokens=usage.completion_tokens,
                total_tokens=usage.prompt_tokens + usage.completion_tokens,
                input_token_details=InputTokenDetails(cache_read=usage.reused_tokens),
            ),
            chunk_position="last",
        )
        return [*map(_chunk, pieces), ChatGenerationChunk(message=last)]


async def _prompted(engine: Engine, messages: Sequence[BaseMessage], asked: Asked) -> ModelPrompt:
    long = sum(len(message.text) for message in messages) > _LONG
    if not long:
        return write_prompt(engine.card, messages, asked.tools, thinking=asked.thinking)
    return await asyncio.to_thread(write_prompt, engine.card, messages, asked.tools, thinking=asked.thinking)


async def _told(
    chunk: ChatGenerationChunk, run_manager: AsyncCallbackManagerForLLMRun | None
) -> ChatGenerationChunk:
    if run_manager is not None and chunk.text:
        await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
    return chunk


def _chunk(piece: Piece) -> ChatGenerationChunk:
    if piece.kind == "thinking":
        message = AIMessageChunk(content="", additional_kwargs={"reasoning_content": piece.text})
    else:
        message = AIMessageChunk(content=piece.text)
    return ChatGenerationChunk(message=message)


def _probability(event: Token) -> dict[str, Any]:
    return {
        "token": event.text,
        "logprob": event.logprob,
        "top_logprobs": [{"token": one.text, "logprob": one.logprob} for one in event.alternatives],
    }


def _tool_call(call: ReadCall) -> ToolCall:
    return ToolCall(name=call.name or "", args=call.arguments or {}, id=_call_id(), type="tool_call")


def _broken_call(call: ReadCall) -> InvalidToolCall:
    return InvalidToolCall(
        name=call.name,
        args=f"broken off: {call.text}",  # LangChain would complete the bare beginning of an object, and call with it
        id=_call_id(),
        error=None,
        type="invalid_tool_call",
    )


def _call_id() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(9))
