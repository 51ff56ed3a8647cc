"""`freya knowledge export`: each format, what is exported, and what a broken one leaves."""

import csv
import errno
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from app.cli import exporting
from knowledge import ListedPair, writers
from tests.app.cli_data import data, freya, pairs, seed, surroundings
from tests.app.cli_pipeline import (
    SLUG,
    as_json,
    asked,
    done,
    exported,
    imported,
    nothing_known,
    pair_line,
    quickly,
    twins,
)

__all__ = ["data", "nothing_known", "pairs", "quickly", "seed", "surroundings", "twins"]

FORMATS = ["jsonl", "json", "csv", "parquet"]


@pytest.mark.parametrize("kind", FORMATS)
def test_export_is_imported_again_without_loss(data: Path, tmp_path: Path, twins: Path, kind: str):
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    odd = pair_line(
        'Is "A, B; C" the same as A?',
        'First line, with "quotes"; and commas.\n\n- a list\n- of two\n\nLast line \u2014 caf\u00e9.',
        difficulty="advanced",
        tags=["a-b", "c"],
        author='N. "N" Nobody',
        year=1978,
        attributes={"sources": ["One, 1978, Title; with signs", "Two"], "checked": True},
    )
    twins.write_text(f"{twins.read_text(encoding='utf-8')}\n{odd}", encoding="utf-8")
    imported(data, twins, "first")
    file = tmp_path / f"all.{kind}"
    assert done(freya(data, "knowledge", "export", file)) == f"5 pairs  {file}\n"
    imported(data, file, "second")
    both = exported(data, tmp_path / "both.jsonl")
    kept = ("topic", "category", "question", "answer", "difficulty", "tags")
    sources = {"sources": ["One, 1978, Title; with signs", "Two"], "checked": True, "year": 1978}
    told = [pair["attributes"] for pair in both if "A, B; C" in pair["question"]]
    assert len(told) == 2
    for attributes in told:
        assert {name: attributes[name] for name in sources} == sources
        assert attributes["author"] == 'N. "N" Nobody'
    first, second = (
        sorted(
            (
                tuple(json.dumps(pair.get(name)) for name in kept)
                for pair in both
                if pair["collection"] == name_of
            ),
        )
        for name_of in ("first", "second")
    )
    assert len(first) == 5
    assert first == second


def test_only_the_pairs_that_are_wanted_are_exported(data: Path, twins: Path, tmp_path: Path):
    imported(data, twins)
    imported(data, write_other(tmp_path), "other")
    done(freya(data, "knowledge", "refine"))
    file = tmp_path / "out.jsonl"
    everything = exported(data, file, "--with-duplicates")
    assert len(everything) == 5
    assert len(exported(data, file)) == 4
    assert {pair["collection"] for pair in exported(data, file, "--collection", "other")} == {"other"}
    assert {pair["slug"] for pair in exported(data, file, "--topic", SLUG)} == {SLUG}
    best = max(pair["quality"] for pair in everything)
    assert {pair["quality"] for pair in exported(data, file, "--min-quality", f"{best:.2f}")} <= {best}
    tier = everything[0]["tier"]
    assert {pair["tier"] for pair in exported(data, file, "--tier", tier)} == {tier}
    assert exported(data, file, "--collection", "none") == []


def write_other(tmp_path: Path) -> Path:
    file = tmp_path / "other.jsonl"
    file.write_text(
        pair_line("What is a headline?", "The first line of a text.", "Headlines"), encoding="utf-8"
    )
    return file


def test_format_follows_the_name_and_is_told(data: Path, twins: Path, tmp_path: Path):
    imported(data, twins)
    told = as_json(data, "export", tmp_path / "pairs.csv")
    assert told == {"path": str(tmp_path / "pairs.csv"), "format": "csv", "pairs": 4}
    with (tmp_path / "pairs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    (first,) = [row for row in rows if row["question"] == asked(1)]
    assert first["tags"] == "momentum; entry"
    assert as_json(data, "export", tmp_path / "pairs.dat")["format"] == "jsonl"
    done(freya(data, "knowledge", "export", tmp_path / "none.json", "--collection", "none"))
    assert json.loads((tmp_path / "none.json").read_text(encoding="utf-8")) == []


def test_parquet_is_a_table_of_typed_columns(data: Path, twins: Path, tmp_path: Path):
    parquet = pytest.importorskip("pyarrow.parquet")
    imported(data, twins)
    done(freya(data, "knowledge", "refine"))
    done(freya(data, "knowledge", "export", tmp_path / "pairs.parquet"))
    rows = parquet.read_table(tmp_path / "pairs.parquet").to_pylist()
    (kept,) = [row for row in rows if row["tags"] == ["momentum", "entry"]]
    assert isinstance(kept["quality"], float)
    done(freya(data, "knowledge", "export", tmp_path / "none.parquet", "--collection", "none"))
    assert parquet.read_table(tmp_path / "none.parquet").num_rows == 0


def test_parquet_without_pyarrow_says_how_to_get_it(
    data: Path, twins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    imported(data, twins)
    result = freya(data, "knowledge", "export", tmp_path / "pairs.parquet")
    assert result.exit_code == 1
    assert "pip install 'freya-agents[parquet]'" in result.stderr
    assert list(tmp_path.glob(".*part")) == []


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 1, "the disk is full"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_export_that_is_broken_off_leaves_what_was_there(
    data: Path,
    twins: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    said: str,
):
    imported(data, twins)
    target = tmp_path / "kept.jsonl"
    target.write_text("what was there\n", encoding="utf-8")

    def broken(_self: object, _pairs: list[ListedPair]) -> None:
        if isinstance(error, KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            return
        raise error

    monkeypatch.setattr(writers._LinesWriter, "write", broken)
    if isinstance(error, KeyboardInterrupt):
        monkeypatch.setattr(exporting, "give_name", lambda *_: pytest.fail("it was not to be kept"))
    result = freya(data, "knowledge", "export", target)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
    assert target.read_text(encoding="utf-8") == "what was there\n"
    assert list(tmp_path.glob(".*part")) == []
