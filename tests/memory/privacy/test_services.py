"""Rules for keys of services: kept in the folder that was named, and without any network."""

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.no_network import CALLS, TOKENS

_KNOWN = sys.platform == "linux" and platform.machine() in CALLS


def _process(work: str, folder: Path, home: Path) -> "subprocess.CompletedProcess[str]":
    """A process that may make no socket, whose user has an empty home."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"KF_RULE_CACHE_DIR", "XDG_CACHE_HOME"}
    }
    return subprocess.run(
        [sys.executable, "-m", "tests.fakes.no_network", work, str(folder)],
        env={**kept, "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.skipif(not _KNOWN, reason="the calls of this machine's kernel are not known to the filter")
def test_rules_are_compiled_and_applied_without_a_socket_and_kept_in_the_named_folder_alone(tmp_path: Path):
    folder, home = tmp_path / "data" / "rules", tmp_path / "home"
    folder.parent.mkdir(mode=0o700)
    home.mkdir()
    done = _process("scan", folder, home)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{len(TOKENS)}\n", "")
    assert [file.stat().st_size > 1_000_000 for file in folder.rglob("*") if file.is_file()] == [True]
    assert list(home.iterdir()) == []


@pytest.mark.skipif(not _KNOWN, reason="the calls of this machine's kernel are not known to the filter")
def test_a_socket_would_end_that_process(tmp_path: Path):
    assert _process("socket", tmp_path, tmp_path).returncode == -signal.SIGSYS
