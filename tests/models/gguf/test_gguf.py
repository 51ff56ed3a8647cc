"""GGUF files are read as they were written, and damaged ones are told before llama.cpp meets them."""

import asyncio
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from models import ModelInvalid
from models.gguf import Value, read_header, verify_model, verify_sha256, write_gguf
from models.gguf.writing import Numbers
from models.resident import EngineSettings, ResidentEngine

METADATA: dict[str, Value] = {
    "general.architecture": "llama",
    "text": "grüße",
    "whole": 7,
    "broken": 0.5,
    "flag": True,
    "words": ["a", "b"],
    "numbers": [1, -2, 3],
}
TENSORS: dict[str, Numbers] = {"one": np.ones((2, 3), dtype=np.float32), "two": np.zeros(5, dtype=np.float16)}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "written.gguf"
    write_gguf(path, METADATA, TENSORS)
    return path


def test_header_says_what_was_written(written: Path):
    header = verify_model(written)
    assert header.metadata == {**METADATA, "words": 2, "numbers": 3}
    assert [(tensor.name, tensor.shape, tensor.size) for tensor in header.tensors] == [
        ("one", (3, 2), 24),
        ("two", (5,), 10),
    ]
    assert header.parameters == 11
    assert header.needed_size <= header.file_size


def test_value_of_another_kind_is_not_written(tmp_path: Path):
    with pytest.raises(TypeError, match="NoneType"):
        write_gguf(tmp_path / "x.gguf", {"nothing": None}, {})  # type: ignore[dict-item]
    assert not (tmp_path / "x.gguf").exists()


@pytest.mark.parametrize("size", [0, 3, 10, 24, 60, 200])
def test_file_cut_in_its_header_is_refused(written: Path, size: int):
    written.write_bytes(written.read_bytes()[:size])
    with pytest.raises(ModelInvalid):
        read_header(written)


def test_file_cut_in_its_tensors_is_refused_with_sizes(written: Path):
    whole = written.read_bytes()
    written.write_bytes(whole[:-30])
    with pytest.raises(ModelInvalid, match=rf"truncated.*has {len(whole) - 30}"):
        verify_model(written)


def test_other_files_are_refused_by_what_they_are(tmp_path: Path):
    page = tmp_path / "page.gguf"
    page.write_text("<!doctype html>")
    with pytest.raises(ModelInvalid, match=r"no GGUF file.*<!do"):
        verify_model(page)
    page.write_bytes(b"GGUF" + struct.pack(">I", 3) + bytes(100))
    with pytest.raises(ModelInvalid, match="version"):
        verify_model(page)
    with pytest.raises(ModelInvalid, match="cannot be read"):
        verify_model(tmp_path / "missing.gguf")
    write_gguf(page, {"general.architecture": "llama"}, {})
    with pytest.raises(ModelInvalid, match="no tensors"):
        verify_model(page)
    write_gguf(page, {}, TENSORS)
    with pytest.raises(ModelInvalid, match="architecture"):
        verify_model(page)


def test_damaged_counts_are_refused_and_not_believed(written: Path):
    raw = bytearray(written.read_bytes())
    raw[8:16] = struct.pack("<Q", 1 << 60)
    written.write_bytes(raw)
    with pytest.raises(ModelInvalid, match="claims"):
        read_header(written)


def test_checksum_is_compared(written: Path):
    verify_sha256(written, hashlib.sha256(written.read_bytes()).hexdigest().upper())
    with pytest.raises(ModelInvalid, match="SHA-256"):
        verify_sha256(written, "0" * 64)


async def test_whole_file_that_llama_cpp_cannot_run_is_a_clear_error(written: Path):
    with pytest.raises(ModelInvalid, match=r"could not be loaded: .*llama"):
        await ResidentEngine.load(EngineSettings(path=written))
    await asyncio.to_thread(write_gguf, written, {"general.architecture": "unheard-of"}, TENSORS)
    with pytest.raises(ModelInvalid, match="unheard-of"):
        await ResidentEngine.load(EngineSettings(path=written))
