"""What routing decides: which specialists work, and what each is asked."""

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from memory import Turn

Kind = Literal["tasks", "small_talk", "recap", "out_of_scope", "unclear"]


class Task(BaseModel):
    """What one specialist is asked."""

    model_config = ConfigDict(frozen=True)

    agent: str
    request: str
    """In the user's words."""
    about: str = ""
    """The earlier request that a follow-up refers to; empty where the request stands by itself."""
    context: str = ""
    """Earlier words of the same message that the request refers to ("... and make a plan for it")."""
    confidence: float
    """Calibrated probability, 0 to 1."""

    @property
    def text(self) -> str:
        """The request as a reader needs it who has not seen the rest of the message."""
        return f"{self.context} {self.request}".strip()


class Route(BaseModel):
    """The decision on a message."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    tasks: tuple[Task, ...] = ()
    left_out: tuple[str, ...] = ()
    """Parts of the message that no specialist is for."""
    reason: str = ""
    """How it was decided, for the record."""


@runtime_checkable
class Router(Protocol):
    """Decides on a message. Raises EmbeddingUnavailable when it cannot read it."""

    async def route(self, message: str, turns: Sequence[Turn], wanted: Sequence[str] = ()) -> Route:
        """Who works on the message. `wanted` names the agents that the client asked for, which decides it."""
        ...
