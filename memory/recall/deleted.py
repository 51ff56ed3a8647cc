"""Which of the messages that found records come from were deleted."""

from collections.abc import Collection, Iterable, Sequence

from memory.database import Database
from memory.interfaces import Recalled
from memory.owner import Owner

_THERE = "SELECT id FROM messages WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id = ANY(%(ids)s)"


def unheld(found: Iterable[Recalled]) -> list[str]:
    """The messages that an index which found these does not hold: they were deleted, or it holds a part of all."""
    return sorted({one for item in found for one in item.deleted_sources})


async def still_there(database: Database, owner: Owner, ids: Sequence[str]) -> set[str]:
    """Which of these messages of the owner there are. Raises MemoryUnavailable."""
    async with database.of(owner) as connection:
        cursor = await connection.execute(
            _THERE, {"tenant": owner.tenant_id, "user": owner.user_id, "ids": list(ids)}
        )
        return {row["id"] for row in await cursor.fetchall()}


def told(item: Recalled, there: Collection[str]) -> Recalled:
    """The item with word of those of its messages that were deleted, which are not among those that there are."""
    deleted = tuple(one for one in item.deleted_sources if one not in there)
    if not deleted:
        return item.model_copy(update={"deleted_sources": ()})
    part = "" if len(deleted) == len(item.message_ids) else "some of "
    return item.model_copy(
        update={
            "deleted_sources": deleted,
            "reasons": (*item.reasons, f"{part}what it comes from was deleted"),
        }
    )
