"""A proxy that cuts each connection after so many bytes of what the service sends."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Cutting:
    """What passes, and how often it was cut."""

    port: int
    after: list[int]
    """Bytes after which each connection is cut; those beyond the end of the list are not."""
    cuts: int = 0
    url: str = ""
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        limit = self.after.pop(0) if self.after else None
        upstream, asking = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers |= {writer, asking}
        sending = asyncio.create_task(_copy(reader, asking))
        try:
            left = limit
            while data := await upstream.read(256):
                if left is not None:
                    data, left = data[:left], left - len(data)
                writer.write(data)
                await writer.drain()
                if left is not None and left <= 0:
                    self.cuts += 1
                    break
        except ConnectionError:
            pass
        finally:
            sending.cancel()
            for each in (writer, asking):
                each.transport.abort()
                self.writers.discard(each)


@contextlib.asynccontextmanager
async def cutting(url: str, *after: int) -> AsyncIterator[Cutting]:
    """The proxy in front of the service at the URL."""
    proxy = Cutting(urlsplit(url).port or 80, list(after))
    server = await asyncio.start_server(proxy.pass_on, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        for writer in list(proxy.writers):
            writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
