"""PostgreSQL and Redis for one process: its own in the data folder, or somebody else's by URL."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import structlog

from app.embedded import postgres, redis
from app.embedded.account import unprivileged_account
from app.embedded.errors import DataFolderBusy, EmbeddedError
from app.embedded.folder import lay_out, make_folder, unusable
from app.embedded.locks import FileLock
from app.embedded.postgres import EmbeddedPostgres, postgres_programs
from app.embedded.processes import Abandoned
from app.embedded.redis import EmbeddedRedis, redis_program

_log = structlog.get_logger(__name__)
_LOCK_SECONDS = 150.0  # another process may be making the cluster, or recovering it
_WATCH_S = 1.0
_LONGEST_PAUSE_S = 60.0  # between tries to start a server that does not stay up


class Origin(StrEnum):
    """How this process came by a server."""

    STARTED = "started"
    REUSED = "reused"
    EXTERNAL = "external"


@dataclass(frozen=True)
class ServerDescription:
    """Which server is used, for logs, the doctor and people."""

    name: str
    origin: Origin
    address: str
    """The socket, or host and port of an external server; never a password."""
    version: str | None
    """`None` for an external server, which is not asked here."""

    def __str__(self) -> str:
        name = self.name if self.version is None else f"{self.name} {self.version}"
        return f"{name}, {_ORIGINS[self.origin]}, at {self.address}"


_ORIGINS = {
    Origin.STARTED: "embedded, started by this process",
    Origin.REUSED: "embedded, already running and reused",
    Origin.EXTERNAL: "external",
}
_Server = EmbeddedPostgres | EmbeddedRedis


class EmbeddedServers:
    """PostgreSQL and Redis, from entering to leaving the context.

    A server whose URL is given is used as it is and nothing is started for it. An embedded one that runs
    already in the data folder is reused. On leaving, the last process that uses the folder's servers stops
    them; while another one does, they stay. So a service killed with -9 leaves servers that the next one
    takes over, and a short command never takes them from under a service. A server that ends while
    `keep_running` goes on is started again.

    Raises EmbeddedError on entering.
    """

    def __init__(self, data: Path, *, postgres_url: str | None, redis_url: str | None) -> None:
        self._data = data
        self._external_postgres = postgres_url
        self._external_redis = redis_url
        self._abandon = threading.Event()
        self._reviving = threading.Lock()  # so that nothing is started, nor a lock file made, behind a stop
        self._start_lock_path: Path | None = None
        self._users: FileLock | None = None
        self._servers: list[_Server] = []
        self.postgres_url = ""
        """For psycopg: `postgresql://...`."""
        self.redis_url = ""
        """For redis-py: `unix://...` or `redis://...`."""
        self.descriptions: tuple[ServerDescription, ...] = ()
        """PostgreSQL first, then Redis."""

    async def __aenter__(self) -> Self:
        starting = asyncio.ensure_future(asyncio.to_thread(self._start))
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._abandon.set()
            with contextlib.suppress(EmbeddedError, Abandoned):
                await starting
            await asyncio.to_thread(self._stop)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._abandon.set()
        await asyncio.shield(asyncio.to_thread(self._stop))

    async def keep_running(self) -> None:
        """Start an embedded server again when it has ended, until cancelled.

        One that does not start is tried again after twice the time, within a minute at the latest; the log says why.
        """
        pause = _WATCH_S
        while True:
            await asyncio.sleep(pause)
            try:
                revived = await asyncio.to_thread(self._revive)
            except (EmbeddedError, OSError) as error:
                pause = min(2 * pause, _LONGEST_PAUSE_S)
                _log.error(
                    "an embedded server has ended and does not start", error=str(error), again_in_s=pause
                )  # the message says it all
            except Abandoned:
                return
            else:
                pause = _WATCH_S
                for name in revived:
                    _log.warning("an embedded server had ended and was started again", server=name)

    def _revive(self) -> list[str]:
        """Start the servers that have ended; gives their names."""
        with self._reviving:
            if self._abandon.is_set() or self._start_lock_path is None:
                return []
            if all(server.runs() for server in self._servers):
                return []
            with _exclusive(self._start_lock_path, self._abandon):
                return [server.name for server in self._servers if not server.runs() and not server.start()]

    def _start(self) -> None:
        own_postgres, own_redis = self._external_postgres is None, self._external_redis is None
        found: dict[str, ServerDescription] = {}
        if self._external_postgres is not None:
            self.postgres_url = self._external_postgres
            found[postgres.NAME] = _external(postgres.NAME, self._external_postgres)
        if self._external_redis is not None:
            self.redis_url = self._external_redis
            found[redis.NAME] = _external(redis.NAME, self._external_redis)
        if own_postgres or own_redis:
            try:
                found |= self._start_embedded(own_postgres=own_postgres, own_redis=own_redis)
            except OSError as error:
                raise unusable(self._data, error) from error
        self.descriptions = (found[postgres.NAME], found[redis.NAME])

    def _start_embedded(self, *, own_postgres: bool, own_redis: bool) -> dict[str, ServerDescription]:
        data = make_folder(self._data)
        programs = postgres_programs() if own_postgres else None
        redis_server = redis_program() if own_redis else None
        needed = [path for path in (programs, redis_server) if path is not None]
        account = unprivileged_account(data, data / "postgres", needed)
        folder = lay_out(data, account)
        self._start_lock_path = folder.start_lock
        with _exclusive(folder.start_lock, self._abandon):
            self._users = FileLock(folder.users_lock)
            self._users.share()  # nobody holds it alone but under the start lock
            if programs is not None:
                self._servers.append(EmbeddedPostgres(folder, account, programs, self._abandon))
            if redis_server is not None:
                self._servers.append(EmbeddedRedis(folder, account, redis_server, self._abandon))
            try:
                return self._start_all()
            except BaseException:
                self._stop_unused()
                raise

    def _start_all(self) -> dict[str, ServerDescription]:
        """Start the servers side by side and describe them by name."""
        with ThreadPoolExecutor(max_workers=2, thread_name_prefix="embedded") as threads:
            starts = [threads.submit(server.start) for server in self._servers]
        found: dict[str, ServerDescription] = {}
        for server, start in zip(self._servers, starts, strict=True):
            origin = Origin.REUSED if start.result() else Origin.STARTED
            found[server.name] = ServerDescription(server.name, origin, server.address, server.version)
            if isinstance(server, EmbeddedPostgres):
                self.postgres_url = server.url
            else:
                self.redis_url = server.url
        return found

    def _stop(self) -> None:
        if self._users is None or self._start_lock_path is None:
            return
        with self._reviving, _exclusive(self._start_lock_path, None):
            self._stop_unused()

    def _stop_unused(self) -> None:
        """Stop the servers unless another process uses them too; called under the start lock."""
        if self._users is None:
            return
        last = self._users.try_exclusive()
        with ThreadPoolExecutor(max_workers=2, thread_name_prefix="embedded") as threads:
            ends = [threads.submit(server.stop if last else server.leave) for server in self._servers]
        for end in ends:
            end.result()
        self._servers = []
        self._users.close()
        self._users = None


@contextlib.contextmanager
def _exclusive(path: Path, abandon: threading.Event | None) -> Iterator[None]:
    lock = FileLock(path)
    try:
        if not lock.wait_exclusive(seconds=_LOCK_SECONDS, abandon=abandon):
            raise DataFolderBusy(path.parent, pid=None, address=None)
        yield
    finally:
        lock.close()


def _external(name: str, url: str) -> ServerDescription:
    parts = urlsplit(url)
    place = parts.hostname or "localhost"
    address = f"{place}:{parts.port}" if parts.port else place
    return ServerDescription(name, Origin.EXTERNAL, address + parts.path, None)
