"""Erasing all of a user: every store is emptied of what is his, and searched afterwards."""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from pydantic import BaseModel, ConfigDict, Field

from memory.history.rows import Rows
from memory.owner import Owner

Counts = dict[str, int]
StopRuns = Callable[[Owner], Awaitable[int]]
"""Cancels the user's runs in all processes and waits until they are closed.

Gives how many processes did not say in time that theirs are: of these nobody knows whether they write on.
"""

ForgetKey = Callable[[Owner], None]
"""Drops the user's key from memory, so that nothing more is encrypted with one whose row is gone."""

_PASSES: Final = 3


class Searched(Protocol):
    """A store that can be looked through. An outage raises MemoryUnavailable."""

    @property
    def name(self) -> str:
        """What the receipt calls it."""
        ...

    async def left(self, owner: Owner, runs: Sequence[str]) -> Counts:
        """What is there of the user's, and of these runs; empty is clean."""
        ...

    async def holding(self, planted: Sequence[str]) -> Counts:
        """Where values have one of these texts, whoever's they are; empty is nowhere."""
        ...


class ErasedStore(Searched, Protocol):
    """A store beside the tables. An outage raises MemoryUnavailable; erasing is repeated then."""

    async def erase(self, owner: Owner, runs: Sequence[str]) -> Counts:
        """Remove what is the user's, and what belongs to runs of his; how many there were of each."""
        ...


class ErasureReceipt(BaseModel):
    """What was erased of a user, and what a search found afterwards."""

    model_config = ConfigDict(frozen=True)

    tenant: str
    user: str
    at: datetime
    removed: dict[str, Counts] = Field(
        description="How many of each were removed, by store: tables, keys, vectors."
    )
    total: int = Field(description="All of them together.")
    verified: bool = Field(
        description="Whether every store was searched again and nothing was found, nor does any process still write."
    )
    left: dict[str, Counts] = Field(
        description="What the search found, by store, and under `processes` how many of the service did not say in time "
        "that the user's runs are stopped; empty when verified."
    )
    kept: tuple[str, ...] = Field(
        default=(
            "the counts of this erasure in the audit trail, and how many entries that had",
            "the number by which indexes in memory notice that it happened",
        ),
        description="What stays under the user's name, and says nothing of him.",
    )
    took_ms: float


class Eraser:
    """Erases users from PostgreSQL and the stores beside it.

    The stores beside go first and the rows last, in one transaction: as long as there is a row there is a way to what
    belongs to it, so that an erasure that was broken off is completed by the next. Erasing somebody of whom there is
    nothing removes nothing. The cache of embeddings in Redis is left alone: it holds vectors under hashes of texts, no text
    and no user, and ages by itself.
    """

    def __init__(
        self,
        rows: Rows,
        stores: Sequence[ErasedStore],
        *,
        stop_runs: StopRuns,
        forget_key: ForgetKey = lambda _: None,
    ) -> None:
        self._rows = rows
        self._stores = stores
        self._searched: tuple[Searched, ...] = (*stores, rows)
        self._stop_runs = stop_runs
        self._forget_key = forget_key

    async def erase(self, owner: Owner, *, actor: str, planted: Sequence[str] = ()) -> ErasureReceipt:
        """Remove everything of this user, look, and say what was removed and what was found.

        What was written meanwhile is removed in another pass, three at most. Texts in `planted` are searched in the raw
        content of all tables and of Redis, whoever's rows they are in, so give what only this user can have said.
        Raises MemoryUnavailable when a store does not answer; repeat it then.
        """
        began = time.monotonic()
        removed: dict[str, Counts] = {}
        left: dict[str, Counts] = {}
        runs: set[str] = set()
        silent = 0
        for _ in range(_PASSES):
            silent = await self._stop_runs(owner)
            runs |= await self._rows.runs(owner)
            known = sorted(runs)
            for store in self._stores:
                _add(removed, store.name, await store.erase(owner, known))
            _add(removed, self._rows.name, await self._rows.erase(owner, actor=actor))
            self._forget_key(owner)
            left = await self._left(owner, known)
            if not left:
                break
        if silent:
            left["processes"] = {"that may still carry out runs": silent}
        for each in self._searched if planted else ():
            if found := await each.holding(planted):
                _add(left, each.name, {f"text in {where}": count for where, count in found.items()})
        return ErasureReceipt(
            tenant=owner.tenant_id,
            user=owner.user_id,
            at=datetime.now(UTC),
            removed=removed,
            total=sum(sum(counts.values()) for counts in removed.values()),
            verified=not left,
            left=left,
            took_ms=round((time.monotonic() - began) * 1000, 1),
        )

    async def _left(self, owner: Owner, runs: Sequence[str]) -> dict[str, Counts]:
        left: dict[str, Counts] = {}
        for store in self._searched:
            if found := await store.left(owner, runs):
                left[store.name] = found
        return left


def _add(sums: dict[str, Counts], store: str, counts: Counts) -> None:
    of_store = sums.setdefault(store, {})
    for what, count in counts.items():
        of_store[what] = of_store.get(what, 0) + count
