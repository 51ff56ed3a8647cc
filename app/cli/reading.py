"""What is known, read from the store: it needs no service, and no index."""

import asyncio
from collections.abc import Sequence

from app.cli.interruption import Interruption
from app.cli.output import CommandFailed
from app.cli.stores import open_store
from app.settings import Settings
from knowledge import (
    Alike,
    AlikeList,
    AlikePairs,
    IndexVersion,
    KnowledgeProgress,
    ListedPair,
    PairDetail,
    PairDetails,
    PairList,
    PairSelection,
    SourceDetail,
    SourceDetails,
    TopicDetail,
    Topics,
    VersionRefused,
    VersionState,
    measure_progress,
    stored_versions,
)
from knowledge.evaluation import Report, how_to_go_on, kept_report, objection_to
from knowledge.refinery import GapReport, Targets


async def find_missing(
    settings: Settings, collection: str | None, category: str | None, targets: Targets, _: Interruption
) -> GapReport:
    """The catalogue's topics against the targets. Raises CommandFailed where nothing is known."""
    async with open_store(settings) as store:
        return await Topics(store).gaps(collection=collection, category=category, targets=targets)


async def read_progress(
    settings: Settings, collection: str | None, targets: Targets, days: int, _: Interruption
) -> KnowledgeProgress:
    """How far knowledge is. Raises CommandFailed for a collection of which neither the catalogue nor the store knows."""
    async with open_store(settings) as store:
        found = await measure_progress(store, targets, collection=collection, days=days)
    if not found.collections and not found.days:
        raise CommandFailed(
            f"there is no collection {collection!r}; `freya knowledge progress` without it has all"
        )
    return found


async def read_pair(settings: Settings, pair: str, _: Interruption) -> PairDetail:
    """A pair. Raises UnknownPair."""
    async with open_store(settings) as store:
        return await PairDetails(store).pair(pair)


async def list_pairs(
    settings: Settings, wanted: PairSelection, limit: int, after: str | None, _: Interruption
) -> list[ListedPair]:
    """Pairs that are wanted, or those after one. Raises UnknownPair where there never was that one."""
    async with open_store(settings) as store:
        return await PairList(store).page(wanted, limit=limit, after=after)


async def list_alike(
    settings: Settings,
    kind: Alike,
    _: Interruption,
    *,
    collections: tuple[str, ...],
    topics: tuple[str, ...],
    limit: int,
    after: str | None,
) -> list[AlikePairs]:
    """Pairs with their duplicates or variants. Raises UnknownPair where there never was the one to go on after."""
    async with open_store(settings) as store:
        return await AlikeList(store).page(
            kind, collections=collections, topics=topics, limit=limit, after=after
        )


async def read_topic(settings: Settings, slug: str, _: Interruption) -> TopicDetail:
    """A topic. Raises UnknownTopic."""
    async with open_store(settings) as store:
        return await Topics(store).one(slug)


async def read_sources(settings: Settings, name: str, _: Interruption) -> list[SourceDetail]:
    """The sources of that name or id. Raises UnknownSource."""
    async with open_store(settings) as store:
        return await SourceDetails(store).called(name)


async def list_versions(settings: Settings, _: Interruption) -> Sequence[IndexVersion]:
    """The versions of the index, oldest first."""
    async with open_store(settings) as store:
        return await stored_versions(store)


async def read_objection(settings: Settings, number: int, _: Interruption) -> tuple[str, str] | None:
    """What speaks against activating a version, and what to do about it; None: nothing. Raises VersionRefused."""
    async with open_store(settings) as store:
        versions = await stored_versions(store)
    version = _of(versions, number)
    live = next((each for each in versions if each.state is VersionState.LIVE), None)
    objection = await asyncio.to_thread(objection_to, version, live)
    return None if objection is None else (objection, how_to_go_on(version, live))


async def read_version(
    settings: Settings, number: int, _: Interruption
) -> tuple[IndexVersion, Report | None]:
    """A version and the report kept with it; None where it was not evaluated. Raises VersionRefused, NotEvaluated."""
    async with open_store(settings) as store:
        version = _of(await stored_versions(store), number)
    return version, None if version.evaluation is None else kept_report(version)


def _of(versions: Sequence[IndexVersion], number: int) -> IndexVersion:
    known = {version.number: version for version in versions}
    if number not in known:
        there = ", ".join(map(str, known)) or "none"
        raise VersionRefused(f"There is no version {number} of the index; there are {there}.")
    return known[number]
