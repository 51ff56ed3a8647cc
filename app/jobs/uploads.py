"""Files that came over HTTP and wait to be imported: kept in the data folder, so that a crash loses none."""

import asyncio
import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import AsyncIterable, Collection
from pathlib import Path
from typing import BinaryIO

from memory import new_id

_PARTIAL = ".partial"
_LONGEST_NAME = 255
_FRESH_S = 3600.0


class Uploads:
    """A folder an upload, called by the job that imports it; the file in it keeps the name that it came with."""

    def __init__(self, data: Path) -> None:
        """`data` is the data folder; nothing is made in it before the first upload."""
        self._folder = data.expanduser() / "uploads"

    async def keep(self, chunks: AsyncIterable[bytes], job: str, name: str) -> str:
        """Write a file of a job as it comes, to the disk itself; gives its SHA-256. One that the job has already stays.

        Broken off, nothing is left. Raises OSError where the disk takes no more, and what the chunks raise.
        """
        partial = self._folder / f"{new_id('upload')}{_PARTIAL}"
        digest = hashlib.sha256()
        file = await asyncio.to_thread(_opened, partial)
        try:
            async for chunk in chunks:
                await asyncio.to_thread(file.write, chunk)
                digest.update(chunk)
            await asyncio.to_thread(self._place, file, partial, job, name)
        finally:
            with contextlib.suppress(OSError):  # what a full disk did not take before, it does not take now
                await asyncio.to_thread(file.close)
            await asyncio.to_thread(partial.unlink, missing_ok=True)
        return digest.hexdigest()

    async def path(self, job: str, name: str) -> Path | None:
        """The file of a job; None where it is not in this data folder."""
        path = self._folder / job / name
        return path if await asyncio.to_thread(path.is_file) else None

    async def remove(self, job: str) -> None:
        """Remove the file of a job, if there is one."""
        await asyncio.to_thread(shutil.rmtree, self._folder / job, ignore_errors=True)

    async def sweep(self, wanted: Collection[str]) -> None:
        """Remove what was received an hour ago and more, but not the files of these jobs."""
        await asyncio.to_thread(self._sweep, wanted)

    def _place(self, file: BinaryIO, partial: Path, job: str, name: str) -> None:
        file.flush()
        os.fsync(file.fileno())
        folder = self._folder / job
        folder.mkdir(exist_ok=True)
        if not any(folder.iterdir()):
            partial.replace(folder / name)
            for changed in (folder, self._folder):
                _names_to_disk(changed)

    def _sweep(self, wanted: Collection[str]) -> None:
        if not self._folder.is_dir():
            return
        for entry in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                old = entry.stat().st_mtime < time.time() - _FRESH_S
                if old and entry.is_dir() and entry.name not in wanted:
                    shutil.rmtree(entry, ignore_errors=True)
                elif old and entry.is_file():
                    entry.unlink()


def file_name(name: str) -> str:
    """The name, where a file can have it. Raises ValueError for a path, and for one too long."""
    if name in {"", ".", ".."} or any(sign in "/\\" or not sign.isprintable() for sign in name):
        raise ValueError("must be the name of a file, without a folder and without control characters")
    if len(name.encode()) > _LONGEST_NAME:
        raise ValueError(f"must have {_LONGEST_NAME} bytes at most")
    return name


def _opened(path: Path) -> BinaryIO:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path.open("xb")


def _names_to_disk(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
