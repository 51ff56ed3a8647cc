"""The one way to rows that belong to somebody: transactions opened for an owner, over row-level security."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final  # psycopg takes anything it can adapt

import psycopg
from psycopg import sql
from psycopg.errors import DeadlockDetected
from psycopg.rows import DictRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from memory.errors import GivenUp, MemoryUnavailable, WriteUncertain
from memory.owner import Owner

Connection = psycopg.AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connection]
Values = Sequence[Any] | Mapping[str, Any]
"""What psycopg puts into a statement."""
OUTAGES = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)
MEMBER: Final = "freya_member"
"""The role that connections take: it reads and writes every table, and no policy lets it pass."""

_TAKE_ROLE: Final = sql.SQL("SET ROLE {}").format(sql.Identifier(MEMBER))
_FOR_OWNER: Final = """
    SELECT set_config('freya.tenant', %s, true), set_config('freya.user', %s, true), set_config('freya.system', 'off', true)
"""
_FOR_ALL: Final = "SELECT set_config('freya.system', 'on', true)"


async def restrict(connection: Connection) -> None:
    """Take the role that the policies hold for, where there is one; called once on each new connection of a pool.

    Afterwards the connection sees nobody's rows until a transaction is opened by `Database`.
    """
    cursor = await connection.execute(
        "SELECT 1 FROM pg_roles WHERE rolname = %s AND pg_has_role(rolname, 'MEMBER')", (MEMBER,)
    )
    if await cursor.fetchone():
        await connection.execute(_TAKE_ROLE)


class Database:
    """Opens transactions on a pool. What a transaction may see is said when it is opened, and ends with it.

    An outage raises MemoryUnavailable, one in the middle of a transaction WriteUncertain; what a statement itself
    raises is the caller's.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @contextlib.asynccontextmanager
    async def of(self, owner: Owner) -> AsyncIterator[Connection]:
        """A transaction that sees and writes rows of this owner only, and reads those of projects he is a member of."""
        async with self._transaction() as connection:
            await connection.execute(_FOR_OWNER, (owner.tenant_id, owner.user_id))
            yield connection

    async def rows(self, owner: Owner, statement: str, values: Values = ()) -> list[DictRow]:
        """The rows of a statement that is a transaction by itself; it sees and writes what one of `of` does."""
        async with self.in_one_go(owner) as connection:
            cursor = await connection.execute(statement.encode(), values)
            return await cursor.fetchall()

    @contextlib.asynccontextmanager
    async def in_one_go(self, owner: Owner) -> AsyncIterator[Connection]:
        """As `of`, for statements that only read, or a single one: they are a transaction without BEGIN and COMMIT.

        For PostgreSQL that is what comes between two synchronisations of a pipeline.
        """
        async with self._transaction(explicit=False) as connection:
            await connection.execute(_FOR_OWNER, (owner.tenant_id, owner.user_id))
            yield connection

    @contextlib.asynccontextmanager
    async def snapshot_of(self, owner: Owner) -> AsyncIterator[Connection]:
        """The same for reading only: all its statements see what was committed when the first of them began."""
        async with self._transaction() as connection:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            await connection.execute(_FOR_OWNER, (owner.tenant_id, owner.user_id))
            yield connection

    @contextlib.asynccontextmanager
    async def of_all(self) -> AsyncIterator[Connection]:
        """A transaction over everybody's rows: for work in the background, never for a request."""
        async with self._transaction() as connection:
            await connection.execute(_FOR_ALL)
            yield connection

    @contextlib.asynccontextmanager
    async def _transaction(self, *, explicit: bool = True) -> AsyncIterator[Connection]:
        """One transaction whose statements travel together: those whose answers nobody awaits cost no exchange."""
        try:
            async with self._pool.connection() as connection:
                try:
                    # Not psycopg's own transaction(): within a pipeline it waits for the server before and after each block.
                    async with connection.pipeline():
                        if explicit:
                            await connection.execute("BEGIN")
                        yield connection
                        if explicit:
                            await connection.execute("COMMIT")
                except asyncio.CancelledError:
                    # A pipeline that is cancelled stays open (psycopg 3.3), and what is written next never committed.
                    await connection.close()
                    raise
                except Exception:
                    if not connection.closed:
                        await connection.rollback()
                    raise
        except PoolTimeout as error:
            raise MemoryUnavailable(f"the database does not answer: {error}") from error
        except DeadlockDetected as error:
            raise GivenUp(
                f"the database gave this up for something else that was done at the same time: {error}"
            ) from error
        except OUTAGES as error:
            raise WriteUncertain(f"the database does not answer any more: {error}") from error
