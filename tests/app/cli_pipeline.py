"""What the tests of the pipeline's commands share: a store that begins empty, three pairs, and the commands' answers."""

import json
from pathlib import Path
from typing import Any  # JSON

import psycopg
import pytest
from typer.testing import Result

from app.cli import ordering
from tests.app.cli_data import freya

SLUG = "relative-strength-index"
ANSWER = (
    "The relative strength index measures the momentum of bitcoin from 0 to 100. For example, 100 * 0.05 = 5. "
    "A trader enters above 30 and exits below 70; however, in a trend it gives false signals."
)


def asked(number: int, verb: str = "do") -> str:
    return f"How {verb} traders use the RSI in setup {number}?"


def pair_line(question: str, answer: str = ANSWER, topic: str = "RSI", **more: Any) -> str:
    return json.dumps({"topic": topic, "category": "C", "question": question, "answer": answer, **more})


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "_POLL_S", 0.01)
    monkeypatch.setattr("app.jobs.runner._BEAT_S", 0.02)


@pytest.fixture(autouse=True)
def nothing_known(database_url: str) -> None:
    """Each test begins with an empty store."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "TRUNCATE knowledge_sources, knowledge_topics, knowledge_jobs, knowledge_versions, knowledge_catalogue, "
            "knowledge_mappings RESTART IDENTITY CASCADE"
        )
        connection.execute("UPDATE knowledge_store SET catalogue = catalogue + 1, placed = NULL")


@pytest.fixture
def twins(tmp_path: Path) -> Path:
    """Three pairs on the RSI, of which two say the same, and one on nothing of the catalogue."""
    file = tmp_path / "twins.jsonl"
    lines = [
        pair_line(asked(1), difficulty="beginner", tags=["momentum", "entry"]),
        pair_line(asked(1, "should")),
        pair_line(
            "What does the RSI divide?", "The mean gain by the mean loss, over 14 periods of the chart."
        ),
        pair_line("What is the colour of the house?", "It is green, and has been so for years.", "Houses"),
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def imported(data: Path, file: Path, collection: str = "technical") -> None:
    assert freya(data, "knowledge", "import", "--no-wait", "--collection", collection, file).exit_code == 0


def done(result: Result) -> str:
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception  # a bug, not an error that the command tells
    assert result.exit_code == 0, result.output
    return result.stdout


def as_json(data: Path, *arguments: str | Path) -> Any:
    return json.loads(done(freya(data, "knowledge", *arguments, "--json")))


def exported(data: Path, file: Path, *options: str) -> list[dict[str, Any]]:
    done(freya(data, "knowledge", "export", file, *options))
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
