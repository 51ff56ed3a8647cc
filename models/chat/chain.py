"""A chain of chat models of which the first that answers is heard."""

import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any  # LangChain's own signatures

import httpx
import openai
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from models.chat.asynchronous import AsynchronousChatModel
from models.chat.extractive.model import ExtractiveChatModel
from models.chat.tools import without_hints
from models.errors import ChatModelUnavailable, ModelsError

logger = logging.getLogger(__name__)
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError, IndexError)
"""What the client raises when an endpoint answers with something that is no chat completion."""
FAILURES = (openai.OpenAIError, httpx.HTTPError, TimeoutError, OSError, ModelsError, *_MALFORMED)
_CHOICES = frozenset({"auto", "none", "required"})


class ChainChatModel(AsynchronousChatModel):
    """Asks its models in order until one answers; raises ChatModelUnavailable when none does.

    A model that says nothing and calls nothing has not answered. A stream falls back only until something was
    said: what was said is not said again by another model. What an endpoint writes in an error is not repeated.
    """

    models: list[BaseChatModel]

    @property
    def _llm_type(self) -> str:
        return "chain"

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
                result = await model._agenerate(messages, stop, run_manager, **_options(model, kwargs))  # noqa: SLF001  # the provider hook
                said = result.generations[0].message
                if said.text or getattr(said, "tool_calls", None):
                    return result
                failures.append(_report(model, "said nothing"))
            except FAILURES as error:
                failures.append(_report(model, _what(error)))
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
            held: list[ChatGenerationChunk] = []
            begun = False
            try:
                async for chunk in model._astream(messages, stop, run_manager, **_options(model, kwargs)):  # noqa: SLF001  # the provider hook
                    held.append(chunk)
                    begun = begun or bool(chunk.text) or _calls(chunk)
                    while begun and held:
                        yield held.pop(0)
            except FAILURES as error:
                failures.append(_report(model, _what(error)))
                if begun:
                    raise ChatModelUnavailable(f"a chat model broke off: {failures[-1]}") from None
            else:
                if begun:
                    return
                failures.append(_report(model, "said nothing"))
        raise ChatModelUnavailable("no chat model answered: " + "; ".join(failures))


def _options(
    model: BaseChatModel, options: Mapping[str, Any]
) -> dict[str, Any]:  # LangChain's keyword arguments
    """The options as the model understands them: hints are for the extractive one only."""
    given = {name: value for name, value in options.items() if value is not None}
    if isinstance(model, ExtractiveChatModel):
        return given
    if "tools" in given:
        given["tools"] = without_hints(given["tools"])
    choice = given.get("tool_choice")
    if choice == "any":
        given["tool_choice"] = "required"
    elif isinstance(choice, str) and choice not in _CHOICES:
        given["tool_choice"] = {"type": "function", "function": {"name": choice}}
    return given


def _calls(chunk: ChatGenerationChunk) -> bool:
    return isinstance(chunk.message, AIMessageChunk) and bool(chunk.message.tool_call_chunks)


def _what(error: BaseException) -> str:
    """What went wrong in our words: an endpoint's own may hold the key it was given."""
    if isinstance(error, openai.APIStatusError):
        return f"answered with status {error.status_code}"
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        return "did not answer in time"
    if isinstance(error, openai.APIConnectionError | httpx.HTTPError | OSError):
        return "could not be reached, or broke the connection"
    if isinstance(error, ModelsError):
        return str(error)
    return f"answered with something that is no chat completion ({type(error).__name__})"


def _report(model: BaseChatModel, what: str) -> str:
    name = str(getattr(model, "model_name", model._llm_type))  # noqa: SLF001  # its only name
    logger.warning("chat model %s %s", name, what, extra={"model": name})
    return f"{name} {what}"
