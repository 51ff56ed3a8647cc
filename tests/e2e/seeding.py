"""Data folders that were started once already, so that a service on one of them is ready in seconds.

The first start embeds the starter pairs and learns the router, which takes half a minute of two cores. It is
done once for a state of the sources; every service of the tests gets a copy of its own.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from app.settings import Settings
from app.wiring import open_freya
from knowledge import KnowledgeSettings

_ROOT = Path(__file__).parents[2]
_CACHE = _ROOT / ".pytest_cache" / "freya-data"
_DECIDING = (
    "agents/**/*",
    "app/migrations/**/*.py",
    "graphs/routing/*.py",
    "graphs/utterances/*",
    "knowledge/**/*",
    "models/embeddings/*.py",
)
_COPIED = ("postgres", "redis", "chroma", "lexical", "router")


async def seeded_data(prefix: str) -> Path:
    """A fresh data folder, filled; the caller removes it."""
    turn = await asyncio.to_thread(_take_turn)
    try:
        seed = _CACHE / await asyncio.to_thread(_fingerprint)
        if not await asyncio.to_thread(seed.exists):
            await _make(seed)
        return await asyncio.to_thread(_copy, seed, Path(tempfile.mkdtemp(prefix=prefix)))
    finally:
        await asyncio.to_thread(turn.close)


@asynccontextmanager
async def fresh_data(prefix: str) -> AsyncIterator[Path]:
    """The same, removed at the end."""
    data = await seeded_data(prefix)
    try:
        yield data
    finally:
        await asyncio.to_thread(shutil.rmtree, data)


async def _make(seed: Path) -> None:
    """Fill a folder in a process of its own, which coverage does not follow, and keep it."""
    fresh = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="freya-seed-"))
    filling = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, str(fresh), cwd=_ROOT, stdout=asyncio.subprocess.DEVNULL
    )
    if await filling.wait():
        raise RuntimeError("the data folder of the tests could not be filled; see above")
    await asyncio.to_thread(_keep, fresh, seed)


async def _fill(data: Path) -> None:
    whole = KnowledgeSettings(start_indexing_s=1800)  # a start would leave the rest to the background
    async with open_freya(Settings(data=data, knowledge=whole)):
        pass


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


if __name__ == "__main__":
    asyncio.run(_fill(Path(sys.argv[1])))
