"""Changes of what users added to the catalogue: each as one transaction, or refused as a whole."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from pydantic import BaseModel, ConfigDict, Field

from knowledge.catalogue import statements
from knowledge.catalogue.current import found_among, merged
from knowledge.catalogue.difference import CatalogueRefused, Difference
from knowledge.catalogue.finder import key_of
from knowledge.catalogue.own import CatalogueInvalid, Mapped, OwnCatalogue, OwnTopic, checked_entry
from knowledge.corpus import packaged_topics
from knowledge.store import Connection, KnowledgeStore


class Change(BaseModel):
    """What a change of the catalogue did."""

    model_config = ConfigDict(frozen=True)

    added: tuple[str, ...] = Field(
        default=(), description="The slugs of topics that users had added nothing to."
    )
    changed: tuple[str, ...] = Field(default=(), description="The slugs of those that they had.")
    removed: tuple[str, ...] = Field(default=(), description="The slugs of those that they have no more.")
    mapped: int = Field(default=0, description="Names of which it was said by hand where they belong.")
    unmapped: int = Field(default=0, description="Names of which that was taken back.")
    topics: int = Field(default=0, description="Topics of sources whose place changed at once.")

    @property
    def places_anew(self) -> bool:
        """Whether a refinement has to look for the place of topics."""
        return bool(self.added or self.changed or self.removed or self.unmapped)


class CatalogueEditor:
    """Writes what users add. Methods raise KnowledgeUnavailable when the store does not answer."""

    def __init__(self, store: KnowledgeStore) -> None:
        self._store = store

    async def put(self, topic: OwnTopic, *, replace: bool = True) -> Change:
        """Add a topic, or aliases of one that ships, in the place of what was added under the slug before.

        Without `replace` what is there already is refused. Raises CatalogueRefused, UnknownTopic.
        """

        def change(held: OwnCatalogue) -> OwnCatalogue:
            if not replace and any(each.slug == topic.slug for each in held.topics):
                raise CatalogueRefused(
                    f"{topic.slug} was added before; replace it (`--replace`), or choose another slug"
                )
            return _with(held, topics=(topic,))

        return await self._changed(change)

    async def add_aliases(self, slug: str, aliases: Sequence[str]) -> Change:
        """Add aliases of any topic of the catalogue. Raises CatalogueRefused, CatalogueInvalid, UnknownTopic."""

        def change(held: OwnCatalogue) -> OwnCatalogue:
            own = _own(held, slug)
            before = own.aliases if own is not None else ()
            return _with(held, topics=(_aliased(own, slug, dict.fromkeys((*before, *aliases))),))

        return await self._changed(change)

    async def remove_aliases(self, slug: str, aliases: Sequence[str]) -> Change:
        """Take back aliases that were added to a topic. Raises CatalogueRefused where one was not."""

        def change(held: OwnCatalogue) -> OwnCatalogue:
            own = _own(held, slug)
            keys = {key_of(alias) for alias in aliases}
            known = {key_of(alias) for alias in (own.aliases if own is not None else ())}
            if missing := [alias for alias in aliases if key_of(alias) not in known]:
                raise CatalogueRefused(
                    f"{', '.join(map(repr, missing))} is no alias that was added to {slug}"
                )
            left = [alias for alias in (own.aliases if own is not None else ()) if key_of(alias) not in keys]
            if own is not None and own.name is None and not left:
                return _without(held, slug)
            return _with(held, topics=(_aliased(own, slug, left),))

        return await self._changed(change)

    async def remove(self, slug: str) -> Change:
        """Take back what was added under a slug, and what was mapped to it by hand. Raises CatalogueRefused, UnknownTopic."""
        packaged = await asyncio.to_thread(packaged_topics)

        def change(held: OwnCatalogue) -> OwnCatalogue:
            if _own(held, slug) is None:
                known = found_among(merged(packaged, held), slug)
                raise CatalogueRefused(
                    f"{slug} ships with Freya ({known.topic.name}) and cannot be removed; nothing was added to it"
                )
            return _without(held, slug)

        return await self._changed(change)

    async def map(self, name: str, slug: str | None) -> Change:
        """Say where topics belong that sources call so; None: nowhere. Raises CatalogueInvalid, UnknownTopic."""
        mapped = checked_entry(Mapped, {"name": name, "slug": slug})
        return await self._changed(lambda held: _with(held, mappings=(mapped,)))

    async def unmap(self, name: str) -> Change:
        """Take back what was said of a name. Raises CatalogueRefused where nothing was."""
        key = key_of(name)

        def change(held: OwnCatalogue) -> OwnCatalogue:
            left = tuple(each for each in held.mappings if key_of(each.name) != key)
            if len(left) == len(held.mappings):
                raise CatalogueRefused(
                    f"nothing was said by hand of {name!r}; `freya knowledge topics --by-hand` lists of what"
                )
            return held.model_copy(update={"mappings": left})

        return await self._changed(change)

    async def take_in(self, given: OwnCatalogue) -> Change:
        """Add all of it, in the place of what was added under the same slugs and names. Raises CatalogueRefused, UnknownTopic."""
        _no_twins([each.slug for each in given.topics], "the slug")
        _no_twins([key_of(each.name) for each in given.mappings], "the name")
        return await self._changed(lambda held: _with(held, topics=given.topics, mappings=given.mappings))

    async def _changed(self, change: Callable[[OwnCatalogue], OwnCatalogue]) -> Change:
        packaged = await asyncio.to_thread(packaged_topics)
        async with self._store.writing() as connection:
            held = await _held(connection)
            difference = await asyncio.to_thread(lambda: Difference(packaged, held, change(held)))
            return await _write(connection, difference) if difference else Change()


def _own(held: OwnCatalogue, slug: str) -> OwnTopic | None:
    return next((each for each in held.topics if each.slug == slug), None)


def _aliased(own: OwnTopic | None, slug: str, aliases: Iterable[str]) -> OwnTopic:
    before = {} if own is None else own.model_dump()
    return checked_entry(OwnTopic, {**before, "slug": slug, "aliases": tuple(aliases)})


def _with(
    held: OwnCatalogue, *, topics: Iterable[OwnTopic] = (), mappings: Iterable[Mapped] = ()
) -> OwnCatalogue:
    by_slug = {each.slug: each for each in (*held.topics, *topics)}
    by_name = {key_of(each.name): each for each in (*held.mappings, *mappings)}
    return OwnCatalogue(topics=tuple(by_slug.values()), mappings=tuple(by_name.values()))


def _without(held: OwnCatalogue, slug: str) -> OwnCatalogue:
    return OwnCatalogue(
        topics=tuple(each for each in held.topics if each.slug != slug), mappings=held.mappings
    )


def _no_twins(names: Iterable[str], what: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise CatalogueInvalid(f"{what} {twice[0]!r} stands there twice")


async def _held(connection: Connection) -> OwnCatalogue:
    topics = await (await connection.execute(statements.TOPICS)).fetchall()
    mappings = await (await connection.execute(statements.MAPPINGS)).fetchall()
    return OwnCatalogue(
        topics=tuple(OwnTopic.model_validate(row) for row in topics),
        mappings=tuple(Mapped.model_validate(row) for row in mappings),
    )


async def _write(connection: Connection, new: Difference) -> Change:
    await connection.execute(statements.COUNT_UP)
    await connection.execute(statements.REMOVE_TOPICS, {"slugs": new.removed})
    await connection.execute(statements.REMOVE_MAPPINGS, {"keys": new.unmapped})
    topics = [{**each.model_dump(), "aliases": list(each.aliases)} for each in new.topics]
    mappings = [{"key": key, **each.model_dump()} for key, each in new.mappings.items()]
    async with connection.cursor() as cursor:
        await cursor.executemany(statements.SAVE_TOPIC, topics)
        await cursor.executemany(statements.SAVE_MAPPING, mappings)
    return Change(
        added=tuple(new.added),
        changed=tuple(new.changed),
        removed=tuple(new.removed),
        mapped=len(new.mappings),
        unmapped=len(new.unmapped),
        topics=await _move(connection, new),
    )


async def _move(connection: Connection, new: Difference) -> int:
    """Put the topics of sources where they were said to belong; gives how many moved."""
    named: dict[str, str] = {}
    if new.mappings or new.unmapped:
        rows = await (await connection.execute(statements.NAMES)).fetchall()
        named = await asyncio.to_thread(lambda: {str(row["id"]): key_of(row["name"]) for row in rows})
    back = [topic for topic, key in named.items() if key in set(new.unmapped)]
    said = {topic: new.mappings[key].slug for topic, key in named.items() if key in new.mappings}
    reset = await connection.execute(statements.RESET, {"ids": back, "slugs": new.gone})
    mapped = await connection.execute(statements.MAP, {"ids": list(said), "slugs": list(said.values())})
    return reset.rowcount + mapped.rowcount
