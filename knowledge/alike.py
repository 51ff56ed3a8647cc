"""Pairs beside those that are like them: what gave way to which pair and why, and what stays beside another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, LiteralString

from knowledge.details import LinkedPair
from knowledge.listing import Alike, ListedPair, PairList, PairSelection
from knowledge.store import KnowledgeStore

_MOST_LISTED: Final = 100
_DUPLICATES: Final[LiteralString] = """
    SELECT duplicate.pair_id AS id, duplicate.question_similarity, duplicate.answer_similarity, likeness.overlap
    FROM knowledge_duplicates AS duplicate
    LEFT JOIN knowledge_likenesses AS likeness
        ON likeness.first_id = least(duplicate.pair_id, duplicate.kept_id)
        AND likeness.second_id = greatest(duplicate.pair_id, duplicate.kept_id)
    WHERE duplicate.kept_id = of_id
"""
_VARIANTS: Final[LiteralString] = """
    SELECT second_id AS id, question_similarity, answer_similarity, overlap
    FROM knowledge_likenesses
    WHERE first_id = of_id AND NOT EXISTS (SELECT FROM knowledge_duplicates WHERE pair_id = second_id)
"""
_BEFORE: Final[LiteralString] = """
    SELECT of_id, like_it.*
    FROM unnest(%(ids)s::text[]) AS of_id CROSS JOIN LATERAL (
        SELECT other.id, other.question, source.name AS source, link.question_similarity, link.answer_similarity,
               link.overlap, count(*) OVER () AS count
        FROM (
"""
_BEHIND: Final[LiteralString] = """
        ) AS link
        JOIN knowledge_pairs AS other ON other.id = link.id
        JOIN knowledge_sources AS source ON source.id = other.source_id
        WHERE NOT other.removed
        ORDER BY link.question_similarity DESC, other.id LIMIT %(most)s
    ) AS like_it
"""
_STATEMENTS: Final[Mapping[Alike, LiteralString]] = {
    "duplicates": _BEFORE + _DUPLICATES + _BEHIND,
    "variants": _BEFORE + _VARIANTS + _BEHIND,
}


@dataclass(frozen=True, kw_only=True)
class AlikePairs:
    """A pair and others that are like it."""

    pair: ListedPair
    count: int
    """How many they are."""
    alike: tuple[LinkedPair, ...]
    """The first 100 of them, most alike first."""


class AlikeList:
    """Reads them part by part. Every method raises KnowledgeUnavailable when the store does not answer."""

    def __init__(self, store: KnowledgeStore) -> None:
        self._store = store
        self._pairs = PairList(store)

    async def page(
        self,
        kind: Alike,
        *,
        collections: tuple[str, ...] = (),
        topics: tuple[str, ...] = (),
        limit: int,
        after: str | None = None,
    ) -> list[AlikePairs]:
        """Pairs of these collections and topics (slugs; none given: all) in the order of the list of pairs.

        `duplicates`: pairs that were kept, with those that gave way to them. `variants`: pairs with those that ask the
        same and have answers of their own; each two of these stand at one of them. They begin after the pair of the id
        `after`. Raises UnknownPair where there never was one of that id.
        """
        wanted = PairSelection(collections=collections, topics=topics, alike=kind)
        pairs = await self._pairs.page(wanted, limit=limit, after=after)
        values = {"ids": [pair.id for pair in pairs], "most": _MOST_LISTED}
        counts: dict[str, int] = {}
        alike: dict[str, list[LinkedPair]] = {}
        for row in await self._store.rows(_STATEMENTS[kind], values):
            counts[row["of_id"]] = row["count"]
            alike.setdefault(row["of_id"], []).append(LinkedPair(**row))
        return [
            AlikePairs(pair=pair, count=counts.get(pair.id, 0), alike=tuple(alike.get(pair.id, ())))
            for pair in pairs
        ]
