"""The export of pairs into a file that is either whole or not there."""

import asyncio
import os
import secrets
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

from app.cli.interruption import Interruption
from app.cli.output import CommandFailed
from app.cli.stores import open_store
from app.cli.waiting import Meter
from app.settings import Settings
from knowledge import ExportFormat, PairList, PairSelection, PairWriter, open_writer


async def export_pairs(
    settings: Settings, path: Path, kind: ExportFormat, wanted: PairSelection, _: Interruption
) -> int:
    """Write the pairs that are wanted into a file; gives how many.

    They go into a temporary file beside it that takes its name at the end: broken off, or with the disk full, what was
    there before stays. Raises CommandFailed, FormatUnavailable, OSError.
    """
    target = await asyncio.to_thread(target_of, path)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    async with AsyncExitStack() as stack:
        pairs = PairList(await stack.enter_async_context(open_store(settings)))
        stack.push_async_callback(asyncio.to_thread, part.unlink, missing_ok=True)
        writer = await asyncio.to_thread(open_writer, kind, part)
        written = await _write(pairs, writer, wanted)
        await asyncio.to_thread(give_name, part, target)
    return written


def format_of(path: Path) -> ExportFormat | None:
    """The format that a file's name ends like."""
    return next((kind for kind in ExportFormat if path.suffix.lower() == f".{kind}"), None)


async def _write(pairs: PairList, writer: PairWriter, wanted: PairSelection) -> int:
    total, written = await pairs.count(wanted), 0
    try:
        async with aclosing(pairs.batches(wanted)) as batches:
            with Meter() as meter:
                async for batch in batches:
                    await asyncio.to_thread(writer.write, batch)
                    written += len(batch)
                    meter.reach("exporting", written, total)
    finally:
        await asyncio.to_thread(writer.finish)
    return written


def target_of(path: Path) -> Path:
    """The file to write. Raises CommandFailed for a folder, and where the folder does not exist."""
    target = path.expanduser()
    if target.is_dir():
        raise CommandFailed(f"{target} is a folder; name a file in it")
    if not target.parent.is_dir():
        raise CommandFailed(f"the folder {target.parent} does not exist")
    return target


def give_name(part: Path, target: Path) -> None:
    """Give the file its name once all of it is on the disk."""
    descriptor = os.open(part, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    part.replace(target)
