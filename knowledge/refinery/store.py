"""What the refinement reads and writes in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from psycopg.types.json import Jsonb

from knowledge.refinery import statements
from knowledge.refinery.duplicates import Likeness
from knowledge.refinery.quality import MEASURES, Part, Quality
from knowledge.store import KnowledgeStore


@dataclass(frozen=True, kw_only=True)
class DuePair:
    """A pair that is to be measured."""

    id: str
    collection: str
    question: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class AskedPair:
    """A pair that is to be compared with others."""

    id: str
    question: str
    answer: str
    quality: float


@dataclass(frozen=True, kw_only=True)
class TopicName:
    """A topic as a source names it."""

    id: str
    name: str
    told: str | None = None
    """The slug that a source says."""


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Where such a topic belongs; no slug: it was looked for and is nowhere in the catalogue."""

    topic: str
    slug: str | None
    confidence: float
    by: str | None
    """`rule`, `meaning` or `hand`."""


@dataclass(frozen=True, kw_only=True)
class TierCount:
    """How many pairs of a collection are in a tier; no tier: not refined yet."""

    collection: str
    tier: str | None
    pairs: int
    quality: float | None
    duplicates: int


@dataclass(frozen=True, kw_only=True)
class TopicPairs:
    """How many pairs a topic of a collection has, of them distinct, and of these of standard quality and better."""

    collection: str
    slug: str | None
    topic: str
    confidence: float | None
    """Of its place in the catalogue, 0 to 1; without one, how near the nearest was; None: not looked for yet."""
    mapped_by: str | None
    """`rule`, `meaning` or `hand`: without a place, it was said by hand that it has none."""
    pairs: int
    distinct_pairs: int
    good_pairs: int


class RefineryStore:
    """The refinement's part of the knowledge store. Every method raises KnowledgeUnavailable when it does not answer."""

    def __init__(self, store: KnowledgeStore) -> None:
        self._store = store

    async def count_due(self) -> int:
        """How many pairs are not measured as they stand, by the measures as they are."""
        rows = await self._store.rows(statements.COUNT_DUE, {"measures": MEASURES})
        return int(rows[0]["pairs"])

    async def due(self, limit: int, after: str | None = None) -> list[DuePair]:
        """The next of them, by id."""
        values = {"measures": MEASURES, "limit": limit, "after": after}
        return [DuePair(**row) for row in await self._store.rows(statements.DUE, values)]

    async def save(self, measured: Sequence[tuple[str, Quality]]) -> None:
        """Keep what was measured, by pair id."""
        await self._store.write(
            statements.SAVE,
            {
                "measures": MEASURES,
                "ids": [pair for pair, _ in measured],
                "qualities": [quality.score for _, quality in measured],
                "tiers": [quality.tier.value for _, quality in measured],
                "parts": [Jsonb(_parts(quality)) for _, quality in measured],
                "dates": [quality.dated for _, quality in measured],
            },
        )

    async def forget_likenesses(self) -> None:
        """Forget what pairs that changed or went were like."""
        await self._store.write(statements.FORGET_LIKENESSES, {})

    async def count_uncompared(self) -> dict[str, int]:
        """How many measured pairs have not been compared, by collection."""
        return {
            row["collection"]: row["pairs"] for row in await self._store.rows(statements.COUNT_UNCOMPARED, {})
        }

    async def uncompared(self, collection: str, limit: int) -> list[AskedPair]:
        """The next of a collection."""
        rows = await self._store.rows(statements.UNCOMPARED, {"collection": collection, "limit": limit})
        return [AskedPair(**row) for row in rows]

    async def asked(self, ids: Sequence[str]) -> dict[str, AskedPair]:
        """Pairs by id, for comparison; removed ones are left out."""
        rows = await self._store.rows(statements.QUESTIONS, {"ids": list(ids)})
        return {row["id"]: AskedPair(**row) for row in rows}

    async def save_likenesses(self, found: Sequence[Likeness], compared: Sequence[str]) -> None:
        """Keep which pairs say the same, and that these were compared; both or neither."""
        await self._store.write_all(
            (
                (
                    statements.SAVE_LIKENESSES,
                    {
                        "firsts": [each.first for each in found],
                        "seconds": [each.second for each in found],
                        "questions": [each.question for each in found],
                        "answers": [each.answer for each in found],
                        "overlaps": [each.overlap for each in found],
                    },
                ),
                (statements.COMPARED, {"ids": list(compared)}),
            )
        )

    async def likenesses(self) -> list[Likeness]:
        """All pairs of pairs that say the same."""
        return [Likeness(**row) for row in await self._store.rows(statements.LIKENESSES, {})]

    async def link(self, gone: dict[str, Likeness]) -> tuple[int, int]:
        """Make these the duplicates that there are, and no others; gives how many were linked and released.

        A pair that becomes a duplicate, or is one no longer, gets a new revision, so that indexes learn of it.
        """
        held = {row["pair_id"]: row["kept_id"] for row in await self._store.rows(statements.LINKED, {})}
        released = [pair for pair in held if pair not in gone]
        fresh = [pair for pair in gone if pair not in held]
        changed = [pair for pair, likeness in gone.items() if held.get(pair) != likeness.first]
        await self._store.write_all(
            (
                (statements.RELEASE, {"ids": released}),
                (
                    statements.LINK,
                    {
                        "ids": changed,
                        "kept": [gone[pair].first for pair in changed],
                        "questions": [gone[pair].question for pair in changed],
                        "answers": [gone[pair].answer for pair in changed],
                        "fresh": fresh,
                    },
                ),
            )
        )
        return len(fresh), len(released)

    async def topics(self, *, again: bool) -> list[TopicName]:
        """Topics whose place in the catalogue was not looked for yet, or all of them `again`."""
        return [TopicName(**row) for row in await self._store.rows(statements.UNMAPPED, {"all": again})]

    async def placed_by(self) -> tuple[str | None, int]:
        """The digest of the catalogue that all topics were last placed by, or None, and how often users changed it."""
        row = (await self._store.rows(statements.PLACED_BY, {}))[0]
        return row["placed"], int(row["catalogue"])

    async def place(self, placed: Sequence[Placed], digest: str, *, changes: int) -> bool:
        """Keep where topics belong, by the catalogue of that digest; not, and False, if it was changed since."""
        values = {
            "ids": [each.topic for each in placed],
            "slugs": [each.slug for each in placed],
            "confidences": [each.confidence for each in placed],
            "by": [each.by for each in placed],
        }
        async with self._store.writing() as connection:
            noted = await connection.execute(statements.NOTE_PLACED, {"digest": digest, "changes": changes})
            if not noted.rowcount:
                return False
            await connection.execute(statements.PLACE, values)
        return True

    async def tiers(self) -> list[TierCount]:
        """Pairs by collection and tier."""
        return [TierCount(**row) for row in await self._store.rows(statements.SUMMARY, {})]

    async def by_topic(self) -> list[TopicPairs]:
        """Pairs by collection and topic."""
        return [TopicPairs(**row) for row in await self._store.rows(statements.BY_TOPIC, {})]


def _parts(quality: Quality) -> dict[str, dict[str, object]]:
    return {measure.value: _part(part) for measure, part in quality.parts.items()}


def _part(part: Part) -> dict[str, object]:
    found: dict[str, object] = {"score": round(part.score, 1), "because": part.because}
    if part.claims:
        found["claims"] = [asdict(claim) for claim in part.claims]
    return found
