"""Files come whole over a server that breaks off, and what is wrong is told."""

import asyncio
import hashlib
import shutil
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

from models import ModelInvalid, ModelsError
from models.catalogue import FetchFailed, Progress, Shelf, fetch


@dataclass
class Server:
    """Serves one file over HTTP; each request may be cut off after so many bytes, or refused."""

    content: bytes
    cuts: deque[int | None] = field(default_factory=deque)
    """Bytes after which the connections break, one a request; None: not."""
    ranges: bool = True
    etag: str = '"one"'
    status: int | None = None
    redirects: bool = False
    asked: list[str | None] = field(default_factory=list)
    """The range of each request."""
    url: str = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.lower().split(": ", 1) for line in request.split("\r\n")[1:] if ": " in line)
        if self.redirects and " /file" in request:
            digest = hashlib.sha256(self.content).hexdigest()
            writer.write(
                f'HTTP/1.1 302 Found\r\nlocation: /blob\r\nx-linked-etag: "{digest}"\r\ncontent-length: 0\r\n\r\n'.encode()
            )
        else:
            self._send(headers, writer)
        await writer.drain()
        writer.close()

    def _send(self, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        wanted = headers.get("range")
        self.asked.append(wanted)
        if self.status is not None:
            writer.write(f"HTTP/1.1 {self.status} No\r\ncontent-length: 0\r\n\r\n".encode())
            return
        start = 0
        if wanted and self.ranges and headers.get("if-range", self.etag) == self.etag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        body = self.content[start:]
        status = "206 Partial Content" if start else "200 OK"
        writer.write(
            f"HTTP/1.1 {status}\r\netag: {self.etag}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        )
        cut = self.cuts.popleft() if self.cuts else None
        writer.write(body[:cut])


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[Server]:
    listening = await asyncio.start_server(server.answer, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/file"
    async with listening:
        yield server


async def at_once(_: float) -> None:
    """No pause between attempts."""


@pytest.fixture(scope="module")
def content(random_model: Path) -> bytes:
    return random_model.read_bytes()


async def test_file_comes_whole_over_a_connection_that_keeps_breaking(content: bytes, tmp_path: Path):
    target = tmp_path / "models" / "a.gguf"
    told: list[Progress] = []
    async with serving(Server(content, deque([50_000, 0, 70_000, None]))) as server:
        await fetch(
            server.url,
            target,
            sha256=hashlib.sha256(content).hexdigest(),
            progress=told.append,
            pause=at_once,
        )
    assert server.asked == [None, "bytes=50000-", "bytes=50000-", "bytes=120000-"]
    assert await asyncio.to_thread(target.read_bytes) == content
    assert told[-1] == Progress(len(content), len(content))
    assert [path.name for path in target.parent.iterdir()] == ["a.gguf"]


async def test_next_command_goes_on_where_the_last_one_ended(content: bytes, tmp_path: Path):
    target = tmp_path / "a.gguf"
    async with serving(Server(content, deque([90_000, *[0] * 5]))) as server:
        with pytest.raises(FetchFailed, match="broke off 5 times"):
            await fetch(server.url, target, pause=at_once)
        await fetch(server.url, target, pause=at_once)
    assert server.asked[-1] == "bytes=90000-"
    assert await asyncio.to_thread(target.read_bytes) == content


async def test_file_that_changed_meanwhile_is_fetched_anew(content: bytes, tmp_path: Path):
    target = tmp_path / "a.gguf"
    async with serving(Server(b"x" * 1000, deque([10, *[0] * 5]))) as server:
        with pytest.raises(FetchFailed):
            await fetch(server.url, target, pause=at_once)
        server.content, server.etag = content, '"two"'
        await fetch(server.url, target, pause=at_once)
    assert await asyncio.to_thread(target.read_bytes) == content


async def test_server_without_ranges_sends_all_of_it_again(content: bytes, tmp_path: Path):
    target = tmp_path / "a.gguf"
    async with serving(Server(content, deque([50_000, None]), ranges=False)) as server:
        await fetch(server.url, target, pause=at_once)
    assert await asyncio.to_thread(target.read_bytes) == content


async def test_checksum_that_the_hub_tells_is_compared(content: bytes, tmp_path: Path):
    async with serving(Server(content, redirects=True)) as server:
        found = await fetch(server.url, tmp_path / "a.gguf", pause=at_once)
    assert found == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("sha256", ["0" * 64, None])
async def test_file_that_is_not_the_expected_one_is_thrown_away(
    sha256: str | None, content: bytes, tmp_path: Path
):
    sent = content if sha256 else b"<!doctype html> sign in first"
    async with serving(Server(sent)) as server:
        with pytest.raises(ModelInvalid):
            await fetch(server.url, tmp_path / "a.gguf", sha256=sha256, pause=at_once)
    assert await asyncio.to_thread(lambda: list(tmp_path.iterdir())) == []


async def test_address_that_has_nothing_is_told_at_once(content: bytes, tmp_path: Path):
    async with serving(Server(content, status=404)) as server:
        with pytest.raises(FetchFailed, match="status 404"):
            await fetch(server.url, tmp_path / "a.gguf", pause=at_once)
        assert len(server.asked) == 1
        server.status = 503
        with pytest.raises(FetchFailed, match="broke off 5 times"):
            await fetch(server.url, tmp_path / "a.gguf", pause=at_once)


async def test_file_that_the_disk_cannot_hold_is_refused_before_it_is_fetched(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free=1000))
    async with serving(Server(content)) as server:
        with pytest.raises(FetchFailed, match="free some space"):
            await fetch(server.url, tmp_path / "a.gguf", pause=at_once)
    assert not await asyncio.to_thread((tmp_path / "a.gguf.part").exists)


async def test_models_are_kept_found_and_removed(content: bytes, tmp_path: Path, random_model: Path):
    shelf = Shelf(tmp_path / "shelf")
    assert await asyncio.to_thread(shelf.kept) == []
    async with serving(Server(content)) as server:
        pulled = await shelf.pull("pulled", server.url)
    added = await asyncio.to_thread(shelf.add, "added", random_model)
    assert await asyncio.to_thread(shelf.kept) == [added, pulled]
    assert (pulled.ours, added.ours) == (True, False)
    assert await asyncio.to_thread(shelf.find, "pulled") == pulled
    for name in ("pulled", "added"):
        await asyncio.to_thread(shelf.remove, name)
    assert await asyncio.to_thread(shelf.kept) == []
    assert not await asyncio.to_thread(pulled.path.exists)
    assert await asyncio.to_thread(random_model.exists)


def test_name_that_is_unknown_or_no_name_is_told(tmp_path: Path, random_model: Path):
    shelf = Shelf(tmp_path)
    with pytest.raises(ModelsError, match="there are: none"):
        shelf.find("missing")
    with pytest.raises(ModelsError, match="cannot be a model's name"):
        shelf.add("../up", random_model)
    with pytest.raises(ModelInvalid, match="SHA-256"):
        shelf.add("a", random_model, sha256="0" * 64)
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(ModelInvalid, match="cannot be read"):
        shelf.kept()
