"""A chain of chat models of which the first that answers is heard."""

import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any  # LangChain's own signatures

import httpx
import openai
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from models.errors import ChatModelUnavailable, ModelsError

logger = logging.getLogger(__name__)
FAILURES = (openai.OpenAIError, httpx.HTTPError, TimeoutError, OSError, ModelsError)


class ChainChatModel(BaseChatModel):
    """Asks its models in order until one answers; raises ChatModelUnavailable when none does.

    A stream falls back only until its first chunk: what was said is not said again by another model.
    """

    models: list[BaseChatModel]

    @property
    def _llm_type(self) -> str:
        return "chain"

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | BaseTool | Any],  # LangChain's signature
        *,
        tool_choice: str | None = None,
        **kwargs: Any,  # LangChain's signature
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The same tools for whichever model answers."""
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
        raise ModelsError("chat models are asynchronous only: use ainvoke or astream")

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # LangChain's signature
    ) -> ChatResult:
        failures: list[str] = []
        for model in self.models:
            try:
                return await model._agenerate(messages, stop, run_manager, **kwargs)  # noqa: SLF001  # the provider hook
            except FAILURES as error:
                failures.append(_report(model, error))
        raise ChatModelUnavailable("no chat model answered: " + "; ".join(failures))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # LangChain's signature
    ) -> AsyncIterator[ChatGenerationChunk]:
        failures: list[str] = []
        for model in self.models:
            begun = False
            try:
                async for chunk in model._astream(messages, stop, run_manager, **kwargs):  # noqa: SLF001  # the provider hook
                    begun = begun or bool(chunk.text) or _calls(chunk)
                    yield chunk
            except FAILURES as error:
                failures.append(_report(model, error))
                if begun:
                    raise ChatModelUnavailable(f"a chat model broke off: {failures[-1]}") from error
            else:
                return
        raise ChatModelUnavailable("no chat model answered: " + "; ".join(failures))


def _calls(chunk: ChatGenerationChunk) -> bool:
    return isinstance(chunk.message, AIMessageChunk) and bool(chunk.message.tool_call_chunks)


def _report(model: BaseChatModel, error: BaseException) -> str:
    name = str(getattr(model, "model_name", model._llm_type))  # noqa: SLF001  # its only name
    logger.warning("chat model did not answer", extra={"model": name, "error": type(error).__name__})
    return f"{name}: {type(error).__name__}: {str(error)[:200]}"
