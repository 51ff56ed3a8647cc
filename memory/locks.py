"""Who works on a user's memory while it is erased: nobody whose work goes over several transactions."""

from typing import Final

from memory.database import Connection
from memory.owner import Owner

_STAY: Final = "SELECT pg_try_advisory_xact_lock_shared(hashtextextended(%s, 0)) AS granted"
_ERASE: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


async def kept_from_erasing(connection: Connection, owner: Owner) -> bool:
    """Whether nobody erases this owner now, nor will before the transaction ends.

    Take it before locking rows that a second transaction must not wait for: the server sees no circle that goes
    through two connections of one process, and would let both wait for ever.
    """
    cursor = await connection.execute(_STAY, (_name(owner),))
    return bool((await cursor.fetchall())[0]["granted"])


async def begin_erasing(connection: Connection, owner: Owner) -> None:
    """Wait until those who keep this owner from being erased are through; call it before anything is locked."""
    await connection.execute(_ERASE, (_name(owner),))


def _name(owner: Owner) -> str:
    return f"erasing {owner}"
