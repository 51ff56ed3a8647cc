"""What routing decides: which specialists work, and what each is asked."""

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from memory import Turn

Kind = Literal["tasks", "small_talk", "recap", "out_of_scope", "protected", "unclear", "client"]
"""`protected`: it asks for prompts, keys or other people's data. `client`: a language model answers it with the client's tools."""


class Task(BaseModel):
    """What one specialist is asked: a step of the plan for a message."""

    model_config = ConfigDict(frozen=True)

    id: int = 0
    """Its number in the plan, from 1 in the order of the message; 0 before it is planned."""
    agent: str
    request: str
    """In the user's words."""
    about: str = ""
    """The earlier request that a follow-up refers to; empty where the request stands by itself."""
    context: str = ""
    """Earlier words of the same message that the request refers to ("... and make a plan for it")."""
    given: str = ""
    """What earlier steps worked out that the request may take a value from: "Known from earlier: price 600." """
    needs: tuple[int, ...] = ()
    """The steps whose results it builds on."""
    priority: int = 1
    """1 is done first where not all can be done at once, or at all."""
    second: str = ""
    """Whom to ask where this specialist finds nothing; empty where nobody else is likely."""
    asked_by: int = 0
    """The step whose specialist asks this; 0 for what the message asks."""
    again: int = 0
    """The step that is done once more, with what its specialist asked for; 0 otherwise."""
    confidence: float
    """Calibrated probability, 0 to 1."""

    @property
    def text(self) -> str:
        """The request as a reader needs it who has not seen the rest of the message."""
        return " ".join(part for part in (self.context, self.request, self.given) if part)


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
