"""The commands themselves: help, exit codes, what goes where, and errors told in a line."""

import errno
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pydantic import JsonValue
from redis.exceptions import ConnectionError as RedisConnectionError
from typer.testing import CliRunner, Result

from app import cli
from app.cli import commands
from app.cli.commands import application
from app.cli.configuring import _without_passwords
from app.cli.failures import explained
from app.cli.output import CommandFailed, OutputClosed, coloured, complain, emit, emit_answer, note
from app.database import DatabaseUnavailable
from app.embedded import DataFolderBusy
from app.settings import SettingsInvalid
from knowledge import KnowledgeUnavailable
from memory import MemoryUnavailable
from models import EmbeddingUnavailable

_COMMANDS = [
    [],
    ["serve"],
    ["ask"],
    ["chat"],
    ["doctor"],
    ["key"],
    ["keys"],
    ["runs"],
    ["runs", "show"],
    ["keys", "create"],
    ["keys", "list"],
    ["keys", "revoke"],
    ["keys", "rotate"],
    ["config"],
    ["config", "show"],
    ["config", "path"],
    ["knowledge"],
    ["knowledge", "import"],
    ["knowledge", "status"],
    ["knowledge", "search"],
]


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    kept = dict(os.environ)
    for name in os.environ:
        if name.startswith("FREYA_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    yield
    for name in os.environ.keys() - kept.keys():  # options stand for their variables, and set them
        del os.environ[name]


def freya(*arguments: str) -> Result:
    return CliRunner().invoke(application, arguments)


@pytest.mark.parametrize("command", _COMMANDS)
def test_every_command_explains_itself_in_plain_text(command: list[str]):
    result = freya(*command, "--help")
    assert result.exit_code == 0
    assert "Usage: freya" in result.stdout
    assert "\x1b" not in result.stdout
    if command and command not in (["config"], ["keys"], ["runs"], ["knowledge"]):
        assert "\n  Examples:\n    " in result.stdout
    assert freya(*command, "-h").stdout == result.stdout


def test_the_version_is_told():
    assert re.fullmatch(r"freya \d+\.\d+\.\d+\n", freya("--version").stdout)


@pytest.mark.parametrize("arguments", [["nope"], ["ask"], ["serve", "--port", "70000"], ["ask", ""]])
def test_wrong_usage_ends_with_2(arguments: list[str]):
    result = freya(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: " in result.stderr


def test_a_key_comes_with_its_hash():
    first, second = freya("key"), freya("key")
    key, setting = first.stdout.splitlines()
    assert setting == f"FREYA_HTTP__KEY_HASHES='[\"{hashlib.sha256(key.encode()).hexdigest()}\"]'"
    assert len(key) > 40
    assert first.stdout != second.stdout
    made = json.loads(freya("key", "--json").stdout)
    assert made["hash"] == hashlib.sha256(made["key"].encode()).hexdigest()


def test_the_place_of_the_file_is_told_though_the_file_is_broken(tmp_path: Path):
    result = freya("config", "path")
    assert result.stdout == f"{tmp_path / 'freya.toml'}\n"
    assert "does not exist" in result.stderr
    (tmp_path / "freya.toml").write_text("[http", encoding="utf-8")
    result = freya("config", "path")
    assert (result.exit_code, result.stderr) == (0, "")


def test_settings_are_shown_with_what_differs_and_without_secrets(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FREYA_POSTGRES_URL", "postgresql://me:hunter2@db/freya")
    monkeypatch.setenv("FREYA_KNOWLEDGE__CHROMA_URL", "http://me:hunter2@chroma:8000")
    monkeypatch.setenv("FREYA_MODELS__ENDPOINTS__A__URL", "http://me:hunter2@a/v1")
    monkeypatch.setenv("FREYA_MODELS__ENDPOINTS__A__MODEL", "m")
    monkeypatch.setenv("FREYA_MODELS__ENDPOINTS__A__API_KEY", "hunter2")
    monkeypatch.setenv("FREYA_HTPP__PORT", "1")
    result = freya("config", "show")
    assert "hunter2" not in result.output
    assert "* FREYA_POSTGRES_URL = postgresql://me:***@db/freya\n" in result.stdout
    assert "* FREYA_KNOWLEDGE__CHROMA_URL = http://me:***@chroma:8000\n" in result.stdout
    assert '"url": "http://me:***@a/v1"' in result.stdout
    assert "  FREYA_REDIS_URL = unset\n" in result.stdout
    assert "  FREYA_HTTP__PORT = 8700\n" in result.stdout
    assert "FREYA_HTPP__PORT is no setting and is ignored; did you mean FREYA_HTTP__PORT?" in result.stderr
    changed = freya("config", "show", "--changed").stdout.splitlines()
    assert [line.split(" ")[1] for line in changed] == [
        "FREYA_POSTGRES_URL",
        "FREYA_MODELS__ENDPOINTS",
        "FREYA_KNOWLEDGE__CHROMA_URL",
    ]


def test_settings_are_shown_as_json(tmp_path: Path):
    file = tmp_path / "other.toml"
    file.write_text("[http]\nport = 8800\n", encoding="utf-8")
    result = freya("--config", str(file), "--data", "elsewhere", "config", "show", "--json")
    shown = json.loads(result.stdout)
    assert (shown["FREYA_HTTP__PORT"], shown["FREYA_DATA"]) == (8800, "elsewhere")
    assert result.stderr == ""


def test_only_passwords_of_urls_are_hidden():
    shown: dict[str, JsonValue] = {"a": "http://u:p@h", "c": "u:p@h", "d": 1}
    assert _without_passwords(shown) == {**shown, "a": "http://u:***@h"}


def test_settings_that_cannot_be_used_end_with_1(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FREYA_HTTP__PORT", "many")
    result = freya("config", "show")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "freya: these settings cannot be used (the file is freya.toml):\n"
        "  FREYA_HTTP__PORT: must be a valid integer, not 'many'\n"
    )


@pytest.mark.parametrize("where", [["--host", "0.0.0.0"], ["--host", "::"]])  # noqa: S104  # refused here
def test_serving_beyond_loopback_without_keys_is_refused(where: list[str]):
    result = freya("serve", *where)
    assert result.exit_code == 1
    assert f"on host {where[1]} other machines can reach Freya, so she needs API keys" in result.stderr
    assert not Path("data").exists()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CommandFailed("it failed"), "it failed"),
        (SettingsInvalid("wrong"), "wrong"),
        (
            DataFolderBusy(Path("d"), pid=7, address=None),
            "Freya already runs on the data folder d (process 7)",
        ),
        (DatabaseUnavailable("no database"), "no database"),
        (KnowledgeUnavailable("no index"), "no index"),
        (MemoryUnavailable("no memory"), "no memory"),
        (EmbeddingUnavailable("no model"), "no model"),
        (psycopg.OperationalError("server closed\nat once"), "the database does not answer: server closed"),
        (psycopg.InterfaceError(), "the database does not answer: InterfaceError"),
        (
            RedisConnectionError("refused"),
            "Redis does not answer: refused. Check that the server runs, and its URL.",
        ),
        (OSError(errno.ENOSPC, "No space left on device", "d"), "the disk is full: "),
        (PermissionError(errno.EACCES, "Permission denied", "d"), "not allowed: [Errno 13]"),
    ],
)
def test_an_error_that_can_be_mended_is_told_without_a_stack(
    monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("app.settings.load_settings", fail)
    result = freya("config", "show")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"freya: {said}")


@pytest.mark.parametrize("error", [ZeroDivisionError(), ConnectionResetError(errno.ECONNRESET, "reset")])
def test_a_defect_keeps_its_stack(monkeypatch: pytest.MonkeyPatch, error: Exception):
    def fail() -> None:
        raise error

    assert explained(error) is None
    monkeypatch.setattr("app.settings.load_settings", fail)
    assert freya("config", "show").exception is error


def test_ctrl_c_while_a_command_loads_ends_with_130(monkeypatch: pytest.MonkeyPatch):
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.settings.load_settings", interrupted)
    assert freya("config", "show").exit_code == 130
    monkeypatch.setattr(commands, "run", interrupted)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130


def test_the_process_runs_the_command_of_its_arguments(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "argv", ["freya", "--version"])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO()))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO()))
    left: list[int] = []
    monkeypatch.setattr(commands, "_leave", left.append)  # it ends the process
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert (ended.value.code, left) == (0, [0])
    assert sys.stdout.errors == "replace"
    assert capsys.readouterr().out == ""


class _Closed(io.StringIO):
    """A stream into a pipe that nobody reads."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def write(self, _: str) -> int:
        raise BrokenPipeError

    def fileno(self) -> int:
        return self._descriptor


def test_a_closed_pipe_ends_the_command_quietly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        monkeypatch.setattr(sys, "stdout", _Closed(out.fileno()))
        monkeypatch.setattr(sys, "stderr", _Closed(err.fileno()))
        note("nobody reads this")
        with pytest.raises(OutputClosed):
            emit("nor this")
    monkeypatch.undo()
    monkeypatch.setattr("app.cli.configuring.emit", emit_closed)
    result = freya("key")
    assert (result.exit_code, result.stdout) == (141, "")


def emit_closed(_: str) -> None:
    raise OutputClosed


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_colours_unless_they_are_not_wanted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stderr", terminal := _Terminal())
    complain("wrong")
    assert terminal.getvalue() == "\x1b[31mfreya: wrong\x1b[0m\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(terminal)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not coloured(terminal)


def test_an_answer_is_laid_out_on_a_terminal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stdout", terminal := _Terminal())
    emit_answer("**Forty-two.** [1]\n\n- one\n- two")
    assert terminal.getvalue().split() == ["Forty-two.", "[1]", "•", "one", "•", "two"]


def test_nothing_is_written_where_knowledge_was_never_stored(tmp_path: Path):
    result = freya("--data", str(tmp_path / "d"), "knowledge", "status")
    assert result.exit_code == 0
    assert result.stdout == "no pairs are stored\n"
    assert "nothing is known yet" in result.stderr
    assert json.loads(freya("knowledge", "status", "--json").stdout) == {
        "collections": [],
        "sources": [],
        "tiers": [],
        "version": None,
    }
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["key"], ["config", "path"]])
def test_quick_commands_load_nothing_heavy(arguments: list[str]):
    script = (
        "import sys\nfrom app.cli import main\nsys.argv[0] = 'freya'\ntry:\n    main()\nfinally:\n"
        "    print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stderr.split())
    assert "app.cli.commands" in loaded
    heavy = {
        "graphs",
        "knowledge",
        "langchain_core",
        "langgraph",
        "chromadb",
        "fastapi",
        "uvicorn",
        "numpy",
        "httpx",
    }
    assert not loaded & heavy


def test_a_process_does_not_wait_for_threads_that_compute_for_nobody():
    script = (
        "import sys, threading\nfrom app.cli import commands, main\n"
        "threading.Thread(target=threading.Event().wait).start()\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--version"], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.startswith("freya ")


def test_the_shell_can_complete_commands():
    done = subprocess.run(
        [sys.executable, "-m", "app"],
        env={**os.environ, "_FREYA_COMPLETE": "complete_bash", "COMP_WORDS": "freya kn", "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=Path(cli.__file__).parents[2],
    )
    assert done.stdout.strip() == "knowledge"
