"""The keys of short-term memory: all of them are made here, each begins with its tenant and user."""

import re
from typing import Final, NamedTuple

from memory.errors import UnknownThread
from memory.interfaces import Scope
from memory.owner import Owner

THREAD_PARTS: Final = ("turns", "summary", "state")
_THREAD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


Answer = bytes | str
"""What Redis gives back: bytes, or texts where the client was made to decode."""


class ThreadKeys(NamedTuple):
    """The keys of a thread."""

    turns: str
    """A list: the last turns, newest last."""
    summary: str
    """A hash: what came before them. It is there only while turns and summary together are the whole thread."""
    state: str
    """A hash: the working state of each agent, a field a value."""


def thread_keys(scope: Scope) -> ThreadKeys:
    """The keys of this thread of this user.

    Names and ids have no colon, so that no part of one key passes for another's. Raises OwnerInvalid for a name that
    no user can have, UnknownThread for an id that no thread can have.
    """
    if not _THREAD.fullmatch(scope.thread_id):
        raise UnknownThread(
            f"{scope.thread_id[:80]!r} is no id of a thread: use 1 to 128 letters, digits and . _ -, beginning with a "
            "letter or digit"
        )
    prefix = owner_prefix(scope.owner)
    return ThreadKeys(*(f"{prefix}{scope.thread_id}:{part}" for part in THREAD_PARTS))


def text_of(answer: Answer) -> str:
    """What Redis gave back, as a text."""
    return answer.decode() if isinstance(answer, bytes) else answer


def owner_prefix(owner: Owner) -> str:
    """What every key of the user begins with, and no other key does; free of signs that a pattern gives a meaning."""
    return f"freya:{owner.tenant_id}:{owner.user_id}:thread:"
