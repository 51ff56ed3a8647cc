"""That rows of a user are gone, so that whoever holds them in memory reads them anew."""

from collections.abc import Sequence

from memory.database import Connection
from memory.owner import Owner


async def note_deletion(connection: Connection, owner: Owner) -> None:
    """Note, in the transaction that deletes, that something this owner could see is gone.

    The number noted is another one each time. Compare it with the one seen before, not with revisions of rows: those
    of transactions that are still open may be higher.
    """
    await connection.execute(
        "INSERT INTO memory_progress (tenant_id, user_id, deleted) VALUES (%s, %s, nextval('memory_revision'))"
        " ON CONFLICT (tenant_id, user_id) DO UPDATE SET deleted = excluded.deleted",
        (owner.tenant_id, owner.user_id),
    )


async def note_for_members(connection: Connection, projects: Sequence[str]) -> None:
    """Note it for all who see these projects; the transaction is one of `Database.of_all`."""
    await connection.execute(
        "INSERT INTO memory_progress (tenant_id, user_id, deleted)"
        " SELECT tenant_id, user_id, nextval('memory_revision') FROM ("
        "  SELECT DISTINCT tenant_id, user_id FROM project_members WHERE project_id = ANY(%s) ORDER BY 1, 2) seen"
        " ON CONFLICT (tenant_id, user_id) DO UPDATE SET deleted = excluded.deleted",
        (list(projects),),
    )
