"""A chain of chat models of which the first that answers is heard."""

import asyncio
import logging
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal  # Any: LangChain's own signatures

import httpx
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field, PrivateAttr

from models.chat.asynchronous import AsynchronousChatModel
from models.chat.extractive.model import ExtractiveChatModel
from models.chat.guarding import CLIENT, Guard, status_of
from models.chat.resident import ResidentChatModel
from models.chat.tools import without_hints
from models.errors import ChatModelUnavailable, EmbeddingUnavailable, ModelsError

logger = logging.getLogger(__name__)
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError, IndexError)
"""What the client raises when an endpoint answers with something that is no chat completion."""
_FAILURES = (httpx.HTTPError, TimeoutError, OSError, ModelsError, *_MALFORMED)
_CHOICES = frozenset({"auto", "none", "required"})
_FOR_RESIDENTS = frozenset({"priority", "adapters", "owner", "thinking"})
"""Options that only a model in this process understands."""


@dataclass(frozen=True)
class Inference:
    """One request to one model of a chain, for metrics."""

    role: str
    model: str
    outcome: Literal["answered", "failed", "passed by"]
    seconds: float


class ChainChatModel(AsynchronousChatModel):
    """Asks its models in order until one answers.

    Where none does it raises EmbeddingUnavailable if a model could not embed what it was asked, as that may pass in a
    moment, and else ChatModelUnavailable; both name each model with what became of it.
    A model that says nothing and calls nothing has not answered. A stream falls back only until something was
    said: what was said is not said again by another model. What an endpoint writes in an error is not repeated.
    An answer that is not the first model's has `response_metadata["fallbacks"]`: what became of those before it.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    models: list[BaseChatModel]
    names: list[str] = Field(default_factory=list)
    """Under which the models are configured, in their order; an answer has its own as `response_metadata["served_by"]`."""
    guards: list[Guard] = Field(default_factory=list)
    """Of the models, in their order; those beyond the end have none."""
    role: str = ""
    observe: Callable[[Inference], None] | None = None
    _guards: list[Guard] = PrivateAttr()

    def model_post_init(self, context: object, /) -> None:
        """Give every model a guard."""
        super().model_post_init(context)
        self._guards = [*self.guards, *(Guard() for _ in self.models[len(self.guards) :])]

    def of_language(self) -> "ChainChatModel":
        """The chain without the extractive model; what is known of how each model fares is shared."""
        kept = [each for each in self.models if not isinstance(each, ExtractiveChatModel)]
        guards = self._guards[: len(kept)]
        return ChainChatModel(
            models=kept, names=self.names, guards=guards, role=self.role, observe=self.observe
        )

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
        blind: EmbeddingUnavailable | None = None
        for attempt in self._attempts(failures):
            model = attempt.model
            try:
                async with asyncio.timeout(attempt.guard.limit_s):
                    result = await model._agenerate(messages, stop, run_manager, **_options(model, kwargs))  # noqa: SLF001  # the provider hook
                said = result.generations[0].message
                if said.text or getattr(said, "tool_calls", None):
                    attempt.answered()
                    _note(said, failures, attempt)
                    return result
                attempt.failed("said nothing", None)
            except _expected() as error:
                attempt.failed(_what(error), error)
                blind = error if isinstance(error, EmbeddingUnavailable) else blind
            finally:
                attempt.end()
        raise _unanswered(failures, blind) from blind

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # LangChain's signature
    ) -> AsyncIterator[ChatGenerationChunk]:
        failures: list[str] = []
        blind: EmbeddingUnavailable | None = None
        for attempt in self._attempts(failures):
            model = attempt.model
            held: list[ChatGenerationChunk] = []
            begun = False
            stream = model._astream(messages, stop, run_manager, **_options(model, kwargs))  # noqa: SLF001  # the provider hook
            try:
                async with aclosing(_begun_in_time(stream, attempt.guard.limit_s)) as chunks:
                    async for chunk in chunks:
                        held.append(chunk)
                        if not begun and (chunk.text or _calls(chunk)):
                            begun = True
                            _note(held[0].message, failures, attempt)
                        while begun and held:
                            yield held.pop(0)
            except _expected() as error:
                attempt.failed(_what(error), error)
                if begun:
                    raise ChatModelUnavailable(f"a chat model broke off: {failures[-1]}") from None
                blind = error if isinstance(error, EmbeddingUnavailable) else blind
            else:
                if begun:
                    attempt.answered()
                    return
                attempt.failed("said nothing", None)
            finally:
                attempt.end()
        raise _unanswered(failures, blind) from blind

    def _attempts(self, failures: list[str]) -> "Iterator[_Attempt]":
        """The models to ask, each looked at when its turn comes."""
        names = [*self.names, *[""] * (len(self.models) - len(self.names))]
        for model, guard, served_by in zip(self.models, self._guards, names, strict=True):
            attempt = _Attempt(self, model, guard, failures, served_by)
            refusal = guard.refusal()
            if refusal is None:
                yield attempt
            else:
                failures.append(f"{attempt.name} {refusal}")
                attempt.tell("passed by")


def language_model(model: BaseChatModel) -> BaseChatModel | None:
    """The model without the extractive one at the end of its chain; None where nothing is left."""
    if isinstance(model, ExtractiveChatModel):
        return None
    return model.of_language() if isinstance(model, ChainChatModel) else model


class _Attempt:
    """One request to one model, until it has been told how it ended."""

    def __init__(
        self, chain: ChainChatModel, model: BaseChatModel, guard: Guard, failures: list[str], served_by: str
    ) -> None:
        self.served_by = served_by
        self.model = model
        self.guard = guard
        self.name = str(getattr(model, "model_name", model._llm_type))  # noqa: SLF001  # its only name
        self._chain = chain
        self._failures = failures
        self._began = time.monotonic()
        self._ended = False

    def answered(self) -> None:
        """It was heard."""
        self._ended = True
        self.guard.succeeded()
        self.tell("answered")

    def failed(self, what: str, error: BaseException | None) -> None:
        """It was not."""
        self._ended = True
        self.guard.failed(error)
        logger.warning("chat model %s %s", self.name, what, extra={"model": self.name})
        self._failures.append(f"{self.name} {what}")
        self.tell("failed")

    def end(self) -> None:
        """Whoever asked has gone, if nothing else was told."""
        if not self._ended:
            self.guard.failed(None)

    def tell(self, outcome: Literal["answered", "failed", "passed by"]) -> None:
        """For metrics."""
        if self._chain.observe is not None:
            seconds = time.monotonic() - self._began
            self._chain.observe(Inference(self._chain.role, self.name, outcome, seconds))


async def _begun_in_time(
    stream: AsyncIterator[ChatGenerationChunk], limit_s: float | None
) -> AsyncGenerator[ChatGenerationChunk, None]:
    """The stream, which has so many seconds until it says or calls something. Raises TimeoutError."""
    ends_at = None if limit_s is None else asyncio.get_running_loop().time() + limit_s
    try:
        while True:
            async with asyncio.timeout_at(ends_at):
                chunk = await anext(stream, None)
            if chunk is None:
                return
            yield chunk
            if chunk.text or _calls(chunk):
                ends_at = None
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


def _options(
    model: BaseChatModel, options: Mapping[str, Any]
) -> dict[str, Any]:  # LangChain's keyword arguments
    """The options as the model understands them: hints are for the extractive one only."""
    given = {name: value for name, value in options.items() if value is not None}
    if isinstance(model, ExtractiveChatModel):
        return given
    if "tools" in given:
        given["tools"] = without_hints(given["tools"])
    if isinstance(model, ResidentChatModel):
        return given
    given = {name: value for name, value in given.items() if name not in _FOR_RESIDENTS}
    choice = given.get("tool_choice")
    if choice == "any":
        given["tool_choice"] = "required"
    elif isinstance(choice, str) and choice not in _CHOICES:
        given["tool_choice"] = {"type": "function", "function": {"name": choice}}
    return given


def _calls(chunk: ChatGenerationChunk) -> bool:
    return isinstance(chunk.message, AIMessageChunk) and bool(chunk.message.tool_call_chunks)


def _expected() -> tuple[type[Exception], ...]:
    """What models may raise."""
    return (*_FAILURES, sys.modules[CLIENT].OpenAIError) if CLIENT in sys.modules else _FAILURES


def _unanswered(failures: list[str], blind: EmbeddingUnavailable | None) -> ModelsError:
    kind = ChatModelUnavailable if blind is None else EmbeddingUnavailable
    return kind("no chat model answered: " + "; ".join(failures))


def _note(message: BaseMessage, failures: list[str], attempt: _Attempt) -> None:
    if attempt.served_by:
        message.response_metadata["served_by"] = attempt.served_by
    if failures:
        message.response_metadata["fallbacks"] = list(failures)


def _what(error: BaseException) -> str:
    """What went wrong in our words: an endpoint's own may hold the key it was given."""
    client = sys.modules.get(CLIENT)
    status = status_of(error)
    if status is not None:
        return f"answered with status {status}"
    if isinstance(error, TimeoutError) or (client and isinstance(error, client.APITimeoutError)):
        return "did not answer in time"
    if isinstance(error, httpx.HTTPError | OSError) or (
        client and isinstance(error, client.APIConnectionError)
    ):
        return "could not be reached, or broke the connection"
    if isinstance(error, ModelsError):
        return str(error)
    return f"answered with something that is no chat completion ({type(error).__name__})"
