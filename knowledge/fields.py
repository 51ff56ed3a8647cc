"""The two parts of a pair that are indexed apart, and what an index is to the indexer."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable

from knowledge.store import StoredPair


class Field(StrEnum):
    """What of a pair a query is compared with."""

    QUESTION = "question"
    ANSWER = "answer"


class PairIndex(Protocol):
    """A derived index of the store. An index that does not answer raises KnowledgeUnavailable."""

    @property
    def name(self) -> str:
        """What it is called in progress and status."""
        ...

    @property
    def batch_size(self) -> int:
        """How many pairs it takes at a time."""
        ...

    @property
    def is_loading(self) -> bool:
        """Whether it is being read into memory; what asks it meanwhile waits."""
        ...

    async def reached(self, store: str) -> int:
        """The revision up to which it holds the store of that identity; 0 when it must be built anew."""
        ...

    async def apply(self, changed: Sequence[StoredPair], *, store: str) -> None:
        """Bring these pairs in, or take them out where removed, and reach the last one's revision.

        Applying the same pairs again changes nothing.
        """
        ...

    async def counts(self) -> dict[str, int]:
        """How many pairs it holds of each collection; without those it holds none of."""
        ...

    async def clear(self) -> None:
        """Empty it, whatever state it is in."""
        ...


@runtime_checkable
class AsksFirst(PairIndex, Protocol):
    """An index that can take in the questions of pairs long before their answers, which are far longer.

    Pairs are found by their questions meanwhile.
    """

    async def asked(self, store: str) -> int:
        """The revision up to which it holds the questions of the store of that identity, or that it has reached."""
        ...

    async def ask(self, changed: Sequence[StoredPair], *, store: str) -> None:
        """Bring in the questions of these pairs, and take out what was removed; what was reached stays as it is."""
        ...
