"""Data folders with the embedding model, and the command on them, for tests of `freya knowledge`."""

import asyncio
import json
import logging
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any  # JSON

import pytest
import structlog
from typer.testing import CliRunner, Result

from app import logs
from app.cli.commands import application
from models.embeddings import openvino_embedder
from models.embeddings.openvino_embedder import compiled
from tests.e2e.seeding import seeded_data

QUESTIONS = (
    "What does a doji candle say?",
    "How wide should a stop be?",
    "What is an order block?",
)


@pytest.fixture(scope="module")
async def seed() -> AsyncIterator[Path]:
    """A data folder with the embedding model laid out."""
    data = await seeded_data("freya-cli-")
    yield data
    await asyncio.to_thread(shutil.rmtree, data)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in os.environ:
        if name.startswith("FREYA_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FREYA_DATA", "")  # restored at the end, whatever a command sets
    monkeypatch.setattr(logs, "configure_logs", lambda _: None)
    monkeypatch.setattr(openvino_embedder, "compiled", _compiled_once)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.reset_defaults()


_compiled: dict[int, Any] = {}  # OpenVINO has no types


def _compiled_once(graph: Path, *, threads: int) -> Any:
    """The model as a process holds it: a test runs in one what are many, each of which would compile it."""
    if threads not in _compiled:
        _compiled[threads] = compiled(graph, threads=threads)
    return _compiled[threads]


@pytest.fixture
def data(
    seed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str, module_redis_url: str
) -> Path:
    """A data folder with the model, and the stores of the test session by URL."""
    monkeypatch.setenv("FREYA_POSTGRES_URL", database_url)
    monkeypatch.setenv("FREYA_REDIS_URL", module_redis_url)
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "models").symlink_to(seed / "models")
    return folder


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return write(tmp_path / "pairs.jsonl", QUESTIONS)


def write(file: Path, questions: tuple[str, ...]) -> Path:
    lines = [
        json.dumps({"topic": "T", "category": "C", "question": question, "answer": f"It depends: {question}"})
        for question in questions
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def freya(data: Path, *arguments: str | Path, answers: str | None = None) -> Result:
    """The command, with what is typed when it asks."""
    return CliRunner().invoke(application, ["--data", str(data), *map(str, arguments)], input=answers)


def stock(data: Path) -> dict[str, Any]:  # JSON
    result = freya(data, "knowledge", "status", "--json")
    assert result.exit_code == 0, result.output
    return {one["name"]: one for one in json.loads(result.stdout)["collections"]}
