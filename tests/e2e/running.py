"""The real command on a data folder, started and stopped as a user would."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

_READY_S = 240
_STOP_S = 60


@dataclass
class Command:
    """A running `freya serve`, or another command that tells where it listens."""

    url: str
    data: Path
    process: asyncio.subprocess.Process
    log: list[str] = field(default_factory=list)
    """What it wrote to its error stream, line by line."""

    async def stop(self) -> int:
        """End it by SIGTERM; gives its exit status."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(_STOP_S):
            return await self.process.wait()


@asynccontextmanager
async def running(
    data: Path, ready_s: float = _READY_S, words: tuple[str, ...] = ("serve",), /, **variables: str
) -> AsyncIterator[Command]:
    """`freya serve`, or what the `words` say, on the data folder and a free port, until the end of the block.

    `ready_s`: seconds that its start may take.
    """
    environment = {
        **os.environ,
        "FREYA_DATA": str(data),
        "FREYA_HTTP__PORT": "0",
        "FREYA_LOG__FORMAT": "json",
        "FREYA_KNOWLEDGE__REFINE_AFTER_IMPORT": "false",  # else each service on a copy refines the same pairs again
        **variables,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", *words, env=environment, stderr=asyncio.subprocess.PIPE, limit=2**22
    )
    command = Command(url="", data=data, process=process)
    address = asyncio.get_running_loop().create_future()
    reading = asyncio.create_task(_read(command, address))
    try:
        async with asyncio.timeout(ready_s):
            command.url = await address
        yield command
    finally:
        if process.returncode is None:
            await command.stop()
        await reading


async def _read(command: Command, address: "asyncio.Future[str]") -> None:
    """Keep its lines, and find in them where it listens."""
    stream = command.process.stderr
    assert stream is not None
    async for raw in stream:
        line = raw.decode(errors="replace")
        command.log.append(line)
        if "ready at http" in line and not address.done():
            address.set_result(line.split("ready at ")[1].split(" ")[0])
    if not address.done():
        address.set_exception(RuntimeError("the service ended before it was ready:\n" + "".join(command.log)))


async def until_ready(client: httpx.AsyncClient, *, ready: bool) -> None:
    """Ask /readyz until it says so, twenty seconds at most."""
    async with asyncio.timeout(60):
        while (await client.get("/readyz")).is_success is not ready:
            await asyncio.sleep(0.1)
