"""The refinement of what is stored: topics placed, quality measured, duplicates found and linked."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.catalogue import Catalogue
from knowledge.fields import Field
from knowledge.indexer import FollowsStore, IndexProgress
from knowledge.refinery.accuracy.claims import Check
from knowledge.refinery.duplicates import (
    Candidate,
    Likeness,
    ask_the_same,
    kept_and_linked,
    overlap_of,
    subject_of,
)
from knowledge.refinery.placing import place
from knowledge.refinery.quality import Quality, measure
from knowledge.refinery.store import AskedPair, DuePair, RefineryStore, TierCount
from models import Embedder

Vector = NDArray[np.float32]

_MEASURED_AT_ONCE = 400
_COMPARED_AT_ONCE = 256
_NEIGHBOURS = 24
_ROUNDS = 3  # a pair that is released may be like another one that is kept
_ABOUT_CRYPTO = frozenset({"technical", "fundamentals"})


class PairVectors(Protocol):
    """The vectors of pairs as the index of meaning holds them. An outage raises KnowledgeUnavailable."""

    async def vectors(
        self, pairs: Mapping[Field, Mapping[str, Sequence[str]]]
    ) -> dict[Field, dict[str, Vector]]:
        """The unit vectors of these pairs by field and id; asked for by field and collection.

        Pairs that are not indexed are left out.
        """
        ...

    async def nearest(
        self, vectors: Sequence[Vector], field: Field, *, collection: str, limit: int
    ) -> list[dict[str, float]]:
        """For each vector the nearest pairs of a collection, with their cosines."""
        ...


@dataclass(frozen=True, kw_only=True)
class RefineProgress:
    """How far the refinement is."""

    step: str
    """`topics`, `indexing`, `measuring`, `comparing` or `linking`."""
    done: int
    total: int


@dataclass(frozen=True, kw_only=True)
class RefineResult:
    """What a refinement did, and how the corpus stands after it."""

    placed: int
    """Topics that were looked up in the catalogue."""
    unplaced: int
    """Of these, topics that are nowhere in it."""
    measured: int
    compared: int
    linked: int
    """Pairs that became duplicates of a better one."""
    released: int
    """Pairs that are duplicates no longer."""
    tiers: tuple[TierCount, ...]


Progress = Callable[[RefineProgress], None]


class Refiner:
    """Refines what is not refined yet; may be broken off anywhere and run again, and does nothing twice.

    What it writes: the place of topics in the catalogue, each pair's quality in its parts with tier and date, which pairs say the
    same, and which of those give way to a better one. Texts are never changed and no pair is removed.
    """

    def __init__(
        self,
        store: RefineryStore,
        indexer: FollowsStore,
        vectors: PairVectors,
        embedder: Embedder,
        *,
        catalogue: Callable[[], Awaitable[Catalogue]],
        checks: Sequence[Check] = (),
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        """`catalogue` gives it as it stands; `checks` find claims of an answer that can be recomputed."""
        self._store = store
        self._indexer = indexer
        self._vectors = vectors
        self._embedder = embedder
        self._checks = tuple(checks)
        self._catalogue = catalogue
        self._today = today

    async def run(self, progress: Progress = lambda _: None, *, topics_again: bool = False) -> RefineResult:
        """Refine; all topics are placed anew where the catalogue changed since they last were, or for `topics_again`.

        Raises KnowledgeUnavailable or EmbeddingUnavailable; what was done until then stays done.
        """
        placed, unplaced = await self._place(progress, again=topics_again)
        await self._index(progress)
        measured = await self._measure(progress)
        await self._store.forget_likenesses()
        compared = linked = released = 0
        for _ in range(_ROUNDS):
            compared += await self._compare(progress)
            progress(RefineProgress(step="linking", done=0, total=1))
            now_linked, now_released = await self._link()
            linked, released = linked + now_linked, released + now_released
            if now_linked or now_released:
                await self._index(progress)
            if not now_released:
                break
        progress(RefineProgress(step="linking", done=1, total=1))
        return RefineResult(
            placed=placed,
            unplaced=unplaced,
            measured=measured,
            compared=compared,
            linked=linked,
            released=released,
            tiers=tuple(await self._store.tiers()),
        )

    async def _place(self, progress: Progress, *, again: bool) -> tuple[int, int]:
        placed_by, changes = await self._store.placed_by()
        catalogue = await self._catalogue()
        again = again or placed_by != catalogue.digest
        names = await self._store.topics(again=again)
        progress(RefineProgress(step="topics", done=0, total=len(names)))
        placed = await place(names, catalogue, self._embedder)
        if not await self._store.place(placed, catalogue.digest, changes=changes):
            return await self._place(progress, again=True)  # it was changed meanwhile, perhaps by hand
        progress(RefineProgress(step="topics", done=len(names), total=len(names)))
        return len(placed), sum(each.slug is None for each in placed)

    async def _index(self, progress: Progress) -> None:
        def tell(state: IndexProgress) -> None:
            before = state.revision - state.applied
            progress(
                RefineProgress(
                    step="indexing", done=state.applied, total=max(state.latest - before, state.applied)
                )
            )

        await self._indexer.catch_up(tell)

    async def _measure(self, progress: Progress) -> int:
        total = await self._store.count_due()
        done = 0
        after: str | None = None
        while pairs := await self._store.due(_MEASURED_AT_ONCE, after):
            after = pairs[-1].id
            cosines = await self._alignments(pairs)
            measured = await asyncio.to_thread(self._measured, pairs, cosines)
            await self._store.save(measured)
            done += len(pairs)
            progress(RefineProgress(step="measuring", done=done, total=max(total, done)))
        return done

    async def _alignments(self, pairs: Sequence[DuePair]) -> dict[str, float]:
        """The cosine of question and answer by id; of pairs that are not in the index their texts are embedded."""
        ids = _by_collection([(pair.collection, pair.id) for pair in pairs])
        held = await self._vectors.vectors({Field.QUESTION: ids, Field.ANSWER: ids})
        questions, answers = held[Field.QUESTION], held[Field.ANSWER]
        missing = [pair for pair in pairs if pair.id not in questions or pair.id not in answers]
        if missing:
            embedded = await self._embedder.embed(
                [text for pair in missing for text in (pair.question, pair.answer)]
            )
            for place_of, pair in enumerate(missing):
                questions[pair.id], answers[pair.id] = embedded[2 * place_of], embedded[2 * place_of + 1]
        return {pair.id: float(questions[pair.id] @ answers[pair.id]) for pair in pairs}

    def _measured(self, pairs: Sequence[DuePair], cosines: Mapping[str, float]) -> list[tuple[str, Quality]]:
        today = self._today()
        return [
            (
                pair.id,
                measure(
                    pair.question,
                    pair.answer,
                    cosine=cosines[pair.id],
                    checks=self._checks,
                    today=today,
                    fielded=pair.collection in _ABOUT_CRYPTO,
                ),
            )
            for pair in pairs
        ]

    async def _compare(self, progress: Progress) -> int:
        counts = await self._store.count_uncompared()
        total, done = sum(counts.values()), 0
        for collection in counts:
            while pairs := await self._store.uncompared(collection, _COMPARED_AT_ONCE):
                found = await self._likenesses(collection, pairs)
                await self._store.save_likenesses(found, [pair.id for pair in pairs])
                done += len(pairs)
                progress(RefineProgress(step="comparing", done=done, total=max(total, done)))
        return done

    async def _likenesses(self, collection: str, pairs: Sequence[AskedPair]) -> list[Likeness]:
        """Which other pairs of the collection ask the same as these; candidates come from the index, not from all pairs."""
        asked = {pair.id: pair for pair in pairs}
        vectors = (await self._vectors.vectors({Field.QUESTION: {collection: list(asked)}}))[Field.QUESTION]
        near = await self._vectors.nearest(
            list(vectors.values()), Field.QUESTION, collection=collection, limit=_NEIGHBOURS
        )
        others = {other for found in near for other in found} - set(asked)
        known = {**asked, **await self._store.asked(sorted(others))}
        candidates = {
            pair.id: Candidate(id=pair.id, subject=subject_of(pair.question), quality=pair.quality)
            for pair in known.values()
        }
        likely = [
            (pair, other, cosine)
            for pair, found in zip(vectors, near, strict=True)
            for other, cosine in found.items()
            if other != pair
            and other in candidates
            and _may_be_the_same(candidates[pair], candidates[other], cosine)
        ]
        ids = sorted({each for pair, other, _ in likely for each in (pair, other)})
        answers = (await self._vectors.vectors({Field.ANSWER: {collection: ids}}))[Field.ANSWER]
        variants = [
            Likeness(
                first=pair,
                second=other,
                question=cosine,
                answer=float(answers[pair] @ answers[other]),
                overlap=0.0,
            )
            for pair, other, cosine in likely
            if pair in answers and other in answers
        ]
        variants = [
            each for each in variants if ask_the_same(candidates[each.first], candidates[each.second], each)
        ]
        return await asyncio.to_thread(_with_overlap, variants, known)

    async def _link(self) -> tuple[int, int]:
        likenesses = await self._store.likenesses()
        ids = sorted({each for likeness in likenesses for each in (likeness.first, likeness.second)})
        asked = await self._store.asked(ids)
        candidates = [
            Candidate(id=pair.id, subject=subject_of(pair.question), quality=pair.quality)
            for pair in asked.values()
        ]
        gone = await asyncio.to_thread(kept_and_linked, candidates, likenesses)
        return await self._store.link(gone)


def _may_be_the_same(one: Candidate, other: Candidate, cosine: float) -> bool:
    """Whether the answers are worth comparing."""
    likeness = Likeness(first=one.id, second=other.id, question=cosine, answer=1.0, overlap=1.0)
    return ask_the_same(one, other, likeness)


def _with_overlap(variants: Sequence[Likeness], pairs: Mapping[str, AskedPair]) -> list[Likeness]:
    return [
        replace(each, overlap=overlap_of(pairs[each.first].answer, pairs[each.second].answer))
        for each in variants
    ]


def _by_collection(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for collection, pair in pairs:
        found.setdefault(collection, []).append(pair)
    return found
