"""Who makes a request, known to all that is done for it."""

from contextvars import ContextVar
from dataclasses import dataclass, field

from app.access.keys import ApiKey, Binding
from memory import Owner

_CALLER: ContextVar["Caller | None"] = ContextVar("caller", default=None)


@dataclass(frozen=True)
class Standing:
    """How a caller stands with a limit."""

    quota: int
    window_s: int
    remaining: int
    reset_s: int
    """Seconds until the whole quota is there again."""


@dataclass(frozen=True)
class Caller:
    """The user for whom a request acts, and the key that it came with; None where none is needed."""

    owner: Owner
    key: ApiKey | None = None
    by_socket: bool = False
    """Whether it speaks over a WebSocket, whose frames are requests that no middleware sees."""
    standing: dict[str, Standing] = field(default_factory=dict, compare=False)
    """With the limits that were checked for this request."""

    @property
    def name(self) -> str:
        """The key's id, or else the user: who is noted as having done something."""
        return self.key.id if self.key else self.owner.user_id

    @property
    def subject(self) -> str:
        """Whose use is counted: the key's, and without keys the user's."""
        return self.key.id if self.key else f"user:{self.owner}"

    @property
    def binding(self) -> Binding:
        """For whom it may act."""
        return self.key.binding if self.key else Binding()

    def enter(self) -> None:
        """Be the caller of the current task, and of those that it starts."""
        _CALLER.set(self)


def caller() -> Caller | None:
    """The caller of the current task; None where nobody asked from outside."""
    return _CALLER.get()
