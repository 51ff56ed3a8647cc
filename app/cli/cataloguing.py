"""The catalogue of topics, read and changed in the store: it needs no service, and no index."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from app.catalogue_service import queue_refinement
from app.cli.exporting import give_name, target_of
from app.cli.interruption import Interruption
from app.cli.output import CommandFailed
from app.cli.stores import open_store, open_stores
from app.settings import Settings
from knowledge import (
    CataloguedTopic,
    CatalogueEditor,
    Catalogues,
    Change,
    JobStore,
    KnowledgeStore,
    Mapped,
    OwnCatalogue,
    Topics,
    read_catalogue,
    write_catalogue,
)
from knowledge.refinery import TopicPairs

Edit = Callable[[CatalogueEditor], Awaitable[Change]]


async def list_topics(
    settings: Settings,
    collection: str | None,
    category: str | None,
    session: int | None,
    _: Interruption,
    *,
    own: bool,
) -> list[CataloguedTopic]:
    """The catalogue's topics with their counts."""
    async with open_store(settings) as store:
        return await Topics(store).all(collection=collection, category=category, session=session, own=own)


async def list_unplaced(settings: Settings, collection: str | None, _: Interruption) -> list[TopicPairs]:
    """Topics of sources that have no place in the catalogue and of which nothing was said by hand, most pairs first."""
    async with open_store(settings) as store:
        found = (await Topics(store).gaps(collection=collection)).unplaced
    return [each for each in found if each.mapped_by != "hand"]


async def list_mappings(settings: Settings, _: Interruption) -> list[Mapped]:
    """What was said by hand."""
    async with open_store(settings) as store:
        return await Topics(store).mappings()


async def change(settings: Settings, edit: Edit, _: Interruption, *, queue: bool) -> Change:
    """Change the catalogue; with `queue` the refinement that has to follow is left to a service.

    Raises CatalogueRefused, CatalogueInvalid, UnknownTopic.
    """
    async with AsyncExitStack() as stack:
        pool = (await open_stores(settings, stack)).pool
        done = await edit(CatalogueEditor(KnowledgeStore(pool)))
        if queue and done.places_anew:
            await queue_refinement(JobStore(pool))
        return done


def read_files(files: Sequence[Path], collection: str) -> OwnCatalogue:
    """What TOML files add. Raises CatalogueInvalid, CommandFailed."""
    read = [read_catalogue(_content(file), str(file), collection=collection) for file in files]
    return OwnCatalogue(
        topics=tuple(topic for each in read for topic in each.topics),
        mappings=tuple(mapping for each in read for mapping in each.mappings),
    )


async def export_catalogue(settings: Settings, file: Path | None, _: Interruption) -> str:
    """All that users added as TOML, written into the file if given, which is whole or not there."""
    async with open_store(settings) as store:
        text = write_catalogue(await Catalogues(store).own())
    if file is not None:
        await asyncio.to_thread(_write, file, text)
    return text


def _content(file: Path) -> bytes:
    try:
        return file.expanduser().read_bytes()
    except OSError as error:
        raise CommandFailed(f"{file} cannot be read: {error.strerror or error}") from error


def _write(file: Path, text: str) -> None:
    target = target_of(file)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_text(text, encoding="utf-8")
        give_name(part, target)
    finally:
        part.unlink(missing_ok=True)
