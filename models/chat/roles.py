"""Chat models by role, as the settings declare them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, runtime_checkable

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from models.chat.chain import ChainChatModel, Inference
from models.chat.extractive.model import ExtractiveChatModel
from models.chat.guarding import Guard
from models.chat.redacting import Hide, RedactingChatModel
from models.chat.resident import CallOptions, ResidentChatModel
from models.chat.settings import EXTRACTIVE, ChatSettings, EndpointSettings, Role
from models.errors import ModelsError
from models.interfaces import Embedder
from models.residency import Residents, ResidentSettings
from models.resident import Priority

_PRIORITIES: Final = {Role.AGENTIC: Priority.ROUTING}
"""What waits for the orchestrator cannot even begin."""


@runtime_checkable
class ChatModels(Protocol):
    """Gives the chat model of a role. It raises what ChainChatModel does when no model of its chain answers."""

    def of(self, role: Role) -> BaseChatModel:
        """The model that serves the role."""
        ...


class ConfiguredChatModels:
    """A chain for each role, the extractive model last in each.

    `hide` takes personal data out for endpoints that are to be redacted; `residents` holds the models served in this
    process. Raises ModelsError where one of them is needed and missing. `observe` hears of every request to a model.
    """

    def __init__(
        self,
        settings: ChatSettings,
        embedder: Embedder,
        *,
        hide: Hide | None = None,
        residents: Residents | None = None,
        observe: Callable[[Inference], None] | None = None,
    ) -> None:
        self._settings = settings
        self._residents = residents
        self._extractive = ExtractiveChatModel(embedder=embedder)
        self._remote = {
            name: _redacting(name, open_endpoint(endpoint), hide)
            if endpoint.redact
            else open_endpoint(endpoint)
            for name, endpoint in settings.endpoints.items()
        }
        guards = {name: Guard(limit_s=each.timeout_s) for name, each in settings.endpoints.items()}
        guards |= {name: Guard(limit_s=each.timeout_s) for name, each in settings.resident.items()}
        self._models: Mapping[Role, BaseChatModel] = {
            role: self._chain(role, guards, observe) for role in Role
        }

    def of(self, role: Role) -> BaseChatModel:
        """The model that serves the role."""
        return self._models[role]

    def token_counts(self, role: Role, texts: Sequence[str]) -> list[int] | None:
        """The tokens of each text by the first model of the role; None while that is not in memory here.

        Computes, so call it in a thread.
        """
        model = self._models[role]
        first = model.models[0] if isinstance(model, ChainChatModel) else model
        return first.token_counts(texts) if isinstance(first, ResidentChatModel) else None

    def _chain(
        self, role: Role, guards: Mapping[str, Guard], observe: Callable[[Inference], None] | None
    ) -> BaseChatModel:
        names = [name for name in self._settings.roles.get(role, []) if name != EXTRACTIVE]
        if not names:
            return self._extractive
        return ChainChatModel(
            models=[*(self._named(name, role) for name in names), self._extractive],
            names=names,
            guards=[guards[name] for name in names],
            role=role.value,
            observe=observe,
        )

    def _named(self, name: str, role: Role) -> BaseChatModel:
        if name in self._remote:
            return self._remote[name]
        if self._residents is None:
            raise ModelsError(
                f"role {role} wants the resident model {name}, and nothing holds resident models"
            )
        return open_resident(self._residents, name, self._settings.resident[name], role)


def open_resident(residents: Residents, name: str, settings: ResidentSettings, role: Role) -> BaseChatModel:
    """A chat model on a resident one; nothing is loaded until it is asked."""
    return ResidentChatModel(
        source=residents.source(name),
        options=CallOptions(
            temperature=settings.temperature,
            max_tokens=settings.max_tokens,
            thinking=settings.thinking,
            deadline_s=settings.timeout_s,
            priority=_PRIORITIES.get(role, Priority.INTERACTIVE),
        ),
    )


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
