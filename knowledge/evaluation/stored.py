"""The stored questions as evaluation sees them: where they come from, what they are about, which are one thing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from knowledge.catalogue import Catalogues
from knowledge.readers.text import plain
from knowledge.store import KnowledgeStore

UNREFINED: Final = "unrefined"
"""The tier of a pair that the refinery has not judged."""
UNCATEGORISED: Final = "uncategorised"
"""The category of a pair on whose topic neither the catalogue nor its source says one."""

_QUESTIONS: Final = """
    SELECT pair.id AS pair_id, pair.collection, pair.session_id AS session, pair.question,
           coalesce(topic.slug, topic.name) AS topic, topic.category, coalesce(refinement.tier, %(unrefined)s) AS tier,
           duplicate.kept_id AS duplicate_of
    FROM knowledge_pairs AS pair
    JOIN knowledge_topics AS topic ON topic.id = pair.topic_id
    LEFT JOIN knowledge_refinements AS refinement ON refinement.pair_id = pair.id
    LEFT JOIN knowledge_duplicates AS duplicate ON duplicate.pair_id = pair.id
    WHERE NOT pair.removed
        AND (cardinality(%(collections)s::text[]) = 0 OR pair.collection = ANY (%(collections)s::text[]))
    ORDER BY pair.id
"""


@dataclass(frozen=True, kw_only=True)
class StoredQuestion:
    """A stored pair without its answer."""

    pair_id: str
    collection: str
    session: str
    """The research session it comes from; a session belongs to one source."""
    question: str
    topic: str
    """The catalogue's slug, or where the topic has no place there its name in the source."""
    category: str
    """The catalogue's, or where the topic has no place there the one that its source says."""
    tier: str
    duplicate_of: str | None


async def stored_questions(store: KnowledgeStore, collections: Sequence[str]) -> list[StoredQuestion]:
    """Those of these collections (none given: of all), by pair id. Raises KnowledgeUnavailable."""
    values = {"unrefined": UNREFINED, "collections": list(collections)}
    known = {each.topic.slug: each.topic.category for each in await Catalogues(store).topics()}
    return [
        StoredQuestion(**{**row, "category": known.get(row["topic"]) or row["category"] or UNCATEGORISED})
        for row in await store.rows(_QUESTIONS, values)
    ]


def things(questions: Iterable[StoredQuestion]) -> dict[str, str]:
    """What each pair counts as in a ranking, by pair id.

    Pairs that ask the same in the same words, or that are linked as duplicates, directly or through others,
    are one thing; it is called by the smallest of their ids.
    """
    parents: dict[str, str] = {}

    def root(pair: str) -> str:
        parents.setdefault(pair, pair)
        while parents[pair] != pair:
            parents[pair] = parents[parents[pair]]
            pair = parents[pair]
        return pair

    def unite(one: str, other: str) -> None:
        first, second = sorted((root(one), root(other)))
        parents[second] = first

    asked: dict[tuple[str, str], str] = {}
    for question in questions:
        words = question.collection, plain(question.question)
        unite(question.pair_id, asked.setdefault(words, question.pair_id))
        if question.duplicate_of is not None:
            unite(question.pair_id, question.duplicate_of)
    return {pair: root(pair) for pair in parents}
