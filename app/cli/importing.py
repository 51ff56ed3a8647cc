"""The import of files: into the database, then into the indexes by whoever holds the data folder."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.client import Client, ConnectionLost, ServiceRefused
from app.cli.finding import wait_for_address
from app.cli.interruption import Interruption
from app.cli.output import CommandFailed
from app.cli.stores import open_parts, open_stores
from app.cli.waiting import Meter
from app.embedded import DataFolderBusy, Instance, InstanceLock, running_instance
from app.settings import Settings
from knowledge import (
    Importer,
    ImportProgress,
    ImportResult,
    IndexProgress,
    InvalidCollection,
    KnowledgeError,
    KnowledgeStore,
    Outcome,
    UnknownEncoding,
)
from knowledge.readers import how_read

if TYPE_CHECKING:
    from app.backends import Backends

_POLL_S = 0.5
_STALLED_S = 600.0
_REMARKS = 3


async def import_files(
    settings: Settings,
    paths: list[Path],
    collection: str,
    key: str | None,
    _: Interruption,
    *,
    wait: bool,
    encoding: str | None = None,
) -> list[ImportResult]:
    """Store the pairs of the files, and wait until they are indexed unless told otherwise.

    `encoding` is what their text is in; None: what is found by itself.

    Indexes are written only by the process that holds the data folder's lock: a running service, or else this one.
    Raises CommandFailed when the store or an index does not answer; what was stored stays.
    """
    async with AsyncExitStack() as stack:
        backends = await open_stores(settings, stack)
        with Meter() as meter:

            def tell(state: ImportProgress) -> None:
                meter.reach(f"reading {state.name}", state.read, state.declared)

            try:
                results = await Importer(KnowledgeStore(backends.pool)).import_paths(
                    paths, collection=collection, encoding=encoding, progress=tell
                )
            except (InvalidCollection, UnknownEncoding) as error:
                raise CommandFailed(str(error)) from error
            except KnowledgeError as error:
                raise CommandFailed(
                    f"{error} What was read is kept; run the command again to go on."
                ) from error
            if wait:
                await _index(settings, backends, collection, key, meter)
        return results


async def _index(
    settings: Settings, backends: "Backends", collection: str, key: str | None, meter: Meter
) -> None:
    """Index here where no service runs; else watch the service do it, and take over should it end."""
    while True:
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(InstanceLock(settings.data))
            except DataFolderBusy:
                instance = await running_instance(settings.data)
            else:
                await _index_here(settings, backends, meter)
                return
        if instance is not None and instance.address is None:
            instance = await wait_for_address(settings, instance)
        if instance is not None and await _watch(instance, collection, key, meter):
            return


async def _index_here(settings: Settings, backends: "Backends", meter: Meter) -> None:
    def tell(state: IndexProgress) -> None:
        before = state.revision - state.applied
        meter.reach(f"indexing ({state.index})", state.applied, state.latest - before)

    try:
        async with open_parts(settings, backends) as (parts, _):
            await parts.live.catch_up(tell)
    except KnowledgeError as error:
        raise CommandFailed(
            f"{error} The pairs are stored; run the command again, or start the service, and they are indexed."
        ) from error


async def _watch(instance: Instance, collection: str, key: str | None, meter: Meter) -> bool:
    """Whether the service indexed all of the collection; False when it ended before."""
    client = Client(instance.address or "", key)
    last, moved = -1, time.monotonic()
    try:
        while True:
            try:
                done, wanted = await _indexed(client, collection)
            except ServiceRefused as error:
                raise CommandFailed(f"{error} The pairs are stored, and the service indexes them.") from error
            if done == wanted:
                return True
            meter.reach("indexing (by the service)", done, wanted)
            if done != last:
                last, moved = done, time.monotonic()
            elif time.monotonic() - moved > _STALLED_S:
                raise CommandFailed(
                    f"The service at {client.address} has not indexed anything for {_STALLED_S:.0f} seconds; see its "
                    "log. The pairs are stored."
                )
            await asyncio.sleep(_POLL_S)
    except ConnectionLost:
        await asyncio.sleep(_POLL_S)  # it may be ending, and holds the folder until it has
        return False
    finally:
        await client.close()


async def _indexed(client: Client, collection: str) -> tuple[int, int]:
    """How many pairs of the collection the indexes hold together, and how many they will."""
    for one in await client.items("/v1/knowledge"):
        if one["name"] == collection and isinstance(one["indexed"], dict):
            counts = [count for count in one["indexed"].values() if isinstance(count, int)]
            indexable = one["indexable"]
            return sum(counts), indexable * len(counts) if isinstance(indexable, int) else 0
    return 0, 0


def unread_collection(name: str) -> str | None:
    """What to tell of a collection out of which no specialist answers; None for one that has readers."""
    from agents import discover

    read = sorted({collection for charter in discover().values() for collection in charter.collections})
    if name in read:
        return None
    return (
        f"No specialist answers out of the collection {name!r}; `freya knowledge search` finds what is in it. "
        f"Those that are answered from: {', '.join(read)}."
    )


def failed(result: ImportResult) -> bool:
    """Whether a file brought nothing though it should have."""
    nothing = not result.read and bool(result.rejected)
    return nothing or result.outcome in {Outcome.REFUSED, Outcome.DAMAGED}


def result_lines(result: ImportResult) -> list[str]:
    """What became of one file, for people: a line, how it was read, and the first of what could not be taken."""
    declared = "" if result.declared in {None, result.read} else f" of {result.declared} declared"
    counts = {
        "new": result.added,
        "changed": result.changed,
        "removed": result.removed,
        "rejected": len(result.rejected),
        "noted": len(result.mismatched),
    }
    changes = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    line = f"{result.outcome.value:<8} {result.read}{declared} pairs  {result.name}"
    line += f" ({changes})" if changes else ""
    line += f": {result.reason}" if result.reason else ""
    told = [
        f"{what} {one.place}: {one.reason}"
        for what, remarks in (("rejected", result.rejected), ("noted", result.mismatched))
        for one in remarks
    ]
    shown = [*_how(result), *told[:_REMARKS]]
    if len(told) > _REMARKS:
        where = f": freya knowledge show --source {result.source}" if result.source is not None else ""
        shown.append(f"and {len(told) - _REMARKS} more{where}")
    return [line, *(f"         {text}" for text in shown)]


def _how(result: ImportResult) -> list[str]:
    """How a file was read, where it was read now."""
    if result.kind is None or result.outcome is Outcome.ALREADY:
        return []
    if result.read:
        return [f"read as {how_read(result.kind, result.shape, result.encoding)}"]
    if result.encoding is not None:
        return [f"read in {result.encoding}; where that is wrong, say it with --encoding NAME"]
    return []
