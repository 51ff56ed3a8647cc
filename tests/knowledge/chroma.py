"""A Chroma server, as a user would run one."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from knowledge import DenseIndex, KnowledgeUnavailable


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def chroma_server(folder: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    program = str(Path(sys.executable).with_name("chroma"))
    process = await asyncio.create_subprocess_exec(
        program, "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


async def until_it_answers(index: DenseIndex) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                await index.counts()
            except KnowledgeUnavailable:
                continue  # each attempt waits for its connection; there is nothing to wait on but the answer
            return
