"""Single pairs as people look at them, with all that refinement found."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, LiteralString  # Any: JSON of the database

from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from knowledge.errors import KnowledgeError
from knowledge.refinery.quality import Measure
from knowledge.store import KnowledgeStore

_PAIR: Final[LiteralString] = """
    SELECT pair.id, pair.collection, topic.name AS topic, topic.slug, topic.category, pair.question, pair.answer,
           pair.difficulty, pair.tags, pair.attributes, source.name AS source, source.kind AS source_kind,
           session.ordinal AS session, session.external_id AS session_name, pair.ordinal, pair.created_at,
           pair.updated_at, refined.quality, refined.tier, refined.parts, refined.dated, duplicate.kept_id
    FROM knowledge_pairs AS pair
    JOIN knowledge_topics AS topic ON topic.id = pair.topic_id
    JOIN knowledge_sources AS source ON source.id = pair.source_id
    JOIN knowledge_sessions AS session ON session.id = pair.session_id
    LEFT JOIN knowledge_refinements AS refined ON refined.pair_id = pair.id
    LEFT JOIN knowledge_duplicates AS duplicate ON duplicate.pair_id = pair.id
    WHERE pair.id = %(id)s AND NOT pair.removed
"""
_DUPLICATES: Final[LiteralString] = """
    SELECT other.id, other.question, source.name AS source, duplicate.question_similarity,
           duplicate.answer_similarity, likeness.overlap
    FROM knowledge_duplicates AS duplicate
    JOIN knowledge_pairs AS other
        ON other.id = CASE WHEN duplicate.kept_id = %(id)s THEN duplicate.pair_id ELSE duplicate.kept_id END
    JOIN knowledge_sources AS source ON source.id = other.source_id
    LEFT JOIN knowledge_likenesses AS likeness
        ON likeness.first_id = least(duplicate.pair_id, duplicate.kept_id)
        AND likeness.second_id = greatest(duplicate.pair_id, duplicate.kept_id)
    WHERE %(id)s IN (duplicate.kept_id, duplicate.pair_id) AND NOT other.removed
    ORDER BY duplicate.question_similarity DESC, other.id
"""
_VARIANTS: Final[LiteralString] = """
    SELECT other.id, other.question, source.name AS source, likeness.question_similarity,
           likeness.answer_similarity, likeness.overlap
    FROM knowledge_likenesses AS likeness
    JOIN knowledge_pairs AS other
        ON other.id = CASE WHEN likeness.first_id = %(id)s THEN likeness.second_id ELSE likeness.first_id END
    JOIN knowledge_sources AS source ON source.id = other.source_id
    WHERE %(id)s IN (likeness.first_id, likeness.second_id) AND NOT other.removed
        AND NOT EXISTS (SELECT FROM knowledge_duplicates WHERE pair_id = other.id)
        AND NOT EXISTS (SELECT FROM knowledge_duplicates WHERE pair_id = %(id)s AND kept_id = other.id)
    ORDER BY likeness.question_similarity DESC, other.id
"""
_TIERS: Final[LiteralString] = """
    SELECT pair_id, tier FROM knowledge_refinements WHERE pair_id = ANY (%(ids)s::text[])
"""


_ORDER = {measure.value: place for place, measure in enumerate(Measure)}


class UnknownPair(KnowledgeError):
    """There is no pair of that id, or it was removed."""


class _Detail(BaseModel):
    model_config = ConfigDict(frozen=True)


class CheckedClaim(_Detail):
    """Something the answer states that was computed again."""

    kind: str = Field(description="What was computed: a sum, a formula, a reading, a range and so on.")
    statement: str
    computed: str = Field(description="What is so.")
    holds: bool


class QualityPart(_Detail):
    """One measure of a pair's quality."""

    measure: str
    score: float = Field(description="0 to 100.")
    because: str = Field(description="What it was made from.")
    claims: tuple[CheckedClaim, ...] = Field(
        default=(), description="Of the technical accuracy: what was computed again, wrong claims first."
    )


class LinkedPair(_Detail):
    """Another pair that asks the same, and how alike the two are."""

    id: str
    question: str
    source: str
    question_similarity: float = Field(description="The cosine of the questions.")
    answer_similarity: float = Field(description="The cosine of the answers.")
    overlap: float | None = Field(
        description="How much of the shorter answer stands in the other word for word, 0 to 1; null: not known any more."
    )


class PairDetail(_Detail):
    """A pair with everything that is known of it."""

    id: str
    collection: str
    topic: str
    slug: str | None
    category: str | None
    question: str
    answer: str
    difficulty: str | None
    tags: tuple[str, ...]
    attributes: dict[str, JsonValue] = Field(description="What else the source says of it.")
    source: str
    source_kind: str
    session: int = Field(description="The research session's place in the source, from 1.")
    session_name: str | None
    ordinal: int = Field(description="The pair's place in the session, from 1.")
    created_at: datetime
    updated_at: datetime
    quality: float | None = Field(description="0 to 100; null before it was refined.")
    tier: str | None
    parts: tuple[QualityPart, ...] = Field(
        description="What the quality is made of; none before it was refined."
    )
    dated: date | None = Field(description="The latest date named in the answer.")
    kept_id: str | None = Field(
        description="The better pair that it is a duplicate of; it is not found then."
    )
    duplicates: tuple[LinkedPair, ...] = Field(
        description="The pairs that give way to it, or the one that it gives way to."
    )
    variants: tuple[LinkedPair, ...] = Field(
        description="Pairs that ask the same and have answers of their own, most alike first; they stay beside it."
    )


class PairDetails:
    """Reads them from the store. Every method raises KnowledgeUnavailable when it does not answer."""

    def __init__(self, store: KnowledgeStore) -> None:
        self._store = store

    async def pair(self, pair: str) -> PairDetail:
        """The pair. Raises UnknownPair."""
        rows = await self._store.rows(_PAIR, {"id": pair})
        if not rows:
            raise UnknownPair(
                f"there is no pair {pair!r}; `freya knowledge search` and the search over HTTP give the ids of pairs"
            )
        linked = await self._store.rows(_DUPLICATES, {"id": pair})
        alike = await self._store.rows(_VARIANTS, {"id": pair})
        return _detail(
            rows[0],
            duplicates=tuple(LinkedPair(**row) for row in linked),
            variants=tuple(LinkedPair(**row) for row in alike),
        )

    async def tiers(self, pairs: Sequence[str]) -> dict[str, str]:
        """The tiers of those among these pairs that are refined."""
        rows = await self._store.rows(_TIERS, {"ids": list(pairs)})
        return {row["pair_id"]: row["tier"] for row in rows}


def _detail(
    row: DictRow, *, duplicates: tuple[LinkedPair, ...], variants: tuple[LinkedPair, ...]
) -> PairDetail:
    parts: dict[str, dict[str, Any]] = row["parts"] or {}
    given = {
        **row,
        "tags": tuple(row["tags"]),
        "parts": tuple(
            QualityPart(measure=name, **parts[name])
            for name in sorted(parts, key=lambda name: _ORDER.get(name, len(_ORDER)))
        ),
        "duplicates": duplicates,
        "variants": variants,
    }
    return PairDetail(**given)
