"""A first start that is told to end: it does at once, leaves nothing behind, and the next one is whole."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.e2e.running import running, until_ready
from tests.e2e.seeding import learned_before

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
_AT_ONCE_S = 30.0
_WITHOUT_PAIRS = {"FREYA_KNOWLEDGE__STARTER": "false", "FREYA_LOG__FORMAT": "json"}


@pytest.fixture
async def data() -> AsyncIterator[Path]:
    """A data folder that has only what a router learned before, which takes longer than all else of a first start."""
    with tempfile.TemporaryDirectory(prefix="freya-broken-off-", ignore_cleanup_errors=True) as folder:
        await learned_before(Path(folder))
        yield Path(folder)


async def broken_off(data: Path, begun: Path) -> float:
    """Start the real command, and end it as soon as that is there; the seconds until it has ended."""
    environment = {**os.environ, **_WITHOUT_PAIRS, "FREYA_DATA": str(data), "FREYA_HTTP__PORT": "0"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", "serve", env=environment, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(90):
        while not await asyncio.to_thread(begun.exists):
            assert process.returncode is None, "it ended before"
            await asyncio.sleep(0.01)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    await process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    return time.monotonic() - began


def left(data: Path) -> list[list[str]]:
    """The command lines of processes that have to do with the folder."""
    found = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [line for line in found if str(data) in " ".join(line)]


async def test_starts_that_are_told_to_end_end_at_once_and_the_next_one_is_whole(data):
    layout = data / "models" / "all-MiniLM-L6-v2"
    for begun in (data / "postgres.new", layout):
        assert await broken_off(data, begun) < _AT_ONCE_S
        assert await asyncio.to_thread(left, data) == []
        assert not await asyncio.to_thread(lambda: list(layout.glob("*")))
    async with running(data, **_WITHOUT_PAIRS) as command, httpx.AsyncClient(base_url=command.url) as client:
        await until_ready(client, ready=True)
        assert await command.stop() == 0
    assert not await asyncio.to_thread((data / "postgres.new").exists)
    assert await asyncio.to_thread(left, data) == []
