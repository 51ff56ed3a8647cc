"""The catalogue as it stands: what ships in the package, and what users added to it in the store."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from knowledge.catalogue import statements
from knowledge.catalogue.finder import Catalogue, packaged_catalogue
from knowledge.catalogue.own import Mapped, OwnCatalogue, OwnTopic
from knowledge.corpus import Topic, packaged_topics
from knowledge.errors import KnowledgeError
from knowledge.store import KnowledgeStore

_AGAIN_S = 2.0


class UnknownTopic(KnowledgeError):
    """The catalogue has no topic of that slug."""


@dataclass(frozen=True, kw_only=True)
class KnownTopic:
    """A topic of the catalogue."""

    collection: str
    topic: Topic
    own: bool
    """Whether a user added it."""
    added: tuple[str, ...] = ()
    """Of one that ships, the names that users added; they are among its aliases."""


class Catalogues:
    """Reads the catalogue. Every method raises KnowledgeUnavailable when the store does not answer."""

    def __init__(self, store: KnowledgeStore, *, again_s: float = _AGAIN_S) -> None:
        """`again_s` is how old in seconds what `recent` gives may be."""
        self._store = store
        self._again_s = again_s
        self._held: tuple[int, Catalogue] | None = None
        self._looked = 0.0
        self._turn = asyncio.Lock()

    async def own(self) -> OwnCatalogue:
        """What users added."""
        topics = await self._store.rows(statements.TOPICS, {})
        mappings = await self._store.rows(statements.MAPPINGS, {})
        return OwnCatalogue(
            topics=tuple(OwnTopic.model_validate(row) for row in topics),
            mappings=tuple(Mapped.model_validate(row) for row in mappings),
        )

    async def topics(self) -> list[KnownTopic]:
        """All topics, in the order in which they are listed."""
        return merged(await asyncio.to_thread(packaged_topics), await self.own())

    async def current(self) -> Catalogue:
        """The catalogue as it stands now; made anew only after a change."""
        async with self._turn:
            return await self._looked_at()

    async def recent(self) -> Catalogue:
        """The catalogue as it stands now, or stood seconds ago: for what asks very often."""
        if self._held is not None and time.monotonic() - self._looked < self._again_s:
            return self._held[1]
        return await self.current()

    async def _looked_at(self) -> Catalogue:
        began = time.monotonic()
        rows = await self._store.rows(statements.REVISION, {})
        revision = int(rows[0]["catalogue"])
        if self._held is None or self._held[0] != revision:
            own = await self.own()
            self._held = revision, await asyncio.to_thread(_made, own)
        self._looked = began
        return self._held[1]


def merged(packaged: Mapping[str, Sequence[Topic]], own: OwnCatalogue) -> list[KnownTopic]:
    """What ships, with the aliases that were added, and then what users added.

    Where a topic ships that a user had added before, the one that ships stands and keeps the user's names.
    """
    added = {each.slug: each for each in own.topics}
    ships = [
        _with_names(collection, topic, added.pop(topic.slug, None))
        for collection, topics in packaged.items()
        for topic in topics
    ]
    return ships + [
        KnownTopic(collection=each.collection, topic=topic, own=True)
        for each in added.values()
        if (topic := each.topic) is not None and each.collection is not None
    ]


def by_collection(known: Iterable[KnownTopic]) -> dict[str, list[Topic]]:
    """The topics of each collection."""
    found: defaultdict[str, list[Topic]] = defaultdict(list)
    for each in known:
        found[each.collection].append(each.topic)
    return dict(found)


def found_among(known: Iterable[KnownTopic], slug: str) -> KnownTopic:
    """The topic of that slug. Raises UnknownTopic, which says what may have been meant."""
    topics = {each.topic.slug: each for each in known}
    if slug in topics:
        return topics[slug]
    near = Catalogue(each.topic for each in topics.values()).placed(slug.replace("-", " "))
    hint = f"; did you mean {near.slug!r}?" if near is not None else ". `freya knowledge topics` lists them"
    raise UnknownTopic(f"the catalogue has no topic {slug!r}{hint}")


def _with_names(collection: str, topic: Topic, extra: OwnTopic | None) -> KnownTopic:
    if extra is None:
        return KnownTopic(collection=collection, topic=topic, own=False)
    added = (*((extra.name,) if extra.name else ()), *extra.aliases)
    longer = topic.model_copy(update={"aliases": tuple(dict.fromkeys((*topic.aliases, *added)))})
    return KnownTopic(collection=collection, topic=longer, own=False, added=added)


def _made(own: OwnCatalogue) -> Catalogue:
    if not own.topics and not own.mappings:
        return packaged_catalogue()
    return Catalogue((each.topic for each in merged(packaged_topics(), own)), own.mappings)
