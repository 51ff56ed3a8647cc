"""`freya models` on real files."""

import json
from pathlib import Path

import pytest

from app.cli import modelling_work
from models.catalogue import ENTRIES
from tests.app.cli_data import freya, surroundings
from training.llama import MadeModel

__all__ = ["surroundings"]


def test_file_is_added_listed_shown_and_removed(tmp_path: Path, random_model: Path):
    data = tmp_path / "data"
    added = freya(data, "models", "add", "mine", random_model)
    assert added.exit_code == 0, added.output
    assert f"FREYA_MODELS__RESIDENT__MINE__PATH={random_model}" in added.stdout
    listed = json.loads(freya(data, "models", "list", "--json").stdout)
    assert [one["name"] for one in listed["here"]] == ["mine"]
    assert len(listed["recommended"]) == len(ENTRIES)
    lines = freya(data, "models", "list").stdout
    assert "qwen3-8b" in lines
    assert "free: " in lines
    shown = freya(data, "models", "show", "mine").stdout
    assert "llama, 0 million parameters" in shown
    assert "with 8,192 tokens a request" in shown
    found = json.loads(freya(data, "models", "show", random_model, "--context", "512", "--json").stdout)
    assert found["footprint"]["layers"] == 3
    assert "its file stays" in freya(data, "models", "remove", "mine").stdout
    gone = freya(data, "models", "show", "mine")
    assert (gone.exit_code, gone.stdout) == (1, "")
    assert "no model 'mine' is here" in gone.stderr
    freya(data, "models", "add", "again", random_model)
    removed = json.loads(freya(data, "models", "remove", "again", "--json").stdout)
    assert (removed["name"], removed["ours"]) == ("again", False)
    assert random_model.is_file()


def test_damaged_file_is_told(tmp_path: Path, random_model: Path):
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(random_model.read_bytes()[:-100])
    commands: tuple[tuple[str | Path, ...], ...] = (("add", "cut", cut), ("show", cut), ("bench", cut))
    for arguments in commands:
        result = freya(tmp_path / "data", "models", *arguments)
        assert result.exit_code == 1
        assert "truncated" in result.stderr


def test_source_that_is_neither_name_nor_address_is_told(tmp_path: Path):
    result = freya(tmp_path, "models", "pull", "gpt-9")
    assert result.exit_code == 1
    assert "neither a recommended model (qwen3-1.7b," in result.stderr


def test_speed_is_measured(tmp_path: Path, trained_model: MadeModel):
    result = freya(tmp_path, "models", "bench", trained_model.q8_0, "--threads", "1", "--json")
    speed = json.loads(result.stdout)
    assert speed["prompt"] > 0
    assert list(speed["generated"]) == ["1", "2", "4", "8"]
    told = freya(tmp_path, "models", "bench", trained_model.q8_0, "--threads", "1").stdout
    assert "8 answers at once" in told


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x.example/A/Model-Q4_K_M.gguf", "model-q4_k_m"),
        ("https://x.example/m.gguf?download=true", "m"),
    ],
)
def test_name_is_read_from_the_address(url: str, name: str):
    assert modelling_work._name_in(url) == name
