"""Trying a schema out in PostgreSQL: in a transaction that is never committed, in a schema of its own."""

import asyncio
import secrets

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from agents import SqlProbe, SqlRejected, SqlUnavailable

_SECONDS = 10
_STATEMENT_MS = 5000
_LOCK_MS = 1000
_ALLOWED = frozenset({"Create", "Alter", "Comment"})


class PostgresProbe(SqlProbe):
    """Executes DDL in the database at a URL and leaves nothing behind."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def check(self, ddl: str) -> int:
        """The number of statements that PostgreSQL carried out before all of them were rolled back.

        The frame of a script, `BEGIN;` and `COMMIT;`, is left out; anything but CREATE, ALTER and COMMENT is not
        executed at all. Raises SqlRejected with the statement and PostgreSQL's words, SqlUnavailable if nothing answers.
        """
        statements = await asyncio.to_thread(_statements, ddl)
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._carry_out(statements)
        except (psycopg.OperationalError, TimeoutError) as error:
            if isinstance(error, psycopg.errors.QueryCanceled):
                raise SqlRejected(f"PostgreSQL gave up after {_STATEMENT_MS / 1000:g} s: {error}") from error
            raise SqlUnavailable(f"The schema could not be tried out: {error}") from error

    async def _carry_out(self, statements: list[str]) -> int:
        connection = await psycopg.AsyncConnection.connect(
            self._url, autocommit=False, connect_timeout=_SECONDS // 2
        )
        try:
            await connection.execute(f"SET LOCAL statement_timeout = {_STATEMENT_MS}".encode())
            await connection.execute(f"SET LOCAL lock_timeout = {_LOCK_MS}".encode())
            own = sql.Identifier(f"probe_{secrets.token_hex(8)}")
            await connection.execute(sql.SQL("CREATE SCHEMA {}").format(own))
            await connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(own))
            for statement in statements:
                try:
                    await connection.execute(statement.encode())
                except psycopg.errors.QueryCanceled:
                    raise
                except psycopg.DatabaseError as error:
                    first = statement.strip().partition("\n")[0]
                    said = str(error).partition("\n")[0]
                    raise SqlRejected(f"PostgreSQL rejects {first!r}: {said}") from error
                if connection.info.transaction_status is not TransactionStatus.INTRANS:
                    raise SqlRejected("A statement ended the transaction that was to be rolled back.")
            return len(statements)
        finally:
            await connection.rollback()
            await connection.close()


def _statements(ddl: str) -> list[str]:
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        parsed = [item for item in sqlglot.parse(ddl, dialect="postgres") if item is not None]
    except SqlglotError as error:
        raise SqlRejected(f"The SQL does not parse: {error}") from error
    kinds = [type(item).__name__ for item in parsed]
    framed = kinds[:1] == ["Transaction"] and kinds[-1:] == ["Commit"]
    inner = kinds[1:-1] if framed else kinds
    foreign = [kind for kind in inner if kind not in _ALLOWED]
    if foreign:
        raise SqlRejected(f"Only CREATE, ALTER and COMMENT are tried out, and there is {foreign[0].upper()}.")
    pieces = _split(ddl)
    return pieces[1:-1] if framed else pieces


def _split(ddl: str) -> list[str]:
    """The statements in their own words: sqlglot's would be others than those that are shown."""
    from sqlglot import TokenType
    from sqlglot.dialects import Postgres

    pieces, start = [], 0
    for token in Postgres().tokenize(ddl):
        if token.token_type is TokenType.SEMICOLON:
            pieces.append(ddl[start : token.start])
            start = token.end + 1
    pieces.append(ddl[start:])
    return [piece for piece in pieces if piece.strip()]
