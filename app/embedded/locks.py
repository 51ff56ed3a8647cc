"""Who uses a data folder: file locks that the kernel drops with the process that held them."""

import asyncio
import errno
import fcntl
import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from app.embedded.errors import DataFolderBusy, DataFolderUnusable
from app.embedded.folder import make_folder
from app.embedded.processes import wait_until

_LOCK_NAME = "service.lock"


@dataclass(frozen=True)
class Instance:
    """A service instance that holds a data folder."""

    pid: int | None
    address: str | None
    """Where it serves; `None` until it listens."""


class InstanceLock:
    """The one service instance of a data folder.

    An async context manager; entering raises DataFolderBusy when another instance holds the folder, and
    DataFolderUnusable when the folder cannot be written. Commands that only use the servers for a moment
    do not take it.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._lock: FileLock | None = None

    async def __aenter__(self) -> Self:
        self._lock = await asyncio.to_thread(self._take)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            await asyncio.to_thread(_let_go, lock)

    async def announce(self, address: str) -> None:
        """Write where this instance serves, for the message a second one gets and for other commands."""
        if self._lock is None:
            raise RuntimeError("announce() needs the lock: enter the InstanceLock first")
        await asyncio.to_thread(_write, self._lock, Instance(pid=os.getpid(), address=address))

    def _take(self) -> "FileLock":
        data = make_folder(self._data)
        lock = FileLock(data / _LOCK_NAME)
        if not lock.try_exclusive():
            holder = _read(data / _LOCK_NAME)
            lock.close()
            raise DataFolderBusy(data, pid=holder.pid, address=holder.address)
        _write(lock, Instance(pid=os.getpid(), address=None))
        return lock


async def running_instance(data: Path) -> Instance | None:
    """The service instance that holds a data folder now; `None` when there is none."""
    return await asyncio.to_thread(_running_instance, data)


class FileLock:
    """An flock on a file that stays in place (removing a lock file lets two holders in)."""

    def __init__(self, path: Path) -> None:
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if os.geteuid() == 0:  # leave the folder's owner able to lock it without root
                owner = path.parent.stat()
                os.fchown(self._descriptor, owner.st_uid, owner.st_gid)
        except OSError as error:
            raise DataFolderUnusable(
                f"The lock file {path} cannot be opened: {error.strerror}. "
                "Give yourself the right to write there, or choose another data folder."
            ) from error
        self._path = path

    def try_exclusive(self) -> bool:
        """Take the lock alone, or turn a shared lock into that; False when somebody else holds it."""
        return self._flock(fcntl.LOCK_EX | fcntl.LOCK_NB)

    def share(self) -> bool:
        """Take the lock along with others; False when somebody holds it alone."""
        return self._flock(fcntl.LOCK_SH | fcntl.LOCK_NB)

    def wait_exclusive(self, *, seconds: float, abandon: threading.Event | None = None) -> bool:
        """Take the lock alone within a time; raises Abandoned when the event is set first."""
        return wait_until(self.try_exclusive, seconds=seconds, abandon=abandon)

    def write(self, content: bytes) -> None:
        """Replace what stands in the file."""
        os.pwrite(self._descriptor, content, 0)
        os.ftruncate(self._descriptor, len(content))

    def close(self) -> None:
        """Let the lock go."""
        os.close(self._descriptor)

    def _flock(self, operation: int) -> bool:
        try:
            fcntl.flock(self._descriptor, operation)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in {errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL}:
                raise
            raise DataFolderUnusable(
                f"The file system of {self._path.parent} does not support file locks ({error.strerror}). "
                "Choose a data folder on a local disk."
            ) from error
        return True


def _running_instance(data: Path) -> Instance | None:
    path = data.expanduser() / _LOCK_NAME
    if not path.exists():
        return None
    lock = FileLock(path)
    try:
        return None if lock.share() else _read(path)
    finally:
        lock.close()


def _let_go(lock: FileLock) -> None:
    lock.write(b"")
    lock.close()


def _write(lock: FileLock, instance: Instance) -> None:
    lock.write(json.dumps({"pid": instance.pid, "address": instance.address}).encode())


def _read(path: Path) -> Instance:
    try:
        content = json.loads(path.read_bytes())
        return Instance(pid=int(content["pid"]), address=content["address"])
    except (OSError, ValueError, TypeError, KeyError):
        return Instance(pid=None, address=None)  # taken this very moment, not yet written
