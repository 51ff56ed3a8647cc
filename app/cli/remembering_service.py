"""What is remembered, asked of the service: each function shows its result before what was started for it is stopped."""

import asyncio
import codecs
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON

from app.cli.client import Client
from app.cli.finding import open_client
from app.cli.interruption import Interruption
from app.cli.lines import forget_lines
from app.cli.output import CommandFailed, emit, note
from app.cli.waiting import Meter
from app.settings import load_settings

Show = Callable[[Any], None]
Query = dict[str, str | int | list[str]]
_MEMORY = "/v1/memory"
_CHUNK = 256 * 1024
_POLL_S = 0.5
_STALLED_S = 60.0


@dataclass(frozen=True)
class Caller:
    """Who asks: a key, and the user for whom the service acts."""

    key: str | None
    user: str | None


async def read(caller: Caller, path: str, query: Query, show: Show, _: Interruption) -> None:
    """Show what stands at a path below `/v1/memory`."""
    await _speak(caller, lambda client: client.get(_MEMORY + path, **query), show)


def given(**values: str | None) -> Query:
    """Those parameters that have a value."""
    return {name: str(value) for name, value in values.items() if value is not None}


async def ask(caller: Caller, work: Callable[[Client], Awaitable[Any]], show: Show, _: Interruption) -> None:
    """Show what a request gives, such as one to a path elsewhere than below `/v1/memory`."""
    await _speak(caller, work, show)


async def artifacts(caller: Caller, query: Query, show: Show, _: Interruption) -> None:
    """Show what runs made."""
    await _speak(caller, lambda client: client.get("/v1/artifacts", **query), show)


async def send(caller: Caller, path: str, body: dict[str, Any], show: Show, _: Interruption) -> None:
    """Show what comes of a body that is sent to a path below `/v1/memory`."""
    await _speak(caller, lambda client: client.post(_MEMORY + path, body), show)


async def record(caller: Caller, record_id: str, show: Show, _: Interruption) -> None:
    """Show a record, and all versions of what it says."""

    async def found(client: Client) -> Any:  # JSON
        path = _path(record_id)
        return {"record": await client.get(path), "versions": await client.items(f"{path}/history")}

    await _speak(caller, found, show)


async def change(caller: Caller, record_id: str, body: dict[str, Any], show: Show, _: Interruption) -> None:
    """Correct, pin or unpin a record."""
    await _speak(caller, lambda client: client.patch(_path(record_id), body), show)


async def forget(caller: Caller, name: str, show: Show, _: Interruption, *, records: bool = False) -> None:
    """Forget a record, a message with its turn, or a conversation, with what it taught where `records` says so."""
    path = _path(name)
    if is_message(name):
        path = path.replace(_MEMORY, f"{_MEMORY}/messages")
    elif is_thread(name):
        path = f"{path.replace(_MEMORY, '/v1/threads')}?records={str(records).lower()}"
    await _speak(caller, lambda client: client.delete(path), show)


def is_message(name: str) -> bool:
    """Whether it is the id of a message, and not of a record."""
    return name.startswith("msg_")


def is_thread(name: str) -> bool:
    """Whether it is the id of a conversation."""
    return name.startswith("thr_")


async def erase(caller: Caller, show: Show, _: Interruption, *, agreed: bool) -> None:
    """Erase all of the user, and the lines typed here. Raises CommandFailed, saying what that is, unless it was agreed to."""

    async def receipt(client: Client) -> Any:  # JSON
        status: Any = await client.get(f"{_MEMORY}/status")
        who = f"{status['tenant']}/{status['user']}"
        if not agreed:
            raise CommandFailed(
                f"this erases all of {who}: {status['threads']} conversations with {status['messages']} messages and "
                f"{_records(status)} records. It cannot be undone; run it with --yes, perhaps after "
                "`freya memory export`."
            )
        return await client.erase(who)

    await _speak(caller, receipt, show)
    file = await asyncio.to_thread(forget_lines, load_settings())
    if file is not None:
        note(f"removed {file}, the lines typed in `freya chat`")


async def take_in(
    caller: Caller, file: Path, show: Show, _: Interruption, *, any_user: bool, wait: bool
) -> None:
    """Send a history, show what became of it, and wait until what is new of the user's own is embedded.

    Raises CommandFailed for a file that cannot be read.
    """
    size = await asyncio.to_thread(_size, file)
    async with open_client(load_settings(), key=caller.key, user=caller.user) as client:
        with Meter() as meter:
            sent = _sent(file, size, meter)
            users = "any" if any_user else "own"
            report: Any = await client.upload(f"{_MEMORY}/import", sent, name=file.name[:200], users=users)
            show(report)
            if wait and report["imported"]:
                await _until_embedded(client, meter)


async def give_out(
    caller: Caller,
    file: Path | None,
    _: Interruption,
    *,
    what: str = "export",
    query: dict[str, str] | None = None,
) -> int:
    """Write all that is kept of the user to a file, which is whole or not there, or to the output; how many bytes."""
    async with (
        open_client(load_settings(), key=caller.key, user=caller.user) as client,
        aclosing(client.download(f"{_MEMORY}/{what}", **(query or {}))) as pieces,
    ):
        return await (_print(pieces) if file is None else _save(pieces, file))


async def _speak(caller: Caller, work: Callable[[Client], Awaitable[Any]], show: Show) -> None:
    async with open_client(load_settings(), key=caller.key, user=caller.user) as client:
        show(await work(client))


async def _sent(file: Path, size: int, meter: Meter) -> AsyncIterator[bytes]:
    stream = await asyncio.to_thread(file.open, "rb")
    done = 0
    try:
        while chunk := await asyncio.to_thread(stream.read, _CHUNK):
            yield chunk
            done += len(chunk)
            meter.reach(f"importing {file.name}", done // 1024, size // 1024, unit="KB")
    finally:
        await asyncio.to_thread(stream.close)


async def _until_embedded(client: Client, meter: Meter) -> None:
    """Wait as long as it goes on; what is not embedded yet is found by its words."""
    first, least, moved = 0, -1, time.monotonic()
    while waiting := int(await _to_embed(client)):
        first = max(first, waiting)
        if least < 0 or waiting < least:
            least, moved = waiting, time.monotonic()
        elif time.monotonic() - moved > _STALLED_S:
            note(f"{waiting} messages wait to be embedded; until then they are found by their words")
            return
        meter.reach("embedding (by the service)", first - waiting, first, unit="messages")
        await asyncio.sleep(_POLL_S)


async def _to_embed(client: Client) -> int:
    status: Any = await client.get(f"{_MEMORY}/status")
    return int(status["to_embed"])


async def _print(pieces: AsyncIterator[bytes]) -> int:
    decoder, written = codecs.getincrementaldecoder("utf-8")(), 0
    async for piece in pieces:
        emit(decoder.decode(piece), end="")
        written += len(piece)
    return written


async def _save(pieces: AsyncIterator[bytes], file: Path) -> int:
    target = await asyncio.to_thread(file.expanduser)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    written = 0
    try:
        stream = await asyncio.to_thread(_begun, part)
        try:
            async for piece in pieces:
                written += await asyncio.to_thread(stream.write, piece)
            await asyncio.to_thread(stream.flush)
            await asyncio.to_thread(os.fsync, stream.fileno())
        finally:
            await asyncio.to_thread(stream.close)
        await asyncio.to_thread(part.replace, target)
    except FileNotFoundError as error:
        raise CommandFailed(f"the folder {target.parent} does not exist") from error
    except IsADirectoryError as error:
        raise CommandFailed(f"{target} is a folder; name a file in it") from error
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)
    return written


def _begun(part: Path) -> Any:  # a binary file
    """The file, which only its owner may read: all that is remembered of somebody stands in it."""
    return os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _size(file: Path) -> int:
    try:
        if not file.is_file():
            raise CommandFailed(f"{file} is no file" if file.exists() else f"{file} does not exist")
        with file.open("rb"):
            return file.stat().st_size
    except OSError as error:
        raise CommandFailed(f"{file} cannot be read: {error.strerror}") from error


def _path(record_id: str) -> str:
    from urllib.parse import quote

    return f"{_MEMORY}/{quote(record_id, safe='')}"


def _records(status: dict[str, Any]) -> int:  # JSON
    return sum(one["active"] + one["superseded"] + one["contested"] for one in status["records"])
