"""The catalogue's topics beside what is stored on them."""

import asyncio
from dataclasses import dataclass
from typing import Final, LiteralString

from knowledge.catalogue import Catalogues, KnownTopic, Mapped, by_collection, found_among
from knowledge.refinery.gaps import Gap, GapReport, find_gaps
from knowledge.refinery.store import RefineryStore
from knowledge.settings import Targets
from knowledge.store import KnowledgeStore

_NAMES: Final[LiteralString] = """
    SELECT topic.collection, topic.name, topic.confidence, topic.mapped_by, count(*) AS pairs
    FROM knowledge_topics AS topic JOIN knowledge_pairs AS pair ON pair.topic_id = topic.id
    WHERE topic.slug = %(slug)s AND NOT pair.removed
    GROUP BY topic.id ORDER BY count(*) DESC, topic.name
"""
_BEST: Final[LiteralString] = """
    SELECT pair.id, pair.question, refined.quality, refined.tier
    FROM knowledge_pairs AS pair
    JOIN knowledge_topics AS topic ON topic.id = pair.topic_id
    LEFT JOIN knowledge_refinements AS refined ON refined.pair_id = pair.id
    WHERE topic.slug = %(slug)s AND NOT pair.removed
        AND NOT EXISTS (SELECT FROM knowledge_duplicates WHERE pair_id = pair.id)
    ORDER BY refined.quality DESC NULLS LAST, pair.id LIMIT %(limit)s
"""
_BY_TIER: Final[LiteralString] = """
    SELECT refined.tier, count(*) AS pairs, count(duplicate.pair_id) AS duplicates
    FROM knowledge_pairs AS pair
    JOIN knowledge_topics AS topic ON topic.id = pair.topic_id
    LEFT JOIN knowledge_refinements AS refined ON refined.pair_id = pair.id
    LEFT JOIN knowledge_duplicates AS duplicate ON duplicate.pair_id = pair.id
    WHERE topic.slug = %(slug)s AND NOT pair.removed
    GROUP BY refined.tier ORDER BY refined.tier
"""


@dataclass(frozen=True, kw_only=True)
class CataloguedTopic:
    """A topic of the catalogue and how much there is on it."""

    known: KnownTopic
    counted: Gap


@dataclass(frozen=True, kw_only=True)
class SourceTopic:
    """A topic as sources name it that was placed here."""

    collection: str
    name: str
    confidence: float | None
    mapped_by: str | None
    pairs: int


@dataclass(frozen=True, kw_only=True)
class TopicTier:
    """How many pairs of a topic are in a tier; no tier: not refined yet."""

    tier: str | None
    pairs: int
    duplicates: int


@dataclass(frozen=True, kw_only=True)
class BestPair:
    """One of a topic's best pairs."""

    id: str
    question: str
    quality: float | None
    tier: str | None


@dataclass(frozen=True, kw_only=True)
class TopicDetail:
    """A topic of the catalogue with what is stored on it."""

    collection: str
    slug: str
    name: str
    aliases: tuple[str, ...]
    category: str
    subcategory: str | None
    session: int | None
    own: bool
    added: tuple[str, ...]
    called: tuple[SourceTopic, ...]
    tiers: tuple[TopicTier, ...]
    best: tuple[BestPair, ...]


class Topics:
    """Reads them from the store. Every method raises KnowledgeUnavailable when it does not answer."""

    def __init__(self, store: KnowledgeStore) -> None:
        self._store = store
        self._refinery = RefineryStore(store)
        self._catalogues = Catalogues(store)

    async def all(
        self,
        *,
        collection: str | None = None,
        category: str | None = None,
        session: int | None = None,
        own: bool = False,
    ) -> list[CataloguedTopic]:
        """The catalogue, in its order: where asked for only of a collection, a category or subcategory, a session.

        `own`: only topics to which users added something.
        """
        known = await self._catalogues.topics()
        report = find_gaps(by_collection(known), await self._refinery.by_topic())
        counted = {gap.slug: gap for gap in report.topics}
        return [
            CataloguedTopic(known=each, counted=counted[each.topic.slug])
            for each in known
            if collection in {None, each.collection}
            and session in {None, each.topic.session}
            and (not own or each.own or each.added)
            and (category is None or _is_of(counted[each.topic.slug], category))
        ]

    async def gaps(
        self, *, collection: str | None = None, category: str | None = None, targets: Targets | None = None
    ) -> GapReport:
        """What is missing, where asked for only of a collection and of a category or subcategory (in any case)."""
        known = await self._catalogues.topics()
        report = find_gaps(by_collection(known), await self._refinery.by_topic(), targets)
        return GapReport(
            targets=report.targets,
            topics=tuple(
                gap
                for gap in report.topics
                if collection in {None, gap.collection} and (category is None or _is_of(gap, category))
            ),
            unplaced=tuple(
                each for each in report.unplaced if collection in {None, each.collection} and category is None
            ),
        )

    async def mappings(self) -> list[Mapped]:
        """Of what names it was said by hand where they belong, by name."""
        return list((await self._catalogues.own()).mappings)

    async def one(self, slug: str, *, best: int = 10) -> TopicDetail:
        """A topic of the catalogue with what is stored on it, and so many of its best pairs. Raises UnknownTopic."""
        known = await asyncio.to_thread(found_among, await self._catalogues.topics(), slug)
        topic = known.topic
        called = await self._store.rows(_NAMES, {"slug": slug})
        tiers = await self._store.rows(_BY_TIER, {"slug": slug})
        pairs = await self._store.rows(_BEST, {"slug": slug, "limit": best})
        return TopicDetail(
            collection=known.collection,
            slug=topic.slug,
            name=topic.name,
            aliases=topic.aliases,
            category=topic.category,
            subcategory=topic.subcategory,
            session=topic.session,
            own=known.own,
            added=known.added,
            called=tuple(SourceTopic(**row) for row in called),
            tiers=tuple(TopicTier(**row) for row in tiers),
            best=tuple(BestPair(**row) for row in pairs),
        )


def _is_of(gap: Gap, category: str) -> bool:
    return category.casefold() in {gap.category.casefold(), (gap.subcategory or "").casefold()}
