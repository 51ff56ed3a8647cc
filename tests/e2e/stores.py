"""The servers that a service keeps its data in, killed and started again."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import httpx
import psutil


async def stopped(pid: int) -> None:
    """End a server of ours at once, and wait until it is gone."""
    server = psutil.Process(pid)
    server.send_signal(signal.SIGINT if "postgres" in server.name() else signal.SIGTERM)
    async with asyncio.timeout(60):
        while server.is_running() and server.status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.05)


async def until_revived(file: Path, died: int) -> None:
    """Wait until the file names another process, twenty seconds at most."""

    def revived() -> bool:
        return file.exists() and file.read_text().split()[:1] not in ([], [str(died)])

    async with asyncio.timeout(60):
        while not await asyncio.to_thread(revived):
            await asyncio.sleep(0.05)


class Chroma:
    """A Chroma server that may be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    @classmethod
    @contextlib.asynccontextmanager
    async def serving(cls, folder: Path) -> AsyncIterator[Self]:
        """One that answers, and is stopped at the end if it was not before."""
        server = cls(folder)
        await server.start()
        try:
            yield server
        finally:
            await server.stop()

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(Path(sys.executable).with_name("chroma"), "run", "--path", str(self._folder)),
            *("--host", "127.0.0.1", "--port", str(self.port)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(60), httpx.AsyncClient(base_url=self.url) as client:
            while True:
                try:
                    (await client.get("/api/v2/heartbeat")).raise_for_status()
                except httpx.HTTPError:
                    await asyncio.sleep(0.1)
                else:
                    return

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def kill(self) -> None:
        """End it by SIGKILL."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
