"""Fetching large files over connections that break: taken up where they ended, and verified."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from models.errors import ModelsError
from models.gguf import verify_model, verify_sha256

_PATIENCE: Final = 5
"""Attempts in a row that bring nothing, before it is given up."""
_TIMEOUT_S: Final = 30.0
_LONGEST_PAUSE_S: Final = 20.0
_MARGIN: Final = 256 << 20
"""Bytes of the disk that stay free."""
_CHUNK: Final = 1 << 20
_REDIRECTS: Final = 5


class FetchFailed(ModelsError):
    """A file could not be fetched; what came stays, and the next attempt goes on from there."""


@dataclass(frozen=True)
class Progress:
    """How far a file has come, in bytes."""

    received: int
    total: int | None


@dataclass(frozen=True)
class _Known:
    """What a server said of a file."""

    url: str
    etag: str | None = None
    sha256: str | None = None
    size: int | None = None


async def fetch(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> str | None:
    """Fetch a GGUF file whole or not at all; its SHA-256, where one was given or the hub told it.

    What has come stands in `target` with `.part` added, and is taken up again if the server's file is the same.
    Raises FetchFailed, and ModelInvalid for a file that came whole and is not the expected one, or no model.
    """
    part = target.with_name(target.name + ".part")
    notes = target.with_name(target.name + ".part.json")
    await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
    async with httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=False) as client:
        barren, known = 0, None
        while True:
            before = await asyncio.to_thread(_size, part)
            try:
                known = await _attempt(client, url, part, notes, progress)
                break
            except httpx.HTTPError as error:
                barren = 0 if await asyncio.to_thread(_size, part) > before else barren + 1
                if barren >= _PATIENCE:
                    raise FetchFailed(
                        f"{url} broke off {barren} times without a byte ({type(error).__name__}); "
                        "what came is kept, run the command again to go on"
                    ) from error
                await pause(min(_LONGEST_PAUSE_S, 2.0**barren - 1))
    expected = sha256 or known.sha256
    try:
        if expected is not None:
            await asyncio.to_thread(verify_sha256, part, expected)
        await asyncio.to_thread(verify_model, part)
    except ModelsError:
        await asyncio.to_thread(_discard, part, notes)
        raise
    await asyncio.to_thread(part.replace, target)
    await asyncio.to_thread(notes.unlink, missing_ok=True)
    return expected


async def _attempt(
    client: httpx.AsyncClient,
    url: str,
    part: Path,
    notes: Path,
    progress: Callable[[Progress], None],
) -> _Known:
    """Receive until the file is whole; raises httpx.HTTPError where the connection breaks."""
    noted = await asyncio.to_thread(_noted, notes)
    have = await asyncio.to_thread(_size, part) if noted is not None and noted.url == url else 0
    if noted is not None and have and have == noted.size:
        return noted
    headers = {"accept-encoding": "identity"}
    if have and noted is not None:
        headers["range"] = f"bytes={have}-"
        if noted.etag is not None:
            headers["if-range"] = noted.etag
    response, told = await _opened(client, url, headers)
    try:
        if response.status_code not in {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT}:
            _refused(url, response)
        if response.status_code == httpx.codes.OK:
            have = 0
        length = response.headers.get("content-length")
        total = have + int(length) if length is not None else None
        known = _Known(url, response.headers.get("etag"), told, total)
        await asyncio.to_thread(_prepare, part, notes, known, have)
        await _receive(response, part, have, total, progress)
    finally:
        await response.aclose()
    if total is not None and await asyncio.to_thread(_size, part) != total:
        raise httpx.RemoteProtocolError("the connection ended before the file did")
    return known


async def _opened(
    client: httpx.AsyncClient, url: str, headers: dict[str, str]
) -> tuple[httpx.Response, str | None]:
    """The response after redirects, and the SHA-256 that the hub tells on the way."""
    sha256 = None
    for _ in range(_REDIRECTS):
        response = await client.send(client.build_request("GET", url, headers=headers), stream=True)
        linked = response.headers.get("x-linked-etag", "").strip('"')
        sha256 = linked if len(linked) == 64 else sha256  # noqa: PLR2004  # hexadecimal digits of a SHA-256
        if not response.has_redirect_location:
            return response, sha256
        await response.aclose()
        url = str(response.url.join(response.headers["location"]))
    raise FetchFailed(f"{url} was redirected more than {_REDIRECTS} times")


def _refused(url: str, response: httpx.Response) -> None:
    if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or response.status_code in {
        httpx.codes.TOO_MANY_REQUESTS,
        httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE,
    }:
        raise httpx.RemoteProtocolError(f"status {response.status_code}")
    raise FetchFailed(f"{url} answers with status {response.status_code}; check the address")


async def _receive(
    response: httpx.Response,
    part: Path,
    have: int,
    total: int | None,
    progress: Callable[[Progress], None],
) -> None:
    progress(Progress(have, total))
    held = bytearray()
    try:
        async for chunk in response.aiter_raw():
            held += chunk
            if len(held) >= _CHUNK:
                await asyncio.to_thread(_append, part, bytes(held))
                have += len(held)
                held.clear()
                progress(Progress(have, total))
    finally:
        await asyncio.to_thread(_append, part, bytes(held))
    progress(Progress(have + len(held), total))


def _prepare(part: Path, notes: Path, known: _Known, have: int) -> None:
    """Note what is being fetched, and see that the disk holds it. Raises FetchFailed."""
    needed = (known.size or 0) - have
    free = shutil.disk_usage(part.parent).free
    if needed + _MARGIN > free:
        raise FetchFailed(
            f"{known.url} needs {needed / 1e9:.1f} GB more, and {part.parent} has {free / 1e9:.1f} GB free; "
            "free some space, or choose another data folder"
        )
    if not have:
        part.write_bytes(b"")
    notes.write_text(
        json.dumps({"url": known.url, "etag": known.etag, "sha256": known.sha256, "size": known.size})
    )


def _noted(notes: Path) -> _Known | None:
    try:
        return _Known(**json.loads(notes.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _append(part: Path, chunk: bytes) -> None:
    with part.open("ab") as file:
        file.write(chunk)


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except OSError:
        return 0


def _discard(part: Path, notes: Path) -> None:
    part.unlink(missing_ok=True)
    notes.unlink(missing_ok=True)
