"""What goes along with a run and stands in no record: what its client brought, and on whose account it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from langgraph.checkpoint.serde.base import SerializerProtocol

from app.checkpoints import packed, unpacked
from app.runs.writing import Field
from graphs import NOTHING, Brought
from memory import Owner

_BROUGHT: Final = "brought"
_ACCOUNT: Final = "account"


@dataclass(frozen=True)
class Luggage:
    """All of it."""

    brought: Brought = NOTHING
    account: str = ""
    """Whose use it counts as, as `Accounts` names it; empty where nobody asked from outside."""


EMPTY = Luggage()


def kept_with(run: Luggage, serde: SerializerProtocol) -> Mapping[str, Field]:
    """The fields of the work on a run that hold it, for who goes on with the run; none where there is nothing."""
    fields: dict[str, Field] = {}
    if run.brought != NOTHING:
        fields[_BROUGHT] = lambda: packed(serde, run.brought.model_dump_json())
    if run.account:
        fields[_ACCOUNT] = run.account.encode
    return fields


def found_with(found: Mapping[str, bytes], serde: SerializerProtocol) -> Luggage:
    """What was kept."""
    brought = unpacked(serde, found[_BROUGHT]) if _BROUGHT in found else None
    return Luggage(
        Brought.model_validate_json(brought) if brought is not None else NOTHING,
        found.get(_ACCOUNT, b"").decode(),
    )


@dataclass(frozen=True)
class Accounts:
    """On whose account work is done."""

    current: Callable[[], str] = lambda: ""
    """Names that of the current task."""
    enter: Callable[[Owner, str], None] = lambda _owner, _account: None
    """Does what follows in the current task on this user's account of that name."""
