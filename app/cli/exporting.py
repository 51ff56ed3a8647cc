"""The export of pairs into a file that is either whole or not there."""

import asyncio
import os
import secrets
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

from app.cli.interruption import Interruption
from app.cli.output import CommandFailed
from app.cli.stores import has_database, open_stores
from app.cli.waiting import Meter
from app.settings import Settings
from knowledge import Exporter, ExportFilter, ExportFormat, PairWriter, open_writer


async def export_pairs(
    settings: Settings, path: Path, kind: ExportFormat, wanted: ExportFilter, _: Interruption
) -> int:
    """Write the pairs that are wanted into a file; gives how many.

    They go into a temporary file beside it that takes its name at the end: broken off, or with the disk full, what was
    there before stays. Raises CommandFailed, FormatUnavailable, OSError.
    """
    if not await has_database(settings):
        raise CommandFailed(f"nothing is known yet: {settings.data.absolute()} holds no database")
    target = await asyncio.to_thread(_checked, path)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    async with AsyncExitStack() as stack:
        exporter = Exporter((await open_stores(settings, stack)).pool)
        stack.push_async_callback(asyncio.to_thread, part.unlink, missing_ok=True)
        writer = await asyncio.to_thread(open_writer, kind, part)
        written = await _write(exporter, writer, wanted)
        await asyncio.to_thread(_keep, part, target)
    return written


def format_of(path: Path) -> ExportFormat | None:
    """The format that a file's name ends like."""
    return next((kind for kind in ExportFormat if path.suffix.lower() == f".{kind}"), None)


async def _write(exporter: Exporter, writer: PairWriter, wanted: ExportFilter) -> int:
    total, written = await exporter.count(wanted), 0
    try:
        # Closed at once when a write fails: the database's cursor would stay open until somebody collects it.
        async with aclosing(exporter.batches(wanted)) as batches:
            with Meter() as meter:
                async for batch in batches:
                    await asyncio.to_thread(writer.write, batch)
                    written += len(batch)
                    meter.reach("exporting", written, total)
    finally:
        await asyncio.to_thread(writer.finish)
    return written


def _checked(path: Path) -> Path:
    target = path.expanduser()
    if target.is_dir():
        raise CommandFailed(f"{target} is a folder; name a file in it")
    if not target.parent.is_dir():
        raise CommandFailed(f"the folder {target.parent} does not exist")
    return target


def _keep(part: Path, target: Path) -> None:
    """Give the file its name once all of it is on the disk."""
    descriptor = os.open(part, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    part.replace(target)
