"""Starting, watching and recognising server processes. Everything here blocks: call it in a worker thread."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any  # Any: keyword arguments of Popen

from app.embedded.account import Account

# Nothing of the caller's environment: PGPORT, PGDATA or a locale would change what the servers do.
_ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_LOG_LIMIT = 5 * 1024 * 1024
_POLL = 0.01
_PROC = Path("/proc")


class Abandoned(Exception):
    """The start was cancelled while it waited."""


def spawn(
    command: Sequence[str], *, log: Path, folder: Path, account: Account | None
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that a Ctrl-C in the terminal does not reach it."""
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    with _open_log(log, account) as output:
        return subprocess.Popen(  # noqa: S603 - our own programs and arguments, no shell
            [*_prefix(account), *command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_ENVIRONMENT,
            start_new_session=True,
            **_identity(account),
        )


def run(
    command: Sequence[str],
    *,
    log: Path,
    folder: Path,
    account: Account | None,
    seconds: float,
    abandon: threading.Event | None = None,
) -> int:
    """Run a command to its end, its output added to `log`; its exit status, that of a kill when out of time.

    Raises Abandoned when the event is set first; the command has ended then, too.
    """
    process = spawn(command, log=log, folder=folder, account=account)
    try:
        wait_until(lambda: process.poll() is not None, seconds=seconds, abandon=abandon)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # of its own session: what it started ends with it
        status = process.wait()
    return status


def command_of(pid: int) -> str | None:
    """The command line of a live process; `None` when there is none (or it is a zombie)."""
    if pid <= 0:
        return None
    if (_PROC / "self").exists():
        try:
            line = (_PROC / str(pid) / "cmdline").read_bytes()
        except OSError:
            return None
        return line.replace(b"\0", b" ").decode(errors="replace").strip() or None
    shown = subprocess.run(  # noqa: S603 - a fixed program and a number
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip() or None


def wait_until(ready: Callable[[], bool], *, seconds: float, abandon: threading.Event | None = None) -> bool:
    """Whether `ready` came true in time; raises Abandoned when the event is set first."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        if abandon is None:
            time.sleep(_POLL)
        elif abandon.wait(_POLL):
            raise Abandoned
    return True


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; a process that is gone already is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def end(pid: int, signals: Sequence[tuple[signal.Signals, float]], *, gone: Callable[[], bool]) -> bool:
    """Send each signal and give it its seconds until `gone`; whether the process went."""
    for number, seconds in signals:
        send(pid, number)
        if wait_until(gone, seconds=seconds):
            return True
    return False


def leave_running(process: subprocess.Popen[bytes]) -> None:
    """Forget a child: reap it if it ended, else let it live on (Popen would warn about that when collected)."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.1 if command_of(process.pid) is None else 0)
    if process.returncode is None:
        process.returncode = 0


def size(log: Path) -> int:
    """The length of a log in bytes; 0 when there is none."""
    try:
        return log.stat().st_size
    except FileNotFoundError:
        return 0


def tail(log: Path, *, since: int = 0, lines: int = 15) -> str:
    """The last lines of a log, of what was written after its first `since` bytes; empty when there is none."""
    try:
        with log.open("rb") as file:
            end_of_file = file.seek(0, os.SEEK_END)
            file.seek(max(since, end_of_file - 8192) if end_of_file >= since else 0)
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _open_log(log: Path, account: Account | None) -> IO[bytes]:
    output = log.open("ab")
    if account is not None:
        os.fchown(output.fileno(), account.uid, account.gid)
    return output


def _prefix(account: Account | None) -> tuple[str, ...]:
    return () if account is None else account.prefix


def _identity(account: Account | None) -> dict[str, Any]:
    if account is None or account.prefix:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}
