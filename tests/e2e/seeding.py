"""Data folders that were started once already, so that a service on one of them is ready in seconds.

The first start embeds the starter pairs and learns the router, which takes half a minute of two cores. It is
done once for a state of the sources, by the real command, which is held to what a first start promises; every
service of the tests gets a copy of its own.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import httpx

from tests.e2e.running import Command, running, until_ready

_ROOT = Path(__file__).parents[2]
_CACHE = _ROOT / ".pytest_cache" / "freya-data"
_DECIDING = (
    "agents/**/*",
    "app/migrations/**/*.py",
    "graphs/routing/*.py",
    "graphs/utterances/*",
    "knowledge/**/*",
    "memory/privacy/services.py",
    "models/embeddings/*.py",
    "models/glossary/*",
)
_FIRST_START_S = 600
_INDEXED_S = 600
_COPIED = ("postgres", "redis", "chroma", "lexical", "router", "rules")


async def seeded_data(prefix: str) -> Path:
    """A fresh data folder, filled; the caller removes it."""
    async with _seed() as seed:
        return await asyncio.to_thread(_copy, seed, Path(tempfile.mkdtemp(prefix=prefix)))


async def learned_before(data: Path) -> None:
    """Put into an empty data folder what a router learned, so that a service on it need not learn it."""
    async with _seed() as seed:
        await asyncio.to_thread(shutil.copytree, seed / "router", data / "router")


@asynccontextmanager
async def fresh_data(prefix: str) -> AsyncIterator[Path]:
    """The same, removed at the end."""
    data = await seeded_data(prefix)
    try:
        yield data
    finally:
        await asyncio.to_thread(shutil.rmtree, data)


@asynccontextmanager
async def _seed() -> AsyncIterator[Path]:
    """The folder that all are copied from, which no other process makes or replaces meanwhile."""
    turn = await asyncio.to_thread(_take_turn)
    try:
        seed = _CACHE / await asyncio.to_thread(_fingerprint)
        if not await asyncio.to_thread(seed.exists):
            await _make(seed)
        yield seed
    finally:
        await asyncio.to_thread(turn.close)


async def _make(seed: Path) -> None:
    """Let the service start on an empty folder, and keep what it made of it."""
    fresh = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="freya-seed-"))
    async with running(fresh, _FIRST_START_S) as command:
        try:
            await _first_start(command)
        except (AssertionError, httpx.HTTPError, TimeoutError) as error:
            error.add_note("the first start wrote:\n" + "".join(command.log))
            raise
    await asyncio.to_thread(_keep, fresh, seed)


async def _first_start(command: Command) -> None:
    """It answers as soon as it says that it is ready, goes on until all that ships is indexed, and ends cleanly."""
    async with httpx.AsyncClient(base_url=command.url, timeout=30) as client:
        await until_ready(client, ready=True)
        # A slow machine may not have indexed what is known of a topic yet; a computation needs none of it.
        await _answered(client, "Conversions 120 of 2400 against 156 of 2380, is B better?")
        async with asyncio.timeout(_INDEXED_S):
            while not await _indexed(client):
                await asyncio.sleep(0.5)
        await _answered(client, "What is the RSI indicator?")
    assert await command.stop() == 0


async def _answered(client: httpx.AsyncClient, message: str) -> None:
    """The message is answered, and forgotten again: a test finds no conversation but its own."""
    response = await client.post("/v1/chat", json={"message": message})
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["outcome"] == "answered", response.text
    assert (await client.delete(f"/v1/threads/{answer['thread_id']}")).status_code == 200


async def _indexed(client: httpx.AsyncClient) -> bool:
    """Whether every index holds what it is to hold."""
    collections = (await client.get("/v1/knowledge")).raise_for_status().json()["items"]
    return bool(collections) and all(
        held >= each["indexable"] for each in collections for held in each["indexed"].values()
    )


def _take_turn() -> IO[bytes]:
    """One process at a time makes or copies a folder; closing what this gives ends the turn."""
    _CACHE.parent.mkdir(exist_ok=True)
    turn = _CACHE.with_suffix(".lock").open("wb")
    fcntl.flock(turn, fcntl.LOCK_EX)
    return turn


def _keep(fresh: Path, seed: Path) -> None:
    """Put a folder into the cache in place of older ones."""
    shutil.rmtree(_CACHE, ignore_errors=True)
    part = _CACHE / f"{seed.name}.part"
    part.mkdir(parents=True)
    _copy(fresh, part)
    shutil.rmtree(fresh)
    part.rename(seed)


def _copy(source: Path, target: Path) -> Path:
    # cp keeps the owner, which is not ours when PostgreSQL may not run as root.
    folders = [str(source / name) for name in _COPIED]
    subprocess.run(["cp", "-a", *folders, str(target)], check=True)
    shutil.copytree(source / "models", target / "models", copy_function=_linked)
    return target


def _linked(source: str, target: str) -> None:
    """The model's files are only read, so a link does."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _fingerprint() -> str:
    files = sorted(path for pattern in _DECIDING for path in _ROOT.glob(pattern) if path.is_file())
    content = hashlib.sha256()
    for path in files:
        if "__pycache__" not in path.parts:
            content.update(f"{path.relative_to(_ROOT)}\0".encode() + path.read_bytes())
    return content.hexdigest()[:16]
