"""The data folder: where each server keeps its files, and where its socket fits."""

import errno
import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.embedded.account import Account
from app.embedded.errors import DataFolderUnusable

POSTGRES_SOCKET = ".s.PGSQL.5432"
REDIS_SOCKET = "redis.sock"

# sizeof(sockaddr_un.sun_path) less its final NUL: 108 on Linux (unix(7)), 104 on the BSDs and macOS.
_SOCKET_PATH_LIMIT = 107 if sys.platform == "linux" else 103
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+-]+")
_NEEDED_MB = 200  # a new cluster takes 40 MB, its write-ahead log up to 64 MB, and Redis keeps its own
_MB = 1024 * 1024


@dataclass(frozen=True)
class Folder:
    """The places in one data folder."""

    data: Path
    run: Path
    """Holds the sockets; inside `data` unless that path is too long for a socket."""

    @property
    def postgres(self) -> Path:
        """The PostgreSQL cluster."""
        return self.data / "postgres"

    @property
    def redis(self) -> Path:
        """Redis's append-only file."""
        return self.data / "redis"

    @property
    def logs(self) -> Path:
        """A log file a server."""
        return self.data / "logs"

    @property
    def start_lock(self) -> Path:
        """Held while servers are started or stopped."""
        return self.data / "start.lock"

    @property
    def users_lock(self) -> Path:
        """Held, shared, by every process that uses the servers."""
        return self.data / "users.lock"


def make_folder(data: Path) -> Path:
    """The absolute data folder, made (for its owner only) when missing and proven writable.

    Raises DataFolderUnusable.
    """
    try:
        data = data.expanduser().resolve()  # one name for one folder: processes are recognised by it
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data) as probe:
            probe.write(b"\0" * 4096)
        free = shutil.disk_usage(data).free // _MB
    except OSError as error:
        raise unusable(data, error) from error
    if free < _NEEDED_MB:
        raise DataFolderUnusable(
            f"The disk of the data folder {data} has {free} MB left; the embedded servers need {_NEEDED_MB} MB. "
            "Free some space, or choose a data folder on another disk."
        )
    return data


def lay_out(data: Path, account: Account | None) -> Folder:
    """Make the folders of the servers in an existing data folder and give them to `account`.

    Raises DataFolderUnusable.
    """
    folder = Folder(data=data, run=_run_folder(data))
    try:
        for path in (folder.redis, folder.run, folder.logs):
            path.mkdir(mode=0o700, exist_ok=True)
            _require_private(path, account)
    except OSError as error:
        raise unusable(data, error) from error
    return folder


def _run_folder(data: Path) -> Path:
    inside = data / "run"
    if len(os.fsencode(inside / POSTGRES_SOCKET)) <= _SOCKET_PATH_LIMIT and _PLAIN_PATH.fullmatch(
        str(inside)
    ):
        return inside
    # Not TMPDIR: a command with another environment must find the same sockets. The inode tells a folder
    # that was deleted and made again from the one whose servers may still be shutting down.
    identity = f"{os.path.realpath(data)}:{data.stat().st_ino}".encode()
    name = f"freya-{os.geteuid()}-{hashlib.sha256(identity).hexdigest()[:16]}"
    return Path("/tmp") / name  # noqa: S108 - fixed and short on purpose; ownership and mode are checked


def _require_private(path: Path, account: Account | None) -> None:
    """Make a folder the servers' own; refuse one that somebody else put there first."""
    status = path.lstat()
    allowed = {os.geteuid()} if account is None else {os.geteuid(), account.uid}
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in allowed:
        raise DataFolderUnusable(
            f"{path} belongs to somebody else (user id {status.st_uid}). "
            "Remove it, or choose another data folder, so that nobody else can reach the servers."
        )
    if account is not None and status.st_uid != account.uid:
        account.own(path)
    if stat.S_IMODE(status.st_mode) != stat.S_IRWXU:
        path.chmod(0o700)


def unusable(data: Path, error: OSError) -> DataFolderUnusable:
    """What to tell about an error of the file system."""
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        advice = "Give yourself the right to write there, or choose another data folder."
    elif error.errno in {errno.ENOSPC, errno.EDQUOT}:
        advice = "Free some space, or choose a data folder on another disk."
    elif error.errno in {errno.ENOTDIR, errno.EEXIST}:
        advice = "Part of the path is a file; choose another data folder."
    else:
        advice = "Choose another data folder."
    return DataFolderUnusable(f"The data folder {data} cannot be used: {error}. {advice}")
