"""What consolidation works on, and what it needs of others."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias, runtime_checkable

from memory.interfaces import Draft
from memory.owner import Owner

Redact: TypeAlias = Callable[[str], str]
"""Gives the text without secrets and other personal data that must not be remembered."""
Unseal: TypeAlias = Callable[[Owner, str], Awaitable[str]]
"""Gives the text of a stored message that may be encrypted for its owner."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message of a thread."""

    id: str
    role: str
    text: str
    said_at: datetime
    speaker: str | None = None


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """A message with its neighbours."""

    said: Said
    before: tuple[Said, ...] = ()
    """Oldest first."""
    after: tuple[Said, ...] = ()
    thread_id: str | None = None
    project_id: str | None = None
    subject: str | None = None
    """Who speaks of himself, where a thread has several people and it is not the user himself."""


@runtime_checkable
class Extractor(Protocol):
    """Finds what is worth remembering in a message. None found is an empty list; any error is the message's own."""

    async def extract(self, excerpt: Excerpt) -> list[Draft]:
        """Drafts that name the message as their source; the neighbours only help to understand it."""
        ...


class Kept(Protocol):
    """What became of a draft."""

    @property
    def outcome(self) -> str:
        """`added`, `confirmed`, `superseded` or `contested`."""
        ...


class Remembers(Protocol):
    """Where drafts go. The same `origin_key` is kept once; an outage raises MemoryUnavailable."""

    async def remember(self, owner: Owner, drafts: Sequence[Draft]) -> Sequence[Kept]:
        """Keep the drafts, all or none."""
        ...
