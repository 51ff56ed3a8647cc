"""The records that a user has in his command while he talks: told to him, and forgotten at his word."""

import contextlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from memory.database import Connection
from memory.errors import GivenUp, UnknownRecord
from memory.interfaces import Record, RecordState, Scope, Tier
from memory.owner import Owner
from memory.withholding import withhold

if TYPE_CHECKING:
    from memory.privacy.audit import AuditTrail
    from memory.records.store import RecordStore

_MOST: Final = 2000
"""Records that are looked through, the newest of them."""
_TRIES: Final = 3
"""How often a forgetting is begun that the database gives up for another."""


@runtime_checkable
class OwnRecords(Protocol):
    """A user's own records. An outage raises MemoryUnavailable."""

    async def held(self, scope: Scope) -> Sequence[Record]:
        """Those that still hold, newest first, with what his last messages say; none of other members of a project.

        Within a project what is known of him for good and what belongs to it, else all.
        """
        ...

    async def forget(self, owner: Owner, record_id: str) -> Sequence[str]:
        """Forget the record with its earlier versions in every store, as all doors do; their ids. Raises UnknownRecord.

        The messages that had said it stay in their conversations, and do not come back in recall.
        """
        ...


class NoRecords:
    """Of a conversation beside which nothing is remembered."""

    async def held(self, scope: Scope) -> Sequence[Record]:  # noqa: ARG002  # the Protocol's
        """None."""
        return ()

    async def forget(self, owner: Owner, record_id: str) -> Sequence[str]:  # noqa: ARG002  # the Protocol's
        """There is none."""
        raise UnknownRecord(f"there is no record {record_id!r}")


class RecordsInCommand:
    """The records of the store; each forgetting stands in the audit trail."""

    def __init__(
        self,
        records: "RecordStore",
        audit: "AuditTrail",
        catch_up: Callable[[Owner], Awaitable[object]] | None = None,
        let_go: Callable[[Owner, str], Awaitable[None]] | None = None,
    ) -> None:
        """`catch_up` has remembered what the owner's messages say that still wait for it.

        `let_go` of what the short tier holds of a thread, which is read anew then.
        """
        self._records = records
        self._audit = audit
        self._catch_up = catch_up
        self._let_go = let_go

    async def held(self, scope: Scope) -> Sequence[Record]:
        """What the messages that wait say is remembered first: it would come to light after it was to be forgotten."""
        if self._catch_up is not None:
            await self._catch_up(scope.owner)
        found = await self._records.list(scope.owner, limit=_MOST)
        return [
            record
            for record in found
            if record.state is not RecordState.SUPERSEDED and _within(record, scope.project_id)
        ]

    async def forget(self, owner: Owner, record_id: str) -> Sequence[str]:
        """Forget it, and note who did it. Where the short tier cannot be reached nothing is forgotten."""
        for _ in range(_TRIES - 1):
            # To who deletes a message or a thread with it, and takes the locks the other way round.
            with contextlib.suppress(GivenUp):
                return await self._forget(owner, record_id)
        return await self._forget(owner, record_id)

    async def _forget(self, owner: Owner, record_id: str) -> Sequence[str]:
        threads: set[str] = set()

        async def withheld(connection: Connection, sources: Sequence[str]) -> None:
            threads.update(await withhold(connection, owner, sources))
            await self._let_go_of(owner, threads)

        gone = await self._records.forget(owner, record_id, also=withheld)
        await self._let_go_of(owner, threads)  # it may have been read before the transaction ended
        await self._audit.note(owner, owner.user_id, "forget", record_id, {"records": len(gone)})
        return list(gone)

    async def _let_go_of(self, owner: Owner, threads: Collection[str]) -> None:
        if self._let_go is not None:
            for thread_id in threads:
                await self._let_go(owner, thread_id)


def _within(record: Record, project_id: str | None) -> bool:
    if project_id is None or record.project_id == project_id:
        return True
    return record.project_id is None and record.tier is Tier.LONG
