"""What the service is at: its versions, its models in memory, its work, and what it takes on disk."""

import asyncio
import os
import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from psycopg import AsyncConnection
from psycopg.rows import DictRow
from psycopg_pool import AsyncConnectionPool
from redis.asyncio import Redis

from app.runs.worker import alive
from models.residency import ResidentState

Pool = AsyncConnectionPool[AsyncConnection[DictRow]]
_SHOWN = ("nicegui", "fastapi", "langgraph", "llama-cpp-python")


@dataclass(frozen=True, kw_only=True)
class Storage:
    """Bytes that the service takes; None where it cannot be told."""

    database: int | None
    redis: int | None
    """In memory."""
    folder: Mapping[str, int]
    """Of the data folder, by what stands in it, largest first."""
    free: int
    """Of the disk on which the data folder is."""


class Overview:
    """Tells of this process and of the stores, without anything secret: no address, no path and no key."""

    def __init__(
        self,
        pool: Pool,
        redis: Redis,
        data: Path,
        *,
        residents: Callable[[], Sequence[ResidentState]],
        active: Callable[[], int],
    ) -> None:
        self._pool = pool
        self._redis = redis
        self._data = data
        self.residents = residents
        """How it stands with each resident model that is declared."""
        self.active = active
        """How many runs this process carries out."""

    def versions(self) -> Mapping[str, str]:
        """By name of what is installed and runs here."""
        found = {"freya": version("freya-agents"), "python": platform.python_version()}
        for name in _SHOWN:
            try:
                found[name] = version(name)
            except ModuleNotFoundError:  # an extra that is not installed
                continue
        return found

    async def workers(self) -> int:
        """How many processes carry out runs. Raises RedisError."""
        return len(await alive(self._redis))

    async def storage(self) -> Storage:
        """Sizes as they are now. Raises psycopg's errors, RedisError, and OSError where the folder is away."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute("SELECT pg_database_size(current_database()) AS bytes")
            row = await cursor.fetchone()
        memory = await self._redis.info("memory")
        folder = await asyncio.to_thread(_sizes, self._data)
        return Storage(
            database=int(row["bytes"]) if row else None,
            redis=memory.get("used_memory"),
            folder=dict(sorted(folder.items(), key=lambda item: -item[1])),
            free=(await asyncio.to_thread(shutil.disk_usage, self._data)).free,
        )


def _sizes(folder: Path) -> dict[str, int]:
    with os.scandir(folder) as entries:
        return {entry.name: size for entry in entries if (size := _size(entry))}


def _size(entry: "os.DirEntry[str]") -> int:
    """Of a file, or of all files below a folder; what goes away meanwhile counts nothing."""
    try:
        if not entry.is_dir(follow_symlinks=False):
            return entry.stat(follow_symlinks=False).st_size
        with os.scandir(entry) as entries:
            return sum(_size(each) for each in entries)
    except OSError:
        return 0
