"""What the memory package offers to the packages above it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, JsonValue


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Whose memory it is: every item belongs to a tenant and a user, and where it applies to a project and a thread."""

    thread_id: str
    tenant_id: str = "local"
    user_id: str = "local"
    project_id: str | None = None


class ToolUse(BaseModel):
    """A tool call that was made for a turn, so that a later turn can change one of its arguments."""

    model_config = ConfigDict(frozen=True)

    agent: str
    name: str
    arguments: dict[str, JsonValue]
    result: str
    """The text that the tool gave back."""


class Turn(BaseModel):
    """A request and what was answered to it."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    request: str
    answer: str
    agents: tuple[str, ...] = ()
    tool_uses: tuple[ToolUse, ...] = ()
    at: datetime


@runtime_checkable
class MemoryTier(Protocol):
    """A store of turns with its own lifetime. No turns means none known; an outage raises MemoryUnavailable."""

    async def recall(self, scope: Scope, *, limit: int) -> list[Turn]:
        """The newest turns of the thread, at most `limit`, oldest first."""
        ...

    async def remember(self, scope: Scope, turn: Turn) -> None:
        """Keep the turn; keeping one twice changes nothing."""
        ...


@runtime_checkable
class ConversationMemory(Protocol):
    """What a turn of conversation recalls and leaves behind, over all tiers. An outage raises MemoryUnavailable."""

    async def recall(self, scope: Scope) -> list[Turn]:
        """Earlier turns of the thread under the token limit, oldest first; none means a new conversation."""
        ...

    async def remember(self, scope: Scope, turn: Turn) -> None:
        """Keep the turn in every tier that takes part."""
        ...
