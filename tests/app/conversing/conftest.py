"""A service that answers by script on a data folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from tests.app.cli_service import (
    ScriptedService,
    serving,
)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("FREYA_API_KEY", raising=False)
    monkeypatch.delenv("FREYA_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture(autouse=True, scope="session")
def _the_prompt_reads_its_keys(blocking_guard: BlockBuster) -> None:
    """They are read only when there are some."""
    blocking_guard.functions["os.read"].can_block_in("prompt_toolkit/input/posix_utils.py", "read")


@pytest.fixture
def service(data: Path) -> Iterator[ScriptedService]:
    with serving(data, ScriptedService()) as scripted:
        yield scripted
