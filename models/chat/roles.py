"""Chat models by role, as the settings declare them."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from models.chat.chain import ChainChatModel
from models.chat.extractive.model import ExtractiveChatModel
from models.chat.redacting import Hide, RedactingChatModel
from models.chat.settings import EXTRACTIVE, ChatSettings, EndpointSettings, Role
from models.errors import ModelsError
from models.interfaces import Embedder


@runtime_checkable
class ChatModels(Protocol):
    """Gives the chat model of a role. The model raises ChatModelUnavailable when no model of its chain answers."""

    def of(self, role: Role) -> BaseChatModel:
        """The model that serves the role."""
        ...


class ConfiguredChatModels:
    """A chain for each role, the extractive model last in each.

    `hide` takes personal data out for endpoints that are to be redacted. Raises ModelsError where one is and there is none.
    """

    def __init__(self, settings: ChatSettings, embedder: Embedder, *, hide: Hide | None = None) -> None:
        extractive = ExtractiveChatModel(embedder=embedder)
        remote = {
            name: _redacting(name, open_endpoint(endpoint), hide)
            if endpoint.redact
            else open_endpoint(endpoint)
            for name, endpoint in settings.endpoints.items()
        }
        self._models: Mapping[Role, BaseChatModel] = {
            role: _chain([remote[n] for n in settings.roles.get(role, []) if n != EXTRACTIVE], extractive)
            for role in Role
        }

    def of(self, role: Role) -> BaseChatModel:
        """The model that serves the role."""
        return self._models[role]


def open_endpoint(settings: EndpointSettings) -> BaseChatModel:
    """A client of an OpenAI-compatible endpoint; nothing is sent until it is asked."""
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(
        base_url=settings.url,
        model=settings.model,
        api_key=settings.api_key or SecretStr("none"),
        timeout=settings.timeout_s,
        temperature=settings.temperature,
        max_completion_tokens=settings.max_tokens,
        max_retries=0,  # the next model of the chain is the retry
        stream_usage=True,
    )


def _redacting(name: str, model: BaseChatModel, hide: Hide | None) -> BaseChatModel:
    if hide is None:
        raise ModelsError(f"endpoint {name} is to be redacted, and there is nothing that finds personal data")
    return RedactingChatModel(model=model, hide=hide)


def _chain(remote: list[BaseChatModel], extractive: BaseChatModel) -> BaseChatModel:
    return ChainChatModel(models=[*remote, extractive]) if remote else extractive
