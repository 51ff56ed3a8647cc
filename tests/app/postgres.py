"""Databases as they are found on other people's servers."""

from urllib.parse import urlsplit

import psycopg
from psycopg import sql


async def without_pgvector(url: str) -> None:
    """Let the server offer no extensions in this database: it looks for them where none are."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        name = sql.Identifier(urlsplit(url).path.strip("/"))
        await connection.execute(
            sql.SQL("ALTER DATABASE {} SET extension_control_path = '/nowhere'").format(name)
        )
